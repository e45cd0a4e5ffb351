"""Draw the results of run.py as an SVG bar chart: how many times faster than the host, on a log axis.

    python benchmarks/run.py --out results.json
    python benchmarks/chart.py results.json chart.svg

One group of bars a program (fire, PyPy), a line at 1 for the host, the geometric mean as the last group.
"""
import json
import math
import sys
from xml.sax.saxutils import escape

import report

COLORS = {"fire": "#d9480f", "pypy": "#868e96"}
OTHER_COLOR = "#1971c2"
LEFT, RIGHT, TOP, BAR, GAP, WIDTH = 150, 90, 88, 13, 9, 860
TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


def text(x, y, words, size=12, anchor="start", color="#212529", weight="normal"):
    return ('<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" fill="%s" font-weight="%s">%s</text>'
            % (x, y, size, anchor, color, weight, escape(words)))


def bar(x, y, width, height, color):
    return '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (x, y, width, height, color)


def line(x, y1, y2, color, width):
    return ('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="%s" stroke-width="%s"/>'
            % (x, x, y1, y2, color, width))


def groups(results, names):
    """[(title, {interpreter: ratio, "FAIL" or None})], fastest fire first, the mean last."""
    rows = []
    for program, cells in results["programs"].items():
        values = {}
        for name in names:
            failed = cells.get(name, {}).get("status") == "FAIL"
            values[name] = "FAIL" if failed else report.ratio(cells, name)
        rows.append((program, values))
    first = names[0]
    rows.sort(key=lambda row: -(row[1][first] if isinstance(row[1][first], float) else 0.0))
    means = {name: results["summary"].get(name, {}).get("geomean") for name in names}
    return rows + [("geometric mean", means)]


def axis(rows):
    """A function from ratio to x, and the ticks that are in view."""
    values = [value for _, row in rows for value in row.values() if isinstance(value, float)]
    low = max([tick for tick in TICKS if tick <= min(values + [0.5])] or TICKS[:1])
    high = min([tick for tick in TICKS if tick >= max(values + [2.0])] or TICKS[-1:])
    scale = (WIDTH - LEFT - RIGHT) / math.log(high / low)
    return (lambda value: LEFT + scale * math.log(max(value, low) / low),
            [tick for tick in TICKS if low <= tick <= high])


def legend(names):
    parts, x = [], LEFT
    for name in names:
        parts += [bar(x, 52, 12, 12, COLORS.get(name, OTHER_COLOR)), text(x + 18, 62, name)]
        x += 80
    return parts + [line(x + 6, 52, 64, "#212529", 2), text(x + 18, 62, "host (1x)")]


def draw(results):
    names = [name for name in results["interpreters"] if name != "host"]
    if not names:
        raise SystemExit("nothing but the host was measured")
    rows = groups(results, names)
    x_of, ticks = axis(rows)
    step = BAR * len(names) + GAP
    bottom = TOP + step * len(rows) + GAP
    host = results["interpreters"]["host"]["version"]
    parts = [text(LEFT, 24, "Times faster than %s" % host, 17, weight="bold"),
             text(LEFT, 42, "%s; CPU time, minimum of %d interleaved rounds; log scale"
                  % (results["machine"]["cpu"], results["settings"]["rounds"]), 11, color="#495057")]
    parts += legend(names)
    for tick in ticks:
        parts += [line(x_of(tick), TOP - 4, bottom, "#dee2e6", 1),
                  text(x_of(tick), bottom + 16, "%gx" % tick, 11, "middle", "#495057")]
    y = TOP + GAP / 2
    for title, values in rows:
        weight = "bold" if title == "geometric mean" else "normal"
        parts.append(text(LEFT - 8, y + (step - GAP) / 2 + 4, title, 12, "end", weight=weight))
        for name in names:
            parts += one_bar(values[name], x_of, y, COLORS.get(name, OTHER_COLOR))
            y += BAR
        y += GAP
    parts.append(line(x_of(1.0), TOP - 4, bottom, "#212529", 1.5))
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
            'font-family="Helvetica, Arial, sans-serif">' % (WIDTH, bottom + 30, WIDTH, bottom + 30))
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join([head, background] + parts + ["</svg>", ""])


def one_bar(value, x_of, y, color):
    """The bar from the host's line to the ratio, its number to the right of both."""
    one = x_of(1.0)
    if value == "FAIL":
        return [text(one + 5, y + BAR - 3, "FAIL", 11, color="#c92a2a", weight="bold")]
    if value is None:
        return [text(one + 5, y + BAR - 3, "not run", 11, color="#868e96")]
    end = x_of(value)
    return [bar(min(one, end), y, max(abs(end - one), 1.0), BAR - 1, color),
            text(max(one, end) + 5, y + BAR - 3, report.times(value), 11)]


def main(argv):
    if len(argv) != 2:
        raise SystemExit("usage: chart.py RESULTS.json CHART.svg")
    with open(argv[0], encoding="utf-8") as file:
        results = json.load(file)
    with open(argv[1], "w", encoding="utf-8") as file:
        file.write(draw(results))


if __name__ == "__main__":
    main(sys.argv[1:])
