"""The report of `fire explain` as one HTML page that needs nothing else: no script, no font, no picture.

    page(report)  ->  "<!doctype html>..."      times as bars, functions by share, source lines with shares and notes
"""
from __future__ import annotations

from html import escape
from linecache import getline

from .report import KINDS, MODES, Note, Report, Section
from .report_text import where

COLOURS = {"compiled": "#2a9d4f", "called": "#8cc63f", "step": "#d9b310", "interpreter": "#e07b28",
           "library": "#7a6fd0", "collector": "#c2456b", "jit": "#4a90c2", "outside": "#999"}
STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1c1c1c; --soft: #777; --line: #e4e4e4; --code: #f7f7f5; }
@media (prefers-color-scheme: dark) {
  :root { --back: #17181a; --text: #e4e4e4; --soft: #999; --line: #303236; --code: #1e2023; } }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em;
       background: var(--back); color: var(--text); }
h1 { font-size: 1.35em } h2 { font-size: 1.05em; margin: 2em 0 .4em; display: flex; gap: .8em }
h2 small { color: var(--soft); font-weight: normal } h2 b { margin-left: auto }
table { border-collapse: collapse; width: 100% } td { padding: 0 .5em; vertical-align: top }
.source { background: var(--code); border: 1px solid var(--line); font: 13px/1.5 ui-monospace, monospace }
.source td.n, td.s { text-align: right; color: var(--soft); width: 4em; white-space: nowrap }
.source td.s { color: var(--text) } .source td.b { width: 8em } .source td.t { white-space: pre-wrap }
.bar { display: flex; height: .8em; margin-top: .35em } .bar i { display: block; height: 100% }
.all .bar { height: 1.4em; margin: 1em 0 }
.key { width: 1em; height: 1em; display: inline-block; vertical-align: -.1em }
.note td { font: 13px/1.45 system-ui, sans-serif }
.note div { padding: .1em .7em; border-left: 3px solid; margin: .1em 0 }
.good div { border-color: #2a9d4f } .bad div { border-color: #d0342c } .exit div { border-color: #d9a310 }
.fine div { border-color: #888; color: var(--soft) }
.step div { border-color: #4a90c2 } .note span, p.soft { color: var(--soft) } .gap td { color: var(--soft) }
"""


def page(report: Report) -> str:
    """The whole page."""
    counts = report.counts
    shown = [section for section in report.sections if section.share >= 0.005 or section.notes]
    legend = "".join(f"<tr class='note {kind}'><td><div>{text}</div></tr>" for kind, text in KINDS.items())
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>fire explain</title>"
             f"<style>{STYLE}</style><h1>fire explain</h1>", head(report), *(part(report, one) for one in shown),
             f"<h2>What the bars mean</h2><table>{legend}</table>",
             f"<p class=soft>{counts['traces']} regions compiled, {counts['bridges']} compiled again, "
             f"{counts['promoted']} optimized later, {counts['aborts']} given up; left {counts['exits']:,} times; "
             f"{counts['compile_ms']:.0f} ms for it.</p></html>"]
    return "\n".join(parts)


def percent(report: Report, count: float) -> str:
    """A part of all samples."""
    return f"{100 * count / report.total:.1f} %" if count and report.total else ""


def bar(found: dict[str, int], full: float) -> str:
    """Times by mode, side by side; `full`: what the whole width stands for."""
    pieces = "".join(f"<i style='width:{100 * found[mode] / full:.2f}%;background:{COLOURS[mode]}' title='{mode}'></i>"
                     for mode in MODES if found.get(mode))
    return f"<div class=bar>{pieces}</div>"


def head(report: Report) -> str:
    """What the time went to."""
    if report.why_not or not report.total:
        return f"<p>{escape(report.why_not or 'The program was too short for times.')}</p>"
    rows = "".join(f"<tr><td><i class=key style='background:{COLOURS[mode]}'></i><td class=s>"
                   f"{percent(report, report.modes[mode])}<td>{mode}<td>{escape(text)}</tr>"
                   for mode, text in MODES.items() if report.modes[mode])
    return (f"<p>{report.seconds:.2f} s of CPU time, {report.total:,} samples</p>"
            f"<div class=all>{bar(report.modes, report.total)}<table>{rows}</table></div>")


def part(report: Report, section: Section) -> str:
    """A function."""
    most = max((sum(found.values()) for found in section.samples.values()), default=1)
    rows = []
    for number in section.shown(report.total):
        if number is None:
            rows.append("<tr class=gap><td><td><td><td class=t>&#8943;</tr>")
            continue
        found = section.samples.get(number, {})
        count = sum(found.values())
        source = escape(getline(section.file, number).rstrip())
        ways = ", ".join(f"{mode} {percent(report, found[mode])}" for mode in MODES if found.get(mode))
        rows.append(f"<tr title='{ways}'><td class=s>{percent(report, count)}<td class=b>{bar(found, most)}"
                    f"<td class=n>{number}<td class=t>{source}</tr>")
        rows += [note(one) for one in section.notes.get(number, ())]
    rows += [note(one) for one in section.loose_notes()]
    title = f"{escape(section.name)} <small>{escape(where(section))}</small>"
    return (f"<h2>{title}<b>{percent(report, section.share * report.total)}</b></h2>"
            f"<table class=source>{''.join(rows)}</table>")


def note(one: Note) -> str:
    """A remark under its line."""
    more = f"<br><span>{escape(one.advice)}</span>" if one.advice else ""
    return f"<tr class='note {one.kind}'><td><td><td><td><div>{escape(one.text)}{more}</div></tr>"
