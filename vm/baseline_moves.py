"""Operands of the baseline compiler's instructions, and several moves at once.

    in_register(operand, RAX) -> the register that has it, RAX if it had to be fetched
    add_move(operand, RDI); add_move(operand, RSI); make_moves()        whatever has to go where the other was
"""
from __future__ import annotations

from .baseline_plan import *  # noqa: F403

HEAD_BYTES = 96                 # of the frame: arguments on the stack, caller's rbp, a word to spare, frame, table
RBP_AT, SPARE_AT, FRAME_AT, TABLE_AT = 64, 72, 80, 88
CYCLE, FLOAT_CYCLE = R11, FIRST_FLOAT + 15          # registers that only moves use


@metal(inline=True)
def slot_at(place: int) -> int:
    """Distance of a slot from rsp."""
    return HEAD_BYTES + 8 * (place - FIRST_SLOT)


@metal(inline=True)
def place_of(operand: int) -> int:
    """Where a value is; NO_PLACE: it is none."""
    return plan.place[operand >> 2] if operand & 3 == VALUE else NO_PLACE


@metal(inline=True)
def is_number(operand: int) -> bool:
    return operand & 3 == LITERAL


@metal(inline=True)
def number_of(operand: int) -> int:
    """A literal."""
    return plan.literals[operand >> 2]


@metal(inline=True)
def small_number(operand: int) -> bool:
    """Whether an operand is a literal that an instruction can hold."""
    return is_number(operand) and fits(number_of(operand))


@metal(inline=True)
def constant_at(number: int) -> int:
    """Address of a word of the table of constants."""
    return plan.consts + 8 * number


@metal
def op_any(op: int, reg: int, operand: int, behind: int):
    """An instruction whose other operand is a value or a constant, wherever it is."""
    place = place_of(operand)
    if place == NO_PLACE:
        op_at(op, reg, constant_at(operand >> 2), behind)
    elif place < FIRST_SLOT:
        op_rr(op, reg, place & 15)
    else:
        op_rm(op, reg, RSP, slot_at(place))


@metal
def fetch(reg: int, operand: int):
    """An operand to a general register; flags stay."""
    if is_number(operand):
        load_number(reg, number_of(operand))
    elif place_of(operand) != reg:
        op_any(MOV, reg, operand, 0)


@metal
def in_register(operand: int, spare: int) -> int:
    """The general register that has an operand, else `spare`, to which it is fetched."""
    place = place_of(operand)
    if ult(place, FIRST_FLOAT):
        return place
    fetch(spare, operand)
    return spare


@metal
def in_float(operand: int, spare: int) -> int:
    """The same of floating-point registers, numbered from 0."""
    place = place_of(operand)
    if place >= FIRST_SLOT:
        op_rm(MOVSD, spare, RSP, slot_at(place))
        return spare
    if place >= FIRST_FLOAT:
        return place - FIRST_FLOAT
    fetch(RAX, operand)
    op_rr(MOVQ_TO_XMM, spare, RAX)
    return spare


@metal
def result_register(result: int) -> int:
    """The register for a result; RAX for one that has a slot, or that nobody wants."""
    place = place_of(result)
    return place if ult(place, FIRST_FLOAT) else RAX


@metal
def put_result(result: int, reg: int):
    """A result that was made in a register to its place."""
    if result < 0:
        return
    place = place_of(result)
    if place >= FIRST_SLOT:
        op_rm(MOV_TO, reg, RSP, slot_at(place))
    elif place != reg:
        op_rr(MOV, place, reg)


@metal
def float_register(result: int) -> int:
    """The floating-point register for a result; 0 for one that has a slot."""
    place = place_of(result)
    return place - FIRST_FLOAT if place < FIRST_SLOT and place >= FIRST_FLOAT else 0


@metal
def put_float(result: int, reg: int):
    """A float that was made in a register to its place."""
    if result < 0:
        return
    place = place_of(result)
    if place >= FIRST_SLOT:
        op_rm(MOVSD_TO, reg, RSP, slot_at(place))
    elif place - FIRST_FLOAT != reg:
        op_rr(MOVAPD, place - FIRST_FLOAT, reg)


# --------------------------------------------------------------------------------------------- moves
@metal
def move_place(to: int, source: int):
    """From one place to another."""
    if to >= FIRST_SLOT:
        if source >= FIRST_SLOT:
            op_rm(MOV, RAX, RSP, slot_at(source))
            op_rm(MOV_TO, RAX, RSP, slot_at(to))
        elif source >= FIRST_FLOAT:
            op_rm(MOVSD_TO, source - FIRST_FLOAT, RSP, slot_at(to))
        else:
            op_rm(MOV_TO, source, RSP, slot_at(to))
    elif to >= FIRST_FLOAT:
        if source >= FIRST_SLOT:
            op_rm(MOVSD, to - FIRST_FLOAT, RSP, slot_at(source))
        else:
            op_rr(MOVAPD, to - FIRST_FLOAT, source - FIRST_FLOAT)
    elif source >= FIRST_SLOT:
        op_rm(MOV, to, RSP, slot_at(source))
    else:
        op_rr(MOV, to, source)


@metal
def move_number(to: int, operand: int):
    """A literal or constant to a place."""
    if ult(to, FIRST_FLOAT):
        fetch(to, operand)
        return
    fetch(RAX, operand)
    if to >= FIRST_SLOT:
        op_rm(MOV_TO, RAX, RSP, slot_at(to))
    else:
        op_rr(MOVQ_TO_XMM, to - FIRST_FLOAT, RAX)


@metal
def add_move(operand: int, to: int):
    """An operand is to go to a place."""
    n = plan.moves
    plan.move_from[n] = place_of(operand)
    plan.move_word[n] = operand
    plan.move_to[n] = to
    plan.moves = n + 1


@metal
def is_wanted(place: int, count: int, but: int) -> bool:
    """Whether a place has what a move that waits needs."""
    for i in range(count):
        if i != but and plan.move_from[i] == place:
            return True
    return False


@metal
def drop_move(i: int):
    """A move is done."""
    n = plan.moves - 1
    plan.moves = n
    plan.move_from[i] = plan.move_from[n]
    plan.move_word[i] = plan.move_word[n]
    plan.move_to[i] = plan.move_to[n]


@metal
def make_moves():
    """All moves as if at once: first those whose place nobody needs any more; where they go round, one waits in a
    register of its own. Numbers come last."""
    again = True
    while again:
        again = False
        waiting = -1
        i = 0
        while i < plan.moves:
            source = plan.move_from[i]
            if source == plan.move_to[i]:
                drop_move(i)
                continue
            if source != NO_PLACE:
                if not is_wanted(plan.move_to[i], plan.moves, i):
                    move_place(plan.move_to[i], source)
                    drop_move(i)
                    again = True
                    continue
                waiting = i
            i = i + 1
        if not again and waiting >= 0:
            source = plan.move_from[waiting]
            to = plan.move_to[waiting]
            aside = FLOAT_CYCLE if is_float_place(source, to) else CYCLE
            move_place(aside, source)
            plan.move_from[waiting] = aside
            again = True
    for i in range(plan.moves):
        move_number(plan.move_to[i], plan.move_word[i])
    plan.moves = 0


@metal(inline=True)
def is_float_place(source: int, to: int) -> bool:
    """Whether a float is moved, as far as places show; words of slots go through general registers."""
    return (source >= FIRST_FLOAT and source < FIRST_SLOT) or (to >= FIRST_FLOAT and to < FIRST_SLOT)
