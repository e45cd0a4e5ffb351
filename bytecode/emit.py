"""The abstract evaluation stack and the words emitted for it.

    stack [2, ~5], BINARY_OP +   ->   ADD_K r4 = r2 + k5, stack [4]       (3 locals: r4 is slot 1)

Each entry of `stack` says where a value of the host's evaluation stack is:

    e >= nlocals    in that register, which it owns: slot d's own register is nlocals + d
    0 <= e          in local e, not copied yet
    e < 0           constant ~e of the pool, not loaded yet
    e == NULL       the empty slot below a callable

Laws: (1) a register is owned by at most one entry; (2) before a local is stored or deleted the entries that
refer to it are copied out (`release`); (3) an entry outside its own register (after a SWAP) sets `foreign`,
and only then does `own` need to look for collisions; (4) `last` and `dst` describe the newest instruction
when it writes a fresh slot and no label follows: its destination may still be changed.
"""
from __future__ import annotations

from .ops import CONSUME_A, CONSUME_B, OPCODE_BITS, OPS
from .program import Untranslatable

NULL = -1 << 40
MASK32 = 0xFFFFFFFF
MASK16 = 0xFFFF
_MOVE = OPS["MOVE"].code
_MOVE_OUT = _MOVE | CONSUME_B
_LOADK = OPS["LOADK"].code
_SWAP = OPS["SWAP"].code
_UNPACK, _UNPACK_PAIR = OPS["UNPACK"].code, OPS["UNPACK_PAIR"].code
_DROP = OPS["DROP"].code | CONSUME_A


class Emitter:
    """Words so far, and where each value of the host's evaluation stack is."""

    __slots__ = ("nlocals", "nnames", "words", "origin", "index", "stack", "foreign", "top", "last", "dst",
                 "label")

    def __init__(self, nlocals: int, nnames: int):
        self.nlocals = nlocals      # registers before slot 0
        self.nnames = nnames        # pool entries before the constants
        self.top = nlocals          # registers used
        self.restart()

    def restart(self) -> None:
        """Forget all that was emitted."""
        self.words: list = []
        self.origin: list = []
        self.index = 0              # host instruction that is being translated
        self.stack: list = []
        self.foreign = False        # an entry may be outside its own register
        self.last = -1              # len(words) after an instruction whose destination may change
        self.dst = -1               # position of that instruction
        self.label = 0              # position of the newest label

    # ------------------------------------------------------------------------------------ emission
    def emit(self, word: int) -> None:
        """Append an instruction of one word that writes no slot."""
        self.words.append(word)
        self.origin.append(self.index)

    def emit_cached(self, word: int, cache: tuple) -> None:
        """Append an instruction and its cache words."""
        self.words.append(word)
        self.words.extend(cache)
        self.origin.extend([self.index] * (1 + len(cache)))

    def push(self, word: int, cache: tuple = ()) -> None:
        """Append an instruction whose result, operand A, is pushed."""
        stack, words = self.stack, self.words
        reg = self.nlocals + len(stack)
        if self.foreign and reg in stack:
            reg = self.fresh(reg)
        if reg >= self.top:
            self.top = reg + 1
        self.dst = len(words)
        words.append(word | reg << 16)
        self.origin.append(self.index)
        if cache:
            words.extend(cache)
            self.origin.extend([self.index] * len(cache))
        self.last = len(words)
        stack.append(reg)

    def fresh(self, floor: int) -> int:
        """A register above every one in use and above `floor`."""
        reg = max(floor, self.nlocals + len(self.stack), *self.stack) + 1
        if reg >= self.top:
            self.top = reg + 1
        self.foreign = True
        return reg

    # ------------------------------------------------------------------------------------ operands
    def reg(self, entry: int, depth: int, *busy: int) -> int:
        """The register of a popped entry, loading a constant into slot `depth` unless that is `busy`."""
        if entry >= 0:
            return entry
        if entry == NULL:
            raise Untranslatable("NULL used as a value")
        reg = self.nlocals + depth
        if reg in busy or (self.foreign and reg in self.stack):
            reg = self.fresh(max(reg, *busy, reg))
        elif reg >= self.top:
            self.top = reg + 1
        self.emit(_LOADK | reg << 16 | ~entry << 32)
        return reg

    def owned(self) -> int:
        """Pop the top as a register that an instruction may empty."""
        if self.stack[-1] < self.nlocals:
            self.own(len(self.stack) - 1, len(self.stack))
        return self.stack.pop()

    # ------------------------------------------------------------------------ values to own registers
    def own(self, low: int, high: int) -> None:
        """Bring the entries of depths low..high into their own registers."""
        stack, nlocals = self.stack, self.nlocals
        for depth in range(low, high):
            entry, reg = stack[depth], nlocals + depth
            if entry == reg:
                continue
            if self.foreign and reg in stack:
                entry = self._evict(reg, depth)
                if entry == reg:
                    continue
            if entry == NULL:
                continue
            if reg >= self.top:
                self.top = reg + 1
            if entry < 0:
                self.emit(_LOADK | reg << 16 | ~entry << 32)
            else:
                self.emit((_MOVE_OUT if entry >= nlocals else _MOVE) | reg << 16 | entry << 32)
            stack[depth] = reg

    def _evict(self, reg: int, depth: int) -> int:
        """Free `reg`, the own register of `depth`, of the other entry in it; the entry now at `depth`."""
        stack = self.stack
        other, entry = stack.index(reg), stack[depth]
        if entry >= self.nlocals:
            self.emit(_SWAP | reg << 16 | entry << 32)
            stack[other], stack[depth] = entry, reg
            return reg
        self._move_away(other, reg, reg)
        return entry

    def _move_away(self, depth: int, low: int, high: int) -> None:
        """Move the entry at `depth` to its own register, or a new one if that is taken or in low..high."""
        old, reg = self.stack[depth], self.nlocals + depth
        if reg in self.stack or low <= reg <= high:
            reg = self.fresh(high)
        elif reg >= self.top:
            self.top = reg + 1
        self.stack[depth] = reg
        self.emit(_MOVE_OUT | reg << 16 | old << 32)

    def claim(self, depth: int, count: int) -> None:
        """Make `count` registers from the slot `depth` on free to be written; no entry there is alive."""
        first = self.nlocals + depth
        if first + count > self.top:
            self.top = first + count
        if self.foreign:
            for position, entry in enumerate(self.stack):
                if first <= entry < first + count:
                    self._move_away(position, first, first + count - 1)

    def release(self, local: int) -> None:
        """Copy a local that is about to change to the slots of the entries that refer to it."""
        for depth, entry in enumerate(self.stack):
            if entry == local:
                self.own(depth, depth + 1)

    def drop(self, entry: int) -> None:
        """Drop a popped value."""
        if entry >= self.nlocals:
            self.emit(_DROP | entry << 16)

    def store(self, local: int) -> None:
        """Pop into a local: change the newest instruction's destination if it made the value."""
        words, nlocals, stack = self.words, self.nlocals, self.stack
        entry = stack[-1]
        if local in stack and entry != local:
            if entry >= nlocals and stack.count(local) == 1:
                stack[stack.index(local)] = stack.pop()
                self.foreign = True
                self.emit(_SWAP | local << 16 | entry << 32)
                return
            self.release(local)
            entry = stack[-1]
        stack.pop()
        if entry >= nlocals:
            if self.last == len(words) and words[self.dst] >> 16 & MASK16 == entry:
                words[self.dst] ^= (entry ^ local) << 16
                self.last = -1
            elif not self._swap(entry, local) and not self._pair(entry, local):
                self.emit(_MOVE_OUT | local << 16 | entry << 32)
        elif entry == NULL:
            raise Untranslatable("NULL stored")
        elif entry < 0:
            self.emit(_LOADK | local << 16 | ~entry << 32)
        elif entry != local:
            self.emit(_MOVE | local << 16 | entry << 32)

    def _swap(self, entry: int, local: int) -> bool:
        """MOVE slot = other; MOVE other = local; now local = slot: one SWAP instead."""
        words = self.words
        if len(words) - 2 < self.label or words[-1] & MASK16 != _MOVE:
            return False
        other = words[-1] >> 16 & MASK16
        saved, changed = _MOVE | entry << 16 | other << 32, _MOVE | other << 16 | local << 32
        if words[-2] != saved or words[-1] != changed:
            return False
        del words[-2:], self.origin[-2:]
        self.emit(_SWAP | local << 16 | other << 32)
        return True

    def _pair(self, entry: int, local: int) -> bool:
        """UNPACK two slots; MOVE other = slot + 1; now local = slot: into the locals at once."""
        words = self.words
        if len(words) - 2 < self.label:
            return False
        other, made = words[-1] >> 16 & MASK16, words[-2]
        if (words[-1] != _MOVE_OUT | other << 16 | entry + 1 << 32 or other >= self.nlocals
                or made & (1 << OPCODE_BITS) - 1 != _UNPACK or made >> 16 & MASK16 != entry or made >> 48 != 2):
            return False
        source = made >> 32 & MASK16
        if not made & CONSUME_B and source in (other, local):
            return False
        words[-2:] = [_UNPACK_PAIR | made & CONSUME_B | other << 16 | source << 32 | local << 48]
        self.origin.pop()
        return True
