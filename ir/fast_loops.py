"""Innermost loops get a copy for the turns in which nothing unusual happens; the loop itself does the others.

    gate(%i, %a): loads and guards that are the same in every turn, once; bounds at a chunk's first and last turn
    turn(%i, %k, %bad): the body, without exits: what a guard would leave for is or-ed to %bad; stores go to @scratch
    done: unless %bad, @scratch is copied to where the stores belong; back to the gate

LLVM makes vector code of such a loop. If a turn was bad, none of the chunk has happened: the loop itself does
it again and leaves where it has to. Nothing waits for longer than a chunk. A loop whose loads hang on what it
has just loaded (a list's items) is copied with its guards (`Lean`): a failing one goes to the loop itself, at
the start of the turn; so stores wait for the turn's end.

Laws: what a guard protects is never done before it: only guards that other guards do not need are or-ed (`allowed`
says what may be done in vain), others run at the gate in their order. Memory that is stored to overlaps with
none that is loaded, or only with what later turns store to. Floats are calculated in the order of the program.
"""
from __future__ import annotations

from .function import Block, Emitter, Function
from .loops import INV, ORDERS, REGISTERS, VAR, WIDTHS, Loop, innermost
from .ops import ALIAS, OPS, READS

CHUNK, FEWEST = 1024, 16        # turns
LEAN_FEWEST = 4
SLOT = 8 * CHUNK                # bytes of @scratch for one store
HEAD = 16                       # bytes before them: see `pause`
ELEMENTS = {"f64": "double", "f32": "float", "i64": "i64", "ptr": "ptr", "i32": "i32", "u32": "i32", "i16": "i16",
            "u16": "i16", "i8": "i8", "u8": "i8"}
DATA = ALIAS["data"]
DIVISIONS, SHIFTS = ("int_sdiv", "int_srem"), ("int_shl", "int_shr", "int_lshr")


class Unfit(Exception):
    """The loop stays as it is."""


def add_fast_loops(function: Function) -> int:
    """Do it for all innermost loops; how many have got a copy."""
    found = 0
    for loop in innermost(function):
        loop.analyze()
        if not loop.calls and loop.back:
            loop.suppose_strides()
            copied = attempt(Chunked, loop)
            if not copied:
                if loop.strides:
                    loop.strides.clear()
                    loop.analyze()
                loop.suppose_steps()
                copied = attempt(Lean, loop)
            found += copied
    return found


def attempt(kind: type, loop: Loop) -> bool:
    """Copy a loop in one way; whether that was possible."""
    copy = kind(loop)
    try:
        copy.check()
    except Unfit:
        return False
    copy.emit()
    return True


class Copy(Emitter):
    """What both kinds of copies share."""

    def __init__(self, loop: Loop):
        self.loop, self.function = loop, loop.function
        self.env: dict[str, str] = {}           # what is the same in each turn -> its value at the gate
        self.first: dict[str, str] = {}         # what moves -> its value in the first turn
        self.last: dict[str, str] = {}
        self.limits: list[tuple] = []           # (operation, step): a counter below a bound
        self.tests: list[tuple] = []            # (name of an ordering or overflow, whether it has to be true)
        self.now: dict[str, str] = {}           # what differs in each turn -> its value in the copy
        self.block: Block = None

    # ------------------------------------------------------------------------------------------- emission
    def new(self) -> Block:
        """A block of the copy."""
        return self.function.block()

    @staticmethod
    def jump(source: Block, target: Block, args: list[str]) -> None:
        """A jump."""
        source.end = ("jump", target, args)
        target.incoming.append((source, args))

    # ------------------------------------------------------------------------------------------- the gate
    def conditions(self):
        """(operation or None for a branch that leads to no aside, condition, what it has to be, whether it leads out
        of the loop) of each way out."""
        for block in self.loop.blocks:
            for op in block.ops:
                if op[0] in ("guard", "guard_not"):
                    yield op, self.loop.resolved(op[2][0]), op[0] == "guard", False
            if block.end[0] == "branch":
                inside = [self.inside(part) for part in block.end[2:4]]
                condition, aside = self.loop.resolved(block.end[1]), self.has_aside(block)
                if aside and self.loop.of(condition) != INV:
                    raise Unfit
                yield block.end if aside else None, condition, inside[0], not all(inside)

    def has_aside(self, block: Block) -> bool:
        """Whether the block ends in a branch to an aside."""
        return block.end[0] == "branch" and any(part.number in self.loop.asides for part in block.end[2:4])

    def made(self, name: str) -> tuple | None:
        """The operation that makes a value inside of the loop."""
        return self.loop.made.get(self.loop.resolved(name))

    def is_order(self, name: str) -> bool:
        """Whether a condition holds in a row of turns if it does in the first and the last one."""
        op = self.made(name)
        if op is None:
            return False
        if op[0] == "pair_over":
            return self.loop.of(name) not in (INV, VAR)
        kinds = [self.loop.of(arg) for arg in op[2]]
        return op[0] in ORDERS and VAR not in kinds and kinds != [INV, INV]

    def open_gate(self) -> None:
        """The block that all come to who came to the loop, and the one that goes on to the loop itself."""
        head = self.loop.head
        gate = self.gate = self.function.block()
        gate.params = [(self.function.fresh(), kind) for _, kind in head.params]
        names = [name for name, _ in gate.params]
        for source, args in head.incoming:
            if source.number not in self.loop.inside:
                source.end = ("jump", gate, args)
                gate.incoming.append((source, args))
        head.incoming = self.loop.back[:]
        self.slow = self.new()
        self.jump(self.slow, head, names)
        self.block = gate
        for (name, _), here in zip(head.params, names):
            (self.env if self.loop.of(name) == INV else self.first)[name] = here

    def at_gate(self, name: str) -> str:
        """A value that is the same in each turn."""
        name = self.loop.resolved(name)
        return self.env.get(name, name)

    def guard(self, condition: str, wanted: bool = True) -> None:
        """The gate stays shut unless the condition holds."""
        self.do("guard" if wanted else "guard_not", condition, x=f"B{self.slow.number}")

    def hoist(self) -> None:
        """What is the same in every turn, in the order of the program."""
        for block in self.loop.blocks:
            for op in block.ops:
                name, result, args, x = op
                self.function.copies(op)
                if name in ("guard", "guard_not"):
                    if self.loop.of(args[0]) == INV:
                        self.guard(self.at_gate(args[0]), name == "guard")
                elif result and (self.loop.of(result) == INV):
                    x = f"B{self.slow.number}" if name == "long_value" else x
                    made = self.env[result] = self.e(name, *map(self.at_gate, args), x=x)
                    if result in self.loop.strides:
                        width = self.env[result] = str(self.loop.strides[result])
                        self.guard(self.e("int_eq", made, width))
            if self.has_aside(block):
                self.guard(self.at_gate(block.end[1]), self.inside(block.end[2]))

    def at(self, name: str, memo: dict[str, str]) -> str:
        """A value that moves, in the first or the last turn."""
        name = self.loop.resolved(name)
        if self.loop.of(name) == INV:
            return self.at_gate(name)
        if name not in memo:
            op, _result, args, x = self.loop.made[name]
            memo[name] = self.e(op, *[self.at(arg, memo) for arg in args], x=x)
        return memo[name]

    def room(self, op: tuple, step: int) -> str:
        """In how many turns from now on a counter is on the right side of its bound."""
        here, bound = self.at(op[2][0], self.first), self.at_gate(op[2][1])
        self.guard(self.e(op[0], here, bound))
        distance = self.e("int_sub", bound, here) if step > 0 else self.e("int_sub", here, bound)
        size = abs(step)
        if size == 1:
            return self.e("int_add", distance, "1") if op[0] in ("int_le", "int_ge") else distance
        self.guard(self.e("int_ge", distance, "0"))
        if op[0] not in ("int_le", "int_ge"):
            distance = self.e("int_sub", distance, "1")
        return self.e("int_add", self.e("int_sdiv", distance, str(size)), "1")

    def turns(self, most: int, fewest: int) -> str:
        """How many turns there are to do now."""
        count = str(most)
        for op, step in self.limits:
            room = self.room(op, step)
            count = self.e("int_select", self.e("int_ult", room, count), room, count)
        self.guard(self.e("int_ult", count, str(fewest)), False)
        return count

    def ends(self) -> None:
        """What has to hold in the first and in the last turn."""
        before = self.e("int_sub", self.count, "1")
        for name in self.movers():
            by = self.loop.of(name)[1]
            far = before if by == 1 else self.sure_of("int_mul", before, str(by))
            self.last[name] = self.sure_of("int_add", self.first[name], far)
        for condition, wanted in self.tests:
            for memo in (self.first, self.last):
                self.guard(self.at(condition, memo), wanted)

    def movers(self) -> list[str]:
        """What moves evenly by itself, all else that does follows from it."""
        params = [name for name, _ in self.loop.head.params if self.loop.of(name) not in (INV, VAR)]
        return params + list(self.loop.cells)

    def sure_of(self, name: str, left: str, right: str) -> str:
        """A result that has not overflowed: else the last turn would look as if none had."""
        pair = self.e(name + "_pair", left, right)
        self.guard(self.e("pair_over", pair), False)
        return self.e("pair_value", pair)

    # ------------------------------------------------------------------------------------------- the copy
    def value(self, name: str) -> str:
        """A value in the copy."""
        name = self.loop.resolved(name)
        if self.loop.of(name) == INV:
            return self.at_gate(name)
        return self.now[name]

    def is_poll(self, condition: str) -> bool:
        """Whether a guard asks for signals."""
        op = self.made(condition)
        if op is None:
            return False
        source = self.made(op[2][0]) if op[0] == "int_eq" else None
        return source is not None and source[0] == "poll"

    def is_carried(self, name: str) -> bool:
        """Whether a turn hands a parameter of the head on to the next one."""
        return self.loop.of(name) != INV

    def start_copy(self, extra: list[tuple[str, str]]) -> None:
        """Blocks for the copy, with parameters for what differs; `extra`: more parameters of the first one."""
        head = self.loop.head
        self.copies = {block.number: self.new() for block in self.loop.blocks}
        self.carried = [(name, kind) for name, kind in head.params if self.is_carried(name)]
        for block in self.loop.blocks:
            for name, kind in self.carried if block is head else block.params:
                if block is head or name not in self.loop.same:
                    self.now[name] = self.function.fresh()
                    self.copies[block.number].params.append((self.now[name], kind))
        self.copies[head.number].params += extra

    def copy_all(self, block: Block) -> None:
        """The operations of a block."""
        for op in block.ops:
            self.function.copies(op)
            self.copy(*op)

    def carried_args(self, block: Block) -> list[str]:
        """What a jump to the head hands over."""
        args = dict(zip((name for name, _ in self.loop.head.params), block.end[2]))
        return [self.value(args[name]) for name, _ in self.carried]

    def inner_args(self, block: Block) -> list[str]:
        """What a jump to another block of the loop hands over."""
        _, target, args = block.end
        return [self.value(arg) for (name, _), arg in zip(target.params, args) if name not in self.loop.same]

    def inside(self, part: Block) -> bool:
        """Whether a block belongs to the loop."""
        return part.number in self.loop.inside


class Lean(Copy):
    """A copy with what is the same in each turn taken out; whatever is unusual happens in the loop itself."""

    def check(self) -> None:
        self.sure: set[str] = set()                 # conditions that hold in all turns for which the gate is open
        for op, condition, wanted, leads_out in self.conditions():
            made = self.made(condition)
            if op is None and self.loop.of(condition) == INV:
                raise Unfit
            step = self.loop.limit_of(condition, wanted)
            if step and (leads_out or op is not None and (self.loop.one_way or made[0] != "int_ult")):
                self.limits.append((made, step))
                self.sure.add(condition)
            elif op is not None and self.is_order(condition):
                self.tests.append((condition, wanted))
        gains = any(self.loop.of(op[1]) == INV and OPS[op[0]].effects == READS
                    for block in self.loop.blocks for op in block.ops if op[1])
        if not gains or not self.limits or not all(self.polls(source) for source, _ in self.loop.back):
            raise Unfit
        if self.loop.one_way:
            self.sure.update(condition for condition, _ in self.tests)
        else:                                       # conditions may be on some ways only
            self.tests.clear()
            self.sure.clear()
        self.late: list[tuple] = []                 # stores that are done when nothing can go wrong any more
        changed = False
        for block in self.loop.blocks:
            for op in block.ops:
                name, _, args, x = op
                if name.startswith("load_") and self.loop.changed(name, args, x, self.late):
                    raise Unfit
                if name.startswith("store_") and x[1] != REGISTERS:         # locals only to be seen
                    if self.loop.one_way:
                        self.late.append(op)
                    else:
                        changed = True
                if changed and (name == "long_value" or name in ("guard", "guard_not") and not self.is_poll(args[0])
                                and self.loop.of(args[0]) != INV):
                    raise Unfit
            if changed and block.end[0] == "branch" and not all(map(self.inside, block.end[2:4])):
                raise Unfit

    def emit(self) -> None:
        self.open_gate()
        self.hoist()
        for cell in self.loop.cells:
            name, _, args, x = self.made(cell)
            self.first[cell] = self.e(name, *map(self.at_gate, args), x=x)
        self.count = self.turns(1 << 62, LEAN_FEWEST)
        if self.loop.one_way:
            self.ends()
        self.turn = self.function.fresh()
        self.start_copy([(self.turn, "i")] if self.loop.one_way else [])
        self.again = self.new()                     # the turn is begun again, in the loop itself
        head = self.copies[self.loop.head.number]
        self.jump(self.block, head, [self.first[name] for name, _ in self.carried] + ["0"] * self.loop.one_way)
        self.block = head
        if self.loop.one_way:
            for name in self.movers():
                far = self.e("int_mul", self.turn, str(self.loop.of(name)[1]))
                self.now[name] = self.e("int_add", self.first[name], far)
        self.jump(self.again, self.loop.head, self.head_args(self.now))
        for block in self.loop.blocks:
            self.block = self.copies[block.number]
            self.copy_all(block)
            self.finish(block)

    def is_carried(self, name: str) -> bool:
        """What moves evenly follows from the turn's number, if that is known."""
        return self.loop.of(name) == VAR or self.loop.of(name) != INV and not self.loop.one_way

    def polls(self, block: Block) -> tuple | None:
        """The comparison by which a block asks for signals."""
        return next((self.made(op[2][0]) for op in block.ops if op[0] == "guard" and self.is_poll(op[2][0])
                     and self.made(op[2][0])[0] == "int_eq"), None)

    def head_args(self, given: dict[str, str]) -> list[str]:
        """All parameters of the loop's head, those that differ given."""
        return [given.get(name) or self.env[name] for name, _ in self.loop.head.params]

    def copy(self, name: str, result: str, args, x) -> None:
        """One operation."""
        if name in ("guard", "guard_not"):
            known = self.loop.of(args[0]) == INV or self.loop.resolved(args[0]) in self.sure
            if not known and not self.is_poll(args[0]):
                self.do(name, self.value(args[0]), x=f"B{self.again.number}")
        elif result and self.loop.of(result) == INV or result in self.loop.cells:
            return
        elif result:
            x = f"B{self.again.number}" if name == "long_value" else x
            self.now[result] = self.e(name, *map(self.value, args), x=x)
        elif x[1] == REGISTERS or not self.loop.one_way:
            self.do(name, *map(self.value, args), x=x)

    def finish(self, block: Block) -> None:
        """The end of a block."""
        if block.end[0] == "branch" and (self.has_aside(block) or self.loop.resolved(block.end[1]) in self.sure):
            self.jump(self.block, self.copies[next(filter(self.inside, block.end[2:4])).number], [])
        elif block.end[0] == "branch":
            parts = [self.copies[part.number] if self.inside(part) else self.again for part in block.end[2:4]]
            self.block.end = ("branch", self.value(block.end[1]), *parts)
        elif block.end[1] is not self.loop.head:
            self.jump(self.block, self.copies[block.end[1].number], self.inner_args(block))
        else:
            handed = {name: self.value(arg) for (name, _), arg in zip(self.loop.head.params, block.end[2])}
            for name, _, stored, x in self.late:
                self.do(name, *map(self.value, stored), x=x)
            waiting = self.polls(block)
            place = self.made(waiting[2][0])[2][0]
            quiet = self.e("int_eq", self.e("poll", self.at_gate(place)), "0")
            on, off, following = self.new(), self.new(), []
            self.block.end = ("branch", quiet, on, off)
            if self.loop.one_way:
                self.block, on = on, self.new()
                following = [self.e("int_add", self.turn, "1")]
                self.block.end = ("branch", self.e("int_lt", following[0], self.count), on, off)
            self.jump(on, self.copies[self.loop.head.number], [handed[name] for name, _ in self.carried] + following)
            self.jump(off, self.loop.head, self.head_args(handed))


from .chunked import Chunked  # noqa: E402

__all__ = ["add_fast_loops", "CHUNK", "DIVISIONS", "ELEMENTS", "FEWEST", "HEAD", "SHIFTS", "SLOT", "WIDTHS", "DATA"]
