"""Where the processor's time goes: a signal handler that counts places, for `fire explain`.

    take_sample(signal, info, context)      the handler; tracer/sampling.py installs it and its timer
    fire_sampler.slots                      (place, mode, frame's, caller's, count) in an open hash table

A place is an address in compiled code, or the word of bytecode that a handler is at; 0 where neither is found. In a
handler the word is in r12, its table in r15. What handlers and compiled code call is unwound by the system's own
unwinder, through the host and its libraries, to the first frame that is one of ours; it gives the registers as they
were there. Where a handler's frame and its caller were last seen is noted, too. Nothing here is used, and nothing
costs, without `fire explain`.

Invariants: the handler calls nothing but the unwinder (which takes no lock where the C library is glibc 2.35 or
newer), makes no object and counts no reference. The table is emptied by a thread that has set `busy`; what comes
meanwhile, and what finds no room, is counted as lost.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .handlers.recording import *  # noqa: F403

# Of ucontext_t on x86-64 Linux: where the registers lie, and which is which there. In DWARF r12 is 12 and r15 is 15.
SAVED_REGISTERS, AT_R12, AT_R13, AT_R14, AT_R15, AT_IP = 40, 4, 5, 6, 7, 16
STOP_WALK = 4                   # _URC_NORMAL_STOP: the unwinder has gone far enough
SLOTS_TRIED = 16                # slots looked at for a place
HASH_FACTOR = 0x1E3779B97F4A7C15        # for hashing: odd
COLLECTING_AT = -1              # word before the list `garbage` in the state of the host's collector
SLOT_WORDS = 5
LOWEST = 1 << 16                # address that memory of a program may have
# In compiled code; in what that calls; in one of the interpreter's handlers that it calls; in a handler; in what a
# handler calls outside of the core; in the collector; in the JIT or the translator; nowhere of ours. As in
# tracer/sampling.py.
IN_COMPILED, IN_CALLED, IN_STEP, IN_INTERPRETER, IN_LIBRARY, IN_COLLECTOR, IN_JIT, IN_OUTSIDE = range(8)

Sampler = struct("Sampler", """slots:i64* mask:i64 busy:i64 lost:i64 backtrace:ptr ip_of:ptr register_of:ptr
    core_start:i64 core_end:i64 ranges:i64* nranges:i64""")
sampler = Static("fire_sampler", Sampler)


@metal(inline=True)
def is_handler(ip: int) -> bool:
    return ip >= address_of_table("handlers_begin") and ip < address_of_table("handlers_end")


@metal(inline=True)
def is_compiled(ip: int) -> bool:
    ranges = sampler.ranges
    for i in range(sampler.nranges):
        if ip >= ranges[2 * i] and ip < ranges[2 * i + 1]:
            return True
    return False


@metal
def count_sample(found: int_out):
    """Count a place: a word, a mode and two words more."""
    at = lshr((found[0] ^ found[2]) * HASH_FACTOR, 40) + found[1]
    for _ in range(SLOTS_TRIED):
        slot = sampler.slots + (at & sampler.mask) * SLOT_WORDS
        if slot[4] == 0:
            copy(cast(VOID_P, slot), cast(VOID_P, found), 32)
        if slot[0] == found[0] and slot[1] == found[1] and slot[2] == found[2] and slot[3] == found[3]:
            slot[4] = slot[4] + 1
            return
        at = at + 1
    sampler.lost = sampler.lost + 1


@metal
def own_thread() -> Thread:
    """The record of the thread that runs here, if it has the host's lock."""
    thread = state.last_thread
    ts = _PyThreadState_UncheckedGet()
    if cast(VOID_P, thread) == None or cast(VOID_P, ts) == None:
        return None
    if thread.ts != ts or ts.thread_id != pthread_self():
        return None
    return thread


@metal
def find_frame(found: int_out, regs: int, frame: Frame):
    """Where the frame of a handler, and the one below it, were last seen: the handler may have r12 in use for
    something else, and what a builtin's stand-in does is done at the line that calls it. Registers lie right behind
    their frame, else that is no frame; one that is being made may have any caller."""
    at = address_int(frame)
    thread = own_thread()
    if cast(VOID_P, thread) == None or at < LOWEST or regs != at + sizeof(Frame):
        return
    found[2] = address_int(frame.pc)
    below = address_int(frame.caller)
    if below >= address_int(thread.chunk) and below < address_int(thread.limit):
        found[3] = address_int(frame.caller.pc)


@metal
def find_host_frame(found: int_out):
    """The instruction of the innermost frame that the host knows: it is set before foreign code is called."""
    thread = own_thread()
    if cast(VOID_P, thread) != None:
        frame = thread.ts.cframe.current_frame
        if cast(VOID_P, frame) != None:
            found[2] = address_int(frame.prev_instr)


@metal
def walk_sample(context: VOID_P, found: int_out) -> int:
    """For the unwinder, at each frame: stop at the first one of ours. `found`: as `count_sample` wants it; the mode
    is where it began, IN_COMPILED for the core, else IN_LIBRARY."""
    ip = call_pointer("i64", sampler.ip_of, context) - 1
    if is_compiled(ip):
        found[0] = ip
        found[1] = IN_CALLED
        return STOP_WALK
    if is_handler(ip):
        found[0] = call_pointer("i64", sampler.register_of, context, 12)
        find_frame(found, call_pointer("i64", sampler.register_of, context, 13),
                   cast(Frame, call_pointer("ptr", sampler.register_of, context, 14)))
        if call_pointer("i64", sampler.register_of, context, 15) == address_of_table("step_table"):
            found[1] = IN_STEP
        elif found[1] == IN_COMPILED:
            found[1] = IN_INTERPRETER
        return STOP_WALK
    return 0


@metal
def find_sample(found: int_out, registers: int_out):
    """Where a thread is that was interrupted."""
    ip = registers[AT_IP]
    found[0] = ip
    found[1] = IN_COMPILED
    if is_compiled(ip):
        return
    found[0] = 0
    if is_handler(ip):
        found[0] = registers[AT_R12]
        found[1] = IN_STEP if registers[AT_R15] == address_of_table("step_table") else IN_INTERPRETER
        find_frame(found, registers[AT_R13], cast(Frame, registers[AT_R14]))
    elif sampler.backtrace != None:
        found[1] = IN_COMPILED if ip >= sampler.core_start and ip < sampler.core_end else IN_LIBRARY
        call_pointer("i32", sampler.backtrace, walk_sample, found)
        if found[1] == IN_LIBRARY and found[2] == 0:
            find_host_frame(found)
    if found[0] == 0:
        found[1] = IN_OUTSIDE
    elif cast(VOID_P, collector.base) != None and collector.base[COLLECTING_AT] & 0xFFFFFFFF != 0:
        found[1] = IN_COLLECTOR


@metal
def is_own_work() -> bool:
    """Whether the JIT or the translator is at work in this thread."""
    thread = state.last_thread
    if jit.busy != 0:
        thread = jit.thread
    if cast(VOID_P, thread) == None:
        return False
    if jit.busy == 0 and thread.translating == 0:
        return False
    return thread.ts.thread_id == pthread_self()


@metal
def take_sample(signal: int, info: VOID_P, context: VOID_P):
    """The signal handler."""
    if sampler.busy != 0:
        sampler.lost = sampler.lost + 1
        return
    sampler.busy = 1
    found = stack("i64", 4)
    zero(found, 32)
    found[1] = IN_JIT
    if not is_own_work():
        find_sample(found, cast(int_out, byte_offset(context, SAVED_REGISTERS)))
    count_sample(found)
    sampler.busy = 0
