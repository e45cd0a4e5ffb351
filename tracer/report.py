"""What became of every hot place of a program, for `fire explain`: compiled or not, what was seen, where it
was left and why.

    sieve.py:12  loop in primes_below: compiled and optimized, 412 bytes of machine code
        i is int, composite is list
        left 31 times at line 14: an index is out of range, or counts from the end
            -> Index from the start of the sequence where you can.
"""
from __future__ import annotations

from html import escape

from .loose import strong

# What a user can do about it, by a part of the sentence.
ADVICE = {
    "global name was bound again": "Keep what changes in a local variable or an attribute, not in a global.",
    "another kind of value": "Give a variable values of one type: 0.0 instead of 0 where floats follow.",
    "another type": "Let one loop work on objects of few classes, and change classes only while setting up.",
    "grows beyond 64 bits": "Ints of more than 64 bits are Python's own, at Python's speed.",
    "more than 60 bits": "Ints of more than 60 bits are Python's own, at Python's speed.",
    "an index is out of range": "Index from the start of the sequence where you can.",
    "dict of its own": "Set attributes by name in __init__; avoid vars(x) and x.__dict__ in hot code.",
    "work of the interpreter's handlers": "Its time is spent in library code or in operations that are not "
                                          "compiled yet.",
    "large enough": "Split very large functions, or move rare cases into functions of their own.",
}


class Row:
    """One hot place: where it is, what happened, notes."""

    def __init__(self, file: str, line: int, headline: str, notes: list[str]):
        self.file, self.line, self.headline, self.notes = file, line, headline, notes


def rows(engine) -> list[Row]:
    """All hot places in the order they became hot."""
    return [row_of(site) for site in engine.sites.values()]


def row_of(site) -> Row:
    """One of them."""
    code = site.code
    what = "loop in" if site.kind == 0 else "function"
    if site.native is None:
        before = "the program ended, or the JIT's share of its time was used up, before"
        state = f"not compiled: {site.aborts[-1] if site.aborts else before}"
    else:
        optimized = " and optimized" if site.native_level else ""
        state = f"compiled{optimized}, {site.native.size} bytes of machine code"
        state += " from an earlier run" if site.stored else ""
    notes = kinds_of(site) + exits_of(site)
    if site.native is None and site.aborts:
        notes += advice(site.aborts[-1])
    return Row(code.host.co_filename, code.line(site.header), f"{what} {code.name}: {state}", notes)


def kinds_of(site) -> list[str]:
    """The types its variables had where it is entered."""
    names = site.code.host.co_varnames
    found = [f"{name} is {kind if isinstance(kind, str) else kind.__name__}"
             for name, kind in zip(names, strong(site.kinds or ())) if kind not in (None, ..., "empty", object)]
    return [", ".join(found)] if found else []


def exits_of(site) -> list[str]:
    """Where compiled code was left for the interpreter, most often first, with what can be done."""
    notes = []
    taken = sorted(((count, leaving) for count, leaving in zip(site.taken(), site.exits) if count),
                   key=lambda pair: -pair[0])
    for count, (_, at, sentence, code) in taken[:8]:
        notes.append(f"left {count} times at line {code.line(at)} of {code.name}: {sentence}")
        notes += advice(sentence)
    return notes


def advice(sentence: str) -> list[str]:
    """What a user can do about a sentence."""
    return [f"    -> {text}" for part, text in ADVICE.items() if part in sentence][:1]


def text(engine) -> str:
    """The report for a terminal."""
    lines = []
    for row in rows(engine):
        lines.append(f"{row.file}:{row.line}  {row.headline}")
        lines += [f"    {note}" for note in row.notes]
    counts = engine.counts
    lines.append(f"{counts['traces']} regions compiled, {counts['bridges']} compiled again, "
                 f"{counts['promoted']} optimized, {counts['aborts']} given up; {counts['compile_ms']:.0f} ms")
    return "\n".join(lines)


def page(engine) -> str:
    """The report as one self-contained HTML page, with the source lines."""
    parts = ["<!doctype html><meta charset=utf-8><title>fire explain</title><style>"
             "body{font:15px sans-serif;max-width:60em;margin:2em auto}pre{background:#f4f4f4;padding:.4em}"
             ".not{color:#a30}.done{color:#070}</style><h1>fire explain</h1>"]
    import linecache
    for row in rows(engine):
        state = "not" if ": not compiled" in row.headline else "done"
        source = linecache.getline(row.file, row.line).rstrip()
        notes = "".join(f"<li>{escape(note.strip())}" for note in row.notes)
        parts.append(f"<h3 class={state}>{escape(row.file)}:{row.line}</h3><p>{escape(row.headline)}"
                     f"<pre>{escape(source)}</pre><ul>{notes}</ul>")
    return "\n".join(parts)
