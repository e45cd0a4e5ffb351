"""Between which bounds ints lie, by what makes them: what rules.py asks when it removes checks.

    x = load_u8 ...         (0, 255)
    y = int_add x, 1        (1, 256)            so y cannot have overflowed, and is not negative

A range is (lowest, highest), both included, and holds wherever the value is known: it follows from the operation that
makes it, or from what the builder knows of it (`Folding.bound`), never from a branch. Invariant: every result of
an operation on arguments in their ranges is in the range given here (tests/test_rules.py tries).
"""
from __future__ import annotations

from .semantics import MAX, MIN, divide

ANY = (MIN, MAX)
SMALL_INT = (-(1 << 60) + 1, (1 << 60) - 1)         # what long_value gives: two digits of 30 bits


def fitting(low: int, high: int) -> tuple[int, int]:
    """A range, if no result outside of 64 bits is among it: then it may be any."""
    return (low, high) if low >= MIN and high <= MAX else ANY


def corners(a, b, function) -> tuple[int, int]:
    """The range of a function that is monotonic in both arguments, either way."""
    found = [function(x, y) for x in a for y in b]
    return fitting(min(found), max(found))


def up_to_bits(a, b) -> tuple[int, int]:
    """What the bits of two numbers may be, put together."""
    if a[0] < 0 or b[0] < 0:
        bits = max(abs(end).bit_length() for end in (*a, *b))
        return (-(1 << bits), (1 << bits) - 1) if bits < 63 else ANY
    return 0, (1 << max(a[1].bit_length(), b[1].bit_length())) - 1


def anded(a, b) -> tuple[int, int]:
    """Bits of both: no more than of one that has no sign."""
    most = [high for low, high in (a, b) if low >= 0]
    return (0, min(most)) if most else ANY


def shifted_left(a, b) -> tuple[int, int]:
    if b[0] != b[1] or not 0 <= b[0] < 64:
        return ANY
    return fitting(a[0] << b[0], a[1] << b[0])


def shifted_right(a, b) -> tuple[int, int]:
    if b[0] < 0 or b[1] > 63:
        return (min(a[0], 0), max(a[1], 0))         # an amount that is no amount does not happen
    return corners(a, b, lambda x, y: x >> y)


def shifted_as_bits(a, b) -> tuple[int, int]:
    if a[0] >= 0:
        return shifted_right(a, b)
    return (0, (1 << 64 - b[0]) - 1) if 0 < b[0] <= b[1] < 64 else ANY


def quotient(a, b) -> tuple[int, int]:
    if b[0] != b[1] or b[0] in (0, -1):
        return ANY
    return corners(a, b, lambda x, y: divide(x, y)[0])


def rest(a, b) -> tuple[int, int]:
    """Less than the divisor, with the sign of what is divided."""
    most = max(abs(b[0]), abs(b[1])) - 1
    if most < 0:
        return ANY
    return 0 if a[0] >= 0 else max(-most, a[0]), 0 if a[1] <= 0 else min(most, a[1])


def either(_c, a, b) -> tuple[int, int]:
    return min(a[0], b[0]), max(a[1], b[1])


RANGES = {
    "int_add":     lambda a, b: fitting(a[0] + b[0], a[1] + b[1]),
    "int_sub":     lambda a, b: fitting(a[0] - b[1], a[1] - b[0]),
    "int_mul":     lambda a, b: corners(a, b, lambda x, y: x * y),
    "int_and":     anded,
    "int_or":      up_to_bits,
    "int_xor":     up_to_bits,
    "int_shl":     shifted_left,
    "int_shr":     shifted_right,
    "int_lshr":    shifted_as_bits,
    "int_sdiv":    quotient,
    "int_srem":    rest,
    "int_select":  either,
    "bool_to_int": lambda c: (0, 1),
    "load_i8":     lambda p: (-1 << 7, (1 << 7) - 1),
    "load_u8":     lambda p: (0, (1 << 8) - 1),
    "load_i16":    lambda p: (-1 << 15, (1 << 15) - 1),
    "load_u16":    lambda p: (0, (1 << 16) - 1),
    "load_i32":    lambda p: (-1 << 31, (1 << 31) - 1),
    "load_u32":    lambda p: (0, (1 << 32) - 1),
    "long_value":  lambda p: SMALL_INT,
}


def of_sum(base: str, a, b) -> tuple[int, int]:
    """The range of a sum, difference or product that was seen to fit."""
    low, high = {"int_add": lambda: (a[0] + b[0], a[1] + b[1]), "int_sub": lambda: (a[0] - b[1], a[1] - b[0]),
                 "int_mul": lambda: (min(x * y for x in a for y in b), max(x * y for x in a for y in b))}[base]()
    return max(low, MIN), min(high, MAX)
