"""Blocks that leave compiled code -> programs for rt_exit (vm/exit_format.py), instead of machine code.

    encode(block, floats, consts, pc, depth) -> Program(alive=["%v3", "%v9"], words=[...])
    Exits(function, floats, region, header)     the table of a function's exits, with the programs

None if a block does what such programs cannot; it becomes machine code then. Exits are many, and most are never taken:
their operations are gone over once, and those that do the same have one program.
"""
from __future__ import annotations

from ..ir.function import ROOTS
from ..ir.ops import ALIAS, REGISTER_TAGS
from ..vm.exit_format import (EXIT_CALL, EXIT_CALL_FLOAT, EXIT_DECREF, EXIT_FLOAT, EXIT_INCREF, EXIT_OFFSET,
                              EXIT_REGISTER, EXIT_SLOTS, EXIT_STORE, EXIT_TAG, EXIT_TRUTH, FIRST_LITERAL, FIRST_RESULT)

MOST_ARGUMENTS, LARGEST_OFFSET = 5, 1 << 19
STORES = {"store_i64", "store_ptr", "store_f64"}
COUNTS = {"incref": EXIT_INCREF, "decref": EXIT_DECREF, "decref_plain": EXIT_DECREF}
RESULTS = {"bool_to_int": EXIT_TRUTH, "offset": EXIT_OFFSET}
REGISTER = ALIAS["reg"]
REGISTERS = {name: EXIT_REGISTER | (tag & 4095) << 8 for name, tag in REGISTER_TAGS.items()}
REGISTERS["store_float"] = EXIT_FLOAT                               # NaNs are boxed, see rt_exit
TAGS = {str(tag): EXIT_TAG | tag << 8 for tag in range(5)}
NAMED = ("true", "false", "null")
MAX = (1 << 64) - 1


class Program:
    """What an exit does: values that are alive, and words."""

    __slots__ = ("alive", "words")

    def __init__(self, alive: list[str], words: list[int]):
        self.alive, self.words = alive, words


class _TooMuch(Exception):
    """A block does what a program cannot."""


class _Encoder:
    """One block's encoding."""

    def __init__(self, floats: set[str], consts: list[int]):
        self.floats, self.consts = floats, consts
        self.slots: dict[str, int] = {}         # of values by name
        self.alive: list[str] = []              # those that the block does not make
        self.literals: dict[int, int] = {}      # word -> slot
        self.results = FIRST_RESULT             # the next result's slot
        self.words: list[int] = []

    def run(self, ops: list[tuple]) -> None:
        """All operations."""
        slots, words = self.slots, self.words
        for name, result, args, x in ops:
            if name in REGISTERS:
                base, value = args
                words.append(REGISTERS[name] | (slots.get(base) or self.slot(base)) << 20 |
                             (slots.get(value) or self.slot(value)) << 32 | offset_field(x[0]))
            elif name in STORES:
                code = self.slot(args[0]) << 20 | offset_field(x[0])
                tag = TAGS.get(args[1]) if x[1] == REGISTER else None
                words.append(code | (EXIT_STORE | self.slot(args[1]) << 32 if tag is None else tag))
            elif name in COUNTS:
                words.append(COUNTS[name] | self.slot(args[0]) << 20)
            elif name in ("const", "const_word"):
                slots[result] = self.literal(self.consts[x] & MAX)
            elif name in RESULTS:
                code = RESULTS[name] | self.slot(args[0]) << 20 | offset_field(x or 0)
                words.append(code | self.result(result) << 8)
            elif name in ("call_p", "call_none"):
                self.call(result, args, x)
            elif name == "box_int":
                self.call(result, args[:1], x)
            else:
                raise _TooMuch

    def call(self, result: str, args, x: int) -> None:
        """A call of a function of the runtime: at most five words, at most one float."""
        slots, floats = self.slots, self.floats
        code, packed, shift = EXIT_CALL, 0, 0
        for arg in args:
            place = slots.get(arg) or self.slot(arg)
            if arg in floats or arg[:2] == "0x":
                if code != EXIT_CALL:
                    raise _TooMuch
                code = EXIT_CALL_FLOAT | place << 32
            else:
                packed |= place << shift
                shift += 12
        if shift > 12 * MOST_ARGUMENTS:
            raise _TooMuch
        self.words += (code | self.literal(self.consts[x] & MAX) << 20 | self.result(result) << 8, packed)

    # ------------------------------------------------------------------------------------------------ slots
    def slot(self, name: str) -> int:
        """Where a value is."""
        found = self.slots.get(name)
        if found is None:
            if name[0] != "%":
                found = self.literal(int(name == "true") if name in NAMED else int(name, 0) & MAX)
            elif name in ROOTS:
                if name != "%frame":
                    raise _TooMuch
                found = 0
            else:
                self.alive.append(name)
                found = len(self.alive)
                if found == FIRST_LITERAL:
                    raise _TooMuch
            self.slots[name] = found
        return found

    def literal(self, word: int) -> int:
        """The slot of a word that is known now."""
        found = self.literals.get(word)
        if found is None:
            found = self.literals[word] = FIRST_LITERAL + len(self.literals)
            if found == FIRST_RESULT:
                raise _TooMuch
        return found

    def result(self, name: str) -> int:
        """The slot of a new value."""
        found = self.results
        if found == EXIT_SLOTS:
            raise _TooMuch
        self.results += 1
        if name:
            self.slots[name] = found
        return found


def offset_field(offset: int) -> int:
    """An offset in its place in a word."""
    if not 0 <= offset < LARGEST_OFFSET:
        raise _TooMuch
    return offset << 44


def encode(block, floats: set[str], consts: list[int], pc: int, depth: int) -> Program | None:
    """The program of a block that ends with ("exit", number, frame)."""
    encoder = _Encoder(floats, consts)
    try:
        encoder.run(block.ops)
        frame = encoder.slot(block.end[2])
    except _TooMuch:
        return None
    words, literals = encoder.words, encoder.literals
    sizes = len(encoder.alive) | len(literals) << 12 | len(words) << 24 | frame << 40
    return Program(encoder.alive, [pc, depth, sizes, *literals, *words])


class Exits:
    """The table "exits" of a function. `most`: values that are alive at one exit."""

    def __init__(self, function, floats: set[str], region: int, header: int):
        self.function, self.floats = function, floats
        self.words = [region, header, *[0] * len(function.exits)]
        self.programs: dict[int, tuple[Program | None, int]] = {}       # of blocks, and where it begins
        self.most = 0

    def program(self, block) -> Program | None:
        """The program of a block that ends with an exit, or is like one that does, in the table; None: it is, or goes
        to, machine code."""
        kind, number, like = block.end
        if kind == "exit":
            self.programs[block.number] = self.add(block)
        program, at = self.programs[(block if kind == "exit" else like).number]
        self.words[number + 2] = -at if number in self.function.uncounted else at
        return program

    def add(self, block) -> tuple[Program | None, int]:
        """A new program and its place."""
        program = encode(block, self.floats, self.function.consts, *self.function.exits[block.end[1]])
        at = len(self.words)
        if program is not None:
            self.most = max(self.most, len(program.alive))
            self.words += program.words
        return program, at

    def rest(self, block) -> Program:
        """The program of an exit whose operations are machine code: it has none."""
        end = type(block)(block.number)
        end.end = block.end
        program = self.program(end)
        assert program is not None
        self.programs[block.number] = None, 0
        return program
