"""Random functions: same result or exception on the host and on the reference interpreter, and verified.

The grammar is small and nasty: swaps, chains, walrus, del, try inside loops, names that may be unbound.
"""
import os
import random

import pytest
import reference
from test_fusions import codes

from firelang.bytecode import translate
from firelang.bytecode.verify import verify

ROUNDS = 4000 if os.environ.get("FIRE_FULL") else 150
NAMES = "abcd"
ARITHMETIC = ["+", "-", "*", "//", "|", "^"]
COMPARISONS = ["<", "<=", "==", "!=", ">", "is"]


class Writer:
    """Writes the source of one random function."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def expression(self, depth=0):
        """An expression over the names, small numbers and `g`, which logs its calls."""
        choose, inner = self.random.choice, lambda: self.expression(depth + 1)
        if depth > 3 or self.random.random() < 0.3:
            return choose([*NAMES, *NAMES, "1", "2", "0"])
        return choose([
            lambda: f"({inner()} {choose(ARITHMETIC)} {inner()})",
            lambda: f"({inner()} {choose(COMPARISONS)} {inner()} {choose(COMPARISONS)} {inner()})",
            lambda: f"({inner()} {choose(COMPARISONS)} {inner()})",
            lambda: f"({inner()} if {inner()} else {inner()})",
            lambda: f"({inner()} {choose(['and', 'or'])} {inner()})",
            lambda: f"({choose(NAMES)} := {inner()})",
            lambda: f"g({inner()}, {inner()})",
            lambda: f"g(*[{inner()}, {inner()}], k={inner()})",
            lambda: f"[{inner()}, {inner()}][{inner()} % 2]",
            lambda: f"g({inner()}).real",
            lambda: f"(not {inner()})",
            lambda: f"g(sum([{choose(NAMES)} for {choose(NAMES)} in ({choose(NAMES)}, 3)]))",
        ])()

    def statement(self, indent, depth, looping):
        """Lines of one statement."""
        choose, value, name = self.random.choice, self.expression, lambda: self.random.choice(NAMES)
        pad = " " * indent

        def block(loop=looping):
            return self.block(indent + 1, depth + 1, loop)

        simple = [
            lambda: f"{pad}{name()} = {value()}",
            lambda: f"{pad}{name()}, {name()} = {value()}, {value()}",
            lambda: f"{pad}{name()}, {name()}, {name()} = {value()}, {value()}, {value()}",
            lambda: f"{pad}{name()} = {name()} = {value()}",
            lambda: f"{pad}{name()} {choose(ARITHMETIC)}= {value()}",
            lambda: f"{pad}h[{value()} % 3] += {value()}",
            lambda: f"{pad}{name()}, h[0] = h[0], {value()}",
            lambda: f"{pad}del {name()}",
            lambda: f"{pad}{value()}",
        ]
        compound = [
            lambda: f"{pad}if {value()}:\n{block()}\n{pad}else:\n{block()}",
            lambda: f"{pad}for {name()} in ({value()}, {value()}):\n{block(True)}",
            lambda: f"{pad}for {name()}, {name()} in ((1, {value()}), ({value()}, 2)):\n{block(True)}",
            lambda: f"{pad}while t():\n{block(True)}",
            lambda: f"{pad}try:\n{block()}\n{pad}except ArithmeticError as {name()}:\n{block()}",
            lambda: f"{pad}try:\n{block()}\n{pad}except NameError:\n{block()}\n{pad}finally:\n{block()}",
            lambda: f"{pad}with m as {name()}:\n{block()}",
        ]
        ends = [f"{pad}return {value()}"] + ([f"{pad}break", f"{pad}continue"] if looping else [])
        if self.random.random() < 0.08:
            return choose(ends)
        return choose(simple if depth > 2 or self.random.random() < 0.6 else compound)()

    def block(self, indent, depth=0, looping=False):
        """One to four statements."""
        return "\n".join(self.statement(indent, depth, looping) for _ in range(self.random.randint(1, 4)))


PRELUDE = """
def outcome():
    log, ticks = [], iter(range(40))
    def t(): return next(ticks, 39) % 3 != 2
    def g(x=0, y=0, k=0):
        log.append((x, y, k))
        if len(log) > 300: raise SystemExit("long")
        return x if isinstance(x, int) else 1
    class M:
        def __enter__(self): return 7
        def __exit__(self, kind, *rest): return kind is TypeError
    h = [1, 2, 3]
    try:
        result = f(1, 2, g, h, t, M())
    except BaseException as e:
        result = type(e).__name__, str(e)
    return repr((result, h, log))
def f(a, b, g, h, t, m):
"""


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_same(seed):
    """Result, exception, changed list and order of calls are the host's."""
    source = PRELUDE + Writer(seed).block(1) + "\n return " + "a, b, c, d"
    code = compile(source, f"random{seed}", "exec", dont_inherit=True)
    for part in codes(code).values():
        verify(part, translate(part))
    host, ours = {}, {"__builtins__": __builtins__, "__name__": "r"}
    exec(code, host)
    reference.execute(code, ours)
    expected, got = host["outcome"](), ours["outcome"]()
    if got != expected:
        pytest.fail(f"{source}\nhost: {expected[:500]}\nours: {got[:500]}", pytrace=False)
