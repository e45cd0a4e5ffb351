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

from ..ir.folding import Folding
from ..ir.function import Block, Function
from ..ir.ops import ALIAS
from .context import DIRTY, IN_MEMORY, MAYBE_BOXED, Context
from .values import EMPTY, NO, NONE, NUMBERS, SPECIAL_KINDS, TAGS, Val, constant, is_fixed


class Abort(Exception):
    """The region cannot be compiled: a sentence for people."""


class Split(Exception):
    """The instruction must be compiled once for each kind of an operand: (condition, state) each."""

    def __init__(self, ways: list):
        super().__init__()
        self.ways = ways


class Builder(Folding):
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
        return self.function.const(self.core.address(name))

    def load(self, kind: str, base: str, offset: int, alias: str) -> str:
        """Load a field."""
        value = self.e("load_" + kind, base, x=(offset, ALIAS[alias]))
        if kind == "i64" and offset == SIZE and alias in SIZED:
            self.bound(value, 0, LARGEST)
        return value

    def store(self, kind: str, base: str, value: str, offset: int, alias: str) -> None:
        """Store a field."""
        self.do("store_" + kind, base, value, x=(offset, ALIAS[alias]))

    # --------------------------------------------------------------------------------------------- exits
    def begin(self, at: int) -> None:
        """An instruction starts: where its exits go back to."""
        self.at = at
        self.changed_by = ""
        self.snapshot = None
        self.exit_block = None

    def keep(self) -> None:
        """Remember the state before this instruction changes it; must be called before the first change."""
        if self.snapshot is None:
            self.snapshot = self.cx.copy()

    def exit_label(self, why: str = "an operand has another type or value than before") -> str:
        """The label guards of this instruction leave by."""
        if self.changed_by:
            raise Abort(f"internal error: a guard after {self.changed_by} in {self.instr}")
        if self.exit_block is None:
            self.exit_block = self.make_exit(self.snapshot or self.cx.copy(), self.at, why)
        return f"B{self.exit_block.number}"

    def make_exit(self, cx: Context, at: int, why: str, counted: bool = True) -> Block:
        """A block that writes the state to memory and goes on in the interpreter at `at` of the innermost frame."""
        block, saved = self.function.block(), (self.block, self.cx, self.snapshot, self.changed_by)
        self.block, self.cx, self.snapshot = block, self.rename_instances(cx.copy()), cx    # its drops are its own
        cx = self.cx
        self.flush()
        frame = cx.frames[-1]
        if counted and (frame.path, at) not in self.resigned:
            number = len(self.exits)
            self.exits.append((frame.path, at, why, frame.code))
            self.function.exits.append((frame.code.address_of(at), len(cx.frames) - 1))
            block.end = ("exit", number, frame.frame)
        else:
            block.end = ("leave", self.const_word(frame.code.address_of(at)), frame.frame)
        self.block, self.cx, self.snapshot, self.changed_by = saved
        return block

    header = 0
    changed_by = ""             # the first effect of the present instruction
    optimized = True            # whether it is compiled by LLVM's optimizer
    resigned: frozenset | set = frozenset()      # places whose exits are no longer worth recording

    def guard(self, condition: str, why: str = "an operand has another type or value than before") -> None:
        """Go on only if the condition holds."""
        if condition != "true":
            self.do("guard", condition, x=self.exit_label(why))

    def guard_ordered(self, val: Val) -> None:
        """Go on only if a number that is about to be boxed is not NaN: which NaN it is counts (`x in [x]`), so the
        register and what is stored have to share one box."""
        if val.kind == "float" and val.ssa[0] == "%" and val.ssa not in self.cx.types:
            self.guard(self.e("float_ordered", val.ssa, val.ssa), "a float is not a number")
            self.cx.types[val.ssa] = float

    def guard_numbers(self) -> None:
        """The same for all that frames hold, before the interpreter gets to see them: it has NaNs boxed."""
        for frame in self.cx.all_frames():
            for val, home in zip(frame.regs, frame.homes):
                if home == DIRTY:
                    self.guard_ordered(val)

    def leave(self, why: str, counted: bool = True) -> None:
        """End the path here: the interpreter goes on at this instruction. Not `counted`: that is how it should be."""
        exit_block = self.make_exit(self.snapshot or self.cx, self.at, why, counted)
        self.block.end = ("jump", exit_block, [])
        exit_block.incoming.append((self.block, []))

    # ---------------------------------------------------------------------------------------- frames' memory
    def frame_pointer(self, depth: int) -> str:
        """The real frame at a depth; frames that exist only in the region are pushed now."""
        cx = self.cx
        frame = cx.frames[depth]
        if frame.parked:
            below = self.frame_pointer(depth - 1)
            pc = self.const_word(cx.frames[depth - 1].code.address_of(frame.call_at))
            self.do("call_none", frame.frame, below, pc, str(int(frame.counted)), x=self.api("rt_run"))
            frame.parked = False
        if frame.frame is None:
            below = self.frame_pointer(depth - 1)
            function = self.pointer(frame.function)
            self.take_reference(frame.function)
            pc = self.const_word(cx.frames[depth - 1].code.address_of(frame.call_at))
            code = self.const_word(frame.code.address)
            frame.frame = self.e("call_p", below, code, function, pc, x=self.api("rt_push"))
            words = cx.frames[depth - 1].code.instrs[frame.call_at].length
            self.frame_kind(frame.frame, frame.kind, frame.instance, words)
            if frame.kind == "init":
                frame.instance = Val("obj", frame.instance.ssa)
            frame.homes = [IN_MEMORY if reg.kind == "empty" else home for reg, home in zip(frame.regs, frame.homes)]
        return frame.frame

    def frame_kind(self, frame: str, kind: str, instance: Val | None, words: int) -> None:
        """Say in a real frame what its return does, if that is not a plain call's."""
        if kind == "init":
            self.do("call_none", frame, self.pointer(instance), x=self.api("rt_init_frame"))
            self.take_reference(instance)
        elif kind == "object":
            self.do("call_none", frame, str(words), x=self.api("rt_object_frame"))
        elif kind == "uncounted":
            self.do("call_none", frame, x=self.api("rt_uncounted_frame"))
        elif kind in SPECIAL_KINDS:
            self.store("i64", frame, str(SPECIAL_KINDS[kind]), self.offset["Frame.kind"], "frame")
            self.store("i64", frame, str(words), self.offset["Frame.words"], "frame")
        elif kind == "property":
            self.store("i64", frame, "5", self.offset["Frame.kind"], "frame")
            self.store("i64", frame, "4", self.offset["Frame.words"], "frame")

    def is_unseen(self, frame) -> str:
        """Whether nobody holds a frame object of a real frame: such an object takes the locals over when the
        frame ends. Those that tracebacks had are the frame's alone once these have gone."""
        host = self.load("ptr", frame.frame, self.offset["Frame.iframe"], "frame")
        found = self.load("ptr", host, FRAME_OBJECT, "frame")
        unseen = self.e("is_null", found)
        if frame.kind != "gen":                 # what is not linked is not filled either: anything may lie there
            linked = self.load("i64", frame.frame, self.offset["Frame.linked"], "frame")
            unseen = self.e("bool_or", self.e("int_eq", linked, "0"), unseen)
        if frame.code.handlers:
            held = self.e("ptr_select", unseen, self.const_object(None), found)
            alone = self.e("int_eq", self.load("i64", held, 0, "refcnt"), "1")
            unseen = self.e("bool_or", unseen, alone)
        return unseen

    def guard_unseen(self, frame) -> None:
        """Go on only if nobody may want the locals of a frame that ends."""
        if frame.frame is not None:
            self.guard(self.is_unseen(frame), "a frame object exists of a function that returns")

    def register(self, frame: str, number: int) -> str:
        """Address of a register."""
        return self.e("offset", frame, x=self.info["sizeof.Frame"] + 16 * number)

    def take_reference(self, val: Val) -> None:
        """A holder in memory takes over one reference of a value that the region held as used."""
        if val.const is not NO:
            self.do("incref", self.pointer(val))
            return
        cx, name = self.cx, val.ssa
        left = cx.uses.get(name, 0) - 1
        cx.uses[name] = left
        have = cx.owned.get(name, 0)
        if have:
            cx.owned[name] = have - 1
        else:
            self.do("incref", name)

    def flush(self) -> None:
        """Write every dirty register of every frame to memory; generators rest."""
        while self.cx.gens:
            self.rest(self.cx.gens[0])
        while self.cx.virtuals:
            self.make_instance(next(iter(self.cx.virtuals)))
        for depth in range(len(self.cx.frames)):
            self.frame_pointer(depth)
            self.flush_frame(self.cx.frames[depth])

    def rest(self, frame) -> None:
        """The frame of a generator that waits is as the interpreter would have it, and not known any more."""
        self.cx.gens.remove(frame)
        for inner in self.cx.gens[:]:
            if inner.held[0] == frame.path and inner in self.cx.gens:
                self.rest(inner)                # generators that it goes over
        self.flush_frame(frame)
        self.do("call_none", frame.frame, self.const_word(frame.code.address_of(frame.at)), x=self.api("rt_rest"))
        for reg, home in zip(frame.regs, frame.homes):
            if home != DIRTY and reg.kind == "obj" and reg.ssa is not None:
                self.cx.anchors[reg.ssa] -= 1

    def flush_frame(self, frame) -> None:
        """Write a real frame's dirty registers."""
        for number, home in enumerate(frame.homes):
            if home == DIRTY:
                if number >= frame.code.nlocals and frame.regs[number].kind == "empty":
                    continue            # an empty temporary's memory may hold anything but a reference
                frame.regs[number] = self.write_memory(frame.frame, number, frame.regs[number])
                self.cx.anchor(frame.regs[number])
                frame.homes[number] = IN_MEMORY

    def write_memory(self, frame: str, number: int, val: Val) -> Val:
        """Write a value to a register's memory, which owns nothing; the value it is from now on."""
        base = self.info["sizeof.Frame"] + 16 * number
        if val.kind == "dead":                  # see put_away
            for offset, part in enumerate(val.parts):
                self.store("i64", frame, part.ssa, base + 8 * offset, "reg")
            return EMPTY
        if val.parts:
            whole, val = val, self.materialize(val)
            self.share(whole, val, frame, number)
        if val.kind in ("int", "obj", "bool", "float"):
            if val.kind == "obj":
                pointer = self.pointer(val)
                self.take_reference(val)
                self.store("ptr", frame, pointer, base, "reg")
            elif val.kind == "bool":
                self.store("i64", frame, self.e("bool_to_int", val.ssa), base, "reg")
            else:
                self.store("i64" if val.kind == "int" else "f64", frame, val.ssa, base, "reg")
        self.store("i64", frame, str(TAGS[val.kind]), base + 8, "reg")
        return val

    def materialize(self, val: Val) -> Val:
        """Make a virtual object real; the region owns it."""
        made = getattr(self, "make_" + val.kind)(val)
        self.cx.hold(made)
        self.cx.owned[made.ssa] = self.cx.owned.get(made.ssa, 0) + 1
        for part in val.parts:
            self.unhold(part)
        return made

    def share(self, val: Val, made: Val, frame: str, number: int) -> None:
        """Every other register that held a virtual object holds the one that was made of it."""
        for other in self.cx.all_frames():
            for at, old in enumerate(other.regs):
                if old is val and not (other.frame == frame and at == number):
                    self.cx.hold(made)
                    for part in old.parts:
                        self.unhold(part)
                    other.regs[at] = made

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
        names = {kind if isinstance(kind, str) else "obj" for kind in kinds}
        if len(names) > 1:
            self.split_register(frame, number, names)
        return self.load_register(frame, number, next(iter(names), None))

    def expected(self, number: int) -> set:
        """The kinds a register of this instruction was seen with."""
        seen, instr = self.seen, self.instr
        if instr.op == "CALL":
            return {0: seen.b, 1: seen.c, 2: seen.a}.get(number - instr.b, set())
        for operand, kinds in ((instr.a, seen.a), (instr.b, seen.b), (instr.c, seen.c)):
            if operand == number and kinds:
                return kinds
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
        self.guard(self.e("int_eq", tag, str(TAGS[name])), "a variable has another kind of value than before")
        val = self.load_kind(frame, base, name)
        for cx in (self.cx, self.snapshot):
            if cx is not None:
                other = next(f for f in cx.frames if f.path == frame.path)
                other.regs[number] = val
                cx.anchor(val)
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


LARGE, GROWN = "an int has more than 60 bits", "an int grows beyond 64 bits"        # longs.py looks for these exits
EFFECTS = {"incref", "decref", "decref_plain", "call_none", "store_ptr", "store_i64", "store_f64", "step", "invoke"}
SIZE, SIZED, LARGEST = 16, {"list", "tuple", "str", "dict"}, 1 << 60      # where lengths are, and how long things get
FRAME_OBJECT = 40       # the offset of frame_obj in the host's part of a frame
PLAIN_TYPES = {int, float, str, bytes, complex, bool}
