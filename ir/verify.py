"""Checks a function of the IR; used in tests and with FIRE_JIT_VERIFY.

    verify(function) -> ["B3: %v9 is used where it may not have been made"]         [] for a function in order

Types and number of arguments of each operation, arguments of jumps for parameters of blocks, one definition for each
name, a terminator in each block that can be reached, and that every use is dominated by its definition. A guard leaves
from within its block: what comes after it is not known where it leads.
"""
from __future__ import annotations

from .function import ROOTS, Block, Function
from .ops import OPS

LITERALS = {"i": lambda text: text.lstrip("-").isdigit(), "f": lambda text: text.startswith("0x"),
            "b": lambda text: text in ("true", "false"), "p": lambda text: text == "null"}
END = 1 << 30               # position behind all operations of a block


class Verifier:
    """One function's check: where its values are made, which blocks dominate which."""

    def __init__(self, function: Function):
        self.function, self.problems = function, []
        self.kinds: dict[str, str] = {}
        self.made: dict[str, tuple[int, int]] = {}          # name -> block, position
        self.edges: dict[int, list[tuple[int, int]]] = {}   # block -> successors, positions they are left from
        self.parents: dict[int, int] = {}                   # immediate dominators
        self.reached: list[int] = []                        # blocks in reverse postorder

    def run(self) -> list[str]:
        """All problems."""
        for block in self.function.blocks:
            self.define(block)
        self.order()
        self.dominators()
        for number in self.reached:
            self.block(self.function.blocks[number])
        return self.problems

    def say(self, block: Block, text: str) -> None:
        """A problem."""
        self.problems.append(f"B{block.number}: {text}")

    # ------------------------------------------------------------------------------------- structure
    def define(self, block: Block) -> None:
        """Note what a block makes and where it leads."""
        names = [(name, kind, -1) for name, kind in block.params]
        names += [(op[1], OPS[op[0]].result, at) for at, op in enumerate(block.ops) if op[1]]
        for name, kind, at in names:
            if name in self.made:
                self.say(block, f"{name} is made twice")
            self.kinds[name], self.made[name] = kind, (block.number, at)
        edges = [(int(x[1:]), at) for at, (_, _, _, x) in enumerate(block.ops) if isinstance(x, str) and is_label(x)]
        edges += [(part.number, END) for part in block.end if isinstance(part, Block)]
        self.edges[block.number] = edges

    def order(self) -> None:
        """Blocks that can be reached, in reverse postorder."""
        seen, done = {0}, []
        stack = [(0, iter(self.edges[0]))]
        while stack:
            number, rest = stack[-1]
            following = next((to for to, _ in rest if to not in seen), None)
            if following is None:
                done.append(number)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(self.edges[following])))
        self.reached = done[::-1]

    def dominators(self) -> None:
        """Immediate dominators, until nothing changes (Cooper, Harvey, Kennedy)."""
        place = {number: at for at, number in enumerate(self.reached)}
        before: dict[int, list[int]] = {}
        for number in self.reached:
            for to, _ in self.edges[number]:
                before.setdefault(to, []).append(number)
        parents = self.parents = {0: 0}
        changed = True
        while changed:
            changed = False
            for number in self.reached[1:]:
                known = [p for p in before[number] if p in parents]
                best = known[0]
                for other in known[1:]:
                    while best != other:
                        while place[other] > place[best]:
                            other = parents[other]
                        while place[best] > place[other]:
                            best = parents[best]
                if parents.get(number) != best:
                    parents[number], changed = best, True

    # ------------------------------------------------------------------------------------------ uses
    def block(self, block: Block) -> None:
        """Operations and terminator."""
        for at, (name, result, args, _x) in enumerate(block.ops):
            row = OPS[name]
            if bool(result) != bool(row.result):
                self.say(block, f"{name} has {'no' if row.result else 'a'} result")
            if row.args == "*":
                for arg in args:
                    self.use(block, at, arg, "")
                continue
            if len(row.args) != len(args):
                self.say(block, f"{name} takes {len(row.args)} arguments, not {len(args)}")
            for kind, arg in zip(row.args, args):
                self.use(block, at, arg, kind)
        self.terminator(block)

    def terminator(self, block: Block) -> None:
        """What ends a block, and the arguments it hands on."""
        kind, *rest = block.end or ("nothing",)
        if kind == "jump":
            target, args = rest
            if len(args) != len(target.params):
                self.say(block, f"B{target.number} takes {len(target.params)} values, not {len(args)}")
            for arg, (_, wanted) in zip(args, target.params):
                self.use(block, END, arg, wanted)
            if target.params and not any(source is block and given is args for source, given in target.incoming):
                self.say(block, f"B{target.number} does not know of this jump")
        elif kind == "branch":
            self.use(block, END, rest[0], "b")
        elif kind in ("exit", "tail"):
            for arg in rest[1:]:
                self.use(block, END, arg, "p")
        elif kind == "leave":
            for arg in rest:
                self.use(block, END, arg, "p")
        elif kind == "exit_as":
            if rest[1].end[0] != "exit" or block.ops:
                self.say(block, f"B{rest[1].number} is no exit that this one could be like")
        elif kind != "return":
            self.say(block, f"ends with {kind}")
        if kind != "jump":
            for to, _at in self.edges[block.number]:
                if self.function.blocks[to].params:
                    self.say(block, f"B{to} has parameters and is not jumped to")

    def use(self, block: Block, at: int, name: str, kind: str) -> None:
        """A value is used at a position; `kind` it must have, "" for any."""
        if not name.startswith("%"):
            if kind and not LITERALS[kind](name):
                self.say(block, f"{name} is no constant of type {kind}")
            return
        if name in ROOTS:
            found = "p"
        elif name not in self.made:
            self.say(block, f"{name} is never made")
            return
        else:
            found = self.kinds[name]
            if not self.available(name, block.number, at):
                self.say(block, f"{name} is used where it may not have been made")
        if kind and found != kind:
            self.say(block, f"{name} is {found}, not {kind}")

    def available(self, name: str, number: int, at: int) -> bool:
        """Whether a value has been made on every way to a position."""
        home, made_at = self.made[name]
        if home == number:
            return made_at < at
        while number != home:
            child, number = number, self.parents[number]
            if child == number:
                return False
        return made_at < min((left for to, left in self.edges[home] if to == child), default=END)


def is_label(text: str) -> bool:
    """Whether an immediate names a block."""
    return text[:1] == "B" and text[1:].isdigit()


def verify(function: Function) -> list[str]:
    """What is wrong with a function, as sentences."""
    return Verifier(function).run()
