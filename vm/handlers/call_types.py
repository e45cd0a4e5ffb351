"""Calls of the host's types: int("7"), list(xs), str(x), type(x).

    CALL r1 = range(9)      CALL_TYPE: by the type's array convention, without asking what kind of callable it is

Classes made by class statements are called in instances.py.
"""
from __future__ import annotations

from .calls import *  # noqa: F403


@metal
def make_instance(kind: TypeObject, args: obj_p, count: int) -> Obj:
    """type(x), str(x), or a type of the host that takes an array; the caller has seen that it is one of these."""
    if kind == PyType_Type:
        return new_ref(public_type(args[0].ob_type))
    if kind == PyUnicode_Type:
        return PyObject_Str(args[0])
    return call_pointer("Obj", kind.tp_vectorcall, cast(Obj, kind), args, count, cast(VOID_P, 0))


@metal(inline=True)
def takes_array(kind: TypeObject, count: int) -> bool:
    """Whether make_instance makes instances of this type from so many arguments."""
    if kind == PyType_Type or kind == PyUnicode_Type:
        return count == 1
    if kind == PySuper_Type:                        # looks at the frame
        return False
    return cast(VOID_P, kind.tp_vectorcall) != None and kind.tp_flags & HEAP_TYPE == 0 and count <= MOST_ARGUMENTS


@handler("CALL_TYPE", 3)
def CALL_TYPE():
    """A type: of the host's, instances are made here; classes may go on in __init__."""
    kind = cast(TypeObject, rb[1].object)
    args = stack("Obj", MOST_ARGUMENTS)
    if unlikely(pc[1] & 0xFFFFFFFF != 0 or not takes_array(kind, C) or not box_arguments(args, rb + 2, C)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    result = make_instance(kind, args, C)
    if unlikely(not result):
        return tail("ERROR")
    finish_known(rb, C)
    set_object(ra, result)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)
