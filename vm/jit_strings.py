"""Strings, lists and calls of C functions for compiled code.

    rt_concat(a, b) -> a + b         rt_call_array(f, self, a, b, c, n) -> what a C function makes of n arguments

What can fail returns NULL with no exception set and nothing changed: compiled code then leaves, and the interpreter
does the instruction again and raises. `steals` in a comment: the caller's reference is taken over.
"""
from __future__ import annotations

from .jit_dicts import *  # noqa: F403
from .jit_text import *  # noqa: F403


@metal
def rt_char(code: int) -> Obj:
    """The string of one Latin-1 character; new reference."""
    if likely(ult(code, 128)):
        return new_ref(field_address(characters, "one")[code])
    return insist(PyUnicode_FromOrdinal(code), use_spare())


@metal
def rt_char_borrowed(code: int) -> Obj:
    """The same, not counted: the host's table holds it."""
    if likely(ult(code, 128)):
        return field_address(characters, "one")[code]
    made = rt_char(code)
    decref(made)
    return made


@metal
def rt_str_item(o: Obj, index: int) -> Obj:
    """A character of any string at an index in range; new reference."""
    return or_nothing(PySequence_GetItem(o, index))


@metal
def rt_str_eq(a: Obj, b: Obj) -> int:
    """Whether two strings are equal."""
    if a == b:
        return 1
    if Ascii(a).length != Ascii(b).length:
        return 0
    if is_ascii(a) and is_ascii(b) and ascii_data(a)[0] != ascii_data(b)[0]:
        return 0
    return 1 if _PyUnicode_EQ(a, b) != 0 else 0


@metal
def rt_str_order(a: Obj, b: Obj) -> int:
    """Negative, zero or positive as string a is below, equal to or above b."""
    if is_ascii(a) and is_ascii(b):
        return order_ascii(a, b)
    return PyUnicode_Compare(a, b)


@metal
def rt_only_char(o: Obj) -> int:
    """The character that a string consists of; -1: it has not just one."""
    if Ascii(o).length != 1:
        return -1
    return ascii_data(o)[0] if likely(is_ascii(o)) else PyUnicode_ReadChar(o, 0)


@metal
def rt_ord(o: Obj) -> int:
    """The character of a string of one; -1: it is another."""
    return PyUnicode_ReadChar(o, 0) if Ascii(o).length == 1 else -1


@metal
def rt_char_in(code: int, o: Obj) -> int:
    """Whether a string has a character."""
    if is_ascii(o):
        data = ascii_data(o)
        for i in range(Ascii(o).length):
            if data[i] == code:
                return 1
        return 0
    return 1 if PyUnicode_FindChar(o, code, 0, Ascii(o).length, 1) >= 0 else 0


@metal
def rt_str_in(part: Obj, o: Obj) -> int:
    """Whether a string is part of another."""
    return PyUnicode_Contains(o, part)


@metal
def rt_concat(a: Obj, b: Obj) -> Obj:
    """a + b of strings."""
    return or_nothing(PyUnicode_Concat(a, b))


@metal
def rt_append_str(a: Obj, b: Obj) -> Obj:
    """a + b in the place of a, which grows where it is if it has no other reference; steals that. NULL:
    a is as it was."""
    grown = append_ascii(a, b)
    if likely(grown):
        return grown
    n = Ascii(a).length
    m = Ascii(b).length
    if is_ascii(a) and is_ascii(b) and a.ob_refcnt == 1 and n > 0 and m > 0:
        place = stack("Obj", 1)
        place[0] = a
        if unlikely(PyUnicode_Resize(place, n + m) < 0):
            return or_nothing(None)
        copy(ascii_data(place[0]) + n, ascii_data(b), m)
        return place[0]
    made = PyUnicode_Concat(a, b)
    if unlikely(not made):
        return or_nothing(None)
    decref(a)
    return made


@metal
def rt_append_char(a: Obj, code: int) -> Obj:
    """a + one character in the place of a, whose reference it steals."""
    character = rt_char(code)
    made = rt_append_str(a, character)
    decref(character)
    return made


@metal
def joined(parts: obj_p, n: int) -> Obj:
    """Strings joined."""
    size = 0
    for i in range(n):
        if unlikely(not is_ascii(parts[i])):
            return or_nothing(_PyUnicode_JoinArray(state.empty_string, parts, n))
        size = size + Ascii(parts[i]).length
    if size < 2:
        return or_nothing(_PyUnicode_JoinArray(state.empty_string, parts, n))
    made = new_ascii(size)
    if unlikely(not made):
        return None
    data = ascii_data(made)
    for i in range(n):
        count = Ascii(parts[i]).length
        copy(data, ascii_data(parts[i]), count)
        data = data + count
    return made


@metal
def rt_strings(n: int, a: Obj, b: Obj, c: Obj, d: Obj, e: Obj, f: Obj, g: Obj, h: Obj, i: Obj, j: Obj, k: Obj,
               m: Obj) -> Obj:
    """Up to twelve strings joined."""
    parts = stack("Obj", 12)
    parts[0] = a
    parts[1] = b
    parts[2] = c
    parts[3] = d
    parts[4] = e
    parts[5] = f
    parts[6] = g
    parts[7] = h
    parts[8] = i
    parts[9] = j
    parts[10] = k
    parts[11] = m
    return joined(parts, n)


@metal
def rt_format(value: Obj, spec: Obj, conversion: int) -> Obj:
    """format(value, spec) of an object of an exact builtin type; no spec: NULL."""
    converted: Obj = None
    if conversion != 0:
        converted = convert_value(value, conversion)
        if not converted:
            return or_nothing(None)
        if not spec:
            return converted
        value = converted
    if not spec:
        if value.ob_type == PyUnicode_Type:
            return new_ref(value)
    made = PyObject_Format(value, spec)
    xdecref(converted)
    return or_nothing(made)


@metal
def from_start(index: int, size: int) -> int:
    """A bound of a slice counted from the start, where it is written as counted from the end; at least 0."""
    if index < 0:
        index = index + size
        if index < 0:
            index = 0
    return index


@metal
def rt_str_slice(o: Obj, start: int, stop: int) -> Obj:
    """o[start:stop] of a string; indices as written, stop beyond the end if there is none."""
    size = Ascii(o).length
    start = from_start(start, size)
    stop = from_start(stop, size)
    if stop > size:
        stop = size
    if start >= stop:
        return new_ref(state.empty_string)
    if is_ascii(o):
        return ascii_text(ascii_data(o) + start, stop - start)
    return or_nothing(PyUnicode_Substring(o, start, stop))


@metal
def rt_sequence_slice(o: Obj, start: int, stop: int) -> Obj:
    """The same of a list or tuple."""
    size = VarObj(o).ob_size
    start = from_start(start, size)
    stop = from_start(stop, size)
    if o.ob_type == PyList_Type:
        return or_nothing(PyList_GetSlice(o, start, stop))
    return or_nothing(PyTuple_GetSlice(o, start, stop))


# ----------------------------------------------------------------------------------------- C functions
@metal
def rt_call_array(function: VOID_PTR, self: Obj, a: Obj, b: Obj, c: Obj, n: int) -> Obj:
    """A C function that takes an array of arguments (METH_FASTCALL), which may have keywords."""
    arguments = stack("Obj", 3)
    arguments[0] = a
    arguments[1] = b
    arguments[2] = c
    return or_nothing(call_pointer("Obj", function, self, arguments, n, None))


@metal
def rt_call_tuple(function: VOID_PTR, self: Obj, a: Obj, b: Obj, c: Obj, n: int) -> Obj:
    """A C function that takes a tuple of arguments (METH_VARARGS), which may have keywords."""
    arguments = rt_arguments(n, a, b, c)
    if not arguments:
        return None
    made = call_pointer("Obj", function, self, arguments, None)
    decref(arguments)
    return or_nothing(made)


@metal
def rt_call_one(function: VOID_PTR, self: Obj, a: Obj) -> Obj:
    """A C function of one argument or none (METH_O, METH_NOARGS)."""
    return or_nothing(call_pointer("Obj", function, self, a))


@metal
def rt_int_of(o: Obj) -> int:
    """The value of a small int, whose reference it steals."""
    value = long_value(o)
    decref(o)
    return value


@metal
def rt_truth_of(o: Obj) -> int:
    """Whether it is True; steals the reference."""
    decref(o)
    return 1 if o == Py_True else 0


@metal
def rt_int(o: Obj, base: int) -> Obj:
    """int(o) of a string; base 0: none is given."""
    if base == 0:
        return or_nothing(PyLong_FromUnicodeObject(o, 10))
    return or_nothing(PyLong_FromUnicodeObject(o, base))


@metal
def rt_str(o: Obj) -> Obj:
    """str(o) of a number or string."""
    return or_nothing(PyObject_Str(o))


@metal
def rt_float(o: Obj) -> Obj:
    """float(o) of a string."""
    return or_nothing(PyFloat_FromString(o))


@metal
def rt_repr(o: Obj) -> Obj:
    """repr(o) of a number or string."""
    return or_nothing(PyObject_Repr(o))


@metal
def rt_mod(a: Obj, b: Obj) -> Obj:
    """a % b of a string and plain values."""
    return or_nothing(PyNumber_Remainder(a, b))


@metal
def rt_boxed(r: Reg) -> Obj:
    """A register's value as an object, boxed in place; borrowed."""
    return sure_box(r)


@metal
def rt_list(n: int) -> Obj:
    """A list of n empty places."""
    return insist(PyList_New(n), use_spare())


@metal
def rt_tuple(n: int) -> Obj:
    """A tuple of n empty places."""
    return sure_tuple(n)


@metal
def rt_dict() -> Obj:
    """An empty dict."""
    return insist(PyDict_New(), use_spare())


@metal
def rt_set() -> Obj:
    """An empty set."""
    return insist(PySet_New(None), use_spare())


@metal
def rt_put_item(d: Obj, key: Obj, value: Obj):
    """d[key] = value of a dict that was just made, and a plain key."""
    while unlikely(rt_dict_set_any(d, key, value) == 0):
        use_spare()


@metal
def rt_put_key(s: Obj, key: Obj):
    """The same for a set."""
    while unlikely(rt_set_add_any(s, key) == 0):
        use_spare()


@metal
def rt_list_pop(o: Obj) -> Obj:
    """Take the last item off a list that has one; new reference."""
    size = VarObj(o).ob_size - 1
    found = List(o).ob_item[size]
    if size < List(o).allocated >> 1:                   # when the host gives memory back
        if size == 0:
            PyMem_Free(cast(VOID_P, List(o).ob_item))
            List(o).ob_item = cast(obj_p, None)
            List(o).allocated = 0
        else:
            room = (size + (size >> 3) + 6) & -4
            smaller = PyMem_Realloc(cast(VOID_P, List(o).ob_item), room * 8)
            if smaller:
                List(o).ob_item = cast(obj_p, smaller)
                List(o).allocated = room
    VarObj(o).ob_size = size
    return found


STRING_RUNTIME = """rt_char rt_char_borrowed rt_str_item rt_str_eq rt_str_order rt_only_char rt_ord rt_char_in rt_str_in
    rt_concat rt_append_str rt_append_char rt_strings rt_format rt_str_slice rt_sequence_slice
    rt_call_array rt_call_tuple rt_call_one rt_int_of rt_truth_of rt_int rt_str rt_float rt_repr rt_mod
    rt_boxed rt_list rt_tuple rt_dict rt_set rt_put_item rt_put_key rt_list_pop""".split()


@metal
def rt_slice(start: Obj, stop: Obj, step: Obj) -> Obj:
    """A slice object; steals the references."""
    made = insist(PySlice_New(start, stop, step), use_spare())
    decref(start)
    decref(stop)
    decref(step)
    return made


@metal
def rt_own_register(r: Reg) -> Obj:
    """A new reference to a register's value."""
    return new_ref(sure_box(r))


STRING_RUNTIME += ["rt_slice", "rt_own_register"]


# ------------------------------------------------------------------------------------- scalars of numpy
@metal
def rt_float_scalar(kind: TypeObject, value: float) -> Obj:
    """A numpy.float64: laid out as the float it is."""
    made = insist(call_pointer("Obj", kind.tp_alloc, kind, 0), use_spare())
    Float(made).ob_fval = value
    return made


@metal
def rt_int_scalar(kind: TypeObject, value: int) -> Obj:
    """A numpy.int64: its value lies where a float's does."""
    return rt_float_scalar(kind, float_of_bits(value))


@metal
def rt_complex(re: float) -> Obj:
    """A complex number with this real part."""
    return insist(PyComplex_FromDoubles(re, 0.0), use_spare())


STRING_RUNTIME += ["rt_float_scalar", "rt_int_scalar", "rt_complex"]
