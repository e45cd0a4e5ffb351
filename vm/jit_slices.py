"""Slices with a step, bytes put together and made of ints, rows, floats in columns: as the host has them.

    rt_sliced("abcdef", 0, 0, -2, 4) -> "fdb"       given: 1 start, 2 stop, 4 step

A new reference; NULL with nothing changed: the interpreter must do it.
"""
from __future__ import annotations

from .jit_text import *  # noqa: F403

START, STOP, STEP = 1, 2, 4
GREATEST = 1 << 60


@metal(inline=True)
def bound_of(index: int, size: int, step: int) -> int:
    """A bound that is written, in range: as PySlice_AdjustIndices."""
    if index < 0:
        index = index + size
        if index < 0:
            return -1 if step < 0 else 0
        return index
    if index >= size:
        return size - 1 if step < 0 else size
    return index


@metal
def sliced_bytes(o: Obj, first: int, step: int, count: int) -> Obj:
    """Some of the bytes."""
    made = PyBytes_FromStringAndSize(None, count)
    if unlikely(not made):
        return or_nothing(None)
    data = field_address(Bytes(o), "ob_sval") + first
    into = field_address(Bytes(made), "ob_sval")
    if step == 1:
        copy(into, data, count)
        return made
    at = 0
    for i in range(count):
        into[i] = data[at]
        at = at + step
    return made


@metal
def sliced_text(o: Obj, first: int, step: int, count: int) -> Obj:
    """Some characters of an ASCII string."""
    data = ascii_data(o) + first
    if count < 2:
        return ascii_text(data, count)
    made = new_ascii(count)
    if unlikely(not made):
        return None
    into = ascii_data(made)
    at = 0
    for i in range(count):
        into[i] = data[at]
        at = at + step
    return made


@metal
def sliced_items(o: Obj, first: int, step: int, count: int) -> Obj:
    """Some items of a list or tuple."""
    if o.ob_type == PyList_Type:
        items = List(o).ob_item
        made = PyList_New(count)
        if unlikely(not made):
            return or_nothing(None)
        into = List(made).ob_item
    else:
        items = field_address(Tuple(o), "ob_item")
        made = PyTuple_New(count)
        if unlikely(not made):
            return or_nothing(None)
        into = field_address(Tuple(made), "ob_item")
    at = first
    for i in range(count):
        into[i] = new_ref(items[at])
        at = at + step
    return made


@metal
def rt_sliced(o: Obj, start: int, stop: int, step: int, given: int) -> Obj:
    """o[start:stop:step] of a string, bytes, list or tuple; of bounds that are not given it does not matter what
    they are."""
    is_text = o.ob_type == PyUnicode_Type
    if given & STEP == 0:
        step = 1
    if step == 0 or step < -GREATEST or step > GREATEST or (is_text and not is_ascii(o)):
        return None
    size = Ascii(o).length if is_text else VarObj(o).ob_size
    first = size - 1 if step < 0 else 0
    last = -1 if step < 0 else size
    if given & START != 0:
        first = bound_of(start, size, step)
    if given & STOP != 0:
        last = bound_of(stop, size, step)
    count = 0
    if step > 0 and first < last:
        count = (last - first - 1) // step + 1
    if step < 0 and last < first:
        count = (first - last - 1) // -step + 1
    if count == size and step == 1 and o.ob_type != PyList_Type:
        return new_ref(o)
    if count == 0:
        first = 0
    if is_text:
        return sliced_text(o, first, step, count)
    if o.ob_type == PyBytes_Type:
        return sliced_bytes(o, first, step, count)
    if count == 0 and o.ob_type == PyTuple_Type:
        return new_ref(state.empty_tuple)
    return sliced_items(o, first, step, count)


@metal
def rt_bytes_concat(a: Obj, b: Obj) -> Obj:
    """a + b of bytes."""
    return or_nothing(bytes_together(a, b))


@metal
def rt_bytes_of(o: Obj) -> Obj:
    """bytes(o) of a list of ints that are bytes."""
    n = VarObj(o).ob_size
    items = List(o).ob_item
    place = stack("u8", 8)
    if n > 8:
        return None
    for i in range(n):
        if not is_small_long(items[i]):
            return None
        value = long_value(items[i])
        if not ult(value, 256):
            return None
        place[i] = value
    return or_nothing(PyBytes_FromStringAndSize(cast(str_p, place), n))


@metal
def rt_concatenated(a: Obj, b: Obj) -> Obj:
    """a + b of two lists or two tuples."""
    return or_nothing(PySequence_Concat(a, b))


@metal
def rt_repeated(o: Obj, n: int) -> Obj:
    """o * n of a list, tuple, string or bytes."""
    return or_nothing(PySequence_Repeat(o, n))


@metal
def rt_float_of(o: Obj) -> float:
    """The value of a float, whose reference it steals."""
    value = Float(o).ob_fval
    decref(o)
    return value


@metal
def rt_new_row(kind: TypeObject, n: int, a: Obj, b: Obj, c: Obj, d: Obj, e: Obj, f: Obj, g: Obj, h: Obj) -> Obj:
    """An instance of a subclass of tuple with these items."""
    made = call_pointer("Obj", kind.tp_alloc, kind, n)
    if unlikely(not made):
        return or_nothing(None)
    given = stack("Obj", 8)
    given[0] = a
    given[1] = b
    given[2] = c
    given[3] = d
    given[4] = e
    given[5] = f
    given[6] = g
    given[7] = h
    items = field_address(Tuple(made), "ob_item")
    for i in range(n):
        items[i] = new_ref(given[i])
    return made


@metal
def rt_float_column(x: float, width: int, precision: int, filler: int) -> Obj:
    """format(x, "<width>.<precision>f")"""
    text = PyOS_double_to_string(x, 102, precision, 0, None)
    if unlikely(not text):
        return or_nothing(None)
    data = cast(u8_p, text)
    n = 0
    while data[n] != 0:
        n = n + 1
    if n >= width:
        made = ascii_text(data, n)
    else:
        made = new_ascii(width)
        if likely(made):
            into = ascii_data(made)
            for i in range(width - n):
                into[i] = filler
            copy(into + (width - n), data, n)
    PyMem_Free(cast(VOID_P, text))
    return made


SLICE_RUNTIME = """rt_sliced rt_bytes_concat rt_bytes_of rt_concatenated rt_repeated rt_float_of rt_new_row
    rt_float_column""".split()
