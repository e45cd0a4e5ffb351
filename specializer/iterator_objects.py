"""Virtual iterators made by builtins, and made real.

    enumerate(xs, 1)  ->  Val("enumerate", parts=(1, Val("listiter", parts=(0, xs))))
    a virtual one leaves the region: rt_enumerate(count, rt_sequence_iter(xs, index))
"""
from __future__ import annotations

from .builder import Builder
from .builtins import row
from .iterators import (
    AT_ITS_END, DICT_ITERATORS, ENDED_BEFORE, ITERATORS, MOST_ZIPPED, REAL_DICT, VIEWS, RangeIterator,
)
from .values import NO, Val


class IteratorObjects(Builder):
    """Builtins that make iterators, and makers of real ones."""

    def typed_argument(self, register: int) -> Val | None:
        """An argument, its type guarded if it is known where it came from."""
        val = self.argument(register)
        if val is None or val.kind != "obj" or val.const is not NO or self.type_of(val) is not None:
            return val
        kind = self.hints.get(val.ssa)
        return self.guard_type(val, kind) if kind is not None else val

    def iterator_argument(self, register: int) -> Val | None:
        """A virtual iterator over an argument, or None."""
        val = self.typed_argument(register)
        if val is None:
            return None
        if val.kind in ("enumerate", "zip"):
            return val
        return self.iterator_over(val)

    @row(enumerate)
    def call_enumerate(self, instr, registers):
        if not 1 <= len(registers) <= 2:
            return None
        start = Val("int", "0")
        if len(registers) == 2:
            found = self.numbers(registers[1:])
            if found is None or found[0].kind != "int":
                return None
            start = found[0]
            self.guard(self.e("int_lt", start.ssa, str(1 << 62)), "a count may leave 64 bits")
        inner = self.iterator_argument(registers[0])
        return None if inner is None else Val("enumerate", parts=(start, inner))

    @row(zip)
    def call_zip(self, instr, registers):
        inner = [self.iterator_argument(register) for register in registers]
        if not 1 <= len(inner) <= MOST_ZIPPED or None in inner:
            return None
        return Val("zip", parts=tuple(inner))

    @row(reversed)
    def call_reversed(self, instr, registers):
        val = self.typed_argument(registers[0]) if len(registers) == 1 else None
        if val is None:
            return None
        if val.kind == "rangeobj":
            return self.reversed_range(val)
        kind = self.type_of(val) if val.kind == "obj" else None
        if kind not in (list, tuple):
            return None
        size = self.load("i64", self.pointer(val), 16, kind.__name__)
        return Val("listback" if kind is list else "tupleback", parts=(Val("int", self.e("int_add", size, "-1")), val))

    def reversed_range(self, val: Val) -> Val:
        """The same numbers from the last to the first."""
        start, stop, step = val.parts
        length = self.range_length(start, stop, step)
        before = self.int_binary("SUB", length, Val("int", "1"))
        last = self.int_binary("ADD", start, self.int_binary("MUL", before, step))
        back = Val("int", str(-int(step.ssa)), const=-int(step.ssa))
        return Val("range", parts=(Val("int", "0"), length, last, back))

    @row(tuple)
    def call_tuple(self, instr, registers):
        val = self.typed_argument(registers[0]) if len(registers) == 1 else None
        if val is None or val.kind != "obj" or self.type_of(val) is not list:
            return None
        self.ready()
        made = self.e("call_p", self.pointer(val), x=self.api("PyList_AsTuple"))
        self.failing(self.e("ptr_ne", made, "null"))
        return self.own(made, tuple)

    def dict_view(self, kind: str, registers) -> Val | None:
        """A virtual view of a dict."""
        val = self.typed_argument(registers[0]) if len(registers) == 1 else None
        if val is None or val.kind != "obj" or self.type_of(val) is not dict:
            return None
        return Val(kind, parts=(val,))

    @row(dict.items)
    def call_items(self, instr, registers):
        return self.dict_view("dictitems", registers)

    @row(dict.keys)
    def call_keys(self, instr, registers):
        return self.dict_view("dictkeys", registers)

    @row(dict.values)
    def call_values(self, instr, registers):
        return self.dict_view("dictvalues", registers)

    @row(next)
    def call_next(self, instr, registers):
        """The next item of an iterator object of the host; its end is an exit, by which the exception is raised."""
        val = self.typed_argument(registers[0]) if 1 <= len(registers) <= 2 else None
        kind = self.type_of(val) if val is not None and val.kind == "obj" else None
        if kind is None or val.const is not NO or self.left_before(AT_ITS_END) or self.left_before(ENDED_BEFORE):
            return None
        plan = self.plan_object(instr, val, kind)
        if plan is None:
            return None
        self.guard(plan.more, AT_ITS_END)
        item = plan.item(self.seen.result)
        self.keep()
        plan.advance()
        return item

    # --------------------------------------------------------------------------------------------- making
    def settle(self, val: Val) -> Val:
        """A virtual iterator is about to be held in a second place: it has to be one object."""
        return self.materialized(val) if val.kind in ITERATORS else val

    def made(self, name: str, kind: type, *args: str) -> Val:
        """A new object from a function of the runtime."""
        return Val("obj", self.e("call_p", *args, x=self.api(name)), kind)

    def part_object(self, val: Val) -> str:
        """A new reference to an object for a part of a virtual one."""
        return getattr(self, "make_" + val.kind)(val).ssa if val.parts else self.boxed_new(val)

    def make_range(self, val: Val) -> Val:
        """A real iterator for a virtual one."""
        return self.made("rt_range_iter", RangeIterator, *(part.ssa for part in val.parts))

    def make_rangeobj(self, val: Val) -> Val:
        return self.made("rt_range", range, *(part.ssa for part in val.parts))

    def make_listiter(self, val: Val) -> Val:
        return self.made("rt_sequence_iter", REAL[val.kind], self.pointer(val.parts[1]), val.parts[0].ssa)

    make_tupleiter = make_striter = make_listiter

    def make_listback(self, val: Val) -> Val:
        return self.made("rt_reversed", REAL[val.kind], self.pointer(val.parts[1]), val.parts[0].ssa)

    make_tupleback = make_listback

    def make_dictkeyiter(self, val: Val) -> Val:
        place, size, left, held = val.parts
        view = DICT_ITERATORS[val.kind][1]
        kind = self.const_object(VIEWS[view]) if view else "null"
        return self.made("rt_dict_iter", REAL[val.kind], self.pointer(held), kind, place.ssa, size.ssa, left.ssa)

    make_dictvalueiter = make_dictitemiter = make_dictkeyiter

    def make_dictkeys(self, val: Val) -> Val:
        kind = VIEWS[val.kind]
        return self.made("rt_dict_view", kind, self.pointer(val.parts[0]), self.const_object(kind))

    make_dictvalues = make_dictitems = make_dictkeys

    def make_enumerate(self, val: Val) -> Val:
        return self.made("rt_enumerate", enumerate, val.parts[0].ssa, self.part_object(val.parts[1]))

    def make_zip(self, val: Val) -> Val:
        parts = [self.part_object(part) for part in val.parts]
        parts += ["null"] * (MOST_ZIPPED - len(parts))
        return self.made("rt_zip", zip, str(len(val.parts)), *parts)


REAL = {"listiter": type(iter([])), "tupleiter": type(iter(())), "striter": type(iter("")),
        "listback": type(reversed([])), "tupleback": type(reversed(()))}
REAL |= {f"dict{name}iter": kind for kind, number in REAL_DICT.items() for name in [("key", "value", "item")[number]]}

__all__ = ["IteratorObjects"]
