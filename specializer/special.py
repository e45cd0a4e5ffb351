"""Special methods of the program's classes: `in`, `box[k]`, `box[k] = v` go on in the method's frame.

    CONTAINS a = b in c   c: Cache   ->   the frame of Cache.__contains__, kind "truth": its RETURN is tested

The VM pushes such frames itself (vm/handlers/special.py), so that recordings see them.
"""
from __future__ import annotations

from .direct import Direct
from .native_calls import COLLECTS
from .values import NO, Val, is_fixed


class Special(Direct):
    """Specializations of operators that are methods of classes."""

    def special_method(self, instr, name: str, operands, way: str, constants: tuple[Val, ...] = ()):
        """A special method that the class of its first operand defines by a function of the VM; None: not this way.
        `operands`: number, register, kinds seen; `way`: what is done with what it returns; `constants`: more
        arguments."""
        if not self.of_one_class(operands[0][2]):
            return None
        val, kind = self.object_kind(operands[0][1], operands[0][2])
        if kind is None or is_fixed(kind) or val.const is not NO:
            return None
        return self.enter_special(instr, val, kind, self.core.class_attribute(kind, name), operands, way, constants)

    def enter_special(self, instr, val: Val, kind: type, method, operands, way: str, constants: tuple[Val, ...] = ()):
        """The same where the object, its class and the method are known."""
        if type(method) is not self.core.function_type:
            return None
        registers = [register for _, register, _ in operands]
        code = self.callee_code(method, instr)
        if code is None or code.argcount != len(registers) + len(constants) or code.host.co_kwonlyargcount \
                or code.flags & COLLECTS:
            return None
        for register in registers[1:]:
            self.read(register)
        if not self.guard_version(val, kind):
            return None
        known = Val("obj", None, type(method), method)
        self.guard_code(method, known)
        self.guard_depth()
        self.keep()
        values = []
        for operand, register, _ in operands:
            value = self.settle(self.cx.frames[-1].regs[register])
            self.cx.hold(value)
            values.append(value)
            self.consume(instr, operand, register)
        for constant in constants:
            self.cx.hold(constant)
        return self.enter(instr, method, code, known, [*values, *constants], way)

    @staticmethod
    def of_one_class(kinds: set) -> bool:
        """Whether a register was seen with objects of one class of the program."""
        return len(kinds) == 1 and all(isinstance(kind, type) and not is_fixed(kind) for kind in kinds)

    def tested(self, callee, instr) -> str | None:
        """The truth of what `__contains__` returns, as the `in` of the caller wants it."""
        val = self.read_typed(instr.a, self.seen.a)
        truth = self.truth(val) if val is not None else None
        asked = self.cx.frames[-2].code.instrs[callee.call_at]
        return self.e("bool_not", truth) if truth is not None and asked.x else truth

    def do_CONTAINS(self, instr):
        operands = ((2, instr.c, self.seen.c), (1, instr.b, self.seen.b))
        at = self.special_method(instr, "__contains__", operands, "truth")
        return super().do_CONTAINS(instr) if at is None else at

    def do_ITEM_GET(self, instr):
        operands = ((1, instr.b, self.seen.b), (2, instr.c, self.seen.c))
        at = self.special_method(instr, "__getitem__", operands, "operator")
        return super().do_ITEM_GET(instr) if at is None else at

    def do_ITEM_GET_K(self, instr):
        key = self.local_constant(instr.c)
        at = self.special_method(instr, "__getitem__", ((1, instr.b, self.seen.b),), "operator", (key,))
        return super().do_ITEM_GET_K(instr) if at is None else at

    def do_ITEM_SET(self, instr):
        operands = ((0, instr.a, self.seen.a), (1, instr.b, self.seen.b), (2, instr.c, self.seen.c))
        at = self.special_method(instr, "__setitem__", operands, "dropped")
        return super().do_ITEM_SET(instr) if at is None else at

    def do_ATTR_SET(self, instr):
        """The setter of a property."""
        if self.of_one_class(self.seen.a):
            val, kind = self.object_kind(instr.a, self.seen.a)
            name = self.cx.frames[-1].code.name_at(instr.c)
            found = self.core.class_attribute(kind, name) if kind is not None and val.const is NO else None
            if type(found) is property and kind.__setattr__ is object.__setattr__:
                operands = ((0, instr.a, self.seen.a), (1, instr.b, self.seen.b))
                at = self.enter_special(instr, val, kind, found.fset, operands, "dropped")
                if at is not None:
                    return at
        return super().do_ATTR_SET(instr)


__all__ = ["Special"]
