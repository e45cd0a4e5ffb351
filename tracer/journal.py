"""What the engine did and why, by source line, for `fire explain` and `fire dev dump`.

    engine.journal = Journal()
    journal.exits       {Left("total.py", 4, "total", "an int grows beyond 64 bits"): 31}
    journal.aborts      [Abort("total.py", 3, "total", "most of it is work of the interpreter's handlers", False)]
    journal.steps       {site number: {("total.py", 9): {"CALL_EX"}}}      what compiled code leaves to handlers
    journal.stages      {site number: Stages}                              only with Journal(stages=True)

An engine with a journal makes marked code (ir/marks.py), which is the same machine code with a table of lines.
"""
from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from . import core
from .site import FRAMELESS

NOT_OF_THE_PROGRAM = "it has run often enough to be compiled better"        # the way out to the compiler


class Left(NamedTuple):
    """A way out of compiled code."""

    file: str
    line: int
    function: str
    sentence: str


class Abort(NamedTuple):
    """A place that was not compiled, or not compiled again."""

    file: str
    line: int
    function: str
    sentence: str
    again: bool


class Stages(NamedTuple):
    """A region on its way: the functions it is made of, and its IR."""

    codes: list
    ir: str


class Journal:
    """The notes; the engine calls the methods."""

    def __init__(self, stages: bool = False):
        self.exits: Counter[Left] = Counter()
        self.aborts: list[Abort] = []
        self.steps: dict[int, dict[tuple[str, int], set[str]]] = {}
        self.stages: dict[int, Stages] | None = {} if stages else None
        self.now = None                     # the region that is built

    def region(self, site, root):
        """What makes IR of a site's profile, with lines."""
        from ..specializer.marked import MarkedFrameless, MarkedRegion
        made = MarkedFrameless if site.kind == FRAMELESS else MarkedRegion
        self.now = made(core, site.profile, site.header, root, site.number)
        return self.now

    def built(self, site, function) -> None:
        """The IR of a site is done."""
        self.steps[site.number] = function.steps
        self.now = None
        if self.stages is not None:
            codes = {code.address: code for code in site.profile.codes.values()}
            self.stages[site.number] = Stages([*codes.values()], function.show())

    def leaves(self, site) -> None:
        """The counts of exits, before other code takes the place of a site's."""
        for left, count in exits_of(site):
            self.exits[left] += count

    def gave_up(self, site, why: str, again: bool) -> None:
        """Nothing came of a recording."""
        region, self.now = self.now, None
        place = region and region.function.place or (site.host.co_filename, site.code.line(site.header))
        self.aborts.append(Abort(*place, site.code.name, why, again))


def exits_of(site) -> list[tuple[Left, int]]:
    """How often the code in place was left, by way of the program's."""
    return [(Left(code.host.co_filename, code.line(at), code.name, sentence), count)
            for count, (_, at, sentence, code) in zip(site.taken(), site.exits)
            if count and sentence != NOT_OF_THE_PROGRAM]
