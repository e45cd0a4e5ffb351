"""A large int times a small one, and something added, in one pass; and that divided, often with no pass at all.

    rt_long_linear(a, 3, c, 0) -> a * 3 + c        rt_long_linear(a, 3, c, 1) -> c - a * 3
    rt_long_linear_floordiv(a, 3, c, 0, d) -> (a * 3 + c) // d

A new reference; NULL with nothing changed: the interpreter must do it. The quotient is found from the leading digits if
they decide it: then neither product nor sum is made.
"""
from __future__ import annotations

from .jit_longs import *  # noqa: F403

LEADING = 4                     # digits that a divisor has at least
ROUNDED = 1.0 + 2.0 ** -48      # more than what four operations on floats may be off


@metal
def linear_slow(a: Obj, k: int, c: Obj, minus: int) -> Obj:
    """c + a * k or c - a * k, whatever these are."""
    factor = new_int(k)
    if not factor:
        return or_nothing(None)
    product = PyNumber_Multiply(a, factor)
    decref(factor)
    if not product:
        return or_nothing(None)
    made = PyNumber_Subtract(c, product) if minus != 0 else PyNumber_Add(product, c)
    decref(product)
    return or_nothing(made)


@metal
def negated_digits(z: u32p, n: int, above: int) -> int:
    """Negate the number of n digits with `above`, which is negative, over them; what is over them then."""
    carry = 1
    for i in range(n):
        s = (DIGIT_MASK - z[i]) + carry
        z[i] = s & DIGIT_MASK
        carry = lshr(s, DIGIT)
    return carry - above - 1


@metal
def linear_digits(a: Obj, factor: int, c: Obj, sign: int, z: u32p) -> int:
    """z = |a| * factor + sign * |c|, in as many digits as the longer one has; what goes beyond, may be negative."""
    m = length_of(a)
    n = length_of(c)
    x = field_address(Long(a), "ob_digit")
    y = field_address(Long(c), "ob_digit")
    both = m if m < n else n
    carry = 0
    above = 0                       # of the pair before, what goes into this one
    i = 0
    while i + 1 < both:
        w = cast(PAIRS, x + i)[0]
        p = (w & DIGIT_MASK) * factor
        q = lshr(w, 32) * factor
        s = p + ((q & DIGIT_MASK) << DIGIT) + above + digit_pair(cast(PAIRS, y + i)[0]) * sign + carry
        above = lshr(q, DIGIT)
        carry = s >> 60
        cast(PAIRS, z + i)[0] = pair_digits(s & PAIR_MASK)
        i = i + 2
    carry = carry + above
    while i < m or i < n:
        s = carry
        if i < m:
            s = s + x[i] * factor
        if i < n:
            s = s + y[i] * sign
        z[i] = s & DIGIT_MASK
        carry = s >> DIGIT
        i = i + 1
    return carry


@metal
def rt_long_linear(a: Obj, k: int, c: Obj, minus: int) -> Obj:
    """a * k + c, or c - a * k."""
    m = length_of(a)
    n = length_of(c)
    size = -k if k < 0 else k
    if m < 3 or n < 3 or ult(DIGIT_MASK, size) or k == 0:
        return linear_slow(a, k, c, minus)
    negative = ((Long(a).ob_size < 0) != (k < 0)) != (minus != 0)       # of the product
    length = m if m > n else n
    made = _PyLong_New(length + 1)
    if not made:
        return or_nothing(None)
    z = field_address(Long(made), "ob_digit")
    same = negative == (Long(c).ob_size < 0)
    above = linear_digits(a, size, c, 1 if same else -1, z)
    if above < 0:
        above = negated_digits(z, length, above)
        negative = not negative
    z[length] = above
    return finished(made, length + 1, negative)


@metal
def leading_digits(o: Obj, n: int) -> float:
    """A positive int over the base to the power of n - 2, rounded down or to a float; -1.0: it is too long."""
    size = Long(o).ob_size
    if size < 0 or size > n + 1:
        return -1.0
    digits = field_address(Long(o), "ob_digit")
    found = 0.0
    if size > n:
        found = float_of(digits[n]) * 1152921504606846976.0
    if size >= n:
        found = found + float_of((digits[n - 1] << DIGIT) | digits[n - 2])
    elif size == n - 1:
        found = float_of(digits[n - 2])
    return found


@metal
def rt_long_linear_floordiv(a: Obj, k: int, c: Obj, minus: int, d: Obj) -> Obj:
    """(a * k + c) // d, or (c - a * k) // d."""
    n = Long(d).ob_size
    if n >= LEADING and minus == 0 and k > 0 and k <= DIGIT_MASK:
        x = leading_digits(a, n)
        y = leading_digits(c, n)
        if x >= 0.0 and y >= 0.0:
            z = leading_digits(d, n)
            factor = float_of(k)
            least = (x * factor + y) / ((z + 1.0) * ROUNDED)
            most = ((x + 1.0) * factor + y + 1.0) * ROUNDED / z
            if most < 1125899906842624.0:
                found = int_of(least)
                if found == int_of(most):
                    return or_nothing(new_int(found))
    sum = rt_long_linear(a, k, c, minus)
    if not sum:
        return None
    made = rt_long_FLOORDIV(sum, d)
    decref(sum)
    return made


PRODUCT_RUNTIME = ["rt_long_linear", "rt_long_linear_floordiv"]
