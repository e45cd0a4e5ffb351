"""Where the JIT comes in: hot counters, the table that records, compiled code, single steps for compiled code.

    LOOP, RESUME               count; at the threshold the recorder starts
    RECORD                     every opcode of `record_table`: logs the instruction, then carries it out
    LOOP_COMPILED, RESUME_COMPILED     what the JIT puts in the place of LOOP and RESUME
    STEPPED                    every opcode of `step_table`: back to the compiled code that wanted one instruction run

The log has an entry of ENTRY_WORDS words for each instruction (see tracer/profile.py, its only reader). Recording ends
after some rounds of the loop, with the log full, or when the frame is left; then the hook is called once, with why.
"""
from __future__ import annotations

from ..recording import *  # noqa: F403
from .tracing import *  # noqa: F403

SEPARATE = 8            # generators are hot on their own account after so many times the threshold


@metal
def follows_loop(frame: Frame) -> bool:
    """Whether a frame is a generator's that runs for a loop of the VM, which is as hot and will take it in."""
    return cast(VOID_P, frame.gen) != None and (frame.kind == KIND_FOR_ITER
                                                 or frame.kind == KIND_ENUMERATE)


@handler("LOOP", 3)
def LOOP():
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if ins & X_BIT != 0:                        # set at loading where nothing counts
        return jump(pc + D)
    turns = pc[1] + 1
    pc[1] = turns
    if unlikely(turns >= jit.loop_threshold):
        if cast(VOID_P, frame.gen) and turns < SEPARATE * jit.loop_threshold:     # where it is resumed counts, too
            return jump(pc + D)
        pc[1] = 0
        if may_record(frame):
            start_recording(frame, pc + D, pc + D, 0)
            if jit.stored != 0:
                if not ask_first(frame, pc + D):
                    return tail("ERROR")
                if jit.record_now != 1 or not may_record(frame):
                    pc[1] = jit.record_now
                    return jump(pc + D)
                start_recording(frame, pc + D, pc + D, 0)
            return go_recorded(pc + D)
    return jump(pc + D)


@handler("RESUME", 3)
def RESUME():
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    calls = pc[1] + 1
    pc[1] = calls
    threshold = jit.call_threshold if A == 0 else jit.loop_threshold        # a resumption is a turn of a loop, mostly
    if unlikely(calls >= threshold):
        if follows_loop(frame) and calls < SEPARATE * threshold:
            return
        pc[1] = 0
        if may_record(frame):
            start_recording(frame, pc + 3, pc + 3, 1)
            if jit.stored != 0:
                if not ask_first(frame, pc):
                    return tail("ERROR")
                if jit.record_now != 1 or not may_record(frame):
                    pc[1] = jit.record_now
                    return
                start_recording(frame, pc + 3, pc + 3, 1)
            return go_recorded(pc + 3)


@handler("LOOP_COMPILED", 3)
def LOOP_COMPILED():
    if unlikely(cast(VOID_P, spare.first) == None):
        set_aside()
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(frame.thread.ts.cframe.use_tracing != 0):
        return jump(pc + D)
    return tail_to(cast(VOID_P, pc[2]))


@handler("RESUME_COMPILED", 3)
def RESUME_COMPILED():
    if unlikely(cast(VOID_P, spare.first) == None):
        set_aside()
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(frame.thread.ts.cframe.use_tracing != 0):
        return
    return tail_to(cast(VOID_P, pc[2]))


@handler("RECORD")
def RECORD():
    if unlikely(jit.recording == 0 or jit.thread != frame.thread):
        return untraced()
    if unlikely(frame.thread.ts.cframe.use_tracing != 0):
        jit.recording = 0
        return untraced()
    end = record(frame, pc)
    if unlikely(end != 0):
        if not finish_recording(frame, pc, end):
            return tail("ERROR")
        return untraced()
    op = pc[0] & OPCODE_MASK
    if op == LOOP_COMPILED_CODE:
        return jump(pc + D)
    if op == RESUME_COMPILED_CODE:
        return fall(3)
    return traced_instruction()


@handler("HOT_EXIT")
def HOT_EXIT():
    """An exit of compiled code has been taken often: record what comes after it. Code that other compiled
    code has called goes back there first, to the one that the interpreter entered."""
    if address_int(table) != address_of_table("main_table"):
        jit.hot_pending = 1
        jit.out_pc = pc
        jit.out_frame = frame
        return leave()
    jit.hot_pending = 0
    if may_record(frame):
        start_recording(root_above(frame, jit.exit_depth), pc, jit.exit_header, 2)
        return go_recorded(pc)
    return untraced()


@handler("LEAVE")
def LEAVE():
    """Compiled code ends where code that it called wants to go on."""
    if address_int(table) == address_of_table("main_table"):
        if jit.hot_pending != 0 and jit.out_frame == frame and jit.out_pc == pc:
            return tail("HOT_EXIT")
        jit.hot_pending = 0
        return untraced()
    jit.out_pc = pc
    jit.out_frame = frame
    return leave()


@handler("STEPPED")
def STEPPED():
    jit.out_pc = pc
    jit.out_frame = frame
    return leave()
