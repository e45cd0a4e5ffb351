"""Frames: threads' stacks, entering and leaving.

    push_frame(thread, code, function, caller)  ->  frame linked on the thread state, registers empty
    pop_frame(frame)                            ->  locals dropped, unlinked, memory given back

A record (`Thread`) is a stack: the frames on it end in the reverse order of their beginning. A thread has one, unless
something exchanges C stacks under the host, as greenlet does (`state.switching`): then each chain of host frames that
begins in C with none of ours has one of its own, and what C calls goes on the stack of the innermost VM frame.
"""
from __future__ import annotations

from ..codegen.metal import metal
from .frame_objects import *  # noqa: F403

HIDDEN = 1 << 27                  # in a code's flags: its frames are not seen by the program
CHUNK_BYTES = 256 * 1024
FIRST_OF_MANY = 16 * 1024         # of a stack's first chunk where a thread has many
C_STACK_RESERVE = 256 * 1024      # bytes of C stack that must be left to enter the interpreter again


@metal(cold=True)
def c_stack_limit() -> int:
    """Lowest C stack address that the current thread may use, with a reserve."""
    attributes = stack("u64", 16)
    low = stack("ptr", 1)
    size = stack("u64", 1)
    if pthread_getattr_np(pthread_self(), attributes) != 0:
        return 0
    pthread_attr_getstack(attributes, low, size)
    pthread_attr_destroy(attributes)
    limit = address_int(low[0])
    if size[0] > 64 * 1024 * 1024:             # unlimited stack: allow 64 MiB below here
        limit = stack_pointer() - 64 * 1024 * 1024
    return limit + C_STACK_RESERVE


@metal
def innermost_stack(ts: ThreadState) -> Thread:
    """The stack of the innermost VM frame that the host knows of; NULL: there is none."""
    iframe = ts.cframe.current_frame
    while iframe:
        if iframe.is_entry == VM_FRAME:
            return frame_of(iframe).thread
        iframe = iframe.previous
    return None


@metal
def is_free(thread: Thread) -> bool:
    """Whether a stack has no frames, and no generator runs that would put its callees there."""
    return thread.chunk == None and thread.generators == 0


@metal(cold=True)
def find_thread(ts: ThreadState) -> Thread:
    """The VM's record of a thread (where it has many, of its present stack), made at its first use; NULL with
    MemoryError."""
    thread: Thread = None
    if state.switching != 0:
        thread = innermost_stack(ts)
    if not thread:
        thread = state.threads
        while thread:
            if thread.ts == ts and (state.switching == 0 or is_free(thread)):
                break
            thread = thread.next
    if not thread:
        thread = cast(Thread, PyMem_RawCalloc(1, sizeof(Thread)))
        if not thread:
            PyErr_NoMemory()
            return None
        thread.ts = ts
        thread.next = state.threads
        state.threads = thread
    if thread.id != ts.id:                      # new, or a new thread state at an old one's address
        thread.id = ts.id
        thread.c_stack_limit = c_stack_limit()
    state.last_ts = ts if state.switching == 0 else None        # None: asked again at each entry
    state.last_id = ts.id
    state.last_thread = thread
    return thread


@metal(inline=True)
def current_thread() -> Thread:
    ts = PyThreadState_Get()
    if likely(state.last_ts == ts and state.last_id == ts.id):
        return state.last_thread
    return find_thread(ts)


@metal(cold=True)
def grow_stack(thread: Thread, bytes: int) -> ptr_t:
    """Start a new chunk that has room for `bytes`; NULL with MemoryError."""
    size = CHUNK_BYTES if state.switching == 0 or thread.chunk else FIRST_OF_MANY
    if bytes + sizeof(Chunk) > size:
        size = bytes + sizeof(Chunk)
    chunk = thread.spare
    if chunk and chunk.size >= size:
        thread.spare = None
    else:
        chunk = cast(Chunk, PyMem_RawCalloc(1, size))
        if not chunk:
            PyErr_NoMemory()
            return None
        chunk.size = size
    chunk.previous = thread.chunk
    chunk.saved_top = thread.top
    chunk.saved_limit = thread.limit
    chunk.first = cast(VOID_P, byte_offset(chunk, sizeof(Chunk)))
    thread.chunk = chunk
    thread.top = chunk.first
    thread.limit = cast(VOID_P, byte_offset(chunk, chunk.size))
    return chunk.first


@metal(cold=True)
def leave_chunk(thread: Thread):
    """The oldest frame of a chunk has ended: go back to the chunk before it, keep one as a spare."""
    chunk = thread.chunk
    thread.top = chunk.saved_top
    thread.limit = chunk.saved_limit
    thread.chunk = chunk.previous
    if thread.spare:
        PyMem_RawFree(thread.spare)
    thread.spare = chunk


@metal(cold=True)
def recursion_exceeded(ts: ThreadState) -> bool:
    """The recursion counter went below zero: RecursionError unless the host says otherwise."""
    return _Py_CheckRecursiveCall(ts, "") != 0


@metal(inline=True)
def link(frame: Frame):
    """Make the frame, whose host part is filled, the thread's current one."""
    cframe = frame.thread.ts.cframe
    frame.iframe.previous = cframe.current_frame
    if likely(frame.code.flags & HIDDEN == 0):
        cframe.current_frame = frame.iframe
    frame.linked = 1


@metal(inline=True)
def init_host_frame(iframe: InterpreterFrame, function: Function, code: VMCode):
    """Fill the host's part. It counts the code object; the function's reference is the frame's."""
    host = cast(Code, code.code)
    incref(host)
    iframe.f_func = function
    iframe.f_globals = function.func_globals
    iframe.f_builtins = function.func_builtins
    iframe.f_locals = None
    iframe.f_code = host
    iframe.frame_obj = None
    iframe.prev_instr = byte_offset(code.code_start, -2)
    iframe.stacktop = code.nlocalsplus
    iframe.is_entry = VM_FRAME
    iframe.owner = 0
    slots = field_address(iframe, "localsplus")
    for i in range(code.nlocalsplus):
        slots[i] = None


@metal
def link_frames(frame: Frame):
    """Fill and link the host's parts of this frame and of every caller that has gone without.

    Invariant: the callers of a linked frame are linked and their instructions are set."""
    top = frame
    below: Frame = None
    caller = top.caller
    while caller and caller.linked == 0:
        caller.iframe.previous = cast(InterpreterFrame, top)    # the way back down, where nothing stands yet
        top = caller
        caller = top.caller
    if caller:
        set_instruction(caller)
    while True:
        if top != frame:
            below = cast(Frame, top.iframe.previous)
        init_host_frame(top.iframe, top.function, top.code)
        link(top)
        set_instruction(top)
        if top == frame:
            return
        top = below


@metal(inline=True)
def init_frame(frame: Frame, thread: Thread, code: VMCode, iframe: InterpreterFrame, function: Function, caller: Frame):
    """Fill our part, as of a plain call; the registers are the caller's business."""
    frame.iframe = iframe
    frame.code = code
    frame.caller = caller
    frame.thread = thread
    frame.regs = cast(Reg, byte_offset(frame, sizeof(Frame)))
    frame.pool = code.pool
    frame.function = function
    frame.words = 3
    frame.kind = KIND_CALL
    frame.linked = 0
    frame.gen = None


@metal(inline=True)
def empty_registers(frame: Frame, first: int, last: int):
    """Mark registers as empty without looking at what they hold."""
    regs = cast(Reg, byte_offset(frame, sizeof(Frame)))
    for i in range(first, last):
        regs[i].tag = EMPTY


@metal(inline=True)
def lay_frame(thread: Thread, memory: ptr_t, code: VMCode, function: Function, caller: Frame) -> Frame:
    """Make a frame, not linked yet, in memory that has room; takes over the function's reference."""
    ts = thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1
    thread.top = byte_offset(memory, code.total_bytes)
    frame = cast(Frame, byte_offset(memory, code.head_bytes))
    init_frame(frame, thread, code, cast(InterpreterFrame, memory), function, caller)
    return frame


@metal
def push_frame(thread: Thread, code: VMCode, function: Function, caller: Frame) -> Frame:
    """A new frame for `code` with empty locals; takes over the function's reference; NULL with an exception.

    A frame without a caller is entered from C and linked here."""
    memory = thread.top
    bytes = code.total_bytes
    if unlikely(byte_distance(thread.limit, memory) < bytes):
        memory = grow_stack(thread, bytes)
        if not memory:
            decref(function)
            return None
    ts = thread.ts
    if unlikely(ts.recursion_remaining <= 0):
        ts.recursion_remaining = ts.recursion_remaining - 1
        if recursion_exceeded(ts):                  # which has taken the count back
            if memory == thread.chunk.first:
                leave_chunk(thread)
            decref(function)
            return None
        ts.recursion_remaining = ts.recursion_remaining + 1
    frame = lay_frame(thread, memory, code, function, caller)
    frame.pc = code.words
    empty_registers(frame, 0, code.nlocalsplus)     # temporaries are written before they are read
    if not caller:
        init_host_frame(frame.iframe, function, code)
        link(frame)
    return frame


@metal(inline=True)
def drop_registers(frame: Frame, count: int):
    """Empty the first `count` registers."""
    regs = frame.regs
    for i in range(count):
        if regs[i].tag == OBJECT:
            regs[i].tag = EMPTY
            decref(regs[i].object)


@metal
def drop_above(frame: Frame, first: int):
    """Empty the registers of the evaluation stack from one on, the topmost first, as the host empties its stack."""
    i = frame.code.nregs - 1
    while i >= first:
        drop(frame.regs[i])
        i = i - 1


@metal
def unlink_frame(frame: Frame, registers: int):
    """The host's side of a frame's end; what runs while its registers are dropped does not see it any more."""
    iframe = frame.iframe
    frame.thread.ts.cframe.current_frame = iframe.previous
    if unlikely(cast(Obj, iframe.frame_obj) != None):
        give_to_frame_object(frame)
    drop_registers(frame, registers)
    xdecref(iframe.f_locals)
    decref(iframe.f_code)


@metal(inline=True)
def pop_frame(frame: Frame, registers: int):
    """End a frame on the VM stack: drop its first `registers` registers, unlink it, free its memory."""
    if frame.linked != 0:
        unlink_frame(frame, registers)
    else:
        drop_registers(frame, registers)
    thread = frame.thread
    function = frame.function
    memory = cast(VOID_P, frame.iframe)
    thread.ts.recursion_remaining = thread.ts.recursion_remaining + 1
    thread.top = memory
    if unlikely(memory == thread.chunk.first):
        leave_chunk(thread)
    decref(function)
