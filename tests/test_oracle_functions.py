"""Whole functions of the IR do the same in the oracle and as machine code: loops, guards, exits, calls, fast loops.

Written ones with what they must come to, and random ones (`Generated`), whose only measure is the other.
"""
import ctypes
import random
import re
from struct import pack, unpack

import pytest

pytest.importorskip("firelang.ir.oracle", reason="firelang is not installed")
pytest.importorskip("llvmlite.binding")

from firelang.ir.fast_loops import add_fast_loops
from firelang.ir.ops import OPS
from firelang.ir.parse import parse
from firelang.ir.verify import verify
from machine_code import BASELINE, Calls, Machine, address, packed

LEVELS = [BASELINE, 0, 2]               # the baseline compiler's code, that of levels of LLVM's


SUM = """
B0():
  %v1 = load_i64 %frame !(0, 3)
  jump B1(0, 0, 0x0000000000000000)
B1(%v2: i, %v3: i, %v4: f):
  %v5 = int_lt %v2, %v1
  branch %v5 B2 B3
B2():
  %v6 = int_mul_pair %v2, %v2
  %v7 = pair_value %v6
  %v8 = int_add_pair %v3, %v7
  %v9 = pair_over %v8
  guard_not %v9 !B4
  %v10 = pair_value %v8
  %v11 = int_to_float %v2
  %v12 = float_add %v4, %v11
  %v13 = int_add %v2, 1
  %v14 = turns_left
  guard %v14 !B5
  jump B1(%v13, %v10, %v12)
B3():
  store_i64 %frame, %v3 !(8, 3)
  store_f64 %frame, %v4 !(16, 3)
  return
B4():
  store_i64 %frame, %v2 !(8, 3)
  store_i64 %frame, 1 !(16, 3)
  exit 0 %frame
B5():
  store_i64 %frame, %v13 !(8, 3)
  store_f64 %frame, %v12 !(16, 3)
  store_i64 %frame, 2 !(24, 3)
  exit 1 %frame
"""


@pytest.mark.parametrize("level", LEVELS)
def test_loop(level):
    """A loop with an exit for an overflow and one for its turns."""
    machine = Machine(parse(SUM))
    assert verify(machine.function) == []
    for turns, end in ((0, "return"), (1, "return"), (2000, "return"), (9000, "exit")):
        ctypes.memmove(machine.frame, packed(turns), 8)
        assert machine.both([], level)[0] == end
        if end == "return":
            assert unpack("<qd", bytes(machine.frame)[8:24]) == (sum(n * n for n in range(turns)), sum(range(turns)))


CALLS = """
B0():
  %v1 = load_ptr %frame !(0, 3)
  incref %v1
  %v2 = call_i %v1, 7, 0x3FF8000000000000, true !1
  %v3 = int_lt %v2, 10
  guard %v3 !B1
  %v10 = int_ne %v2, 4
  guard %v10 !B2
  %v4 = call_f 0x4000000000000000 !2
  call_none %v4 !3
  %v9 = call_i 1, 2, %v2, 4, 0x3FF8000000000000, 5, %v2, 7, 8, %v2, 10 !7
  store_i64 %frame, %v9 !(24, 3)
  %v5 = call_i32 -5 !4
  %v6 = call_p %v1 !5
  decref %v6
  store_i64 %frame, %v5 !(8, 3)
  store_f64 %frame, %v4 !(16, 3)
  jump B3()
B1():
  %v7 = offset %frame !32
  %v8 = bool_to_int %v3
  store_i64 %v7, %v8 !(0, 3)
  call_none %v1, %v2 !6
  decref %v1
  store_ptr %v7, %v1 !(8, 3)
  exit 0 %frame
B2():
  exit_as 1 B1
B3():
  exit 2 %frame
"""


@pytest.mark.parametrize("level", LEVELS)
def test_calls(level):
    """Functions are called with the same, in the same order; objects end at the same place."""
    calls = Calls()

    def first(o, i, f, b):
        return answer[0]
    def second(f):
        return f * 1.5
    def third(f):
        return None
    def fourth(i):
        return i - 1
    def same(o):
        return o
    def leaving(o, i):
        return None
    def many(a, b, c, d, f, e, g, h, i, j, k):
        return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * g + 7 * h + 8 * i + 9 * j + 10 * k
    consts = [calls.offer(first, "pifb", "i"), calls.offer(second, "f", "f"), calls.offer(third, "f"),
              calls.offer(fourth, "i", "w"), calls.offer(same, "p", "p"), calls.offer(leaving, "pi"),
              calls.offer(many, "iiiifiiiiii", "i")]
    machine, held = Machine(parse(CALLS), consts, calls), ctypes.create_string_buffer(16)
    for count in (1, 0):            # an object that lives on, one that ends
        for value, number in ((3, 2), (10, 0), (4, 1)):
            answer = [value]
            ctypes.memmove(held, pack("<Q", count), 8)
            ctypes.memmove(machine.frame, packed(address(held)), 8)
            assert machine.both([held], level)[:2] == ("exit", number)


BOX = """
B0():
  %v1 = load_i64 %frame !(0, 3)
  %v2 = load_ptr %frame !(8, 3)
  %v3 = box_int %v1, %v2 !1
  store_ptr %frame, %v3 !(16, 3)
  jump B1()
B1():
  exit 0 %frame
"""


@pytest.mark.parametrize("level", LEVELS)
def test_boxes(level):
    """Small ints are found in a table, whose counts go up; others are made by a function."""
    calls, small = Calls(), ctypes.create_string_buffer(262 * 32)
    others = []

    def box(number):
        if not -5 <= number <= 256:
            others.append(number)
            return 77
        count = ctypes.c_int64.from_address(address(small) + 32 * (number + 5))
        count.value += 1
        return ctypes.addressof(count)
    made = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_int64)(box)
    machine = Machine(parse(BOX), [ctypes.cast(made, ctypes.c_void_p).value], calls)
    for number in (-5, 0, 256, -6, 257, 1 << 62, -1 << 63):
        ctypes.memmove(machine.frame, packed(number, address(small)), 16)
        assert machine.both([small], level)[:2] == ("exit", 0)
        place = unpack("<Q", bytes(machine.frame)[16:24])[0]
        is_small = -5 <= number <= 256
        assert place == (address(small) + 32 * (number + 5) if is_small else 77)
        assert is_small or others[-2:] == [number, number]


STEPS = """
B0():
  %v1 = load_ptr %frame !(0, 3)
  invoke %v1, %pc, %regs, %frame, %table
  step %pc, %regs, %frame, %table !1
  tail 1 %pc %frame
"""


@pytest.mark.parametrize("level", LEVELS)
def test_handlers(level):
    """Code with the convention of handlers: twice called, once gone to."""
    machine = Machine(parse(STEPS), [0])
    machine.consts[1] = machine.handler.entry
    ctypes.memmove(machine.frame, packed(machine.handler.entry), 8)
    seen = machine.handler.tables["seen"]
    machine.held = (ctypes.c_uint64 * len(machine.consts))(*machine.consts)
    ctypes.memset(seen, 0, 32)
    ended = machine.interpreted((ctypes.c_uint64 * 8)())
    assert ended == ("tail", machine.handler.entry, machine.roots["%pc"], machine.roots["%frame"])
    times = ctypes.c_int64.from_address(seen)
    assert times.value == 2
    code, _ = machine.code(level)
    with pytest.raises(AssertionError):         # it was entered more than once
        machine.compiled(code)
    assert times.value == 3


VECTOR = """B0():
  %v1 = load_ptr %frame !(16, 4)
  jump B1(%v1, 0)
B1(%v2: p, %v3: i):
  %v4 = load_i64 %v2 !(24, 4)
  %v5 = int_lt %v3, %v4
  guard %v5 !B2
  %v6 = load_ptr %v2 !(32, 4)
  %v7 = index %v6, %v3 !i64
  %v8 = load_f64 %v7 !(0, 13)
  %v11 = float_lt %v8, 0x4059000000000000
  guard %v11 !B3
  %v9 = float_add %v8, %v8
  store_f64 %v7, %v9 !(0, 13)
  %v10 = int_add %v3, 1
  jump B1(%v2, %v10)
B2():
  store_i64 %frame, %v3 !(40, 3)
  exit 0 %frame
B3():
  store_i64 %frame, %v3 !(40, 3)
  store_i64 %frame, 1 !(48, 3)
  exit 1 %frame"""


@pytest.mark.parametrize("level", LEVELS[1:])
def test_fast_loops(level):
    """A loop in chunks does what the loop does, and leaves at the turn at which it does."""
    function = parse(VECTOR)
    assert add_fast_loops(function) == 1
    machine = Machine(function)
    for count in (0, 1, 7, 1023, 1024, 1025, 2500):
        for odd in (None, 0, 5, 1024, 2499):
            items = [float(n % 97) for n in range(count)]
            if odd is not None and odd < count:
                items[odd] = 100.0
            data = ctypes.create_string_buffer(packed(*items), 8 * count + 8)
            head = ctypes.create_string_buffer(packed(0, 0, 0, count, address(data)), 48)
            ctypes.memmove(machine.frame, packed(1, 2, address(head), 0, 0, 0, 0), 56)
            end = machine.both([head, data], level)
            left, failed = unpack("<qq", bytes(machine.frame)[40:56])
            assert end[:2] == (("exit", 1) if 100.0 in items else ("exit", 0))
            assert (left, failed) == ((items.index(100.0), 1) if 100.0 in items else (count, 0))


NEGATIVE = """
B0():
  %v1 = load_i64 %frame !(0, 3)
  %v2 = int_to_float %v1
  store_f64 %frame, %v2 !(16, 3)
  %v3 = int_lt %v1, 0
  guard_not %v3 !B1
  return
B1():
  store_f64 %frame, %v2 !(8, 3)
  exit 0 %frame
"""

WRONG = [
    ("int_mul_pair", "smul",        "sadd",       SUM,      7),
    ("float_add",    "fadd",        "fsub",       SUM,      7),
    ("int_lt",       "slt",         "sle",        SUM,      7),
    ("store_i64",    "i64 {1}",     "i64 0",      SUM,      7),
    ("int_to_float", "sitofp",      "uitofp",     NEGATIVE, -5),
    ("guard_not",    "label %{x}",  "label %H{n}", NEGATIVE, -5),
    ("store_f64",    "i64 {x[0]}",  "i64 0",      NEGATIVE, -5),
]


@pytest.mark.parametrize("name, old, new, text, value", WRONG, ids=[row[0] for row in WRONG])
def test_differences_are_seen(name, old, new, text, value, monkeypatch):
    """Machine code of a row that is wrong is found: another operation, another exit, another place."""
    broken = [line.replace(old, new) for line in OPS[name].lines]
    assert broken != OPS[name].lines
    monkeypatch.setattr(OPS[name], "lines", broken)
    function = parse(text)
    machine = Machine(function)
    ctypes.memmove(machine.frame, packed(value), 8)
    with pytest.raises(AssertionError):
        machine.both([], 0)


INT_OPS = ["int_add", "int_sub", "int_mul", "int_and", "int_or", "int_xor"]
FLOAT_OPS = ["float_add", "float_sub", "float_mul", "float_neg", "float_abs"]
TESTS = ["int_lt", "int_le", "int_eq", "int_ne", "int_gt", "int_ge", "int_ult"]
FLOAT_TESTS = ["float_lt", "float_le", "float_eq", "float_ne", "float_ordered"]
WHOLE = {"i": "i64", "f": "f64"}
KINDS = ["i64", "i8", "u8", "i16", "u16", "i32", "u32"]


class Generated:
    """A random function: pieces of straight code, guards, two-way branches and counted loops, one after another."""

    def __init__(self, seed: int):
        self.made, self.names, self.lines, self.blocks, self.tails = random.Random(seed), 0, [], 0, []
        self.known = {"i": ["0", "1", "-1", "255", str(1 << 40)], "b": ["true"],
                      "f": ["0x3FF8000000000000", "0xC000000000000000"]}

    def fresh(self) -> str:
        self.names += 1
        return f"%v{self.names}"

    def one(self, kind: str) -> str:
        return self.made.choice(self.known[kind][-12:])

    def emit(self, name: str, kind: str, *args: str, x: object = None) -> str:
        """An operation with a result."""
        result = self.fresh()
        self.lines.append(f"  {result} = {name} {', '.join(args)}{'' if x is None else f' !{x}'}")
        self.known[kind].append(result)
        return result

    def block(self, params: str = "") -> int:
        """Begin a block."""
        self.lines.append(f"B{self.blocks}({params}):")
        self.blocks += 1
        return self.blocks - 1

    def text(self) -> str:
        self.block()
        for at in range(4):
            self.emit("load_i64", "i", "%frame", x=(8 * at, 3))
        for at in range(4, 6):
            self.emit("load_f64", "f", "%frame", x=(8 * at, 3))
        self.data = self.fresh()
        self.lines.append(f"  {self.data} = load_ptr %frame !(48, 3)")
        for _ in range(self.made.randrange(3, 9)):
            self.made.choice((self.straight, self.straight, self.guard, self.diamond, self.loop))()
        self.straight()
        for at, kind in ((56, "i"), (64, "i"), (72, "f")):
            self.lines.append(f"  store_{WHOLE[kind]} %frame, {self.known[kind][-1]} !({at}, 3)")
        self.lines.append("  return")
        for number, stores in self.tails:
            self.lines += [f"B{self.blocks + number}():", *stores, f"  exit {number} %frame"]
        return re.sub(r"EXIT(\d+)", lambda found: f"B{self.blocks + int(found[1])}", "\n".join(self.lines))

    def straight(self) -> None:
        """Some operations on values and memory."""
        for _ in range(self.made.randrange(2, 10)):
            way = self.made.randrange(9)
            if way < 3:
                self.emit(self.made.choice(INT_OPS), "i", self.one("i"), self.one("i"))
            elif way == 3:
                name = self.made.choice(FLOAT_OPS)
                self.emit(name, "f", *(self.one("f") for _ in OPS[name].args))
            elif way == 4:
                self.emit(self.made.choice(TESTS), "b", self.one("i"), self.one("i"))
                self.emit(self.made.choice(FLOAT_TESTS), "b", self.one("f"), self.one("f"))
            elif way == 5:
                self.emit("int_select", "i", self.one("b"), self.one("i"), self.one("i"))
                self.emit("bool_to_int", "i", self.one("b"))
            elif way == 6:
                by = self.emit("int_and", "i", self.one("i"), "63")
                self.emit(self.made.choice(("int_shl", "int_shr", "int_lshr")), "i", self.one("i"), by)
                by = self.made.choice(("7", "-3", "64"))
                self.emit(self.made.choice(("int_srem", "int_sdiv")), "i", self.one("i"), by)
            else:
                self.memory()

    def memory(self) -> None:
        """A load or store somewhere in the data."""
        at, kind = self.emit("int_and", "i", self.one("i"), "15"), self.made.choice(KINDS)
        place = self.fresh()
        self.lines.append(f"  {place} = index {self.data}, {at} !i64")
        if self.made.random() < 0.5:
            self.emit("load_" + kind, "i", place, x=(0, 13))
        else:
            self.lines.append(f"  store_{kind} {place}, {self.one('i')} !(0, 13)")

    def guard(self) -> None:
        """A guard whose exit stores some of what is known."""
        condition = self.emit(self.made.choice(TESTS), "b", self.one("i"), self.one("i"))
        number = len(self.tails)
        kinds = [self.made.choice("iif") for _ in range(3)]
        stores = [f"  store_{WHOLE[kind]} %frame, {self.one(kind)} !({at}, 3)" for at, kind in zip((80, 88, 96), kinds)]
        self.tails.append((number, stores))
        self.lines.append(f"  {self.made.choice(('guard', 'guard_not'))} {condition} !EXIT{number}")

    def diamond(self) -> None:
        """Two ways that meet, with a value of each."""
        condition, first = self.one("b"), self.blocks
        self.lines.append(f"  branch {condition} B{first} B{first + 1}")
        known = {kind: names[:] for kind, names in self.known.items()}
        for _ in range(2):
            self.block()
            self.straight()
            self.lines.append(f"  jump B{first + 2}({self.one('i')}, {self.one('f')})")
            self.known = {kind: names[:] for kind, names in known.items()}
        names = self.fresh(), self.fresh()
        self.block(f"{names[0]}: i, {names[1]}: f")
        self.known["i"].append(names[0])
        self.known["f"].append(names[1])

    def loop(self) -> None:
        """A loop of some turns that carries values on."""
        first, (count, i, f) = self.blocks, (self.fresh() for _ in range(3))
        self.lines.append(f"  jump B{first}(0, {self.one('i')}, {self.one('f')})")
        self.block(f"{count}: i, {i}: i, {f}: f")
        self.known["i"] += [count, i]
        self.known["f"].append(f)
        more = self.fresh()
        self.lines += [f"  {more} = int_lt {count}, {self.made.randrange(1, 40)}",
                       f"  branch {more} B{first + 1} B{first + 2}"]
        known = {kind: names[:] for kind, names in self.known.items()}
        self.block()
        self.straight()
        if self.made.random() < 0.4:
            self.guard()
        self.straight()
        following = self.fresh()
        self.lines += [f"  {following} = int_add {count}, 1",
                       f"  jump B{first}({following}, {self.one('i')}, {self.one('f')})"]
        self.known = known
        self.block()


@pytest.mark.parametrize("group", range(10))
def test_generated(group):
    """Random functions at random, each with several frames."""
    ends = set()
    for seed in range(12 * group, 12 * group + 12):
        text = Generated(seed).text()
        function = parse(text)
        assert verify(function) == [] and function.show() == text
        machine, made = Machine(function), random.Random(seed)
        data = ctypes.create_string_buffer(8 * 16)
        for number in range(6):
            for at in range(16):
                ctypes.memmove(address(data) + 8 * at, pack("<Q", made.getrandbits(made.choice((4, 30, 64)))), 8)
            ints = [made.choice((0, 1, -1, 7, made.getrandbits(63), -made.getrandbits(20))) for _ in range(4)]
            floats = [made.choice((0.0, -1.5, 1e10, made.random())) for _ in range(2)]
            ctypes.memmove(machine.frame, packed(*ints, *floats, address(data)), 56)
            ends.add(machine.both([data], LEVELS[number % 3])[0])
    assert "return" in ends and "exit" in ends
