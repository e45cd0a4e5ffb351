"""Generators and coroutines: yielding, delegating, the protocols of await and async for.

A YIELD goes back to whoever resumed the frame; SEND to a generator or coroutine of ours goes on in its frame.
How resumption works: objects/generator.py.
"""
from __future__ import annotations

from ...objects.async_steps import *  # noqa: F403
from .iterate import *  # noqa: F403


@metal(cold=True)
def yield_to_c(frame: Frame, payload: int, tag: int):
    """Yield to C code that waits in run_generator."""
    value = stack(Reg, 1)
    value.payload = payload
    value.tag = tag
    o = boxed(value)
    if o and frame.words == ASYNC_YIELD:
        frame.words = 0
        wrapped = wrap_yielded(o)
        decref(o)
        o = wrapped
    frame.out[0] = o


@metal
def give_counted(caller: Frame, pc: u64p, payload: int, tag: int):
    """A value for the FOR_ITER over an enumerate at `pc`, with the count before it."""
    enumerator = EnumIter(caller.regs[lshr(pc[0], 32) & 65535].object)
    target = caller.regs[lshr(pc[0], 16) & 65535]
    set_raw(target, payload, tag)
    made = sure_tuple(2)
    items = field_address(Tuple(made), "ob_item")
    items[0] = sure_int(enumerator.en_index)
    items[1] = sure_box(target)
    target.object = made
    enumerator.en_index = enumerator.en_index + 1


@metal
def give(frame: Frame, payload: int, tag: int) -> Frame:
    """Hand what a frame yields, which waits now, to whom it was resumed for: the frame to go on in, NULL: C code."""
    if frame.kind != KIND_ENTRY:
        frame.out = None
    if frame.kind == KIND_SEND:
        frame = suspend_delegating(frame)
    caller = frame.caller
    if frame.kind == KIND_ENTRY:
        yield_to_c(frame, payload, tag)
        frame.out = None
        return None
    if frame.kind == KIND_ASEND:
        return yielded_to_asend(frame, payload, tag)
    at = caller.pc
    target = caller.regs + (lshr(at[0], 16) & 65535)
    if frame.kind == KIND_SEND:
        set_raw(target[1], payload, tag)
        caller.pc = at + 1
        return caller
    if frame.kind == KIND_SENT or frame.kind == KIND_NEXT:
        finish_resumption(caller, frame.kind, payload, tag)
        return caller
    if frame.kind == KIND_FOR_ITER:
        set_raw(target[0], payload, tag)
    else:
        give_counted(caller, at, payload, tag)
    caller.pc = at + FOR_ITER_WORDS
    return caller


@handler("YIELD")
def YIELD():
    payload = rb.payload
    tag = rb.tag
    rb.tag = EMPTY
    sync(frame, pc)
    suspend(frame)
    if likely(frame.kind == KIND_FOR_ITER):
        frame.out = None
        caller = frame.caller
        at = caller.pc
        set_raw(caller.regs[lshr(at[0], 16) & 65535], payload, tag)
        return resume_at(caller, at + FOR_ITER_WORDS)
    following = give(frame, payload, tag)
    if likely(following):
        return go(following)
    jit.out_frame = None                # compiled code that had this instruction run: there is nothing to go on with
    return leave()


@metal(cold=True)
def send_traced(frame: Frame, receiver: Obj, value: Obj, out: obj_p) -> int:
    """PyIter_Send under a tracer, which the host shows the StopIteration that ends the receiver."""
    if value == Py_None and receiver.ob_type.tp_iternext:
        out[0] = call_pointer("Obj", receiver.ob_type.tp_iternext, receiver)
    else:
        out[0] = PyObject_CallMethodObjArgs(receiver, state.name_send, value, cast(VOID_P, 0))
    if out[0]:
        return SENT_NEXT
    if PyErr_Occurred() and PyErr_ExceptionMatches(PyExc_StopIteration[0]) != 0:
        trace_exception(frame)
    return SENT_RETURN if _PyGen_FetchStopIterationValue(out) == 0 else SENT_ERROR


@metal
def send_generic(frame: Frame, pc: u64p, ra: Reg) -> int:
    """SEND to anything: SENT_NEXT (R[A+1] = value), SENT_RETURN (R[A] = value) or SENT_ERROR."""
    sync(frame, pc)
    value = boxed(ra[1])
    receiver = boxed(ra)
    if not value or not receiver:
        return SENT_ERROR
    out = stack("Obj", 1)
    if unlikely(cast(VOID_P, frame.thread.ts.c_tracefunc) != None):
        outcome = send_traced(frame, receiver, value, out)
    else:
        outcome = PyIter_Send(receiver, value, out)
    if outcome == SENT_NEXT:
        set_object(ra[1], out[0])
    elif outcome == SENT_RETURN:
        drop(ra[1])
        set_object(ra, out[0])
    return outcome


@handler("SEND")
def SEND():
    if likely(ra.tag == OBJECT):
        kind = ra.object.ob_type
        if kind == FireCoroutine_Type or kind == FireGenerator_Type:
            callee = resume_with(frame, pc, ra.object, KIND_SEND, ra[1].payload, ra[1].tag)
            if likely(callee):
                ra[1].tag = EMPTY
                return go(callee)
        elif kind == FireASend_Type:
            callee2 = resume_asend(frame, pc, ra)
            if likely(callee2):
                return go(callee2)
    outcome = send_generic(frame, pc, ra)
    if outcome == SENT_RETURN:
        return jump(pc + D)
    if unlikely(outcome == SENT_ERROR):
        return tail("ERROR")


@metal
def delegate_iterator(frame: Frame, o: Obj) -> Obj:
    """What `yield from o` sends to; new, NULL with an exception."""
    kind = o.ob_type
    if kind == FireCoroutine_Type or kind == PyCoro_Type:
        if frame.code.flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE) == 0:
            PyErr_SetString(PyExc_TypeError[0],
                            "cannot 'yield from' a coroutine object in a non-coroutine generator")
            return None
        return new_ref(o)
    if kind == FireGenerator_Type or kind == PyGen_Type:
        return new_ref(o)
    return PyObject_GetIter(o)


@metal
def replace_value(frame: Frame, pc: u64p, ins: int, ra: Reg, rb: Reg, which: int) -> bool:
    """R[A] = what one of the ops below makes of R[B]."""
    sync(frame, pc)
    o = boxed(rb)
    if not o:
        return False
    made: Obj = None
    if which == 0:
        made = delegate_iterator(frame, o)
    elif which == 1:
        made = awaitable_of(o, lshr(ins, 48))
    elif which == 2:
        made = async_iterator_of(o)
    else:
        if o.ob_type != FireAsyncGenerator_Type:
            made = made_by_method(frame, o, state.name_anext)
        if not made:
            made = next_awaitable(o)
    if not made:
        return False
    old = take(rb, ins, CONSUME_B)
    set_object(ra, made)
    xdecref(old)
    return True


@metal(inline=True)
def delegate_stays(ra: Reg, rb: Reg, kind: TypeObject, other: TypeObject) -> bool:
    """Whether R[A] is R[B], which holds one of these that has not begun: it is what is delegated to."""
    if ra != rb or rb.tag != OBJECT:
        return False
    found = rb.object.ob_type
    return (found == kind or found == other) and cast(Gen, rb.object).gi_frame_state == FRAME_CREATED


@handler("YIELD_FROM_ITER")
def YIELD_FROM_ITER():
    if likely(delegate_stays(ra, rb, FireGenerator_Type, PyGen_Type)):
        return
    if unlikely(not replace_value(frame, pc, ins, ra, rb, 0)):
        return tail("ERROR")


@handler("AWAITABLE")
def AWAITABLE():
    if likely(delegate_stays(ra, rb, FireCoroutine_Type, PyCoro_Type)):
        return
    if unlikely(not replace_value(frame, pc, ins, ra, rb, 1)):
        return tail("ERROR")


@handler("AITER")
def AITER():
    if unlikely(not replace_value(frame, pc, ins, ra, rb, 2)):
        return tail("ERROR")


@handler("ANEXT")
def ANEXT():
    if unlikely(not replace_value(frame, pc, ins, ra, rb, 3)):
        return tail("ERROR")


@handler("ASYNC_GEN_WRAP")
def ASYNC_GEN_WRAP():
    frame.words = ASYNC_YIELD
    payload = rb.payload
    tag = rb.tag
    if ins & CONSUME_B != 0:
        rb.tag = EMPTY
    elif tag == OBJECT:
        incref(rb.object)
    set_raw(ra, payload, tag)


@handler("END_ASYNC_FOR")
def END_ASYNC_FOR():
    if unlikely(PyErr_GivenExceptionMatches(ra[1].object, PyExc_StopAsyncIteration[0]) == 0):
        reraise(frame, pc, ra[1], -1)
        return tail("UNWIND")
    sync(frame, pc)
    drop(ra[1])
    drop(ra)
