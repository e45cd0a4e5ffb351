"""Loops over ranges, lists, tuples: the iterator lives in values, a real one is made or brought up to date at exits.

    for i in range(n)   ->   Val("range", parts=(index, length, start, step)) from GET_ITER to the loop's end

An iterator that exists when the region is entered keeps existing: its fields are loaded and stored.
"""
from __future__ import annotations

from .builder import Builder
from .values import EMPTY, NO, Val

RangeIterator, ListIterator, TupleIterator = type(iter(range(0))), type(iter([])), type(iter(()))


class Iteration(Builder):
    """Specializations of iteration."""

    def do_GET_ITER(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        if val.kind == "rangeobj":
            start, stop, step = val.parts
            parts = (Val("int", "0"), self.range_length(start, stop, step), start, step)
            return self.finish_iter(instr, Val("range", parts=parts))
        kinds = self.seen.b
        val = self.read_typed(instr.b, kinds)
        if val is not None and val.kind == "obj" and self.type_of(val) in (list, tuple):
            kind = "listiter" if self.type_of(val) is list else "tupleiter"
            return self.finish_iter(instr, Val(kind, parts=(Val("int", "0"), val)))
        return self.step(instr)

    def finish_iter(self, instr, made: Val):
        """Write a virtual iterator."""
        self.cx.hold(made)
        if instr.consumes(1):
            self.write(instr.b, EMPTY)
        self.write(instr.a, made)
        self.unhold(made)
        return instr.at + instr.length

    def range_length(self, start: Val, stop: Val, step: Val) -> Val:
        """Items of a range, its step known."""
        by = int(step.ssa)
        low, high = (start.ssa, stop.ssa) if by > 0 else (stop.ssa, start.ssa)
        distance = high if low == "0" else self.checked("SUB", Val("int", high), Val("int", low)).ssa
        size = abs(by)
        if size > 1:
            wide = self.checked("ADD", Val("int", distance), Val("int", str(size - 1))).ssa
            count = self.int_division("FLOORDIV", Val("int", wide), Val("int", str(size))).ssa
        else:
            count = distance
        return Val("int", self.e("int_select", self.e("int_gt", count, "0"), count, "0"))

    def checked(self, name: str, a: Val, b: Val) -> Val:
        """Arithmetic that leaves where it overflows."""
        return self.int_binary(name, a, b)

    def make_range(self, val: Val) -> Val:
        """A real iterator for a virtual one."""
        index, length, start, step = (part.ssa for part in val.parts)
        return Val("obj", self.e("call_p", index, length, start, step, x=self.api("rt_range_iter")), RangeIterator)

    def make_rangeobj(self, val: Val) -> Val:
        """A real range object."""
        start, stop, step = (part.ssa for part in val.parts)
        return Val("obj", self.e("call_p", start, stop, step, x=self.api("rt_range")), range)

    def make_listiter(self, val: Val) -> Val:
        """A real list iterator."""
        index, sequence = val.parts
        made = self.e("call_p", self.pointer(sequence), index.ssa, x=self.api("rt_sequence_iter"))
        return Val("obj", made, ListIterator)

    def make_tupleiter(self, val: Val) -> Val:
        """A real tuple iterator."""
        index, sequence = val.parts
        made = self.e("call_p", self.pointer(sequence), index.ssa, x=self.api("rt_sequence_iter"))
        return Val("obj", made, TupleIterator)

    # ------------------------------------------------------------------------------------------- stepping
    def do_FOR_ITER(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        if val.kind == "mem":
            val = self.read(instr.b)
        if val.kind == "range":
            return self.next_range(instr, val)
        if val.kind in ("listiter", "tupleiter"):
            return self.next_sequence(instr, val)
        kinds = self.seen.b
        if val.kind == "obj" and len(kinds) == 1:
            kind = next(iter(kinds))
            if kind is RangeIterator:
                return self.next_real_range(instr, self.guard_type(val, kind))
            if kind in (ListIterator, TupleIterator):
                return self.next_real_sequence(instr, self.guard_type(val, kind), kind)
        return self.step(instr)

    def ends(self, instr) -> bool:
        """Whether the loop was seen to end."""
        return instr.target in self.seen.next

    def loop_test(self, instr, more: str, at_end) -> None:
        """Branch on whether there is another item; `at_end(self)` changes the state on the way out."""
        if not self.ends(instr):
            self.do("guard", more, x=self.exit_label("a loop ends"))
            return
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", more, on, off)
        saved = self.cx
        self.block, self.cx = off, saved.copy()
        at_end(self)
        self.write(instr.b, EMPTY)
        follow = self.edge(instr.target)
        self.block.end = ("jump", follow, [])
        follow.incoming.append((self.block, []))
        self.block, self.cx = on, saved

    def next_range(self, instr, val: Val):
        """A virtual range iterator."""
        index, length, start, step = val.parts
        self.keep()
        self.loop_test(instr, self.e("int_lt", index.ssa, length.ssa), lambda b: None)
        if instr.target in self.seen.next and instr.at + instr.length not in self.seen.next:
            self.begin_again(instr)
            self.leave("a loop that had been empty has an item")
            return None
        following = Val("int", self.e("int_add", index.ssa, "1"))
        item = index.ssa
        if step.ssa != "1":
            item = self.e("int_mul", item, step.ssa)
        if start.ssa != "0":
            item = self.e("int_add", start.ssa, item)
        self.write(instr.b, Val("range", parts=(following, length, start, step)))
        self.write(instr.a, Val("int", item))
        return instr.at + instr.length

    def begin_again(self, instr) -> None:
        """The state is again that of the instruction's start."""
        self.snapshot = self.cx

    def next_real_range(self, instr, val: Val):
        """A range iterator object: its index is kept in it."""
        pointer = self.pointer(val)
        self.keep()
        index = self.load("i64", pointer, 16, "iter")
        length = self.load("i64", pointer, 40, "iter")
        self.loop_test(instr, self.e("int_lt", index, length), lambda b: None)
        start = self.load("i64", pointer, 24, "iter")
        step = self.load("i64", pointer, 32, "iter")
        self.store("i64", pointer, self.e("int_add", index, "1"), 16, "iter")
        self.write(instr.a, Val("int", self.e("int_add", start, self.e("int_mul", index, step))))
        return instr.at + instr.length

    def next_real_sequence(self, instr, val: Val, kind):
        """A list or tuple iterator object."""
        pointer = self.pointer(val)
        self.keep()
        index = self.load("i64", pointer, 16, "iter")
        sequence = self.load("ptr", pointer, 24, "iter")
        self.guard(self.e("ptr_ne", sequence, "null"))
        size = self.load("i64", sequence, 16, "list" if kind is ListIterator else "tuple")
        self.loop_test(instr, self.e("int_lt", index, size), lambda b: None)
        item = self.item_at(sequence, index, list if kind is ListIterator else tuple)
        value = self.loaded_item(item, self.seen.result)
        self.store("i64", pointer, self.e("int_add", index, "1"), 16, "iter")
        self.write(instr.a, value)
        return instr.at + instr.length

    def next_sequence(self, instr, val: Val):
        """A virtual iterator over a list or tuple."""
        index, sequence = val.parts
        kind = list if val.kind == "listiter" else tuple
        self.keep()
        pointer = self.pointer(sequence)
        size = self.load("i64", pointer, 16, "list" if kind is list else "tuple")
        self.loop_test(instr, self.e("int_lt", index.ssa, size), lambda b: None)
        item = self.item_at(pointer, index.ssa, kind)
        value = self.loaded_item(item, self.seen.result)
        following = Val("int", self.e("int_add", index.ssa, "1"))
        self.write(instr.b, Val(val.kind, parts=(following, sequence)))
        self.write(instr.a, value)
        return instr.at + instr.length


__all__ = ["Iteration", "NO"]
