"""Program: what a translated function is, and the two ways a translation can end.

    translate(code) -> Program(nregs=4, words=b"...", origin=b"...", pool=("len", None, 1), handlers=b"")

Every field is a value `marshal` takes.  Invariants: `origin` has one entry per word; handlers never overlap.
"""
from __future__ import annotations

from _operator import itemgetter


class Untranslatable(Exception):
    """The code object exceeds the encoding or is no code a compiler makes; the argument says why."""


class Program(tuple):
    """A function in register form.

    nregs     number of registers: the host's fast locals, cells and free variables, then the stack slots used
    words     little-endian unsigned 64-bit words, see `ops`
    origin    little-endian signed 32-bit per word: index (in code units) of the host's instruction whose
              effect the word has; what `prev_instr` must point at while the word raises or calls
    pool      names, then constants, then further names the host keeps elsewhere
    handlers  little-endian unsigned 32-bit, five per entry: first word covered, first word no longer covered,
              target word, first register to empty, lasti flag.  On dispatch the registers from that one on
              are emptied; then, if lasti, it gets the host's instruction number and the next one the
              exception, else it gets the exception.
    """

    __slots__ = ()

    def __new__(cls, nregs: int, words: bytes, origin: bytes, pool: tuple, handlers: bytes) -> Program:
        return tuple.__new__(cls, (nregs, words, origin, pool, handlers))

    def __repr__(self) -> str:
        counts = f"{len(self.words) // 8} words, {len(self.handlers) // 20} handlers"
        return f"Program(nregs={self.nregs}, {counts})"

    nregs = property(itemgetter(0))
    words = property(itemgetter(1))
    origin = property(itemgetter(2))
    pool = property(itemgetter(3))
    handlers = property(itemgetter(4))


def arguments(code) -> int:
    """Number of locals that are bound at entry: parameters, *args and **kwargs."""
    flags = code.co_flags
    return code.co_argcount + code.co_kwonlyargcount + (flags >> 2 & 1) + (flags >> 3 & 1)


def nlocalsplus(code) -> int:
    """Number of fast locals, cells and free variables of a host code object."""
    names = code.co_varnames
    cells = code.co_cellvars
    count = len(names) + len(code.co_freevars) + len(cells)
    for name in cells:
        if name in names:
            count -= 1
    return count
