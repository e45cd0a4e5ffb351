"""The verifier: proves of a Program what the machine takes for granted.

    verify(code, program)     None, or raises Invalid("position 7: JIF: t1 is read while empty")

Proved: opcodes, operands, pool indices and jumps are valid; consume bits stand on `r` operands only; on every
path each register that is read is full, a slot is filled only while empty, the slots agree where paths join,
and the slots below a handler's first register are the same wherever its range can raise.  Locals may differ
where paths join; reading one then needs a CHECK_BOUND.  Independent of the translator on purpose.
"""
from __future__ import annotations

from array import array

from .dis import operands
from .effects import effects
from .ops import BY_CODE, CONSUME_A, ENDS, OPCODE_BITS, RAISES
from .program import Program, arguments, nlocalsplus

EMPTY, FULL, MAYBE = 0, 1, 2
_MAYBE_READ = {"MAKE_CELL", "CHECK_BOUND", "DELETE_LOCAL"}      # they find out whether the local is bound


class Invalid(Exception):
    """The program breaks a law; the argument says where and which."""


def verify(code, program: Program) -> None:
    """Check a translation of `code`."""
    _Verifier(code, program).run()


class _Verifier:
    def __init__(self, code, program: Program):
        self.code = code
        self.program = program
        self.nlocals = nlocalsplus(code)
        self.words = array("Q", program.words)
        self.rows: dict = {}            # position -> (row, operand values)
        self.states: dict = {}          # position -> registers before the instruction
        self.todo: list = []
        self.at = -1

    def fail(self, why: str):
        """Refuse the program."""
        row = self.rows.get(self.at)
        raise Invalid(f"{self.code.co_qualname}: position {self.at}: {row[0].name if row else '?'}: {why}")

    def name(self, register: int) -> str:
        """Register for messages."""
        return f"r{register}" if register < self.nlocals else f"t{register - self.nlocals}"

    def run(self) -> None:
        """Shape first, then states to a fixed point."""
        self._shape()
        handlers = list(zip(*[iter(array("I", self.program.handlers))] * 5, strict=True))
        self._shape_of_handlers(handlers)
        self.join(0, self._entry())
        self._fixed_point(handlers)
        known = -1
        while known < len(self.states):
            known = len(self.states)
            self._reach_idle_handlers(handlers)
        self.at = -1
        if len(self.states) != len(self.rows):
            self.fail(f"unreachable: {sorted(set(self.rows) - set(self.states))}")

    def _reach_idle_handlers(self, handlers: list) -> None:
        """Handlers of ranges where nothing raises count as reached."""
        for start, end, target, register, lasti in handlers:
            first = next((at for at in range(start, end) if at in self.states), None)
            if target not in self.states and first is not None:
                self.join(target, self._dispatched(self.states[first], register, lasti))
                self._fixed_point(handlers)

    def _fixed_point(self, handlers: list) -> None:
        while self.todo:
            self.at = self.todo.pop()
            self._step(self.states[self.at], handlers)

    def _entry(self) -> bytearray:
        bound = arguments(self.code)
        return bytearray([FULL] * bound + [EMPTY] * (self.program.nregs - bound))

    # ----------------------------------------------------------------------------------------- shape
    def _shape(self) -> None:
        position = 0
        if len(self.program.origin) != 4 * len(self.words) or not self.words:
            self.fail("one origin per word is needed")
        while position < len(self.words):
            self.at, word = position, self.words[position]
            number = word & (1 << OPCODE_BITS) - 1
            if number >= len(BY_CODE):
                self.fail("no such opcode")
            row = BY_CODE[number]
            self.rows[position] = row, operands(word, row)
            for operand in range(3):
                if word & CONSUME_A << operand and row.operands[operand:operand + 1] != ("r",):
                    self.fail("consume bit on an operand that is not read")
            position += row.length
        if position != len(self.words):
            self.fail("cut off")
        last = max(self.rows)
        for position, (row, values) in self.rows.items():
            self.at = position
            self._operands(row, values)
            if self.at == last and not row.effects & ENDS:
                self.fail("runs off the end")

    def _operands(self, row, values) -> None:
        for kind, value in zip(row.operands, values, strict=True):
            if kind in ("k", "K", "name") and not 0 <= value < len(self.program.pool):
                self.fail("pool index out of range")
            if kind == "name" and not isinstance(self.program.pool[value], str):
                self.fail("a name is no string")
            if kind in ("j", "J") and self.at + value not in self.rows:
                self.fail("jump to no instruction")
        touched = effects(row, values, self.words[self.at])
        for register in touched.reads + touched.takes + touched.fills:
            if register >= self.program.nregs:
                self.fail(f"{self.name(register)} is out of range")

    def _shape_of_handlers(self, handlers: list) -> None:
        self.at, end_before = -1, 0
        for start, end, target, register, lasti in handlers:
            if not end_before <= start < end <= len(self.words) or target not in self.rows or lasti > 1:
                self.fail("broken handler row")
            if start not in self.rows or (end not in self.rows and end != len(self.words)):
                self.fail("handler range within an instruction")
            if not self.nlocals <= register < self.program.nregs - lasti:
                self.fail("handler's register out of range")
            end_before = end

    # ---------------------------------------------------------------------------------------- states
    def _step(self, before: bytearray, handlers: list) -> None:
        row, values = self.rows[self.at]
        if row.effects & RAISES:
            self._to_handler(before, handlers)
        after = self._after(row, values, before)
        taken = after
        if row.name == "FOR_ITER":
            taken = bytearray(before)
            taken[values[1]] = EMPTY
        elif row.name == "SEND":
            taken = bytearray(after)
            taken[values[0] + 1] = EMPTY
        for kind, value in zip(row.operands, values, strict=True):
            if kind in ("j", "J"):
                self.join(self.at + value, taken)
        if not row.effects & ENDS:
            self.join(self.at + row.length, after)
        elif row.name == "RETURN" and any(after[self.nlocals:]):
            self.fail("slots are full at the return")

    def _after(self, row, values, before: bytearray) -> bytearray:
        after = bytearray(before)
        touched = effects(row, values, self.words[self.at])
        if row.name == "SWAP":
            a, b = values
            if not before[a] == before[b] == FULL:
                self.fail("swaps what is not there")
            return after
        base = values[1] if row.name in ("CALL", "CALL_EX") else -1
        for register in touched.reads + touched.takes:
            state = before[register]
            if register == base:
                if row.name == "CALL_EX" and state != EMPTY:
                    self.fail("the slot below the callable is full")
            elif state != FULL and row.name not in _MAYBE_READ:
                self.fail(f"{self.name(register)} is read while {('empty', '', 'maybe empty')[state]}")
        for register in touched.takes:
            after[register] = EMPTY
        for register in touched.fills:
            if after[register] != EMPTY and register >= self.nlocals:
                self.fail(f"{self.name(register)} is filled while full")
            after[register] = FULL
        if row.name == "METHOD_GET":
            after[values[0]] = MAYBE
        elif row.name == "CHECK_BOUND":
            after[values[0]] = FULL
        elif row.name == "COPY_FREE_VARS":
            after[self.nlocals - values[0]:self.nlocals] = bytes([FULL]) * values[0]
        return after

    def _to_handler(self, before: bytearray, handlers: list) -> None:
        for start, end, target, register, lasti in handlers:
            if start <= self.at < end:
                self.join(target, self._dispatched(before, register, lasti))
                return

    @staticmethod
    def _dispatched(before: bytearray, register: int, lasti: int) -> bytearray:
        state = before[:register] + bytes(len(before) - register)
        state[register:register + 1 + lasti] = bytes([FULL]) * (1 + lasti)
        return state

    def join(self, position: int, state: bytearray) -> None:
        """Control may reach `position` with the registers in this state."""
        known = self.states.get(position)
        if known is None:
            self.states[position] = bytearray(state)
            self.todo.append(position)
            return
        if known == state:
            return
        merged = bytearray(known)
        for register, (old, new) in enumerate(zip(known, state, strict=True)):
            if old != new:
                if register >= self.nlocals:
                    self.fail(f"{self.name(register)} differs where paths join at {position}")
                merged[register] = MAYBE
        if merged != known:
            self.states[position] = merged
            self.todo.append(position)
