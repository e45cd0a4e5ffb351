"""Events for tracers and profilers from frames that the VM runs: sys.settrace, sys.setprofile, breakpoint().

What is called under a tracer runs on the host twin, which tells the tracer itself. This is for frames that ran
already when the tracer came (breakpoint() in a function, settrace in a module) and for generators made before.

    call_tracer(frame, function, object, what, value)    one event; the tracer sees the locals and may change them

Invariant: the frame is the thread's current one and synced. False means that the tracer raised.
"""
from __future__ import annotations

from ..bytecode.ops import OPS
from ..codegen.metal import CGlobal, metal
from .frames import *  # noqa: F403

TRACE_CALL, TRACE_EXCEPTION, TRACE_LINE, TRACE_RETURN, TRACE_C_CALL, TRACE_C_EXCEPTION, TRACE_C_RETURN = range(7)
TRACE_OPCODE = 7
CALL_CODE, CALL_EX_CODE = OPS["CALL"].code, OPS["CALL_EX"].code
BEHIND_SEND = 3                 # operand of RESUME: see bytecode/ops.py
YIELD_CODE, SEND_CODE, RESUME_CODE = OPS["YIELD"].code, OPS["SEND"].code, OPS["RESUME"].code
op_bases = CGlobal("op_bases", u8p)         # number in a loaded word -> its opcode


@metal(inline=True)
def traced(ts: ThreadState) -> bool:
    """Whether a tracer or profiler is on."""
    return ts.cframe.use_tracing != 0


@metal
def adopt_locals(frame: Frame):
    """Undo `publish_locals`; what was changed meanwhile is the local's value from now on. Cells stay: the host
    changes what is in them."""
    slots = field_address(frame.iframe, "localsplus")
    kinds = field_address(Bytes(Code(frame.code.code).co_localspluskinds), "ob_sval")
    regs = frame.regs
    for i in range(frame.code.nlocalsplus):
        o = slots[i]
        if o and kinds[i] & 0xC0 == 0 and not (regs[i].tag == OBJECT and regs[i].object == o):
            set_object(regs[i], new_ref(o))
    withdraw_locals(frame.iframe, frame.code.nlocalsplus)


@metal
def call_tracer(frame: Frame, function: ptr_t, object: Obj, what: int, value: Obj) -> bool:
    """Tell one tracer one event."""
    ts = frame.thread.ts
    if not function or ts.tracing != 0:
        return True
    shown = PyThreadState_GetFrame(ts)
    if not shown or not publish_locals(frame):
        return False
    before = ts.tracing_what
    ts.tracing_what = what
    incref(object)
    PyThreadState_EnterTracing(ts)
    failed = call_pointer("i32", function, object, shown, what, value)
    PyThreadState_LeaveTracing(ts)
    decref(object)
    ts.tracing_what = before
    adopt_locals(frame)
    decref(cast(Obj, shown))
    return failed == 0


@metal
def tell_both(frame: Frame, what: int, value: Obj) -> bool:
    """Tell the tracer, then the profiler."""
    ts = frame.thread.ts
    return (call_tracer(frame, ts.c_tracefunc, ts.c_traceobj, what, value)
            and call_tracer(frame, ts.c_profilefunc, ts.c_profileobj, what, value))


@metal
def line_at(code: VMCode, at: ptr_t) -> int:
    """Line of a host instruction; -1: it has none."""
    return PyCode_Addr2Line(Code(code.code), byte_distance(at, code.code_start))


@metal
def trace_line(frame: Frame, previous: ptr_t, op: int) -> bool:
    """A line event where the host has one: at the start of a line and after a jump back."""
    ts = frame.thread.ts
    code = frame.code
    at = frame.iframe.prev_instr
    line = line_at(code, at)
    last_line = -1
    if byte_distance(previous, code.code_start) > 2 * Code(code.code)._co_firsttraceable:
        last_line = line_at(code, previous)
    back = address_int(at) < address_int(previous)
    shown = PyThreadState_GetFrame(ts)
    if not shown:
        return False
    lines = shown.f_trace_lines != 0 and line != -1 and (line != last_line or (back and op != SEND_CODE))
    opcodes = shown.f_trace_opcodes != 0 and op >= 0
    decref(cast(Obj, shown))
    if lines and not call_tracer(frame, ts.c_tracefunc, ts.c_traceobj, TRACE_LINE, Py_None):
        return False
    return not opcodes or call_tracer(frame, ts.c_tracefunc, ts.c_traceobj, TRACE_OPCODE, Py_None)


@metal
def trace_lines(frame: Frame, previous: ptr_t, op: int) -> bool:
    """Line events of the instruction and of what the host has between it and the word in front of it: that may
    have no word here (`try:`, `pass`) or none of its own."""
    iframe = frame.iframe
    code = frame.code
    at = iframe.prev_instr
    index = byte_distance(frame.pc, code.words) >> 3
    unit = at
    if index > 0:
        unit = byte_offset(code.code_start, code.origin[index - 1] + 2)
    first = byte_offset(code.code_start, 2 * Code(code.code)._co_firsttraceable)
    while address_int(unit) > address_int(first) and address_int(unit) < address_int(at):
        line = line_at(code, unit)
        if line != -1 and line != line_at(code, previous):
            iframe.prev_instr = unit
            if not trace_line(frame, previous, -1):
                return False
            previous = unit
        unit = byte_offset(unit, 2)
    iframe.prev_instr = at
    return trace_line(frame, previous, op)


@metal
def resumes(frame: Frame, pc: u64p, op: int) -> bool:
    """Whether a generator's frame has just been started or resumed. After a yield that delegates there is no RESUME."""
    if op == RESUME_CODE:
        return lshr(pc[0], 16) & 65535 != BEHIND_SEND
    return (byte_distance(pc, frame.code.words) >= 16 and op_bases[(pc - 1)[0] & OPCODE_MASK] == YIELD_CODE
            and op_bases[(pc - 2)[0] & OPCODE_MASK] == SEND_CODE)


@metal
def trace_instruction(frame: Frame, pc: u64p, op: int) -> bool:
    """The events before an instruction is carried out."""
    previous = byte_offset(frame.code.code_start, -2)
    if frame.linked != 0:
        previous = frame.iframe.prev_instr
    sync(frame, pc)
    if cast(VOID_P, frame.gen) and resumes(frame, pc, op):
        at = frame.iframe.prev_instr
        if op != RESUME_CODE:                       # the frame still is at its yield
            frame.iframe.prev_instr = previous
        if not tell_both(frame, TRACE_CALL, Py_None):
            return False
        frame.iframe.prev_instr = at
    if op != RESUME_CODE and cast(VOID_P, frame.thread.ts.c_tracefunc) and not trace_lines(frame, previous, op):
        return False
    result: Reg = None
    if op == RETURN_CODE:
        result = frame.regs[lshr(pc[0], 16) & 65535]
    elif op == YIELD_CODE:
        result = frame.regs[lshr(pc[0], 32) & 65535]
    if not result:
        return True
    return cast(VOID_P, boxed(result)) != None and tell_both(frame, TRACE_RETURN, result.object)


@metal(cold=True)
def trace_exception(frame: Frame):
    """Tell the tracer of the exception that is set; one that it raises takes its place."""
    ts = frame.thread.ts
    if not cast(VOID_P, ts.c_tracefunc):
        return
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    PyErr_NormalizeException(fetched, fetched + 1, fetched + 2)
    value = PyTuple_Pack(3, fetched[0], fetched[1], fetched[2] if fetched[2] else Py_None)
    told = value and call_tracer(frame, ts.c_tracefunc, ts.c_traceobj, TRACE_EXCEPTION, value)
    xdecref(value)
    keep_or_drop(fetched, told)


@metal(cold=True)
def trace_unwind(frame: Frame):
    """Tell both that the exception that is set leaves the frame."""
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    keep_or_drop(fetched, tell_both(frame, TRACE_RETURN, None))


@metal
def keep_or_drop(fetched: obj_p, keep: bool):
    """Set the exception again, or drop it for the one that is set now."""
    if keep:
        PyErr_Restore(fetched[0], fetched[1], fetched[2])
        return
    xdecref(fetched[0])
    xdecref(fetched[1])
    xdecref(fetched[2])
