"""Numbers and arrays of numpy: what loops over arrays do most is done here, without numpy's detours.

    a[i]         the item of a float64 array of one dimension    ->  a numpy.float64
    x * 2.0      numpy.float64 with a number                     ->  a numpy.float64, where numpy would not warn

A numpy.float64 is a float by inheritance and laid out as one, so its boxes are those of floats (values.py).
Arithmetic whose result is not finite, or too small for full precision, is left to numpy, which may warn of it
or raise. Arrays have the layout that numpy's C interface fixes. The types are learnt when the first of them
is met; they are static types, whose operators no program can replace.
"""
from __future__ import annotations

from ...codegen.metal import pointer_to
from .moves import *  # noqa: F403

Array = struct("Array", "data:ptr@16 nd:i32@24 dimensions:i64*@32 strides:i64*@40 descr:Obj@56 flags:i32@64", 80)
ArrayDescr = struct("ArrayDescr", "typeobj:TypeObject@16 byteorder:u8@26", 32)
float_place = pointer_to("f64")
ALIGNED, WRITEABLE, NATIVE = 0x100, 0x400, 61               # flags of an array; "="
LARGEST, SMALLEST = 1.7976931348623157e308, 2.2250738585072014e-308
STATIC_OF_NUMPY = 110                                       # "n"


# A float's exact integer range: ints beyond it must be converted by the host (OverflowError, rounding).
EXACT = 1 << 53


@metal(inline=True)
def as_int(r: Reg, value: int_out) -> bool:
    """Read an int from a register: unboxed, or a small exact int object."""
    if likely(r.tag == INT):
        value[0] = r.payload
        return True
    if r.tag == OBJECT and is_small_long(r.object):
        value[0] = long_value(r.object)
        return True
    return False


@metal(inline=True)
def is_truth(r: Reg) -> bool:
    """Whether a register holds True or False."""
    return r.tag == BOOL or (r.tag == OBJECT and (r.object == Py_True or r.object == Py_False))


@metal(inline=True)
def as_whole(r: Reg, value: int_out) -> bool:
    """Read an int, or a bool as the int that it is."""
    if as_int(r, value):
        return True
    if is_truth(r):
        value[0] = r.payload if r.tag == BOOL else (1 if r.object == Py_True else 0)
        return True
    return False


@metal(inline=True)
def as_float(r: Reg, value: float_out) -> bool:
    """Read a float, or an int that a double holds exactly."""
    if likely(r.tag == FLOAT):
        value[0] = r.number
        return True
    if r.tag == OBJECT:
        o = r.object
        if o.ob_type == PyFloat_Type:
            value[0] = Float(o).ob_fval
            return True
        if is_small_long(o):
            n = long_value(o)
            if ult(n + EXACT, 2 * EXACT):
                value[0] = float_of(n)
                return True
        return False
    if r.tag == INT and ult(r.payload + EXACT, 2 * EXACT):
        value[0] = float_of(r.payload)
        return True
    return False


# ------------------------------------------------------------------------------------------ the types
@metal(cold=True)
def learn_scalar(kind: TypeObject):
    """Remember numpy.float64 if it is this type."""
    if kind.tp_flags & (1 << 9) == 0 and kind.tp_basicsize == 24 and PyType_IsSubtype(kind, PyFloat_Type) != 0:
        if strcmp(kind.tp_name, "numpy.float64") == 0:
            ints.float64 = kind


@metal(inline=True)
def meet_scalar(o: Obj):
    """Look at what an operator of the host gave until numpy.float64 is known."""
    if cast(VOID_P, ints.float64) == None:
        if cast(u8p, o.ob_type.tp_name)[0] == STATIC_OF_NUMPY:
            learn_scalar(o.ob_type)


@metal(cold=True)
def learn_array(o: Obj):
    """Remember the type of arrays if this is one of floats."""
    if strcmp(o.ob_type.tp_name, "numpy.ndarray") == 0 and o.ob_type.tp_flags & (1 << 9) == 0:
        learn_scalar(ArrayDescr(Array(o).descr).typeobj)
        if ints.float64:
            ints.ndarray = o.ob_type


@metal(inline=True)
def is_array(r: Reg) -> bool:
    """Whether a register holds an array of numpy; the first one is looked at."""
    if r.tag != OBJECT:
        return False
    o = r.object
    if likely(cast(VOID_P, ints.ndarray) == None):
        if cast(u8p, o.ob_type.tp_name)[0] == STATIC_OF_NUMPY:
            learn_array(o)
    return o.ob_type == ints.ndarray


# ---------------------------------------------------------------------------------------- arithmetic
@metal(inline=True)
def new_scalar(value: float) -> Obj:
    """A numpy.float64; new reference, NULL with MemoryError."""
    made = new_float(value)
    if likely(made):
        made.ob_type = ints.float64
    return made


@metal(inline=True)
def is_scalar(r: Reg) -> bool:
    return r.tag == OBJECT and r.object.ob_type == ints.float64


@metal
def scalar_operands(left: Reg, right: Reg, x: float_out, y: float_out) -> bool:
    """Read two numbers of which one is a numpy.float64 at least."""
    if not ints.float64:
        return False
    if is_scalar(left):
        x[0] = Float(left.object).ob_fval
        if is_scalar(right):
            y[0] = Float(right.object).ob_fval
            return True
        return as_float(right, y)
    if is_scalar(right):
        y[0] = Float(right.object).ob_fval
        return as_float(left, x)
    return False


@metal(inline=True)
def scalar_result(value: float, may_shrink: bool) -> Obj:
    """A result as a numpy.float64; NULL: numpy may have something to say, or there is no memory. Sums are exact where
    they are small, products and quotients may lose digits."""
    size = float_abs(value)
    if unlikely(not (size <= LARGEST)) or may_shrink and not (size >= SMALLEST):
        return None
    return new_scalar(value)


# --------------------------------------------------------------------------------------------- items
@metal
def array_place(o: Obj, key: Reg, flags: int) -> float_place:
    """Where the item of an array lies; NULL: it is not of one dimension or not of floats, or there is no such item."""
    array = Array(o)
    index = stack("i64", 1)
    if array.nd != 1 or array.flags & flags != flags or not as_int(key, index):
        return None
    descr = ArrayDescr(array.descr)
    if descr.typeobj != ints.float64 or descr.byteorder != NATIVE:
        return None
    at = index[0] if index[0] >= 0 else index[0] + array.dimensions[0]
    if not ult(at, array.dimensions[0]):
        return None
    return cast(float_place, byte_offset(array.data, at * array.strides[0]))


@metal
def array_item(o: Obj, key: Reg) -> Obj:
    """Item of an array; new reference, NULL: numpy must do it."""
    place = array_place(o, key, ALIGNED)
    return new_scalar(place[0]) if place else cast(Obj, None)


@metal
def store_array_item(o: Obj, key: Reg, value: Reg) -> bool:
    """Store into an array; False: nothing has happened, numpy must do it."""
    number = stack("f64", 1)
    if is_scalar(value):
        number[0] = Float(value.object).ob_fval
    elif not as_float(value, number):
        return False
    place = array_place(o, key, ALIGNED | WRITEABLE)
    if not place:
        return False
    place[0] = number[0]
    return True
