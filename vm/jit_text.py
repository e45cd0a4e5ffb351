"""Short texts for compiled code: ints and floats as text and back, searching, pieces of strings.

    rt_text_of_int("t", 17, NULL) -> "t17"        rt_parse_int("17", 10) -> 17

What is unusual goes to the host: characters beyond ASCII, many digits, separators of no length.
"""
from __future__ import annotations

from .jit_keys import *  # noqa: F403

ASCII_STATE = 0xE4                  # compact, ascii, ready, one byte each; not interned
MOST_DIGITS = 18
WIDEST = 60


@metal
def new_ascii(n: int) -> Obj:
    """An ASCII string of at least two characters, to be filled; NULL without an exception if there is no memory."""
    made = cast(Obj, PyObject_Malloc(49 + n))
    if unlikely(not made):
        return None
    made.ob_refcnt = 1
    made.ob_type = cast(TypeObject, PyUnicode_Type)
    Ascii(made).length = n
    Ascii(made).hash = -1
    Ascii(made).state = ASCII_STATE
    cast(obj_p, byte_offset(made, 40))[0] = None
    ascii_data(made)[n] = 0
    return made


@metal(inline=True)
def ascii_text(data: u8_p, n: int) -> Obj:
    """A string of these characters."""
    if n == 0:
        return new_ref(state.empty_string)
    if n == 1:
        return new_ref(field_address(characters, "one")[data[0]])
    made = new_ascii(n)
    if likely(made):
        copy(ascii_data(made), data, n)
    return made


@metal
def put_digits(end: u8_p, n: int, base: int) -> u8_p:
    """Write a number that is not negative, in base 10 or 16, so that it ends there; where it begins."""
    at = end
    while True:
        if base == 10:
            digit = n % 10
            n = n // 10
        else:
            digit = n & 15
            n = n >> 4
        at = at + -1
        at[0] = digit + 48 if digit < 10 else digit + 87
        if n == 0:
            return at


@metal
def int_between(left: u8_p, nleft: int, n: int, right: u8_p, nright: int) -> Obj:
    """The decimal text of an int between other characters."""
    place = stack("u8", 24)
    end = place + 24
    if unlikely(n == NO_INT):
        return None
    at = put_digits(end, -n if n < 0 else n, 10)
    if n < 0:
        at = at + -1
        at[0] = 45
    count = byte_distance(end, at)
    if nleft + nright == 0:
        return ascii_text(at, count)
    made = new_ascii(nleft + count + nright)
    if unlikely(not made):
        return None
    data = ascii_data(made)
    copy(data, left, nleft)
    copy(data + nleft, at, count)
    copy(data + nleft + count, right, nright)
    return made


@metal
def rt_text_of_int(before: Obj, n: int, behind: Obj) -> Obj:
    """The decimal text of an int between two ASCII strings, either NULL."""
    left = ascii_data(before if before else state.empty_string)
    right = ascii_data(behind if behind else state.empty_string)
    return int_between(left, Ascii(before).length if before else 0, n, right, Ascii(behind).length if behind else 0)


@metal
def text_with_int(form: Obj, n: int) -> Obj:
    """form % n of a string in which "%d" stands once; NULL: not so simple."""
    if not is_ascii(form):
        return None
    data = ascii_data(form)
    size = Ascii(form).length
    found = -1
    for i in range(size):
        if data[i] == 37:                                       # %
            if found >= 0 or i + 1 == size or data[i + 1] != 100:
                return None
            found = i
    if found < 0:
        return None
    return int_between(data, found, n, data + (found + 2), size - found - 2)


@metal
def rt_format_int(n: int, width: int, filler: int, base: int) -> Obj:
    """An int in base 10 or 16, filled from the left to a width by blanks, or by zeros behind the sign."""
    place = stack("u8", 96)
    end = place + 96
    if unlikely(n == NO_INT):
        return None
    at = put_digits(end, -n if n < 0 else n, base)
    first = end + -width
    if n < 0:
        while filler == 48 and byte_distance(at, first) > 1:
            at = at + -1
            at[0] = filler
        at = at + -1
        at[0] = 45
    while byte_distance(at, first) > 0:
        at = at + -1
        at[0] = filler
    return ascii_text(at, byte_distance(end, at))


@metal
def rt_format_float(x: float, precision: int) -> Obj:
    """format(x, ".<precision>f")"""
    text = PyOS_double_to_string(x, 102, precision, 0, None)
    if unlikely(not text):
        return or_nothing(None)
    data = cast(u8_p, text)
    n = 0
    while data[n] != 0:
        n = n + 1
    made = ascii_text(data, n)
    PyMem_Free(cast(VOID_P, text))
    return made


@metal
def rt_parse_int(o: Obj, base: int) -> int:
    """The int that a string of ASCII digits says; NO_INT: it is not so simple."""
    n = Ascii(o).length
    if not is_ascii(o) or n == 0 or n > (MOST_DIGITS if base == 10 else 14):
        return NO_INT
    data = ascii_data(o)
    value = 0
    for i in range(n):
        digit = data[i] - 48
        if not ult(digit, 10):
            digit = (data[i] | 32) - 87
            if base != 16 or not ult(digit - 10, 6):
                return NO_INT
        value = value * base + digit
    return value


@metal
def rt_find(o: Obj, part: Obj) -> int:
    """o.find(part) of strings."""
    if is_ascii(o) and is_ascii(part) and Ascii(part).length == 1:
        data = ascii_data(o)
        wanted = ascii_data(part)[0]
        for i in range(Ascii(o).length):
            if data[i] == wanted:
                return i
        return -1
    return PyUnicode_Find(o, part, 0, Ascii(o).length, 1)


@metal
def rt_tail_match(o: Obj, part: Obj, at_end: int) -> int:
    """o.startswith(part) or o.endswith(part) of strings."""
    n = Ascii(part).length
    size = Ascii(o).length
    if n > size:
        return 0
    if is_ascii(o) and is_ascii(part):
        data = ascii_data(o) + (size - n if at_end != 0 else 0)
        wanted = ascii_data(part)
        for i in range(n):
            if data[i] != wanted[i]:
                return 0
        return 1
    return 1 if PyUnicode_Tailmatch(o, part, 0, size, 1 if at_end != 0 else -1) == 1 else 0


@metal
def rt_split(o: Obj, separator: Obj) -> Obj:
    """o.split(separator) of strings; NULL: at blanks."""
    return or_nothing(PyUnicode_Split(o, separator, -1))


TEXT_RUNTIME = """rt_text_of_int rt_format_int rt_format_float rt_parse_int rt_find rt_tail_match rt_split""".split()
