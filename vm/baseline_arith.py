"""Numbers, conditions and guards of the IR as x86-64 instructions, one function for each kind of record.

    ALU ADD  %v5 = %v3, 10       mov rsi, rdi; add rsi, 10
    GUARD    %v6 -> B9           test rbx, rbx; je B9

A comparison whose one use is the guard or branch behind it leaves the machine's flags to it (`plan.flags`: the
condition and one). rax, rcx, rdx, r11, xmm0, xmm1 and xmm15 hold values within an operation only.
"""
from __future__ import annotations

from .baseline_moves import *  # noqa: F403

SIGN, ALL_BUT_SIGN = 1 << 63, (1 << 63) - 1
CMP = 7                                     # an operation of alu()
ROUND_DOWN = 9                              # towards minus infinity, no exception for inexact


@metal(inline=True)
def first_of(record: words_p) -> int:
    return record[3]


@metal(inline=True)
def second_of(record: words_p) -> int:
    return record[4]


@metal(inline=True)
def sub_of(record: words_p) -> int:
    return record[0] >> 8 & 255


# --------------------------------------------------------------------------------------------- integers
@metal
def with_number(extension: int, reg: int, value: int):
    """An operation of a register and a number of 32 bits."""
    if ult(value + 128, 256):
        op_rr(GROUP_83, extension, reg)
        byte(value)
    else:
        op_rr(GROUP_81, extension, reg)
        quad(value, 4)


@metal
def alu(operation: int, reg: int, operand: int):
    """reg = reg op operand."""
    if small_number(operand):
        with_number(operation, reg, number_of(operand))
    elif is_number(operand):
        load_number(R11, number_of(operand))
        op_rr(operation << 3 | 3 | WIDE, reg, R11)
    else:
        op_any(operation << 3 | 3 | WIDE, reg, operand, 0)


@metal
def multiply(reg: int, operand: int):
    """reg = reg * operand."""
    if is_number(operand):
        load_number(R11, number_of(operand))
        op_rr(IMUL, reg, R11)
    else:
        op_any(IMUL, reg, operand, 0)


@metal
def write_alu(record: words_p, product: bool):
    """An operation of two words; the flags are those of the operation."""
    a = first_of(record)
    b = second_of(record)
    reg = result_register(record[1])
    if place_of(b) == reg:
        reg = RAX                           # b is not to be overwritten by a
    fetch(reg, a)
    if product:
        multiply(reg, b)
    else:
        alu(sub_of(record), reg, b)
    put_result(record[1], reg)              # moves leave the flags


@metal
def write_shift(record: words_p):
    count = second_of(record)
    extension = sub_of(record)
    if is_number(count):
        reg = result_register(record[1])
        fetch(reg, first_of(record))
        op_rr(GROUP_C1, extension, reg)
        byte(number_of(count) & 63)
        put_result(record[1], reg)
        return
    fetch(RCX, count)
    fetch(RAX, first_of(record))
    op_rr(GROUP_D3, extension, RAX)
    put_result(record[1], RAX)


@metal
def write_division(record: words_p, wanted: int):
    """Both results of a signed division are made."""
    fetch(RAX, first_of(record))
    fetch(RCX, second_of(record))
    byte(0x48)
    byte(0x99)                              # cqo
    op_rr(GROUP_F7, 7, RCX)
    put_result(record[1], wanted)


# ------------------------------------------------------------------------------------------- conditions
@metal
def set_truth(result: int, condition: int):
    """A result of 0 or 1 by the flags."""
    byte(0x0F)
    byte(0x90 | condition)
    byte(0xC0)                              # setcc al
    op_rr(0xB6 | ESCAPE, RAX, RAX)          # movzx eax, al
    put_result(result, RAX)


@metal
def leave_flags(record: words_p, result: int, condition: int):
    """A truth by the flags: for the record behind it if nobody else wants it, else as a value."""
    if result < 0:
        return
    following = next_record(record)
    kind = kind_of(following)
    if kind == GUARD or kind == GUARD_NOT or kind == BRANCH:
        if following[3] == result and plan.uses[result >> 2] == 1 and plan.stress == 0:
            plan.flags = condition + 1
            return
    if plan.uses[result >> 2] > 0:
        set_truth(result, condition)


@metal
def write_compare(record: words_p):
    reg = in_register(first_of(record), RAX)
    b = second_of(record)
    if is_number(b) and number_of(b) == 0:
        op_rr(TEST, reg, reg)
    else:
        alu(CMP, reg, b)
    leave_flags(record, record[1], sub_of(record))


@metal
def write_float_compare(record: words_p):
    """Not ordered is not less, not equal, not greater."""
    sub = sub_of(record)
    a = first_of(record)
    b = second_of(record)
    if sub == FLOAT_LT or sub == FLOAT_LE:
        a = second_of(record)
        b = first_of(record)
    left = in_float(a, 0)
    right = in_float(b, 1)
    op_rr(UCOMISD, left, right)
    if sub == FLOAT_EQ or sub == FLOAT_NE:
        byte(0x0F)
        byte(0x9B if sub == FLOAT_EQ else 0x9A)         # setnp al, setp al
        byte(0xC0)
        byte(0x0F)
        byte(0x94 if sub == FLOAT_EQ else 0x95)         # sete cl, setne cl
        byte(0xC1)
        op_rr(0x23 if sub == FLOAT_EQ else 0x0B, RAX, RCX)
        op_rr(0xB6 | ESCAPE, RAX, RAX)
        put_result(record[1], RAX)
        return
    condition = NOT_BELOW
    if sub == FLOAT_LT or sub == FLOAT_GT:
        condition = ABOVE
    elif sub == FLOAT_ORDERED:
        condition = NO_PARITY
    leave_flags(record, record[1], condition)


@metal
def condition_of(operand: int) -> int:
    """The condition under which a truth is true, the flags set; -1: it is true, -2: it is false, whatever they are."""
    if plan.flags:
        found = plan.flags - 1
        plan.flags = 0
        return found
    if is_number(operand):
        return -1 if number_of(operand) else -2
    place = place_of(operand)
    if ult(place, FIRST_FLOAT):
        op_rr(TEST, place, place)
    else:
        op_any(CMP_TO_8, CMP, operand, 1)
        byte(0)
    return NOT_EQUAL


@metal
def jump_unless(operand: int, wanted: bool, target: int):
    """To a block unless a truth is as wanted."""
    condition = condition_of(operand)
    if condition < 0:
        if (condition == -1) != wanted:
            jump_to(target)
        return
    jump_if(condition ^ 1 if wanted else condition, target)


@metal
def write_guard(record: words_p, wanted: bool):
    jump_unless(first_of(record), wanted, record[2])
    if plan.stress and sub_of(record) != UNSTRESSED:
        fetch_counter(plan.stress_counter)
        op_rr(0x31, RDX, RDX)                           # xor edx, edx
        load_number(RCX, plan.stress)
        op_rr(GROUP_F7, 6, RCX)
        op_rr(TEST, RDX, RDX)
        jump_if(EQUAL_TO, record[2])


@metal
def fetch_counter(number: int):
    """A counter, counted up, to rax."""
    address = plan.counters + 8 * number
    op_at(MOV, RAX, address, 0)
    with_number(ADD, RAX, 1)
    op_at(MOV_TO, RAX, address, 0)


@metal
def write_branch(record: words_p):
    then = record[2]
    other = record[1]
    condition = condition_of(first_of(record))
    if condition < 0:
        go_on_at(then if condition == -1 else other)
    elif comes_next(then):
        jump_if(condition ^ 1, other)
    else:
        jump_if(condition, then)
        go_on_at(other)


@metal
def comes_next(block: int) -> bool:
    """Whether a block's code is right behind."""
    return plan.here + 1 < plan.ordered and plan.order[plan.here + 1] == block


@metal
def go_on_at(block: int):
    if not comes_next(block):
        jump_to(block)


@metal
def write_select(record: words_p):
    fetch(RAX, record[5])
    fetch(RCX, record[4])
    condition = condition_of(first_of(record))
    if condition == -1:
        op_rr(MOV, RAX, RCX)
    elif condition >= 0:
        op_rr(CMOV | condition, RAX, RCX)
    put_result(record[1], RAX)


@metal
def write_float_select(record: words_p):
    other = in_float(record[5], 0)
    if other != 0:
        op_rr(MOVAPD, 0, other)
    chosen = in_float(record[4], 1)
    condition = condition_of(first_of(record))
    if condition == -1:
        op_rr(MOVAPD, 0, chosen)
    elif condition >= 0:
        over = skip_if(condition ^ 1)
        op_rr(MOVAPD, 0, chosen)
        land(over)
    put_float(record[1], 0)


# ----------------------------------------------------------------------------------------------- floats
@metal
def write_float_alu(record: words_p):
    reg = float_register(record[1])
    b = second_of(record)
    if place_of(b) == reg + FIRST_FLOAT:
        reg = 0
    left = in_float(first_of(record), 0)
    right = in_float(b, 1)
    if left != reg:
        op_rr(MOVAPD, reg, left)
    op_rr(sub_of(record) | ESCAPE | PF2, reg, right)
    put_float(record[1], reg)


@metal
def write_float_mask(record: words_p, op: int, mask: int):
    """The sign changed or taken away."""
    source = in_float(first_of(record), 0)
    load_number(RAX, mask)
    op_rr(MOVQ_TO_XMM, 1, RAX)
    op_rr(op, 1, source)
    put_float(record[1], 1)


@metal
def write_float_unary(record: words_p, op: int):
    reg = float_register(record[1])
    op_rr(op, reg, in_float(first_of(record), 0))
    if op & ESCAPE_3A:
        byte(ROUND_DOWN)
    put_float(record[1], reg)


@metal
def write_conversion(record: words_p, kind: int):
    """Between words and floats, by value or bit by bit."""
    if kind == TO_FLOAT:
        source = in_register(first_of(record), RAX)
        reg = float_register(record[1])
        op_rr(XORPD, reg, reg)                          # or it would wait for what was there before
        op_rr(CVTSI2SD, reg, source)
        put_float(record[1], reg)
        return
    source = in_float(first_of(record), 0)
    reg = result_register(record[1])
    if kind == TO_INT:
        op_rr(CVTTSD2SI, reg, source)
    else:
        op_rr(MOVQ_TO_GPR, source, reg)
    put_result(record[1], reg)


@metal
def write_move(record: words_p):
    """A value, word or float, as another one."""
    add_move(first_of(record), plan.place[record[1] >> 2])
    make_moves()
