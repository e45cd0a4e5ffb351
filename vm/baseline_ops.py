"""Memory, references, calls and the ends of blocks as x86-64 instructions, one function for each kind of record.

    LOAD WORD  %v5 = %v3 + 16    mov rsi, [rdi + 16]
    STUB       exit 4 of %v5     mov [counters + 80], rsi; mov esi, 4; jmp to where all exits meet
"""
from __future__ import annotations

from .baseline_arith import *  # noqa: F403

IN_REGISTERS = 6                                                    # arguments of C functions; more lie on the stack
LONG_SIZE, LONG_LOW, LONG_HIGH, DIGIT = 16, 24, 28, 30              # offsets in an int; bits of a digit


@metal
def load_op(sub: int) -> int:
    """The instruction of a LOAD to a general register."""
    if sub == WORD:
        return MOV
    if sub == INT32:
        return 0x63 | WIDE
    if sub == UINT32:
        return MOV_32
    if sub == INT16:
        return 0xBF | ESCAPE | WIDE
    if sub == UINT16:
        return 0xB7 | ESCAPE
    return 0xBE | ESCAPE | WIDE if sub == INT8 else 0xB6 | ESCAPE


@metal
def write_load(record: words_p):
    base = in_register(first_of(record), RAX)
    sub = sub_of(record)
    if sub == DOUBLE or sub == SINGLE:
        reg = float_register(record[1])
        op_rm(MOVSD if sub == DOUBLE else CVTSS2SD, reg, base, record[2])
        put_float(record[1], reg)
        return
    reg = result_register(record[1])
    op_rm(load_op(sub), reg, base, record[2])
    put_result(record[1], reg)


@metal
def write_store(record: words_p):
    base = in_register(first_of(record), RAX)
    sub = sub_of(record)
    val = second_of(record)
    at = record[2]
    if sub == SINGLE:
        op_rr(CVTSD2SS, 0, kept_float(val, base))
        op_rm(MOVSS_TO, 0, base, at)
        return
    place = place_of(val)
    if place >= FIRST_FLOAT and place < FIRST_SLOT:
        op_rm(MOVSD_TO, place - FIRST_FLOAT, base, at)
        return
    if small_number(val) and sub == WORD:
        op_rm_number(0xC7 | WIDE, base, at, number_of(val))
        return
    source = in_register(val, RCX)
    if sub == WORD or sub == DOUBLE:
        op_rm(MOV_TO, source, base, at)
    elif sub == INT32 or sub == UINT32:
        op_rm(0x89, source, base, at)
    elif sub == INT16 or sub == UINT16:
        op_rm(0x89 | P66, source, base, at)
    else:
        op_rm(0x88 | LOW, source, base, at)


@metal
def kept_float(operand: int, base: int) -> int:
    """As in_float, where rax may hold the base of an address."""
    if place_of(operand) != NO_PLACE:
        return in_float(operand, 0)
    fetch(RCX, operand)
    op_rr(MOVQ_TO_XMM, 0, RCX)
    return 0


@metal
def op_rm_number(op: int, base: int, distance: int, value: int):
    """A number of 32 bits to memory."""
    op_rm(op, 0, base, distance)
    quad(value, 4)


@metal
def write_index(record: words_p):
    base = in_register(first_of(record), RAX)
    index = second_of(record)
    shift = sub_of(record)
    reg = result_register(record[1])
    if is_number(index) and fits(number_of(index) << shift):
        op_rm(LEA, reg, base, number_of(index) << shift)
    else:
        op_indexed(LEA, reg, base, in_register(index, RCX), shift)
    put_result(record[1], reg)


@metal
def write_offset(record: words_p):
    reg = result_register(record[1])
    op_rm(LEA, reg, in_register(first_of(record), RAX), record[2])
    put_result(record[1], reg)


@metal
def write_decref(record: words_p):
    """One reference less; the end of the object comes behind all other code."""
    n = plan.slows
    op_rm(GROUP_FF, 1, in_register(first_of(record), RAX), 0)
    byte(0x0F)
    byte(0x80 | EQUAL_TO)
    plan.slow_at[n] = offset_now()
    quad(0, 4)
    plan.slow_back[n] = offset_now()
    plan.slow_word[n] = first_of(record)
    plan.slow_line[n] = line_of_record(record)
    plan.slows = n + 1


@metal
def write_slow_path(n: int):
    """The end of an object: the first constant is what deallocates; it preserves registers but rax, r11 and floats."""
    mark_line(plan.slow_line[n])
    patch(plan.slow_at[n], offset_now() - plan.slow_at[n] - 4)
    op_rm(MOV_TO, RDI, RSP, SPARE_AT)
    fetch(RDI, plan.slow_word[n])
    op_at(CALL_NEAR, 2, constant_at(0), 0)
    op_rm(MOV, RDI, RSP, SPARE_AT)
    byte(0xE9)
    quad(plan.slow_back[n] - offset_now() - 4, 4)


@metal
def write_long_value(record: words_p):
    """An int of up to two digits out of its object; larger ones leave."""
    base = in_register(first_of(record), R11)
    op_rm(MOV, RCX, base, LONG_SIZE)
    op_rm(MOV_32, RAX, base, LONG_LOW)
    op_rm(LEA, RDX, RCX, 1)
    with_number(CMP, RDX, 3)
    one = skip_if(BELOW)
    op_rm(LEA, RDX, RCX, 2)
    with_number(CMP, RDX, 5)
    jump_if(NOT_BELOW, record[2])
    op_rm(MOV_32, RDX, base, LONG_HIGH)
    op_rr(GROUP_C1, SHL, RDX)
    byte(DIGIT)
    op_rr(0x0B | WIDE, RAX, RDX)
    land(one)
    op_rr(MOV, RDX, RAX)
    op_rr(GROUP_F7, 3, RDX)                             # neg
    op_rr(TEST, RCX, RCX)
    op_rr(CMOV | NEGATIVE, RAX, RDX)
    load_number(RDX, 0)
    op_rr(CMOV | EQUAL_TO, RAX, RDX)
    put_result(record[1], RAX)


# ------------------------------------------------------------------------------------------------ calls
@metal
def argument_register(n: int) -> int:
    """The register of a C function's n-th argument that is no float."""
    if n == 0:
        return RDI
    if n == 1:
        return RSI
    if n == 2:
        return RDX
    if n == 3:
        return RCX
    return R8 if n == 4 else R9


@metal
def write_call(record: words_p):
    """A C function; `x` with a bit for each argument that is a float, above the constant's number."""
    words = 0
    floats = 0
    for i in range(count_of(record)):
        if record[2] >> (32 + i) & 1:
            add_move(record[3 + i], FIRST_FLOAT + floats)
            floats = floats + 1
        else:
            if words < IN_REGISTERS:
                add_move(record[3 + i], argument_register(words))
            else:                               # nothing has been moved yet
                fetch(RAX, record[3 + i])
                op_rm(MOV_TO, RAX, RSP, 8 * (words - IN_REGISTERS))
            words = words + 1
    make_moves()
    op_at(CALL_NEAR, 2, constant_at(record[2] & 0xFFFFFFFF), 0)
    sub = sub_of(record)
    if sub == RESULT_FLOAT:
        put_float(record[1], 0)
        return
    if sub == RESULT_INT32:
        op_rr(0x63 | WIDE, RAX, RAX)
    if sub != RESULT_NONE:
        put_result(record[1], RAX)


@metal
def write_handler_call(record: words_p, first: int):
    """Code with the handlers' convention; it keeps nothing."""
    for i in range(4):
        add_move(record[3 + first + i], R12 + i)
    if first:
        add_move(record[3], RCX)
        make_moves()
        op_rr(CALL_NEAR, 2, RCX)
    else:
        make_moves()
        op_at(CALL_NEAR, 2, constant_at(record[2]), 0)


# ------------------------------------------------------------------------------------------------- ends
@metal
def pop_frame_and_go(reg: int):
    """Leave for a handler by a jump; NOTHING: back to whoever called."""
    op_rm(MOV, RBP, RSP, RBP_AT)
    op_rr(GROUP_81, 0, RSP)
    quad(plan.frame_bytes, 4)
    if reg != NOTHING:
        op_rr(JUMP_NEAR, 4, reg)
    else:
        byte(0xC3)


@metal
def write_tail(record: words_p, pc: int, frame: int):
    """Leave for the handler at a constant, or for the one of the instruction at pc."""
    add_move(pc, R12)
    add_move(frame, R14)
    make_moves()
    op_rm(LEA, R13, R14, plan.frame_size)
    op_rm(MOV, R15, RSP, TABLE_AT)
    if kind_of(record) == TAIL:
        op_at(MOV, RAX, constant_at(record[2]), 0)
    else:
        op_rm(0xB7 | ESCAPE, RAX, R12, 0)
        op_rr(0x81, 4, RAX)
        quad(OPCODE_MASK, 4)
        op_indexed(MOV, RAX, R15, RAX, 3)
    pop_frame_and_go(RAX)


@metal
def write_alive(record: words_p):
    """What is alive at an exit to the words behind the counters."""
    for i in range(count_of(record)):
        address = plan.alive + 8 * i
        place = place_of(record[3 + i])
        if place >= FIRST_FLOAT and place < FIRST_SLOT:
            op_at(MOVSD_TO, place - FIRST_FLOAT, address, 0)
        else:
            op_at(MOV_TO, in_register(record[3 + i], RAX), address, 0)
    load_number(RSI, record[2])
    jump_to(plan.exit_block)


@metal
def write_stub(record: words_p):
    """An exit."""
    mark_line(line_of_record(record))
    plan.label[record[1]] = offset_now()
    write_alive(record)


@metal
def write_exit():
    """Where all exits meet: rt_exit brings the state to memory and says who goes on."""
    op_rm(MOV, RDI, RSP, FRAME_AT)
    op_at(LEA, RDX, plan.exits, 0)
    op_at(LEA, RCX, plan.counters, 0)
    op_at(LEA, R8, plan.alive, 0)
    op_rm(MOV, R9, RSP, TABLE_AT)
    op_at(CALL_NEAR, 2, constant_at(plan.rt_exit), 0)
    op_at(MOV, RCX, constant_at(plan.jit), 0)
    op_rm(MOV, R12, RCX, plan.out_pc)
    op_rm(MOV, R14, RCX, plan.out_frame)
    op_rm(LEA, R13, R14, plan.frame_size)
    op_rm(MOV, R15, RSP, TABLE_AT)
    pop_frame_and_go(RAX)


@metal
def write_entry():
    """The frame; what the caller has handed over to where it is wanted."""
    op_rr(GROUP_81, 5, RSP)
    quad(plan.frame_bytes, 4)
    op_rm(MOV_TO, RBP, RSP, RBP_AT)
    op_rm(MOV_TO, R14, RSP, FRAME_AT)
    op_rm(MOV_TO, R15, RSP, TABLE_AT)
    for i in range(ROOTS):
        if plan.uses[i]:
            n = plan.moves
            plan.move_from[n] = R12 + i
            plan.move_to[n] = plan.place[i]
            plan.moves = n + 1
    make_moves()


@metal
def write_jump(record: words_p):
    target = record[2]
    if not plan.stubs[target]:
        params = record_of(target)
        for i in range(count_of(record)):
            if plan.uses[params[3 + i] >> 2]:
                add_move(record[3 + i], plan.place[params[3 + i] >> 2])
        make_moves()
    go_on_at(target)


@metal
def write_end(record: words_p):
    """The end of a block."""
    kind = kind_of(record)
    if kind == JUMP:
        write_jump(record)
    elif kind == BRANCH:
        write_branch(record)
    elif kind == EXIT_TO:
        write_alive(record)
    elif kind == RETURN:
        pop_frame_and_go(NOTHING)
    else:
        write_tail(record, first_of(record), second_of(record))


@metal
def write_block(block: int):
    """All operations of a block, and its end."""
    plan.label[block] = offset_now()
    record = record_of(block)
    while True:
        record = next_record(record)
        kind = kind_of(record)
        mark_line(line_of_record(record))
        if ends(kind):
            break
        if kind <= COMPARE:
            write_integer_op(record, kind)
        elif kind <= FLOAT_COMPARE:
            write_other_op(record, kind)
        else:
            write_effect(record, kind)
    write_end(record)


@metal
def write_integer_op(record: words_p, kind: int):
    """Guards and arithmetic of words."""
    if kind == GUARD:
        write_guard(record, True)
    elif kind == GUARD_NOT:
        write_guard(record, False)
    elif kind == ALU or kind == ALU_OVER:
        write_alu(record, False)
        if kind == ALU_OVER:
            leave_flags(record, record[2], OVERFLOW)
    elif kind == MUL or kind == MUL_OVER:
        write_alu(record, True)
        if kind == MUL_OVER:
            leave_flags(record, record[2], OVERFLOW)
    elif kind == SHIFT:
        write_shift(record)
    elif kind == DIVIDE:
        write_division(record, RAX)
    elif kind == REMAINDER:
        write_division(record, RDX)
    else:
        write_compare(record)


@metal
def write_other_op(record: words_p, kind: int):
    """Choices, conversions and floats."""
    if kind == SELECT:
        write_select(record)
    elif kind == FLOAT_SELECT:
        write_float_select(record)
    elif kind == MOVE:
        write_move(record)
    elif kind <= BITS:
        write_conversion(record, kind)
    elif kind == FLOAT_ALU:
        write_float_alu(record)
    elif kind == FLOAT_NEG:
        write_float_mask(record, XORPD, SIGN)
    elif kind == FLOAT_ABS:
        write_float_mask(record, ANDPD, ALL_BUT_SIGN)
    elif kind == FLOAT_SQRT:
        write_float_unary(record, SQRTSD)
    elif kind == FLOAT_FLOOR:
        write_float_unary(record, ROUNDSD)
    else:
        write_float_compare(record)


@metal
def write_effect(record: words_p, kind: int):
    """Memory, references, calls."""
    if kind == LOAD:
        write_load(record)
    elif kind == STORE:
        write_store(record)
    elif kind == INDEX:
        write_index(record)
    elif kind == OFFSET:
        write_offset(record)
    elif kind == INCREF:
        op_rm(GROUP_FF, 0, in_register(first_of(record), RAX), 0)
    elif kind == DECREF:
        write_decref(record)
    elif kind == CALL:
        write_call(record)
    elif kind == TURNS_LEFT:
        fetch_counter(0)
        op_rr(0xF7, 0, RAX)                             # test eax
        quad(plan.turns - 1, 4)
        leave_flags(record, record[1], NOT_EQUAL)
    elif kind == STACK_PLACE:
        put_result(record[1], RSP)
    elif kind == INVOKE:
        write_handler_call(record, 1)
    elif kind == STEP:
        write_handler_call(record, 0)
    else:
        write_long_value(record)
