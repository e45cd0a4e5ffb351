"""Innermost loops of a function, and what their values are from turn to turn; `fast_loops.py` makes
better loops of them.

    B17(%i: i, %a: p): %s = load_i64 %a !(16, 4); %c = int_ult %i, %s; guard %c !B9; ... jump B17(%i2, %a)
        %a, %s  the same in every turn        %i  moves by 1 a turn
        %c      true in a row of turns if it is in the first and last

Kinds of values: INV, the same in each turn; ("line", n), an int that moves by n a turn; ("pair", n), such a
one with its overflow bit; ("place", n), an address that moves by n bytes; ("over", name), whether such a one
overflows; VAR, anything else.
"""
from __future__ import annotations

from .function import Block, Function
from .ops import ALIAS, GUARD, OPS, PURE, READS, REGISTER_TAGS

INV, VAR = "inv", "var"
SIZES = {"ptr": 8, "i64": 8, "i32": 4, "i16": 2, "i8": 1}
WIDTHS = {"i64": 8, "f64": 8, "ptr": 8, "i32": 4, "u32": 4, "f32": 4, "i16": 2, "u16": 2, "i8": 1, "u8": 1}
ORDERS = {"int_lt", "int_le", "int_gt", "int_ge", "int_ult"}
REGISTERS = ALIAS["reg"]
QUIET_CALLS = {"call_f"}        # functions of libm


class Loop:
    """A loop whose blocks are `blocks` in an order in which definitions come before uses; `head` is where it begins."""

    def __init__(self, function: Function, head: Block, blocks: list[Block]):
        self.function, self.head, self.blocks = function, head, blocks
        self.inside = {block.number for block in blocks}
        self.made: dict[str, tuple] = {}            # name -> operation that makes it
        self.kind: dict[str, object] = {}
        self.same: dict[str, str] = {}              # parameter of an inner block -> what it always is
        stored = [op[3] for block in blocks for op in block.ops if op[0].startswith("store_")]
        self.stores = {alias for _, alias in stored if alias != REGISTERS}
        self.registers = {offset for offset, alias in stored if alias == REGISTERS}     # of whatever frame
        self.registers |= {op[3][0] + 8 for block in blocks for op in block.ops if op[0] in REGISTER_TAGS}
        self.calls = [op[0] for block in blocks for op in block.ops
                      if OPS[op[0]].effects not in (PURE, READS, GUARD) and not op[0].startswith("store_")
                      and op[0] not in QUIET_CALLS]
        self.strides: dict[str, int] = {}           # factor of an index -> the item's width that it has to be
        self.back = [(source, args) for source, args in head.incoming if source.number in self.inside]

    def analyze(self) -> None:
        """Find the kinds."""
        for block in self.blocks:
            for op in block.ops:
                if op[1]:
                    self.made[op[1]] = op
        for name, _ in self.head.params:
            self.kind[name] = INV
        while True:
            self.classify()
            if not self.demote():
                break

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
                if result:
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
                changed = name != "poll" and (x[0] in self.registers if x[1] == REGISTERS else x[1] in self.stores)
                return VAR if self.calls or changed else INV
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
            found.append(Loop(function, function.blocks[head], [function.blocks[number] for number in order]))
        else:
            search(function, rest, after, found)


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
