"""super().method: the function that comes behind a class in the order of an object's classes.

    t0 = super(); METHOD_GET t0 t0! .area   ->   guards on `__class__` and on the class of self; Shape.area, self

The two instructions are one: no object stands between them, and exits go back to the first.
"""
from __future__ import annotations

from .direct import Direct
from .objects import MISSING, MethodDescriptor
from .raising import Wrapper
from .values import HEAP_TYPE, NO, Val

MOST_CLASSES = 4
METHODS = (MethodDescriptor, Wrapper)


class Supers(Direct):
    """Specializations of super() without arguments."""

    def call_builtin(self, instr, target, first: int, count: int):
        at = self.super_method(instr) if target is super and count == 0 and not instr.keywords else None
        return super().call_builtin(instr, target, first, count) if at is None else at

    def super_method(self, instr):
        """Both instructions; None: not this way."""
        frame = self.cx.frames[-1]
        getter = frame.code.instrs.get(instr.at + instr.length)
        if getter is None or getter.op != "METHOD_GET" or getter.b != instr.a or not getter.consumes(1) or \
                getter.at in frame.code.merges or frame.code.argcount == 0:
            return None
        val, kind = self.class_of_self(frame)
        if kind is None or "__class__" not in frame.code.host.co_freevars:
            return None
        owner = self.owner_of(kind, frame.code.host)
        if owner is None:
            return None
        name = frame.code.name_at(getter.c)
        order = kind.__mro__[kind.__mro__.index(owner) + 1:]
        found = self.core.class_attribute_in(order, name)
        if type(found) not in METHODS and type(found) is not self.core.function_type:
            return None
        if not self.guard_version(val, kind) or not self.guard_owner(frame, owner):
            return None
        for base in order:                  # what another run has to find as it is now
            if base.__flags__ & HEAP_TYPE:
                self.version(self.core.type_version(base), "type", base)
        self.keep()
        self.cx.hold(val)
        self.empty_call(instr)
        self.write(getter.a, Val("obj", None, type(found), found))
        self.write(getter.a + 1, val)
        self.unhold(val)
        return getter.at + getter.length

    def class_of_self(self, frame) -> tuple[Val, type | None]:
        """The first parameter and its class; several classes go several ways."""
        val = frame.regs[0]
        if val.kind == "mem":
            val = self.load_register(frame, 0, object)
        if val.kind != "obj" or val.const is not NO:
            return val, None
        kind = self.class_of(val)
        if kind is None:
            seen = self.register_kinds(frame.path, frame.code).get(0, set())
            kinds = sorted((one for one in seen if isinstance(one, type)), key=lambda one: (one.__name__, id(one)))
            if not kinds or len(kinds) > MOST_CLASSES:
                return val, None
            if len(kinds) > 1:
                self.split_type(val, kinds)
            kind = kinds[0]
        plain = type(kind) is type and kind.__flags__ & HEAP_TYPE
        return val, kind if plain else None

    def owner_of(self, kind: type, host) -> type | None:
        """The class among those of an object in which a function with this code stands."""
        for base in kind.__mro__:
            if any(getattr(held, "__code__", None) is host for held in base.__dict__.values()
                   if type(held) is self.core.function_type):
                return base
        return None

    def guard_owner(self, frame, owner: type) -> bool:
        """Go on only if `__class__` is this class; False: its cell is not there."""
        host = frame.code.host
        number = frame.code.nlocals - len(host.co_freevars) + host.co_freevars.index("__class__")
        if frame.regs[number].kind == "mem":
            self.load_register(frame, number, object)
        cell = frame.regs[number]
        if cell.kind != "obj":
            return False
        held = self.load("ptr", self.pointer(cell), 16, "cell")
        self.guard(self.e("ptr_eq", held, self.const_object(owner)), "a method belongs to another class than before")
        return True


__all__ = ["Supers", "MISSING"]
