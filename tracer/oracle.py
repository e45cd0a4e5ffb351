"""Regions run by the oracle (ir/oracle.py) instead of as machine code: `-X fire.jit_oracle=1`.

    LOOP_COMPILED -> a stub (codegen/oracle_stubs.py) -> entered(site, pc, regs, frame, table, thread, ...) -> the IR

Slow, and so for small programs: what is wrong here is wrong in the IR, what is wrong only without is wrong in what
becomes of the IR. It works on the VM's own memory and calls the VM's own functions. Exits are carried out by rt_exit,
as those of machine code. The collector rests while Python runs here, since a region may have objects that are not
whole. Signals come at any operation. Other threads would, too, which no region expects: where there are others, a
region is left to the interpreter as it is entered.
"""
from __future__ import annotations

import ctypes
import gc
import os
import sys
import traceback
from array import array
from copy import copy
from struct import pack, unpack

from ..codegen import oracle_stubs as stubs
from ..codegen.exit_programs import encode
from ..ir.function import Block
from ..ir.oracle import Oracle
from ..ir.semantics import WORD, wrap
from . import core

OPCODE_MASK = 1023
regions: dict[int, Region] = {}
NO_ERROR = array("Q", bytes(24))
_blocks = [array("Q", bytes(8 * stubs.CALL_WORDS)) for _ in range(200)]     # made now: audit hooks are told of arrays
_border: list = []              # functions that call the VM's


class World:
    """What an activation of a region calls: `chain` is the thread's chain of frames as the VM has it."""

    def __init__(self, thread: int, chain: int, remaining: int, collects: int):
        self.block = _blocks.pop() if _blocks else array("Q", bytes(8 * stubs.CALL_WORDS))
        self.address = self.block.buffer_info()[0]
        self.block[stubs.ERROR:stubs.ERROR + 3] = NO_ERROR
        self.block[stubs.THREAD], self.block[stubs.CHAIN] = thread, chain
        self.block[stubs.SWITCH], self.block[stubs.COLLECTS] = switch(), collects
        self.block[stubs.REMAINING] = remaining & WORD
        self.remaining = thread + REMAINING

    def cross(self, which: str, function: int) -> None:
        """Go over the border, and come back."""
        self.block[stubs.FUNCTION] = function
        border()[which](self.address)

    def call(self, address: int, kinds: str, values: list, result: str):
        """A function of the runtime, of C or of CPython; a result is `w` where it is an int of 32 bits."""
        ints, floats = stubs.FIRST_INT, stubs.FIRST_FLOAT
        for kind, value in zip(kinds, values):
            if kind == "f":
                self.block[floats] = unpack("<Q", pack("<d", value))[0]
                floats += 1
            else:
                self.block[ints] = int(value) & WORD
                ints += 1
        assert ints <= stubs.FIRST_FLOAT and floats <= stubs.CALL_WORDS
        self.cross("floats" if result == "f" else "entry", address)
        word = self.block[stubs.RESULT]
        if result == "f":
            return unpack("<d", pack("<Q", word))[0]
        return word if result == "p" else wrap(word) if result == "i" else short(word) if result == "w" else None

    def enter(self, address: int, *words: int) -> None:
        """Code with the convention of handlers."""
        for at, word in enumerate(words, stubs.FIRST_INT):
            self.block[at] = word
        self.cross("enter", address)

    @staticmethod
    def stack() -> int:
        """An address of the stack."""
        return border()["stack"]()


def short(word: int) -> int:
    """The int of 32 bits in a word."""
    return (word & 0xFFFFFFFF ^ 1 << 31) - (1 << 31)


class Region(Oracle):
    """A region's IR with what it needs to leave."""

    def __init__(self, function, tables: dict[str, int], values: int):
        super().__init__(function, tables, None, len(function.exits))
        self.function, self.exits, self.place = function, tables["exits"], self.counters + 8 * values
        self.floats = function.floats()
        self.out = 0                            # where an activation says how it goes on

    def block(self, block):
        """An exit's block is a program for rt_exit, as far as it can be."""
        if block.end[0] == "exit_as":
            self.block(block.end[2])
            return "exit", block.end[1]
        if block.end[0] != "exit":
            return super().block(block)
        program = self.program(block)
        if program is None:                     # its operations here, as machine code has them
            super().block(block)
            rest = Block(block.number)
            rest.end = block.end
            program = self.program(rest)
        for at, name in enumerate(program.alive):
            value = self.values[name]
            data = pack("<d", value) if type(value) is float else pack("<Q", int(value) & WORD)
            core.poke(self.place + 8 * at, data)
        return block.end[:2]

    def op_load(self, x, kind: str, base: int):
        """What is the VM's: Python has some more levels of recursion to go."""
        if base + x[0] == self.world.remaining:
            return short(self.world.block[stubs.REMAINING])
        return super().op_load(x, kind, base)

    @staticmethod
    def read(address: int, size: int) -> bytes:
        return core.peek(address, size)

    @staticmethod
    def write(address: int, data: bytes, _size: int) -> None:
        core.poke(address, data)

    def program(self, block: Block):
        """The program of an exit, None if there is none."""
        pc, depth = self.function.exits[block.end[1]]
        return encode(block, self.floats, self.function.consts, pc, depth)

    def entered(self, roots: dict[str, int], alone: bool) -> int:
        """Run it: the handler that goes on, where "out" says; 0: it returns. Where it is not alone, the
        interpreter goes on at its header."""
        how, *rest = self.run(roots) if alone else ("leave", self.word(self.exits + 8), roots["%frame"])
        handler = self.left(how, rest, roots)
        for part in range(3):
            core.set_word(self.out + 8 * (stubs.OUT_ERROR + part), wrap(self.world.block[stubs.ERROR + part]))
        for at, word in ((stubs.OUT_REMAINING, stubs.REMAINING), (stubs.OUT_COLLECTS, stubs.COLLECTS)):
            core.set_word(self.out + 8 * at, wrap(self.world.block[word]))
        _blocks.append(self.world.block)
        return handler

    def left(self, how: str, rest: list, roots: dict[str, int]) -> int:
        """The handler that goes on, with its place written down."""
        if how == "return":
            return 0
        if how == "exit":
            arguments = [roots["%frame"], *rest, self.exits, self.counters, self.place, roots["%table"]]
            handler = self.world.call(core.info["rt_exit"], "pipppp", arguments, "p")
            jit = core.info["jit"]
            pc, frame = (self.word(jit + core.info["Jit." + name]) for name in ("out_pc", "out_frame"))
        elif how == "tail":
            handler, pc, frame = rest
        else:
            pc, frame = rest
            handler = self.word(roots["%table"] + 8 * (self.word(pc) & OPCODE_MASK))
        core.set_word(self.out + 8 * stubs.OUT_PC, wrap(pc))
        core.set_word(self.out + 8 * stubs.OUT_FRAME, wrap(frame))
        return handler


def enter(number: int, pc: int, regs: int, frame: int, table: int, thread: int, out: int, *rest: int) -> int:
    """The stub of a region was entered."""
    try:
        region = copy(regions[number])
        alone = not region.word(thread) and not region.word(thread + 8)         # in the host's list of threads
        chain = region.word(region.word(thread + CHAIN) + CHAIN_PREVIOUS)
        region.world, region.out = World(thread, chain, *rest), out
        return region.entered({"%pc": pc, "%regs": regs, "%frame": frame, "%table": table}, alone)
    except BaseException:               # there is no way back into the region
        traceback.print_exc()
        sys.stderr.flush()
        os.abort()


def switch() -> int:
    """The address of the collector's switch, which lies before its lists `garbage` and `callbacks` in the host's
    state of the interpreter (vm/own_objects.py)."""
    if not _switch:
        interpreter = ctypes.pythonapi.PyInterpreterState_Get()
        words = core.words(interpreter, WORDS_SEARCHED)
        lists = id(gc.garbage), id(gc.callbacks)
        at = next(at for at in range(WORDS_SEARCHED) if (words[at], words[at + 1]) == lists)
        _switch.append(interpreter + 8 * (at + ENABLED) + 4)
    return _switch[0]


ctypes.pythonapi.PyInterpreterState_Get.restype = ctypes.c_uint64
WORDS_SEARCHED, ENABLED = 2048, -25         # as vm/collector.py and vm/own_objects.py have them
_switch: list[int] = []
CHAIN, REMAINING = stubs.offset("cframe"), stubs.offset("recursion_remaining")
CHAIN_PREVIOUS = stubs.LAYOUTS["CFrame"].field("previous")[1]
_callback = ctypes.PYFUNCTYPE(ctypes.c_uint64, *[ctypes.c_uint64] * 7, ctypes.c_int, ctypes.c_int)(enter)


def border() -> dict:
    """The functions that call the VM's."""
    if not _border:
        code = stubs.border()
        crossing = ctypes.PYFUNCTYPE(None, ctypes.c_uint64)
        made = {name: crossing(code.symbols[name]) for name in ("entry", "floats", "enter")}
        made["stack"] = ctypes.PYFUNCTYPE(ctypes.c_uint64)(code.symbols["stack"])
        _border.append(made)
    return _border[0]


def code_of(number: int, function, lowering):
    """What stands for a region's machine code."""
    tables = {"consts": function.consts, "counters": lowering.counters, "exits": lowering.exits}
    made = stubs.entry(tables, ctypes.cast(_callback, ctypes.c_void_p).value, switch(), core.info)
    border()
    function.marks.clear(), function.names.clear()      # they would keep the program's classes alive
    regions[number] = Region(function, made.tables, lowering.values)
    return made
