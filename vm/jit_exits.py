"""Leaving compiled code: a small program per exit writes the state of the machine to memory.

    rt_exit(frame, 3, exits, counters, values, table) -> the handler to jump to; jit.out_pc, jit.out_frame: where

Compiled code stores what is alive at the exit to the words behind its counters and comes here. What the exit's block
does is not machine code but a program (exit_format.py), written by codegen/exit_programs.py: exits are many and rarely
taken, so they should cost the compiler as little as possible.
"""
from __future__ import annotations

from .exit_format import *  # noqa: F403
from .handlers.recording import *  # noqa: F403

TIMES_HOT = 32                  # that an exit is taken before it is recorded, a power of two
CODE_MASK, SLOT_MASK = 255, 4095
NAN_BITS, INFINITY_BITS = (1 << 63) - 1, 0x7FF << 52
words_p = pointer_to("i64")


@metal
def exit_call(slots: words_p, word: int, slot_words: int, number: float) -> int:
    """Call a function of the runtime; it takes what it wants of the registers for whole numbers and for floats."""
    function = cast(VOID_P, slots[lshr(word, 20) & SLOT_MASK])
    return call_pointer("i64", function, slots[slot_words & SLOT_MASK], slots[lshr(slot_words, 12) & SLOT_MASK],
                        slots[lshr(slot_words, 24) & SLOT_MASK], slots[lshr(slot_words, 36) & SLOT_MASK],
                        slots[lshr(slot_words, 48) & SLOT_MASK], number)


@metal(inline=True)
def tag_of(word: int) -> int:
    """The number with a sign in the place of an operation's result."""
    return (word << 44) >> 52


@metal(cold=True)
def store_nan(slots: words_p, r: Reg, slot: int, stored: Reg, stored_slot: int):
    """A NaN to a register: the interpreter has them boxed, the same one where a value is in two registers."""
    if stored_slot == slot and stored.tag == OBJECT:
        r.object = new_ref(stored.object)
        r.tag = OBJECT
        return
    r.payload = slots[slot]
    r.tag = FLOAT
    if not boxed(r):
        PyErr_Clear()


@metal
def run_exit(slots: words_p, program: words_p, count: int):
    """Carry out the operations of an exit."""
    at = 0
    stored: Reg = None
    stored_slot = 0
    while at < count:
        word = program[at]
        at = at + 1
        op = word & CODE_MASK
        a = slots[lshr(word, 20) & SLOT_MASK]
        if op == EXIT_STORE:
            byte_offset(cast(words_p, a), lshr(word, 44))[0] = slots[lshr(word, 32) & SLOT_MASK]
        elif op == EXIT_REGISTER:
            r = cast(Reg, byte_offset(cast(words_p, a), lshr(word, 44)))
            r.payload = slots[lshr(word, 32) & SLOT_MASK]
            r.tag = tag_of(word)
        elif op == EXIT_TAG:
            byte_offset(cast(words_p, a), lshr(word, 44))[0] = tag_of(word)
        elif op == EXIT_FLOAT:
            r = cast(Reg, byte_offset(cast(words_p, a), lshr(word, 44)))
            slot = lshr(word, 32) & SLOT_MASK
            if unlikely(slots[slot] & NAN_BITS > INFINITY_BITS):
                store_nan(slots, r, slot, stored, stored_slot)
                stored = r
                stored_slot = slot
            else:
                r.payload = slots[slot]
                r.tag = FLOAT
        elif op == EXIT_INCREF:
            incref(cast(Obj, a))
        elif op == EXIT_OFFSET:
            slots[lshr(word, 8) & SLOT_MASK] = a + lshr(word, 44)
        elif op == EXIT_TRUTH:
            slots[lshr(word, 8) & SLOT_MASK] = a & 1
        elif op == EXIT_DECREF:
            decref(cast(Obj, a))
        else:
            number = 0.0
            if op == EXIT_CALL_FLOAT:
                number = cast(float_out, slots + (lshr(word, 32) & SLOT_MASK))[0]
            result = exit_call(slots, word, program[at], number)
            at = at + 1
            slots[lshr(word, 8) & SLOT_MASK] = result


@metal
def rt_exit(root: Frame, number: int, exits: words_p, counters: words_p, values: words_p, table: ptr_p) -> VOID_P:
    """Take an exit. The handler that goes on: the interpreter's or, at 32, 64, 128 ... times, the recorder's."""
    if unlikely(cast(VOID_P, spare.first) == None):
        set_aside()
    taken = 0
    at = exits[number + 2]
    if at > 0:
        taken = counters[number + 1] + 1
        counters[number + 1] = taken
    else:
        at = -at
    program = exits + at
    sizes = program[2]
    alive = sizes & SLOT_MASK
    literals = lshr(sizes, 12) & SLOT_MASK
    slots = stack("i64", EXIT_SLOTS)
    slots[0] = address_int(root)
    copy(cast(VOID_P, slots + 1), cast(VOID_P, values), 8 * alive)
    copy(cast(VOID_P, slots + FIRST_LITERAL), cast(VOID_P, program + 3), 8 * literals)
    run_exit(slots, program + (3 + literals), lshr(sizes, 24) & 65535)
    pc = cast(u64p, program[0])
    jit.out_pc = pc
    jit.out_frame = cast(Frame, slots[lshr(sizes, 40)])
    if unlikely(taken >= TIMES_HOT and taken & (taken - 1) == 0):
        jit.exit_number = number
        jit.exit_region = exits[0]
        jit.exit_depth = program[1]
        jit.exit_header = cast(u64p, exits[1])
        return cast(VOID_P, address_of_table("op_HOT_EXIT"))
    return table[pc[0] & OPCODE_MASK]


EXIT_RUNTIME = ["rt_exit"]
