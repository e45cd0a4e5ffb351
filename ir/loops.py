"""Innermost loops of a function, and what their values are from turn to turn; `fast_loops.py` makes
better loops of them.

    B17(%i: i, %a: p): %s = load_i64 %a !(16, 4); %c = int_ult %i, %s; guard %c !B9; ... jump B17(%i2, %a)
        %a, %s  the same in every turn        %i  moves by 1 a turn
        %c      true in a row of turns if it is in the first and last

Kinds of values: INV, the same in each turn; ("line", n), an int that moves by n a turn; ("pair", n), such a
one with its overflow bit; ("place", n), an address that moves by n bytes; ("over", name), whether such a one
overflows; VAR, anything else. A counter in memory that the loop loads and stores once a turn, an iterator's index,
is such an int, too (`cells`).

Asides: blocks that call something and come back to where the loop goes on without them (a record of names is looked
through when a dict has changed). They are no part of the loop here: a copy of it must see that none is needed.
"""
from __future__ import annotations

from .function import Block, Function
from .ops import ALIAS, GUARD, OPS, PURE, READS, REGISTER_TAGS

INV, VAR = "inv", "var"
SIZES = {"ptr": 8, "i64": 8, "i32": 4, "i16": 2, "i8": 1}
WIDTHS = {"i64": 8, "f64": 8, "ptr": 8, "i32": 4, "u32": 4, "f32": 4, "i16": 2, "u16": 2, "i8": 1, "u8": 1}
ORDERS = {"int_lt", "int_le", "int_gt", "int_ge", "int_ult"}
REGISTERS, ITERATORS = ALIAS["reg"], ALIAS["iter"]
QUIET_CALLS = {"call_f"}        # functions of libm


class Loop:
    """A loop whose blocks are `blocks` in an order in which definitions come before uses; `head` is where it begins."""

    def __init__(self, function: Function, head: Block, blocks: list[Block]):
        self.asides = {at for block in blocks if (at := aside_of(block)) is not None and at != head.number}
        blocks = [block for block in blocks if block.number not in self.asides]
        self.function, self.head, self.blocks = function, head, blocks
        self.inside = {block.number for block in blocks}
        self.made: dict[str, tuple] = {}            # name -> operation that makes it
        self.kind: dict[str, object] = {}
        self.same: dict[str, str] = {}              # parameter of an inner block -> what it always is
        stores = [op for block in blocks for op in block.ops if op[0].startswith("store_")]
        self.stores = [op for op in stores if op[3][1] != REGISTERS]
        self.registers = {op[3][0] for op in stores if op[3][1] == REGISTERS}           # of whatever frame
        self.registers |= {op[3][0] + 8 for block in blocks for op in block.ops if op[0] in REGISTER_TAGS}
        self.calls = any(calls(op) for block in blocks for op in block.ops)
        self.one_way = all(sum(part.number in self.inside for part in block.end[2:4]) == 1
                           for block in blocks if block.end[0] == "branch")
        self.strides: dict[str, int] = {}           # factor of an index -> the item's width that it has to be
        self.cells: dict[str, int] = {}             # counter that lives in memory, as it is loaded -> its step
        self.back = [(source, args) for source, args in head.incoming if source.number in self.inside]

    def analyze(self) -> None:
        """Find the kinds."""
        for block in self.blocks:
            for op in block.ops:
                if op[1]:
                    self.made[op[1]] = op
        self.find_kinds()
        if self.one_way and not self.calls:
            self.cells = {cell: by for store in self.stores for cell, by in self.cell_of(store)}
            if self.cells:
                self.find_kinds()

    def find_kinds(self) -> None:
        """Suppose the best of the head's parameters until nothing speaks against it."""
        for name, _ in self.head.params:
            self.kind[name] = INV
        while True:
            self.classify()
            if not self.demote():
                break

    def cell_of(self, store: tuple):
        """(what the loop loads from where it stores, by how much more it stores), if that happens once in each turn."""
        name, _, (base, value), x = store
        made = self.made.get(self.resolved(value))
        others = [other for other in self.stores if other is not store]
        if name != "store_i64" or self.of(base) != INV or made is None or made[0] != "int_add":
            return
        counter, by = self.made.get(self.resolved(made[2][0])), self.literal(made[2][1])
        loads = [op for block in self.blocks for op in block.ops
                 if op[0].startswith("load_") and op[3][1] == x[1] and self.changed(op[0], op[2], op[3], [store])]
        if by and loads == [counter] and counter[3] == x and self.resolved(counter[2][0]) == self.resolved(base) and \
                not self.changed(name, (base,), x, others):
            yield counter[1], by

    def demote(self) -> bool:
        """Parameters of the head that turn out not to be what was supposed; whether there were such."""
        changed = False
        for at, (name, kind) in enumerate(self.head.params):
            found = {self.resolved(args[at]) for _, args in self.back}
            wanted = INV if found == {name} else self.step_of(name, found) if kind == "i" else VAR
            if self.kind[name] != VAR and self.kind[name] != wanted:
                self.kind[name] = wanted if self.kind[name] == INV else VAR
                changed = True
        return changed

    def step_of(self, name: str, found: set[str]):
        """How a counter moves."""
        if len(found) != 1:
            return VAR
        op = self.made.get(next(iter(found)))
        if op is not None and op[0] == "pair_value":
            op = self.made.get(self.resolved(op[2][0]))
        if op is None or op[0] not in ("int_add", "int_add_pair", "int_sub_pair"):
            return VAR
        left, right = map(self.resolved, op[2])
        if left != name or right[0] == "%":
            return VAR
        by = -int(right) if op[0] == "int_sub_pair" else int(right)
        return ("line", by) if 0 < abs(by) < 1 << 20 else VAR

    def resolved(self, name: str) -> str:
        """What a parameter of an inner block always is."""
        while name in self.same:
            name = self.same[name]
        return name

    def classify(self) -> None:
        """The kinds of all values, those of the head's parameters given."""
        self.same.clear()
        for block in self.blocks:
            if block is not self.head:
                for at, (name, _) in enumerate(block.params):
                    values = {self.resolved(args[at]) for source, args in block.incoming
                              if source.number in self.inside}
                    if len(values) == 1:
                        self.same[name] = values.pop()
                    else:
                        self.kind[name] = VAR
            for name, result, args, x in block.ops:
                if result in self.cells:
                    self.kind[result] = ("line", self.cells[result])
                elif result:
                    self.kind[result] = self.kind_of(name, args, x)

    def of(self, name: str):
        """The kind of a value or literal."""
        name = self.resolved(name)
        if name in self.strides:
            return INV
        return self.kind.get(name, INV)

    def literal(self, name: str) -> int | None:
        """The int a value is."""
        name = self.resolved(name)
        if name in self.strides:
            return self.strides[name]
        return int(name) if name[0] != "%" and name.lstrip("-").isdigit() else None

    def kind_of(self, name: str, args, x):
        """The kind of an operation's result."""
        kinds = [self.of(arg) for arg in args]
        effects = OPS[name].effects
        if all(kind == INV for kind in kinds):
            if effects == PURE or name == "long_value":
                return INV
            if effects == READS:
                return VAR if self.calls or name != "poll" and self.changed(name, args, x, self.stores) else INV
            return VAR
        if VAR in kinds:
            return VAR
        base = name.removesuffix("_pair")
        if base in ("int_add", "int_sub", "int_mul"):
            by = self.moved(base, args, kinds)
            return VAR if by is None else ("pair" if name.endswith("_pair") else "line", by)
        if name == "pair_value" and kinds[0][0] == "pair":
            return ("line", kinds[0][1])
        if name == "pair_over" and kinds[0][0] == "pair":
            return ("over", args[0])
        if name == "index":
            by = sum(kind[1] * (SIZES[x] if at else 1) for at, kind in enumerate(kinds) if kind != INV)
            return ("place", by)
        return kinds[0] if name == "offset" else VAR

    def changed(self, name: str, args, x, stores: list) -> bool:
        """Whether some of the loop's stores may change what is loaded."""
        if x[1] == REGISTERS:
            return x[0] in self.registers
        first, behind = x[0], x[0] + WIDTHS[name.split("_")[1]]
        for other, _, (base, _), (at, alias) in stores:
            if alias == x[1] and (self.resolved(base) != self.resolved(args[0]) or
                                  at < behind and first < at + WIDTHS[other.split("_")[1]]):
                return True
        return False

    def moved(self, base: str, args, kinds) -> int | None:
        """How much a sum, difference or product moves."""
        if any(kind != INV and kind[0] != "line" for kind in kinds):
            return None
        steps = [0 if kind == INV else kind[1] for kind in kinds]
        if base == "int_add":
            return steps[0] + steps[1]
        if base == "int_sub":
            return steps[0] - steps[1]
        factor = self.literal(args[1] if steps[0] else args[0])
        if factor is None or kinds[0] != INV and kinds[1] != INV or abs(factor) > 1 << 16:
            return None
        return (steps[0] or steps[1]) * factor

    def limit_of(self, name: str, wanted: bool) -> int:
        """The step of a counter that a condition keeps below a bound, or above it; 0: not such a condition."""
        op = self.made.get(self.resolved(name))
        if not wanted or op is None or op[0] not in ORDERS:
            return 0
        left, right = (self.of(arg) for arg in op[2])
        if right != INV or left in (INV, VAR) or left[0] != "line":
            return 0
        return left[1] if (left[1] > 0) == (op[0] in ("int_lt", "int_le", "int_ult")) else 0

    def ends_by_counter(self, beyond: set[int]) -> bool:
        """Whether all ways to some blocks are those of a counter that has come to its bound."""
        for block in self.blocks:
            if block.end[0] == "branch" and any(part.number in beyond for part in block.end[2:4]):
                if not self.limit_of(block.end[1], block.end[2].number not in beyond):
                    return False
        return bool(beyond)

    def suppose_strides(self) -> None:
        """Factors of byte offsets whose items lie one behind the other: that is what the fast loop is for."""
        widths: dict[str, set[int]] = {}
        for block in self.blocks:
            for name, _, args, _x in block.ops:
                if not name.startswith(("load_", "store_")):
                    continue
                place = self.made.get(self.resolved(args[0]))
                offset = (place and place[0] == "index" and place[3] == "i8"
                          and self.made.get(self.resolved(place[2][1])))
                if not offset or offset[0] != "int_mul":
                    continue
                counter, factor = map(self.resolved, offset[2])
                if self.of(counter) != INV and self.of(factor) == INV and factor[0] == "%":
                    widths.setdefault(factor, set()).add(WIDTHS[name.split("_")[1]])
        self.strides = {factor: width for factor, found in widths.items() if len(found) == 1 for width in found}
        if self.strides:
            self.analyze()

    def suppose_steps(self) -> None:
        """Ranges whose iterators are in memory are expected to go by one."""
        for block in self.blocks:
            for name, _, args, _x in block.ops:
                if name == "int_mul":
                    for factor, other in (args, args[::-1]):
                        made = self.made.get(self.resolved(factor))
                        if made is not None and made[0] == "load_i64" and made[3][1] == ITERATORS and \
                                self.of(factor) == INV and self.of(other) not in (INV, VAR):
                            self.strides[self.resolved(factor)] = 1
        if self.strides:
            self.analyze()


def calls(op: tuple) -> bool:
    """Whether an operation calls something that may change memory."""
    return OPS[op[0]].effects not in (PURE, READS, GUARD) and not op[0].startswith("store_") and \
        op[0] not in QUIET_CALLS


def aside_of(block: Block) -> int | None:
    """The number of the block's aside, if it has one."""
    if block.end[0] == "branch":
        for aside, other in (block.end[2:4], block.end[3:1:-1]):
            if aside.end[:2] == ("jump", other) and len(other.incoming) == 1 and not aside.incoming and \
                    any(map(calls, aside.ops)):
                return aside.number
    return None


def innermost(function: Function) -> list[Loop]:
    """The loops without loops in them that have one head."""
    after = {block.number: [part.number for part in block.end if isinstance(part, Block)]
             for block in function.blocks if block.end}
    found: list[Loop] = []
    search(function, set(after), after, found)
    return found


def search(function: Function, among: set[int], after: dict, found: list) -> None:
    """Loops among some blocks."""
    for group in components(among, after):
        inside = set(group)
        if len(group) == 1 and group[0] not in after[group[0]]:
            continue
        heads = {to for at, targets in after.items() if at not in inside for to in targets if to in inside}
        if len(heads) != 1:
            continue
        (head,) = heads
        rest = inside - {head}
        if all(len(one) == 1 and one[0] not in after[one[0]] for one in components(rest, after)):
            order = [head, *(one[0] for one in reversed(components(rest, after)))]
            found.append(inner_part(function, order, after))
        else:
            search(function, rest, after, found)


def inner_part(function: Function, order: list[int], after: dict) -> Loop:
    """The loop of these blocks, its head first; if loops around it begin with the same block, the one that is left for
    them where its counter comes to the end."""
    head = order[0]
    sources = [number for number in order if head in after[number]]
    for source in sources if len(sources) > 1 else ():
        inside = {source}
        for number in reversed(order):
            if number == head or not inside.isdisjoint(part for part in after[number] if part != head):
                inside.add(number)
        loop = Loop(function, function.blocks[head], [function.blocks[number] for number in order if number in inside])
        loop.analyze()
        if loop.ends_by_counter(set(order) - inside):
            return loop
    return Loop(function, function.blocks[head], [function.blocks[number] for number in order])


def components(among: set[int], after: dict[int, list[int]]) -> list[list[int]]:
    """Strongly connected components, those that lead nowhere else first (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    found: list[list[int]] = []
    for root in sorted(among):
        work = [(root, iter(after[root]))] if root not in index else []
        if work:
            index[root] = low[root] = len(index)
            stack.append(root)
        while work:
            at, targets = work[-1]
            following = next((to for to in targets if to in among and (to not in index or to in stack)), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == index[at]:
                    cut = stack.index(at)
                    found.append(stack[cut:])
                    del stack[cut:]
            elif following in index:
                low[at] = min(low[at], index[following])
            else:
                index[following] = low[following] = len(index)
                stack.append(following)
                work.append((following, iter(after[following])))
    return found
