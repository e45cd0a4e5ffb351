"""A function's loaded register code, decoded for the JIT.

    code_at(address of a VMCode) -> Code
    code.instrs[13] -> Instr(FOR_ITER a=1 b=3 c=5)      code.merges -> word indices where paths join
"""
from __future__ import annotations

from ..bytecode.ops import BY_CODE, CONSUME_A, OPS, X_BIT
from . import core

OPCODE_MASK = 1023
PRELUDE = {"MAKE_CELL", "COPY_FREE_VARS", "RESUME"}
COMPILED = {"LOOP_COMPILED": "LOOP", "RESUME_COMPILED": "RESUME"}
EMPTY, INT, FLOAT, BOOL, NONE, OBJECT = 0, 1, 2, 3, 4, -1
TAG_NAMES = {EMPTY: "empty", INT: "int", FLOAT: "float", BOOL: "bool", NONE: "none"}


class Instr:
    """One instruction: word index, op name, operands, flags, words it takes, its jump target or -1."""

    __slots__ = ("at", "op", "a", "b", "c", "d", "x", "word", "length", "target", "keywords",
                 "effects")

    def __init__(self, at: int, word: int, row, keywords: int):
        self.at, self.op, self.word, self.length = at, row.name, word, row.length
        self.a, self.b, self.c = word >> 16 & 65535, word >> 32 & 65535, word >> 48 & 65535
        d = word >> 32 & 0xFFFFFFFF
        self.d = d - (1 << 32) if d >> 31 else d
        self.x = bool(word & X_BIT)
        self.keywords = keywords        # of a CALL: pool index + 1 of the keyword names
        self.target, self.effects = -1, None        # see liveness.py
        if "J" in row.operands:
            self.target = at + self.d
        elif "j" in row.operands:
            self.target = at + (self.c - 65536 if self.c >> 15 else self.c)

    def consumes(self, operand: int) -> bool:
        """Whether operand 0 (A), 1 (B) or 2 (C) is taken."""
        return bool(self.word & CONSUME_A << operand)

    def __repr__(self) -> str:
        return f"{self.op} {self.a} {self.b} {self.c}"


class Code:
    """A VMCode: instructions by word index, pool, and what calls need to know."""

    def __init__(self, address: int):
        info = core.info
        self.address = address
        field = {n: core.word(address + info["VMCode." + n]) for n in
                 ("words", "pool", "nwords", "nregs", "npool", "nlocalsplus", "code", "argcount", "plain", "flags",
                  "twin", "total_bytes", "handlers", "nhandlers")}
        self.words, self.pool, self.nregs = field["words"], field["pool"], field["nregs"]
        self.nlocals, self.argcount, self.plain = field["nlocalsplus"], field["argcount"], field["plain"]
        self.flags, self.npool, self.total_bytes = field["flags"], field["npool"], field["total_bytes"]
        self.host = core.object_at(field["code"])
        self.name = self.host.co_qualname
        self.instrs: dict[int, Instr] = {}
        self.decode(field["nwords"])
        table = memoryview(core.peek(field["handlers"], 20 * field["nhandlers"])).cast("I")
        self.handlers = [tuple(table[at:at + 5]) for at in range(0, len(table), 5)]
        self.live_sets: dict[int, int] | None = None
        self.lines: list[int | None] | None = None      # of the host's instructions
        self.constants: dict[int, tuple[int, int, object]] = {}

    def decode(self, nwords: int) -> None:
        """Fill `instrs` and `merges`."""
        raw = core.peek(self.words, 8 * nwords)
        bases = core.peek(core.info["op_bases"], 1024)
        plain = memoryview(raw).cast("Q")
        at = 0
        incoming: dict[int, int] = {}
        falls = False
        while at < nwords:
            word = plain[at]
            row = BY_CODE[bases[word & OPCODE_MASK]]
            if row.name in COMPILED:            # compiled code stands there: what it was before
                row = OPS[COMPILED[row.name]]
                word = word & ~OPCODE_MASK | row.code
            instr = self.instrs[at] = Instr(at, word, row, plain[at + 1] & 0xFFFFFFFF if row.name == "CALL" else 0)
            if falls:
                incoming[at] = incoming.get(at, 0) + 1
            if instr.target >= 0:
                incoming[instr.target] = incoming.get(instr.target, 0) + (2 if row.name == "LOOP" else 1)
            falls = not row.effects & 8
            at += row.length
        self.begin = self.first_word()
        self.loops = {i.target for i in self.instrs.values() if i.op == "LOOP"}
        # Nothing comes back to a SEND: the YIELD behind it ends paths.
        self.merges = {at for at, count in incoming.items() if count > 1 and self.instrs[at].op != "SEND"}

    def prelude(self, at: int = 0) -> list[int]:
        """What comes from a word on before the body: cells and RESUME."""
        found = []
        while at in self.instrs and self.instrs[at].op in PRELUDE:
            found.append(at)
            at += self.instrs[at].length
        return found

    def first_word(self) -> int | None:
        """The first word of the body; None: other things come before RESUME."""
        found = self.prelude()
        return found[-1] + self.instrs[found[-1]].length if found and self.instrs[found[-1]].op == "RESUME" else None

    def line(self, at: int) -> int:
        """The source line of a word; 0 if it has none."""
        place = core.word(self.address + core.info["VMCode.origin"]) + 4 * at
        offset = int.from_bytes(core.peek(place, 4), "little", signed=True) // 2
        if self.lines is None:
            self.lines = [position[0] for position in self.host.co_positions()]
        found = self.lines[offset] if 0 <= offset < len(self.lines) else None
        return found or self.host.co_firstlineno

    def live(self, at: int) -> int:
        """The registers, as bits, that may still be read from a word on."""
        if self.live_sets is None:
            from .liveness import live_sets
            self.live_sets = live_sets(self)
        return self.live_sets[at]

    def constant(self, index: int) -> tuple[int, int, object]:
        """Payload, tag and object of an entry of the pool."""
        found = self.constants.get(index)
        if found is None:
            pair = core.words(self.pool + 16 * index, 2)
            held = core.object_at(core.word(self.pool + 16 * self.npool + 8 * index))
            found = self.constants[index] = (pair[0], pair[1], held)
        return found

    def name_at(self, index: int) -> str:
        """A name of the pool."""
        return self.constant(index)[2]      # type: ignore[return-value]

    def address_of(self, at: int) -> int:
        """Address of a word."""
        return self.words + 8 * at


decoded: dict[int, Code] = {}         # all that were asked for


def code_at(address: int) -> Code:
    """The decoded code of a VMCode record."""
    found = decoded.get(address)
    if found is None:
        found = decoded[address] = Code(address)
    return found
