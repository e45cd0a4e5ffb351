"""IR whose operations know the source line they are of, for `fire explain` and `fire dev dump`.

    function.place = ("/home/me/total.py", 4)       what is emitted from now on is of this line
    place_of(op)                                    ("/home/me/total.py", 4)

An operation of a marked function is a tuple as ever, of a class that has a place; who looks for none sees no
difference. What a pass makes without saying where is of the line of the operation before it.
"""
from __future__ import annotations

from .function import Block, Function, show_end, show_op


class PlacedOp(tuple):
    """An operation with a place."""

    place: tuple[str, int] | None = None


class PlacedOps(list):
    """Operations of a block; one that comes without a place gets the function's."""

    def __init__(self, function: MarkedFunction):
        super().__init__()
        self.function = function

    def append(self, op: tuple) -> None:
        made = PlacedOp(op)
        made.place = self.function.place
        super().append(made)


class MarkedFunction(Function):
    """A function whose operations get a place."""

    marked = True

    def __init__(self, name: str):
        super().__init__(name)
        self.place: tuple[str, int] | None = None
        self.steps: dict[tuple[str, int], set[str]] = {}     # instructions left to the interpreter's handlers

    def block(self) -> Block:
        made = super().block()
        made.ops = PlacedOps(self)
        return made

    def copies(self, op: tuple) -> None:
        self.place = place_of(op) or self.place

    def show(self) -> str:
        """The text form, with a line of the source before what is of it."""
        from linecache import getline
        lines, shown = [], None
        for block in self.blocks:
            params = ", ".join(f"{name}: {kind}" for name, kind in block.params)
            lines.append(f"B{block.number}({params}):")
            shown = None
            for op in block.ops:
                place = place_of(op) or shown
                if place != shown and place is not None:
                    lines.append(f"  ; {place[0].rpartition('/')[2]}:{place[1]}  {getline(*place).strip()}")
                    shown = place
                lines.append("  " + show_op(op))
            lines.append("  " + show_end(block.end))
        return "\n".join(lines)


def place_of(op: tuple) -> tuple[str, int] | None:
    """File and line of an operation, None where it is not known."""
    return getattr(op, "place", None)
