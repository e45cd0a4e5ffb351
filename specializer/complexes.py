"""Complex numbers as pairs of floats: arithmetic, abs, comparisons; an object is made where one escapes.

    z = z * z + c       ->  Val("complex", parts=(%re, %im)); four float_mul, a float_sub, three float_add

Formulas are the host's, operation by operation, so that results are equal to the last bit and the sign of zero. Floats
and ints among the operands are complex numbers with an imaginary part of 0.0, as the host has them.
"""
from __future__ import annotations

from .builtins import row
from .direct import Direct
from .methods import FINITE
from .objects import MethodDescriptor
from .values import NO, NUMBERS, Val, float_text

ZERO = float_text(0.0)
REAL, IMAG = 16, 24         # offsets in the object
Pair = tuple[str, str]


class Complexes(Direct):
    """Specializations of complex numbers."""

    def make_complex(self, val: Val) -> Val:
        re, im = (part.ssa for part in val.parts)
        made = self.e("call_p", re, x=self.api("rt_complex"))       # exits' programs pass one float
        self.store("f64", made, im, IMAG, "float")
        return Val("obj", made, complex)

    @staticmethod
    def of_parts(re: str, im: str) -> Val:
        """A virtual complex number."""
        return Val("complex", parts=(Val("float", re), Val("float", im)))

    # ---------------------------------------------------------------------------------------------- operands
    def is_complex(self, val: Val, kinds: set) -> bool:
        """Whether a value is a complex number, as far as it is known or was seen."""
        if val.kind == "complex" or type(val.const) is complex:
            return True
        kind = self.type_of(val) if val.kind == "obj" else None
        if val.kind not in ("obj", "mem") or kind not in (None, complex):
            return False
        return kind is complex or kinds == {complex}

    def pair(self, val: Val, kinds: set) -> Pair | None:
        """Real and imaginary part of a number that was seen to be one; None: it is none."""
        if val.kind == "complex":
            return val.parts[0].ssa, val.parts[1].ssa
        if type(val.const) is complex:
            return float_text(val.const.real), float_text(val.const.imag)
        if self.is_complex(val, kinds):
            self.guard_type(val, complex)
            pointer = self.pointer(val)
            return self.load("f64", pointer, REAL, "float"), self.load("f64", pointer, IMAG, "float")
        found = self.unboxed(val, kinds) if val.kind in (*NUMBERS, "obj") and val.const is NO or \
            val.kind in NUMBERS else None
        if found is None:
            return None
        if found.kind != "float":
            self.exact(self.as_int(found))
        return self.as_float(found), ZERO

    def both_pairs(self, left: tuple, known: Val | None, right: tuple) -> tuple[Pair, Pair] | None:
        """Two numbers of which one is complex; operands are (register, kinds seen)."""
        regs = self.cx.frames[-1].regs
        values = regs[left[0]], known if known is not None else regs[right[0]]
        seen = left[1], right[1] if known is None else set()
        if not any(map(self.is_complex, values, seen)):
            return None
        a = self.pair(self.read(left[0]), left[1])
        b = self.pair(known if known is not None else self.read(right[0]), right[1]) if a is not None else None
        return (a, b) if a is not None and b is not None else None

    # --------------------------------------------------------------------------------------------- operators
    def other_binary(self, instr, name: str, right):
        if name not in OPERATORS:
            return super().other_binary(instr, name, right)
        known = self.local_constant(instr.c) if instr.op.endswith("_K") else None
        found = self.both_pairs((instr.b, self.seen.b), known, (instr.c, self.seen.c))
        if found is None:
            return super().other_binary(instr, name, right)
        return self.finish_binary(instr, name, self.of_parts(*getattr(self, OPERATORS[name])(*found)))

    def complex_sum(self, a: Pair, b: Pair) -> Pair:
        return self.e("float_add", a[0], b[0]), self.e("float_add", a[1], b[1])

    def complex_difference(self, a: Pair, b: Pair) -> Pair:
        return self.e("float_sub", a[0], b[0]), self.e("float_sub", a[1], b[1])

    def complex_product(self, a: Pair, b: Pair) -> Pair:
        re = self.e("float_sub", self.e("float_mul", a[0], b[0]), self.e("float_mul", a[1], b[1]))
        return re, self.e("float_add", self.e("float_mul", a[0], b[1]), self.e("float_mul", a[1], b[0]))

    def complex_quotient(self, a: Pair, b: Pair) -> Pair:
        """By the larger part of the divisor; a NaN there, or zero, is the interpreter's."""
        first = self.e("float_ge", self.e("float_abs", b[0]), self.e("float_abs", b[1]))
        self.guard(self.e("float_ordered", *b), "a number that is not finite")
        large, small = self.e("float_select", first, *b), self.e("float_select", first, b[1], b[0])
        self.guard(self.e("float_ne", large, ZERO), "a division by zero")
        ratio = self.e("float_div", small, large)
        below = self.e("float_add", large, self.e("float_mul", small, ratio))
        p, q = self.e("float_select", first, *a), self.e("float_select", first, a[1], a[0])
        re = self.e("float_add", p, self.e("float_mul", q, ratio))
        im = self.e("float_select", first, self.e("float_sub", a[1], self.e("float_mul", a[0], ratio)),
                    self.e("float_sub", self.e("float_mul", a[1], ratio), a[0]))
        return self.e("float_div", re, below), self.e("float_div", im, below)

    def do_NEG(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        if not self.is_complex(val, self.seen.b):
            return super().do_NEG(instr)
        re, im = self.pair(self.read(instr.b), self.seen.b)
        return self.conclude(instr, ((1, instr.b),), self.of_parts(self.e("float_neg", re), self.e("float_neg", im)))

    def compare_others(self, name: str, left: tuple, known: Val | None, right: tuple) -> str | None:
        found = self.both_pairs(left, known, right) if name in ("EQ", "NE") else None
        if found is None:
            return super().compare_others(name, left, known, right)
        a, b = found
        equal = self.e("bool_and", self.e("float_eq", a[0], b[0]), self.e("float_eq", a[1], b[1]))
        return equal if name == "EQ" else self.e("bool_not", equal)

    def truth(self, val: Val) -> str | None:
        if val.kind != "complex" and (val.kind != "obj" or self.type_of(val) is not complex):
            return super().truth(val)
        re, im = self.pair(val, {complex})
        return self.e("bool_or", self.e("float_ne", re, ZERO), self.e("float_ne", im, ZERO))

    # ------------------------------------------------------------------------------------ attributes, calls
    def do_ATTR_GET(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        name = self.cx.frames[-1].code.name_at(instr.c)
        if val.kind != "complex" or name not in PARTS:
            return super().do_ATTR_GET(instr)
        return self.finish_item(instr, val.parts[PARTS[name]])

    def do_METHOD_GET(self, instr):
        """Methods of numbers that are no objects."""
        val = self.cx.frames[-1].regs[instr.b]
        kind = {"complex": complex, "int": int, "float": float, "bool": bool}.get(val.kind)
        found = self.core.class_attribute(kind, self.cx.frames[-1].code.name_at(instr.c)) if kind else None
        if type(found) is not MethodDescriptor:
            return super().do_METHOD_GET(instr)
        return self.finish_method(instr, val, found)

    @row(complex)
    def call_complex(self, instr, registers):
        found = self.numbers(registers)
        if found is None or not 1 <= len(found) <= 2:
            return None
        for val in found:
            if val.kind != "float":
                self.exact(self.as_int(val))
        return self.of_parts(*(self.as_float(val) for val in found), *[ZERO] * (2 - len(found)))

    @row(abs)
    def call_abs(self, instr, registers):
        val = self.argument(registers[0]) if len(registers) == 1 else None
        if val is None or not self.is_complex(val, set()):
            return super().call_abs(instr, registers)
        size = self.e("call_f", *self.pair(val, set()), x=self.api("hypot"))
        self.guard(self.e("float_lt", size, FINITE), "a result that is not finite")
        return Val("float", size)


OPERATORS = {"ADD": "complex_sum", "SUB": "complex_difference", "MUL": "complex_product",
             "TRUEDIV": "complex_quotient"}
PARTS = {"real": 0, "imag": 1}
__all__ = ["Complexes"]
