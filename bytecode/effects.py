"""Which registers an instruction reads, empties and fills: the operand kinds of the table, and ranges.

    effects(row CALL, (4, 4, 2), ...) -> Effects(reads=(), takes=(4, 5, 6, 7), fills=(4,), ...)

`w` and `r` operands follow from the table; what a `base` stands for is the one-line table RANGES here.
Order within an instruction: reads and takes happen, then fills; nothing is filled if it raises.
"""
from __future__ import annotations

from .ops import CONSUME_A, Op

# Their operand of kind r is taken whether its bit is set or not.
ALWAYS_TAKES = {"DROP", "RETURN", "YIELD", "RERAISE", "POP_EXCEPT", "DELETE_LOCAL"}


def _bits(number: int) -> int:
    return number.bit_count()


# name: operands a, b, c -> (read, taken, filled), each a (first register, count)
RANGES = {
    "METHOD_GET":        lambda a, b, c: ((0, 0), (0, 0), (a, 2)),
    "UNPACK":            lambda a, b, c: ((0, 0), (0, 0), (a, c)),
    "UNPACK_EX":         lambda a, b, c: ((0, 0), (0, 0), (a, (c & 255) + (c >> 8) + 1)),
    "BUILD_TUPLE":       lambda a, b, c: ((0, 0), (b, c), (0, 0)),
    "BUILD_LIST":        lambda a, b, c: ((0, 0), (b, c), (0, 0)),
    "BUILD_SET":         lambda a, b, c: ((0, 0), (b, c), (0, 0)),
    "BUILD_STRING":      lambda a, b, c: ((0, 0), (b, c), (0, 0)),
    "BUILD_SLICE":       lambda a, b, c: ((0, 0), (b, c), (0, 0)),
    "BUILD_MAP":         lambda a, b, c: ((0, 0), (b, 2 * c), (0, 0)),
    "BUILD_CONST_MAP":   lambda a, b, c: ((0, 0), (b, c + 1), (0, 0)),
    "FORMAT":            lambda a, b, c: ((0, 0), (b, 1 + (c >> 2 & 1)), (0, 0)),
    "MAP_ADD":           lambda a, b, c: ((0, 0), (b, 2), (0, 0)),
    "CALL":              lambda a, b, c: ((0, 0), (b, c + 2), (0, 0)),
    "CALL_EX":           lambda a, b, c: ((0, 0), (b, 3 + (c & 1)), (0, 0)),
    "MAKE_FUNCTION":     lambda a, b, c: ((0, 0), (b, 1 + _bits(c)), (0, 0)),
    "SEND":              lambda a, b, c: ((a, 1), (a + 1, 1), (a + 1, 1)),
    "END_ASYNC_FOR":     lambda a, b, c: ((0, 0), (a, 2), (0, 0)),
    "BEFORE_WITH":       lambda a, b, c: ((0, 0), (a, 1), (a, 2)),
    "BEFORE_ASYNC_WITH": lambda a, b, c: ((0, 0), (a, 1), (a, 2)),
    "WITH_EXCEPT":       lambda a, b, c: ((b, 4), (0, 0), (0, 0)),
    "PUSH_EXC_INFO":     lambda a, b, c: ((0, 0), (a, 1), (a, 2)),
    "EG_MATCH":          lambda a, b, c: ((0, 0), (a, 2), (a, 2)),
    "PREP_RERAISE_STAR": lambda a, b, c: ((0, 0), (b, 2), (0, 0)),
    "RAISE":             lambda a, b, c: ((0, 0), (a, b), (0, 0)),
    "IMPORT_NAME":       lambda a, b, c: ((0, 0), (b, 2), (0, 0)),
    "MATCH_CLASS":       lambda a, b, c: ((0, 0), (b, 3), (0, 0)),
    "SWAP":              lambda a, b, c: ((a, 1), (b, 1), (0, 0)),
    "RERAISE":           lambda a, b, c: ((c, 1 if b else 0), (0, 0), (0, 0)),
}


class Effects:
    """Registers of one instruction: read and kept, taken (empty afterwards), filled."""

    __slots__ = ("reads", "takes", "fills")

    def __init__(self, reads: list, takes: list, fills: list):
        self.reads = reads
        self.takes = takes
        self.fills = fills

    def __repr__(self) -> str:
        return f"Effects(reads={self.reads}, takes={self.takes}, fills={self.fills})"


def effects(row: Op, values: tuple, word: int) -> Effects:
    """Effects of an instruction with these operands; jumps of FOR_ITER and SEND empty what their rows say."""
    reads: list = []
    takes: list = []
    fills: list = []
    for number, (kind, value) in enumerate(zip(row.operands, values, strict=True)):
        if kind == "w":
            fills.append(value)
        elif kind == "r":
            (takes if word & CONSUME_A << number or row.name in ALWAYS_TAKES else reads).append(value)
    ranges = RANGES.get(row.name)
    if ranges is not None:
        touched = ranges(*values, *(0,) * (3 - len(values)))
        for registers, (first, count) in zip((reads, takes, fills), touched, strict=True):
            registers.extend(range(first, first + count))
    return Effects(reads, takes, fills)
