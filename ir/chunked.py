"""Copies of loops that do a chunk of turns without an exit, so that they become vector code; see fast_loops.py."""
from __future__ import annotations

from .fast_loops import CHUNK, DATA, DIVISIONS, ELEMENTS, FEWEST, HEAD, SHIFTS, SLOT, Copy, Unfit
from .function import Block
from .loops import INV, REGISTERS, VAR, WIDTHS
from .ops import ALIAS, OPS

SCRATCH_ALIAS = ALIAS["scratch"]
KINDS = {name: row.args[1] for name, row in OPS.items() if name.startswith("store_")}


class Chunked(Copy):
    """A copy in chunks."""

    def check(self) -> None:
        self.places: dict[str, int] = {}        # address stored to -> its number
        self.loads: list[tuple] = []            # (address, bytes) of what is loaded from arrays
        self.kinds: dict[int, str] = {}         # kind of the store with a number
        self.shown: dict[tuple, str] = {}       # (frame, offset) of a local that is only to be seen -> how it is stored
        self.late = False                       # whether something is loaded behind a store
        for op, condition, wanted, leads_out in self.conditions():
            if op is None and not leads_out and self.loop.of(condition) != INV:
                continue
            if self.is_order(condition):
                step = self.loop.limit_of(condition, wanted)
                if step:
                    self.limits.append((self.made(condition), step))
                else:
                    self.tests.append((condition, wanted))
            elif op is None and (leads_out or self.loop.of(condition) == INV):
                raise Unfit
        if not self.limits:
            raise Unfit
        for block in self.loop.blocks:
            for op in block.ops:
                if op[0].startswith("store_") and op[3][1] == REGISTERS:
                    self.show(block, *op)
                elif not op[1] or self.loop.of(op[1]) != INV:
                    self.allowed(*op)
        if any({*self.shown} - {*self.shown_by(source)} for source, _ in self.loop.back):
            raise Unfit
        if self.places:
            self.once_each()

    def show(self, block: Block, name: str, result: str, args, x) -> None:
        """A local that the loop does not read is stored: the last turn's value is what will be seen."""
        if self.loop.of(args[0]) != INV or block.end[0] != "jump" or block.end[1] is not self.loop.head or \
                self.shown.setdefault((self.loop.resolved(args[0]), x[0]), name) != name:
            raise Unfit

    def shown_by(self, block: Block) -> dict[tuple, str]:
        """What the end of a turn stores in locals."""
        return {(self.loop.resolved(op[2][0]), op[3][0]): op[2][1] for op in block.ops
                if op[0].startswith("store_") and op[3][1] == REGISTERS}

    def allowed(self, name: str, result: str, args, x) -> None:
        """Whether an operation may be done in vain: it neither traps nor is seen."""
        if name.startswith(("load_", "store_")):
            kind, width = self.loop.of(args[0]), WIDTHS[name.split("_")[1]]
            if kind == VAR:
                raise Unfit
            if name.startswith("load_"):
                if x[1] == REGISTERS:
                    raise Unfit
                self.late = self.late or bool(self.places)
                if x[1] == DATA:
                    self.loads.append((args[0], width))
                return
            if kind == INV or x[1] != DATA or kind[1] != width:
                raise Unfit
            number = self.places.setdefault(self.loop.resolved(args[0]), len(self.places))
            self.kinds[number] = name.split("_")[1]
        elif (name in DIVISIONS and self.loop.literal(args[1]) in (None, 0, -1)
              or name in SHIFTS and self.loop.literal(args[1]) not in range(64)
              or name in ("float_to_int", "long_value")):
            raise Unfit

    def once_each(self) -> None:
        """Each place is stored to once on every way through the loop. Ways that store to one place by different
        expressions of the same address count as one place."""
        self.merge_places()
        ways: dict[int, list[list[int]]] = {self.loop.head.number: [[]]}
        for block in self.loop.blocks:
            here = sorted(set(map(tuple, ways.get(block.number, []))))
            stored = [self.places[self.loop.resolved(op[2][0])] for op in block.ops
                      if op[0].startswith("store_") and op[3][1] != REGISTERS]
            for part in block.end[1:] if block.end[0] == "jump" else block.end[2:4]:
                if not isinstance(part, Block) or not self.inside(part):
                    continue
                after = [[*way, *stored] for way in here]
                if part is self.loop.head:
                    if any(sorted(way) != sorted(set(self.places.values())) for way in after):
                        raise Unfit
                else:
                    ways.setdefault(part.number, []).extend(after)
            if len(here) > 8:
                raise Unfit

    def shape(self, name: str):
        """An address or number as an expression of what it is made of, to see whether two are the same."""
        name = self.loop.resolved(name)
        op = self.loop.made.get(name)
        if op is None or op[0].startswith("call"):
            return name
        return (op[0], tuple(self.shape(arg) for arg in op[2]), op[3])

    def merge_places(self) -> None:
        """Addresses that are the same get the same number."""
        numbers: dict = {}
        kinds = {}
        for name, number in self.places.items():
            merged = numbers.setdefault(self.shape(name), len(numbers))
            if kinds.setdefault(merged, self.kinds[number]) != self.kinds[number]:
                raise Unfit
            self.places[name] = merged
        self.kinds = kinds

    # -------------------------------------------------------------------------------------------- emission
    def emit(self) -> None:
        self.open_gate()
        self.scratch = self.e("scratch", x=0)
        wait = self.e("load_i64", self.scratch, x=(0, SCRATCH_ALIAS))
        idle = self.e("int_eq", wait, "0")
        waits = self.e("int_select", idle, "0", self.e("int_sub", wait, "1"))
        self.do("store_i64", self.scratch, waits, x=(0, SCRATCH_ALIAS))
        self.guard(idle)
        self.hoist()
        self.count = self.turns(CHUNK, FEWEST)
        self.ends()
        self.addresses()
        self.k, self.bad = self.function.fresh(), self.function.fresh()
        self.start_copy([(self.k, "i"), (self.bad, "b")])
        first = [self.first[name] for name, _ in self.carried]
        self.jump(self.block, self.copies[self.loop.head.number], [*first, "0", "false"])
        self.latch = self.new()
        kinds = [kind for _, kind in self.carried] + [KINDS[name] for name in self.shown.values()] + ["b"]
        self.latch.params = [(self.function.fresh(), kind) for kind in kinds]
        self.fails = {self.loop.head.number: self.bad}
        for block in self.loop.blocks:
            if block is not self.loop.head and any(source.number in self.loop.inside for source, _ in block.incoming):
                self.fails[block.number] = self.function.fresh()
                self.copies[block.number].params.append((self.fails[block.number], "b"))
        for block in self.loop.blocks:
            self.block, self.failed = self.copies[block.number], self.fails[block.number]
            self.copy_all(block)
            self.finish(block)
        self.turn()
        self.function.scratch = max(self.function.scratch, (HEAD + SLOT * max(1, len(self.kinds))) // 8)

    def addresses(self) -> None:
        """Where the first turn loads and stores; what is stored to must not be what a later turn loads."""
        self.starts: dict[int, str] = {}
        spans = {}
        for name, number in self.places.items():
            if number not in self.starts:
                self.starts[number] = self.at(name, self.first)
                low, high = self.span(name, WIDTHS[self.kinds[number]])
                for other in spans.values():
                    self.guard(self.apart((low, high), other))
                spans[number] = (low, high)
        for number, (low, high) in spans.items():
            for name, width in dict.fromkeys(self.loads):
                kind = self.loop.of(name)
                begin, end = self.span(name, width)
                apart = self.apart((begin, end), (low, high))
                if kind != INV and kind[1] == WIDTHS[self.kinds[number]] and not self.late:
                    ahead = self.e("bool_not", self.e("int_ult", begin, low))
                    apart = self.e("bool_or", apart, ahead)
                self.guard(apart)

    def span(self, name: str, width: int) -> tuple[str, str]:
        """First and last byte, and one, of an address over all turns."""
        kind = self.loop.of(name)
        low, high = (self.e("ptr_bits", self.at(name, memo)) for memo in (self.first, self.last))
        if kind != INV and kind[1] < 0:
            low, high = high, low
        return low, self.e("int_add", high, str(width))

    def apart(self, one: tuple, other: tuple) -> str:
        """Whether two spans do not overlap."""
        behind = self.e("int_ult", one[0], other[1])
        before = self.e("int_ult", other[0], one[1])
        return self.e("bool_not", self.e("bool_and", behind, before))

    def place(self, name: str, width: int, element: str) -> str:
        """An address that moves, in the present turn."""
        kind = self.loop.of(name)
        gate, self.block = self.block, self.gate
        start = self.at(name, self.first)
        self.block = gate
        if kind[1] == width:
            return self.e("index_in", start, self.k, x=element)
        return self.e("index_in", start, self.e("int_mul", self.k, str(kind[1])), x="i8")

    def copy(self, name: str, result: str, args, x) -> None:
        """One operation."""
        if name in ("guard", "guard_not"):
            condition = args[0]
            if self.loop.of(condition) != INV and not self.is_poll(condition) and not self.is_order(condition):
                truth = self.value(condition)
                wrong = truth if name == "guard_not" else self.e("bool_not", truth)
                self.failed = self.e("bool_or", self.failed, wrong)
        elif result and self.loop.of(result) == INV:
            return
        elif name.startswith("load_") and self.loop.of(args[0]) != INV:
            kind = name.split("_")[1]
            self.now[result] = self.e(name, self.place(args[0], WIDTHS[kind], ELEMENTS[kind]), x=(0, x[1]))
        elif name.startswith("store_") and x[1] == REGISTERS:
            return
        elif name.startswith("store_"):
            number = self.places[self.loop.resolved(args[0])]
            slot = self.e("offset", self.scratch, x=HEAD + SLOT * number)
            at = self.e("index_in", slot, self.k, x=ELEMENTS[self.kinds[number]])
            self.do(name, at, self.value(args[1]), x=(0, SCRATCH_ALIAS))
        elif result and self.loop.of(result) != VAR:
            self.moving(name, result, args, x)
        elif result:
            self.now[result] = self.e(name, *map(self.value, args), x=x)

    def moving(self, name: str, result: str, args, x) -> None:
        """A value that moves evenly: no overflow, and addresses are made where they are used."""
        kind = self.loop.of(result)[0]
        if kind == "pair":
            self.now[result] = self.e(name.removesuffix("_pair"), *map(self.value, args))
        elif name == "pair_value":
            self.now[result] = self.value(args[0])
        elif kind == "line":
            self.now[result] = self.e(name, *map(self.value, args), x=x)

    def finish(self, block: Block) -> None:
        """The end of a block."""
        if block.end[0] == "branch":
            inside = [part for part in block.end[2:4] if self.inside(part)]
            for part in inside:
                self.fails.setdefault(part.number, self.failed)
            if len(inside) == 1:
                self.jump(self.block, self.copies[inside[0].number], [])
            else:
                self.block.end = ("branch", self.value(block.end[1]), *(self.copies[part.number] for part in inside))
        elif block.end[1] is self.loop.head:
            seen = self.shown_by(block)
            args = self.carried_args(block)
            self.jump(self.block, self.latch, [*args, *(self.value(seen[key]) for key in self.shown), self.failed])
        else:
            self.jump(self.block, self.copies[block.end[1].number], [*self.inner_args(block), self.failed])

    def turn(self) -> None:
        """The end of a turn, of a chunk, of a chunk that went wrong."""
        names = [name for name, _ in self.latch.params]
        again, done, wrong = self.new(), self.new(), self.new()
        self.block = self.latch
        following = self.e("int_add", self.k, "1")
        self.latch.end = ("branch", self.e("int_lt", following, self.count), again, done)
        self.jump(again, self.copies[self.loop.head.number], [*names[:len(self.carried)], following, names[-1]])
        self.block = done
        self.do("guard_not", names[-1], x=f"B{wrong.number}")
        for number, start in self.starts.items():
            size = self.e("int_mul", self.count, str(WIDTHS[self.kinds[number]]))
            self.do("copy_bytes", start, self.e("offset", self.scratch, x=HEAD + SLOT * number), size)
        for (key, store), name in zip(self.shown.items(), names[len(self.carried):]):
            self.do(store, self.at_gate(key[0]), name, x=(key[1], REGISTERS))
        given = dict(zip((name for name, _ in self.carried), names))
        self.jump(done, self.gate, [given.get(name) or self.env[name] for name, _ in self.loop.head.params])
        self.block = wrong
        self.pause()
        self.jump(wrong, self.slow.end[1], self.slow.end[2])

    def pause(self) -> None:
        """A chunk was calculated in vain: the gate stays shut for a while, longer each time."""
        wait = self.e("load_i64", self.scratch, x=(8, SCRATCH_ALIAS))
        longer = self.e("int_and", self.e("int_add", self.e("int_add", wait, wait), "16"), "65535")
        for offset in (0, 8):
            self.do("store_i64", self.scratch, longer, x=(offset, SCRATCH_ALIAS))
