"""Functions of the IR as machine code, called from Python, beside the same in the oracle.

    outcome = Machine(parse(TEXT)).both([memory], level=2)      ends alike, with the same memory, or AssertionError

`Machine` compiles a function as the JIT does (codegen/lower.py) and stands in for the VM: rt_exit and the handlers
that code jumps to are functions of Python's. `both` runs the function in the oracle, puts memory back as it
was, runs the machine code and compares how both ended, what they called, and every byte.
"""
import ctypes
from struct import pack, unpack

from firelang import codegen
from firelang.codegen.exit_programs import (EXIT_CALL, EXIT_DECREF, EXIT_FLOAT, EXIT_INCREF, EXIT_OFFSET, EXIT_REGISTER,
                                            EXIT_SLOTS, EXIT_STORE, EXIT_TAG, EXIT_TRUTH, FIRST_LITERAL)
from firelang.codegen.baseline import compile_function
from firelang.codegen.lower import Lowering
from firelang.ir.oracle import Oracle

OUT_PC, OUT_FRAME = 8, 16
BASELINE = "baseline"
OFFSETS = {"sizeof.Frame": 112, "Jit.out_pc": OUT_PC, "Jit.out_frame": OUT_FRAME}
ENTER = """; a call with the convention of handlers
define void @entry(ptr %code, ptr %pc, ptr %regs, ptr %frame, ptr %table) {
  call preserve_nonecc void %code(ptr %pc, ptr %regs, ptr %frame, ptr %table)
  ret void
}
"""
HANDLER = """; a handler that says where it was entered
@seen = external hidden global [0 x i64], align 8
define preserve_nonecc void @entry(ptr %pc, ptr %regs, ptr %frame, ptr %table) {
  %n = load i64, ptr @seen
  %m = add i64 %n, 1
  store i64 %m, ptr @seen
  store ptr %pc, ptr getelementptr ([0 x i64], ptr @seen, i64 0, i64 1)
  store ptr %frame, ptr getelementptr ([0 x i64], ptr @seen, i64 0, i64 2)
  store ptr %regs, ptr getelementptr ([0 x i64], ptr @seen, i64 0, i64 3)
  ret void
}
"""
CTYPES = {"i": ctypes.c_int64, "f": ctypes.c_double, "p": ctypes.c_uint64, "b": ctypes.c_bool, "w": ctypes.c_int32,
          "": None}
_shared = {}
codegen.configure(cache=False)


def shared(text, tables):
    """Code that every test uses."""
    if text not in _shared:
        _shared[text] = codegen.compile_text(text, tables, 1)
    return _shared[text]


def enter(address, pc, regs, frame, table):
    """Call code with the convention of handlers."""
    pointers = [ctypes.c_uint64] * 5
    ctypes.CFUNCTYPE(None, *pointers)(shared(ENTER, {}).entry)(address, pc, regs, frame, table)


class Calls:
    """What the functions that tests offer were called with; the oracle's world, too."""

    def __init__(self):
        self.log, self.functions, self.kept = [], [], []

    def offer(self, function, kinds, result=""):
        """The address of a function of Python's."""
        def called(*args):
            self.log.append((function.__name__, *map(repr, args)))
            return function(*args)
        made = ctypes.CFUNCTYPE(CTYPES[result], *(CTYPES[kind] for kind in kinds))(called)
        self.kept.append(made)
        return ctypes.cast(made, ctypes.c_void_p).value

    def call(self, address, kinds, values, result):
        """The world's side of a call."""
        found = ctypes.CFUNCTYPE(CTYPES[result], *(CTYPES[kind] for kind in kinds))(address)(*values)
        return found

    enter = staticmethod(enter)

    def stack(self):
        """An address of the stack."""
        return ctypes.addressof(ctypes.c_int64())


class Machine:
    """A function with what it needs: constants, counters, exits, a frame."""

    def __init__(self, function, consts=(), calls=None, size=256):
        self.function, self.calls = function, calls or Calls()
        self.jit = ctypes.create_string_buffer(64)
        self.frame = ctypes.create_string_buffer(112 + size)
        self.pc = ctypes.create_string_buffer(64)
        self.handler = shared(HANDLER, {"seen": 4})
        self.table = (ctypes.c_uint64 * 1024)(*[self.handler.entry] * 1024)
        self.pointers = ctypes.c_uint64 * len(consts)
        leave = self.calls.kept
        self.rt_exit = ctypes.CFUNCTYPE(ctypes.c_uint64, *[ctypes.c_uint64] * 6)(self.exit)
        leave.append(self.rt_exit)
        freed = self.calls.offer(lambda o: None, "p")
        self.consts = [freed, *consts, ctypes.addressof(self.jit), ctypes.cast(self.rt_exit, ctypes.c_void_p).value]
        numbers = [end[1] for end in (block.end for block in function.blocks) if end and end[0] in ("exit", "exit_as")]
        missing = max(numbers, default=-1) + 1 - len(function.exits)
        function.exits += [(ctypes.addressof(self.pc), 0)] * missing
        function.consts = self.consts
        self.roots = {"%frame": ctypes.addressof(self.frame), "%regs": ctypes.addressof(self.frame) + 112,
                      "%pc": ctypes.addressof(self.pc), "%table": ctypes.addressof(self.table)}
        self.codes = {}
        self.left = None

    def code(self, level):
        """Machine code of the function at a level of LLVM's, or the baseline compiler's."""
        if level not in self.codes:
            count = len(self.consts)
            runtime = {"jit": count - 2, "rt_exit": count - 1}
            if level == BASELINE:
                from firelang.vm import _core
                made = compile_function(self.function, _core.baseline, OFFSETS, 0, 0, runtime)
                self.codes[level] = made, len(self.function.exits) + 2
            else:
                lowering = Lowering(self.function, OFFSETS, 0, 0, runtime)
                text = lowering.text()
                tables = {"consts": self.consts, "counters": lowering.counters, "exits": lowering.exits}
                self.codes[level] = codegen.compile_text(text, tables, level), lowering.counters
        return self.codes[level]

    def exit(self, root, number, exits, counters, values, table):
        """What rt_exit does: the exit's program, in Python."""
        program = exits + 8 * abs(ctypes.c_int64.from_address(exits + 8 * (number + 2)).value)
        pc, _, sizes = words_at(program, 3)
        alive, literals, count = sizes & 4095, sizes >> 12 & 4095, sizes >> 24 & 65535
        slots = [0] * EXIT_SLOTS
        slots[:1 + alive] = root, *words_at(values, alive)
        slots[FIRST_LITERAL:FIRST_LITERAL + literals] = words_at(program + 24, literals)
        words = words_at(program + 24 + 8 * literals, count)
        while words:
            self.carry_out(words.pop(0), words, slots)
        self.left = ("exit", number, slots[sizes >> 40])
        for at, value in ((OUT_PC, pc), (OUT_FRAME, self.left[2])):
            ctypes.memmove(ctypes.addressof(self.jit) + at, pack("<Q", value), 8)
        return self.handler.entry

    def carry_out(self, op, words, slots):
        """One operation of an exit's program."""
        a, b, code = slots[op >> 20 & 4095], op >> 32 & 4095, op & 255
        tag = (op >> 8 & 2047) - (op >> 8 & 2048)
        if code in (EXIT_STORE, EXIT_REGISTER, EXIT_FLOAT):
            ctypes.memmove(a + (op >> 44), pack("<Q", slots[b]), 8)
            if code != EXIT_STORE:
                ctypes.memmove(a + (op >> 44) + 8, pack("<q", 2 if code == EXIT_FLOAT else tag), 8)
        elif code == EXIT_TAG:
            ctypes.memmove(a + (op >> 44), pack("<q", tag), 8)
        elif code in (EXIT_INCREF, EXIT_DECREF):
            left = word(a) + (1 if code == EXIT_INCREF else -1)
            ctypes.memmove(a, pack("<Q", left), 8)
            if not left:
                self.calls.call(self.consts[0], "p", [a], "")
        elif code == EXIT_OFFSET:
            slots[op >> 8 & 4095] = a + (op >> 44)
        elif code == EXIT_TRUTH:
            slots[op >> 8 & 4095] = a & 1
        else:
            packed = words.pop(0)
            args = [slots[packed >> 12 * at & 4095] for at in range(5)]
            number = unpack("<d", pack("<Q", slots[b]))[0] if code != EXIT_CALL else 0.0
            made = ctypes.CFUNCTYPE(ctypes.c_uint64, *[ctypes.c_uint64] * 5, ctypes.c_double)(a)
            slots[op >> 8 & 4095] = made(*args, number)

    # ------------------------------------------------------------------------------------------ running
    def interpreted(self, counters):
        """How the function ends in the oracle."""
        tables = {"consts": address(self.held), "counters": address(counters)}
        return Oracle(self.function, tables, self.calls, len(self.function.exits)).run(self.roots, 100000)

    def compiled(self, code):
        """How the machine code ends."""
        seen = self.handler.tables["seen"]
        ctypes.memset(seen, 0, 32)
        self.left = None
        enter(code.entry, self.roots["%pc"], self.roots["%regs"], self.roots["%frame"], self.roots["%table"])
        times, pc, frame, regs = words_at(seen, 4)
        if not times:
            return ("return",)
        assert times == 1 and regs == frame + 112
        return self.left or ("left", pc, frame)

    def both(self, memory, level=1):
        """Run both and compare; how it ended. `memory`: buffers that the function may reach, beside its frame."""
        buffers = [self.frame, *memory]
        before = [bytes(buffer) for buffer in buffers]
        self.held = (ctypes.c_uint64 * len(self.consts))(*(value & (1 << 64) - 1 for value in self.consts))
        code, count = self.code(level)
        counters = (ctypes.c_uint64 * max(count, 1))()
        wanted = self.interpreted(counters)
        wanted = ("left", *wanted[-2:]) if wanted[0] in ("leave", "tail") else wanted
        after, log = [bytes(buffer) for buffer in buffers], self.calls.log[:]
        for buffer, data in zip(buffers, before):
            ctypes.memmove(buffer, data, len(data))
        self.calls.log.clear()
        ctypes.memset(code.tables["counters"], 0, 8 * count)
        found = self.compiled(code)
        assert found == wanted
        assert [bytes(buffer) for buffer in buffers] == after
        assert self.calls.log == log
        self.calls.log.clear()
        assert word(code.tables["counters"]) == counters[0]         # turns of loops
        return found


def words_at(place, count):
    """Words, one after another."""
    return [word(place + 8 * at) for at in range(count)]


def packed(*values):
    """Ints and floats as they lie in memory."""
    return b"".join(pack("<d", one) if type(one) is float else pack("<Q", one & (1 << 64) - 1) for one in values)


def address(buffer):
    return ctypes.addressof(buffer)


def word(place):
    """A word without sign."""
    return ctypes.c_uint64.from_address(place).value
