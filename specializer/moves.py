"""Moves, constants, cells."""
from __future__ import annotations

from .builder import Builder
from .values import EMPTY, Val


class Moves(Builder):
    """Specializations of the move family."""

    def do_NOP(self, instr):
        return instr.at + instr.length

    def do_MOVE(self, instr):
        if instr.consumes(1):
            val = self.take(instr.b)
            self.write(instr.a, val)
            self.release(val)
        else:
            val = self.settle(self.read(instr.b))
            self.write(instr.a, val)
        if val.kind == "obj" and val.ssa and len(self.seen.b) == 1 and isinstance(next(iter(self.seen.b)), type):
            (self.hints[val.ssa],) = self.seen.b
        return instr.at + instr.length

    def do_LOADK(self, instr):
        self.write(instr.a, self.local_constant(instr.d))
        return instr.at + instr.length

    def do_DROP(self, instr):
        self.write(instr.a, EMPTY)
        return instr.at + instr.length

    def do_SWAP(self, instr):
        for register in (instr.a, instr.b):     # before anything is changed: it may go different ways by what they hold
            self.read(register)
        first, second = self.take(instr.a), self.take(instr.b)
        self.write(instr.a, second)
        self.write(instr.b, first)
        self.release(first)
        self.release(second)
        return instr.at + instr.length

    def do_CHECK_BOUND(self, instr):
        if self.read(instr.a).kind == "empty":
            return self.step(instr)
        return instr.at + instr.length

    def do_CELL_GET(self, instr):
        cell = self.read(instr.b)
        if cell.kind != "obj":
            return self.step(instr)
        value = self.load("ptr", self.pointer(cell), 16, "cell")
        self.guard(self.e("ptr_ne", value, "null"), "a variable of an enclosing function is not set")
        self.write(instr.a, Val("obj", value))
        return instr.at + instr.length

    def do_COPY_FREE_VARS(self, instr):
        frame = self.cx.frames[-1]
        closure = self.load("ptr", self.running_function(), 72, "attr")
        for number in range(instr.a):
            cell = self.load("ptr", closure, 24 + 8 * number, "tuple")
            self.write(frame.code.nlocals - instr.a + number, Val("obj", cell))
        return instr.at + instr.length
