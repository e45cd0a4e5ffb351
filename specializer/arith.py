"""Arithmetic on unboxed numbers: ints with overflow checks, floats, mixed; everything else is a single step.

    ADD r5 = r2 + r3   with ints seen  ->  %9 = int_add_pair %a, %b; guard_not (pair_over %9); r5 = pair_value %9
"""
from __future__ import annotations

from ..ir.ranges import of_sum
from .builder import GROWN, Builder
from .values import NUMBERS, Val

FLOAT_OPS = {"ADD": "float_add", "SUB": "float_sub", "MUL": "float_mul"}
FLOAT_DIVISIONS = {"FLOORDIV": "rt_float_floordiv", "MOD": "rt_float_mod"}
BIT_OPS = {"AND": "int_and", "OR": "int_or", "XOR": "int_xor"}
NUMBER_TYPES = {"int": int, "float": float, "bool": bool, "none": type(None)}
METHODS = {"ADD": "__add__", "SUB": "__sub__", "MUL": "__mul__", "TRUEDIV": "__truediv__", "FLOORDIV": "__floordiv__",
           "MOD": "__mod__", "POW": "__pow__", "AND": "__and__", "OR": "__or__", "XOR": "__xor__",
           "LSHIFT": "__lshift__", "RSHIFT": "__rshift__", "MATMUL": "__matmul__"}
EXACT = 1 << 53         # ints up to here are floats exactly


def literal(val: Val) -> int | None:
    """The int a value is known to be."""
    return int(val.ssa) if val.kind == "int" and val.ssa[0] != "%" else None


class Arithmetic(Builder):
    """Specializations of arithmetic."""

    def number(self, register: int, kinds: set) -> Val | None:
        """A register's number, unboxed; None if it was not seen to be one (kind) of number."""
        return self.unboxed(self.read(register), kinds)

    def unboxed(self, val: Val, kinds: set) -> Val | None:
        """The number in a value; None if it is not seen to be one. With several types each goes its own way."""
        if val.kind in NUMBERS:
            return val
        if val.kind != "obj" or val.const is not _NO:
            return None
        kind = self.type_of(val)
        if kind is None:
            if self.class_of(val) is not None:
                return None
            types = {NUMBER_TYPES.get(kind, kind) for kind in kinds} - {"empty"}
            if len(types) == 1:
                (kind,) = types
            elif types & {int, float} and len(types) <= 3:
                self.split_type(val, sorted((t for t in types if isinstance(t, type)), key=lambda t: t.__name__))
        if kind is float:
            self.guard_type(val, float)
            return Val("float", self.load("f64", val.ssa, 16, "float"))
        if kind is int:
            self.guard_type(val, int)
            return Val("int", self.long_value(val.ssa))
        return None

    def as_float(self, val: Val) -> str:
        """A number as a float."""
        if val.kind == "float":
            return val.ssa
        known = literal(val)
        if known is not None and abs(known) <= EXACT:
            from .values import float_text
            return float_text(float(known))
        return self.e("int_to_float", self.as_int(val).ssa)

    def as_int(self, val: Val) -> Val:
        """An int; bools count."""
        return val if val.kind == "int" else Val("int", self.e("bool_to_int", val.ssa))

    def exact(self, val: Val) -> None:
        """Go on only if the int is a float exactly."""
        known = literal(val)
        if known is not None and abs(known) <= EXACT:
            return
        moved = self.e("int_add", val.ssa, str(EXACT))
        self.guard(self.e("int_ult", moved, str(2 * EXACT + 1)), "an int is too large to be a float exactly")

    def binary(self, instr, name: str, right: Val | None):
        """One operator."""
        left = self.number(instr.b, self.seen.b)
        if left is None or right is None:
            return self.other_binary(instr, name, right)
        if name in BIT_OPS and left.kind == right.kind == "bool":
            result = Val("bool", self.e("bool_" + name.lower(), left.ssa, right.ssa))
        elif "float" in (left.kind, right.kind):
            result = self.float_binary(name, left, right)
        else:
            result = self.int_binary(name, self.as_int(left), self.as_int(right))
        if result is None:
            return self.step(instr)
        return self.finish_binary(instr, name, result)

    def finish_binary(self, instr, name: str, result: Val):
        """Write the result, let go what was consumed."""
        self.consume(instr, 1, instr.b)
        if not instr.op.endswith("_K"):
            self.consume(instr, 2, instr.c)
        self.write(instr.a, result)
        return instr.at + instr.length

    def other_binary(self, instr, name: str, right):
        """Operands that are not numbers."""
        if not instr.op.endswith("_K") and not instr.x and name in METHODS:
            at = self.call_special(instr, METHODS[name], [instr.b, instr.c])
            if at is not None:
                return at
        return self.step(instr)

    def consume(self, instr, operand: int, register: int) -> None:
        """Empty a register if the instruction takes it."""
        if instr.consumes(operand) and self.cx.frames[-1].regs[register].kind != "empty":
            from .values import EMPTY
            self.write(register, EMPTY)

    def float_binary(self, name: str, left: Val, right: Val) -> Val | None:
        """At least one float."""
        if name in FLOAT_OPS:
            return Val("float", self.e(FLOAT_OPS[name], self.as_float(left), self.as_float(right)))
        if name == "TRUEDIV":
            a, b = self.as_float(left), self.as_float(right)
            self.guard(self.e("float_ne", b, "0x0000000000000000"), "a division by zero")
            return Val("float", self.e("float_div", a, b))
        if name in FLOAT_DIVISIONS:
            a, b = self.as_float(left), self.as_float(right)
            self.guard(self.e("float_ne", b, "0x0000000000000000"), "a division by zero")
            return Val("float", self.e("call_f", a, b, x=self.api(FLOAT_DIVISIONS[name])))
        if name == "POW":
            a, b = self.as_float(left), self.as_float(right)
            if b == "0x4000000000000000":
                return Val("float", self.square(a))
            self.guard(self.e("float_gt", a, "0x0000000000000000"), "a power of a number that is not positive")
            result = self.e("call_f", a, b, x=self.api("pow"))
            finite = self.e("float_lt", self.e("float_abs", result), "0x7FF0000000000000")
            self.guard(finite, "a power that is too large")
            return Val("float", result)
        return None

    def square(self, a: str) -> str:
        """a ** 2.0 as the host's libm has it."""
        result = self.e("call_f", a, "0x4000000000000000", x=self.api("pow"))
        self.guard(self.e("float_lt", self.e("float_abs", result), "0x7FF0000000000000"), "a power that is too large")
        return result

    def int_binary(self, name: str, left: Val, right: Val) -> Val | None:
        """Two ints."""
        a, b = left.ssa, right.ssa
        if name in ("ADD", "SUB", "MUL"):
            return Val("int", self.checked("int_" + name.lower(), a, b))
        if name in BIT_OPS:
            return Val("int", self.e(BIT_OPS[name], a, b))
        if name in ("FLOORDIV", "MOD"):
            return self.int_division(name, left, right)
        if name == "TRUEDIV":
            self.exact(left)
            self.exact(right)
            x, y = self.as_float(left), self.as_float(right)
            self.guard(self.e("float_ne", y, "0x0000000000000000"), "a division by zero")
            return Val("float", self.e("float_div", x, y))
        if name in ("LSHIFT", "RSHIFT"):
            return self.int_shift(name, left, right)
        if name == "POW" and literal(right) == 2:
            return self.int_binary("MUL", left, left)
        return None

    def checked(self, name: str, a: str, b: str) -> str:
        """A sum, difference or product; leaves where it does not fit 64 bits."""
        pair = self.e(name + "_pair", a, b)
        over = self.e("pair_over", pair)
        if over != "false":
            self.do("guard_not", over, x=f"B{self.exit_for(GROWN).number}")
        value = self.e("pair_value", pair)
        return self.bound(value, *of_sum(name, self.range_of(a), self.range_of(b)))

    def int_shift(self, name: str, left: Val, right: Val) -> Val:
        """Shifts by 0 to 63; what a left shift loses would be seen by shifting back."""
        a, b = left.ssa, right.ssa
        known = literal(right)
        if known is None or not 0 <= known < 64:
            self.guard(self.e("int_ult", b, "64"), "a shift by more than 63 bits")
        if name == "RSHIFT":
            return Val("int", self.e("int_shr", a, b))
        result = self.e("int_shl", a, b)
        self.guard(self.e("int_eq", self.e("int_shr", result, b), a), GROWN)
        return Val("int", result)

    def int_division(self, name: str, left: Val, right: Val) -> Val:
        """Division that rounds down: the machine's rounds to zero, so it is one less where signs differ."""
        a, b = left.ssa, right.ssa
        known = literal(right)
        if known is not None and known > 0 and known & (known - 1) == 0:
            if name == "MOD":
                return Val("int", self.e("int_and", a, str(known - 1)))
            return Val("int", self.e("int_shr", a, str(known.bit_length() - 1)))
        if known is None or known in (0, -1):
            other = self.e("int_and", self.e("int_add", b, "1"), "-2")         # 0 for b = 0 and b = -1 alone
            self.guard(self.e("int_ne", other, "0"), "a division by zero or minus one")
        rest = self.e("int_srem", a, b)
        apart = self.e("int_lt", self.e("int_xor", rest, b), "0")
        wrong = self.e("bool_and", self.e("int_ne", rest, "0"), apart)
        if name == "MOD":
            return Val("int", self.e("int_select", wrong, self.e("int_add", rest, b), rest))
        quotient = self.e("int_sdiv", a, b)
        return Val("int", self.e("int_sub", quotient, self.e("bool_to_int", wrong)))

    def do_NEG(self, instr):
        val = self.number(instr.b, self.seen.b)
        if val is None:
            return self.step(instr)
        if val.kind == "float":
            result = Val("float", self.e("float_neg", val.ssa))
        else:
            result = self.int_binary("SUB", Val("int", "0"), self.as_int(val))
        self.consume(instr, 1, instr.b)
        self.write(instr.a, result)
        return instr.at + instr.length

    def do_INVERT(self, instr):
        val = self.number(instr.b, self.seen.b)
        if val is None or val.kind != "int":
            return self.step(instr)
        self.consume(instr, 1, instr.b)
        self.write(instr.a, Val("int", self.e("int_xor", val.ssa, "-1")))
        return instr.at + instr.length


def define(name: str) -> None:
    """The two forms of an operator: register and constant."""
    def registers(self, instr):
        at = self.wide_binary(instr, name, None)
        return self.binary(instr, name, self.number(instr.c, self.seen.c)) if at is None else at

    def with_constant(self, instr):
        val = self.local_constant(instr.c)
        at = self.wide_binary(instr, name, val)
        return at if at is not None else self.binary(instr, name, val if val.kind in NUMBERS else None)

    setattr(Arithmetic, "do_" + name, registers)
    setattr(Arithmetic, f"do_{name}_K", with_constant)


for _name in "ADD SUB MUL TRUEDIV FLOORDIV MOD POW LSHIFT RSHIFT AND OR XOR".split():
    define(_name)

from .values import NO as _NO  # noqa: E402
