"""Functions of the IR: blocks with parameters, operations in them, exits.

    B1(%i4: i, %o7: p):
      %9 = int_lt %i4, 10
      guard %9 !3
      %10 = int_add %i4, 1
      jump B1(%10, %o7)

A value is its name: `%9`, or a constant spelled as LLVM does (`10`, `0x3FF0...`, `true`).
"""
from __future__ import annotations

from .ops import OPS


class Block:
    """Operations that run one after another; `end` is ("jump", block, args), ("branch", cond, then, else),
    ("exit", number, frame), ("leave", pc, frame) or ("return",)."""

    __slots__ = ("number", "params", "ops", "end", "incoming")

    def __init__(self, number: int):
        self.number = number
        self.params: list[tuple[str, str]] = []
        self.ops: list[tuple] = []              # (row name, result or "", arguments, immediate)
        self.end: tuple = ()
        self.incoming: list[tuple[Block, list[str]]] = []


class Function:
    """A region under construction."""

    def __init__(self, name: str):
        self.name = name
        self.blocks: list[Block] = []
        self.values = 0
        self.consts: list[int] = []             # addresses and words that the code refers to by number
        self.const_index: dict[int, int] = {}
        self.kept: list[object] = []            # objects that must live as long as the code
        self.exits: list[tuple[int, int]] = []  # of each exit: where the interpreter goes on, frames above the root

    def block(self) -> Block:
        """A new block."""
        made = Block(len(self.blocks))
        self.blocks.append(made)
        return made

    def fresh(self) -> str:
        """A new value's name."""
        self.values += 1
        return f"%v{self.values}"

    def clear(self) -> None:
        """Let go of the blocks, which refer to each other."""
        for block in self.blocks:
            block.end, block.incoming = (), []
        self.blocks = []

    def const(self, address: int, keep: object = None) -> int:
        """The number of a constant word; `keep` is kept alive with the code."""
        number = self.const_index.get(address)
        if number is None:
            number = self.const_index[address] = len(self.consts)
            self.consts.append(address)
            if keep is not None:
                self.kept.append(keep)
        return number

    def show(self) -> str:
        """The text form."""
        lines = []
        for block in self.blocks:
            params = ", ".join(f"{name}: {kind}" for name, kind in block.params)
            lines.append(f"B{block.number}({params}):")
            for name, result, args, x in block.ops:
                left = f"{result} = " if result else ""
                right = ", ".join(args) + ("" if x is None else f" !{x}")
                lines.append(f"  {left}{name} {right}".rstrip())
            lines.append("  " + show_end(block.end))
        return "\n".join(lines)


def show_end(end: tuple) -> str:
    """A terminator's text."""
    if not end:
        return "unfinished"
    if end[0] == "jump":
        return f"jump B{end[1].number}({', '.join(end[2])})"
    return " ".join(f"B{part.number}" if isinstance(part, Block) else str(part) for part in end)


def verify(function: Function) -> list[str]:
    """What is wrong with a function: types, arity, values used before they are made in their block's own text."""
    problems = []
    kinds: dict[str, str] = {}
    for block in function.blocks:
        kinds.update(block.params)
        for name, result, _, _ in block.ops:
            if result:
                if result in kinds:
                    problems.append(f"{result} is made twice")
                kinds[result] = OPS[name].result
    for block in function.blocks:
        for name, _, args, _ in block.ops:
            want = OPS[name].args
            if want != "*" and len(want) != len(args):
                problems.append(f"B{block.number}: {name} takes {len(want)} arguments, not {len(args)}")
            for kind, arg in zip(want, args):
                if want != "*" and arg.startswith("%") and arg not in ROOTS and kinds.get(arg) != kind:
                    problems.append(f"B{block.number}: {name} {arg} is {kinds.get(arg)}, not {kind}")
        if block.end and block.end[0] == "jump":
            for arg, (_, kind) in zip(block.end[2], block.end[1].params, strict=True):
                if arg.startswith("%") and arg not in ROOTS and kinds.get(arg) != kind:
                    problems.append(f"B{block.number}: jump with {arg} as {kinds.get(arg)}, not {kind}")
    return problems


ROOTS = {"%frame", "%regs", "%pc", "%table"}
