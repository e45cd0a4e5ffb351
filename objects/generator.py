"""Generators, coroutines and async generators: one object that carries its frame.

    [ PyGenObject head 80 ][ host frame + localsplus ][ Frame 96 ][ registers ]

The object is laid out like the host's, so the host's getters read it; the host never runs the frame in it.
A resumption is of one of these kinds, told by `frame.kind`: where a yielded or returned value goes.

    KIND_FOR_ITER   the FOR_ITER at caller.pc: yield -> R[A], behind it; return -> R[B] empty, its exit
    KIND_ENUMERATE  the same over an enumerate, whose iterator it is: yield -> (count, value) in R[A]
    KIND_SEND       the SEND at caller.pc: yield -> R[A+1], behind it; return -> R[A], its jump
    KIND_ASEND      a SEND to what __anext__() of an async generator gave: async_steps.py
    KIND_SENT       the CALL at caller.pc, of send: yield -> R[A], behind it; return -> StopIteration in the caller
    KIND_NEXT       the same of next, which is no level of calls and may have a default
    KIND_ENTRY      C code (next, send, throw ...): frame.out; gi_frame_state tells a yield from a return

Invariants: between start_running and stop_running the state is FRAME_EXECUTING, the frame is linked and
gi_exc_state is the top of the thread's stack of handled exceptions. A suspended frame's pc is its YIELD;
frame.words is AT_PC if it is instead where the frame goes on, its delegate having ended, and ASYNC_YIELD from
ASYNC_GEN_WRAP to the YIELD behind it.
Registers are visited by the collector only while nothing runs in them.
"""
from __future__ import annotations

from ..bytecode.ops import OPS, X_BIT as DELEGATES
from ..vm.entry import *  # noqa: F403

YIELD_CODE, COPY_FREE_VARS_CODE = OPS["YIELD"].code, OPS["COPY_FREE_VARS"].code
SEND_CODE = OPS["SEND"].code
FOR_ITER_WORDS, CALL_LENGTH = OPS["FOR_ITER"].length, OPS["CALL"].length
OWNED_BY_GENERATOR = 1
GEN_HEAD = 80                           # bytes before the host's frame
GEN_BASIC = 152                         # tp_basicsize: head and a host frame without locals
AT_PC, ASYNC_YIELD = 1, 2                # in frame.words
SENT_RETURN, SENT_ERROR, SENT_NEXT = 0, -1, 1


@metal(inline=True)
def iframe_of(gen: Gen) -> InterpreterFrame:
    return cast(InterpreterFrame, byte_offset(cast(VOID_P, gen), GEN_HEAD))


@metal(inline=True)
def generator_frame(gen: Obj) -> Frame:
    """Our frame of a generator object; `stacktop` of its host frame is the number of localsplus."""
    iframe = iframe_of(cast(Gen, gen))
    return cast(Frame, byte_offset(cast(VOID_P, iframe), (87 + 8 * iframe.stacktop) & -16))


@metal(inline=True)
def exc_item(gen: Gen) -> ExcItem:
    return cast(ExcItem, field_address(gen, "gi_exc_state"))


# ------------------------------------------------------------------------------------------ creation
@metal(inline=True)
def generator_type(flags: int) -> TypeObject:
    if flags & CO_COROUTINE != 0:
        return cast(TypeObject, FireCoroutine_Type)
    if flags & CO_ASYNC_GENERATOR != 0:
        return cast(TypeObject, FireAsyncGenerator_Type)
    return cast(TypeObject, FireGenerator_Type)


@metal
def copy_closure(frame: Frame, code: VMCode):
    """COPY_FREE_VARS at once: the host takes it for done where it looks at the locals."""
    cells = field_address(Tuple(frame.iframe.f_func.func_closure), "ob_item")
    count = lshr(code.words[0], 16) & 65535
    first = frame.regs + (code.nlocalsplus - count)
    for i in range(count):
        first[i].object = new_ref(cells[i])
        first[i].tag = OBJECT
    frame.pc = frame.pc + 1


@metal
def new_generator(thread: Thread, function: FireFunction, code: VMCode) -> Obj:
    """A created generator with empty registers; new reference, or NULL with an exception."""
    kind = generator_type(code.flags)
    made = _PyObject_GC_NewVar(kind, (GEN_HEAD + code.total_bytes - GEN_BASIC) >> 3)
    if not made:
        return None
    gen = cast(Gen, made)
    iframe = iframe_of(gen)
    frame = cast(Frame, byte_offset(cast(VOID_P, iframe), code.head_bytes))
    init_host_frame(iframe, cast(Function, new_ref(cast(Obj, function))), code)
    init_frame(frame, thread, code, iframe, cast(Function, function), None)
    frame.pc = code.words
    frame.words = 0
    zero(frame.regs, 16 * code.nregs)                # all empty
    iframe.owner = OWNED_BY_GENERATOR
    iframe.previous = None
    units = cast(u16p, code.code_start)
    while units[0] & 255 != RETURN_GENERATOR:
        units = units + 1
    iframe.prev_instr = cast(VOID_P, units)
    frame.gen = made
    if code.words[0] & OPCODE_MASK == COPY_FREE_VARS_CODE:
        copy_closure(frame, code)
    gen.gi_code = cast(Code, new_ref(code.code))
    gen.gi_weakreflist = None
    gen.gi_name = new_ref(cast(Function, function).func_name)
    gen.gi_qualname = new_ref(cast(Function, function).func_qualname)
    exc_item(gen).exc_value = None
    exc_item(gen).previous_item = None
    gen.gi_origin_or_finalizer = None
    gen.gi_hooks_inited = 0
    gen.gi_closed = 0
    gen.gi_running_async = 0
    gen.gi_frame_state = FRAME_CREATED
    if unlikely(code.flags & CO_COROUTINE != 0 and thread.ts.coroutine_origin_tracking_depth != 0):
        set_origin(gen, thread.ts)
    PyObject_GC_Track(made)
    return made


@metal(cold=True)
def origin_entry(frame: Obj) -> Obj:
    """(file name, line, name) of a frame object; new or NULL."""
    code = PyFrame_GetCode(cast(FrameObject, frame))
    line = PyLong_FromLong(PyFrame_GetLineNumber(cast(FrameObject, frame)))
    entry: Obj = None
    if line:
        entry = PyTuple_Pack(3, Code(code).co_filename, line, Code(code).co_name)
        decref(line)
    decref(code)
    return entry


@metal(cold=True)
def set_origin(gen: Gen, ts: ThreadState):
    """cr_origin: where the coroutine was made, innermost frame first."""
    entries = PyList_New(0)
    frame = cast(Obj, PyThreadState_GetFrame(ts))
    for _ in range(ts.coroutine_origin_tracking_depth):
        if not frame or not entries:
            break
        entry = origin_entry(frame)
        if entry:
            PyList_Append(entries, entry)
            decref(entry)
        back = cast(Obj, PyFrame_GetBack(cast(FrameObject, frame)))
        decref(frame)
        frame = back
    xdecref(frame)
    if entries:
        gen.gi_origin_or_finalizer = PyList_AsTuple(entries)
        decref(entries)


@metal
def generator_from_call(frame: Frame, function: Obj, code: VMCode, args: Reg, count: int) -> Obj:
    """What calling a generator function with `count` plain positional arguments in registers gives: new, or
    NULL with an exception. The arguments move out of their registers."""
    made = new_generator(frame.thread, cast(FireFunction, function), code)
    if not made:
        return None
    count_run(code, False)
    regs = generator_frame(made).regs
    for i in range(count):
        regs[i].payload = args[i].payload
        regs[i].tag = args[i].tag
        args[i].tag = EMPTY
    return made


# ------------------------------------------------------------------------------- running and resting
@metal(inline=True)
def start_running(gen: Gen, frame: Frame, thread: Thread):
    """Make a created or suspended generator's frame the thread's current one."""
    ts = thread.ts
    item = exc_item(gen)
    item.previous_item = ts.exc_info
    ts.exc_info = item
    ts.recursion_remaining = ts.recursion_remaining - 1
    gen.gi_frame_state = FRAME_EXECUTING
    frame.thread = thread
    link(frame)


@metal(inline=True)
def stop_running(gen: Gen, frame: Frame):
    """Undo start_running, but for the state."""
    ts = frame.thread.ts
    item = exc_item(gen)
    iframe = frame.iframe
    ts.exc_info = item.previous_item
    item.previous_item = None
    ts.recursion_remaining = ts.recursion_remaining + 1
    ts.cframe.current_frame = iframe.previous
    iframe.previous = None


@metal(inline=True)
def give_sent(frame: Frame, payload: int, tag: int):
    """Hand the value sent to the YIELD that the frame waits in, and step behind it."""
    target = frame.regs[lshr(frame.pc[0], 16) & 65535]
    frame.pc = frame.pc + 1
    set_raw(target, payload, tag)


@metal(inline=True)
def waits_for(frame: Frame, callee: Frame) -> bool:
    """Whether a frame that waits at a YIELD still delegates to the generator of `callee`, which waits too. The SEND
    stands right before the YIELD, in the host's code as well.

    That generator is `frame.result`; it is not looked at before it is known to be what the register holds."""
    send = (frame.pc - 1)[0]
    receiver = frame.regs[lshr(send, 16) & 65535]
    if unlikely(receiver.object != frame.result or receiver.tag != OBJECT or send & OPCODE_MASK != SEND_CODE):
        return False
    return cast(Gen, frame.result).gi_frame_state == FRAME_SUSPENDED


@metal
def resume_innermost(frame: Frame, payload: int, tag: int) -> Frame:
    """A generator that delegates runs again: each on the way goes on to its SEND, and what is sent goes to the
    innermost. The frame to go on in: that one's, or the first that has to look for itself.

    `frame.out` of one that waits is the frame it delegates to, or NULL (suspend_delegating)."""
    thread = frame.thread
    ts = thread.ts
    cframe = ts.cframe
    left = ts.recursion_remaining
    item = ts.exc_info
    before = left
    if likely(cframe.use_tracing == 0):
        while left > 0:
            callee = cast(Frame, frame.out)
            if not callee or not waits_for(frame, callee):
                break
            frame.pc = frame.pc - 1
            iframe = frame.iframe
            iframe.prev_instr = byte_offset(iframe.prev_instr, -2)
            callee.kind = KIND_SEND
            callee.caller = frame
            callee.thread = thread
            gen = cast(Gen, frame.result)
            exc_item(gen).previous_item = item
            item = exc_item(gen)
            gen.gi_frame_state = FRAME_EXECUTING
            callee.iframe.previous = iframe
            left = left - 1
            frame = callee
    if left != before:
        ts.recursion_remaining = left
        ts.exc_info = item
        cframe.current_frame = frame.iframe
        frame.linked = 1
    give_sent(frame, payload, tag)
    return frame


@metal(inline=True)
def resume_with(frame: Frame, pc: u64p, o: Obj, kind: int, payload: int, tag: int) -> Frame:
    """Resume for the instruction at `pc`, which waits in `frame`: the generator's frame to go on in. NULL:
    not to be done here (finished, running, too deep, a signal): nothing has happened, use the C entry."""
    gen = cast(Gen, o)
    status = gen.gi_frame_state
    if unlikely(status >= FRAME_EXECUTING or frame.thread.ts.recursion_remaining <= 0):
        return None
    if unlikely(status == FRAME_CREATED and tag != NONE or state.eval_breaker[0] != 0):
        return None
    sync(frame, pc)
    callee = generator_frame(o)
    callee.kind = kind
    callee.caller = frame
    start_running(gen, callee, frame.thread)
    if likely(status == FRAME_SUSPENDED):
        if callee.pc[0] & DELEGATES != 0:
            return resume_innermost(callee, payload, tag)
        give_sent(callee, payload, tag)
    return callee


@metal(inline=True)
def resume_inline(frame: Frame, pc: u64p, o: Obj, kind: int) -> Frame:
    """As resume_with, sending None."""
    return resume_with(frame, pc, o, kind, 0, NONE)


@metal(inline=True)
def suspend(frame: Frame):
    """The frame waits at its YIELD from now on."""
    gen = cast(Gen, frame.gen)
    gen.gi_frame_state = FRAME_SUSPENDED
    stop_running(gen, frame)


@metal
def suspend_delegating(frame: Frame) -> Frame:
    """A frame that waits now was resumed by a SEND: the callers that yield what it yields wait as well. The
    outermost of them. `out` of those is the frame that they delegate to, `result` its generator."""
    ts = frame.thread.ts
    outermost = frame
    if unlikely(ts.cframe.use_tracing != 0):
        return frame
    handled = ts.exc_info
    below = ts.cframe.current_frame
    count = 0
    while outermost.kind == KIND_SEND:
        caller = outermost.caller
        at = caller.pc + 1
        if at[0] & OPCODE_MASK != YIELD_CODE or at[0] & DELEGATES == 0:
            break
        caller.pc = at
        iframe = caller.iframe
        iframe.prev_instr = byte_offset(iframe.prev_instr, 2)
        gen = cast(Gen, caller.gen)
        gen.gi_frame_state = FRAME_SUSPENDED
        handled = exc_item(gen).previous_item
        exc_item(gen).previous_item = None
        below = iframe.previous
        iframe.previous = None
        if caller.kind != KIND_ENTRY:
            caller.out = cast(obj_p, outermost)
            caller.result = outermost.gen
        count = count + 1
        outermost = caller
    ts.exc_info = handled
    ts.cframe.current_frame = below
    ts.recursion_remaining = ts.recursion_remaining + count
    return outermost


# ----------------------------------------------------------------------------------------- the end
@metal
def clear_generator(gen: Gen, frame: Frame):
    """Drop everything the frame owns; it is not linked and never runs again."""
    gen.gi_frame_state = FRAME_COMPLETED
    item = exc_item(gen)
    handled = item.exc_value
    item.exc_value = None
    xdecref(handled)
    gen.gi_frame_state = FRAME_CLEARED
    iframe = frame.iframe
    if cast(Obj, iframe.frame_obj) != None:
        give_to_frame_object(frame)
    drop_registers(frame, frame.code.nregs)
    xdecref(iframe.f_locals)
    decref(iframe.f_func)
    decref(iframe.f_code)


@metal
def generator_returned(frame: Frame, value: Reg) -> Frame:
    """A generator's RETURN: the frame to go on in; NULL: leave the loop."""
    gen = cast(Gen, frame.gen)
    kind = frame.kind
    caller = frame.caller
    out = frame.out
    stop_running(gen, frame)
    clear_generator(gen, frame)
    if kind == KIND_ENTRY:
        out[0] = boxed(value)
        return None
    if kind == KIND_ASEND:
        returned_to_asend(gen, caller)
        return caller
    if kind == KIND_SENT or kind == KIND_NEXT:
        returned_to_call(caller, kind, value)
        return caller
    pc = caller.pc
    word = pc[0]
    if kind == KIND_FOR_ITER or kind == KIND_ENUMERATE:
        caller.pc = pc + (word >> 48)
        drop(value)
        drop(caller.regs[lshr(word, 32) & 65535])
    else:
        caller.pc = pc + (word >> 32)
        set_raw(caller.regs[lshr(word, 16) & 65535], value.payload, value.tag)
    return caller


@metal
def finish_resumption(caller: Frame, kind: int, payload: int, tag: int):
    """The call of send or next at the caller's pc has this value."""
    ts = caller.thread.ts
    ts.recursion_remaining = ts.recursion_remaining + (1 if kind == KIND_SENT else 0)
    word = caller.pc[0]
    base = caller.regs + (lshr(word, 32) & 65535)
    for i in range(2 + lshr(word, 48)):
        drop(base[i])
    set_raw(caller.regs[lshr(word, 16) & 65535], payload, tag)
    caller.pc = caller.pc + CALL_LENGTH


@metal
def returned_to_call(caller: Frame, kind: int, value: Reg):
    """A generator that send or next has resumed returns: the default, or StopIteration is set."""
    word = caller.pc[0]
    if kind == KIND_NEXT and lshr(word, 48) == 2:
        default = caller.regs[(lshr(word, 32) & 65535) + 3]
        payload = default.payload
        tag = default.tag
        default.tag = EMPTY
        drop(value)
        finish_resumption(caller, kind, payload, tag)
        return
    if kind == KIND_SENT:
        ts = caller.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1
    if is_none(value):
        PyErr_SetNone(PyExc_StopIteration[0])
        return
    o = boxed(value)
    if o:
        _PyGen_SetStopIterationValue(o)
    drop(value)


@metal(cold=True)
def convert_stop(gen: Gen):
    """StopIteration must not leave a generator: it becomes the cause of a RuntimeError."""
    what = "generator"
    flags = gen.gi_code.co_flags
    if flags & CO_COROUTINE != 0:
        what = "coroutine"
    if flags & CO_ASYNC_GENERATOR != 0:
        what = "async generator"
    if PyErr_ExceptionMatches(PyExc_StopIteration[0]) != 0:
        _PyErr_FormatFromCause(PyExc_RuntimeError[0], "%s raised StopIteration", what)
    elif flags & CO_ASYNC_GENERATOR != 0 and PyErr_ExceptionMatches(PyExc_StopAsyncIteration[0]) != 0:
        _PyErr_FormatFromCause(PyExc_RuntimeError[0], "%s raised StopAsyncIteration", what)


@metal
def end_generator(frame: Frame):
    """An exception, which is set, leaves a generator's frame; its stack is emptied while it still runs."""
    gen = cast(Gen, frame.gen)
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    drop_above(frame, frame.code.nlocalsplus)
    PyErr_Restore(fetched[0], fetched[1], fetched[2])
    stop_running(gen, frame)
    convert_stop(gen)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    clear_generator(gen, frame)
    PyErr_Restore(fetched[0], fetched[1], fetched[2])
    if frame.kind == KIND_ASEND:
        failed_in_asend(gen, frame.caller)
    elif frame.kind == KIND_SENT:
        ts = frame.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1


# ------------------------------------------------------------------------------- resumption from C
@metal
def chain_handled(ts: ThreadState):
    """What is thrown gets the exception that the generator handles as its context."""
    handled = ts.exc_info.exc_value
    if not handled or handled == Py_None:
        return
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    PyErr_SetObject(fetched[0], fetched[1])
    decref(fetched[0])
    xdecref(fetched[1])
    xdecref(fetched[2])


@metal
def too_deep(thread: Thread) -> bool:
    """Whether the limit of recursion or of the C stack is reached; then with RecursionError."""
    if unlikely(stack_pointer() < thread.c_stack_limit):
        PyErr_SetString(PyExc_RecursionError[0], "maximum recursion depth exceeded: the C stack is exhausted")
        return True
    if thread.ts.recursion_remaining >= 0 or not recursion_exceeded(thread.ts):
        return False
    thread.ts.recursion_remaining = thread.ts.recursion_remaining - 1       # stop_running counts up once more
    return True


@metal(inline=True)
def polled(frame: Frame) -> bool:
    """A yield that does not delegate polls when it is resumed; False: with an exception for the frame."""
    return likely(state.eval_breaker[0] == 0) or frame.pc[0] & DELEGATES != 0 or poll(frame, frame.pc)


@metal(cold=True)
def throw_traced(frame: Frame):
    """Go on in a generator with the exception that is set, under a tracer."""
    sync(frame, frame.pc)
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    keep_or_drop(fetched, tell_both(frame, TRACE_CALL, Py_None))
    enter_error_traced(frame)


@metal
def run_generator(gen: Gen, thread: Thread, value: Obj, throw: bool) -> Obj:
    """Run a resting generator to its next yield, its return or its failure. `throw`: with the exception that
    is set, else `value` (borrowed) is what its yield gives. Yielded or returned object, new, or NULL."""
    frame = generator_frame(cast(Obj, gen))
    waits = gen.gi_frame_state == FRAME_SUSPENDED and frame.words != AT_PC
    frame.words = 0
    result = stack("Obj", 1)
    result[0] = None
    frame.kind = KIND_ENTRY
    frame.caller = None
    frame.out = result
    start_running(gen, frame, thread)
    if throw:
        chain_handled(thread.ts)
    if unlikely(too_deep(thread)):
        end_generator(frame)
        return None
    if throw:
        if unlikely(traced(thread.ts)):
            throw_traced(frame)
        else:
            enter_error(frame)
        return result[0]
    if waits:
        if not polled(frame):
            enter_error(frame)
            return result[0]
        give_sent(frame, address_int(new_ref(value)), OBJECT)
    if unlikely(traced(thread.ts)):
        enter_traced(frame)
    else:
        enter_loop(frame)
    return result[0]
