"""Decoding of the host's bytes: instructions, jump targets, exception ranges.

    decode(code, host) -> Flow(instrs=[(0, RESUME, 0), (1, LOAD_FAST, 0), (2, POP_JUMP_FORWARD_IF_NONE, 5)],
                               blocks={5: Block(5)}, ...)

An instruction is (index, opcode, argument); the index counts code units, prefixes are folded into the
argument and the argument of a jump is the index it lands on.  A Block starts where control or exception
cover changes.  Invariant: a block that is not `merge` is entered by exactly one edge, so it may start with
whatever abstract stack that edge has; a `merge` block starts with every value in its own slot.
"""
from __future__ import annotations

from .program import Untranslatable


class Block:
    """One label of the host code and what is known where control reaches it."""

    __slots__ = ("index", "jumps", "merge", "after_pop", "sent", "cover", "state", "foreign", "bound", "limit", "pos")

    def __init__(self, index: int):
        self.index = index
        self.jumps = 0              # edges by jump
        self.merge = False          # reached by more than one edge
        self.after_pop: Block | None = None     # behind this one's POP_TOP, for jumps with nothing to pop
        self.sent = False           # where a SEND goes whose receiver has returned
        self.cover: tuple | None = None     # (start, end, handler's Block, depth, lasti)
        self.limit = -1             # locals that may count as bound here, narrowed by earlier attempts
        self.reset()

    def reset(self) -> None:
        """Forget what one attempt at translation found out."""
        self.state: list | None = None      # abstract stack at entry
        self.foreign = False
        self.bound = self.limit     # bit i: local i is bound on every path seen
        self.pos = -1               # first word


class Flow:
    """A decoded code object."""

    __slots__ = ("instrs", "blocks", "labels")

    def __init__(self, instrs: list, blocks: dict, labels: list):
        self.instrs = instrs
        self.blocks = blocks        # by index; that of an instruction's prefix names the same block
        self.labels = labels        # every block once, by index


def exception_table(code) -> list:
    """Rows (start, end, target, depth, lasti) in code units, as the host searches them."""
    rows = []
    data = iter(code.co_exceptiontable)
    try:
        for first in data:
            start, size, target, packed = _varint(first, data), _varint(next(data), data), \
                _varint(next(data), data), _varint(next(data), data)
            rows.append((start, start + size, target, packed >> 1, packed & 1))
    except StopIteration:
        raise Untranslatable("broken exception table") from None
    return rows


def _varint(byte: int, data) -> int:
    value = byte & 63
    while byte & 64:
        byte = next(data)
        value = value << 6 | byte & 63
    return value


def decode(code, host) -> Flow:
    """Instructions and blocks of `code`, by the tables of `host` (a `host3xx` module)."""
    instrs, targets, alias, after_end = _instructions(code.co_code, host)
    blocks: dict = {}
    for target in targets:
        _block(blocks, alias, target).jumps += 1
    rows = exception_table(code) if code.co_exceptiontable else ()
    for start, end, target, _, _ in rows:
        _block(blocks, alias, start)
        _block(blocks, alias, end)
        _block(blocks, alias, target).merge = True
    if blocks:
        _thread_pops(code.co_code, host, blocks, alias)
    labels = [blocks[index] for index in sorted(blocks) if alias.get(index, index) == index]
    for block in labels:
        if block.jumps > (block.index in after_end):
            block.merge = True
    if rows:
        _cover(labels, [(alias.get(start, start), alias.get(end, end), blocks[target], depth, lasti)
                        for start, end, target, depth, lasti in rows])
    if labels and not 0 <= labels[0].index <= labels[-1].index <= len(code.co_code) >> 1:
        raise Untranslatable("jump out of the code")
    return Flow(instrs, blocks, labels)


def _instructions(raw: bytes, host) -> tuple:
    width, jump, ends, prefix = host.WIDTH, host.JUMP, host.ENDS, host.EXTENDED_ARG
    instrs: list = []
    targets: list = []
    alias: dict = {}
    after_end: set = set()
    count, index, high, first, ended = len(raw) >> 1, 0, 0, -1, False
    while index < count:
        op = raw[2 * index]
        arg = raw[2 * index + 1] | high
        if op == prefix:
            if first < 0:
                first = index
            high = arg << 8
            index += 1
            continue
        if first >= 0:
            alias[first] = index
            first = -1
        high = 0
        if ended:
            after_end.add(index)
        ended = ends[op]
        if jump[op]:
            arg = index + 1 + arg if jump[op] > 0 else index + 1 - arg
            targets.append(arg)
        instrs.append((index, op, arg))
        index += width[op]
    return instrs, targets, alias, after_end


def _block(blocks: dict, alias: dict, index: int) -> Block:
    index = alias.get(prefix := index, index)
    block = blocks.get(index)
    if block is None:
        block = blocks[index] = Block(index)
    blocks[prefix] = block
    return block


def _thread_pops(raw: bytes, host, blocks: dict, alias: dict) -> None:
    """A jump to POP_TOP whose top is not in any slot can go behind it."""
    todo = [index for index, block in blocks.items() if block.jumps and index == block.index]
    while todo:
        index = todo.pop()
        if 0 <= index < len(raw) >> 1 and raw[2 * index] == host.POP_TOP and blocks[index].after_pop is None:
            behind = blocks[index].after_pop = _block(blocks, alias, index + 1)
            behind.merge = True
            todo.append(behind.index)


def _cover(labels: list, rows: list) -> None:
    """Say for each block which row covers it; rows are sorted and disjoint, as the assembler makes them."""
    following = iter(sorted(rows, key=lambda row: row[0]))
    row = next(following)
    for block in labels:
        while row is not None and row[1] <= block.index:
            row = next(following, None)
        if row is None:
            return
        if row[0] <= block.index:
            block.cover = row
