"""The baseline compiler against LLVM: random functions of the IR, run as code of both on equal memory.

    FIRE_BASELINE_SEED=7 FIRE_BASELINE_COUNT=5000 pytest tests/test_baseline.py     more of them
"""
import os
import random
import struct
from ctypes import CFUNCTYPE, addressof, c_void_p, create_string_buffer

import pytest
from firelang import codegen
from firelang.codegen.baseline import FORMS, MEMORY, NEVER, compile_function
from firelang.codegen.lower import Lowering
from firelang.ir.function import Function
from firelang.ir.ops import OPS, REGISTER_TAGS
from firelang.ir.verify import verify

binding = pytest.importorskip("llvmlite.binding")
SEED, COUNT = int(os.environ.get("FIRE_BASELINE_SEED", 1)), int(os.environ.get("FIRE_BASELINE_COUNT", 120))
MEMORY_BYTES, IN, OUT, HEAP, FLOATS_AT = 8192, 0, 1024, 4096, 6144    # words given, results, what is loaded and stored
TRAMPOLINE = """define void @entry(ptr %code, ptr %frame) {
  call preserve_nonecc void %code(ptr null, ptr %frame, ptr %frame, ptr null)
  ret void
}
"""
INTS = (0, 1, -1, 2, 7, 63, -64, 127, 128, -129, 1 << 31, -(1 << 31), (1 << 32) + 5, (1 << 63) - 1, -(1 << 63))
FLOATS = (0.0, -0.0, 1.0, -1.5, 2.5, 1e300, -1e-300, float("inf"), float("-inf"), float("nan"), 4503599627370497.5)


def native():
    from firelang.vm import _core
    return _core


class Generator:
    """A random function: what it makes of words and floats in memory, it writes to memory."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.function = Function(f"random{seed}")
        info = native().jit_info()
        names = ("deallocate", "rt_float_mod", "rt_float_floordiv", "rt_float_mod")
        self.function.consts = [info[name] for name in names]
        self.block = self.function.block()
        self.pools: dict[str, list[str]] = {"i": [], "f": [], "b": [], "p": []}
        self.leaves = self.function.block()
        self.out = OUT

    def e(self, name: str, *args: str, x=None) -> str:
        result = self.function.fresh()
        self.block.ops.append((name, result, args, x))
        return result

    def do(self, name: str, *args: str, x=None) -> None:
        self.block.ops.append((name, "", args, x))

    def constant(self, kind: str) -> str:
        if kind == "f":
            return f"0x{struct.unpack('<Q', struct.pack('<d', self.random.choice(FLOATS)))[0]:016X}"
        return self.random.choice(("true", "false")) if kind == "b" else str(self.random.choice(INTS))

    def value(self, kind: str) -> str:
        pool = self.pools[kind]
        if kind != "p" and (not pool or self.random.random() < 0.15):
            return self.constant(kind)
        if self.random.random() < 0.5:
            return pool[self.random.randrange(max(0, len(pool) - 4), len(pool))]
        return self.random.choice(pool)

    def add(self, kind: str, name: str) -> None:
        self.pools[kind].append(name)

    # ----------------------------------------------------------------------------------------- operations
    def operation(self) -> None:
        kind = self.random.choice("iiiiffbpmgc")
        getattr(self, "make_" + kind)()

    def make_i(self) -> None:
        choice = self.random.random()
        if choice < 0.5:
            name = self.random.choice(("int_add", "int_sub", "int_mul", "int_and", "int_or", "int_xor"))
            self.add("i", self.e(name, self.value("i"), self.value("i")))
        elif choice < 0.6:
            name = self.random.choice(("int_shl", "int_shr", "int_lshr"))
            count = str(self.random.randrange(64)) if self.random.random() < 0.5 else \
                self.e("int_and", self.value("i"), "63")
            self.add("i", self.e(name, self.value("i"), count))
        elif choice < 0.75:
            pair = self.e(self.random.choice(("int_add_pair", "int_sub_pair", "int_mul_pair")),
                          self.value("i"), self.value("i"))
            if self.random.random() < 0.06:
                self.do("guard_not", self.e("pair_over", pair), x=f"B{self.leaves.number}")
            elif self.random.random() < 0.8:
                self.add("b", self.e("pair_over", pair))
            self.add("i", self.e("pair_value", pair))
        elif choice < 0.83:
            divisor = self.e("int_or", self.e("int_and", self.value("i"), "255"), "1")
            self.add("i", self.e(self.random.choice(("int_sdiv", "int_srem")), self.value("i"), divisor))
        elif choice < 0.93:
            self.add("i", self.e("int_select", self.value("b"), self.value("i"), self.value("i")))
        else:
            self.add("i", self.e("bool_to_int", self.value("b")))

    def make_f(self) -> None:
        choice = self.random.random()
        if choice < 0.55:
            name = self.random.choice(("float_add", "float_sub", "float_mul", "float_div"))
            self.add("f", self.e(name, self.value("f"), self.value("f")))
        elif choice < 0.75:
            name = self.random.choice(("float_neg", "float_abs", "float_floor"))
            self.add("f", self.e(name, self.value("f")))
        elif choice < 0.85:
            self.add("f", self.e("int_to_float", self.value("i")))
        elif choice < 0.95:
            self.add("f", self.e("float_select", self.value("b"), self.value("f"), self.value("f")))
        else:
            self.add("f", self.e("float_sqrt", self.e("float_abs", self.value("f"))))

    def make_b(self) -> None:
        choice = self.random.random()
        if choice < 0.4:
            name = self.random.choice(("int_lt", "int_le", "int_eq", "int_ne", "int_gt", "int_ge", "int_ult"))
            self.add("b", self.e(name, self.value("i"), self.value("i")))
        elif choice < 0.7:
            name = self.random.choice(("float_lt", "float_le", "float_eq", "float_ne", "float_gt", "float_ge",
                                       "float_ordered"))
            self.add("b", self.e(name, self.value("f"), self.value("f")))
        elif choice < 0.8:
            self.add("b", self.e("int_to_bool", self.value("i")))
        elif choice < 0.9:
            self.add("b", self.e("bool_not", self.value("b")))
        else:
            name = self.random.choice(("bool_and", "bool_or", "bool_xor"))
            self.add("b", self.e(name, self.value("b"), self.value("b")))

    def make_p(self) -> None:
        choice = self.random.random()
        if choice < 0.4:
            index = self.e("int_and", self.value("i"), "15") if self.random.random() < 0.7 else "3"
            self.add("p", self.e("index", self.e("offset", "%frame", x=HEAP), index,
                                 x=self.random.choice(("i8", "i16", "i32", "i64", "ptr", "double"))))
        elif choice < 0.7:
            self.add("p", self.e("offset", "%frame", x=HEAP + 8 * self.random.randrange(40)))
        else:
            self.add("b", self.e(self.random.choice(("ptr_eq", "ptr_ne")), self.value("p"), self.value("p")))

    def make_m(self) -> None:
        widths = ("i64", "i32", "u32", "i16", "u16", "i8", "u8")
        at = (8 * self.random.randrange(30), 13)
        choice = self.random.random()
        if choice < 0.4:
            self.add("i", self.e("load_" + self.random.choice(widths), self.value("p"), x=at))
        elif choice < 0.5:
            place = self.e("offset", "%frame", x=IN)
            self.add("f", self.e("load_f64", place, x=(8 * self.random.randrange(16, 32), 13)))
        elif choice < 0.85:
            self.do("store_" + self.random.choice(widths), self.value("p"), self.value("i"), x=at)
        elif choice < 0.95:
            self.do("store_f64", "%frame", self.value("f"), x=(FLOATS_AT + at[0], 13))
        else:
            self.do(self.random.choice(("incref", "decref")), self.e("offset", "%frame", x=HEAP + 800))

    def make_g(self) -> None:
        """A guard, one that mostly holds."""
        if self.random.random() < 0.3:
            name = "guard" if self.random.random() < 0.05 else "guard_not"
            self.do(name, self.e("int_eq", self.value("i"), self.value("i")), x=f"B{self.leaves.number}")

    def make_c(self) -> None:
        if self.random.random() < 0.3:
            self.add("f", self.e("call_f", self.value("f"), self.value("f"), x=self.random.choice((1, 2))))

    # --------------------------------------------------------------------------------------------- blocks
    def straight(self, count: int) -> None:
        for _ in range(count):
            self.operation()

    def kept(self) -> dict[str, list[str]]:
        return {kind: pool[:] for kind, pool in self.pools.items()}

    def goto(self, target, args: list[str]) -> None:
        self.block.end = ("jump", target, args)
        target.incoming.append((self.block, args))

    def parameters(self, count: int) -> list[str]:
        return [self.random.choice("iiiffb") for _ in range(count)]

    def diamond(self, depth: int) -> None:
        then, other, join = self.function.block(), self.function.block(), self.function.block()
        kinds = self.parameters(self.random.randrange(5))
        self.block.end = ("branch", self.value("b") if self.random.random() < 0.9 else "true", then, other)
        before = self.kept()
        for block in (then, other):
            self.block, self.pools = block, {kind: pool[:] for kind, pool in before.items()}
            self.body(depth + 1)
            self.goto(join, [self.value(kind) for kind in kinds])
        self.block, self.pools = join, before
        self.take(join, kinds)

    def take(self, block, kinds: list[str]) -> None:
        for kind in kinds:
            name = self.function.fresh()
            block.params.append((name, kind))
            self.add(kind, name)

    def loop(self, depth: int) -> None:
        head, rest, after = self.function.block(), self.function.block(), self.function.block()
        kinds = self.parameters(self.random.randrange(6))
        self.goto(head, ["0", *[self.value(kind) for kind in kinds]])
        self.block = head
        counter = self.function.fresh()
        head.params.append((counter, "i"))
        self.take(head, kinds)
        head.end = ("branch", self.e("int_lt", counter, str(self.random.randrange(4))), rest, after)
        before = self.kept()
        self.block = rest
        self.body(depth + 1)
        args = [self.value(kind) for kind in kinds]
        if self.random.random() < 0.5:
            args = [name for name, _ in head.params[1:]]
            for _ in range(2):          # exchanged, round and round
                for a in range(len(args)):
                    b = self.random.randrange(len(args))
                    if kinds[a] == kinds[b]:
                        args[a], args[b] = args[b], args[a]
        self.goto(head, [self.e("int_add", counter, "1"), *args])
        self.block, self.pools = after, before

    def body(self, depth: int) -> None:
        for _ in range(self.random.randrange(1, 4)):
            self.straight(self.random.randrange(1, 14))
            if depth < 3 and self.random.random() < 0.6:
                (self.loop if self.random.random() < 0.5 else self.diamond)(depth)

    def results(self, limit: int = 40) -> None:
        """Values to memory."""
        for kind, store in (("i", "store_i64"), ("f", "store_f64"), ("b", "store_i64")):
            for name in self.pools[kind][-limit:]:
                held = self.e("bool_to_int", name) if kind == "b" else name
                if self.out < HEAP - 8:
                    self.do(store, "%frame", held, x=(self.out, 13))
                    self.out += 8

    def run(self) -> Function:
        for at in range(12):
            self.add("i", self.e("load_i64", "%frame", x=(IN + 8 * at, 13)))
        for at in range(16, 24):
            self.add("f", self.e("load_f64", "%frame", x=(IN + 8 * at, 13)))
        self.add("p", self.e("offset", "%frame", x=HEAP))
        self.body(0)
        self.results()
        self.block.end = ("return",)
        self.block = self.leaves
        self.do("store_i64", "%frame", "77", x=(OUT - 8, 13))
        self.block.end = ("return",)
        return self.function


def memory_of(seed: int):
    """What a function works on, the same for the same seed."""
    rng = random.Random(seed)
    buffer = create_string_buffer(MEMORY_BYTES)
    for at in range(IN, 128, 8):
        struct.pack_into("<q", buffer, at, rng.choice(INTS))
    for at in range(128, 256, 8):
        struct.pack_into("<d", buffer, at, rng.choice(FLOATS))
    struct.pack_into("<q", buffer, HEAP + 800, 1 << 40)
    return buffer


def same_nans(memory: bytes) -> bytes:
    """Memory with every NaN's word the same: which one it is differs."""
    words = list(struct.unpack(f"<{len(memory) // 8}Q", memory))
    words = [0x7FF8 << 48 if word & ~(1 << 63) > 0x7FF << 52 else word for word in words]
    return struct.pack(f"<{len(words)}Q", *words)


OFFSETS = {"sizeof.Frame": 112, "Jit.out_pc": 96, "Jit.out_frame": 104}
RUNTIME = {"jit": 3, "rt_exit": 3}


@pytest.fixture(scope="module")
def enter():
    code = codegen.compile_text(TRAMPOLINE, {}, 0)
    yield CFUNCTYPE(None, c_void_p, c_void_p)(code.entry)
    code.free()


def outcome(enter, code, seed: int) -> bytes:
    buffer = memory_of(seed)
    enter(code.entry, addressof(buffer))
    code.free()
    return same_nans(buffer.raw)


@pytest.mark.parametrize("part", range(4))
def test_random_functions(enter, part):
    """Both kinds of code leave the same memory behind."""
    for seed in range(SEED + part, SEED + COUNT, 4):
        function = Generator(seed).run()
        assert verify(function) == [], function.show()
        lowering = Lowering(function, OFFSETS, 0, 0, RUNTIME)
        tables = {"consts": function.consts, "counters": 8, "exits": lowering.exits}
        best = codegen.compile_text(lowering.text(), tables, 2 if seed % 3 == 0 else 0)
        fast = compile_function(function, native().baseline, OFFSETS, 0, 0, RUNTIME)
        wanted, found = outcome(enter, best, seed), outcome(enter, fast, seed)
        assert found == wanted, (seed, [8 * at for at in range(MEMORY_BYTES // 8)
                                        if found[8 * at:8 * at + 8] != wanted[8 * at:8 * at + 8]], function.show())


def test_every_operation_has_a_form():
    """Rows of the table are known to the baseline compiler, but for what only fast loops have."""
    special = {"const", "const_word", "bool_to_int", "ptr_bits", "bits_ptr", "pair_value", "pair_over", "is_null",
               "int_to_bool", "bool_not", "index", "box_int"}
    assert set(OPS) == set(FORMS) | set(MEMORY) | set(REGISTER_TAGS) | special | NEVER


def test_room_is_asked_for_again(enter, monkeypatch):
    """Code that finds too little room is written once more."""
    from firelang.codegen import baseline
    function = Generator(3).run()
    roomy = outcome(enter, compile_function(function, native().baseline, OFFSETS, 0, 0, RUNTIME), 3)
    monkeypatch.setattr(baseline, "BYTES_PER_WORD", 0)
    assert outcome(enter, compile_function(function, native().baseline, OFFSETS, 0, 0, RUNTIME), 3) == roomy
