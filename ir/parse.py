"""Reads the text form of the IR: the way back from `Function.show`.

    parse("B0():\\n  %v1 = int_add 1, 2\\n  return").show()        the same text
"""
from __future__ import annotations

import re
from ast import literal_eval

from .function import Block, Function
from .ops import OPS

HEAD = re.compile(r"B(\d+)\((.*)\):$")
OPERATION = re.compile(r"(?:(%[\w.]+) = )?(\w+)(?: ([^!]*?))?(?: ?!(.+))?$")


class Unreadable(ValueError):
    """Text that is not IR: the line."""


class Parser:
    """One function's text."""

    def __init__(self, text: str, name: str):
        self.function = Function(name)
        self.lines = [line.strip() for line in text.splitlines() if line.strip()]

    def run(self) -> Function:
        """All blocks first, since jumps name blocks that come later."""
        heads = [HEAD.match(line) for line in self.lines]
        for head in filter(None, heads):
            block = self.function.block()
            if block.number != int(head[1]):
                raise Unreadable(f"B{head[1]} is the block number {block.number}")
            block.params = [tuple(part.split(": ")) for part in split(head[2])]
        block = None
        for line, head in zip(self.lines, heads):
            if head:
                block = self.function.blocks[int(head[1])]
            elif block is None or block.end:
                raise Unreadable(line)
            else:
                self.line(block, line)
        return self.function

    def line(self, block: Block, line: str) -> None:
        """An operation or a terminator."""
        kind = line.split(" ", 1)[0]
        if kind in TERMINATORS:
            block.end = getattr(self, "end_" + TERMINATORS[kind])(block, *line.split(" ", 1)[1:])
            return
        found = OPERATION.match(line)
        if not found or found[2] not in OPS:
            raise Unreadable(line)
        result, name, args, x = found.groups()
        value = immediate(x) if x is not None else None
        block.ops.append((name, result or "", tuple(split(args or "")), value))
        for made in re.findall(r"%v(\d+)", result or ""):
            self.function.values = max(self.function.values, int(made))

    # ------------------------------------------------------------------------------------ terminators
    def end_jump(self, block: Block, rest: str) -> tuple:
        """jump B2(%v1, 3)"""
        name, args = rest.rstrip(")").split("(", 1)
        target, values = self.label(name), split(args)
        target.incoming.append((block, values))
        return ("jump", target, values)

    def end_branch(self, block: Block, rest: str) -> tuple:
        """branch %v1 B2 B3"""
        condition, then, other = rest.split()
        return ("branch", condition, self.label(then), self.label(other))

    def end_numbered(self, block: Block, rest: str) -> tuple:
        """exit 3 %frame; tail 4 %pc %frame: a number, then values"""
        number, *values = rest.split()
        return ("exit" if len(values) == 1 else "tail", int(number), *values)

    def end_like(self, block: Block, rest: str) -> tuple:
        """exit_as 4 B5"""
        number, other = rest.split()
        return ("exit_as", int(number), self.label(other))

    def end_plain(self, block: Block, rest: str = "") -> tuple:
        """return; leave %pc %frame"""
        return ("leave", *rest.split()) if rest else ("return",)

    def label(self, name: str) -> Block:
        """The block of a name."""
        try:
            return self.function.blocks[int(name[1:])]
        except (ValueError, IndexError):
            raise Unreadable(name) from None


TERMINATORS = {"jump": "jump", "branch": "branch", "exit": "numbered", "exit_as": "like", "tail": "numbered",
               "leave": "plain", "return": "plain"}


def split(text: str) -> list[str]:
    """Parts between commas."""
    return [part.strip() for part in text.split(",")] if text.strip() else []


def immediate(text: str):
    """What stands behind the exclamation mark: a number, a pair, a type or label."""
    return literal_eval(text) if text[0] in "(-0123456789" else text


def parse(text: str, name: str = "parsed") -> Function:
    """The function of a text; raises Unreadable."""
    return Parser(text, name).run()
