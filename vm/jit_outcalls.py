"""Calls of the host that may run anything: compiled code has written its frames to memory before.

    rt_sync(frame, pc)                       who looks finds the frame, at its line
    rt_out_call(frame, pc, callable, kwnames, 2, a, b, ...)

A result is a new reference or a number; NULL or -1 with an exception, which compiled code has the interpreter handle
(specializer/outcalls.py).
"""
from __future__ import annotations

from .jit_compare import *  # noqa: F403
from .jit_iterate import *  # noqa: F403

FAILS = -1


@metal
def rt_sync(frame: Frame, pc: u64p):
    """Publish where a frame is."""
    sync(frame, pc)


@metal
def rt_out_call(frame: Frame, pc: u64p, callable: Obj, kwnames: Obj, n: int, a: Obj, b: Obj, c: Obj, d: Obj, e: Obj,
                f: Obj) -> Obj:
    """callable(...) with up to six arguments, the last of which are named."""
    sync(frame, pc)
    args = stack("Obj", 7)
    args[1] = a
    args[2] = b
    args[3] = c
    args[4] = d
    args[5] = e
    args[6] = f
    if kwnames:
        n = n - VarObj(kwnames).ob_size
    return call_object(frame, callable, args + 1, n | ARGUMENTS_OFFSET, kwnames)


@metal
def rt_out_test(frame: Frame, pc: u64p, a: Obj, b: Obj, op: int) -> int:
    """The truth of a comparison."""
    sync(frame, pc)
    found = PyObject_RichCompare(a, b, op)
    if unlikely(not found):
        return FAILS
    truth = truth_of_object(frame, pc, found)
    decref(found)
    return truth


@metal
def rt_out_truth(frame: Frame, pc: u64p, o: Obj) -> int:
    """bool(o)"""
    return truth_of_object(frame, pc, o)


@metal
def rt_out_extend(holder: Obj, items: Obj) -> int:
    """[*items] into a list"""
    return extended(holder, items)


@metal
def rt_out_power(a: Obj, b: Obj, in_place: int) -> Obj:
    """a ** b, a **= b"""
    if in_place != 0:
        return PyNumber_InPlacePower(a, b, Py_None)
    return PyNumber_Power(a, b, Py_None)


@metal
def rt_out_next(frame: Frame, pc: u64p, iterator: Obj) -> Obj:
    """The next item of an iterator; NULL at its end, FAILED with an exception."""
    sync(frame, pc)
    if unlikely(cast(VOID_P, iterator.ob_type.tp_iternext) == None):
        PyErr_Format(PyExc_TypeError[0], "'%.200s' object is not an iterator", iterator.ob_type.tp_name)
        return cast(Obj, FAILED)
    item = call_pointer("Obj", iterator.ob_type.tp_iternext, iterator)
    if likely(item) or not PyErr_Occurred():
        return item
    if PyErr_ExceptionMatches(PyExc_StopIteration[0]) == 0:
        return cast(Obj, FAILED)
    PyErr_Clear()
    return None


OUT_RUNTIME = "rt_sync rt_out_call rt_out_test rt_out_truth rt_out_extend rt_out_power rt_out_next".split()
