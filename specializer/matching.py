"""match statements: what kind of thing the subject is, how long, and its attributes.

    MATCH_SEQUENCE a = b    ->    a flag of the subject's type, known now if the type is
    GET_LEN a = b           ->    as len(b)
    MATCH_CLASS a = b 2     ->    None if the subject's class is none of the pattern's; else its attributes, as a tuple
                                  that is not made
"""
from __future__ import annotations

from .direct import Direct
from .objects import MISSING
from .values import NONE, Val, is_fixed

FLAGS = 168             # in a class
SEQUENCE, MAPPING, MATCH_SELF = 1 << 5, 1 << 6, 1 << 22
NO_ATTRIBUTE = "a subject has not all attributes of a pattern"


class Matching(Direct):
    """Specializations of the tests of patterns."""

    def do_MATCH_SEQUENCE(self, instr):
        return self.has_flag(instr, SEQUENCE)

    def do_MATCH_MAPPING(self, instr):
        return self.has_flag(instr, MAPPING)

    def has_flag(self, instr, flag: int):
        """Whether the type of a value has a flag, which classes of the program may be given later."""
        val = self.read(instr.b)
        kind = self.kind_of(val)
        if kind is not None and is_fixed(kind):
            truth = "true" if kind.__flags__ & flag else "false"
        elif val.kind != "obj":
            return self.step(instr)
        else:
            flags = self.load("i64", self.load("ptr", self.pointer(val), 8, "type"), FLAGS, "type")
            truth = self.e("int_ne", self.e("int_and", flags, str(flag)), "0")
        return self.conclude(instr, ((1, instr.b),), Val("bool", truth))

    def do_GET_LEN(self, instr):
        val = self.read_typed(instr.b, self.seen.b)
        length = self.length_of(val) if val is not None else None
        if length is None:
            return self.step(instr)
        return self.conclude(instr, ((1, instr.b),), length)

    def do_MATCH_CLASS(self, instr):
        regs = self.cx.frames[-1].regs
        pattern, named = regs[instr.b + 1].const, regs[instr.b + 2].const
        val = self.read(instr.b)
        kind = self.kind_of(val)
        if kind is None and val.kind == "obj":
            val, kind = self.object_kind(instr.b, self.seen.b)
        if kind is None or type(pattern) is not type or type(named) is not tuple or self.has_class_property(kind):
            return self.step(instr)
        if val.kind == "obj" and not self.guard_version(val, kind):
            return self.step(instr)
        if not issubclass(kind, pattern):
            return self.matched(instr, NONE)
        names = self.pattern_names(pattern, instr.c, named)
        parts = None
        if names is not None:
            parts = self.attributes_of(val, kind, names)
        elif self.is_itself(pattern, instr.c, named):
            parts = [val]
        if parts is None:
            return self.step(instr)
        return self.matched(instr, Val("tuple", parts=tuple(parts)) if parts else Val("obj", None, tuple, ()))

    def matched(self, instr, result: Val):
        """Empty the three operands, write the result."""
        self.keep()
        for part in result.parts:
            self.settle(part)
        self.cx.hold(result)
        self.empty_range(instr.b, 3)
        self.write(instr.a, result)
        self.unhold(result)
        return instr.at + instr.length

    def is_itself(self, pattern: type, count: int, named: tuple) -> bool:
        """Whether the one positional pattern of a type such as int is for the subject itself."""
        return count == 1 and not named and is_fixed(pattern) and bool(pattern.__flags__ & MATCH_SELF) and \
            self.core.class_attribute(pattern, "__match_args__") is MISSING

    def pattern_names(self, pattern: type, count: int, named: tuple) -> tuple | None:
        """The names of the attributes that are asked for; None: not to be known, or an error."""
        positional: tuple = ()
        if count:
            found = self.core.class_attribute(pattern, "__match_args__")
            if type(found) is not tuple or len(found) < count or not self.guard_class(pattern):
                return None
            positional = found[:count]
        names = (*positional, *named)
        return names if all(type(name) is str for name in names) and len(set(names)) == len(names) else None

    def attributes_of(self, val: Val, kind: type, names: tuple) -> list[Val] | None:
        """Attributes that an instance itself has; None: they are not found as simply."""
        parts: list[Val] = []
        for name in names:
            place = None
            if val.kind == "obj" and self.gets_plainly(kind):
                place = self.place_of(val, kind, name, self.core.class_attribute(kind, name))
            if place is None:
                return None
            value = self.load("ptr", place[0], place[1], "attr")
            self.do("guard", self.e("ptr_ne", value, "null"), x=f"B{self.exit_for(NO_ATTRIBUTE).number}")
            parts.append(Val("obj", value))
        return parts


__all__ = ["Matching"]
