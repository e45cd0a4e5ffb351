"""Ints beyond 60 bits, where they were seen: calls of the runtime (vm/jit_longs.py), results are objects.

    r = q * k      q: int, the result was seen boxed    ->    %r = call_p %q, %box !rt_long_MUL

An int in a register is boxed only if it did not fit, so what was recorded says where ints are large. `wide` are the values
that such calls made: what calculates with them goes this way at once, instead of by one hot exit after the other.
"""
from __future__ import annotations

from .builder import GROWN, LARGE
from .direct import Direct
from .values import NO, Val

LONG_OPS = {"ADD", "SUB", "MUL", "FLOORDIV", "MOD", "AND", "OR", "XOR", "LSHIFT", "RSHIFT"}
TOO_LARGE = LARGE, GROWN
NOT_SMALL = "a result has more than 60 bits"
ORDERS = {"LT": "lt", "LE": "le", "EQ": "eq", "NE": "ne", "GT": "gt", "GE": "ge"}


class Longs(Direct):
    """Specializations of arithmetic on large ints."""

    def wide_operands(self, registers, kinds) -> list[Val] | None:
        """The operands, a register or a constant each, if all are ints and one may be large."""
        frame = self.cx.frames[-1]
        if not all(seen <= {"int", int} for seen in kinds):
            return None
        known = [frame.regs[one] if isinstance(one, int) else one for one in registers]
        if not (any(val.ssa in self.wide for val in known) or any(map(self.left_before, TOO_LARGE))
                or self.instr.op.removesuffix("_K") in LONG_OPS and int in self.seen.result):
            return None
        values = [self.read(one) if isinstance(one, int) else one for one in registers]
        for val in values:
            if val.kind != "int" and (val.kind != "obj" or val.const is not NO and type(val.const) is not int):
                return None
        return [self.guard_type(val, int) if val.kind == "obj" and val.const is NO else val for val in values]

    def wide_binary(self, instr, name: str, right: Val | None):
        """One operator; `right`: the constant. None: ints are not seen to be large."""
        if name not in LONG_OPS or right is not None and right.kind not in ("int", "obj"):
            return None
        registers = [instr.b, instr.c if right is None else right]
        values = self.wide_operands(registers, [self.seen.b, self.seen.c] if right is None else [self.seen.b])
        if values is None:
            return None
        temps: list[str] = []
        pointers = [self.object_of(val, temps) for val in values]
        result = self.made_by_call(int, "rt_long_" + name, *pointers, temps=temps)
        if self.seen.result == {"int"} and not self.left_before(NOT_SMALL):
            size = self.load("i64", result.ssa, 16, "long")
            self.failing(self.e("int_ult", self.e("int_add", size, "2"), "5"), [result.ssa], NOT_SMALL)
            self.cx.owned.pop(result.ssa)
            result = Val("int", self.e("call_i", result.ssa, x=self.api("rt_int_of")))
        else:
            self.wide.add(result.ssa)
        return self.finish_binary(instr, name, result)

    def wide_truth(self, name: str, left: int, right) -> str | None:
        """The truth of a comparison; None: ints are not seen to be large."""
        kinds = [self.seen.a, self.seen.b] if self.instr.op[0] == "J" else [self.seen.b, self.seen.c]
        values = self.wide_operands([left, right], kinds if isinstance(right, int) else kinds[:1])
        if values is None or all(val.kind == "int" for val in values):
            return None
        temps: list[str] = []
        pointers = [self.object_of(val, temps) for val in values]
        order = self.e("call_i", *pointers, x=self.api("rt_long_order"))
        self.drop_temps(temps)
        return self.e("int_" + ORDERS[name], order, "0")


__all__ = ["Longs"]
