"""The handled exception of a thread, for compiled code: what PUSH_EXC_INFO, POP_EXCEPT and EXC_MATCH do.

    rt_push_exc(frame, e)   e is handled from now on; the one before, or None: a new reference
"""
from __future__ import annotations

from ..codegen.metal import metal
from .handlers.errors import *  # noqa: F403


@metal
def rt_push_exc(frame: Frame, exception: Obj) -> Obj:
    item = frame.thread.ts.exc_info
    previous = item.exc_value
    item.exc_value = new_ref(exception)
    return previous if previous else new_ref(Py_None)


@metal
def rt_pop_exc(frame: Frame, previous: Obj):
    """`previous`, whose reference is handed over, is the handled exception again; None: there is none."""
    item = frame.thread.ts.exc_info
    old = item.exc_value
    if previous == Py_None:
        item.exc_value = None
        decref(previous)
    else:
        item.exc_value = previous
    xdecref(old)


@metal
def rt_exc_match(exception: Obj, wanted: Obj) -> int:
    """Whether an exception is of a class."""
    kind = exception.ob_type
    if cast(Obj, kind) == wanted:
        return 1
    return 1 if PyErr_GivenExceptionMatches(exception, wanted) != 0 else 0


EXCEPTION_RUNTIME = ["rt_push_exc", "rt_pop_exc", "rt_exc_match"]
