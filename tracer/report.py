"""What became of a program, line by line, for `fire explain`: where the time went, what was compiled, what was left.

    report = Report(engine, sampler)
    report.sections[0]                  the function that took most: name, file, share, lines with shares and notes
    report_text.text(report)            for a terminal; report_page.page(report): one HTML page

A note of a line is what became of a loop or function that begins there, a way out of compiled code with how often it
was taken, what was given up and why, or what is left to the interpreter's handlers.
"""
from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from .advice import advice, is_fine
from .consumer_functions import __file__ as STAND_INS
from .journal import exits_of
from .loose import strong
from .sampling import SAMPLED_IN
from .site import FRAMELESS, LOOP

# What a sample is called in the report, most telling first.
MODES = {
    "compiled":    "machine code of the JIT",
    "called":      "functions that compiled code calls: of Python, of libraries, of fire's runtime",
    "step":        "single instructions that compiled code leaves to the interpreter",
    "interpreter": "the interpreter of bytecode",
    "library":     "functions that the interpreter calls: of Python, of libraries",
    "collector":   "Python's collector of cycles",
    "jit":         "translating and compiling",
    "outside":     "starting and ending",
}
assert set(MODES) == set(SAMPLED_IN)
NOT_A_LINE = ("jit", "outside")
KINDS = {"good": "compiled", "bad": "not compiled", "exit": "a costly way out of compiled code",
         "fine": "no loss", "step": "left to the interpreter"}
AROUND = 1              # lines shown before and after one that counts
WAITS = "the JIT's share of the CPU time was used up"
SHOWN = 0.0005          # of the time, from which a line counts


class Note(NamedTuple):
    """A remark on a line: kind is good, bad, exit (a costly one), fine (one that is no loss) or step."""

    kind: str
    text: str
    advice: str = ""


class Section:
    """A function, or the top level of a module: its lines by number."""

    def __init__(self, file: str, name: str, first: int):
        self.file, self.name, self.first = file, name, first
        self.samples: dict[int, dict[str, int]] = {}
        self.notes: dict[int, list[Note]] = {}
        self.share = 0.0

    def note(self, line: int, note: Note) -> None:
        """Add a remark, once; what can be done about several is said once, too."""
        found = self.notes.setdefault(line, [])
        if any((note.kind, note.text) == (other.kind, other.text) for other in found):
            return
        if any(note.advice == other.advice for other in found):
            note = note._replace(advice="")
        found.append(note)

    def loose_notes(self) -> list[Note]:
        """Notes of lines that are not shown."""
        return [note for found in self.notes.values() for note in found] if self.file == STAND_INS else []

    def shown(self, total: int) -> list[int | None]:
        """Numbers of the lines to show, None where some are left out; a builtin's stand-in has none."""
        if self.file == STAND_INS:
            return []
        counted = {line for line, found in self.samples.items() if sum(found.values()) >= SHOWN * total}
        wanted = sorted({near for line in counted | set(self.notes) for near in range(line - AROUND, line + AROUND + 1)
                         if near >= self.first})
        rows: list[int | None] = []
        for before, line in zip([None, *wanted], wanted):
            rows += [None, line] if before is not None and line > before + 1 else [line]
        return rows


class Report:
    """All of it. `sampler`: None where only the notes are wanted."""

    def __init__(self, engine, sampler, seconds: float):
        self.counts, self.seconds, self.why_not = engine.counted(), seconds, sampler.why_not
        codes = [*(row[3] for row in sampler.codes), *(site.host for site in engine.sites.values())]
        self.ranges = function_ranges(codes)
        self.found: dict[tuple[str, int], Section] = {}
        self.modes: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        for (file, line), found in sampler.counts.items():
            self.modes.update(found)
            if line:
                self.at(file, line).samples.setdefault(line, {}).update(found)
            else:
                self.unknown.update(found)
        self.total = sum(self.modes.values())
        for site in engine.sites.values():
            self.site(site, engine)
        self.journal(engine)
        for section in self.found.values():
            section.share = sum(sum(found.values()) for found in section.samples.values()) / max(self.total, 1)
        self.sections = sorted(self.found.values(), key=lambda section: (-section.share, section.file, section.first))

    def at(self, file: str, line: int) -> Section:
        """The section that a line belongs to."""
        spans = [span for span in self.ranges.get(file, ()) if span[0] <= line <= span[1]]
        first, _, name = min(spans, key=lambda span: span[1] - span[0], default=(1, 0, "<module>"))
        found = self.found.get((file, first))
        if found is None:
            found = self.found[file, first] = Section(file, name, first)
        return found

    def site(self, site, engine) -> None:
        """Notes of a hot place."""
        code = site.code
        file = code.host.co_filename
        line = code.line(site.header) if site.kind == LOOP else code.host.co_firstlineno
        what = f"{'loop in' if site.kind == LOOP else 'function'} {code.name}"
        if site.kind == FRAMELESS:
            what += ", for calls without frames"
        if site.native is not None:
            optimized = " and optimized" if site.native_level else ""
            self.at(file, line).note(line, Note("good", f"{what}: compiled{optimized}, {site.native.size} bytes of "
                                                        f"machine code{types_of(site)}"))
            for (at, number), ops in sorted(engine.journal.steps.get(site.number, {}).items()):
                text = f"left to the interpreter's handlers: {', '.join(sorted(ops))}"
                self.at(at, number).note(number, Note("step", text, advice(text)))
        elif not site.aborts and site.kind != FRAMELESS:
            wanted = engine.recordings[site.kind]
            why = WAITS if site.recordings >= wanted else f"{site.recordings} of {wanted} recordings were made"
            self.at(file, line).note(line, Note("bad", f"{what}: not compiled yet: {why}", advice(WAITS)))

    def journal(self, engine) -> None:
        """Notes of exits and aborts."""
        now = Counter()
        for site in engine.sites.values():
            for left, count in exits_of(site):
                now[left] += count
        every = engine.journal.exits + now
        for left, count in every.most_common():
            gone = "" if now[left] else "; now compiled, or not reached any more"
            times = "once" if count == 1 else f"{count:,} times"
            kind = "fine" if is_fine(left.sentence) else "exit"
            self.at(left.file, left.line).note(left.line, Note(kind, f"left {times}: {left.sentence}{gone}",
                                                               advice(left.sentence)))
        for abort in engine.journal.aborts:
            what = "not compiled again" if abort.again else "not compiled"
            self.at(abort.file, abort.line).note(abort.line, Note("bad", f"{abort.function}: {what}: {abort.sentence}",
                                                                  advice(abort.sentence)))


def function_ranges(codes) -> dict[str, list[tuple[int, int, str]]]:
    """By file: first line, last line, name of each function; what has no name belongs to what is around."""
    found: dict[str, set] = {}
    for code in codes:
        if code.co_name == "<module>" or not code.co_name.startswith("<"):
            lines = [line for *_, line in code.co_lines() if line]
            span = code.co_firstlineno, max(lines, default=0), code.co_qualname
            found.setdefault(code.co_filename, set()).add(span)
    return {file: sorted(spans) for file, spans in found.items()}


def types_of(site) -> str:
    """The types its variables had where it is entered."""
    names = site.code.host.co_varnames
    found = [f"{name} is {kind if isinstance(kind, str) else kind.__name__}"
             for name, kind in zip(names, strong(site.kinds or ())) if kind not in (None, ..., "empty", object)]
    return "; " + ", ".join(found) if found else ""
