"""Building containers and strings, growing them, taking them apart.

    BUILD_LIST r5 = r5 3        the range r5..r7 moves into a new list, which lands in r5
    UNPACK r5 = r2 3            first item in r7, last in r5: the order the host's stack has

A range is emptied as it is used, so what an error leaves behind is exactly what was not used yet.
"""
from __future__ import annotations

from .call_forms import *  # noqa: F403

WRITER_WORDS = 16                   # room for the host's _PyUnicodeWriter, which takes 56 bytes
CONVERT, HAS_SPEC = 3, 4            # parts of FORMAT's flags
AS_STR, AS_REPR, AS_ASCII = 1, 2, 3
ITEM_GET_FLAGS, ITEM_GET_WORDS = OPS["ITEM_GET"].code << FLAG_BITS, OPS["ITEM_GET"].length
SMALLEST_DICT = 5                   # entries a dict has room for from the start


@metal
def move_items(items: obj_p, base: Reg, count: int) -> bool:
    """Move a range of registers into empty object slots; False with MemoryError."""
    for i in range(count):
        o = as_owned(base[i])
        if unlikely(not o):
            return False
        items[i] = o
    return True


@metal(inline=True)
def build_tuple(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    sync_to_allocate(frame, pc)
    made = PyTuple_New(count)
    if likely(made):
        items = field_address(Tuple(made), "ob_item")
        for i in range(count):
            o = as_owned(base[i])
            if unlikely(not o):
                decref(made)
                return None
            items[i] = o
    return made


@handler("BUILD_TUPLE")
def BUILD_TUPLE():
    made = build_tuple(frame, pc, rb, C)
    if unlikely(not made):
        sync(frame, pc)
        return tail("ERROR")
    set_object(ra, made)


@metal
def build_list(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    sync_to_allocate(frame, pc)
    made = PyList_New(count)
    if made and not move_items(List(made).ob_item, base, count):
        decref(made)
        return None
    return made


@handler("BUILD_LIST")
def BUILD_LIST():
    made = build_list(frame, pc, rb, C)
    if unlikely(not made):
        sync(frame, pc)
        return tail("ERROR")
    set_object(ra, made)


@metal
def build_set(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    sync(frame, pc)
    made = PySet_New(None)
    if not made:
        return None
    for i in range(count):
        item = boxed(base[i])
        if not item or PySet_Add(made, item) < 0:
            decref(made)
            return None
        drop(base[i])
    return made


@handler("BUILD_SET")
def BUILD_SET():
    made = build_set(frame, pc, rb, C)
    if unlikely(not made):
        return tail("ERROR")
    set_object(ra, made)


# ----------------------------------------------------------------------------------------- dicts
@metal
def sized_dict(keys: Reg, step: int, count: int) -> Obj:
    """A new dict for `count` keys, which stand every `step` registers: one for strings if all of them are."""
    if count <= SMALLEST_DICT:
        return PyDict_New()
    for i in range(count):
        key = keys[i * step]
        if key.tag != OBJECT or key.object.ob_type != PyUnicode_Type:
            return _PyDict_NewPresized(count)
    return PyDict_New()


@metal
def build_map(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    sync_to_allocate(frame, pc)
    made = sized_dict(base, 2, count)
    if not made or count == 0:
        if not made:
            sync(frame, pc)
        return made
    sync(frame, pc)
    for i in range(count):
        pair = base[2 * i]
        key = boxed(pair)
        value = boxed(pair[1])
        if not key or not value or PyDict_SetItem(made, key, value) < 0:
            decref(made)
            return None
    drop_range(base, 2 * count)
    return made


@handler("BUILD_MAP")
def BUILD_MAP():
    made = build_map(frame, pc, rb, C)
    if unlikely(not made):
        return tail("ERROR")
    set_object(ra, made)


@metal
def build_const_map(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    sync(frame, pc)
    keys = field_address(Tuple(base[count].object), "ob_item")
    made = PyDict_New()
    if not made:
        return None
    for i in range(count):
        value = boxed(base[i])
        if not value or PyDict_SetItem(made, keys[i], value) < 0:
            decref(made)
            return None
    drop_range(base, count + 1)
    return made


@handler("BUILD_CONST_MAP")
def BUILD_CONST_MAP():
    made = build_const_map(frame, pc, rb, C)
    if unlikely(not made):
        return tail("ERROR")
    set_object(ra, made)


# --------------------------------------------------------------------------------------- strings
@metal
def build_string(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    """The range holds strings only: FORMAT made them or they are constants."""
    sync(frame, pc)
    parts = stack("Obj", count)
    for i in range(count):
        parts[i] = base[i].object
    made = _PyUnicode_JoinArray(state.empty_string, parts, count)
    if made:
        drop_range(base, count)
    return made


@handler("BUILD_STRING")
def BUILD_STRING():
    made = build_string(frame, pc, rb, C)
    if unlikely(not made):
        return tail("ERROR")
    set_object(ra, made)


@metal
def convert_value(value: Obj, conversion: int) -> Obj:
    """!s, !r, !a or nothing; new reference or NULL."""
    if conversion == AS_STR:
        return PyObject_Str(value)
    if conversion == AS_REPR:
        return PyObject_Repr(value)
    if conversion == AS_ASCII:
        return PyObject_ASCII(value)
    return new_ref(value)


@metal
def format_exact(value: Obj, spec: Obj) -> Obj:
    """format(value, spec) for exactly an int, a float or a string: what their __format__ does; new reference
    or NULL."""
    writer = stack("u64", WRITER_WORDS)
    _PyUnicodeWriter_Init(writer)
    length = Ascii(spec).length
    if value.ob_type == PyLong_Type:
        failed = _PyLong_FormatAdvancedWriter(writer, value, spec, 0, length)
    elif value.ob_type == PyFloat_Type:
        failed = _PyFloat_FormatAdvancedWriter(writer, value, spec, 0, length)
    else:
        failed = _PyUnicode_FormatAdvancedWriter(writer, value, spec, 0, length)
    if failed < 0:
        _PyUnicodeWriter_Dealloc(writer)
        return None
    return _PyUnicodeWriter_Finish(writer)


@metal(inline=True)
def formats_exactly(value: Obj, spec: Obj) -> bool:
    """Whether format_exact may be asked."""
    kind = value.ob_type
    if kind != PyLong_Type and kind != PyFloat_Type and kind != PyUnicode_Type:
        return False
    return spec and spec.ob_type == PyUnicode_Type and Ascii(spec).length != 0


@metal
def format_value(frame: Frame, pc: u64p, base: Reg, flags: int) -> Obj:
    sync(frame, pc)
    value = boxed(base)
    if not value:
        return None
    spec: Obj = None
    if flags & HAS_SPEC != 0:
        spec = base[1].object
    text = convert_value(value, flags & CONVERT)
    if not text:
        return None
    if spec or text.ob_type != PyUnicode_Type:
        converted = text
        text = format_exact(converted, spec) if formats_exactly(converted, spec) else PyObject_Format(converted, spec)
        decref(converted)
        if not text:
            return None
    if spec:
        drop(base[1])
    drop(base)
    return text


@handler("FORMAT")
def FORMAT():
    if C & (HAS_SPEC | CONVERT) < AS_REPR and rb.tag == OBJECT:     # a plain string stays as it is
        if rb.object.ob_type == PyUnicode_Type:
            return set_moved(ra, rb)
    text: Obj = None
    if C & HAS_SPEC == 0:
        if rb.tag == INT:
            text = rt_text_of_int(None, rb.payload, None)
        elif rb.tag == OBJECT and is_small_long(rb.object):
            text = rt_text_of_int(None, long_value(rb.object), None)
    if not text:
        text = format_value(frame, pc, rb, C)
        if unlikely(not text):
            return tail("ERROR")
    set_object(ra, text)


@metal(inline=True)
def set_moved(to: Reg, source: Reg):
    """Move a value unless it is there already."""
    if to != source:
        move_value(to, source)


@metal
def len_of_register(frame: Frame, pc: u64p, r: Reg) -> int:
    sync(frame, pc)
    o = boxed(r)
    return PyObject_Size(o) if o else -1


@handler("GET_LEN")
def GET_LEN():
    length = len_of_register(frame, pc, rb)
    if unlikely(length < 0):
        return tail("ERROR")
    o = take(rb, ins, CONSUME_B)
    set_int(ra, length)
    xdecref(o)
