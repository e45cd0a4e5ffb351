"""Comparisons of tuples for compiled code, as long as what they hold is plain (jit_keys.py).

    rt_tuple_compare((1, 5), (1, 7), 0) -> 1        0, 1: the truth; 2: the interpreter must do it
"""
from __future__ import annotations

from .jit_keys import *  # noqa: F403

LESS, LESS_EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL = 0, 1, 3, 4, 5     # Py_LT ...


@metal(inline=True)
def ordered(a: int, b: int, op: int) -> int:
    """The truth of a comparison of ints."""
    if op == LESS:
        return 1 if a < b else 0
    if op == LESS_EQUAL:
        return 1 if a <= b else 0
    if op == EQUAL:
        return 1 if a == b else 0
    if op == NOT_EQUAL:
        return 1 if a != b else 0
    if op == GREATER:
        return 1 if a > b else 0
    return 1 if a >= b else 0


@metal
def plain_compare(a: Obj, b: Obj, op: int) -> int:
    """The truth of a comparison of any two objects; 2: they are not plain, or it fails."""
    if not is_plain_key(a) or not is_plain_key(b):
        return UNDECIDED
    found = PyObject_RichCompareBool(a, b, op)
    if likely(found >= 0):
        return found
    PyErr_Clear()
    return UNDECIDED


@metal
def items_differ(a: Obj, b: Obj) -> int:
    """Whether two items of tuples are not equal, as the host finds out; 2: not plain."""
    if a == b:
        return 0
    if is_small_long(a) and is_small_long(b):
        return 1 if long_value(a) != long_value(b) else 0
    if a.ob_type == PyUnicode_Type and b.ob_type == PyUnicode_Type:
        return 1 if _PyUnicode_EQ(a, b) == 0 else 0
    if a.ob_type == PyFloat_Type and b.ob_type == PyFloat_Type:
        return 1 if Float(a).ob_fval != Float(b).ob_fval else 0
    equal = plain_compare(a, b, EQUAL)
    return UNDECIDED if equal == UNDECIDED else 1 - equal


@metal
def order_differing(a: Obj, b: Obj, op: int) -> int:
    """The truth of a comparison by order of two items that are not equal; 2: not plain."""
    if a.ob_type == PyFloat_Type and b.ob_type == PyFloat_Type:
        x = Float(a).ob_fval
        y = Float(b).ob_fval
        if x == x and y == y:
            return ordered(1 if x > y else -1, 0, op)
    elif is_ascii(a) and is_ascii(b):
        return ordered(order_ascii(a, b), 0, op)
    return plain_compare(a, b, op)


@metal
def rt_tuple_compare(a: Obj, b: Obj, op: int) -> int:
    """The truth of a comparison of tuples."""
    left = field_address(Tuple(a), "ob_item")
    right = field_address(Tuple(b), "ob_item")
    m = VarObj(a).ob_size
    n = VarObj(b).ob_size
    i = 0
    while i < m and i < n:
        x = left[i]
        y = right[i]
        if is_small_long(x) and is_small_long(y):
            p = long_value(x)
            q = long_value(y)
            if p != q:
                return ordered(p, q, op)
        else:
            differ = items_differ(x, y)
            if differ == UNDECIDED:
                return UNDECIDED
            if differ != 0:
                if op == EQUAL:
                    return 0
                return 1 if op == NOT_EQUAL else order_differing(x, y, op)
        i = i + 1
    return ordered(m, n, op)


COMPARE_RUNTIME = ["rt_tuple_compare"]
