"""What compiled code needs for calls: frames, dicts of keyword arguments.

    f(x=1)  for  def f(**more)      more = rt_dict(); rt_dict_put(more, "x", 1)
"""
from __future__ import annotations

from ..codegen.metal import metal
from .handlers.recording import *  # noqa: F403
from .jit_closures import *  # noqa: F403
from .spare import *  # noqa: F403


@metal
def rt_dict_put(d: Obj, key: Obj, value: Obj):
    """Put an owned object into a dict that was just made, by a string."""
    while unlikely(PyDict_SetItem(d, key, value) < 0):
        PyErr_Clear()
        use_spare()
    decref(value)


MOST_GIVEN_UP = 20              # times a frameless version may fail; what it did until then was for nothing


@metal(cold=True)
def rt_gave_up(code: VMCode):
    """A frameless call (specializer/frameless.py) has given up: the caller makes it with a frame. A version that does
    so again and again, though no signal or thread waits, is not used any more."""
    jit.gave_up = 0
    if state.eval_breaker[0] == 0:
        code.given_up = code.given_up + 1
        if code.given_up == MOST_GIVEN_UP:
            code.frameless_kinds = 0


@metal(cold=True)
def sure_stack(thread: Thread, bytes: int) -> ptr_t:
    """Room for a frame, for sure."""
    return insist(grow_stack(thread, bytes), use_spare())


@metal(inline=True)
def called_frame(caller: Frame, code: VMCode, function: Obj, pc: u64p, memory: ptr_t) -> Frame:
    """A frame whose registers are still as they were; `pc`: the caller's instruction."""
    caller.pc = pc
    frame = lay_frame(caller.thread, memory, code, cast(Function, function), caller)
    frame.words = CALL_WORDS
    frame.pc = code.words
    return frame


@metal(inline=True)
def has_room(thread: Thread, code: VMCode) -> bool:
    """Whether the stack has room for a frame as it is. What is rare is a function of its own, called last of all: so
    what is not has no registers to save."""
    return byte_distance(thread.limit, thread.top) >= code.total_bytes


@metal(cold=True)
def push_with_room(caller: Frame, code: VMCode, function: Obj, pc: u64p) -> Frame:
    """As rt_push, in a new piece of stack."""
    frame = called_frame(caller, code, function, pc, sure_stack(caller.thread, code.total_bytes))
    empty_registers(frame, 0, code.nregs)
    return frame


@metal
def rt_push(caller: Frame, code: VMCode, function: Obj, pc: u64p) -> Frame:
    """The frame of a call that compiled code had inlined, all registers empty; `pc`: the caller's instruction.
    Takes the reference to the function over. The recursion limit is far: compiled code has looked."""
    if unlikely(not has_room(caller.thread, code)):
        return push_with_room(caller, code, function, pc)
    frame = called_frame(caller, code, function, pc, caller.thread.top)
    empty_registers(frame, 0, code.nregs)
    return frame


@metal(inline=True)
def popped(frame: Frame) -> bool:
    """End a frame where that is only giving its memory back; False: it is more than that."""
    thread = frame.thread
    memory = cast(VOID_P, frame.iframe)
    function = cast(Obj, frame.function)
    if unlikely(frame.linked != 0 or memory == thread.chunk.first or function.ob_refcnt == 1):
        return False
    ts = thread.ts
    ts.recursion_remaining = ts.recursion_remaining + 1
    thread.top = memory
    function.ob_refcnt = function.ob_refcnt - 1
    return True


@metal(cold=True)
def pop_with_care(frame: Frame):
    """End a frame of any state."""
    pop_frame(frame, 0)


@metal
def rt_pop(frame: Frame):
    """End such a frame; its registers are empty."""
    if unlikely(not popped(frame)):
        pop_with_care(frame)


@metal
def rt_init_frame(frame: Frame, instance: Obj):
    """The frame is that of an __init__ called for a class; the caller counts the instance up."""
    frame.kind = KIND_INIT
    frame.result = instance
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1


@metal
def rt_object_frame(frame: Frame, words: int):
    """The frame is that of a `__call__`: the call of its object counts as a level too."""
    frame.kind = KIND_INSTANCE
    frame.words = words
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1


@metal
def rt_uncounted_frame(frame: Frame):
    """The frame is that of a function that stands for a builtin which is no level of calls."""
    frame.kind = KIND_UNCOUNTED
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining + 1


@metal
def rt_end_uncounted(frame: Frame):
    """End such a frame; its registers are empty."""
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1
    pop_frame(frame, 0)


@metal
def rt_continue(caller: Frame):
    """An instruction that compiled code had the interpreter carry out has pushed a frame or resumed a generator's,
    which may run below others that delegate to it: run it if it is compiled.

    It returns when the callee has returned or yielded to `caller`, or wants to go on in the interpreter: jit.out_* say
    where."""
    while enter_callee(caller, jit.out_frame, jit.out_pc):
        frame = jit.out_frame
        if not frame or frame == caller or not cast(VOID_P, frame.gen) or jit.hot_pending != 0:
            return                      # else a generator has returned to one that delegated to it


@metal
def enter_callee(caller: Frame, frame: Frame, pc: u64p) -> bool:
    """Run a frame if it is compiled where it is to go on; False: it is not."""
    if frame.caller != caller and not cast(VOID_P, frame.gen) or frame.pc == None or state.eval_breaker[0] != 0:
        return False
    if unlikely(frame.thread.ts.cframe.use_tracing != 0):
        return False
    pc = behind_cells(frame, pc)
    frame.pc = pc
    jit.out_frame = frame               # the collector may have run other compiled code
    jit.out_pc = pc
    if pc[0] & OPCODE_MASK != RESUME_COMPILED_CODE or stack_pointer() < frame.thread.c_stack_limit:
        return False
    jit.out_frame = None
    words = frame.words
    instance: Obj = None
    if frame.kind == KIND_INIT:
        instance = frame.result             # whose reference is handed over with the frame's end
    enter_compiled(cast(VOID_P, pc[2]), pc, frame)
    if jit.out_frame == caller and jit.out_pc == None:      # it handed its value over
        following = caller.pc + words
        dst = caller.regs[lshr(caller.pc[0], 16) & 65535]
        if instance:
            set_object(dst, instance)                           # these may run a destructor
        else:
            set_raw(dst, jit.ret_payload, jit.ret_tag)
        jit.out_frame = caller
        jit.out_pc = following
    return True


@metal
def rt_frame(caller: Frame, code: VMCode, function: Obj, pc: u64p) -> Frame:
    """The frame of a call that compiled code makes itself; its parameters are the caller's business.
    Takes the reference to the function over; `pc`: the caller's instruction."""
    if unlikely(not has_room(caller.thread, code)):
        return frame_with_room(caller, code, function, pc)
    frame = called_frame(caller, code, function, pc, caller.thread.top)
    empty_registers(frame, code.argcount, code.nlocalsplus)
    return frame


@metal(cold=True)
def frame_with_room(caller: Frame, code: VMCode, function: Obj, pc: u64p) -> Frame:
    """The same in a new piece of stack."""
    frame = called_frame(caller, code, function, pc, sure_stack(caller.thread, code.total_bytes))
    empty_registers(frame, code.argcount, code.nlocalsplus)
    return frame


@metal
def rt_return(frame: Frame):
    """End of a call between compiled functions: registers are empty, the value is in jit.ret_*."""
    caller = frame.caller
    if unlikely(frame.kind == KIND_INIT or frame.kind == KIND_INSTANCE or not popped(frame)):
        return_with_care(frame)
        return
    jit.out_pc = None
    jit.out_frame = caller


@metal(cold=True)
def return_with_care(frame: Frame):
    """The same for a frame of any state."""
    payload = jit.ret_payload
    tag = jit.ret_tag
    caller = frame.caller
    if unlikely(frame.kind == KIND_INIT or frame.kind == KIND_INSTANCE):
        ts = frame.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1
    pop_frame(frame, 0)                         # may run a destructor, and that other compiled code
    jit.ret_payload = payload
    jit.ret_tag = tag
    jit.out_pc = None
    jit.out_frame = caller


@metal
def rt_end_init(frame: Frame):
    """End a frame of one of these two kinds; an instance's reference is the caller's now."""
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining + 1
    pop_frame(frame, 0)


CALL_RUNTIME = """rt_dict_put rt_gave_up rt_push rt_pop rt_init_frame rt_object_frame rt_uncounted_frame
    rt_end_uncounted rt_continue rt_frame rt_return rt_end_init""".split()
