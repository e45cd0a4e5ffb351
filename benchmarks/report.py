"""From measured samples to what people read: ratios, the markdown table, the results in the README.

Results are plain dicts, as they stand in the JSON file:

    {"machine": {"cpu": ..., "commit": ...},
     "settings": {"rounds": 5, "scale": "full", "kernel": 0},
     "interpreters": {"host": {"command": [...], "version": ...}, "fire": ..., "pypy": ...},
     "programs": {"fib": {"host": {"status": "ok", "seconds": 0.85, "rss_mb": 8.5, ...}, "fire": ...}},
     "summary": {"fire": {"geomean": 12.1, "worst": {"program": "pidigits", "ratio": 1.0}, ...}}}

A ratio is host seconds / other seconds: above 1 is faster than the host.
"""
import math

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"


def ratio(cells, interpreter):
    """How many times faster than the host, or None where either did not finish."""
    host, other = cells.get("host"), cells.get(interpreter)
    if not host or not other or host["status"] != "ok" or other["status"] != "ok":
        return None
    return host["seconds"] / max(other["seconds"], 1e-6)


def summarize(programs, interpreters):
    """Geometric mean, best and worst ratio and the failures of each interpreter but the host."""
    summary = {}
    for interpreter in interpreters:
        failed = [name for name, cells in programs.items()
                  if cells.get(interpreter, {}).get("status") == "FAIL"]
        row = summary[interpreter] = {"failed": failed}
        ratios = {name: ratio(cells, interpreter) for name, cells in programs.items()}
        ratios = {name: value for name, value in ratios.items() if value}
        if interpreter == "host" or not ratios:
            continue
        row["programs"] = len(ratios)
        row["geomean"] = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
        for key, pick in (("worst", min), ("best", max)):
            program = pick(ratios, key=ratios.get)
            row[key] = {"program": program, "ratio": ratios[program]}
    return summary


def table(results):
    """The markdown table: seconds, ratio to the host and peak memory of each interpreter."""
    others = [name for name in results["interpreters"] if name != "host"]
    names = ["host"] + others
    head = ["program", "host s"]
    for name in others:
        head += [name + " s", name + " ratio"]
    head += [name + " MB" for name in names]
    rows = []
    for program, cells in results["programs"].items():
        row = [program, seconds(cells, "host")]
        for name in others:
            row += [seconds(cells, name), times(ratio(cells, name))]
        rows.append(row + [memory(cells, name) for name in names])
    for title, text in (("**geometric mean**", mean_cell), ("**worst**", worst_cell)):
        row = [title, ""]
        for name in others:
            row += ["", text(results["summary"].get(name, {}))]
        rows.append(row + [""] * len(names))
    return layout(head, rows)


def layout(head, rows):
    """Markdown with columns padded, so that it reads well in a terminal too."""
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = []
    for row in [head, rule] + rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def seconds(cells, name):
    cell = cells.get(name)
    if not cell:
        return ""
    return "%.3f" % cell["seconds"] if cell["status"] == "ok" else cell["status"]


def memory(cells, name):
    cell = cells.get(name)
    return "%.0f" % cell["rss_mb"] if cell and cell["status"] == "ok" else ""


def times(value):
    if value is None:
        return ""
    return "%.2fx" % value if value < 10 else "%.1fx" % value


def mean_cell(row):
    left_out = " without %d FAIL" % len(row["failed"]) if row.get("failed") else ""
    return "**%s**%s" % (times(row["geomean"]), left_out) if "geomean" in row else ""


def worst_cell(row):
    return "%s %s" % (row["worst"]["program"], times(row["worst"]["ratio"])) if "worst" in row else ""


def caption(results):
    """The lines above the table: where, with what, how."""
    machine, settings = results["machine"], results["settings"]
    kernel = settings["kernel"]
    what = "best of %d in-process repetitions in each process" % kernel if kernel else "whole process"
    lines = ["%s, %d cores, %s, %s; commit %s, %s." % (
        machine["cpu"], machine["cores"], machine["arch"], machine["os"], machine["commit"], machine["date"])]
    lines.append("CPU seconds (%s), minimum of %d interleaved rounds, %s size; ratio: host / other."
                 % (what, settings["rounds"], settings["scale"]))
    lines += ["- %s: %s" % (name, row["version"]) for name, row in results["interpreters"].items()]
    return "\n".join(lines)


def failures(results):
    lines = []
    for program, cells in results["programs"].items():
        for name, cell in cells.items():
            if cell["status"] == "FAIL":
                lines.append("FAIL %s on %s: %s" % (program, name, cell["reason"]))
    return lines


def update_readme(path, results):
    """Replace what stands between the two markers of the README."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, found, rest = text.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise SystemExit("%s lacks the result markers" % path)
    block = "\n\n%s\n\n%s\n\n" % (caption(results), table(results))
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + block + END + after)
