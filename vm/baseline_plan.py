"""Before the baseline compiler writes code: in which order blocks come, how long values live, where they are.

    %v7: a register for as long as it lives, or else a slot of the frame on the stack

Blocks come in reverse postorder. A value lives from the operation that makes it to its last use, with nothing left out;
what is alive around a loop lives through all of it (live variables by iteration over sets of the values that more than
one block uses). Registers are given out in one go over the starts of these intervals (linear scan: Poletto and Sarkar
1999); where there are too few, the value with the fewest uses, those in loops counted eightfold for each loop, gets a
slot. Places: 0 to 15 general registers, 16 to 31 floating-point registers, slots from 32 on.

Values alive across calls are in registers that C functions preserve; across what has the handlers' convention, and
floats across everything, in slots.
"""
from __future__ import annotations

from .baseline_code import *  # noqa: F403

FIRST_FLOAT, FIRST_SLOT, NO_PLACE = 16, 32, -1
KEPT = 1 << RBX | 1 << RBP | 1 << R12 | 1 << R13 | 1 << R14 | 1 << R15          # by C functions
SHORT_LIVED = 1 << RSI | 1 << RDI | 1 << R8 | 1 << R9 | 1 << R10
FLOATS = ((1 << 13) - 1) << (FIRST_FLOAT + 2)                   # xmm2 to xmm14; the others are for single instructions
ROOTS = 4                       # pc, registers, frame, table: values from the start on
DEEPEST_COUNTED = 4             # loops around an operation
FAR = 1 << 40


@metal(inline=True)
def kind_of(record: words_p) -> int:
    return record[0] & 255


@metal(inline=True)
def line_of_record(record: words_p) -> int:
    return lshr(record[0], LINE_SHIFT)


@metal(inline=True)
def count_of(record: words_p) -> int:
    return lshr(record[0], 16) & 0xFFFFFF


@metal(inline=True)
def next_record(record: words_p) -> words_p:
    return record + (3 + count_of(record))


@metal(inline=True)
def leads_on(kind: int) -> bool:
    """Whether x of a record is a block."""
    return kind == JUMP or kind == BRANCH or kind == GUARD or kind == GUARD_NOT or kind == LONG_VALUE


@metal(inline=True)
def ends(kind: int) -> bool:
    """Whether a record ends its block."""
    return kind >= JUMP and kind <= RETURN


@metal
def find_blocks() -> int:
    """Where each block begins and leads; the number of its edges."""
    record = plan.first
    edges = 0
    while record < plan.end:
        kind = kind_of(record)
        if kind == BLOCK or kind == STUB:
            plan.record[record[1]] = byte_distance(record, plan.first)
            plan.stubs[record[1]] = kind == STUB
            plan.edge_first[record[1]] = edges
        elif leads_on(kind):
            if kind == BRANCH:
                plan.edges[edges] = record[1]
                edges = edges + 1
            plan.edges[edges] = record[2]
            edges = edges + 1
        if kind == STUB or ends(kind):
            plan.edges[edges] = -1
            edges = edges + 1
        record = next_record(record)
    return edges


@metal(inline=True)
def record_of(block: int) -> words_p:
    return byte_offset(plan.first, plan.record[block])


@metal
def put_in_order(first: int):
    """Blocks in reverse postorder, those that can be reached."""
    count = plan.blocks
    stack = plan.from_at                    # both are free still
    rest = plan.to_at
    for i in range(count):
        plan.place_in_order[i] = -1
    height = 1
    stack[0] = first
    rest[0] = plan.edge_first[first]
    plan.place_in_order[first] = 0
    place = count
    while height > 0:
        block = stack[height - 1]
        target = plan.edges[rest[height - 1]]
        if target < 0:
            place = place - 1
            plan.order[place] = block
            height = height - 1
            continue
        rest[height - 1] = rest[height - 1] + 1
        if plan.place_in_order[target] < 0 and not plan.stubs[target]:
            plan.place_in_order[target] = 0
            stack[height] = target
            rest[height] = plan.edge_first[target]
            height = height + 1
    plan.ordered = count - place
    for i in range(plan.ordered):
        plan.order[i] = plan.order[place + i]
        plan.place_in_order[plan.order[i]] = i


@metal
def find_depths():
    """How many loops are around each block, as its order shows."""
    for i in range(plan.ordered):
        edge = plan.edge_first[plan.order[i]]
        while plan.edges[edge] >= 0:
            target = plan.edges[edge]
            if not plan.stubs[target]:
                for k in range(plan.place_in_order[target], i + 1):
                    inside = plan.order[k]
                    if plan.depth[inside] < DEEPEST_COUNTED:
                        plan.depth[inside] = plan.depth[inside] + 1
            edge = edge + 1


@metal(inline=True)
def set_bit(sets: words_p, block: int, number: int):
    word = block * plan.wide_words + (number >> 6)
    sets[word] = sets[word] | 1 << (number & 63)


@metal
def note_use(operand: int, block: int, position: int):
    """A value is used."""
    if operand & 3 != VALUE:
        return
    v = operand >> 2
    plan.uses[v] = plan.uses[v] + 1
    plan.weight[v] = plan.weight[v] + (1 << (3 * plan.depth[block]))
    if plan.last[v] < position:
        plan.last[v] = position
    if plan.home[v] != block and plan.number[v] < 0:
        plan.number[v] = plan.wide
        plan.wide = plan.wide + 1


@metal
def note_uses(record: words_p, block: int, position: int):
    """All uses of a record, and of the exit that it may lead to."""
    for i in range(count_of(record)):
        note_use(record[3 + i], block, position)
    kind = kind_of(record)
    if leads_on(kind):
        if plan.stubs[record[2]]:
            stub = record_of(record[2])
            for i in range(count_of(stub)):
                note_use(stub[3 + i], block, position)
        if kind == BRANCH:
            if plan.stubs[record[1]]:
                stub = record_of(record[1])
                for i in range(count_of(stub)):
                    note_use(stub[3 + i], block, position)


@metal
def note_made(operand: int, is_float: bool, block: int, position: int):
    """A value is made."""
    if operand < 0:
        return
    v = operand >> 2
    plan.begin[v] = position
    plan.home[v] = block
    plan.floats[v] = is_float
    if plan.last[v] < position:
        plan.last[v] = position


@metal(inline=True)
def makes_value(kind: int) -> bool:
    """Whether the result of a record is a value."""
    return kind > RETURN


@metal
def hint(operand: int, like: int):
    """A value had best be where another one is."""
    if like & 3 == VALUE:
        if plan.hint[operand >> 2] < 0:
            plan.hint[operand >> 2] = like >> 2


@metal
def note_block(block: int, position: int) -> int:
    """Positions, uses, what is made and called in a block; the position behind it."""
    record = record_of(block)
    plan.from_at[block] = position
    for i in range(count_of(record)):
        note_made(record[3 + i] & ~3, record[3 + i] & 1 != 0, block, position)
    while True:
        record = next_record(record)
        position = position + 1
        kind = kind_of(record)
        calls = 0
        steps = 0
        clobbers = 0
        note_uses(record, block, position)
        if kind == CALL:
            calls = 1
            clobbers = 1
        elif kind == INVOKE or kind == STEP:
            steps = 1
            clobbers = 1
        elif kind == DECREF:
            clobbers = 1
        plan.calls[position] = calls
        plan.steps[position] = steps
        plan.clobbers[position] = clobbers
        if makes_value(kind):
            note_made(record[1], record[0] & FLOAT_RESULT != 0, block, position)
            if kind == ALU_OVER or kind == MUL_OVER:
                note_made(record[2], False, block, position)
            if record[1] >= 0 and count_of(record) > 0 and kind != CALL:
                hint(record[1], record[3])
        elif kind == JUMP:
            if not plan.stubs[record[2]]:
                target = record_of(record[2])
                for i in range(count_of(record)):
                    hint(target[3 + i] & ~3, record[3 + i])
                    if record[3 + i] & 3 == VALUE:
                        hint(record[3 + i], target[3 + i] & ~3)
        if ends(kind):
            break
    plan.to_at[block] = position
    return position + 1


@metal
def note_all():
    """All blocks; then how many calls there were up to each position."""
    for v in range(plan.values):
        plan.begin[v] = FAR
        plan.last[v] = -1
        plan.home[v] = -1
        plan.number[v] = -1
        plan.hint[v] = -1
        plan.place[v] = NO_PLACE
    for v in range(ROOTS):
        note_made(v << 2, False, plan.order[0], 0)
    position = 1
    for i in range(plan.ordered):
        position = note_block(plan.order[i], position)
    plan.positions = position
    for i in range(1, position):
        plan.calls[i] = plan.calls[i] + plan.calls[i - 1]
        plan.steps[i] = plan.steps[i] + plan.steps[i - 1]
        plan.clobbers[i] = plan.clobbers[i] + plan.clobbers[i - 1]
    plan.wide_words = (plan.wide + 63) >> 6


@metal
def note_wide(operand: int, block: int):
    """A value that its block has from another one."""
    if operand & 3 == VALUE:
        if plan.number[operand >> 2] >= 0 and plan.home[operand >> 2] != block:
            set_bit(plan.gen_sets, block, plan.number[operand >> 2])


@metal
def note_wide_of(record: words_p, block: int):
    for i in range(count_of(record)):
        note_wide(record[3 + i], block)


@metal
def fill_sets():
    """What each block needs of others, and what it makes for them."""
    for v in range(plan.values):
        if plan.number[v] >= 0 and plan.home[v] >= 0:
            set_bit(plan.kill_sets, plan.home[v], plan.number[v])
    for i in range(plan.ordered):
        block = plan.order[i]
        record = record_of(block)
        while True:
            record = next_record(record)
            kind = kind_of(record)
            note_wide_of(record, block)
            if leads_on(kind):
                if plan.stubs[record[2]]:
                    note_wide_of(record_of(record[2]), block)
                if kind == BRANCH:
                    if plan.stubs[record[1]]:
                        note_wide_of(record_of(record[1]), block)
            if ends(kind):
                break


@metal
def gather_out(block: int):
    """What the blocks that one leads to need."""
    words = plan.wide_words
    out = plan.out_set
    zero(cast(VOID_P, out), 8 * words)
    edge = plan.edge_first[block]
    while plan.edges[edge] >= 0:
        target = plan.edges[edge]
        if not plan.stubs[target]:
            needed = plan.in_sets + target * words
            for w in range(words):
                out[w] = out[w] | needed[w]
        edge = edge + 1


@metal
def iterate_sets():
    """What is alive where blocks begin, until nothing changes."""
    words = plan.wide_words
    again = True
    while again:
        again = False
        i = plan.ordered - 1
        while i >= 0:
            block = plan.order[i]
            gather_out(block)
            needed = plan.in_sets + block * words
            for w in range(words):
                at = block * words + w
                now = plan.gen_sets[at] | (plan.out_set[w] & ~plan.kill_sets[at])
                if now != needed[w]:
                    needed[w] = now
                    again = True
            i = i - 1


@metal
def reach(sets: words_p, by_number: words_p, position: int):
    """Values of a set live at least until a position."""
    for w in range(plan.wide_words):
        bits = sets[w]
        number = w << 6
        while bits != 0:
            if bits & 1:
                v = by_number[number]
                if plan.last[v] < position:
                    plan.last[v] = position
            bits = lshr(bits, 1)
            number = number + 1


@metal
def extend_wide():
    """Values live through all blocks that they are alive in."""
    by_number = plan.following              # free still
    for v in range(plan.values):
        if plan.number[v] >= 0:
            by_number[plan.number[v]] = v
    for i in range(plan.ordered):
        block = plan.order[i]
        reach(plan.in_sets + block * plan.wide_words, by_number, plan.from_at[block])
        gather_out(block)
        reach(plan.out_set, by_number, plan.to_at[block])


@metal(inline=True)
def crosses(counts: words_p, v: int) -> bool:
    """Whether something that is counted happens while a value is alive, its ends not included."""
    return plan.last[v] > plan.begin[v] and counts[plan.last[v] - 1] != counts[plan.begin[v]]


@metal
def slot_for(v: int) -> int:
    """A slot that is free as long as a value lives."""
    for s in range(plan.slots):
        if plan.slot_last[s] < plan.begin[v]:
            plan.slot_last[s] = plan.last[v]
            return FIRST_SLOT + s
    plan.slot_last[plan.slots] = plan.last[v]
    plan.slots = plan.slots + 1
    return FIRST_SLOT + plan.slots - 1


@metal
def allowed(v: int) -> int:
    """The registers that a value may have, as bits."""
    if plan.floats[v]:
        return 0 if crosses(plan.clobbers, v) else FLOATS
    if crosses(plan.steps, v):
        return 0
    return KEPT if crosses(plan.calls, v) else KEPT | SHORT_LIVED


@metal
def pick(free: int, v: int) -> int:
    """One of the registers that are free: that of the value it had best share, else the first."""
    like = plan.hint[v]
    if like >= 0:
        place = plan.place[like]
        if ult(place, FIRST_SLOT):
            if free >> place & 1:
                return place
    if free & SHORT_LIVED:
        free = free & SHORT_LIVED
    place = 0
    while not free >> place & 1:
        place = place + 1
    return place


@metal
def give_place(v: int, held: words_p):
    """A register or slot for a value; `held`: the values in registers, -1: none."""
    may = allowed(v)
    free = 0
    cheapest = -1
    begin = plan.begin[v]
    for r in range(FIRST_SLOT):
        if may >> r & 1:
            other = held[r]
            if other < 0 or plan.last[other] < begin or (plan.last[other] == begin and plan.begin[other] < begin):
                free = free | 1 << r
            elif cheapest < 0 or plan.weight[other] < plan.weight[held[cheapest]]:
                cheapest = r
    if free:
        plan.place[v] = pick(free, v)
        held[plan.place[v]] = v
    elif cheapest >= 0 and plan.weight[held[cheapest]] < plan.weight[v]:
        plan.place[held[cheapest]] = slot_for(held[cheapest])
        plan.place[v] = cheapest
        held[cheapest] = v
    else:
        plan.place[v] = slot_for(v)


@metal
def give_places():
    """Every value's place, in the order in which they are made."""
    held = stack("i64", 32)
    for r in range(FIRST_SLOT):
        held[r] = -1
    for i in range(plan.positions):
        plan.starting[i] = -1
    for v in range(plan.values):
        if plan.begin[v] != FAR:
            plan.following[v] = plan.starting[plan.begin[v]]
            plan.starting[plan.begin[v]] = v
    for i in range(plan.positions):
        v = plan.starting[i]
        while v >= 0:
            give_place(v, held)
            v = plan.following[v]
