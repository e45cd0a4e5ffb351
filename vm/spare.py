"""Memory for what must not fail: compiled code on its way out has boxes and frames to make.

    made = insist(new_int(value), use_spare())      it could not be made: the host gets some megabytes, once more

The first part is let go in silence: what follows raises MemoryError as the interpreter does. If even that is used up
before it could be set aside again, compiled code that does nothing else is at work: the last part is let go, and
MemoryError comes as one that another thread sends, at the next turn or call, unless one is raised before that. The
parts are never touched, so they are no memory in use.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .state import *  # noqa: F403

SPARE_BYTES = 6 << 20           # more than an arena, and than the heap grows by at a time (memory.py)
Spare = struct("Spare", "first:ptr last:ptr sent:ThreadState")
spare = Static("fire_spare", Spare)


@metal(cold=True)
def set_aside():
    """Have both parts, if there is memory for them."""
    if cast(VOID_P, spare.last) == None:
        spare.last = PyMem_RawMalloc(SPARE_BYTES)
    if cast(VOID_P, spare.first) == None:
        spare.first = PyMem_RawMalloc(SPARE_BYTES)


@metal(cold=True)
def use_spare():
    """Let a part go; the exception of the allocation that failed is forgotten."""
    PyErr_Clear()
    if cast(VOID_P, spare.first) != None:
        PyMem_RawFree(spare.first)
        spare.first = None
        return
    if cast(VOID_P, spare.last) == None:
        Py_FatalError("fire: no memory for a small object")
    PyMem_RawFree(spare.last)
    spare.last = None
    spare.sent = PyThreadState_Get()
    PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), PyExc_MemoryError[0])


@metal(cold=True)
def take_back(ts: ThreadState):
    """A thread to which MemoryError was sent has an exception: if it is that or another MemoryError, one is enough."""
    if spare.sent != ts or PyErr_ExceptionMatches(PyExc_MemoryError[0]) == 0:
        return
    spare.sent = None
    if ts.async_exc == PyExc_MemoryError[0]:
        ts.async_exc = None
        decref(PyExc_MemoryError[0])


@metal
def sure_int(value: int) -> Obj:
    """new_int that does not fail."""
    return insist(new_int(value), use_spare())


@metal
def sure_float(value: float) -> Obj:
    """new_float that does not fail."""
    return insist(new_float(value), use_spare())


@metal
def sure_tuple(n: int) -> Obj:
    """A tuple of empty places, for sure."""
    return insist(PyTuple_New(n), use_spare())


@metal
def sure_box(r: Reg) -> Obj:
    """A register's value as an object, boxed in place, for sure; borrowed."""
    return insist(boxed(r), use_spare())


@metal
def sure_iterator(o: Obj) -> Obj:
    """An iterator over a container of the host, for sure."""
    return insist(PyObject_GetIter(o), use_spare())
