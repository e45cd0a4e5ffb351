"""Frame objects, and what one takes along when its frame ends.

    make_frame_object(frame)        the object that tracebacks and sys._getframe show
    give_to_frame_object(frame)     the frame ends: its object gets a copy of the host's part that owns the locals
    publish_locals(frame)           the registers, boxed, for locals() and f_locals; withdraw_locals undoes it
"""
from __future__ import annotations

from ..bytecode.ops import OPS
from ..codegen.metal import metal
from ..codegen.metal.lower import OPCODE_MASK
from .spare import *  # noqa: F403

RETURN_CODE = OPS["RETURN"].code


@metal(inline=True)
def head_bytes(host: Code) -> int:
    """The size of the host's part of a frame."""
    return (72 + 8 * host.co_nlocalsplus + 15) // 16 * 16


@metal(inline=True)
def frame_of(iframe: InterpreterFrame) -> Frame:
    """Our part of a frame that the VM runs, which lies behind the host's."""
    return cast(Frame, byte_offset(cast(VOID_P, iframe), head_bytes(iframe.f_code)))


@metal
def publish_locals(frame: Frame) -> bool:
    """Box every local into the host's part of the frame (for locals(), f_locals); False with MemoryError.

    Compiled code knows the numbers of its frames and does not look for boxes in their place: they stay as they are."""
    slots = field_address(frame.iframe, "localsplus")
    regs = frame.regs
    copied = stack(Reg, 1)
    for i in range(frame.code.nlocalsplus):
        old = slots[i]
        if regs[i].tag == EMPTY:
            slots[i] = None
        else:
            copied.payload = regs[i].payload
            copied.tag = regs[i].tag
            if frame.code.compiled != 0 and copied.tag != OBJECT:
                slots[i] = boxed(copied)
            else:
                slots[i] = boxed(regs[i])
                if slots[i]:
                    incref(slots[i])
            if not slots[i]:
                slots[i] = old
                return False
        xdecref(old)
    return True


@metal
def is_published(frame: Frame) -> bool:
    """Whether the host's part shows locals now, as it does while a tracer is called."""
    slots = field_address(frame.iframe, "localsplus")
    for i in range(frame.code.nlocalsplus):
        if slots[i]:
            return True
    return False


@metal
def withdraw_locals(iframe: InterpreterFrame, count: int):
    """Undo `publish_locals`."""
    slots = field_address(iframe, "localsplus")
    for i in range(count):
        o = slots[i]
        slots[i] = None
        xdecref(o)


@metal
def settle_instruction(frame: Frame):
    """Where a frame object says its frame ended: at the RETURN, past the prologue in any case."""
    if frame.pc[0] & OPCODE_MASK == RETURN_CODE:
        set_instruction(frame)
    iframe = frame.iframe
    start = byte_offset(frame.code.code_start, 2 * Code(frame.code.code)._co_firsttraceable)
    if address_int(iframe.prev_instr) < address_int(start):
        iframe.prev_instr = start


@metal(inline=True)
def put_aside(ts: ThreadState, kept: obj_p):
    """Take the exception that is set off the thread, while something runs that must not see it."""
    kept[0] = ts.curexc_type
    kept[1] = ts.curexc_value
    kept[2] = ts.curexc_traceback
    ts.curexc_type = None
    ts.curexc_value = None
    ts.curexc_traceback = None


@metal(inline=True)
def put_back(ts: ThreadState, kept: obj_p):
    """Undo put_aside; what has been set meanwhile is dropped."""
    if unlikely(cast(VOID_P, ts.curexc_type) != None):
        PyErr_Clear()
    ts.curexc_type = kept[0]
    ts.curexc_value = kept[1]
    ts.curexc_traceback = kept[2]


@metal(inline=True)
def is_complete(frame: Frame) -> bool:
    """Whether the program may see the frame: its prologue has run."""
    code = frame.code
    start = byte_offset(code.code_start, 2 * Code(code.code)._co_firsttraceable)
    return address_int(frame.iframe.prev_instr) >= address_int(start)


@metal
def make_frame_object(frame: Frame) -> FrameObject:
    """The frame object of a linked frame that has none, as the host makes it; borrowed, NULL with an exception."""
    host = Code(frame.code.code)
    made = _PyObject_GC_NewVar(cast(TypeObject, PyFrame_Type), host.co_nlocalsplus + host.co_stacksize)
    if unlikely(not made):
        return None
    iframe = frame.iframe
    if unlikely(cast(Obj, iframe.frame_obj) != None):       # made by what the collector ran
        PyObject_GC_Del(cast(VOID_P, made))
        return iframe.frame_obj
    object = cast(FrameObject, made)
    object.f_back = None
    object.f_trace = None
    object.f_lineno = 0
    object.f_trace_lines = 1
    object.f_trace_opcodes = 0
    object.f_fast_as_locals = 0
    object.f_frame = iframe
    iframe.frame_obj = object
    return object


@metal
def move_locals(frame: Frame) -> bool:
    """Every local of a frame that ends becomes its host part's; False with MemoryError."""
    slots = field_address(frame.iframe, "localsplus")
    regs = frame.regs
    for i in range(frame.code.nlocalsplus):
        old = slots[i]
        if regs[i].tag == EMPTY:
            slots[i] = None
        else:
            o = boxed(regs[i])
            if unlikely(not o):
                return False
            slots[i] = o
            regs[i].tag = EMPTY
        xdecref(old)
    return True


@metal
def give_to_frame_object(frame: Frame):
    """The frame ends while a frame object for it exists: the object takes a copy that owns the locals."""
    iframe = frame.iframe
    object = iframe.frame_obj
    iframe.frame_obj = None
    if object.ob_refcnt == 1:                       # nobody kept it
        decref(object)
        return
    ts = frame.thread.ts
    kept = stack("Obj", 3)
    put_aside(ts, kept)
    if unlikely(not move_locals(frame)):
        PyErr_Clear()
    settle_instruction(frame)
    bytes = 72 + 8 * frame.code.nlocalsplus         # head_bytes may be rounded up
    copied = cast(InterpreterFrame, field_address(object, "_f_frame_data"))
    copy(copied, iframe, bytes)
    copied.frame_obj = None
    zero(field_address(iframe, "localsplus"), bytes - 72)
    incref(copied.f_func)
    incref(copied.f_code)
    if copied.f_locals:
        incref(copied.f_locals)
    own_frame_copy(frame, object, copied)
    put_back(ts, kept)
    decref(object)


@metal
def own_frame_copy(frame: Frame, object: FrameObject, copied: InterpreterFrame):
    """Make `object` the owner of its copied frame, its f_back a real frame object."""
    previous = copied.previous
    object.f_frame = copied
    copied.owner = 2                                # FRAME_OWNED_BY_FRAME_OBJECT
    copied.previous = None
    if previous and not cast(Obj, object.f_back):
        caller = frame.caller
        if likely(caller and caller.iframe == previous and is_complete(caller)):
            found = previous.frame_obj
            if not cast(Obj, found):
                found = make_frame_object(caller)
            if cast(Obj, found):
                incref(found)
            object.f_back = found
        else:
            object.f_back = shown_frame(frame.thread.ts, previous)
        PyErr_Clear()
    if PyObject_GC_IsTracked(object) == 0:
        PyObject_GC_Track(object)


@metal(cold=True)
def shown_frame(ts: ThreadState, iframe: InterpreterFrame) -> FrameObject:
    """The frame object of a host's frame, or of the next one that a program may see; new reference."""
    cframe = ts.cframe
    current = cframe.current_frame
    cframe.current_frame = iframe
    object = PyThreadState_GetFrame(ts)
    cframe.current_frame = current
    return object
