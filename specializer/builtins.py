"""Builtin functions and methods that are recorded as operations: one row each.

    len(x)   x: list  ->  %n = load_i64 %x !size
"""
from __future__ import annotations

import math

from .builder import Builder
from .values import EMPTY, NO, Val

ROWS: dict[int, str] = {}
RECEIVER = -1           # in the place of a register: the object that a bound method has


def row(*objects):
    """The method below carries out calls of these objects."""
    def wrap(method):
        for held in objects:
            ROWS[id(held)] = method.__name__
        return method
    return wrap


SIZED = {set: "set", frozenset: "set", list: "list", tuple: "tuple", str: "str", bytes: "str", dict: "dict",
         bytearray: "list"}


class Builtins(Builder):
    """Specializations of builtins. A method gets the registers of the arguments; None: not this way."""

    receiver = EMPTY                # what the register RECEIVER stands for

    def call_builtin(self, instr, target, first: int, count: int):
        return self.step(instr) if instr.keywords else \
            self.call_method(instr, target, list(range(first + 1, first + 1 + count)))

    def call_method(self, instr, target, registers: list[int]):
        """The same, positional arguments in registers."""
        name = ROWS.get(id(target))
        result = getattr(self, name)(instr, registers) if name is not None else None
        return self.step(instr) if result is None else self.finish_call(instr, result)

    def finish_call(self, instr, result: Val):
        """Empty the call's range, write the result."""
        self.keep()
        self.cx.hold(result)
        for number in range(instr.b, instr.b + 2 + instr.c):
            if self.cx.frames[-1].regs[number].kind != "empty":
                self.write(number, EMPTY)
        self.write(instr.a, result)
        self.unhold(result)
        return instr.at + instr.length

    def argument(self, register: int) -> Val | None:
        """An argument whose value is known to the region, its type too if it was seen, or None."""
        if register == RECEIVER:
            return self.receiver
        val = self.cx.frames[-1].regs[register]
        if val.kind == "mem" or (val.kind == "obj" and val.const is NO and self.type_of(val) is None):
            kinds = self.expected(register)
            found = self.read_typed(register, kinds) if kinds else None
            return found if found is not None else None if val.kind == "mem" else val
        return val

    def numbers(self, registers: list[int]) -> list[Val] | None:
        """Arguments as unboxed numbers."""
        found = []
        for register in registers:
            val = self.argument(register)
            if val is None:
                return None
            kind = self.type_of(val) if val.kind == "obj" else None
            val = self.unboxed(val, {kind} if kind else set())
            if val is None:
                return None
            found.append(val)
        return found

    @row(len)
    def call_len(self, instr, registers):
        val = self.argument(registers[0]) if len(registers) == 1 else None
        return None if val is None else self.length_of(val)

    def length_of(self, val: Val) -> Val | None:
        """len() of a value, None: of no type that is known."""
        if val.kind in ("tuple", "char"):
            return Val("int", str(len(val.parts)))      # a character's one part is its code
        kind = self.type_of(val) if val.kind == "obj" else None
        if kind not in SIZED:
            return None
        if SIZED[kind] == "set":
            return Val("int", self.load("i64", self.pointer(val), 24, "list"))
        return Val("int", self.load("i64", self.pointer(val), 16, SIZED[kind]))

    @row(abs)
    def call_abs(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        val = found[0]
        if val.kind == "float":
            return Val("float", self.e("float_abs", val.ssa))
        val = self.as_int(val)
        negated = self.int_binary("SUB", Val("int", "0"), val)
        return Val("int", self.e("int_select", self.e("int_lt", val.ssa, "0"), negated.ssa, val.ssa))

    def extreme(self, registers, sign: str):
        """min and max of two numbers of one kind: the first of equal ones."""
        found = self.numbers(registers)
        if found is None or len(found) != 2 or found[0].kind != found[1].kind or found[0].kind == "bool":
            return None
        kind = found[0].kind
        better = self.e(f"{kind}_{sign}", found[1].ssa, found[0].ssa)
        return Val(kind, self.e(f"{kind}_select", better, found[1].ssa, found[0].ssa))

    @row(min)
    def call_min(self, instr, registers):
        return self.extreme(registers, "lt")

    @row(max)
    def call_max(self, instr, registers):
        return self.extreme(registers, "gt")

    @row(range)
    def call_range(self, instr, registers):
        found = self.numbers(registers)
        if found is None or not 1 <= len(found) <= 3 or any(val.kind != "int" for val in found):
            return None
        start, step = Val("int", "0", const=0), Val("int", "1", const=1)
        if len(found) == 1:
            stop = found[0]
        else:
            start, stop = found[:2]
            step = found[2] if len(found) == 3 else step
        if step.ssa[0] == "%" or step.ssa == "0":
            return None
        start, step = (val if val.ssa[0] == "%" else Val("int", val.ssa, const=int(val.ssa)) for val in (start, step))
        return Val("rangeobj", parts=(start, stop, step))

    @row(int)
    def call_int(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        val = found[0]
        if val.kind != "float":
            return self.as_int(val)
        fits = self.e("float_lt", self.e("float_abs", val.ssa), "0x43D0000000000000")
        self.guard(fits, "a float is too large for 64 bits")
        return Val("int", self.e("float_to_int", val.ssa))

    @row(float)
    def call_float(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        return Val("float", self.as_float(found[0]))

    @row(math.sqrt)
    def call_sqrt(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        number = self.as_float(found[0])
        self.guard(self.e("float_ge", number, "0x0000000000000000"), "a square root of a negative number")
        return Val("float", self.e("float_sqrt", number))

    @row(list.append)
    def call_append(self, instr, registers):
        return self.append_to(registers)


__all__ = ["Builtins"]
