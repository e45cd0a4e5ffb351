"""Where paths join: a block for each shape that the state comes in, up to VERSIONS of them.

    if c: x = 1         B7(%i: i)       x an int        goto(20) jumps to the version that the state fits, or makes one;
    else: x = 2.5       B9(%f: f)       x a float       the fourth shape has x in the frame's memory
"""
from __future__ import annotations

from ..tracer.liveness import effects_of
from .context import DIRTY, IN_MEMORY, MAYBE_BOXED, Context
from .unboxing import Unboxing
from .values import EMPTY, IR_KIND, MEM, NO, NUMBERS, TAGS, Val

VERSIONS = 3
FORGETTABLE = (*NUMBERS, "none")


class Version:
    """A block for arrivals of one shape."""

    __slots__ = ("block", "cx", "at")

    def __init__(self, block, cx: Context, at: int):
        self.block, self.cx, self.at = block, cx, at


class Joining(Unboxing):
    """Versions and the ways to them."""

    def goto(self, at: int) -> None:
        """Go on at a place where paths join."""
        self.drop_dead(at)
        self.unbox_ints(at)
        self.make_shared()
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

    def make_shared(self) -> None:
        """A tuple or complex number that two registers hold is made, or where paths have joined it would be two."""
        found: set[int] = set()
        for frame in self.cx.all_frames():
            for number in range(len(frame.regs)):
                val = frame.regs[number]
                if val.kind in ("tuple", "complex") and id(val) in found:
                    self.secure()
                    self.materialized(val)
                    self.cx.facts.clear()
                found.add(id(val))

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
        """A variable that is not read any more holds a number or nothing: to the frame's memory, which is all that
        knows it then (EMPTY, IN_MEMORY); where there is no frame yet, payload and tag stay, whatever kind it is."""
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
        for entry in frame.code.handlers:
            if entry[0] <= instr.at < entry[1]:
                live |= frame.code.live(entry[2])
        if self.cx.frames[depth + 1].kind == "unsure":      # its operands are let go when it returns
            live |= 1 << instr.b | 1 << instr.c
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
            len(val.parts) != len(other.parts) or any(map(Joining.known_apart, val.parts, other.parts))

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
        last = max((i.at for i in frame.code.instrs.values() if (i.op == "LOOP" and i.target == at) or at < 0),
                   default=-1)
        written: set[int] = set()
        for index, instr in frame.code.instrs.items():
            if at <= index <= last:
                found = effects_of(instr)
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
                both = (frame.function, target.function), (frame.instance, target.instance)
                pairs += [(val, want) for val, want in both if want is not None]
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


__all__ = ["Joining", "Version", "FORGETTABLE"]
