"""Calls of the host's types: int("7"), list(xs), str(x), type(x).

    CALL r1 = range(9)      CALL_TYPE: by the type's array convention, without asking what kind of callable it is

Classes made by class statements are called in instances.py.
"""
from __future__ import annotations

from .consumers import *  # noqa: F403


@metal
def make_instance(ts: ThreadState, kind: TypeObject, args: obj_p, count: int) -> Obj:
    """type(x), str(x), or an instance of another type of the host; the caller has seen that it is one of these."""
    if kind == PyType_Type:
        return new_ref(public_type(args[0].ob_type))
    if kind == PyUnicode_Type:
        return PyObject_Str(args[0])
    if kind == PyLong_Type:
        return PyNumber_Long(args[0])
    if not cast(VOID_P, kind.tp_vectorcall):
        return _PyObject_MakeTpCall(ts, cast(Obj, kind), args, count, None)
    return call_pointer("Obj", kind.tp_vectorcall, cast(Obj, kind), args, count, cast(VOID_P, 0))


@metal(inline=True)
def is_made_here(kind: TypeObject, count: int) -> bool:
    """Whether make_instance makes instances of this type from so many arguments."""
    if kind == PyType_Type or kind == PyUnicode_Type or kind == PyLong_Type:
        return count == 1
    if kind == PySuper_Type or kind == PyFunction_Type:         # looks at the frame; gives one of ours
        return False
    return kind.tp_flags & (HEAP_TYPE | EXCEPTION_CLASS) == 0 and count <= MOST_ARGUMENTS


@metal(inline=True)
def int_said(base: Reg, count: int) -> int:
    """int(n), int(text) or int(text, base) of an unboxed int or a string of digits; NO_INT: not so simple."""
    first = base[2]
    if count == 1 and first.tag == INT:
        return first.payload
    if first.tag == OBJECT and first.object.ob_type == PyUnicode_Type:
        if count == 1:
            return rt_parse_int(first.object, 10)
        if count == 2 and base[3].tag == INT and (base[3].payload == 10 or base[3].payload == 16):
            return rt_parse_int(first.object, base[3].payload)
    return NO_INT


@metal(inline=True)
def between_ints_and_texts(kind: TypeObject, ra: Reg, base: Reg, count: int) -> bool:
    """int(...) or str(n) at once, if it is one of these and simple; False: nothing has happened."""
    if kind == PyLong_Type:
        number = int_said(base, count)
        if number == NO_INT:
            return False
        finish_known(base, count)
        set_int(ra, number)
        return True
    if kind == PyUnicode_Type and count == 1 and base[2].tag == INT:
        text = rt_text_of_int(None, base[2].payload, None)
        if not text:
            return False
        finish_known(base, count)
        set_object(ra, text)
        return True
    return False


@handler("CALL_TYPE", 3)
def CALL_TYPE():
    """A type: of the host's, instances are made here; classes may go on in __init__."""
    kind = cast(TypeObject, rb[1].object)
    if pc[1] & 0xFFFFFFFF == 0:
        if kind == PySuper_Type and C == 0:
            return tail("CALL_SUPER")
        frame.pc = pc
        if between_ints_and_texts(kind, ra, rb, C):
            return
        if C == 1 and is_generator(rb[2]) and (kind == PyTuple_Type or kind == PySet_Type):
            callee = consumer_frame(frame, pc, rb, C, TUPLE if kind == PyTuple_Type else SET)
            if callee:
                return resume_at(callee, callee.code.entry)
    args = stack("Obj", MOST_ARGUMENTS)
    if unlikely(pc[1] & 0xFFFFFFFF != 0 or not is_made_here(kind, C) or not box_arguments(args, rb + 2, C)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    result = make_instance(frame.thread.ts, kind, args, C)
    if unlikely(not result):
        return tail("ERROR")
    drop_range(rb + 2, C)
    drop(rb[1])
    set_result(ra, result)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)
