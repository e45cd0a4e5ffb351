"""Registers: {payload, tag}, and moving values between registers and CPython objects.

    INT 42        payload 42, nothing owned          OBJECT   payload a PyObject*, one reference owned
    EMPTY         nothing there (an unbound local, a free stack slot)

A register may hold a value boxed or unboxed: every op accepts both. Boxing happens in place, so that a value
boxed twice from one register is one object. Writing drops the old object AFTER the new value is in place,
since a destructor may run code.
"""
from __future__ import annotations

from ..codegen.metal import metal, struct
from ..cpython_bridge.capi import *  # noqa: F403
from ..cpython_bridge.layouts import *  # noqa: F403

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


@metal(preserve=True)
def deallocate(o: Obj):
    """The last reference is gone. Callers keep their registers: handlers stay free of spills."""
    _Py_Dealloc(o)


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


@metal(inline=True)
def is_exact(o: Obj, t: TypeObject) -> bool:
    return o.ob_type == t


# ----------------------------------------------------------------------------------------- boxing
@metal
def box_slow(r: Reg) -> Obj:
    """Box what is not an object yet, in place; borrowed result, NULL with MemoryError set."""
    o: Obj = None
    if r.tag == INT:
        o = PyLong_FromLongLong(r.payload)
    elif r.tag == FLOAT:
        o = PyFloat_FromDouble(r.number)
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
def small_long(o: Obj) -> int:
    """Value of an exact int of at most one digit (the caller checked with `is_small_long`)."""
    return Long(o).ob_size * field_address(Long(o), "ob_digit")[0]


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
