"""Calls of what is neither the VM's nor a builtin function: functions of the host, objects of C code.

    random.randrange(5)      CALL_HOST            functools.partial(f, 1)(2)      CALL_VECTOR

Keywords and many arguments go the general way.
"""
from __future__ import annotations

from .calls import *  # noqa: F403


@metal(inline=True)
def vector_result(ts: ThreadState, callable: Obj, args: obj_p, count: int) -> Obj:
    """Call an object of C code; there is room before the arguments."""
    kind = callable.ob_type
    if kind.tp_flags & HAVE_VECTORCALL != 0:
        function = cast(ptr_p, byte_offset(cast(VOID_P, callable), kind.tp_vectorcall_offset))[0]
        if likely(function):
            return call_pointer("Obj", function, callable, args, count | ARGUMENTS_OFFSET, cast(VOID_P, 0))
    return _PyObject_MakeTpCall(ts, callable, args, count, None)


@handler("CALL_VECTOR", 3)
def CALL_VECTOR():
    """An object of C code with a way to be called: partial, lru_cache, a bound method of the host."""
    args = stack("Obj", MOST_ARGUMENTS + 1)
    callable = rb[1].object
    if unlikely(C > MOST_ARGUMENTS or pc[1] & 0xFFFFFFFF != 0 or not box_arguments(args + 1, rb + 2, C)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    result = vector_result(frame.thread.ts, callable, args + 1, C)
    if unlikely(not result):
        return tail("ERROR")
    drop(rb[1])
    drop_range(rb + 2, C)
    set_result(ra, result)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)


@handler("CALL_HOST", 3)
def CALL_HOST():
    """A function that the host runs, of its library mostly."""
    args = stack("Obj", MOST_ARGUMENTS + 2)
    first = 0 if rb.tag == OBJECT else 1
    given = C + 1 - first
    if unlikely(C > MOST_ARGUMENTS or pc[1] & 0xFFFFFFFF != 0 or not box_arguments(args + 1, rb + (first + 1), given)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    callable = rb[first].object
    result = call_pointer("Obj", cast(Function, callable).vectorcall, callable, args + 1, given | ARGUMENTS_OFFSET,
                          cast(VOID_P, 0))
    if unlikely(not result):
        return tail("ERROR")
    drop(rb[first])
    drop_range(rb + (first + 1), given)
    set_result(ra, result)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)
