"""Leaving compiled code: guards, exits, and the state as they write it to the frames' memory.

    guard %v7 !B9           B9: store_ptr %frame, %v3 ...; exit 5 %frame
                            B12: exit_as 6 B9           another way out of the same instruction

An exit goes back to the start of the instruction, with the state as it was there (`snapshot`).
"""
from __future__ import annotations

from ..ir.folding import Folding
from ..ir.function import Block
from ..ir.ops import ALIAS
from .context import DIRTY, IN_MEMORY, Context
from .values import EMPTY, NO, SPECIAL_KINDS, TAGS, Val

REGISTER = ALIAS["reg"]
KINDS_OF_GENERATORS, KIND_ENUMERATE, KIND_NEXT = {"FOR_ITER": 3, "SEND": 4, "CALL": 14}, 7, 15  # as in vm/state.py
FRAME_OBJECT = 40       # the offset of frame_obj in the host's part of a frame


class Abort(Exception):
    """The region cannot be compiled: a sentence for people."""


class Leaving(Folding):
    """Guards, exits and frames in memory; the builder has what they are written with."""

    def begin(self, at: int) -> None:
        """An instruction starts: where its exits go back to."""
        self.at = at
        self.changed_by = ""
        self.snapshot = None
        self.exit_block = self.first_exit = None

    def keep(self) -> None:
        """Remember the state before this instruction changes it; must be called before the first change."""
        if self.snapshot is None:
            self.snapshot = self.cx.copy()

    def exit_label(self, why: str = "an operand has another type or value than before") -> str:
        """The label guards of this instruction leave by."""
        self.no_effects()
        if self.exit_block is None:
            self.exit_block = self.another_exit(why)
        return f"B{self.exit_block.number}"

    def no_effects(self) -> None:
        """Law 1."""
        if self.changed_by:
            raise Abort(f"internal error: a guard after {self.changed_by} in {self.instr}")

    def another_exit(self, why: str, counted: bool = True) -> Block:
        """A block by which this instruction's guards leave. The first one writes the state to memory, others are like
        it."""
        self.no_effects()
        cx = self.snapshot or self.cx
        if self.first_exit is None:
            self.first_exit = self.make_exit(cx, self.at, why, counted)
            return self.first_exit
        if self.first_exit.end[0] != "exit":
            return self.first_exit
        block = self.function.block()
        block.end = ("exit_as", self.exit_number(cx.frames, self.at, why, counted), self.first_exit)
        return block

    def make_exit(self, cx: Context, at: int, why: str, counted: bool = True, often: bool = False) -> Block:
        """A block that writes the state to memory and goes on in the interpreter at `at` of the innermost frame. Where
        that is known to happen `often` it is all machine code."""
        block, saved = self.function.block(), (self.block, self.cx, self.snapshot, self.changed_by)
        self.block, self.cx, self.snapshot = block, self.rename_instances(cx.leaving()), cx
        self.flush()
        frames, frame = self.cx.frames, self.cx.frames[-1]
        if often or (frame.path, at) in self.resigned:
            block.end = ("leave", self.const_word(frame.code.address_of(at)), frame.frame)
        else:
            block.end = ("exit", self.exit_number(frames, at, why, counted), frame.frame)
        self.block, self.cx, self.snapshot, self.changed_by = saved
        return block

    def exit_number(self, frames: list, at: int, why: str, counted: bool) -> int:
        """The number of a new exit. Not `counted`: that is how it should be."""
        number, frame = len(self.exits), frames[-1]
        self.exits.append((frame.path, at, why, frame.code))
        self.function.exits.append((frame.code.address_of(at), len(frames) - 1))
        if not counted:
            self.function.uncounted.add(number)
        return number

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

    def leave(self, why: str, often: bool = False) -> None:
        """End the path here: the interpreter goes on at this instruction."""
        exit_block = self.make_exit(self.snapshot or self.cx, self.at, why, often=often)
        self.block.end = ("jump", exit_block, [])
        exit_block.incoming.append((self.block, []))

    # ---------------------------------------------------------------------------------------- frames' memory
    def frame_pointer(self, depth: int) -> str:
        """The real frame at a depth; frames that exist only in the region are pushed now."""
        cx = self.cx
        frame = cx.frames[depth]
        if frame.parked:
            below = self.frame_pointer(depth - 1)
            code = cx.frames[depth - 1].code
            call = code.instrs[frame.call_at]
            kind = KIND_ENUMERATE if frame.counted else KINDS_OF_GENERATORS[call.op]
            if call.op == "CALL" and frame.held[1] == call.b + 2:
                kind = KIND_NEXT
            pc = self.const_word(code.address_of(frame.call_at))
            self.do("call_none", frame.frame, below, pc, str(kind), x=self.api("rt_run"))
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

    def take_reference(self, val: Val, pointer: str = "") -> None:
        """A holder in memory takes over one reference of a value that the region held as used. `pointer`: of it, if
        that was asked for."""
        if val.const is not NO:
            self.do("incref", pointer or self.pointer(val))
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
        regs, homes, locals_end = frame.regs, frame.homes, frame.code.nlocals
        for number, home in enumerate(homes):
            if home == DIRTY and (number < locals_end or regs[number].kind != "empty"):
                regs[number] = val = self.write_memory(frame.frame, number, regs[number])
                if val.kind == "obj":       # an empty temporary's memory may hold anything but a reference
                    self.cx.anchor(val)
                homes[number] = IN_MEMORY

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
        kind = val.kind
        if kind == "obj":
            pointer = self.pointer(val)
            self.take_reference(val, pointer)
            self.block.ops.append(("store_obj", "", (frame, pointer), (base, REGISTER)))
        elif kind in ("empty", "none"):
            self.block.ops.append(("store_i64", "", (frame, str(TAGS[kind])), (base + 8, REGISTER)))
        else:
            payload = self.e("bool_to_int", val.ssa) if kind == "bool" else val.ssa
            self.block.ops.append(("store_" + kind, "", (frame, payload), (base, REGISTER)))
        self.changed_by = "a store"
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


__all__ = ["Abort", "Leaving"]
