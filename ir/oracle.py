"""Runs a function of the IR as it stands, one operation after another: slow and exact, to compare machine code with.

    oracle = Oracle(function, {"consts": 0x7f01.., "counters": 0x7f02..}, world)
    oracle.run({"%frame": 0x7f03.., "%pc": ..., "%regs": ..., "%table": ...})       -> ("exit", 3, 0x7f03..)

It works on the memory of the process, at the same addresses as machine code would. What is no operation on values
or memory, calls, is the `world`'s: call(address, kinds, arguments, result kind), enter(address, pc, regs, frame,
table), stack().

What operations on values mean is in semantics.py, the others' meaning is a method `op_...` here. Every row of ops.py
has one of both, or a test fails. Results: ("return",), ("leave", pc, frame), ("tail", address, pc, frame) or
("exit", number, frame): the block of an exit is carried out here, by machine code that is rt_exit's business.
"""
from __future__ import annotations

from ctypes import memmove, string_at
from math import copysign, inf
from struct import calcsize, pack, unpack

from .function import ROOTS, Block, Function
from .ops import OPS, REGISTER_TAGS, TURNS
from .semantics import MEANING, WORD, wrap

FORMATS = {"i64": "<q", "f64": "<d", "ptr": "<Q", "i8": "<b", "u8": "<B", "i16": "<h", "u16": "<H", "i32": "<i",
           "u32": "<I"}
SIZES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "ptr": 8, "double": 8, "float": 4}
CALLED = {"call_i": "i", "call_f": "f", "call_p": "p", "call_i32": "w", "call_none": ""}


class Oracle:
    """One function; `exits`: how many it has, `tables`: addresses of its constants and counters."""

    def __init__(self, function: Function, tables: dict[str, int], world, exits: int = 0):
        self.blocks, self.world = function.blocks, world
        self.consts, self.counters = tables["consts"], tables["counters"]
        self.scratch = self.counters + 8 * (exits + 2)
        self.kinds: dict[str, str] = dict.fromkeys(ROOTS, "p")
        for block in function.blocks:
            self.kinds.update(block.params)
            self.kinds.update((op[1], OPS[op[0]].result) for op in block.ops if op[1])
        self.values: dict[str, object] = {}

    def run(self, roots: dict[str, int], most: int = 1 << 62) -> tuple:
        """What becomes of it; RuntimeError after so many blocks."""
        self.values = dict(roots)
        block: Block | None = self.blocks[0]
        for _ in range(most):
            ended = self.block(block)
            if type(ended) is tuple:
                return ended
            block = ended
        raise RuntimeError("the function does not end")

    def block(self, block: Block):
        """Carry a block out: the next one, or how the function ends."""
        for name, result, args, x in block.ops:
            found = self.op(name, args, x)
            if type(found) is Block:
                return found
            if result:
                self.values[result] = found
        kind, *rest = block.end
        if kind == "jump":
            return self.jump(*rest)
        if kind == "branch":
            return rest[1] if self.value(rest[0], "b") else rest[2]
        if kind == "exit_as":
            return "exit", rest[0], self.block(rest[1])[2]
        if kind == "tail":
            rest[0] = self.word(self.consts + 8 * rest[0])
        return kind, *(self.value(part, "p") if type(part) is str else part for part in rest)

    def jump(self, target: Block, args) -> Block:
        """Hand values to a block's parameters, all at once."""
        values = [self.value(arg, kind) for arg, (_, kind) in zip(args, target.params)]
        self.values.update((name, value) for (name, _), value in zip(target.params, values))
        return target

    def value(self, name: str, kind: str):
        """A value by its name, or a constant as LLVM spells it."""
        if name[0] == "%":
            return self.values[name]
        if kind == "f":
            return unpack("<d", int(name, 16).to_bytes(8, "little"))[0]
        return name == "true" if kind == "b" else 0 if name == "null" else int(name)

    def op(self, name: str, args, x):
        """One operation: its value, None, or the block that a guard goes to."""
        kinds = OPS[name].args
        meaning = MEANING.get(name)
        if meaning is not None:
            return meaning(*map(self.value, args, kinds))
        if name in CALLED:
            return self.called(name, args, x)
        action, *more = ACTIONS[name]
        values = [self.value(arg, kind) for arg, kind in zip(args, kinds)]
        return getattr(self, "op_" + action)(x, *more, *values)

    # ------------------------------------------------------------------------------------------- memory
    read, write = staticmethod(string_at), staticmethod(memmove)

    def word(self, address: int) -> int:
        """A word without sign."""
        return unpack("<Q", self.read(address, 8))[0]

    def op_load(self, x, kind: str, base: int):
        return unpack(FORMATS[kind], self.read(base + x[0], calcsize(FORMATS[kind])))[0]

    def op_store(self, x, kind: str, base: int, value) -> None:
        size = calcsize(FORMATS[kind])
        data = pack("<d", value) if kind == "f64" else (value & WORD).to_bytes(8, "little")[:size]
        self.write(base + x[0], data, size)

    def op_store_register(self, x, kind: str, tag: int, base: int, value) -> None:
        self.op_store(x, kind, base, value)
        self.op_store((x[0] + 8,), "i64", base, tag)

    def op_load_f32(self, x, base: int) -> float:
        return unpack("<f", self.read(base + x[0], 4))[0]

    def op_store_f32(self, x, base: int, value: float) -> None:
        self.write(base + x[0], single(value), 4)

    def op_poll(self, x, base: int) -> int:
        return unpack("<i", self.read(base, 4))[0]

    def op_copy_bytes(self, x, to: int, source: int, size: int) -> None:
        self.write(to, self.read(source, size), size)

    def op_index(self, x, base: int, at: int) -> int:
        return base + SIZES[x] * at & WORD

    def op_offset(self, x, base: int) -> int:
        return base + x & WORD

    def op_scratch(self, x) -> int:
        return self.scratch + x

    def op_const(self, x) -> int:
        return self.word(self.consts + 8 * x)

    def op_const_word(self, x) -> int:
        return wrap(self.word(self.consts + 8 * x))

    # ------------------------------------------------------------------------------- references, control
    def add(self, address: int, by: int) -> int:
        """Count a word of memory."""
        value = self.word(address) + by & WORD
        self.write(address, pack("<Q", value), 8)
        return value

    def op_incref(self, x, o: int) -> None:
        self.add(o, 1)

    def op_decref(self, x, o: int) -> None:
        if self.add(o, -1) == 0:
            self.world.call(self.word(self.consts), "p", [o], "")

    def op_guard(self, x: str, wanted: bool, condition: bool):
        return None if condition is wanted else self.blocks[int(x[1:])]

    def op_turns_left(self, x) -> bool:
        return self.add(self.counters, 1) % TURNS != 0

    def op_stack_place(self, x) -> int:
        return self.world.stack()

    def op_long_value(self, x: str, o: int):
        """Of an int of up to two digits; a size of 0 is no digit."""
        size = wrap(self.word(o + 16))
        if not -2 <= size <= 2:
            return self.blocks[int(x[1:])]
        low, high = unpack("<II", self.read(o + 24, 8))
        digits = low if abs(size) == 1 else (high << 30 | low) if size else 0
        return digits if size >= 0 else -digits

    # --------------------------------------------------------------------------------------------- calls
    def called(self, name: str, args, x: int):
        """A function of the runtime or of C."""
        kinds = "".join(self.kinds[arg] if arg[0] == "%" else literal_kind(arg) for arg in args)
        values = [self.value(arg, kind) for arg, kind in zip(args, kinds)]
        return self.world.call(self.word(self.consts + 8 * x), kinds, values, CALLED[name])

    def op_box_int(self, x: int, value: int, first: int) -> int:
        """A small int of the host's, or a new one."""
        return self.world.call(self.word(self.consts + 8 * x), "i", [value], "p")

    def op_invoke(self, x, entry: int, *words: int) -> None:
        self.world.enter(entry, *words)

    def op_step(self, x: int, *words: int) -> None:
        self.world.enter(self.word(self.consts + 8 * x), *words)


def single(value: float) -> bytes:
    """A float of 32 bits; what is too large for one is infinite."""
    try:
        return pack("<f", value)
    except OverflowError:
        return pack("<f", copysign(inf, value))


def literal_kind(text: str) -> str:
    """The kind of a constant."""
    if text in ("true", "false"):
        return "b"
    return "p" if text == "null" else "f" if text.startswith("0x") else "i"


ACTIONS = {
    **{f"load_{kind}": ("load", kind) for kind in FORMATS},
    **{f"store_{kind}": ("store", kind) for kind in FORMATS},
    **{name: ("store_register", "f64" if name == "store_float" else "i64", tag) for name, tag in REGISTER_TAGS.items()},
    "load_f32": ("load_f32",), "store_f32": ("store_f32",),
    "poll": ("poll",), "copy_bytes": ("copy_bytes",),
    "index": ("index",), "index_in": ("index",), "offset": ("offset",),
    "scratch": ("scratch",), "const": ("const",), "const_word": ("const_word",),
    "incref": ("incref",), "decref": ("decref",), "decref_plain": ("decref",),
    "guard": ("guard", True), "guard_done": ("guard", True), "guard_not": ("guard", False),
    "turns_left": ("turns_left",), "stack_place": ("stack_place",),
    "long_value": ("long_value",), "box_int": ("box_int",),
    "invoke": ("invoke",), "step": ("step",),
}
