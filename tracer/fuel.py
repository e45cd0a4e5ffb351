"""How many compilations there may be, and which they were: the ground that `fire dev bisect` stands on.

    -X fire.jit_fuel=7 -X fire.jit_dump=DIR     the first seven, and no more; DIR/units says of each:
    7 bridge 3.2 f word 12 /home/x/prog.py:4    its number, what it was, its dumps, its place

A unit is what changes the machine code that runs: a region compiled for the first time (trace), again with
what an exit has taught (bridge), or again with LLVM's optimizer (promotion). Invariant: a run with less
fuel does what one with more does up to its last unit, as long as nothing depends on time: jit_share=100.
"""
from __future__ import annotations


class Fuel:
    """What is left, and the list of what was burnt."""

    def __init__(self, most: int = -1, folder: str = ""):
        self.most, self.folder = most, folder       # most < 0: no limit
        self.burnt = 0

    def burn(self, what: str, site) -> bool:
        """Whether there is fuel for another unit; it is on the list before anything comes of it."""
        if 0 <= self.most <= self.burnt:
            return False
        self.burnt += 1
        if self.folder:
            place = f"{site.code.name} word {site.header} {site.code.host.co_filename}:{site.code.line(site.header)}"
            with open(f"{self.folder}/units", "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{self.burnt} {what} {site.number}.{site.tries} {place}\n")
        return True
