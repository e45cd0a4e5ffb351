"""`async for` over our async generators without C recursion: SEND to the ASend that `__anext__` gave.

The ASend stands in R[A] of the consumer's SEND; the async generator's frame runs with KIND_ASEND and goes
back to that SEND: an async yield ends it (R[A] = value, jump), an awaited object passes through (R[A+1],
behind it), the generator's end raises StopAsyncIteration there. What cannot go this way (asend with a value,
a generator already running, ...) takes the C entry, asend_send.
"""
from __future__ import annotations

from .async_generator import *  # noqa: F403


@metal(inline=True)
def resume_asend(frame: Frame, pc: u64p, ra: Reg) -> Frame:
    """The async generator's frame to go on in, or NULL: nothing has happened, use the C entry."""
    awaiter = cast(Awaiter, ra.object)
    gen = awaiter.gen
    if awaiter.status == INIT:
        if gen.gi_running_async != 0 or awaiter.argument:
            return None
    elif awaiter.status == CLOSED:
        return None
    callee = resume_with(frame, pc, cast(Obj, gen), KIND_ASEND, ra[1].payload, ra[1].tag)
    if callee:
        awaiter.status = ITER
        gen.gi_running_async = 1
        ra[1].tag = EMPTY
    return callee


@metal(inline=True)
def asend_of(caller: Frame) -> Reg:
    """The register of the ASend that the frame's SEND drives."""
    return caller.regs[lshr(caller.pc[0], 16) & 65535]


@metal(inline=True)
def end_asend(gen: Gen, caller: Frame):
    """The ASend has had its answer."""
    gen.gi_running_async = 0
    cast(Awaiter, asend_of(caller).object).status = CLOSED


@metal
def yielded_to_asend(frame: Frame, payload: int, tag: int) -> Frame:
    """A YIELD of a frame resumed by resume_asend: the consumer's frame to go on in."""
    caller = frame.caller
    r = asend_of(caller)
    if frame.words == ASYNC_YIELD:
        frame.words = 0
        end_asend(cast(Gen, frame.gen), caller)
        caller.pc = caller.pc + (caller.pc[0] >> 32)
        set_raw(r, payload, tag)
    else:
        caller.pc = caller.pc + 1
        set_raw(r[1], payload, tag)
    return caller


@metal
def returned_to_asend(gen: Gen, caller: Frame):
    """The async generator has come to its end."""
    gen.gi_closed = 1
    end_asend(gen, caller)
    PyErr_SetNone(PyExc_StopAsyncIteration[0])


@metal(cold=True)
def failed_in_asend(gen: Gen, caller: Frame):
    """An exception has left the async generator's frame."""
    if is_end():
        gen.gi_closed = 1
    end_asend(gen, caller)
