"""Machine code of marked IR (ir/marks.py) with a table of source lines: from which line each address is.

    %v3 = add i64 %v1, 10   ->   %v3 = add i64 %v1, 10, !dbg !1005
                                 !1005 = !DILocation(line: 12, scope: !1004)

LLVM carries the lines through its passes and writes them to .debug_line (lines.py reads it). The whole region is one
subprogram; inlined functions are files within it. The baseline compiler notes where a record of another line begins.
The code is the same as without.
"""
from __future__ import annotations

from array import array
from itertools import groupby

from ..ir.function import Block
from ..ir.marks import place_of
from ..vm.baseline_format import LINE_SHIFT
from .baseline import EXITS, Encoder
from .lower import Lowering

UNIT, SUBPROGRAM, FIRST = 1000, 1001, 1010          # numbers of metadata; what is not a place comes before FIRST
FIXED = """!llvm.dbg.cu = !{!1000}
!llvm.module.flags = !{!1002, !1003}
!1000 = distinct !DICompileUnit(language: DW_LANG_Python, file: !1004, producer: "fire", isOptimized: true,
  runtimeVersion: 0, emissionKind: LineTablesOnly)
!1001 = distinct !DISubprogram(name: "entry", scope: !1004, file: !1004, line: 1, type: !1005, unit: !1000,
  spFlags: DISPFlagDefinition)
!1002 = !{i32 7, !"Dwarf Version", i32 4}
!1003 = !{i32 2, !"Debug Info Version", i32 3}
!1004 = !DIFile(filename: "region", directory: "")
!1005 = !DISubroutineType(types: !1006)
!1006 = !{}
"""


class MarkedLowering(Lowering):
    """Writes one function with the lines of its operations."""

    def module(self) -> list[str]:
        self.numbers: dict = {}             # metadata by its key: a file, a place
        self.metadata: list[str] = []
        self.place: tuple | None = None
        lines = super().module()
        at = next(at for at, line in enumerate(lines) if line.startswith("define "))
        lines[at] = lines[at].replace(" {", f" !dbg !{SUBPROGRAM} {{")
        return [*lines, FIXED + "".join(self.metadata)]

    def body_of(self, block: Block) -> None:
        self.ends[block.number] = self.label
        for place, ops in groupby(block.ops, place_of):
            part = Block(block.number)
            part.ops = list(ops)
            start = len(self.lines)
            super().body_of(part)
            self.place = place or self.place
            self.mark(start)

    def end(self, block: Block) -> None:
        start = len(self.lines)
        super().end(block)
        self.mark(start)

    def mark(self, start: int) -> None:
        """Lines of text from `start` on are of the present place."""
        if self.place is None:
            return
        number = self.number_of(self.place)
        for at in range(start, len(self.lines)):
            self.lines[at] = marked_text(self.lines[at], number)

    def number_of(self, place: tuple[str, int]) -> int:
        """The metadata of a place."""
        file, line = place
        scope = self.numbered(file, "!DILexicalBlockFile(scope: !%d, file: !%d, discriminator: 0)", SUBPROGRAM,
                              self.numbered((file,), '!DIFile(filename: "%s", directory: "")', quoted(file)))
        return self.numbered(place, "!DILocation(line: %d, scope: !%d)", line, scope)

    def numbered(self, key, text: str, *values) -> int:
        """The number of a piece of metadata, written when it is first asked for."""
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = FIRST + len(self.metadata)
            self.metadata.append(f"!{number} = {text % values}\n")
        return number


class MarkedEncoder(Encoder):
    """Writes records with the numbers of their lines."""

    def __init__(self, function, region: int, header: int):
        super().__init__(function, region, header)
        self.numbers: dict = {None: 0}
        self.lines = array("q")
        self.place: int = 0

    def table(self) -> int:
        self.lines = array("q", bytes(8 * (2 * len(self.words) + 3)))       # a record has three words at least
        return self.lines.buffer_info()[0]

    def rows(self) -> list[tuple[int, str, int]]:
        places = [place or ("", 0) for place in self.numbers]
        pairs = self.lines[1:2 * self.lines[0] + 1]
        return [(offset, *places[number]) for offset, number in zip(pairs[::2], pairs[1::2])]

    def block(self, block) -> None:
        ops = block.end[2].ops if block.end[0] == "exit_as" else block.ops
        self.place = self.number_of(place_of(ops[0]) if ops else None)
        start = len(self.words)
        super().block(block)
        if block.end[0] in EXITS:
            self.mark(start)

    def number_of(self, place) -> int:
        """The number of a place; where none is known it is the one before."""
        return self.numbers.setdefault(place, len(self.numbers)) if place else self.place

    def ops(self, ops: list[tuple]) -> None:
        for op in ops:
            self.place = self.number_of(place_of(op))
            start = len(self.words)
            super().ops([op])
            self.mark(start)

    def end(self, block, end: tuple) -> None:
        start = len(self.words)
        super().end(block, end)
        self.mark(start)

    def mark(self, start: int) -> None:
        """The record at `start` is of the present place."""
        if len(self.words) > start and not self.words[start] >> LINE_SHIFT:
            self.words[start] |= self.place << LINE_SHIFT


def marked_text(text: str, number: int) -> str:
    """Instructions of one or several lines, with a place; labels have none."""
    return "\n".join([line if not line or line.endswith(":") else f"{line}, !dbg !{number}"
                      for line in text.split("\n")])


def quoted(text: str) -> str:
    """Text in a string of LLVM assembly."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in (34, 92) else f"\\{byte:02X}"
                   for byte in text.encode("utf-8", "surrogateescape"))
