"""A region whose operations know the source lines they are of (ir/marks.py), for `fire explain` and `fire dev dump`.

    MarkedRegion(core, profile, header, root, number).build(kinds)

It is the region in all else: the same paths, the same machine code.
"""
from __future__ import annotations

from ..ir.marks import MarkedFunction
from ..tracer.consumers import HIDDEN
from .frameless import Frameless
from .region import Region


class Marked:
    """Says of each instruction where it stands before anything is emitted for it."""

    function_type = MarkedFunction

    def build(self, kinds: list, *options: bool):
        try:
            return super().build(kinds, *options)
        finally:
            if not self.pending:                # all of it was followed: what is said now is said of the whole
                code = self.profile.root
                self.function.place = (code.host.co_filename, code.line(self.header))

    def single_step(self, instr, fails: bool = False):
        if not fails:
            self.function.steps.setdefault(self.function.place, set()).add(instr.op)
        return super().single_step(instr, fails)

    def begin(self, at: int) -> None:
        super().begin(at)
        frames = self.cx.frames
        depth = len(frames) - 1
        while depth and frames[depth].code.host.co_flags & HIDDEN:        # a builtin's stand-in: the line that calls it
            at = frames[depth].call_at
            depth -= 1
        code = frames[depth].code
        self.function.place = (code.host.co_filename, code.line(at))


class MarkedRegion(Marked, Region):
    """A region."""


class MarkedFrameless(Marked, Frameless):
    """A frameless version of a function."""
