"""Where a region is entered: what its root's registers are seen to hold comes out of the frame's memory.

    for x in range(n)    R[9] holds a range_iterator     ->  Val("range", parts=(index, length, start, step)),
                                                             the object is dropped

An iterator that the frame alone holds becomes a virtual one, so that a loop has the same shape when it is entered as
when it is begun again inside of the region. Numbers that nobody reads any more are forgotten, for the same reason.
"""
from __future__ import annotations

from .direct import Direct
from .context import DIRTY, IN_MEMORY
from .iterators import MOST_TURNS, ListIterator, RangeIterator, TupleIterator
from .values import EMPTY, NUMBERS, Val, is_fixed

UNBOXED = (*NUMBERS, "none", "empty", "unboxed")       # "unboxed": several of them
STEP = "a range goes by another step than one"
SHARED = "an iterator is held by others too"


class Entry(Direct):
    """Specialization of the entry."""

    def load_root(self, frame, kinds: list) -> None:
        """Load the root's registers by the kinds they were seen to have when the region was entered."""
        code, live = frame.code, frame.code.live(self.header)
        iterators, at_start = [], self.starts_function(code)
        for number, kind in enumerate(kinds):
            alive = live >> number & 1
            if number >= code.nlocals and (not alive or at_start):
                # An empty slot of the evaluation stack; what lies there when a function starts is of nobody.
                frame.regs[number], frame.homes[number] = EMPTY, DIRTY
            elif kind is None or kind is ...:
                continue
            elif not alive and kind == "empty" and at_start:
                frame.regs[number] = EMPTY
            elif not alive and kind in UNBOXED:
                self.forget_number(frame, number)
            elif kind != "unboxed" and (alive or isinstance(kind, type)):
                val = self.load_register(frame, number, kind)
                if val.kind == "obj" and isinstance(kind, type) and kind is not object and is_fixed(kind):
                    val = self.guard_type(val, kind)
                    if number >= code.nlocals and kind in UNWRAPPED:
                        iterators.append((number, getattr(self, UNWRAPPED[kind])(val)))
        for number, made in iterators:
            if made is not None:
                self.keep()
                self.secure()
                self.write_in(frame, number, made)

    def starts_function(self, code) -> bool:
        """Whether the region is entered by calls alone: locals are empty then, for sure."""
        return any(i.op.startswith("RESUME") and i.at + i.length == self.header for i in code.instrs.values()) and \
            self.header not in code.loops

    def forget_number(self, frame, number: int) -> None:
        """A local that is not read any more, and was seen to hold no object."""
        tag = self.load("i64", frame.frame, self.info["sizeof.Frame"] + 16 * number + 8, "reg")
        self.guard(self.e("int_ge", tag, "0"), "a variable has another kind of value than before")
        for cx in (self.cx, self.snapshot):
            if cx is not None:
                cx.frames[0].regs[number], cx.frames[0].homes[number] = EMPTY, IN_MEMORY

    def guard_unshared(self, val: Val) -> bool:
        """Go on only if the frame alone holds an iterator; whether that may be expected."""
        if self.left_before(SHARED):
            return False
        alone = self.e("int_eq", self.load("i64", val.ssa, 0, "refcnt"), "1")
        self.do("guard", alone, x=f"B{self.exit_for(SHARED).number}")
        return True

    def unwrap_range(self, val: Val) -> Val | None:
        """The virtual iterator for a range_iterator."""
        if not self.guard_unshared(val):
            return None
        index, start, step, length = (Val("int", self.load("i64", val.ssa, at, "iter")) for at in (16, 24, 32, 40))
        self.guard(self.e("int_ult", index.ssa, str(MOST_TURNS)), "an iterator was set to a place that no loop reaches")
        if not self.left_before(STEP):
            self.do("guard", self.e("int_eq", step.ssa, "1"), x=f"B{self.exit_for(STEP).number}")
            step = Val("int", "1", const=1)
        return Val("range", parts=(index, length, start, step))

    def unwrap_sequence(self, val: Val) -> Val | None:
        """The virtual iterator for one over a list or tuple."""
        if not self.guard_unshared(val):
            return None
        is_list = val.type is ListIterator
        held = self.load("ptr", val.ssa, 24, "iter")
        self.guard(self.e("ptr_ne", held, "null"), "an iterator was at its end before")
        sequence = self.guard_type(Val("obj", held), list if is_list else tuple)
        index = Val("int", self.load("i64", val.ssa, 16, "iter"))
        return Val("listiter" if is_list else "tupleiter", parts=(index, sequence))


UNWRAPPED = {RangeIterator: "unwrap_range", ListIterator: "unwrap_sequence", TupleIterator: "unwrap_sequence"}
__all__ = ["Entry"]
