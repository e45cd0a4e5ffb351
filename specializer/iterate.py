"""Loops: the iterator lives in values where it can, a real one is made or brought up to date at exits.

    for i in range(n)               ->   Val("range", parts=(index, length, start, step)), GET_ITER to the loop's end
    for i, x in enumerate(xs)       ->   Val("enumerate", parts=(count, Val("listiter", ...))), its items virtual tuples

What an iterator does at a step is a `Plan` (iterators.py). An iterator that exists when the region is entered keeps
existing: its fields are loaded and stored. Iterators of the host that run no code of the program are asked directly.
"""
from __future__ import annotations

from _collections import deque        # the module collections is not needed to start with

from .builder import Builder
from .iterators import ITERATORS, ListIterator, RangeIterator, SEQUENCES, TupleIterator, VIEWS
from .values import EMPTY, NO, Val

# Containers whose iterators, and iterators whose steps, run no code of the program.
QUIET = {set, frozenset, bytes, bytearray, deque, dict, str}
STEPPED = {type(iter(made)) for made in (set(), b"", bytearray(), deque(), {}, {}.values(), {}.items(), "", "\xe9",
                                         reversed([]), reversed(()), reversed({}))} | {type(iter(range(1 << 70)))}
ONE_BY_ONE = STEPPED | {ListIterator, TupleIterator, RangeIterator}


class Iteration(Builder):
    """Specializations of iteration."""

    def do_GET_ITER(self, instr):
        frame = self.cx.frames[-1]
        val = frame.regs[instr.b]
        if val.kind in ITERATORS and instr.consumes(1):
            return self.finish_iter(instr, val)
        if not val.parts:
            val = self.read_typed(instr.b, self.seen.b)
        made = self.iterator_over(val) if val is not None else None
        if made is not None:
            return self.finish_iter(instr, made)
        if val is not None and val.kind == "obj" and self.type_of(val) in QUIET:
            self.secure()
            made = Val("obj", self.e("call_p", self.pointer(val), x=self.api("rt_iter")))
            self.cx.owned[made.ssa] = 1
            return self.finish_iter(instr, made)
        if val is not None and val.kind == "obj" and self.type_of(val) in STEPPED:
            return self.finish_iter(instr, val)
        return self.step(instr)

    def finish_iter(self, instr, made: Val):
        """Write an iterator."""
        self.keep()
        self.cx.hold(made)
        if instr.consumes(1):
            self.write(instr.b, EMPTY)
        self.write(instr.a, made)
        self.unhold(made)
        return instr.at + instr.length

    # ------------------------------------------------------------------------------------------- stepping
    def do_FOR_ITER(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        if val.kind == "mem":
            val = self.read(instr.b)
        if val.kind == "obj" and val.ssa:
            at = self.resume_generator(instr, val)
            if at is not None:
                return at
        plan = self.plan(val)
        if plan is None and val.kind == "obj":
            kinds = {kind for kind in self.seen.b if isinstance(kind, type)}
            if self.type_of(val) is not None:
                kinds = {self.type_of(val)}
            if 1 < len(kinds) <= 3 and kinds <= ONE_BY_ONE and val.ssa:
                self.split_type(val, sorted(kinds, key=lambda kind: kind.__name__))
            if len(kinds) == 1:
                (kind,) = kinds
                plan = self.plan_object(instr, val, kind)
                if plan is None and kind in STEPPED:
                    return self.next_directly(instr, self.guard_type(val, kind))
        if plan is None:
            return self.step(instr)
        return self.follow(instr, val, plan)

    def follow(self, instr, val: Val, plan):
        """Carry out a step as planned."""
        self.keep()
        self.loop_test(instr, plan.more, plan.at_end)
        if instr.target in self.seen.next and instr.at + instr.length not in self.seen.next:
            self.snapshot = self.cx
            self.leave("a loop that had been empty has an item")
            return None
        item = plan.item(self.seen.result)
        self.cx.hold(item)
        after = plan.advance()
        if after is not None:
            self.write(instr.b, after)
        self.write(instr.a, item)
        self.unhold(item)
        return instr.at + instr.length

    def loop_test(self, instr, more: str, at_end) -> None:
        """Branch on whether there is another item; `at_end()` changes the state on the way out."""
        if instr.target not in self.seen.next:
            self.guard(more, "a loop ends")
            return
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", more, on, off)
        saved, changed_by = self.cx, self.changed_by
        self.block, self.cx = off, saved.copy()
        at_end()
        self.write(instr.b, EMPTY)
        follow = self.edge(instr.target)
        self.block.end = ("jump", follow, [])
        follow.incoming.append((self.block, []))
        self.block, self.cx, self.changed_by = on, saved, changed_by

    def next_directly(self, instr, val: Val):
        """An iterator of the host that runs no code of the program. What it gives is the region's."""
        self.secure()
        item = self.e("call_p", self.pointer(val), x=self.api("rt_next"))
        self.cx.facts.clear()
        failed = self.function.block()
        on = self.function.block()
        self.block.end = ("branch", self.e("ptr_eq", item, self.const_word(1)), failed, on)
        self.block = failed
        self.snapshot = self.cx.copy()
        self.leave("an iterator fails")
        self.block, self.snapshot, self.exit_block, self.first_exit = on, None, None, None
        self.keep()
        more = self.e("ptr_ne", item, "null")
        if instr.target not in self.seen.next:
            on, off = self.function.block(), self.function.block()
            self.block.end = ("branch", more, on, off)
            self.block = off
            self.leave("a loop ends")
            self.block = on
        else:
            self.loop_test(instr, more, lambda: None)
        self.cx.owned[item] = 1
        self.write(instr.a, Val("obj", item))
        return instr.at + instr.length


__all__ = ["Iteration", "NO", "SEQUENCES", "VIEWS", "ListIterator", "RangeIterator", "TupleIterator"]
