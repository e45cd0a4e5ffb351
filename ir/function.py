"""Functions of the IR: blocks with parameters, operations in them, exits.

    B1(%i4: i, %o7: p):
      %9 = int_lt %i4, 10
      guard %9 !3
      %10 = int_add %i4, 1
      jump B1(%10, %o7)

A value is its name: `%9`, or a constant spelled as LLVM does (`10`, `0x3FF0...`, `true`). `parse.py` reads
this text back, `verify.py` checks it.
"""
from __future__ import annotations

from .ops import FLOATS


class Block:
    """Operations that run one after another; `end` is ("jump", block, args), ("branch", cond, then, else),
    ("exit", number, frame), ("exit_as", number, block), which does what that block does but counts as another exit,
    ("leave", pc, frame), ("tail", handler, pc, frame) or ("return",)."""

    __slots__ = ("number", "params", "ops", "end", "incoming")

    def __init__(self, number: int):
        self.number = number
        self.params: list[tuple[str, str]] = []
        self.ops: list[tuple] = []              # (row name, result or "", arguments, immediate)
        self.end: tuple = ()
        self.incoming: list[tuple[Block, list[str]]] = []


class Function:
    """A region under construction."""

    marked = False                              # its operations know their source lines: marks.py

    def __init__(self, name: str):
        self.name = name
        self.blocks: list[Block] = []
        self.values = 0
        self.consts: list[int] = []             # addresses and words that the code refers to by number
        self.const_index: dict[int, int] = {}
        self.kept: list[object] = []            # objects that must live as long as the code
        self.keeps: set[int] = set()            # their addresses
        self.classes: dict[int, object] = {}    # weak references to classes among the constants, by number
        self.marks: dict[int, tuple] = {}       # constants that are another number in each run: what they say, of what
        self.names: dict = {}                   # what the code relies on of the names in dicts, by the dicts' addresses
        self.quiet: dict[int, str] = {}         # constants that are functions of TOUCHED in ops.py, by number
        self.scratch = 0                        # words of memory for fast loops
        self.exits: list[tuple[int, int]] = []  # of each exit: where the interpreter goes on, frames above the root
        self.uncounted: set[int] = set()        # exits that are as it should be: nothing is recorded there

    def block(self) -> Block:
        """A new block."""
        made = Block(len(self.blocks))
        self.blocks.append(made)
        return made

    def fresh(self) -> str:
        """A new value's name."""
        self.values += 1
        return f"%v{self.values}"

    def copies(self, op: tuple) -> None:
        """What is emitted now is a copy of an operation: see marks.py."""

    def floats(self) -> set[str]:
        """The values that are floats."""
        found = {op[1] for block in self.blocks for op in block.ops if op[0] in FLOATS}
        return found.union(name for block in self.blocks for name, kind in block.params if kind == "f")

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
        if keep is not None and address not in self.keeps:
            self.keeps.add(address)
            self.kept.append(keep)
        return number

    def mark(self, value: int, says: str, of: object) -> int:
        """The number of a constant word that is another one in each run: the version of a class, of a
        dict, the record of a dict's names."""
        key = (says, id(of))
        number = self.const_index.get(key)      # type: ignore[call-overload]
        if number is None:
            number = self.const_index[key] = len(self.consts)       # type: ignore[index]
            self.consts.append(value)
            self.marks[number] = (says, of)
        return number

    def show(self) -> str:
        """The text form."""
        lines = []
        for block in self.blocks:
            params = ", ".join(f"{name}: {kind}" for name, kind in block.params)
            lines.append(f"B{block.number}({params}):")
            lines += ["  " + show_op(op) for op in block.ops]
            lines.append("  " + show_end(block.end))
        return "\n".join(lines)


class Emitter:
    """Writes operations to the end of a block; who inherits has the function and the block."""

    function: Function
    block: Block

    def e(self, name: str, *args: str, x=None) -> str:
        """Emit an operation that has a result; its name."""
        function = self.function
        function.values += 1                    # as fresh() does, which is called as often as anything
        result = f"%v{function.values}"
        self.block.ops.append((name, result, args, x))
        return result

    def do(self, name: str, *args: str, x=None) -> None:
        """Emit an operation without a result."""
        self.block.ops.append((name, "", args, x))


def show_op(op: tuple) -> str:
    """An operation's text."""
    name, result, args, x = op
    left = f"{result} = " if result else ""
    right = ", ".join(args) + ("" if x is None else f" !{x}")
    return f"{left}{name} {right}".rstrip()


def show_end(end: tuple) -> str:
    """A terminator's text."""
    if not end:
        return "unfinished"
    if end[0] == "jump":
        return f"jump B{end[1].number}({', '.join(end[2])})"
    return " ".join(f"B{part.number}" if isinstance(part, Block) else str(part) for part in end)


ROOTS = {"%frame", "%regs", "%pc", "%table"}
