"""Where a region is entered: what its root's registers are seen to hold comes out of the frame's memory.

    for x in range(n)    R[9] holds a range_iterator     ->  Val("range", parts=(index, length, start, step)),
                                                             the object is dropped

An iterator that the frame alone holds becomes a virtual one, so that a loop has the same shape when it is entered as
when it is begun again inside of the region. Numbers that nobody reads any more are forgotten, for the same reason.
"""
from __future__ import annotations

from ..tracer.liveness import bits, effects_of
from ..tracer.loose import ANY_INT
from .builder import KIND
from .direct import Direct
from .context import DIRTY, IN_MEMORY
from .iterators import ENDED_BEFORE, MOST_TURNS, ListIterator, RangeIterator, TupleIterator
from .values import EMPTY, NUMBERS, Val, is_fixed

UNWRAPPED = {RangeIterator, ListIterator, TupleIterator}
STEP = "a range goes by another step than one"
SHARED = "an iterator is held by others too"
UNBOXED = (*NUMBERS, "none", "empty", "unboxed")       # "unboxed": several of them


class Entry(Direct):
    """Specialization of the entry."""

    def load_root(self, frame, kinds: list) -> None:
        """Load the root's registers by the kinds they were seen to have when the region was entered."""
        code, live = frame.code, frame.code.live(self.header)
        iterators, at_start = [], self.starts_function(code)
        touched = self.touched(code)
        for number, kind in enumerate(kinds):
            alive = live >> number & 1
            if number >= code.nlocals and (not alive or at_start):
                # An empty slot of the evaluation stack; what lies there when a function starts is of nobody.
                frame.regs[number], frame.homes[number] = EMPTY, DIRTY
            elif kind is None or kind is ... or (number < code.nlocals and not touched >> number & 1):
                continue
            elif not alive and kind == "empty" and at_start:
                frame.regs[number] = EMPTY
            elif not alive and kind in UNBOXED:
                self.forget_number(frame, number)
            elif kind == ANY_INT:
                if alive:
                    self.load_int(frame, number)
            elif kind != "unboxed" and (alive or isinstance(kind, type)):
                val = self.load_register(frame, number, kind)
                if val.kind == "obj" and isinstance(kind, type) and kind is not object and is_fixed(kind):
                    val = self.guard_type(val, kind)
                    if number >= code.nlocals and kind in UNWRAPPED and not self.goes_on(code) and \
                            not self.profile.shared >> number & 1:
                        iterators.append((number, self.unwrapped(val, kind, not self.profile.stepped >> number & 1)))
        self.write_unwrapped(frame, iterators)

    def write_unwrapped(self, frame, iterators: list) -> None:
        """Virtual iterators take the places of those that they go on for."""
        for number, made in iterators:
            self.keep()
            self.secure()
            self.write_in(frame, number, made)

    def touched(self, code) -> int:
        """The root's registers, as bits, that the paths which were seen have to do with. The others stay as they are,
        whatever they hold."""
        found = 0
        for path, at in self.profile.at:
            if not path:
                instr = code.instrs[at if at >= 0 else ~at]
                what = effects_of(instr)
                found |= bits((*what.reads, *what.takes, *what.fills))
        return found

    def starts_function(self, code) -> bool:
        """Whether the region is entered by calls alone: locals are empty then, for sure."""
        return self.header == code.begin and self.header not in code.loops

    def goes_on(self, code) -> bool:
        """Whether the region is entered where a generator is resumed: it is left at the next yield, so iterators that
        exist keep existing."""
        return self.header != code.begin and self.header not in code.loops

    def forget_number(self, frame, number: int) -> None:
        """A local that is not read any more, and was seen to hold no object."""
        tag = self.load("i64", frame.frame, self.info["sizeof.Frame"] + 16 * number + 8, "reg")
        self.guard(self.e("int_ge", tag, "0"), KIND)
        for cx in (self.cx, self.snapshot):
            if cx is not None:
                cx.frames[0].regs[number], cx.frames[0].homes[number] = EMPTY, IN_MEMORY

    def unwrapped(self, val: Val, kind: type, by_one: bool) -> Val:
        """The virtual iterator for one that a frame alone holds. `by_one`: a range is expected to have that step."""
        alone = self.e("int_eq", self.load("i64", val.ssa, 0, "refcnt"), "1")
        self.do("guard", alone, x=f"B{self.exit_for(SHARED).number}")
        return self.unwrapped_range(val, by_one) if kind is RangeIterator else self.unwrapped_sequence(val, kind)

    def unwrapped_range(self, val: Val, by_one: bool) -> Val:
        """The virtual iterator for a range_iterator."""
        index, start, step, length = (Val("int", self.load("i64", val.ssa, at, "iter")) for at in (16, 24, 32, 40))
        self.guard(self.e("int_ult", index.ssa, str(MOST_TURNS)), "an iterator was set to a place that no loop reaches")
        if by_one:
            self.do("guard", self.e("int_eq", step.ssa, "1"), x=f"B{self.exit_for(STEP).number}")
            step = Val("int", "1", const=1)
        return Val("range", parts=(index, length, start, step))

    def unwrapped_sequence(self, val: Val, kind: type) -> Val:
        """The virtual iterator for one over a list or tuple."""
        is_list = kind is ListIterator
        held = self.load("ptr", val.ssa, 24, "iter")
        self.guard(self.e("ptr_ne", held, "null"), ENDED_BEFORE)
        sequence = self.guard_type(Val("obj", held), list if is_list else tuple)
        index = Val("int", self.load("i64", val.ssa, 16, "iter"))
        return Val("listiter" if is_list else "tupleiter", parts=(index, sequence))


__all__ = ["Entry"]
