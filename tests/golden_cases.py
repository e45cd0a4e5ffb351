"""Reads the golden cases: `tests/golden/<topic>.test`, data first.

    [case while_sum]
    def f(n):
        i = s = 0
        while i < n: s, i = s + i, i + 1
        return s
    [run] f(1000) == 499500               an expression; with `==` both sides are shown when they differ
    [run] f("a") raises TypeError: '<' not supported between instances of 'int' and 'str'
    [output]                              what the source prints, to the letter
    ...
    [raises] ValueError: message          the source itself ends with this exception
    [bytecode f]                          lines that `fire dev dis` shows for f, in this order
    ADD_INT ? ?                           `?` is one value, a line `...` any number of lines
    [not] CALL                            no line of that function's listing has this word
    [twin ok]                             may run on the host twin (tracing, exotic frames)
    [known] reason                        differs from the host for this reason; an error when it does no more
    [keeps]                               objects outlive a round on purpose: not in the leak check

Every case, with or without expectations, gives on fire what it gives on the host: output, exception and
traceback.
Lines before the first [case] are a comment.  `attempt(f, *args, **kwargs)` prints a call's result or its
exception in one line; it is a builtin while cases run.
"""

import ast
import dataclasses
import pathlib
import re

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
HEADER = re.compile(
    r"\[(case|run|output|raises|bytecode|not|twin ok|keeps|known)\](?: (.*))?$|\[(case|bytecode) ([\w.<>]+)\]$"
)


@dataclasses.dataclass(eq=False)
class Case:
    """One case; `source` keeps its line numbers, `line` is where it starts in its file."""

    topic: str
    name: str
    line: int
    source: str = ""
    runs: list = dataclasses.field(default_factory=list)
    output: str | None = None
    raises: str | None = None
    bytecode: dict = dataclasses.field(default_factory=dict)
    absent: dict = dataclasses.field(default_factory=dict)
    twin_ok: bool = False
    keeps: bool = False
    known: str = ""

    @property
    def module(self):
        """The module name it runs under."""
        return f"case_{self.name}"

    def script(self):
        """The source with its `run` expressions behind it, as pairs of functions without arguments."""
        if not self.runs:
            return self.source
        rows = "".join(f"    {expression_parts(text)},\n" for text in self.runs)
        return f"{self.source}\n\n_golden_runs = [\n{rows}]\n"


def expression_parts(text):
    """A `run` line as source of a tuple: ("==", left, right), ("true", expression) or ("raises", call,
    message).
    """
    call, raises, message = text.partition(" raises ")
    if raises:
        return f"('raises', lambda: ({call}), lambda: {message!r})"
    body = ast.parse(text.strip(), mode="eval").body
    if isinstance(body, ast.Compare) and len(body.ops) == 1 and isinstance(body.ops[0], ast.Eq):
        left = ast.get_source_segment(text.strip(), body.left)
        right = ast.get_source_segment(text.strip(), body.comparators[0])
        return f"('==', lambda: ({left}), lambda: ({right}))"
    return f"('true', lambda: ({text}), lambda: True)"


def sections(path):
    """The headers of a file with the lines below them: (line number, kind, rest of the header, lines)."""
    lines = None
    for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        found = HEADER.match(line)
        if found:
            lines = []
            yield number, found[1] or found[3], (found[2] or found[4] or "").strip(), lines
        elif lines is not None:
            lines.append(line)


def parse(path):
    """All cases of one file, in order."""
    path = pathlib.Path(path)
    cases = []
    for number, kind, rest, lines in list(sections(path)):
        if kind == "case":
            case, function = Case(path.stem, rest, number, "\n".join(lines).rstrip()), "<module>"
            cases.append(case)
        elif kind == "run":
            case.runs.append(rest)
        elif kind == "output":
            case.output = "\n".join(lines).strip("\n")
        elif kind == "raises":
            case.raises = rest
        elif kind == "bytecode":
            function = rest
            case.bytecode[function] = [line.strip() for line in lines if line.strip()]
        elif kind == "not":
            case.absent.setdefault(function, []).append(rest)
        case.twin_ok |= kind == "twin ok"
        case.keeps |= kind == "keeps"
        case.known = rest if kind == "known" else case.known
    return cases


def matches(pattern, line):
    """Whether the words of `pattern` begin the words of `line`; `?` stands for any one word."""
    expected, found = pattern.split(), line.split()
    return len(found) >= len(expected) and all(e in ("?", f) for e, f in zip(expected, found, strict=False))


def find_fragment(pattern, listing):
    """None if the lines of `pattern` stand in `listing` (`...` skips lines), else the first that does not."""

    def fits(rest, start, loose):
        if not rest:
            return None
        if rest[0] == "...":
            return fits(rest[1:], start, True)
        missing = rest[0]
        for at in range(start, len(listing) if loose else min(start + 1, len(listing))):
            if matches(rest[0], listing[at]):
                missing = fits(rest[1:], at + 1, False)
                if missing is None:
                    return None
        return missing

    return fits(pattern, 0, True)
