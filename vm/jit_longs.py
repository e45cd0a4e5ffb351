"""Arithmetic of ints beyond 60 bits for compiled code.

    rt_long_add(a, b) -> a + b, a new reference; NULL with nothing changed: the interpreter must do it

The host's ints are digits of 30 bits. Sums go two digits at a time; products with one digit go in one pass; a quotient
that the leading digits decide (`a // b` with operands of about one length) is found without a division of all of them.
The rest is the host's.
"""
from __future__ import annotations

from ..codegen.metal import pointer_to
from .jit_keys import *  # noqa: F403

DIGIT, DIGIT_MASK = 30, (1 << 30) - 1
PAIR_MASK = (1 << 60) - 1
PAIRS = pointer_to("i64")
UNSURE = -1


@metal(inline=True)
def length_of(o: Obj) -> int:
    """Digits of an int."""
    size = Long(o).ob_size
    return -size if size < 0 else size


@metal(inline=True)
def digit_pair(w: int) -> int:
    """Two digits, as they lie in memory, as one number."""
    return (w & DIGIT_MASK) | (lshr(w, 2) & (DIGIT_MASK << DIGIT))


@metal(inline=True)
def pair_digits(p: int) -> int:
    """The other way."""
    return (p & DIGIT_MASK) | ((p & (DIGIT_MASK << DIGIT)) << 2)


@metal
def finished(made: Obj, n: int, negative: bool) -> Obj:
    """An int whose n digits are written: without leading zeros, and with its sign."""
    digits = field_address(Long(made), "ob_digit")
    while n > 0 and digits[n - 1] == 0:
        n = n - 1
    Long(made).ob_size = -n if negative else n
    if n > 2:
        return made
    value = long_value(made)
    decref(made)
    return or_nothing(new_int(value))


@metal
def sum_of(a: Obj, b: Obj, negative: bool) -> Obj:
    """|a| + |b| with a sign; a is not shorter."""
    m = length_of(a)
    n = length_of(b)
    made = _PyLong_New(m + 1)
    if not made:
        return or_nothing(None)
    x = field_address(Long(a), "ob_digit")
    y = field_address(Long(b), "ob_digit")
    z = field_address(Long(made), "ob_digit")
    carry = 0
    i = 0
    while i + 1 < n:
        s = digit_pair(cast(PAIRS, x + i)[0]) + digit_pair(cast(PAIRS, y + i)[0]) + carry
        carry = lshr(s, 60)
        cast(PAIRS, z + i)[0] = pair_digits(s)
        i = i + 2
    while i < m:
        s = x[i] + carry
        if i < n:
            s = s + y[i]
        carry = lshr(s, DIGIT)
        z[i] = s & DIGIT_MASK
        i = i + 1
    z[m] = carry
    return finished(made, m + 1, negative)


@metal
def magnitude_order(a: Obj, b: Obj) -> int:
    """Negative, zero or positive as |a| is below, equal to or above |b|."""
    m = length_of(a)
    n = length_of(b)
    if m != n:
        return m - n
    x = field_address(Long(a), "ob_digit")
    y = field_address(Long(b), "ob_digit")
    i = m - 1
    while i >= 0 and x[i] == y[i]:
        i = i - 1
    return 0 if i < 0 else x[i] - y[i]


@metal
def difference_of(a: Obj, b: Obj, negative: bool) -> Obj:
    """|a| - |b| with a sign; a is not smaller."""
    m = length_of(a)
    n = length_of(b)
    made = _PyLong_New(m)
    if not made:
        return or_nothing(None)
    x = field_address(Long(a), "ob_digit")
    y = field_address(Long(b), "ob_digit")
    z = field_address(Long(made), "ob_digit")
    borrow = 0
    i = 0
    while i + 1 < n:
        s = digit_pair(cast(PAIRS, x + i)[0]) - digit_pair(cast(PAIRS, y + i)[0]) - borrow
        borrow = lshr(s, 63)
        cast(PAIRS, z + i)[0] = pair_digits(s & PAIR_MASK)
        i = i + 2
    while i < m:
        s = x[i] - borrow
        if i < n:
            s = s - y[i]
        borrow = lshr(s, 63)
        z[i] = s & DIGIT_MASK
        i = i + 1
    return finished(made, m, negative)


@metal(inline=True)
def sum_or_difference(a: Obj, b: Obj, minus: bool) -> Obj:
    """a + b, or a - b."""
    if length_of(a) == 0 or length_of(b) == 0:
        return or_nothing(PyNumber_Subtract(a, b) if minus else PyNumber_Add(a, b))
    first = Long(a).ob_size < 0
    second = Long(b).ob_size < 0
    if minus:
        second = not second
    if first == second:
        return sum_of(a, b, first) if length_of(a) >= length_of(b) else sum_of(b, a, first)
    if magnitude_order(a, b) >= 0:
        return difference_of(a, b, first)
    return difference_of(b, a, second)


@metal
def rt_long_ADD(a: Obj, b: Obj) -> Obj:
    return sum_or_difference(a, b, False)


@metal
def rt_long_SUB(a: Obj, b: Obj) -> Obj:
    return sum_or_difference(a, b, True)


@metal
def rt_long_MUL(a: Obj, b: Obj) -> Obj:
    """a * b; in one pass if one of them has one digit."""
    if length_of(a) < length_of(b):
        swapped = a
        a = b
        b = swapped
    n = length_of(a)
    if length_of(b) != 1:
        return or_nothing(PyNumber_Multiply(a, b))
    factor: int = field_address(Long(b), "ob_digit")[0]
    made = _PyLong_New(n + 1)
    if not made:
        return or_nothing(None)
    x = field_address(Long(a), "ob_digit")
    z = field_address(Long(made), "ob_digit")
    carry = 0
    above = 0                       # of the pair before, what goes into this one
    i = 0
    while factor < 8 and i + 1 < n:
        s = digit_pair(cast(PAIRS, x + i)[0]) * factor + carry
        carry = lshr(s, 60)
        cast(PAIRS, z + i)[0] = pair_digits(s)
        i = i + 2
    while i + 1 < n:
        w = cast(PAIRS, x + i)[0]
        p = (w & DIGIT_MASK) * factor
        q = lshr(w, 32) * factor
        s = p + ((q & DIGIT_MASK) << DIGIT) + above + carry         # only `carry` waits for the pair before
        above = lshr(q, DIGIT)
        carry = lshr(s, 60)
        cast(PAIRS, z + i)[0] = pair_digits(s)
        i = i + 2
    carry = carry + above
    while i < n:
        s = x[i] * factor + carry
        carry = lshr(s, DIGIT)
        z[i] = s & DIGIT_MASK
        i = i + 1
    z[n] = carry
    return finished(made, n + 1, (Long(a).ob_size < 0) != (Long(b).ob_size < 0))


@metal
def leading_quotient(a: Obj, b: Obj) -> int:
    """a // b of positive ints of many digits as far as the leading ones decide it; UNSURE if they do not."""
    m = Long(a).ob_size
    n = Long(b).ob_size
    if n < 4 or m < n or m > n + 1:
        return 0 if n >= 4 and m >= 0 and m < n else UNSURE
    x = field_address(Long(a), "ob_digit")
    y = field_address(Long(b), "ob_digit")
    high = (x[m - 1] << DIGIT) | x[m - 2]
    low: int = y[n - 1]
    if m == n or x[m - 1] < 4:
        low = (low << DIGIT) | y[n - 2]
        if m > n:
            high = (high << DIGIT) | x[m - 3]
    least = high // (low + 1)
    return least if least == (high + 1) // low else UNSURE


@metal
def rt_long_FLOORDIV(a: Obj, b: Obj) -> Obj:
    found = leading_quotient(a, b)
    if found >= 0:
        return or_nothing(new_int(found))
    return or_nothing(PyNumber_FloorDivide(a, b))


@metal
def rt_long_MOD(a: Obj, b: Obj) -> Obj:
    return or_nothing(PyNumber_Remainder(a, b))


@metal
def rt_long_AND(a: Obj, b: Obj) -> Obj:
    """a & b; at once if b has at most two digits and both are not negative."""
    if Long(a).ob_size > 2 and ult(Long(b).ob_size, 3):
        x = field_address(Long(a), "ob_digit")
        return or_nothing(new_int((x[0] | (x[1] << DIGIT)) & long_value(b)))
    return or_nothing(PyNumber_And(a, b))


@metal
def rt_long_OR(a: Obj, b: Obj) -> Obj:
    return or_nothing(PyNumber_Or(a, b))


@metal
def rt_long_XOR(a: Obj, b: Obj) -> Obj:
    return or_nothing(PyNumber_Xor(a, b))


@metal
def rt_long_LSHIFT(a: Obj, b: Obj) -> Obj:
    return or_nothing(PyNumber_Lshift(a, b))


@metal
def rt_long_RSHIFT(a: Obj, b: Obj) -> Obj:
    return or_nothing(PyNumber_Rshift(a, b))


@metal
def rt_long_order(a: Obj, b: Obj) -> int:
    """Negative, zero or positive as an int is below, equal to or above another."""
    m = Long(a).ob_size
    n = Long(b).ob_size
    if m != n:
        return m - n
    order = magnitude_order(a, b)
    return -order if m < 0 else order


# ------------------------------------------------------------------------------------------- functions
@metal
def rt_function(code: Obj, globals: Obj, closure: Obj, defaults: Obj) -> Obj:
    """A function; no closure, no defaults: NULL."""
    made = new_function(code, globals)
    if unlikely(not made):
        return or_nothing(None)
    if closure:
        cast(Function, made).func_closure = new_ref(closure)
    if defaults:
        cast(Function, made).func_defaults = new_ref(defaults)
    return made


LONG_RUNTIME = """rt_function rt_long_ADD rt_long_SUB rt_long_MUL rt_long_FLOORDIV rt_long_MOD rt_long_AND rt_long_OR
    rt_long_XOR rt_long_LSHIFT rt_long_RSHIFT rt_long_order""".split()
