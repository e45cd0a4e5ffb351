"""Which registers may still be read, at every instruction: backwards over the bytecode until nothing changes.

    live_sets(code)[13] -> 0b1011        registers 0, 1 and 3 are read from word 13 on before they are written
"""
from __future__ import annotations

from ..bytecode.effects import Effects, effects
from ..bytecode.ops import OPS


def operands(instr) -> tuple:
    """Operands in the order of the op's row."""
    values: list[int] = []
    plain = (instr.a, instr.b, instr.c)
    for kind in OPS[instr.op].operands:
        values.append(instr.d if kind in "JK" else plain[len(values)])
    return tuple(values)


def effects_of(instr) -> Effects:
    """Which registers an instruction reads, takes and fills."""
    if instr.effects is None:
        instr.effects = effects(OPS[instr.op], operands(instr), instr.word)
    return instr.effects


def bits(registers) -> int:
    """Registers as bits."""
    found = 0
    for register in registers:
        found |= 1 << register
    return found


def live_sets(code) -> dict[int, int]:
    """Live registers before each instruction, by word index."""
    order = sorted(code.instrs, reverse=True)
    reads: dict[int, int] = {}
    writes: dict[int, int] = {}
    follows: dict[int, list[int]] = {}          # where the instruction has written what it writes
    unwritten: dict[int, list[int]] = {}        # where it has not: loops that end, handlers
    for at in order:
        instr = code.instrs[at]
        found = effects_of(instr)
        reads[at] = bits(found.reads) | bits(found.takes)
        if instr.op == "MAKE_CELL":
            reads[at] |= 1 << instr.a
        writes[at] = bits(found.fills) & ~reads[at]
        ends = OPS[instr.op].effects & 8
        follows[at] = [] if ends else [at + instr.length]
        unwritten[at] = [entry[2] for entry in code.handlers if entry[0] <= at < entry[1]]
        if instr.target >= 0:
            (unwritten if instr.op in ("FOR_ITER", "SEND") else follows)[at].append(instr.target)
    live = dict.fromkeys(order, 0)
    changed = True
    while changed:
        changed = False
        for at in order:
            after = 0
            for following in follows[at]:
                after |= live.get(following, 0)
            before = reads[at] | (after & ~writes[at])
            for following in unwritten[at]:
                before |= live.get(following, 0)
            if before != live[at]:
                live[at] = before
                changed = True
    return live
