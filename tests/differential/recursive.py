"""Programs of functions that call themselves: what the JIT makes frameless versions of.

    program(7) -> text      a dozen functions of one to six parameters, each called a few times

They calculate with numbers and read lists, trees and strings; a few store something or fail. All recursions end: the
first parameter becomes smaller in each call. Equal seeds give equal programs.
"""
from __future__ import annotations

import random

FUNCTIONS, CALLS, ROUNDS = 12, 4, 3
HEAD = """import sys
class Pair:
    def __init__(self, a, b): self.a, self.b = a, b
tree = Pair(Pair(3, None), Pair(Pair(1.5, 2), None))
items = [3, 1, 4, 1.5, 5, 9, 2, True, 6, None]
numbers = list(range(20))
base = 3
def show(number, function, *arguments):
    try: print(number, repr(function(*arguments))[:60])
    except Exception as error:
        levels, entry = 0, error.__traceback__
        while entry: levels, entry = levels + 1, entry.tb_next
        print(number, type(error).__name__, str(error)[:60], levels)
"""
KINDS = ("int", "int", "float", "bool", "list", "tree", "str")
VALUES = {"float": ("0.5", "-3.25", "1e10"), "bool": ("True", "False"), "list": ("numbers", "items"),
          "tree": ("tree", "None", "tree.a"), "str": ("'abc'", "''")}


class Function:
    """One function's text."""

    def __init__(self, rng: random.Random, number: int):
        self.rng, self.name = rng, f"f{number}"
        self.kinds = ["int"] + [rng.choice(KINDS) for _ in range(rng.randint(0, 5))]
        self.names = ["n"] + [f"p{at}" for at in range(1, len(self.kinds))]
        self.plain = [name for name, kind in zip(self.names, self.kinds) if kind in ("int", "float", "bool")]

    def of_kind(self, kind: str) -> str | None:
        """A parameter of a kind."""
        return self.names[self.kinds.index(kind)] if kind in self.kinds else None

    def expression(self, depth: int = 0) -> str:
        """A number."""
        rng, choice = self.rng, self.rng.random()
        if depth > 2 or choice < .25:
            large = ["1 << 40", "(1 << 62)"] if rng.random() < .15 else []
            return rng.choice([rng.choice(self.plain), str(rng.randint(-3, 12)), "base", "n", *large])
        one, other = (self.expression(depth + 1) for _ in range(2))
        if choice < .7:
            return f"({one} {rng.choice('+-*+-')} {other})"
        if choice < .76:
            return f"({one} {rng.choice(['//', '%'])} {rng.choice(['3', '7', '-4', '(n + 1)'])})"
        if choice < .8:
            return f"(n {rng.choice(['&', '|', '^', '>>'])} {rng.randint(0, 5)})"
        if choice < .86:
            return rng.choice([f"max({one}, {other})", f"abs({one})"])
        for kind, text in (("list", "{}[n % 20]"), ("tree", f"({one} if {{}} is None else 2)"), ("str", "len({})")):
            if self.of_kind(kind) and rng.random() < .4:
                return text.format(self.of_kind(kind))
        return f"({one} if {self.condition()} else {other})"

    def condition(self) -> str:
        """A truth value."""
        rng, choice = self.rng, self.rng.random()
        if choice < .5:
            sign = rng.choice(["<", "<=", "==", "!=", ">", ">="])
            return f"{self.expression(2)} {sign} {self.expression(2)}"
        if choice < .65:
            return f"n % {rng.randint(2, 4)} == {rng.randint(0, 1)}"
        if choice < .75:
            return f"({self.condition()} {rng.choice(['and', 'or'])} {self.condition()})"
        return rng.choice(["", "not "]) + rng.choice(self.plain)

    def argument(self, name: str, kind: str) -> str:
        """What a parameter is in the next call."""
        ways = {"int": [name, f"{name} + 1", "n", f"{name} - n", f"({name} * 3) & 1023", f"{name} * 5"],
                "float": [name, f"{name} * 0.5", f"{name} - n", "float(n)"],
                "bool": [name, f"not {name}", self.condition()],
                "tree": [name, name, f"({name}.a if {name}.__class__ is Pair else None)"]}
        return self.rng.choice(ways.get(kind, [name]))

    def call(self) -> str:
        """The function calls itself."""
        smaller = self.rng.choice(["n - 1", "n - 2", "n - 1", "n // 2 - 1", "n - 3"])
        return f"{self.name}({', '.join([smaller, *map(self.argument, self.names[1:], self.kinds[1:])])})"

    def lines(self) -> list[str]:
        """Its definition."""
        rng = self.rng
        end = rng.choice(["1", "n", "0", "True", "None", self.expression(1)])
        made = [f"def {self.name}({', '.join(self.names)}):", f"    if n <= {rng.randint(0, 1)}: return {end}"]
        made.append(f"    p = {self.expression()}")
        if rng.random() < .4:
            made.append(f"    if {self.condition()}: p = {self.expression()}")
        if rng.random() < .2:
            made.append(f"    while n > {rng.randint(8, 12)}: n, p = n - {rng.randint(1, 3)}, p + {rng.randint(1, 9)}")
        if rng.random() < .15:
            made.append(f"    for i in range(n % 3): p += {self.call()} - i")
        if rng.random() < .1:
            made.append(rng.choice(["    items.append(n); items.pop()", "    if n == 3: [][n]"]))
        more = f" {rng.choice('+-')} {self.call()}" if rng.random() < .5 else ""
        made.append("    return " + rng.choice([
            f"p + {self.call()}{more}", f"{self.call()}{more} if {self.condition()} else p",
            f"p < {self.call()}{more}", f"{self.call()}{more} - p"]))
        return made

    def value(self, kind: str) -> str:
        """An argument from outside."""
        return self.rng.choice(VALUES[kind]) if kind in VALUES else str(self.rng.randint(-9, 40))


def program(seed: int) -> str:
    """A whole program."""
    rng = random.Random(seed)
    lines = [HEAD]
    for number in range(FUNCTIONS):
        made = Function(rng, number)
        lines += made.lines()
        calls = [", ".join([str(number), made.name, str(rng.randint(4, 11)), *map(made.value, made.kinds[1:])])
                 for _ in range(CALLS)]
        lines += [f"show({call})" for call in calls * ROUNDS]
    lines.append("print([sys.getrefcount(one) for one in (tree, tree.a, tree.b, items, numbers)])")
    return "\n".join(lines) + "\n"
