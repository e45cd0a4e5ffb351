"""Names of modules: globals, builtins, and what code of a module itself binds.

    GLOBAL_GET f       the dict's version is the record's, or its names hold     ->  the object is known
    NAME_GET x         bound again and again: by its place in the dict           ->  loaded

Records of names: tracer/names.py. A name is loaded where the region itself binds it, or was seen to change.
"""
from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, ModuleType

from ..tracer.names import ABSENT, ENTRY, HEAD, KEYS_VERSION, PLACE, SLOT, VALUE, Names as Known
from .builder import Builder
from .values import Val, is_fixed

MethodDescriptor = type(list.append)
KNOWN_KINDS = (type, ModuleType, BuiltinFunctionType, MethodDescriptor, FunctionType)
BINDING = {"NAME_SET", "NAME_DELETE", "GLOBAL_SET", "GLOBAL_DELETE"}
BOUND, DELETED, REPLACED = "a global name was bound again", "a global name was deleted", "a global is another object"
OTHER_NAMES = "code runs with other globals than before"
NO_NUMBER = "a number is bound to the name of something else"
F_LOCALS = 24           # in the host's part of a frame


class Names(Builder):
    """Specialization of names."""

    def __init__(self, core, name: str):
        super().__init__(core, name)
        self.binds: set[tuple[int, str]] | None = None     # names that the code itself binds

    # ---------------------------------------------------------------------------------------------- records
    def known_names(self, table: dict) -> Known:
        """What the region knows of a dict's names."""
        return self.function.names.setdefault(id(table), Known(table))

    def record(self, table: dict) -> str:
        """The record of it."""
        return self.e("const", x=self.function.mark(0, "names", table))

    def is_changing(self, table: dict, name: str) -> bool:
        """Whether a name is to be loaded each time."""
        place = (id(table), name)
        if self.binds is None:
            self.binds = set()
            for path, at in self.profile.at:
                code = self.profile.codes[path]
                instr = code.instrs.get(at)
                if instr is not None and instr.op in BINDING and path in self.profile.kept:
                    self.binds.add((id(self.profile.kept[path].__globals__), code.name_at(instr.b)))
        return place in self.profile.changing or place in self.binds

    def unless(self, same: str, check: str, record: str, why: str) -> None:
        """Go on if a condition holds, or a look at the record says that it is as good as that."""
        on, other = self.function.block(), self.function.block()
        self.block.end = ("branch", same, on, other)
        self.block = other
        self.guard(self.e("int_ne", self.e("call_i", record, x=self.api(check)), "0"), why)
        self.block.end = ("jump", on, [])
        on.incoming.append((self.block, []))
        self.block = on

    def guard_names(self, table: dict, name: str, says: str = VALUE) -> None:
        """Go on only if a name has the value that it has now, or none."""
        self.known_names(table).entry(name, says)
        key = ("names", id(table))
        if key not in self.cx.facts:
            record = self.record(table)
            found = self.load("i64", self.const_object(table), 24, "dict")
            self.unless(self.e("int_eq", found, self.load("i64", record, 0, "jit")), "rt_names_hold", record, BOUND)
            self.cx.facts[key] = True

    def place_of_name(self, table: dict, name: str) -> str:
        """Where the value of a name is."""
        number, record = self.known_names(table).entry(name, SLOT), self.record(table)
        keys = self.cx.facts.get(("keys", id(table)))
        if keys is None:
            keys = self.load("ptr", self.const_object(table), 32, "dict")
            version = self.load("i64", record, KEYS_VERSION, "jit")
            self.unless(self.e("int_eq", self.load("u32", keys, 12, "dict"), version), "rt_names_lie", record,
                        "a module got other names")
            self.cx.facts[("keys", id(table))] = keys
        return self.e("index", keys, self.load("i64", record, HEAD + ENTRY * number + PLACE, "jit"), x="i8")

    # ---------------------------------------------------------------------------------------------- getting
    def do_GLOBAL_GET(self, instr):
        frame = self.cx.frames[-1]
        name = frame.code.name_at(instr.b)
        tables = (frame.globals, frame.builtins)
        if type(frame.globals) is not dict or type(frame.builtins) is not dict:
            return self.step(instr)
        table = next((table for table in tables if name in table), None)
        if table is None:
            return self.step(instr)
        self.write(instr.a, self.name_in(tables, table, name))
        return instr.at + instr.length

    def name_in(self, tables, table: dict, name: str) -> Val:
        """The value of a name of one of two dicts."""
        if table is not tables[0]:
            self.guard_names(tables[0], name, ABSENT)
        if self.is_changing(table, name):
            return self.changing_name(table, name)
        self.guard_names(table, name)
        return self.known(table[name])

    def changing_name(self, table: dict, name: str) -> Val:
        """The value of a name that is bound again and again."""
        key = ("value", id(table), name)
        if key in self.cx.facts:
            val = self.cx.facts[key]
            if not self.feeds_arithmetic():
                self.guard_ordered(val)
            return val
        value = self.load("ptr", self.place_of_name(table, name), 0, "dict")
        self.guard(self.e("ptr_ne", value, "null"), DELETED)
        held = table[name]
        if isinstance(held, KNOWN_KINDS) and not self.left_before(REPLACED):
            self.do("guard", self.e("ptr_eq", value, self.const_object(held)), x=f"B{self.exit_for(REPLACED).number}")
            return self.known(held)
        val = self.cx.facts[key] = self.loaded_item(value, self.seen.result)
        return val

    def known(self, held) -> Val:
        """The value of an object found where a guard says that it still is."""
        kind = type(held)
        if kind is int and abs(held) < 1 << 60:
            return Val("int", str(held))
        if kind is float and held == held:
            from .values import float_text
            return Val("float", float_text(held))
        if kind is bool:
            return Val("bool", "true" if held else "false")
        if held is None:
            return Val("none")
        if isinstance(held, KNOWN_KINDS):
            return Val("obj", None, kind, held)
        pointer = self.e("const", x=self.function.const(id(held)))
        if not is_fixed(kind):
            self.cx.facts[("class", pointer)] = kind
            return Val("obj", pointer)
        self.cx.types[pointer] = kind
        return Val("obj", pointer, kind)

    # ---------------------------------------------------------------------------- code of modules themselves
    def guard_namespace(self, frame) -> None:
        """Go on only if the frame's names are its globals: not those of a class, or of `exec`."""
        host = self.load("ptr", frame.frame, self.offset["Frame.iframe"], "frame")
        found = self.load("ptr", host, F_LOCALS, "frame")
        self.guard(self.e("ptr_eq", found, self.const_object(frame.globals)), OTHER_NAMES)
        frame.of_module = True

    def do_NAME_GET(self, instr):
        return self.do_GLOBAL_GET(instr) if self.cx.frames[-1].of_module else self.step(instr)

    def do_NAME_SET(self, instr):
        return self.do_GLOBAL_SET(instr) if self.cx.frames[-1].of_module else self.step(instr)

    def do_GLOBAL_SET(self, instr):
        frame = self.cx.frames[-1]
        table, name = frame.globals, frame.code.name_at(instr.b)
        self.read(instr.a)
        if type(table) is not dict or name not in table:
            return self.step(instr)
        value = frame.regs[instr.a]
        self.guard_ordered(value)
        slot = self.place_of_name(table, name)
        old = self.load("ptr", slot, 0, "dict")
        self.guard(self.e("ptr_ne", old, "null"), DELETED)
        number = value.kind in ("int", "float") and not self.left_before(NO_NUMBER)
        if number:
            kind = int if value.kind == "int" else float
            same = self.e("ptr_eq", self.load("ptr", old, 8, "type"), self.const_object(kind))
            self.do("guard", same, x=f"B{self.exit_for(NO_NUMBER).number}")
        self.keep()
        self.secure()
        record = self.record(table)
        if value.kind in ("int", "float"):
            self.do("call_none", record, slot, value.ssa, x=self.api("rt_name_set_" + value.kind))
        else:
            self.do("call_none", record, slot, self.boxed_new(value), x=self.api("rt_name_set"))
        if number:
            self.cx.facts["value", id(table), name] = value     # no more than a number has ended
        else:
            self.cx.facts.clear()
        self.consume(instr, 0, instr.a)
        return instr.at + instr.length


__all__ = ["Names"]
