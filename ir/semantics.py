"""What the operations that depend on their arguments alone mean, as Python: one row each.

    MEANING["int_add"](MAX, 1) -> MIN           an int64 wraps, as the machine's does

The oracle (oracle.py) runs by this table, rules.py folds constants by it, and tests hold it against machine code.
Values: i an int of 64 bits with sign, f a float, b a bool, p an address, o (int, whether it did not fit).
What LLVM leaves undefined, a shift by 64, a division by zero, raises Undefined: nothing may be folded there, and
code in order never does it.
"""
from __future__ import annotations

from math import copysign, floor, inf, isfinite, nan, sqrt
from struct import pack, unpack

BITS = 64
MIN, MAX = -1 << 63, (1 << 63) - 1
WORD = (1 << 64) - 1


class Undefined(ArithmeticError):
    """The operation has no result for these arguments."""


def wrap(value: int) -> int:
    """The int of 64 bits with sign that has the same low bits."""
    return (value & WORD ^ 1 << 63) - (1 << 63)


def pair(value: int) -> tuple[int, bool]:
    """A result with whether it did not fit."""
    return wrap(value), not MIN <= value <= MAX


def shift(by: int) -> int:
    """A number of bits to shift by."""
    if not 0 <= by < BITS:
        raise Undefined(f"shift by {by}")
    return by


def divide(a: int, b: int) -> tuple[int, int]:
    """Quotient and rest, rounded to zero."""
    if b == 0 or (a, b) == (MIN, -1):
        raise Undefined(f"{a} / {b}")
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return quotient, a - b * quotient


def divide_floats(a: float, b: float) -> float:
    """IEEE 754's division, which knows no error."""
    if b:
        return a / b
    return nan if a == 0 or a != a else copysign(inf, a) * copysign(1.0, b)


def rounded_down(a: float) -> float:
    """The next whole number, with its sign if it is zero."""
    return copysign(float(floor(a)), a) if isfinite(a) else a


def whole(a: float) -> int:
    """The int that is left without what follows the point."""
    if not isfinite(a) or not MIN <= int(a) <= MAX:
        raise Undefined(f"{a} as an int")
    return int(a)


def bits_of(a: float) -> int:
    """The bits of a float."""
    return unpack("<q", pack("<d", a))[0]


MEANING = {
    # ---------------------------------------------------------------------------------------------- integers
    "int_add":       lambda a, b: wrap(a + b),
    "int_sub":       lambda a, b: wrap(a - b),
    "int_mul":       lambda a, b: wrap(a * b),
    "int_and":       lambda a, b: a & b,
    "int_or":        lambda a, b: a | b,
    "int_xor":       lambda a, b: a ^ b,
    "int_add_pair":  lambda a, b: pair(a + b),
    "int_sub_pair":  lambda a, b: pair(a - b),
    "int_mul_pair":  lambda a, b: pair(a * b),
    "pair_value":    lambda o: o[0],
    "pair_over":     lambda o: o[1],
    "int_shl":       lambda a, b: wrap(a << shift(b)),
    "int_shr":       lambda a, b: a >> shift(b),
    "int_lshr":      lambda a, b: wrap((a & WORD) >> shift(b)),
    "int_sdiv":      lambda a, b: divide(a, b)[0],
    "int_srem":      lambda a, b: divide(a, b)[1],
    "int_lt":        lambda a, b: a < b,
    "int_le":        lambda a, b: a <= b,
    "int_eq":        lambda a, b: a == b,
    "int_ne":        lambda a, b: a != b,
    "int_gt":        lambda a, b: a > b,
    "int_ge":        lambda a, b: a >= b,
    "int_ult":       lambda a, b: a & WORD < b & WORD,
    "int_select":    lambda c, a, b: a if c else b,
    "int_to_float":  lambda a: float(a),
    "bool_to_int":   lambda a: int(a),
    "int_to_bool":   lambda a: a != 0,
    "bool_not":      lambda a: not a,
    "bool_and":      lambda a, b: a and b,
    "bool_or":       lambda a, b: a or b,
    "bool_xor":      lambda a, b: a != b,
    # ------------------------------------------------------------------------------------------------ floats
    "float_add":     lambda a, b: a + b,
    "float_sub":     lambda a, b: a - b,
    "float_mul":     lambda a, b: a * b,
    "float_div":     divide_floats,
    "float_neg":     lambda a: -a,
    "float_abs":     lambda a: abs(a),
    "float_sqrt":    lambda a: sqrt(a) if a >= 0 else nan,
    "float_floor":   rounded_down,
    "float_lt":      lambda a, b: a < b,
    "float_le":      lambda a, b: a <= b,
    "float_eq":      lambda a, b: a == b,
    "float_ne":      lambda a, b: a != b,
    "float_gt":      lambda a, b: a > b,
    "float_ge":      lambda a, b: a >= b,
    "float_ordered": lambda a, b: a == a and b == b,
    "float_to_int":  whole,
    "float_bits":    bits_of,
    "float_select":  lambda c, a, b: a if c else b,
    # --------------------------------------------------------------------------------------------- addresses
    "ptr_select":    lambda c, a, b: a if c else b,
    "ptr_eq":        lambda a, b: a == b,
    "ptr_ne":        lambda a, b: a != b,
    "is_null":       lambda a: a == 0,
    "ptr_bits":      wrap,
    "bits_ptr":      lambda a: a & WORD,
}
