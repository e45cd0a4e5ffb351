"""A region: the paths that were seen from a place on, followed through branches, joins, loops and inlined calls.

Where paths join (and at loop headers) they go on in one block if the state has the same shape: kinds, types, homes of
registers. Else the place gets another version, up to VERSIONS of them; what comes then is brought into the shape
that everything fits: all registers in memory, nothing known. So the number of blocks is bounded.
"""
from __future__ import annotations

from _heapq import heappop, heappush      # what heapq has of it

from ..bytecode.ops import OPS
from ..tracer.liveness import effects_of
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
from .joining import Joining, Version
from .generators import Generators
from .iterate import Iteration
from .iterator_objects import IteratorObjects
from .iterators import Iterators
from .moves import Moves
from .objects import Objects
from .outcalls import NOT_SO, Outcalls
from .values import EMPTY, MEM, NUMBERS, TAGS

HANDED_OVER, INIT = 1 << 0 | 1 << 5 | 1 << 10, 1 << 2   # kinds of frames whose values compiled callers take; __init__
MAY_CALL = {"CALL", "CALL_EX", "ATTR_GET", "ATTR_SET", "ITEM_GET", "ITEM_GET_K", "ITEM_SET", "CONTAINS", "BEFORE_WITH",
            "WITH_EXCEPT", "SEND", "FOR_ITER"}
USES_NAMESPACE = {"NAME_GET", "NAME_SET"}
USES_NAMES = {"GLOBAL_GET", "GLOBAL_SET"} | USES_NAMESPACE
NEW_LOCALS = 2               # of a code object: a function's
ENOUGH_BLOCKS = 700, 300     # in code of LLVM's, the baseline compiler's; paths that are left then, those taken least
                             # often, end in the interpreter


class Region(Outcalls, Instances, Joining, Data, Entry, Moves, Arithmetic, Control, Objects, Items, Calls, Iteration,
             Iterators, IteratorObjects, Generators, Builtins, Builder):
    """Compiles one region to IR. `header` is the word where it starts, in the profile's root code."""

    def __init__(self, core, profile, header: int, root, number: int):
        super().__init__(core, f"{profile.root.name}:{header}")
        self.profile, self.header, self.resigned = profile, header, profile.resigned
        self.joins: set[tuple] = set()      # (path, word): places where paths that were split may join again
        self.site_number = number
        self.versions: dict[tuple, list[Version]] = {}
        self.mixed: dict[tuple, int] = {}   # registers that hold ints, boxed and not, by path
        self.loose = False
        self.pending: list[tuple] = []
        self.order = 0
        self.steps = self.followed = 0  # instructions left to the interpreter's handlers, and all
        self.root = root                # the root frame's function object
        self.seen = self.instr = None

    # ------------------------------------------------------------------------------------------------- start
    def build(self, kinds: list, one_module: bool = True, optimized: bool = True):
        """The IR. `kinds`: of the root frame's registers at the header, None where unknown. `one_module`: all
        functions with this code were seen with the globals that the root has. `optimized`: it will be, so innermost
        loops get their fast copies."""
        self.optimized = optimized
        code = self.profile.root
        frame = FrameState(code, (), "%frame")
        frame.regs, frame.homes = [MEM] * code.nregs, [IN_MEMORY] * code.nregs
        self.cx.frames.append(frame)
        self.begin(self.header)
        self.keep()
        if not one_module:
            frame.globals = frame.builtins = None
        elif named := {code.instrs[at].op for path, at in self.profile.at if path == ()} & USES_NAMES:
            self.guard_module(frame)
            if named & USES_NAMESPACE and not code.host.co_flags & NEW_LOCALS:
                self.guard_namespace(frame)
            self.begin(self.header)             # the guards that follow have an exit, and a sentence, of their own
            self.keep()
        self.load_root(frame, kinds)
        self.goto(self.header)
        self.follow_paths()
        if self.steps * 3 > self.followed:
            raise Abort("most of it is work of the interpreter's handlers")
        if optimized:
            from ..ir.fast_loops import add_fast_loops      # most first runs need none
            add_fast_loops(self.function)
        return self.function

    def follow_paths(self) -> None:
        """Follow all paths that wait."""
        while self.pending:
            _, _, self.block, self.cx, at, joins = heappop(self.pending)
            if len(self.function.blocks) > ENOUGH_BLOCKS[not self.optimized]:
                self.begin(at if at >= 0 else ~at)
                self.leave("the region is large enough", often=True)
            else:
                self.run(at, joins)

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
            fails = at < 0
            at = ~at if fails else at
            instr = frame.code.instrs[at]
            self.begin(at)
            self.instr = instr
            self.followed += 1
            if fails:
                self.seen = self.profile.at[frame.path, at]
                self.fail(instr)
                return
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

    # ------------------------------------------------------------------------------------------ single steps
    def step(self, instr, fails: bool = False):
        """What has no specialization: a call of the host, else a single step."""
        at = NOT_SO if fails else self.by_call(instr)
        return self.single_step(instr, fails) if at is NOT_SO else at

    def single_step(self, instr, fails: bool = False):
        """Have the interpreter's handler carry the instruction out, with everything in memory. `fails`:
        it is expected to raise."""
        self.must_be_quiet()
        self.steps += not fails
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
        catcher, before = self.catcher(instr.at), self.cx
        if catcher is not None:
            self.cx = before.copy()
            frame = self.cx.frames[-1]
        self.after_step(frame, instr)
        expected = [at for at in (instr.at + instr.length, instr.target) if at >= 0]
        if OPS[instr.op].effects & 8:
            expected = expected[1:]
        expected = [] if fails else [at for at in expected if at in self.seen.next] or expected[:1]
        out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
        out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
        ways = [(at, self.edge(at, self.state_at(instr, at))) for at in expected]
        self.go_to(frame, ways, out_pc, out_frame)
        if catcher is not None:
            self.caught(before, catcher, instr, out_pc, out_frame)
            before = before.copy()
        self.after_call(frame, instr, ways, out_pc, out_frame, catcher and (before, catcher))
        return None

    def go_to(self, frame, ways: list[tuple], out_pc: str, out_frame: str) -> None:
        """Go on in the block for the place of the frame that a step has led to, if it is one of these."""
        same = self.e("ptr_eq", out_frame, frame.frame) if ways else ""
        for at, on in ways:
            hit = self.e("bool_and", same, self.e("ptr_eq", out_pc, self.const_word(frame.code.address_of(at))))
            off = self.function.block()
            self.block.end = ("branch", hit, on, off)
            self.block = off

    def after_call(self, frame, instr, ways: list[tuple], out_pc: str, out_frame: str, caught) -> None:
        """The instruction led elsewhere: a call of compiled code is made here, anything else ends the path."""
        gone, other = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("is_null", out_frame), gone, other)
        gone.end = ("return",)
        self.block = other
        if instr.op in MAY_CALL and ways:
            jit = self.const_word(self.info["jit"])
            self.do("call_none", frame.frame, x=self.api("rt_continue"))
            out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
            out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
            self.go_to(frame, ways, out_pc, out_frame)
            gone, other = self.function.block(), self.function.block()
            if caught:
                self.caught(*caught, instr, out_pc, out_frame)
            self.block.end = ("branch", self.e("is_null", out_frame), gone, other)
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
        test = self.e("bool_and", called, self.e("bool_and", plain, self.is_unseen(frame)))
        self.block.end = ("branch", test, direct, general)
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
            self.store("i64", frame.frame, "0", base + 8, "reg")        # calls take what lies there for empty
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
        if at == instr.target and instr.op in ("FOR_ITER", "SEND"):
            frame = cx.frames[-1]
            number = instr.b if instr.op == "FOR_ITER" else instr.a
            old = frame.regs[number]
            if old.kind == "obj" and old.ssa is not None:
                cx.anchors[old.ssa] -= 1
            frame.regs[number], frame.homes[number] = EMPTY, IN_MEMORY
            if instr.op == "SEND":
                frame.regs[number], frame.regs[number + 1] = MEM, EMPTY
        return cx

    def edge(self, at: int, cx: Context | None = None):
        """A block from which the path goes on at a place, with a copy of the present state."""
        block = self.function.block()
        self.queue(block, cx or self.cx.copy(), at, True)
        return block

    def after_step(self, frame, instr) -> None:
        """What is known of the registers once the handler has run."""
        found = effects_of(instr)
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
