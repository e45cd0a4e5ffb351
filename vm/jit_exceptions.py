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


@metal
def rt_arguments(count: int, a: Obj, b: Obj, c: Obj) -> Obj:
    """The tuple of up to three arguments; NULL without memory."""
    made = new_ref(state.empty_tuple) if count == 0 else PyTuple_New(count)
    if unlikely(not made):
        PyErr_Clear()
        return None
    items = field_address(Tuple(made), "ob_item")
    if count > 0:
        items[0] = new_ref(a)
    if count > 1:
        items[1] = new_ref(b)
    if count > 2:
        items[2] = new_ref(c)
    return made


@metal
def rt_exception(kind: TypeObject, count: int, a: Obj, b: Obj, c: Obj) -> Obj:
    """What BaseException.__new__ gives for a class and up to three arguments; NULL without memory."""
    args = rt_arguments(count, a, b, c)
    if unlikely(not args):
        return None
    made = plain_exception(kind, args)
    if unlikely(not made):
        PyErr_Clear()
    return made


@metal
def rt_sure_exception(kind: TypeObject, count: int, a: Obj, b: Obj, c: Obj) -> Obj:
    """The same, for sure; takes over the references to the arguments."""
    args = new_ref(state.empty_tuple) if count == 0 else sure_tuple(count)
    items = field_address(Tuple(args), "ob_item")
    if count > 0:
        items[0] = a
    if count > 1:
        items[1] = b
    if count > 2:
        items[2] = c
    made = insist(call_pointer("Obj", kind.tp_alloc, kind, 0), use_spare())
    BaseException(made).args = args
    return made


@metal
def rt_exception_args(o: Obj, count: int, a: Obj, b: Obj, c: Obj) -> int:
    """BaseException.__init__: the exception has these arguments; 0: there is no memory, it is as it was."""
    args = rt_arguments(count, a, b, c)
    if unlikely(not args):
        return 0
    old = BaseException(o).args
    BaseException(o).args = args
    xdecref(old)
    return 1


@metal
def rt_bound(function: Obj, self: Obj) -> Obj:
    """A bound method."""
    return insist(PyMethod_New(function, self), use_spare())


EXCEPTION_RUNTIME = """rt_push_exc rt_pop_exc rt_exc_match rt_exception rt_sure_exception rt_exception_args
    rt_bound""".split()
