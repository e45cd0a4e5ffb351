"""Writes IR with the machine's state beside it: registers, references, guards, exits, single steps.

Laws:
1. Every guard of an instruction comes before its first effect: an exit goes back to the instruction's start, with the
   state as it was there (`snapshot`).
2. What is used is owned or anchored before anything runs that may free it (`secure`).
3. Memory never claims an object it does not own: a register that turns dirty is marked empty there.
4. A call that can fail changes nothing when it does: a guard on its result leaves, and the interpreter
   raises (direct.py).
"""
from __future__ import annotations

from _weakref import ref

from ..ir.function import Block, Function
from ..ir.ops import ALIAS, FIRST_SMALL_INT, TOUCHED
from ..tracer.liveness import effects_of
from .context import DIRTY, IN_MEMORY, MAYBE_BOXED, Context
from .leaving import Abort, Leaving
from .values import EMPTY, NO, NONE, NUMBERS, TAGS, Val, constant, is_fixed


class Split(Exception):
    """The instruction must be compiled once for each kind of an operand: (condition, state) each."""

    def __init__(self, ways: list):
        super().__init__()
        self.ways = ways


class Builder(Leaving):
    """Emission over a current block and context; `core` gives addresses and offsets."""

    function_type = Function

    def __init__(self, core, name: str):
        super().__init__()
        self.core, self.info = core, core.info
        self.function = self.function_type(name)
        self.function.const(self.info["deallocate"])            # number 0, see ir/ops.py
        self.block: Block = self.function.block()
        self.cx = Context()
        self.snapshot: Context | None = None
        self.exit_block: Block | None = None
        self.first_exit: Block | None = None                    # of this instruction: others are like it
        self.at = 0
        self.exits: list[tuple] = []                            # (path, word index, sentence)
        self.offset = {n: v for n, v in self.info.items() if "." in n}
        self.hints: dict[str, type] = {}                        # types that objects were seen to have, not guarded yet

    # ------------------------------------------------------------------------------------------- emission
    def do(self, name: str, *args: str, x=None) -> None:
        """Emit an operation without a result."""
        self.block.ops.append((name, "", args, x))
        if name in EFFECTS:
            self.changed_by = name

    def const_object(self, value: object) -> str:
        """A pointer to an object that is known now; it lives as long as the code."""
        return self.e("const", x=self.function.const(id(value), value))

    def const_class(self, kind: type) -> str:
        """The address of a class, to compare with; its life is its own."""
        if is_fixed(kind):
            return self.const_object(kind)
        number = self.function.const(id(kind))
        self.function.classes[number] = ref(kind)
        return self.e("const", x=number)

    def const_word(self, word: int) -> str:
        """A pointer that is known now."""
        return self.e("const", x=self.function.const(word))

    def version(self, value: int, says: str, of: object) -> str:
        """A number that is another one in each run (`Function.mark`)."""
        return self.e("const_word", x=self.function.mark(value, says, of))

    def api(self, name: str) -> int:
        """The number of the constant with the address of a function of the runtime or of the C API."""
        number = self.function.const(self.core.address(name))
        if name in TOUCHED:
            self.function.quiet[number] = name
        return number

    def box_int(self, number: str) -> str:
        """An object for an int: a new reference."""
        return self.e("box_int", number, self.const_object(FIRST_SMALL_INT), x=self.api("rt_box_int"))

    def load(self, kind: str, base: str, offset: int, alias: str) -> str:
        """Load a field."""
        value = self.e("load_" + kind, base, x=(offset, ALIAS[alias]))
        if kind == "i64" and offset == SIZE and alias in SIZED:
            self.bound(value, 0, LARGEST)
        return value

    def store(self, kind: str, base: str, value: str, offset: int, alias: str) -> None:
        """Store a field."""
        self.do("store_" + kind, base, value, x=(offset, ALIAS[alias]))

    # ------------------------------------------------------------------------------------------- references
    def unhold(self, val: Val) -> None:
        """A dirty register or virtual object lets the value go."""
        name = val.ssa
        if name is not None and val.kind == "obj":
            cx = self.cx
            left = cx.uses[name] - 1
            cx.uses[name] = left
            if left == 0:
                self.drop_owned(name, val)
        for part in val.parts:
            self.unhold(part)

    def drop_owned(self, name: str, val: Val) -> None:
        """Nothing uses the object any more: drop what the region owns of it."""
        made = self.cx.virtuals.pop(name, None)
        if made is not None:
            for part in made.parts.values():
                self.unhold(part)
        for _ in range(self.cx.owned.pop(name, 0)):
            self.decref(name, val.type or self.cx.types.get(name))

    def decref(self, name: str, kind: type | None) -> None:
        """Count an object down; if it may hold others, anything may happen."""
        if kind in PLAIN_TYPES:
            self.do("decref_plain", name)
            return
        self.keep()
        self.secure()
        self.do("decref", name)
        self.cx.facts.clear()

    def secure(self) -> None:
        """Own what is used: something may be freed now."""
        cx = self.cx
        for name, count in cx.uses.items():
            if count > 0 and name not in cx.owned and not cx.anchors.get(name) and name not in cx.virtuals:
                self.do("incref", name)
                cx.owned[name] = 1

    def pointer(self, val: Val) -> str:
        """The IR value of an object."""
        if val.const is not NO:
            return self.const_object(val.const)
        if val.ssa in self.cx.virtuals:
            self.make_instance(val.ssa)
        return val.ssa

    # --------------------------------------------------------------------------------------------- registers
    def write(self, number: int, val: Val) -> None:
        """R[number] = val in the innermost frame; what it held is let go afterwards."""
        self.write_in(self.cx.frames[-1], number, val)

    def write_in(self, frame, number: int, val: Val) -> None:
        """The same in a given frame."""
        self.keep()
        cx = self.cx
        for waiting in cx.gens:
            if waiting.held == (frame.path, number):
                self.rest(waiting)              # its generator is let go
                break
        old, home = frame.regs[number], frame.homes[number]
        cx.hold(val)
        frame.regs[number], frame.homes[number] = val, DIRTY
        if home == DIRTY:
            self.unhold(old)
            return
        if old.kind == "obj" and old.ssa is not None and home == IN_MEMORY:
            self.store("i64", frame.frame, "0", self.info["sizeof.Frame"] + 16 * number + 8, "reg")
            cx.anchors[old.ssa] -= 1
            cx.owned[old.ssa] = cx.owned.get(old.ssa, 0) + 1
            if not cx.uses.get(old.ssa):
                self.drop_owned(old.ssa, old)
        elif old.kind == "mem" or home == MAYBE_BOXED or old.kind == "obj":
            self.secure()
            self.do("call_none", self.register(frame.frame, number), x=self.api("rt_drop"))
            if old.kind == "obj" and old.ssa is not None:
                cx.anchors[old.ssa] -= 1
            if old.kind not in NUMBERS:
                cx.facts.clear()

    def take(self, number: int) -> Val:
        """R[number], which is left empty; the caller holds the value (`release` when done with it)."""
        val = self.read(number)
        self.cx.hold(val)
        self.write(number, EMPTY)
        return val

    def release(self, val: Val) -> None:
        """Let go what `take` gave."""
        self.unhold(val)

    def read(self, number: int) -> Val:
        """R[number] of the innermost frame, loaded by the kind it was seen to have if it is only in memory."""
        frame = self.cx.frames[-1]
        val = frame.regs[number]
        if val.kind != "mem":
            return val
        kinds = self.expected(number)
        if kinds == {int, "int"} and (frame.path, self.at, KIND) not in self.profile.hot:
            return self.load_int(frame, number)
        names = {kind if isinstance(kind, str) else "obj" for kind in kinds}
        if len(names) > 1:
            self.split_register(frame, number, names)
        return self.load_register(frame, number, next(iter(names), None))

    def expected(self, number: int) -> set:
        """The kinds a register of this instruction was seen with."""
        seen, instr = self.seen, self.instr
        if instr.op == "CALL":
            return {0: seen.b, 1: seen.c, 2: seen.a}.get(number - instr.b) or self.made_before(number)
        for operand, kinds in ((instr.a, seen.a), (instr.b, seen.b), (instr.c, seen.c)):
            if operand == number and kinds:
                return kinds
        return self.made_before(number)

    def made_before(self, number: int) -> set:
        """The kinds that a temporary was given by the last instruction before this one that fills it, as it stands in
        the code: no operand says more of the second argument of a call."""
        frame = self.cx.frames[-1]
        if number < frame.code.nlocals:
            return set()
        for at in sorted(frame.code.instrs, reverse=True):
            if at < self.at and number in effects_of(frame.code.instrs[at]).fills:
                seen = self.profile.at.get((frame.path, at))
                return seen.result - {"empty"} if seen is not None and frame.code.instrs[at].a == number else set()
        return set()

    def split_register(self, frame, number: int, names: set) -> None:
        """Go different ways by the tag of a register in memory."""
        tag = self.load("i64", frame.frame, self.info["sizeof.Frame"] + 16 * number + 8, "reg")
        ways = []
        saved, block = self.cx, self.block
        for name in sorted(names):
            condition = self.e("int_eq", tag, str(TAGS[name]))
            self.cx = saved.copy()
            known = next(f for f in self.cx.frames if f.path == frame.path)
            base = self.info["sizeof.Frame"] + 16 * number
            known.regs[number] = self.load_kind(frame, base, name)
            self.cx.anchor(known.regs[number])
            ways.append((condition, self.cx))
        self.cx, self.block = saved, block
        raise Split(ways)

    def split_type(self, val: Val, kinds: list) -> None:
        """Go different ways by the type of an object."""
        found = self.load("ptr", val.ssa, 8, "type")
        ways = []
        for kind in kinds:
            cx = self.cx.copy()
            if is_fixed(kind):
                cx.types[val.ssa] = kind
            else:
                cx.facts[("class", val.ssa)] = kind
            ways.append((self.e("ptr_eq", found, self.const_class(kind)), cx))
        raise Split(ways)

    def load_kind(self, frame, base: int, name: str) -> Val:
        """The value of a register in memory whose tag is known."""
        if name == "int":
            return Val("int", self.load("i64", frame.frame, base, "reg"))
        if name == "float":
            return Val("float", self.load("f64", frame.frame, base, "reg"))
        if name == "bool":
            return Val("bool", self.e("int_to_bool", self.load("i64", frame.frame, base, "reg")))
        if name == "none":
            return NONE
        if name == "empty":
            return EMPTY
        return Val("obj", self.load("ptr", frame.frame, base, "reg"))

    def load_register(self, frame, number: int, kind) -> Val:
        """Load a register from memory; None: its kind is found out by its tag, it must be an object then."""
        base = self.info["sizeof.Frame"] + 16 * number
        tag = self.load("i64", frame.frame, base + 8, "reg")
        name = kind if isinstance(kind, str) else "obj"
        self.guard(self.e("int_eq", tag, str(TAGS[name])), KIND)
        val = self.load_kind(frame, base, name)
        for cx in (self.cx, self.snapshot):
            if cx is not None:
                other = next(f for f in cx.frames if f.path == frame.path)
                other.regs[number] = val
                cx.anchor(val)
        return val

    def load_int(self, frame, number: int) -> Val:
        """Load a register that holds an int, boxed or not, of at most two digits."""
        val = Val("int", self.e("call_i", self.register(frame.frame, number), x=self.api("rt_int_in")))
        self.guard(self.e("int_ne", val.ssa, str(NO_INT)), KIND)
        for cx in (self.cx, self.snapshot):
            if cx is not None:
                other = next(f for f in cx.frames if f.path == frame.path)
                other.regs[number], other.homes[number] = val, MAYBE_BOXED
        return val

    def replace(self, val: Val, fresh: Val) -> None:
        """Every register that holds the object `val` knows it as `fresh` from now on (same value, more is known)."""
        for frame in self.cx.all_frames():
            for number, old in enumerate(frame.regs):
                if old is val or (old.kind == "obj" and val.ssa is not None and old.ssa == val.ssa):
                    frame.regs[number] = fresh

    def local_constant(self, index: int) -> Val:
        """A constant of the innermost frame's pool."""
        return constant(*self.cx.frames[-1].code.constant(index))

    # ------------------------------------------------------------------------------------------------ types
    def type_of(self, val: Val) -> type | None:
        """The exact type, if it is known."""
        return val.type or (self.cx.types.get(val.ssa) if val.ssa else None)

    def class_of(self, val: Val) -> type | None:
        """The class that an object was seen to have, and has until something may change it."""
        made = self.cx.virtuals.get(val.ssa)
        return made.kind if made is not None else self.cx.facts.get(("class", val.ssa))

    def guard_type(self, val: Val, kind: type) -> Val:
        """Go on only if the object is exactly of this type."""
        if self.type_of(val) is kind:
            return val
        if val.kind != "obj":
            raise Abort(f"a {val.kind} where a {kind.__name__} was seen")
        known = ("class", val.ssa)
        if self.cx.facts.get(known) is not kind:
            found = self.load("ptr", val.ssa, 8, "type")
            self.guard(self.e("ptr_eq", found, self.const_class(kind)))
            if is_fixed(kind):
                self.cx.types[val.ssa] = kind
                return self.learn(val, Val("obj", val.ssa, kind))
            self.cx.facts[known] = kind
        return val

    def learn(self, val: Val, better: Val) -> Val:
        """`better` is the same value with more known; registers that hold it know too."""
        self.replace(val, better)
        if self.snapshot is not None:
            cx, self.cx = self.cx, self.snapshot
            self.replace(val, better)
            self.cx = cx
        return better


KIND = "a variable has another kind of value than before"
LARGE, GROWN = "an int has more than 60 bits", "an int grows beyond 64 bits"        # longs.py looks for these exits
EFFECTS = {"incref", "decref", "decref_plain", "call_none", "store_ptr", "store_i64", "store_f64", "step", "invoke"}
SIZE, SIZED, LARGEST = 16, {"list", "tuple", "str", "dict"}, 1 << 60      # where lengths are, and how long things get
NO_INT = -1 << 63        # what rt_int_in says of all else
PLAIN_TYPES = {int, float, str, bytes, complex, bool}
