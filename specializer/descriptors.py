"""Attributes that descriptors written in C give, and those of instances that are called.

    row.name       a field of a namedtuple    ->  the item at its place
    z.real         a member of a C structure  ->  load_f64
    self.key(x)    a function in an attribute ->  what the instance holds is called
"""
from __future__ import annotations

import sys
from types import CodeType, FunctionType
from _collections import _tuplegetter

from .builtins import row
from .direct import Direct
from .objects import MISSING, MemberDescriptor
from .values import EMPTY, NO, Val

T_INT, T_DOUBLE, T_OBJECT, T_SIZE = 1, 4, 6, 19         # kinds of members
MOST_FIELDS = 8
CLASS = object.__dict__["__class__"]
AUDITED = 2                                             # of a member's flags: hooks are told who reads it


class Descriptors(Direct):
    """Specializations of attributes by descriptor."""

    def class_value(self, instr, val: Val, kind: type, name: str, found):
        value = None
        if type(found) is _tuplegetter:
            value = self.field_of(val, kind, found)
        elif type(found) is MemberDescriptor:
            value = self.member_of(val, kind, found)
        elif found is CLASS and self.guard_version(val, kind):
            value = Val("obj", None, type(kind), kind)
        if value is None:
            return super().class_value(instr, val, kind, name, found)
        return self.finish_item(instr, value)

    @row(type)
    def call_class(self, instr, registers):
        """type(o)"""
        val = self.argument(registers[0]) if len(registers) == 1 else None
        kind = (self.kind_of(val) or self.class_of(val)) if val is not None and val.kind != "char" else None
        if kind is None or self.core.class_attribute(kind, "__class__") is not CLASS:   # the VM's functions say another
            return None
        if val.kind == "obj" and not self.guard_version(val, kind):
            return None
        return Val("obj", None, type(kind), kind)

    def field_of(self, val: Val, kind: type, found) -> Val | None:
        """An item of a tuple."""
        index = self.core.word(id(found) + 16)
        if not issubclass(kind, tuple) or not self.guard_version(val, kind):
            return None
        pointer = self.pointer(val)
        self.guard(self.e("int_lt", str(index), self.load("i64", pointer, 16, "tuple")), "an index is out of range")
        return self.loaded_item(self.load("ptr", pointer, 24 + 8 * index, "tuple"), self.seen.result)

    def member_of(self, val: Val, kind: type, found) -> Val | None:
        """A member of the object's structure."""
        definition = self.core.word(id(found) + 40)
        way, offset, flags = (self.core.word(definition + at) & 0xFFFFFFFF for at in (8, 16, 24))
        if flags & AUDITED or way not in (T_INT, T_DOUBLE, T_OBJECT, T_SIZE) or not self.guard_version(val, kind):
            return None
        pointer = self.pointer(val)
        if way == T_DOUBLE:
            value = Val("float", self.load("f64", pointer, offset, "attr"))
            self.guard_ordered(value)
            return value
        if way == T_OBJECT:
            item = self.load("ptr", pointer, offset, "attr")
            self.guard(self.e("ptr_ne", item, "null"), "an attribute is not set")
            return self.loaded_item(item, self.seen.result)
        return Val("int", self.load("i32" if way == T_INT else "i64", pointer, offset, "attr"))

    # --------------------------------------------------------------------------------------- namedtuples
    def call_type(self, instr, kind: type, positional: list, named: list):
        """A namedtuple of all its fields is made as it is: nothing else runs."""
        size = row_size(self.core.class_attribute(kind, "__new__"))
        regs = self.cx.frames[-1].regs
        known = all(isinstance(one, int) and one >= 0 and regs[one].kind not in ("mem", "empty") for one in positional)
        if instr.op != "CALL" or named or len(positional) != size or not known or type(kind) is not type or \
                self.core.class_attribute(kind, "__init__") is not object.__dict__["__init__"] or \
                not issubclass(kind, tuple) or not self.guard_class(kind):
            return super().call_type(instr, kind, positional, named)
        self.ready(*positional)
        temps: list[str] = []
        pointers = [self.object_in(register, temps) for register in positional]
        made = self.made_by_call(None, "rt_new_row", self.const_object(kind), str(size), *pointers,
                                 *["null"] * (MOST_FIELDS - size), temps=temps, container=True)
        self.cx.facts["class", made.ssa] = kind
        return self.finish_call(instr, made)

    def do_METHOD_GET(self, instr):
        held = self.cx.frames[-1].regs[instr.b]
        if held.kind not in ("obj", "mem") or held.const is not NO:
            return super().do_METHOD_GET(instr)
        val, kind = self.object_kind(instr.b, self.seen.b)
        if kind is None or val.const is not NO or val.ssa in self.cx.virtuals or not self.gets_plainly(kind):
            return super().do_METHOD_GET(instr)
        name = self.cx.frames[-1].code.name_at(instr.c)
        found = self.core.class_attribute(kind, name)
        if type(found) in (staticmethod, classmethod):
            value = self.class_function(val, kind, name, found)
        else:
            value = self.held_function(val, kind, name, found)
        if value is None:
            return super().do_METHOD_GET(instr)
        bound = Val("obj", None, type(kind), kind) if type(found) is classmethod else None
        self.keep()
        self.cx.hold(value)
        self.consume(instr, 1, instr.b)
        self.write(instr.a, value if bound else EMPTY)
        self.write(instr.a + 1, bound or value)
        self.unhold(value)
        return instr.at + instr.length

    def class_function(self, val: Val, kind: type, name: str, found) -> Val | None:
        """The function of a static or class method."""
        function = found.__func__
        if type(function) is not self.core.function_type or not self.not_hidden(val, kind, name):
            return None
        return self.known(function)

    def held_function(self, val: Val, kind: type, name: str, found) -> Val | None:
        """What an instance holds by a name that is no method of its class."""
        if found is not MISSING and hasattr(type(found), "__get__") and type(found) is not MemberDescriptor:
            return None
        place = self.place_of(val, kind, name, found)
        if place is None:
            return None
        value = self.load("ptr", place[0], place[1], "attr")
        self.guard(self.e("ptr_ne", value, "null"), "an attribute is not set")
        return Val("obj", value)


def row_size(found) -> int:
    """How many fields a namedtuple has whose `__new__` is as its maker has made it; -1: it is something else."""
    function = found.__func__ if type(found) is staticmethod else None
    maker = getattr(sys.modules.get("collections"), "namedtuple", None)
    if type(function) is not FunctionType or maker is None or \
            function.__globals__.get("_tuple_new") != tuple.__new__:
        return -1
    code = function.__code__
    size = code.co_argcount - 1
    if not 0 < size <= MOST_FIELDS:
        return -1
    if size not in _plain_rows:
        _plain_rows[size] = maker("Row", [f"f{at}" for at in range(size)]).__new__.__code__
    plain = _plain_rows[size]
    same = all(getattr(code, name) == getattr(plain, name) for name in ("co_code", "co_names", "co_consts", "co_flags"))
    return size if same and not code.co_kwonlyargcount else -1


_plain_rows: dict[int, CodeType] = {}
__all__ = ["Descriptors"]
