"""Registers: {payload, tag}, and moving values between registers and CPython objects.

    INT 42        payload 42, nothing owned          OBJECT   payload a PyObject*, one reference owned
    EMPTY         nothing there (an unbound local, a free stack slot)

A register may hold a value boxed or unboxed: every op accepts both. Boxing happens in place, so that a value
boxed twice from one register is one object. Writing drops the old object AFTER the new value is in place,
since a destructor may run code.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, pointer_to, struct
from ..cpython_bridge.capi import *  # noqa: F403
from ..cpython_bridge.layouts import *  # noqa: F403

u8_p, VOID_POINTER = pointer_to("u8"), pointer_to("u8")
objects_p, objects_pp = pointer_to("Obj"), pointer_to("Obj*")
links = pointer_to("i64")       # the head of an object or of a list of them: next, previous; threads begin so, too
Reg = struct("Reg", "payload:i64@0 number:f64@0 object:Obj@0 tag:i64@8", 16)
EMPTY, INT, FLOAT, BOOL, NONE = range(5)
OBJECT = -1      # a word that nothing else on the VM's stack holds: stale memory is never taken for a reference


@metal(inline=True)
def incref(o: Obj):
    o.ob_refcnt = o.ob_refcnt + 1


@metal(inline=True)
def new_ref(o: Obj) -> Obj:
    o.ob_refcnt = o.ob_refcnt + 1
    return o


@metal(inline=True)
def head_of(o: Obj) -> links:
    """What the collector has of an object."""
    return cast(links, o) - 2


@metal(inline=True)
def unlink(head: links):
    """Take an object out of its list."""
    previous = cast(links, head[1] & ~FLAGS)
    following = cast(links, head[0])
    previous[0] = address_int(following)
    following[1] = following[1] & FLAGS | address_int(previous)


@metal(inline=True)
def append(last: links, head: links) -> links:
    """Link a head behind the last one of a list; it is the last now."""
    last[0] = address_int(head)
    head[1] = head[1] & FINALIZED | address_int(last)
    return head


@metal(inline=True)
def link_last(head: links, list: links):
    """Put an object that is in no list at the end of one."""
    append(cast(links, list[1]), head)
    head[0] = address_int(list)
    list[1] = address_int(head)


@metal(inline=True)
def values_of(o: Obj) -> objects_p:
    """Inline attribute values of an object of a type with managed dict, or NULL."""
    return cast(objects_pp, o)[MANAGED_VALUES]


@metal(inline=True)
def managed_dict(o: Obj) -> Dict:
    return cast(Dict, cast(objects_p, o)[MANAGED_DICT])


@metal(inline=True)
def members_of(kind: TypeObject) -> MemberDef:
    """What a class says of its own __slots__; as many as its ob_size."""
    return cast(MemberDef, byte_offset(kind, cast(Obj, kind).ob_type.tp_basicsize))


SmallInts = struct("SmallInts", "first:Obj free:Obj count:i64 limit:i64 free_float:Obj floats:i64 "
                                "float64:TypeObject ndarray:TypeObject")
ints = Static("fire_ints", SmallInts)    # the host's table of -5 .. 256; freed ints, floats kept for reuse, by ob_type
Ends = struct("Ends", "dealloc:ptr end:ptr")
ends = Static("fire_ends", Ends)    # what the host does with instances of Python's classes, and what is done here
FREE_INTS = 128
FREE_FLOATS = 64


@metal(preserve=True)
def deallocate(o: Obj):
    """The last reference is gone. Callers keep their registers: handlers stay free of spills."""
    if o.ob_type == PyLong_Type:
        if ult(VarObj(o).ob_size + 2, 5) and ints.count < ints.limit:
            o.ob_type = cast(TypeObject, ints.free)
            ints.free = o
            ints.count = ints.count + 1
            return
        PyObject_Free(o)
    elif (o.ob_type == PyFloat_Type or o.ob_type == ints.float64) and ints.floats < FREE_FLOATS:
        o.ob_type = cast(TypeObject, ints.free_float)
        ints.free_float = o
        ints.floats = ints.floats + 1
    else:
        dealloc = o.ob_type.tp_dealloc
        call_pointer("void", ends.end if dealloc == ends.dealloc else dealloc, o)


@metal(inline=True)
def decref(o: Obj):
    left = o.ob_refcnt - 1
    o.ob_refcnt = left
    if unlikely(left == 0):
        deallocate(o)


@metal(inline=True)
def xdecref(o: Obj):
    if o:
        decref(o)


# ----------------------------------------------------------------------------------------- boxing
@metal(inline=True)
def new_int(value: int) -> Obj:
    """An int object; new reference, NULL with MemoryError. The host makes those of more than two digits."""
    if ult(value + 5, 262):
        return new_ref(byte_offset(ints.first, (value + 5) * 32))
    size = -value if value < 0 else value
    if unlikely(not ult(size, 1 << 60)):
        return PyLong_FromLongLong(value)
    o = ints.free
    if likely(o):
        ints.free = cast(Obj, o.ob_type)
        ints.count = ints.count - 1
    else:
        o = cast(Obj, PyObject_Malloc(32))
        if unlikely(not o):
            PyErr_NoMemory()
            return None
    o.ob_refcnt = 1
    o.ob_type = PyLong_Type
    digits = field_address(Long(o), "ob_digit")
    digits[0] = size & 0x3FFFFFFF
    digits[1] = size >> 30
    count = 1 if size < 1 << 30 else 2
    VarObj(o).ob_size = -count if value < 0 else count
    return o


@metal(inline=True)
def new_float(value: float) -> Obj:
    """A float object; new reference, NULL with MemoryError."""
    o = ints.free_float
    if likely(o):
        ints.free_float = cast(Obj, o.ob_type)
        ints.floats = ints.floats - 1
        o.ob_refcnt = 1
        o.ob_type = PyFloat_Type
        Float(o).ob_fval = value
        return o
    return PyFloat_FromDouble(value)


@metal
def box_slow(r: Reg) -> Obj:
    """Box what is not an object yet, in place; borrowed result, NULL with MemoryError set."""
    o: Obj = None
    if r.tag == INT:
        o = new_int(r.payload)
    elif r.tag == FLOAT:
        o = new_float(r.number)
    elif r.tag == BOOL:
        o = new_ref(Py_True if r.payload != 0 else Py_False)
    elif r.tag == NONE:
        o = new_ref(Py_None)
    else:
        PyErr_SetString(PyExc_SystemError[0], "fire: an empty register was used")
    if not o:
        return None
    r.object = o
    r.tag = OBJECT
    return o


@metal(inline=True)
def boxed(r: Reg) -> Obj:
    """The register's value as an object, boxed in place; borrowed, NULL with MemoryError set."""
    if likely(r.tag == OBJECT):
        return r.object
    return box_slow(r)


@metal(inline=True)
def is_none(r: Reg) -> bool:
    return r.tag == NONE or (r.tag == OBJECT and r.object == Py_None)


@metal(inline=True)
def is_key(r: Reg) -> bool:
    """Whether a register holds exactly a string, a tuple or bytes: keys that may be looked up without running code."""
    return r.tag == OBJECT and (r.object.ob_type == PyUnicode_Type or r.object.ob_type == PyTuple_Type
                                or r.object.ob_type == PyBytes_Type)


# ----------------------------------------------------------------------------------------- writing
@metal(inline=True)
def drop(r: Reg):
    """Empty the register."""
    tag = r.tag
    r.tag = EMPTY
    if tag == OBJECT:
        decref(r.object)


@metal(inline=True)
def set_object(r: Reg, o: Obj):
    """Write an object; takes over the caller's reference."""
    tag = r.tag
    old = r.object
    r.object = o
    r.tag = OBJECT
    if tag == OBJECT:
        decref(old)


@metal(inline=True)
def set_raw(r: Reg, payload: int, tag: int):
    """Write a payload and tag, taking over the reference if it is an object."""
    old_tag = r.tag
    old = r.object
    r.payload = payload
    r.tag = tag
    if unlikely(old_tag == OBJECT):
        decref(old)


Characters = struct("Characters", "iterator_type:TypeObject one:Obj", 16 + 8 * 128)
characters = Static("fire_characters", Characters)       # the host's strings of one ASCII character


@metal
def init_ints() -> bool:
    """Find the host's small ints. Freed ints are kept only with the allocator whose blocks for one digit have room
    for two: the debug allocators' have guards there."""
    ints.first = PyLong_FromLong(-5)
    name = _PyMem_GetCurrentAllocatorName()
    if name:
        if strcmp(name, "pymalloc") == 0:
            ints.limit = FREE_INTS
    return cast(VOID_POINTER, ints.first) != None


@metal
def init_characters() -> bool:
    """Fetch the host's one-character strings and the type of iterators over ASCII strings."""
    table = field_address(characters, "one")
    for i in range(128):
        table[i] = PyUnicode_FromOrdinal(i)
        if not table[i]:
            return False
    iterator = PyObject_GetIter(table[65])
    if not iterator:
        return False
    characters.iterator_type = iterator.ob_type
    decref(iterator)
    return True


@metal(inline=True)
def character_at(o: Obj, index: int) -> Obj:
    """Character of a compact ASCII string at an index in range, borrowed; NULL: not such a string, or not there."""
    if Ascii(o).state & 0xE0 != 0xE0 or not ult(index, Ascii(o).length):      # compact, ascii, ready
        return None
    code = ascii_data(o)[index]
    return field_address(characters, "one")[code]


@metal(inline=True)
def is_ascii(o: Obj) -> bool:
    """Whether `o` is exactly a string and compact ASCII."""
    return o.ob_type == PyUnicode_Type and Ascii(o).state & 0xE0 == 0xE0


@metal(inline=True)
def ascii_data(o: Obj) -> u8_p:
    return cast(u8_p, byte_offset(o, ASCII_DATA))


@metal
def order_ascii(a: Obj, b: Obj) -> int:
    """Negative, zero or positive as ASCII string a is below, equal to or above b."""
    first: int = ascii_data(a)[0]
    second: int = ascii_data(b)[0]
    if first != second:                         # an empty string has a zero there
        return first - second
    short = Ascii(a).length if Ascii(a).length < Ascii(b).length else Ascii(b).length
    order = memcmp(ascii_data(a), ascii_data(b), short)
    return order if order != 0 else Ascii(a).length - Ascii(b).length


@metal(inline=True)
def set_item_of(r: Reg, o: Obj):
    """Write a borrowed object; small ints and floats unboxed, which saves the counting. A small int's box is one of
    the host's table, and a float's identity means nothing unless it is a NaN (`in` looks at it first)."""
    if o.ob_type == PyFloat_Type:
        number = Float(o).ob_fval
        if likely(number == number):
            set_float(r, number)
            return
    elif o.ob_type == PyLong_Type:
        size = Long(o).ob_size
        if likely(ult(size + 1, 3)):
            set_raw(r, size * field_address(Long(o), "ob_digit")[0], INT)
            return
    incref(o)
    set_object(r, o)


@metal(inline=True)
def set_result(r: Reg, o: Obj):
    """Write an object that foreign code has made; takes over the reference. A float that nobody else has is unboxed."""
    if o.ob_type == PyFloat_Type and o.ob_refcnt == 1:
        number = Float(o).ob_fval
        if likely(number == number):
            deallocate(o)
            set_float(r, number)
            return
    set_object(r, o)


@metal(inline=True)
def set_int(r: Reg, value: int):
    set_raw(r, value, INT)


@metal(inline=True)
def set_bool(r: Reg, value: bool):
    set_raw(r, 1 if value else 0, BOOL)


@metal(inline=True)
def set_float(r: Reg, value: float):
    set_raw(r, bits_of_float(value), FLOAT)


@metal(inline=True)
def copy_value(to: Reg, source: Reg):
    """Copy a value, counting up if it is an object."""
    payload = source.payload
    tag = source.tag
    if tag == OBJECT:
        incref(source.object)
    set_raw(to, payload, tag)


@metal(inline=True)
def move_value(to: Reg, source: Reg):
    """Move a value; the source is left empty."""
    payload = source.payload
    tag = source.tag
    source.tag = EMPTY
    set_raw(to, payload, tag)


@metal(inline=True)
def take(r: Reg, ins: int, bit: int) -> Obj:
    """If the instruction consumes this operand: empty the register and hand over its object (or NULL)."""
    if ins & bit != 0:
        tag = r.tag
        r.tag = EMPTY
        if tag == OBJECT:
            return r.object
    return None


@metal(inline=True)
def as_owned(r: Reg) -> Obj:
    """Take the register's value out as an owned object; NULL with MemoryError set."""
    o = boxed(r)
    if o:
        r.tag = EMPTY
    return o


# ------------------------------------------------------------------------------- reading numbers
@metal(inline=True)
def is_small_long(o: Obj) -> bool:
    """Whether `o` is exactly an int of at most two 30-bit digits."""
    return o.ob_type == PyLong_Type and ult(Long(o).ob_size + 2, 5)


@metal(inline=True)
def long_value(o: Obj) -> int:
    """Value of an int of at most two digits."""
    size = Long(o).ob_size
    digits = field_address(Long(o), "ob_digit")
    if likely(ult(size + 1, 3)):
        return size * digits[0]
    low = digits[0] | (digits[1] << 30)
    return -low if size < 0 else low
