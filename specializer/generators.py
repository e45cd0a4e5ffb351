"""Generators of the VM that a loop in the region goes over: their frames go on inside of it.

    for x in g    FOR_ITER t -> the generator's frame is pushed, as YIELD hands its value over
    await f(x)    SEND t     -> the same of a coroutine that was just made; where it yields the region ends
    g.send(x)     CALL t     -> the same as a loop's; the generator rests again as soon as it yields

A generator that exists is adopted at its first FOR_ITER: its frame is marked as running (`parked`), so that nobody else
resumes it, and its registers live in values from then on. `cx.gens` are the parked frames that wait, each with the
place it waits at and the register of the consumer that holds the generator (`held`). Before anything else may see them
they are put to rest: registers in memory, waiting at their YIELD (`rest`). A parked frame that runs is linked as the
interpreter would have it by `frame_pointer`, for an exit or a single step inside of it, and parked again at its YIELD.
"""
from __future__ import annotations

from ..tracer import consumers
from ..tracer.liveness import effects_of
from .builder import KIND, NO_INT, Builder, Split
from .context import DIRTY, IN_MEMORY, MAYBE_BOXED, FrameState
from .entry import SHARED, STEP, UNWRAPPED
from .resuming import FRESH
from .values import EMPTY, MEM, NO, NONE, TAGS, Val

GEN_RUNNING, COUNTED = 0, 5     # COUNTED: the shape of an enumerate over a generator


class Generators(Builder):
    """FOR_ITER over generators, YIELD and RETURN in them."""

    def resume_generator(self, instr, val: Val):
        """FOR_ITER over a generator; None: not this way."""
        consumer = self.cx.frames[-1]
        held = (consumer.path, instr.b)
        for number, state in enumerate(self.cx.gens):
            if state.held == held:
                path = (*consumer.path, (instr.at, state.code.address))
                if (path, state.at + 1 if state.waits else state.at) not in self.profile.at:
                    return None
                self.keep()
                del self.cx.gens[number]
                return self.go_on(instr, state, path)
        found = self.generators_seen(consumer, instr)
        if (STEPPED, val.ssa) in self.cx.facts or (consumer.path, instr.at) in self.resigned:
            return None                 # rt_continue goes on where it is compiled by itself
        if not found or len(self.seen.b) != 1 or val.kind != "obj" or len(self.cx.frames) > DEEPEST_GENERATOR:
            return None
        (kind,) = self.seen.b
        self.guard_type(val, kind)
        if kind is not enumerate:
            return self.adopt(instr, instr.b, val, False, found)
        if self.seen.shapes != {COUNTED}:
            return None
        inner = self.cx.facts.get(("inner", val.ssa))
        if inner is None:
            count = self.load("i64", val.ssa, 16, "iter")
            self.guard(self.e("int_lt", count, str(1 << 62)), "a count may leave 64 bits")
            inner = self.load("ptr", val.ssa, 24, "iter")
            self.cx.facts[("inner", val.ssa)] = inner
        return self.adopt(instr, instr.b, Val("obj", inner), True, found)

    def resume_by_call(self, instr, register: int, target: object):
        """send or next of the generator in a register: one that was seen goes on here, others by a single step."""
        if instr.c != 1 or register != instr.b + (2 if target is next else 1):
            return self.single_step(instr)
        consumer = self.cx.frames[-1]
        val = self.read(register)
        value = NONE if target is next else self.read(instr.b + 2)
        found = [] if (consumer.path, instr.at) in self.resigned or len(self.cx.frames) > DEEPEST_GENERATOR else \
            self.generators_seen(consumer, instr)
        found = [(path, code, function, waiting) for path, code, function, places in found
                 if (waiting := [at for at in places if code.instrs[at].op == "YIELD"])]
        if not found or val.kind != "obj" or val.const is not NO or value.kind in ("mem", "empty") or value.parts or \
                (STEPPED, val.ssa) in self.cx.facts:
            self.hand_on(instr.b + 2, self.seen.a)
            return self.single_step(instr)
        self.guard_type(val, self.type_named("FireGenerator_Type"))
        return self.adopt(instr, register, val, False, found)

    def do_SEND(self, instr):
        """To one that was made here and has not begun: it goes on here. Others: a single step."""
        consumer = self.cx.frames[-1]
        val = consumer.regs[instr.a]
        function, code = self.cx.facts.get((FRESH, val.ssa), (None, None))
        if code is None or consumer.regs[instr.a + 1].kind != "none" or len(self.cx.frames) > DEEPEST_GENERATOR or \
                any(frame.code is code for frame in self.cx.frames):
            return self.step(instr)
        path, start = (*consumer.path, (instr.at, code.address)), self.start_of(code)
        if (path, start) not in self.profile.at:
            return self.step(instr)
        self.cx.facts["adopted", val.ssa] = self.frame_of(val.ssa, code), start, path, code, function
        self.write(instr.a + 1, EMPTY)
        return self.adopt(instr, instr.a, val, False, [])

    def is_awaited(self, state: FrameState) -> bool:
        """Whether a frame of the region runs for a SEND."""
        return state.kind == "gen" and self.cx.frames[-2].code.instrs[state.call_at].op == "SEND"

    @staticmethod
    def start_of(code) -> int:
        """The word where a generator begins."""
        return 1 if code.instrs[0].op == "COPY_FREE_VARS" else 0

    def generators_seen(self, consumer, instr) -> list:
        """The generators that were seen here last: path, code, function and places of each. There may have been others,
        but a call of `sum` in the middle of a program may see one generator for long and then never again."""
        found: list = []
        for path, code in reversed(self.profile.codes.items()):
            if len(found) == MOST_GENERATORS:
                break
            if path and path[:-1] == consumer.path and path[-1][0] == instr.at and code.flags & 0x20 and \
                    not any(frame.code is code for frame in self.cx.frames) and not self.core.is_twin(code):
                places, function = self.places_seen(path, code), self.profile.kept.get(path)
                if places and function is not None and not self.delegates(path, code):
                    found.append((path, code, function, places))
        return found

    def delegates(self, path: tuple, code) -> bool:
        """Whether a generator was seen to delegate: who it delegates to yields to the loop at once."""
        return any(one.op == "SEND" and (path, at) in self.profile.at for at, one in code.instrs.items())

    def places_seen(self, path: tuple, code) -> list[int]:
        """Where a generator was seen to go on: at YIELDs, and where it begins."""
        start, seen = self.start_of(code), self.profile.at
        places = [at for at, one in code.instrs.items() if one.op == "YIELD" and not one.x and (path, at + 1) in seen]
        return [*places, start] if (path, start) in seen else places

    def adopt(self, instr, register: int, val: Val, counted: bool, found: list):
        """Take a generator object into the region and go on in it. `counted`: an enumerate goes over it; `found`:
        those that were seen."""
        known = self.cx.facts.get(("adopted", val.ssa))
        if instr.op != "SEND":
            self.guard_type(val, self.core.object_at(self.info["FireGenerator_Type"]))
        self.guard_depth()
        if known is None:
            others = self.left_before(ELSEWHERE) or instr.op == "CALL"
            if len(found) > 1 or len(found[0][3]) > 1 or others:
                self.split_generators(val, found, others)
            path, code, function, places = found[0]
            frame, at = self.adopted(val, code, function, places[0]), places[0]
            leave = self.exit_for(ELSEWHERE)
            self.do("guard", self.e("ptr_ne", frame, "null"), x=f"B{leave.number}")
        else:
            frame, at, path, code, function = known
        state = FrameState(code, path, frame)
        state.kind, state.held, state.at = "gen", (self.cx.frames[-1].path, register), at
        state.counted = counted
        state.waits = code.instrs[at].op == "YIELD"
        state.globals, state.builtins = function.__globals__, function.__builtins__
        iterators = self.load_parked(state, instr.op != "CALL")
        self.cx.facts.pop(("adopted", val.ssa), None)
        self.keep()
        self.store("i8", self.pointer(val), str(GEN_RUNNING), self.offset["Gen.gi_frame_state"], "frame")
        for reg, home in zip(state.regs, state.homes):
            if home != DIRTY:
                self.cx.anchor(reg)
        state.parked = True
        at = self.go_on(instr, state, path)
        self.write_unwrapped(self.cx.frames[-1], iterators)
        return at

    def adopted(self, val: Val, code, function, at: int) -> str:
        """The frame of a generator with this code that waits there; NULL: it is another, or waits elsewhere."""
        return self.e("call_p", self.pointer(val), self.const_word(code.address),
                      self.const_object(function.__globals__), self.const_word(code.address_of(at)),
                      x=self.api("rt_adopt"))

    def split_generators(self, val: Val, found: list, others: bool) -> None:
        """Go different ways by the generator and the place where it waits; `others`: there have been other ones."""
        ways = []
        for path, code, function, places in found:
            for at in places:
                frame = self.adopted(val, code, function, at)
                cx = self.cx.copy()
                cx.facts[("adopted", val.ssa)] = (frame, at, path, code, function)
                ways.append((self.e("ptr_ne", frame, "null"), cx))
        if others:
            cx = self.cx.copy()
            cx.facts[STEPPED, val.ssa] = True
            ways.append((self.e("is_null", frame), cx))
        raise Split(ways)

    def load_parked(self, state: FrameState, unwraps: bool) -> list:
        """Load the registers whose kinds are known; guards come before anything is changed. What comes back are
        virtual iterators that are to take the place of real ones, and where, if it `unwraps` any."""
        iterators, shared = [], self.copies_of_source(state.code)
        kinds = self.register_kinds(state.path, state.code)
        live = state.code.live(state.at + 1 if state.waits else state.at)
        host = state.code.host
        given = host.co_argcount + host.co_kwonlyargcount + bool(host.co_flags & 4) + bool(host.co_flags & 8)
        free = state.code.nlocals - len(host.co_freevars)
        for number in range(state.code.nregs):
            state.homes[number] = IN_MEMORY
            if number >= state.code.nlocals and not live >> number & 1:
                state.regs[number], state.homes[number] = EMPTY, DIRTY
                continue
            if not state.waits and given <= number < free:
                state.regs[number] = EMPTY
                continue
            state.regs[number] = MEM
            if number < free:
                self.load_waiting(state, number, kinds.get(number, set()), live >> number & 1)
            elif unwraps and number >= state.code.nlocals and number not in shared and not self.left_before(SHARED):
                found = self.gone_over(state, number)
                if len(found) == 1 and found <= UNWRAPPED:
                    (kind,) = found
                    self.load_waiting(state, number, found, 1)
                    val = self.guard_type(state.regs[number], kind)
                    iterators.append((number, self.unwrapped(val, kind, not self.left_before(STEP))))
        return iterators

    @staticmethod
    def copies_of_source(code) -> set[int]:
        """The registers of a generator expression that hold what its parameter holds, too."""
        if code.host.co_varnames[:1] != (".0",):
            return set()
        return {one.a for one in code.instrs.values() if one.op == "MOVE" and one.b == 0}

    def gone_over(self, state: FrameState, number: int) -> set:
        """The kinds that loops over a register of a generator have seen."""
        seen = (self.profile.at.get((state.path, at)) for at, one in state.code.instrs.items()
                if one.op == "FOR_ITER" and one.b == number)
        return set().union(*(one.b for one in seen if one is not None))

    def load_waiting(self, state: FrameState, number: int, kinds: set, alive: int) -> None:
        """Load a register of a generator, so that it has the shape that it would have if the generator had begun
        here."""
        base = self.info["sizeof.Frame"] + 16 * number
        names = {kind if isinstance(kind, str) else "obj" for kind in kinds}
        if alive and kinds == {int, "int"}:
            val = Val("int", self.e("call_i", self.register(state.frame, number), x=self.api("rt_int_in")))
            self.guard(self.e("int_ne", val.ssa, str(NO_INT)), KIND)
            state.regs[number], state.homes[number] = val, MAYBE_BOXED
        elif len(names) == 1 and (alive or names == {"obj"}):
            (name,) = names
            tag = self.load("i64", state.frame, base + 8, "reg")
            self.guard(self.e("int_eq", tag, str(TAGS[name])), KIND)
            state.regs[number] = self.load_kind(state, base, name)

    def register_kinds(self, path, code) -> dict[int, set]:
        """The kinds each register was seen to be read with."""
        found: dict[int, set] = {}
        for at, one in code.instrs.items():
            seen = self.profile.at.get((path, at))
            if seen is None:
                continue
            for number, kinds in self.read_kinds(one, seen):
                found.setdefault(number, set()).update(kinds)
        return found

    @staticmethod
    def read_kinds(instr, seen):
        """(register, kinds) of what an instruction reads, and of what it writes."""
        touched = effects_of(instr)
        reads = {*touched.reads, *touched.takes}
        for number, kinds in ((instr.a, seen.a), (instr.b, seen.b), (instr.c, seen.c)):
            if number in reads and kinds:
                yield number, kinds
        if instr.a in touched.fills and seen.result and instr.op != "YIELD":
            yield instr.a, seen.result

    def go_on(self, instr, state: FrameState, path):
        """Push a parked frame; where it goes on."""
        state = state.copy()
        state.path, state.call_at, state.target = path, instr.at, instr.a
        self.cx.frames.append(state)
        if not state.waits:
            return state.at
        value = NONE
        if instr.op == "CALL" and instr.b + 1 == state.held[1]:         # send
            self.cx.frames.pop()
            value = self.take(instr.b + 2)
            self.cx.frames.append(state)
        self.write(state.code.instrs[state.at].a, value)
        if value is not NONE:
            self.release(value)
        return state.at + 1

    # ---------------------------------------------------------------------------------- builtins that take them in
    def consume_generator(self, instr, target, first: int, count: int):
        """sum(g) and the like go on in the function that stands for the builtin; None: not this way."""
        function = consumers.functions.get(id(target))
        frames = self.cx.frames
        taken = 2 if target is str.join else 1          # the last of them is the generator
        if function is None or count != taken or instr.keywords or len(frames) > DEEPEST_GENERATOR:
            return None
        address = self.core.word(id(function) + self.offset["FireFunction.vmcode"])
        if not address:
            return None                 # never called
        code = self.core.code_at(address)
        path = (*frames[-1].path, (instr.at, code.address))
        if (path, self.entry_of(code)) not in self.profile.at or any(frame.code is code for frame in frames):
            return None
        kind = self.core.object_at(self.info["FireGenerator_Type"])
        registers = range(first + 1, first + 1 + count)
        val = frames[-1].regs[registers[-1]]
        if val.kind == "mem":
            val = self.load_register(frames[-1], registers[-1], kind)
        if val.kind != "obj" or val.const is not NO or self.argument(registers[0]) is None:
            return None
        self.guard_type(val, kind)
        self.guard_depth()
        self.keep()
        values = [self.take(register) for register in registers]
        self.write(first, EMPTY)
        known = Val("obj", None, type(function), function)
        return self.enter(instr, function, code, known, values, consumers.kind_of(target))

    # ----------------------------------------------------------------------------------------- in the generator
    def do_YIELD(self, instr):
        state = self.cx.frames[-1]
        if len(self.cx.frames) == 1 or self.is_awaited(state):
            self.hand_on(instr.b, self.seen.b)
            self.hand_back(instr, state)
            return None
        if state.kind != "gen" or instr.x:
            return self.step(instr)
        self.read(instr.b)
        call = self.cx.frames[-2].code.instrs[state.call_at]
        if call.op == "CALL":
            self.guard_numbers()
        self.park(state)
        state = self.cx.frames[-1]
        value = self.take(instr.b)
        count = self.next_count(state) if state.counted else None
        state = self.cx.frames.pop()
        state.at, state.waits = instr.at, True
        self.cx.gens.append(state)
        self.cx.gens.sort(key=lambda one: one.held)
        if call.op == "CALL":
            self.rest(state)
            self.empty_call(call)
        self.write(state.target, Val("tuple", parts=(count, value)) if count else value)
        self.release(value)
        return self.behind(state)

    def next_count(self, state: FrameState) -> Val:
        """The count of the enumerate that goes over a frame's generator, which moves on."""
        consumer = self.cx.frames[-2]
        number = consumer.code.instrs[state.call_at].b
        held = consumer.regs[number]
        if held.kind == "mem":
            held = self.load_kind(consumer, self.info["sizeof.Frame"] + 16 * number, "obj")
        pointer = self.pointer(held)
        count = self.load("i64", pointer, 16, "iter")
        self.store("i64", pointer, self.e("int_add", count, "1"), 16, "iter")
        return Val("int", count)

    def behind(self, state: FrameState) -> int:
        """The word behind the FOR_ITER that a frame runs for."""
        return state.call_at + self.cx.frames[-1].code.instrs[state.call_at].length

    def park(self, state: FrameState) -> None:
        """A frame that was linked, for a single step, is parked again."""
        if not state.parked:
            self.keep()
            self.do("call_none", state.frame, x=self.api("rt_park"))
            state.parked = True

    def return_generator(self, instr):
        """RETURN of a generator: it has ended, and the loop over it, or who awaits it has its value."""
        state = self.cx.frames[-1]
        consumer = self.cx.frames[-2]
        loop = consumer.code.instrs[state.call_at]
        if loop.op == "CALL":               # StopIteration for the caller
            self.read(instr.a)
            self.guard_numbers()
            self.keep()
            self.hand_back(instr, state)
            return None
        awaited = loop.op == "SEND"
        if awaited:
            self.read(instr.a)
        self.guard_unseen(state)
        self.park(state)
        result = self.take(instr.a) if awaited else EMPTY
        for number in range(state.code.nregs):
            if state.regs[number].kind != "empty" or state.homes[number] != DIRTY:
                self.write(number, EMPTY)
        self.secure()
        pc = self.const_word(state.code.address_of(instr.at))
        self.do("call_none", state.frame, pc, x=self.api("rt_end_generator"))
        self.cx.facts.clear()
        self.cx.frames.pop()
        self.write(loop.a if awaited else loop.b, result)
        self.release(result)
        return loop.target


DEEPEST_GENERATOR, MOST_GENERATORS = 6, 3
ELSEWHERE = "a loop goes over another generator, or one that waits elsewhere"
STEPPED = "stepped"             # a fact: a generator that is none of those that go on in the region

__all__ = ["Generators"]
