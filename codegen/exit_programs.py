"""Blocks that leave compiled code -> programs for rt_exit (vm/exit_format.py), instead of machine code.

    encode(block, kinds, consts, pc, depth) -> Program(alive=["%v3", "%v9"], words=[...])

None if a block does what such programs cannot; it becomes machine code then.
"""
from __future__ import annotations

from ..ir.ops import ALIAS
from ..vm.exit_format import (EXIT_CALL, EXIT_CALL_FLOAT, EXIT_DECREF, EXIT_FLOAT, EXIT_INCREF, EXIT_OFFSET, EXIT_SLOTS,
                              EXIT_STORE, EXIT_TRUTH)

MOST_ARGUMENTS, LARGEST_OFFSET = 5, 1 << 19
STORES = {"store_i64", "store_ptr", "store_f64"}
MAX = (1 << 64) - 1
FLOAT_TAG = "2"


class Program:
    """What an exit does: values that are alive, and words."""

    __slots__ = ("alive", "words")

    def __init__(self, alive: list[str], words: list[int]):
        self.alive, self.words = alive, words


class _TooMuch(Exception):
    """A block does what a program cannot."""


class _Encoder:
    """One block's encoding; slots get their final numbers once it is known what is alive."""

    def __init__(self, consts: list[int], kinds: dict[str, str], made: set[str]):
        self.consts, self.kinds, self.made = consts, kinds, made
        self.alive: dict[str, None] = {}        # names, in order of their use
        self.literals: dict[int, None] = {}
        self.results: dict[str, int] = {}
        self.known: dict[str, int] = {}         # results that are literals
        self.ops: list[tuple] = []              # code, result, a, b, offset, arguments: operands by `operand`
        self.float_last = False                 # whether the last operation stored a float

    def operand(self, value: str) -> tuple[str, object]:
        """Where a value will be."""
        if value[0] == "%":
            if value == "%frame":
                return ("root", 0)
            if value in self.known:
                return self.literal(self.known[value])
            if value not in self.results:
                if value in self.made or value in ("%pc", "%regs", "%table"):
                    raise _TooMuch
                self.alive[value] = None
                return ("alive", value)
            return ("result", value)
        if value in ("true", "null", "false"):
            return self.literal(1 if value == "true" else 0)
        return self.literal(int(value, 16) if value[:2] == "0x" else int(value) & MAX)

    def literal(self, word: int) -> tuple[str, int]:
        self.literals[word] = None
        return ("literal", word)

    def op(self, name: str, result: str, args, x) -> None:
        """One operation of the block."""
        if name == "store_i64" and args[1] == FLOAT_TAG and self.ends_float(args[0], x):
            self.ops[-1] = (EXIT_FLOAT, *self.ops[-1][1:])
        elif name in STORES:
            self.ops.append((EXIT_STORE, None, self.operand(args[0]), self.operand(args[1]), self.offset(x[0]), None))
            self.float_last = name == "store_f64"
            return
        elif name == "incref":
            self.ops.append((EXIT_INCREF, None, self.operand(args[0]), None, 0, None))
        elif name in ("decref", "decref_plain"):
            self.ops.append((EXIT_DECREF, None, self.operand(args[0]), None, 0, None))
        elif name in ("const", "const_word"):
            self.known[result] = self.consts[x] & MAX
        elif name == "bool_to_int":
            self.ops.append((EXIT_TRUTH, self.result(result), self.operand(args[0]), None, 0, None))
        elif name == "offset":
            self.ops.append((EXIT_OFFSET, self.result(result), self.operand(args[0]), None, self.offset(x), None))
        elif name in ("call_p", "call_none"):
            self.call(result, args, x)
        else:
            raise _TooMuch
        self.float_last = False

    def ends_float(self, base: str, x) -> bool:
        """Whether a store is that of the tag of a float that was just stored: NaNs are boxed then, see rt_exit. What
        was stored counts, not where: an int 2 that follows the tag of the register before it looks the same."""
        if not self.float_last or x[1] != ALIAS["reg"]:
            return False
        _, _, before, _, offset, _ = self.ops[-1]
        return before == self.operand(base) and offset == x[0] - 8

    def result(self, name: str) -> str:
        self.results[name] = len(self.results)
        return name

    @staticmethod
    def offset(x: int) -> int:
        if not 0 <= x < LARGEST_OFFSET:
            raise _TooMuch
        return x

    def call(self, result: str, args, x: int) -> None:
        """A call of a function of the runtime: at most five words, at most one float."""
        floats = [arg for arg in args if self.is_float(arg)]
        words = [self.operand(arg) for arg in args if arg not in floats]
        if len(words) > MOST_ARGUMENTS or len(floats) > 1:
            raise _TooMuch
        number = self.operand(floats[0]) if floats else None
        function = self.literal(self.consts[x] & MAX)
        name = self.result(result or f"none{len(self.results)}")
        self.ops.append((EXIT_CALL_FLOAT if floats else EXIT_CALL, name, function, number, 0, words))

    def is_float(self, arg: str) -> bool:
        return arg.startswith("0x") or self.kinds.get(arg) == "f"

    def words(self, frame: str, pc: int, depth: int) -> list[int]:
        """The program, once all operations are known."""
        place = {("root", 0): 0}
        for number, name in enumerate(self.alive, 1):
            place["alive", name] = number
        first = 1 + len(self.alive)
        for number, word in enumerate(self.literals, first):
            place["literal", word] = number
        first += len(self.literals)
        for name, number in self.results.items():
            place["result", name] = first + number
        if first + len(self.results) > EXIT_SLOTS:
            raise _TooMuch
        words: list[int] = []
        for code, result, a, b, offset, arguments in self.ops:
            word = code | place[a] << 20 | offset << 44
            if result is not None:
                word |= place["result", result] << 8
            if b is not None:
                word |= place[b] << 32
            words.append(word)
            if arguments is not None:
                words.append(sum(place[arg] << 12 * n for n, arg in enumerate(arguments)))
        sizes = len(self.alive) | len(self.literals) << 12 | len(words) << 24 | place[self.operand(frame)] << 40
        return [pc, depth, sizes, *self.literals, *words]


def encode(block, kinds: dict[str, str], consts: list[int], pc: int, depth: int) -> Program | None:
    """The program of a block that ends with ("exit", number, frame)."""
    encoder = _Encoder(consts, kinds, {op[1] for op in block.ops if op[1]})
    try:
        for name, result, args, x in block.ops:
            encoder.op(name, result, args, x)
        encoder.operand(block.end[2])
        words = encoder.words(block.end[2], pc, depth)
    except _TooMuch:
        return None
    return Program(list(encoder.alive), words)
