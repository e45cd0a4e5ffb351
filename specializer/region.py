"""A region: the paths that were seen from a place on, followed through branches, joins, loops and inlined calls.

Where paths join (and at loop headers) they go on in one block if the state has the same shape: kinds, types, homes of
registers. Else the place gets another version, up to VERSIONS of them; what comes then is brought into the shape
that everything fits: all registers in memory, nothing known. So the number of blocks is bounded.
"""
from __future__ import annotations

from heapq import heappop, heappush

from ..bytecode.effects import effects
from ..bytecode.ops import OPS
from ..ir.fast_loops import add_fast_loops
from ..tracer.liveness import operands
from .arith import Arithmetic
from .builder import Abort, Builder, Split
from .builtins import Builtins
from .calls import Calls
from .context import DIRTY, IN_MEMORY, MAYBE_BOXED, Context, FrameState
from .control import Control
from .data import Data
from .entry import Entry
from .instances import AWARE, Instances
from .items import Items
from .generators import Generators
from .iterate import Iteration
from .iterator_objects import IteratorObjects
from .iterators import Iterators
from .moves import Moves
from .objects import Objects
from .values import EMPTY, IR_KIND, MEM, NO, NUMBERS, TAGS, Val

VERSIONS = 3
HANDED_OVER, INIT = 1 << 0 | 1 << 5, 1 << 2     # kinds of frames whose values compiled callers take: calls, properties; __init__
MAY_CALL = {"CALL", "CALL_EX", "ATTR_GET", "ITEM_GET", "ITEM_SET", "CONTAINS"}
FORGETTABLE = (*NUMBERS, "none")
ENOUGH_BLOCKS = 700     # paths that are left then end in the interpreter, those taken least often


class Version:
    """A block for arrivals of one shape."""

    __slots__ = ("block", "cx", "at")

    def __init__(self, block, cx: Context, at: int):
        self.block, self.cx, self.at = block, cx, at


class Region(Instances, Data, Entry, Moves, Arithmetic, Control, Objects, Items, Calls, Iteration, Iterators, IteratorObjects,
             Generators, Builtins, Builder):
    """Compiles one region to IR. `header` is the word where it starts, in the profile's root code."""

    def __init__(self, core, profile, header: int, root, number: int):
        super().__init__(core, f"{profile.root.name}:{header}")
        self.profile, self.header, self.resigned = profile, header, profile.resigned
        self.joins: set[tuple] = set()      # (path, word): places where paths that were split may join again
        self.site_number = number
        self.versions: dict[tuple, list[Version]] = {}
        self.loose = False
        self.pending: list[tuple] = []
        self.order = 0
        self.steps = self.followed = 0  # instructions left to the interpreter's handlers, and all
        self.root = root                # the root frame's function object
        self.seen = self.instr = None

    # ------------------------------------------------------------------------------------------------- start
    def build(self, kinds: list, one_module: bool = True):
        """The IR. `kinds`: of the root frame's registers at the header, None where unknown. `one_module`: all
        functions with this code were seen with the globals that the root has."""
        code = self.profile.root
        frame = FrameState(code, (), "%frame")
        frame.regs, frame.homes = [MEM] * code.nregs, [IN_MEMORY] * code.nregs
        self.cx.frames.append(frame)
        self.begin(self.header)
        self.keep()
        if not one_module:
            frame.globals = frame.builtins = None
        elif any(path == () and code.instrs[at].op == "GLOBAL_GET" for path, at in self.profile.at):
            self.guard_module(frame)
        self.load_root(frame, kinds)
        self.goto(self.header)
        while self.pending:
            _, _, self.block, self.cx, at, joins = heappop(self.pending)
            if len(self.function.blocks) > ENOUGH_BLOCKS:
                self.begin(at)
                self.leave("the region is large enough", counted=False)
            else:
                self.run(at, joins)
        if self.steps * 3 > self.followed:
            raise Abort("most of it is work of the interpreter's handlers")
        add_fast_loops(self.function)
        return self.function

    def queue(self, block, cx: Context, at: int, joins: bool) -> None:
        """A path to be followed later, those taken most often first."""
        seen = self.profile.at.get((cx.frames[-1].path, at))
        self.order += 1
        cx = self.rename_instances(cx)
        heappush(self.pending, (-seen.count if seen is not None else 0, -self.order, block, cx, at, joins))

    def guard_module(self, frame) -> None:
        """Code may be shared by functions with other globals: `exec(code, namespace)`, copies of functions."""
        frame.globals, frame.builtins = self.root.__globals__, self.root.__builtins__
        function = self.load("ptr", frame.frame, self.offset["Frame.function"], "frame")
        for offset, table in ((16, frame.globals), (24, frame.builtins)):
            found = self.load("ptr", function, offset, "attr")
            self.guard(self.e("ptr_eq", found, self.const_object(table)), "code runs with other globals than before")

    def run(self, at: int | None, joins: bool) -> None:
        """Follow the path from a place to where it ends, jumps or joins; `joins`: it may join where it starts."""
        while at is not None:
            frame = self.cx.frames[-1]
            if joins and (at in frame.code.merges or (frame.path, at) in self.joins):
                self.goto(at)
                return
            joins = True
            instr = frame.code.instrs[at]
            self.begin(at)
            self.instr = instr
            self.followed += 1
            self.seen = self.profile.at.get((frame.path, at))
            if self.seen is None:
                self.leave("this path had not been taken while recording")
                return
            if instr.op not in AWARE and not (instr.op == "RETURN" and len(self.cx.frames) > 1):
                self.escape_operands(instr)
            try:
                at = getattr(self, "do_" + instr.op, self.step)(instr)
            except Split as split:
                self.split(split.ways)
                return

    def split(self, ways: list[tuple[str, Context]]) -> None:
        """The instruction is carried out once for each kind its operand was seen with; `ways`: conditions, states."""
        frame = self.cx.frames[-1]
        self.joins.add((frame.path, self.at + self.instr.length))
        if self.instr.op == "METHOD_GET":
            self.joins.add((frame.path, self.call_after(frame.code, self.instr)))
        for condition, cx in ways:
            on, off = self.function.block(), self.function.block()
            self.block.end = ("branch", condition, on, off)
            self.queue(on, cx, self.at, False)
            self.block = off
        self.leave("an operand has another type than ever before")

    @staticmethod
    def call_after(code, instr) -> int:
        """The word behind the call of the method that an instruction fetches."""
        at = instr.at + instr.length
        while at in code.instrs:
            following = code.instrs[at]
            if following.op == "CALL" and following.b == instr.a:
                return at + following.length
            at += following.length
        return -1

    # -------------------------------------------------------------------------------------------- joining
    def goto(self, at: int) -> None:
        """Go on at a place where paths join."""
        self.drop_dead(at)
        stack = (at, *self.shape_of_frames())
        versions = self.versions.setdefault(stack, [])
        version = next((v for v in versions if self.fits(v.cx)), None)
        if version is None and len(versions) >= VERSIONS:
            self.begin(at)
            self.guard_numbers()
            for name in list(self.cx.virtuals):
                if name in self.cx.virtuals:
                    self.make_instance(name)
            self.loose = True           # what a version has in memory may come as anything
            version = next((v for v in versions if self.fits(v.cx)), None)
            if version is None and (len(versions) >= 2 * VERSIONS or not self.widen(versions)):
                self.forget()
                stack = (at, *self.shape_of_frames())
                versions = self.versions.setdefault(stack, [])
            version = version or next((v for v in versions if self.fits(v.cx)), None)
            self.loose = False
        if version is None:
            version = self.new_version(at)
            versions.append(version)
            self.pairs = {}
        self.jump(version)

    def shape_of_frames(self) -> tuple:
        """What has to be the same of the frames where paths join."""
        return (tuple((frame.path, frame.frame is None, frame.parked) for frame in self.cx.frames),
                tuple((frame.path, frame.held, frame.at, frame.waits, frame.counted) for frame in self.cx.gens))

    def drop_dead(self, at: int) -> None:
        """Numbers that are not read any more are forgotten, so that paths which differ in them alone join.

        Those of variables are only put away: `locals()`, a traceback's frames or a debugger may still show them.
        Objects stay, since their end may be noticed."""
        for depth, frame in enumerate(self.cx.all_frames()):
            live = self.live_in(depth, frame, at)
            for number, val in enumerate(frame.regs):
                if val.kind in FORGETTABLE and not live >> number & 1:
                    if frame.homes[number] == MAYBE_BOXED:
                        self.do("call_none", self.register(frame.frame, number), x=self.api("rt_drop"))
                        frame.homes[number] = DIRTY
                    if number < frame.code.nlocals:
                        self.put_away(frame, number, val)
                    else:
                        frame.regs[number], frame.homes[number] = EMPTY, DIRTY
                elif val.kind == "empty" and number < frame.code.nlocals and not live >> number & 1:
                    self.put_away(frame, number, val)
                elif val.kind == "obj" and val.const is NO and val.type is not None and not live >> number & 1:
                    frame.regs[number] = Val("obj", val.ssa)

    def put_away(self, frame, number: int, val: Val) -> None:
        """A variable that is not read any more holds a number or nothing: to the frame's memory, which is all that knows
        it then (EMPTY, IN_MEMORY); where there is no frame yet, payload and tag stay, whatever kind it is."""
        if frame.frame is None:
            payload = val.ssa or "0"
            if val.kind in ("bool", "float"):
                payload = self.e("bool_to_int" if val.kind == "bool" else "float_bits", payload)
            frame.regs[number] = Val("dead", parts=(Val("int", payload), Val("int", str(TAGS[val.kind]))))
            return
        if frame.homes[number] == DIRTY:
            self.write_memory(frame.frame, number, val)
        frame.regs[number], frame.homes[number] = EMPTY, IN_MEMORY

    def live_in(self, depth: int, frame, at: int) -> int:
        """The registers of a frame that may still be read, the innermost one being at a place."""
        inner = len(self.cx.frames) - 1
        if depth == inner:
            return frame.code.live(at)
        if depth > inner:
            return frame.code.live(frame.at + 1 if frame.waits else frame.at)
        instr = frame.code.instrs[self.cx.frames[depth + 1].call_at]
        live = frame.code.live(instr.at + instr.length)
        return live | frame.code.live(instr.target) | 1 << instr.b if instr.op == "FOR_ITER" else live

    def widen(self, versions: list) -> bool:
        """What differs from the versions there are is known less well: known objects and types are any objects, other
        registers go to memory. False: nothing may."""
        frames = self.cx.all_frames()
        others = [version.cx.all_frames() for version in versions]
        for depth, frame in enumerate(frames):
            if any(self.known_apart(frame.function, other[depth].function) for other in others):
                return False
            for number, val in enumerate(frame.regs):
                found = [other[depth].regs[number] for other in others]
                if frame.frame is None and any(old.kind != val.kind for old in found):
                    return False
        for depth, frame in enumerate(frames):
            for number, val in enumerate(frame.regs):
                found = [other[depth].regs[number] for other in others]
                if any(self.known_apart(val, old) for old in found):
                    self.widen_register(frame, number, {old.kind for old in (*found, val)})
        return True

    @staticmethod
    def known_apart(val: Val | None, other: Val | None) -> bool:
        """Whether two shapes of a register are not the same."""
        if val is None or other is None:
            return val is not other
        return val.kind != other.kind or val.const is not other.const or val.type is not other.type or \
            len(val.parts) != len(other.parts) or any(map(Region.known_apart, val.parts, other.parts))

    def widen_register(self, frame, number: int, kinds: set) -> None:
        """Make a register any object, or leave it to the frame's memory."""
        val, home = frame.regs[number], frame.homes[number]
        if kinds == {"obj"}:
            if val.const is NO:
                frame.regs[number] = Val("obj", val.ssa)
            else:
                frame.regs[number] = made = Val("obj", self.const_object(val.const))
                (self.cx.hold if home == DIRTY else self.cx.anchor)(made)
        elif frame.frame is not None:
            if home == DIRTY:
                self.write_memory(frame.frame, number, val)
            elif val.kind == "obj" and val.ssa is not None:
                self.cx.anchors[val.ssa] -= 1
            frame.regs[number], frame.homes[number] = MEM, IN_MEMORY

    def forget(self) -> None:
        """All registers to memory, nothing known of them but which temporaries are empty."""
        self.flush()
        for frame in self.cx.frames:
            for number, val in enumerate(frame.regs):
                if val.kind != "empty" or number < frame.code.nlocals or frame.homes[number] != DIRTY:
                    frame.regs[number], frame.homes[number] = MEM, IN_MEMORY
        self.cx.anchors.clear()

    def fits(self, other: Context) -> bool:
        """Whether the present state can become the other's shape."""
        self.pairs: dict[str, str | None] = {}
        for frame, target in zip(self.cx.all_frames(), other.all_frames(), strict=True):
            if (frame.function is None) != (target.function is None):
                return False
            if target.function is not None and target.function.const is not NO and \
                    frame.function.const is not target.function.const:
                return False
            pairs = zip(frame.regs, target.regs, strict=True)
            if target.instance is not None:
                pairs = ((frame.instance, target.instance), *pairs)
            if not all(self.fits_value(val, want, other) for val, want in pairs):
                return False
        return True

    def fits_value(self, val: Val, want: Val, other: Context) -> bool:
        """Whether a value can stand where another shape is expected."""
        if val.ssa in self.cx.virtuals or want.ssa in other.virtuals:
            return self.fits_instance(val, want, other)
        if want.kind == "mem" and self.loose:
            return True
        if val.kind != want.kind:
            return False
        if want.kind == "obj" and want.const is NO and want.type is None:
            return True
        if want.const is not NO:
            return val.const is want.const or (val.kind == "int" and val.const == want.const)
        if want.type is not None and self.type_of(val) is not want.type:
            return False
        return len(val.parts) == len(want.parts) and \
            all(self.fits_value(part, wanted, other) for part, wanted in zip(val.parts, want.parts))

    def written_in_loop(self, frame, at: int) -> set[int]:
        """Registers that a loop writes, given its header."""
        last = max((i.at for i in frame.code.instrs.values() if (i.op == "LOOP" and i.target == at) or at < 0), default=-1)
        written: set[int] = set()
        for index, instr in frame.code.instrs.items():
            if at <= index <= last:
                found = effects(OPS[instr.op], operands(instr), instr.word)
                written.update(found.fills)
                written.update(found.takes)
        return written

    def new_version(self, at: int) -> Version:
        """A block for the present shape, its values renamed; the rest of the path will be followed from there."""
        block = self.function.block()
        cx = Context()
        made = Version(block, cx, at)
        self.renames: dict[str, str] = {}
        for depth, frame in enumerate(self.cx.all_frames()):
            fresh = frame.copy()
            (cx.frames if depth < len(self.cx.frames) else cx.gens).append(fresh)
            innermost = depth == len(self.cx.frames) - 1
            loop = innermost and at in frame.code.loops
            written = self.written_in_loop(frame, at) if loop else set()
            if frame.kind == "gen":
                written |= self.written_in_loop(frame, -1)
            if frame.frame is not None and depth:
                fresh.frame = self.parameter(block, "p")
            if frame.function is not None:
                fresh.function = self.renamed(block, frame.function, cx)
                if frame.frame is None:
                    cx.hold(fresh.function)
            if frame.instance is not None:
                fresh.instance = self.renamed(block, frame.instance, cx)
                if frame.frame is None:
                    cx.hold(fresh.instance)
            for number, val in enumerate(frame.regs):
                home = frame.homes[number]
                if number in written or (not loop and val.kind in NUMBERS):
                    home = DIRTY if val.kind not in ("mem", "empty") else home
                elif val.kind in FORGETTABLE and home != DIRTY:
                    home = MAYBE_BOXED          # on some way to here
                fresh.homes[number] = home
                fresh.regs[number] = val = self.renamed(block, val, cx)
                (cx.hold if home == DIRTY else cx.anchor)(val)
        cx.owned = {name: count for name, count in cx.uses.items() if count and name not in cx.virtuals}
        self.queue(block, cx.copy(), at, False)
        return made

    def parameter(self, block, kind: str) -> str:
        """A new block parameter."""
        name = self.function.fresh()
        block.params.append((name, kind))
        return name

    def renamed(self, block, val: Val, cx: Context) -> Val:
        """The same shape over new parameters, in the context of the block."""
        if val.ssa in self.cx.virtuals:
            return self.renamed_instance(block, val, cx)
        parts = tuple(self.renamed(block, part, cx) for part in val.parts)
        if val.ssa is None or val.const is not NO:
            return Val(val.kind, None, val.type, val.const, parts) if parts else val
        kind = val.type
        return Val(val.kind, self.parameter(block, IR_KIND[val.kind]), kind, NO, parts)

    def jump(self, version: Version) -> None:
        """Bring the state into a version's shape and go there."""
        cx = self.cx
        self.make_unpaired()
        passed: set[str] = set()
        for frame, target in zip(cx.all_frames(), version.cx.all_frames(), strict=True):
            for number, want in enumerate(target.regs):
                self.move_home(frame, number, want, target.homes[number])
        self.balance(version.cx)
        ordered: list[str] = []
        for depth, (frame, target) in enumerate(zip(cx.all_frames(), version.cx.all_frames(), strict=True)):
            if target.frame is not None and depth:
                ordered.append(frame.frame)
            for val, want in ((frame.function, target.function), (frame.instance, target.instance)):
                if want is not None:
                    self.arguments(val, want, ordered, version.cx, passed)
            for val, want in zip(frame.regs, target.regs, strict=True):
                self.arguments(val, want, ordered, version.cx, passed)
        assert len(ordered) == len(version.block.params)
        self.block.end = ("jump", version.block, ordered)
        version.block.incoming.append((self.block, ordered))

    def arguments(self, val: Val, want: Val, args: list[str], other: Context, passed: set[str]) -> None:
        """The values that stand for a shape's parameters."""
        if want.ssa is not None and want.const is NO and want.ssa not in other.virtuals:
            args.append(self.pointer(val) if val.kind == "obj" else val.ssa)
        for part, wanted in self.part_pairs(val, want, other, passed):
            self.arguments(part, wanted, args, other, passed)

    def part_pairs(self, val: Val, want: Val, other: Context, passed: set[str]):
        """The parts of two shapes; those of virtual instances once."""
        if want.ssa not in other.virtuals:
            return zip(val.parts, want.parts)
        if want.ssa in passed:
            return ()
        passed.add(want.ssa)
        return zip(self.cx.virtuals[val.ssa].parts.values(), other.virtuals[want.ssa].parts.values())

    def move_home(self, frame, number: int, want: Val, home: int) -> None:
        """Bring a register to where a version expects it."""
        cx = self.cx
        val, here = frame.regs[number], frame.homes[number]
        if want.kind == "mem" or home != DIRTY:
            if here == DIRTY:
                frame.regs[number] = val = self.write_memory(frame.frame, number, val)
                cx.anchor(val)
                frame.homes[number] = IN_MEMORY
            return
        if here == DIRTY:
            return
        frame.homes[number] = DIRTY
        if val.kind == "obj" and val.const is NO and here == IN_MEMORY:
            self.store("i64", frame.frame, "0", self.info["sizeof.Frame"] + 16 * number + 8, "reg")
            cx.anchors[val.ssa] -= 1
            cx.owned[val.ssa] = cx.owned.get(val.ssa, 0) + 1
            cx.hold(val)
        elif here == MAYBE_BOXED or val.const is not NO:
            self.do("call_none", self.register(frame.frame, number), x=self.api("rt_drop"))

    def balance(self, other: Context) -> None:
        """Every holder gets a reference of its own, as the version's block expects."""
        cx = self.cx
        need: dict[str, int] = {}
        passed: set[str] = set()
        for frame, target in zip(cx.all_frames(), other.all_frames(), strict=True):
            pairs = [(val, want) for val, want, home in zip(frame.regs, target.regs, target.homes) if home == DIRTY]
            if target.frame is None:
                pairs += [(val, want) for val, want in ((frame.function, target.function), (frame.instance, target.instance))
                          if want is not None]
            for val, want in pairs:
                self.count_need(val, want, need, other, passed)
        for name, count in need.items():
            for _ in range(count - cx.owned.get(name, 0)):
                self.do("incref", name)
        for name, count in cx.owned.items():
            for _ in range(count - need.get(name, 0)):
                self.do("decref", name)

    def count_need(self, val: Val, want: Val, need: dict[str, int], other: Context, passed: set[str]) -> None:
        """References that a value's holders have in the target."""
        if want.kind == "obj" and want.const is NO and want.ssa not in other.virtuals:
            if val.const is not NO:
                self.do("incref", self.pointer(val))
            else:
                need[val.ssa] = need.get(val.ssa, 0) + 1
        for part, wanted in self.part_pairs(val, want, other, passed):
            self.count_need(part, wanted, need, other, passed)

    # ------------------------------------------------------------------------------------------ single steps
    def step(self, instr):
        """Have the interpreter's handler carry the instruction out, with everything in memory."""
        self.steps += 1
        if not self.changed_by:
            self.guard_numbers()
        self.keep()
        self.secure()
        self.flush()
        frame = self.cx.frames[-1]
        jit = self.const_word(self.info["jit"])
        self.store("ptr", jit, "null", self.offset["Jit.out_frame"], "jit")
        pc = self.const_word(frame.code.address_of(instr.at))
        number = instr.word & 1023
        handler = self.function.const(self.core.word(self.info["main_table"] + 8 * number))
        regs = self.register(frame.frame, 0)
        self.do("step", pc, regs, frame.frame, self.const_word(self.info["step_table"]), x=handler)
        self.cx.facts.clear()
        self.after_step(frame, instr)
        expected = [at for at in (instr.at + instr.length, instr.target) if at >= 0]
        if OPS[instr.op].effects & 8:
            expected = expected[1:]
        expected = [at for at in expected if at in self.seen.next] or expected[:1]
        out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
        out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
        same, first = self.e("ptr_eq", out_frame, frame.frame), None
        for at in expected:
            hit = self.e("bool_and", same, self.e("ptr_eq", out_pc, self.const_word(frame.code.address_of(at))))
            on, off = self.edge(at, self.state_at(instr, at)), self.function.block()
            self.block.end = ("branch", hit, on, off)
            self.block = off
            first = first or on
        self.after_call(frame, instr, expected, out_pc, out_frame, first)
        return None

    def after_call(self, frame, instr, expected: list[int], out_pc: str, out_frame: str, first) -> None:
        """The instruction led elsewhere: a call of compiled code is made here, anything else ends the path."""
        gone, other = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("is_null", out_frame), gone, other)
        gone.end = ("return",)
        self.block = other
        if instr.op in MAY_CALL:
            jit = self.const_word(self.info["jit"])
            self.do("call_none", frame.frame, x=self.api("rt_continue"))
            out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
            out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
            hit = self.e("bool_and", self.e("ptr_eq", out_frame, frame.frame),
                         self.e("ptr_eq", out_pc, self.const_word(frame.code.address_of(expected[0]))))
            away = self.function.block()
            self.block.end = ("branch", hit, first, away)
            gone, other = self.function.block(), self.function.block()
            self.block = away
            away.end = ("branch", self.e("is_null", out_frame), gone, other)
            gone.end = ("return",)
        other.end = ("tail", self.function.const(self.info["op_LEAVE"]), out_pc, out_frame)

    def finish(self, instr) -> None:
        """RETURN of the root: to compiled code that called, or by the interpreter's handler."""
        frame = self.cx.frames[-1]
        self.guard_ordered(frame.regs[instr.a])
        self.keep()
        kinds = HANDED_OVER | INIT if frame.regs[instr.a].kind == "none" else HANDED_OVER
        kind = self.load("i64", frame.frame, self.offset["Frame.kind"], "frame")
        plain = self.e("int_ne", self.e("int_and", self.e("int_lshr", str(kinds), kind), "1"), "0")
        called = self.e("ptr_eq", "%table", self.const_word(self.info["step_table"]))
        direct, general = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("bool_and", called, self.e("bool_and", plain, self.is_unseen(frame))), direct, general)
        saved = self.cx
        self.block, self.cx = general, self.rename_instances(saved.copy())
        self.hand_back(instr, self.cx.frames[-1])
        self.block, self.cx = direct, saved
        self.hand_over(instr, frame)

    def hand_back(self, instr, frame) -> None:
        """RETURN by the interpreter's handler."""
        self.secure()
        self.flush()
        number = instr.word & 1023
        handler = self.function.const(self.core.word(self.info["main_table"] + 8 * number))
        self.block.end = ("tail", handler, self.const_word(frame.code.address_of(instr.at)), frame.frame)

    def hand_over(self, instr, frame) -> None:
        """RETURN to compiled code: the value in the JIT's state, the frame popped."""
        jit = self.const_word(self.info["jit"])
        payload = self.offset["Jit.ret_payload"]
        val = frame.regs[instr.a]
        if val.kind == "mem":
            base = self.info["sizeof.Frame"] + 16 * instr.a
            word, tag = (self.load("i64", frame.frame, at, "reg") for at in (base, base + 8))
            frame.regs[instr.a], frame.homes[instr.a] = EMPTY, DIRTY
        else:
            val, tag = self.take(instr.a), str(TAGS.get(val.kind, TAGS["obj"]))
        for number in range(frame.code.nregs):
            if frame.regs[number].kind != "empty" or (frame.homes[number] != DIRTY):
                self.write(number, EMPTY)
        if val.parts:
            val = self.materialize(val)
            tag = str(TAGS["obj"])
        if val.kind == "obj":
            pointer = self.pointer(val)
            self.take_reference(val)
            self.store("ptr", jit, pointer, payload, "jit")
        elif val.kind == "float":
            self.store("f64", jit, val.ssa, payload, "jit")
        elif val.kind in ("int", "bool"):
            self.store("i64", jit, val.ssa if val.kind == "int" else self.e("bool_to_int", val.ssa), payload, "jit")
        elif val.kind == "mem":
            self.store("i64", jit, word, payload, "jit")
        self.store("i64", jit, tag, self.offset["Jit.ret_tag"], "jit")
        self.secure()
        self.do("call_none", frame.frame, x=self.api("rt_return"))
        self.block.end = ("return",)

    def state_at(self, instr, at: int) -> Context:
        """The state behind a step that went to `at`."""
        cx = self.cx.copy()
        if instr.op == "FOR_ITER" and at == instr.target:
            frame = cx.frames[-1]
            old = frame.regs[instr.b]
            if old.kind == "obj" and old.ssa is not None:
                cx.anchors[old.ssa] -= 1
            frame.regs[instr.b], frame.homes[instr.b] = EMPTY, IN_MEMORY
        return cx

    def edge(self, at: int, cx: Context | None = None):
        """A block from which the path goes on at a place, with a copy of the present state."""
        block = self.function.block()
        self.queue(block, cx or self.cx.copy(), at, True)
        return block

    def after_step(self, frame, instr) -> None:
        """What is known of the registers once the handler has run."""
        found = effects(OPS[instr.op], operands(instr), instr.word)
        cx = self.cx
        for number in (*found.takes, *found.fills):
            old = frame.regs[number]
            if old.kind == "obj" and old.ssa is not None:
                cx.anchors[old.ssa] -= 1
            filled = number in found.fills
            frame.regs[number] = MEM if filled else EMPTY
            frame.homes[number] = IN_MEMORY
        for number in found.reads:
            if frame.regs[number].kind in (*NUMBERS, "none"):
                frame.homes[number] = MAYBE_BOXED
