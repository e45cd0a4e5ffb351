"""What compiled code calls to run generators inside of itself (specializer/generators.py says how).

    rt_adopt(generator, code, globals, pc) -> its frame, or NULL       nothing is changed
    parked: marked as running, not linked, its registers in part only in compiled code
    rt_rest, rt_run: from parked to waiting at a YIELD, to running for a FOR_ITER     rt_park: from running to parked
"""
from __future__ import annotations

from ..codegen.metal import metal
from .handlers.recording import *  # noqa: F403


@metal
def rt_generator(root: Frame, function: Obj, code: VMCode) -> Obj:
    """A generator that a call of `function` gives; its arguments are put into its registers later."""
    made = insist(new_generator(root.thread, cast(FireFunction, function), code), use_spare())
    count_run(code, False)
    return made


@metal
def rt_adopt(o: Obj, code: VMCode, globals: Obj, pc: u64p) -> Frame:
    """The frame of a generator that may be resumed at `pc` and has this code and these globals."""
    status = cast(Gen, o).gi_frame_state
    if status != FRAME_SUSPENDED and status != FRAME_CREATED:
        return None
    frame = generator_frame(o)
    if frame.code != code or frame.pc != pc or frame.words != 0 or frame.function.func_globals != globals:
        return None
    return frame


@metal
def rt_rest(frame: Frame, pc: u64p):
    """A parked frame waits: at a YIELD, or to begin."""
    frame.pc = pc
    gen = cast(Gen, frame.gen)
    gen.gi_frame_state = FRAME_SUSPENDED if pc[0] & OPCODE_MASK == YIELD_CODE else FRAME_CREATED


@metal(inline=True)
def levels(frame: Frame, change: int):
    """A call of send is a level of calls."""
    if frame.kind == KIND_SENT:
        ts = frame.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + change


@metal
def rt_run(frame: Frame, consumer: Frame, pc: u64p, kind: int):
    """A parked frame runs for the FOR_ITER or SEND of `consumer` at `pc`."""
    sync(consumer, pc)
    frame.kind = kind
    frame.caller = consumer
    start_running(cast(Gen, frame.gen), frame, consumer.thread)
    levels(frame, -1)


@metal
def rt_park(frame: Frame):
    """A running frame is parked."""
    levels(frame, 1)
    stop_running(cast(Gen, frame.gen), frame)


@metal
def rt_end_generator(frame: Frame, pc: u64p):
    """A parked frame, its registers empty, has come to its RETURN at `pc`."""
    frame.pc = pc
    clear_generator(cast(Gen, frame.gen), frame)


GENERATOR_FUNCTIONS = "rt_generator rt_adopt rt_rest rt_run rt_park rt_end_generator".split()
