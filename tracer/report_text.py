"""The report of `fire explain` for a terminal.

    work  total.py:5                                                                                87.3 %
       share  where          line
      12.1 %  compiled          7 |     for i in range(n):
                                    + loop in work: compiled and optimized, 1728 bytes of machine code; n is int
      75.2 %  compiled          8 |         total += square(i) % 7
                                    > left 31 times: an int grows beyond 64 bits
                                      Ints of more than 64 bits are Python's own, at Python's speed.
"""
from __future__ import annotations

from linecache import getline
from textwrap import wrap

from .report import KINDS, MODES, NOT_A_LINE, STAND_INS, Report, Section

WIDTH = 104
MARKS = {"good": "+", "bad": "!", "exit": ">", "fine": "-", "step": "~"}
COLOURS = {"good": "32", "bad": "31", "exit": "33", "fine": "2", "step": "36", "head": "1", "dim": "2"}
COLUMN = 38             # where notes begin
MUCH = 0.15             # of a line's time, from which a second way to run is named


class Text:
    """Writes the lines; `colours`: the terminal shows them."""

    def __init__(self, report: Report, colours: bool):
        self.report, self.colours = report, colours
        self.lines: list[str] = []

    def paint(self, kind: str, text: str) -> str:
        """Text in the colour of its kind."""
        return f"\x1b[{COLOURS[kind]}m{text}\x1b[0m" if self.colours and text else text

    def add(self, text: str = "", kind: str = "") -> None:
        """A line."""
        self.lines.append(self.paint(kind, text) if kind else text)

    def share(self, count: float) -> str:
        """A part of all samples, in eight characters."""
        return f"{100 * count / self.report.total:6.1f} %" if count and self.report.total else " " * 8

    def all(self) -> str:
        """The whole report."""
        self.head()
        for section in self.report.sections:
            if section.share >= 0.005 or section.notes:
                self.section(section)
        if any(section.notes for section in self.report.sections):
            self.add("   ".join(f"{MARKS[kind]} {text}" for kind, text in KINDS.items()), "dim")
            self.add()
        rest = sum(section.share for section in self.report.sections if section.share < 0.005 and not section.notes)
        if rest:
            self.add(f"{100 * rest:6.1f} %  in functions of less than 0.5 % each")
            self.add()
        counts = self.report.counts
        self.add(f"{counts['traces']} regions compiled, {counts['bridges']} compiled again, {counts['promoted']} "
                 f"optimized later, {counts['aborts']} given up; left {counts['exits']:,} times; "
                 f"{counts['compile_ms']:.0f} ms for it")
        return "\n".join(self.lines)

    def head(self) -> None:
        """What the time went to."""
        report = self.report
        self.add()
        if report.why_not:
            self.add(f"fire explain: {report.why_not}", "bad")
        elif not report.total:
            self.add("fire explain: the program was too short for times")
        else:
            self.add(f"fire explain: {report.seconds:.2f} s of CPU time, {report.total:,} samples", "head")
            few = report.total < 200
            for mode, text in MODES.items():
                if report.modes[mode]:
                    self.add(f"{self.share(report.modes[mode])}  {mode:<13} {text}")
            lost = sum(count for mode, count in report.unknown.items() if mode not in NOT_A_LINE)
            if lost:
                self.add(f"{self.share(lost)}  of it at no known line", "dim")
            if few:
                self.add("          so few samples that shares are rough", "dim")
        self.add()

    def section(self, section: Section) -> None:
        """A function."""
        title = f"{section.name}  {where(section)}"
        share = self.share(section.share * self.report.total).strip()
        self.add(f"{title}{share:>{max(WIDTH - len(title), len(share) + 2)}}", "head")
        for number in section.shown(self.report.total):
            if number is None:
                self.add(f"{'...':>{COLUMN - 3}}", "dim")
                continue
            found = section.samples.get(number, {})
            left = f"{self.share(sum(found.values()))}  {ways(found):<21}{number:>5} |"
            self.add((left + " " + getline(section.file, number).rstrip()).rstrip(), "" if found else "dim")
            for note in section.notes.get(number, ()):
                self.note(note)
        for note in section.loose_notes():
            self.note(note)
        self.add()

    def note(self, note) -> None:
        """A remark under its line."""
        space = " " * COLUMN
        for at, part in enumerate(wrap(note.text, WIDTH - COLUMN - 2)):
            self.add(f"{space}{MARKS[note.kind] if not at else ' '} {part}", note.kind)
        for part in wrap(note.advice, WIDTH - COLUMN - 2):
            self.add(f"{space}  {part}", "dim")


def ways(found: dict[str, int]) -> str:
    """How a line ran: what took most of its time, and what took much."""
    total = sum(found.values())
    names = [mode for mode, count in sorted(found.items(), key=lambda item: -item[1]) if count >= MUCH * total]
    if not names:
        return ""
    return ", ".join(names[:2])


def where(section: Section) -> str:
    """Where a function stands."""
    if section.file == STAND_INS:
        return "(builtin, over a generator)"
    return f"{short(section.file)}:{section.first}"


def short(file: str) -> str:
    """A path as it is from here, where that is shorter."""
    if file == STAND_INS:
        return "(builtin, over a generator)"
    from os.path import relpath
    near = relpath(file) if file.startswith("/") else file
    return near if len(near) < len(file) else file


def text(report: Report, colours: bool = False) -> str:
    """The report for a terminal."""
    return Text(report, colours).all()
