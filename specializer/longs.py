"""Ints beyond 60 bits, where they were seen: calls of the runtime (vm/jit_longs.py), results are objects.

    r = q * k      q: int, the result was seen boxed    ->    %r = call_p %q, %box !rt_long_MUL

An int in a register is boxed only if it did not fit, so what was recorded says where ints are large. `wide`
are the values that such calls made: what calculates with them goes this way at once, instead of by one hot
exit after the other.
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
        at = self.product(instr, values) if name == "MUL" else None
        if at is not None:
            return at
        temps: list[str] = []
        pointers = [self.object_of(val, temps) for val in values]
        result = self.made_by_call(int, "rt_long_" + name, *pointers, temps=temps)
        return self.finish_binary(instr, name, self.small_again(result, self.seen.result))

    def small_again(self, result: Val, seen: set) -> Val:
        """An int that was made, unboxed if its place has only seen such that fit."""
        if seen != {"int"} or self.left_before(NOT_SMALL):
            self.wide.add(result.ssa)
            return result
        size = self.load("i64", result.ssa, 16, "long")
        self.failing(self.e("int_ult", self.e("int_add", size, "2"), "5"), [result.ssa], NOT_SMALL)
        self.cx.owned.pop(result.ssa)
        return Val("int", self.e("call_i", result.ssa, x=self.api("rt_int_of")))

    # -------------------------------------------------------------------------------- products, used once
    def product(self, instr, values: list[Val]):
        """A large int times a small one that is only added to another, which may then be divided: all at once
        (vm/jit_products.py). None: it is not so."""
        if sorted(val.kind for val in values) != ["int", "obj"]:
            return None
        large, factor = sorted(values, key=lambda val: val.kind == "int")
        then = self.only_use(instr)
        if then is None or then.op not in ("ADD", "SUB") or then.op == "SUB" and then.b == instr.a:
            return None
        number = 2 if then.b == instr.a else 1
        addend = self.wide_register((then.b, then.c)[number - 1], then, number)
        divided = self.only_use(then) if addend is not None else None
        divisor = None
        if divided is not None and divided.op == "FLOORDIV" and divided.b == then.a:
            divisor = self.wide_register(divided.c, divided, 2)
        if addend is None or divisor is None and int not in self.seen_at(then).result:
            return None
        words = [self.pointer(large), factor.ssa, self.pointer(addend), "1" if then.op == "SUB" else "0"]
        operands = [(instr, 1, instr.b), (then, number, (then.b, then.c)[number - 1])]
        if instr.op == "MUL":
            operands.append((instr, 2, instr.c))
        if divisor is None:
            last, result = then, self.made_by_call(int, "rt_long_linear", *words)
        else:
            operands.append((divided, 2, divided.c))
            last, result = divided, self.made_by_call(int, "rt_long_linear_floordiv", *words, self.pointer(divisor))
        result = self.small_again(result, self.seen_at(last).result)
        for one, operand, register in operands:
            self.consume(one, operand, register)
        self.write(last.a, result)
        return last.at + last.length

    def seen_at(self, instr):
        """What was seen at another instruction of this frame."""
        return self.profile.at[self.cx.frames[-1].path, instr.at]

    def only_use(self, instr):
        """The next instruction if it is all that sees what this one writes; None: it is not."""
        frame = self.cx.frames[-1]
        then = frame.code.instrs.get(instr.at + instr.length)
        if instr.a < frame.code.nlocals or then is None or then.at in frame.code.merges:
            return None
        if (frame.path, then.at) in self.joins or (frame.path, then.at) not in self.profile.at:
            return None
        first, second = then.b == instr.a and then.consumes(1), then.c == instr.a and then.consumes(2)
        return then if first != second and (then.b == instr.a) != (then.c == instr.a) else None

    def wide_register(self, register: int, instr, operand: int) -> Val | None:
        """The large int that a later instruction reads; None: it may be something else."""
        val, seen = self.cx.frames[-1].regs[register], self.seen_at(instr)
        if val.kind != "obj" or val.const is not NO or (seen.b, seen.c)[operand - 1] != {int}:
            return None
        return self.guard_type(val, int)

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
