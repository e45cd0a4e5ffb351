"""The second dispatch table: every instruction passes TRACE while a tracer or profiler is on.

    trace_table[any opcode] = TRACE      events, then the instruction's own handler, which goes on in trace_table

A frame comes into the table behind the call that switched tracing on, and by resuming a generator under a tracer;
TRACE leaves it when tracing is off again. Events: vm/tracing.py.
"""
from __future__ import annotations

from .call_forms import *  # noqa: F403


@handler("TRACE")
def TRACE():
    if frame.thread.ts.cframe.use_tracing == 0:
        return untraced()
    op = op_bases[pc[0] & OPCODE_MASK]
    if unlikely(not trace_instruction(frame, pc, op)):
        return tail("ERROR")
    if cast(VOID_P, frame.thread.ts.c_profilefunc) != None:
        if op == CALL_CODE:
            return tail("CALL_PROFILED")
        if op == CALL_EX_CODE:
            return tail("CALL_EX_PROFILED")
    return traced_instruction()


@metal
def native_callee(base: Reg, count: int) -> Obj:
    """The builtin function or method a call calls, as profilers are shown it; new, None for anything else."""
    first = 0 if base.tag == OBJECT else 1
    callable = boxed(base[first])
    if not callable:
        return None
    if callable.ob_type == PyCFunction_Type:
        return new_ref(callable)
    if callable.ob_type == PyMethodDescr_Type and count + 1 - first > 0 and boxed(base[first + 1]):
        return PyObject_CallMethodObjArgs(callable, state.name_descr_get, base[first + 1].object, cast(VOID_P, 0))
    return new_ref(Py_None)


@metal
def tell_profiler(frame: Frame, what: int, callable: Obj) -> bool:
    ts = frame.thread.ts
    return call_tracer(frame, ts.c_profilefunc, ts.c_profileobj, what, callable)


@metal
def before_native(frame: Frame, callable: Obj) -> bool:
    """The event before a call; takes the reference over if it fails."""
    if not callable:
        return False
    if callable == Py_None or tell_profiler(frame, TRACE_C_CALL, callable):
        return True
    decref(callable)
    return False


@metal
def after_native(frame: Frame, callable: Obj, done: bool) -> bool:
    """The event after a call, which has left an exception if it is not `done`; takes the reference over."""
    if callable != Py_None and done:
        done = tell_profiler(frame, TRACE_C_RETURN, callable)
    elif callable != Py_None:
        fetched = stack("Obj", 3)
        PyErr_Fetch(fetched, fetched + 1, fetched + 2)
        keep_or_drop(fetched, tell_profiler(frame, TRACE_C_EXCEPTION, callable))
    decref(callable)
    return done


@metal
def call_profiled(frame: Frame, pc: u64p, ins: int, ra: Reg, base: Reg, count: int) -> bool:
    """CALL, with the profiler's events of native functions around it."""
    callable = native_callee(base, count)
    if not before_native(frame, callable):
        return False
    return after_native(frame, callable, call_generic(frame, pc, ins, ra, base, count))


@handler("CALL_PROFILED", 3)
def CALL_PROFILED():
    if unlikely(not call_profiled(frame, pc, ins, ra, rb, C)):
        return tail("ERROR")


@metal
def call_ex_profiled(frame: Frame, pc: u64p, ra: Reg, base: Reg, flags: int) -> bool:
    """The same for CALL_EX."""
    if not prepare_ex(frame, pc, base, flags):
        return False
    callable: Obj = Py_None
    if base[1].object.ob_type == PyCFunction_Type:
        callable = base[1].object
    incref(callable)
    if not before_native(frame, callable):
        return False
    return after_native(frame, callable, call_ex_general(frame, pc, ra, base, flags))


@handler("CALL_EX_PROFILED")
def CALL_EX_PROFILED():
    if unlikely(not call_ex_profiled(frame, pc, ra, rb, C)):
        return tail("ERROR")
