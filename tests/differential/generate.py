"""Makes random Python programs: many types, every kind of statement, always ending soon, the same for a seed.

    program(seed) -> Program; str(program):
        v0 = 9223372036854775807
        for i1 in range(4):
            v0 += i1 * 2
            print(v0, "loop")

A program is a tree of statements, so that a failing one can be made small by leaving parts out.
Invariants: loops have a fixed bound, functions call only functions defined before them, what grows in a
loop is cut (`clip`), so every program ends and stays small; expressions are mostly well typed, one in
thirty is not.
"""

import dataclasses
import random

INTS = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "-5",
    "10",
    "63",
    "64",
    "100",
    "255",
    "256",
    "-257",
    "1003",
    "(2**31)",
    "(-2**31)",
    "(2**53 + 1)",
    "(2**62)",
    "(-2**62)",
    "(2**63 - 1)",
    "(2**63)",
    "(-2**63)",
    "(-2**63 - 1)",
    "(2**64)",
    "3037000500",
    "(10**20)",
]
FLOATS = [
    "0.0",
    "-0.0",
    "1.0",
    "0.5",
    "-1.5",
    "2.0",
    "3.14159",
    "1e16",
    "1e308",
    "5e-324",
    "inf",
    "-inf",
    "nan",
    "(2.0**63)",
]
STRINGS = ["''", "'a'", "'abc'", "'hello world'", "'é🔥'", "'12'", "'A-b-C'", "'%s'", "('x' * 7)"]
TYPES = (
    ["int"] * 8
    + ["float"] * 4
    + ["str"] * 3
    + ["bool"] * 2
    + ["list"] * 4
    + ["dict"] * 2
    + ["tuple", "set", "none", "object"]
)
CLASSES = ["int", "float", "str", "(list, dict)", "bool"]
ERRORS = [
    "ValueError",
    "KeyError",
    "TypeError",
    "ZeroDivisionError",
    "IndexError",
    "AttributeError",
    "ArithmeticError",
    "LookupError",
]

PRELUDE = """\
inf, nan = float("inf"), float("nan")
def clip(x):
    if type(x) is int and not -2**200 < x < 2**200: return x % (2**64 + 13)
    if isinstance(x, (str, list, tuple)) and len(x) > 40: return x[:20]
    if isinstance(x, (dict, set)) and len(x) > 40: return type(x)()
    return x
class Error(Exception): pass
class Context:
    def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
    def __enter__(self): print("enter", self.name); return self.name
    def __exit__(self, kind, value, trace):
        print("exit", self.name, kind and kind.__name__)
        return self.swallow
"""


@dataclasses.dataclass
class Statement:
    """A simple statement (`body` None), or clauses: (header, statements) pairs such as if/elif/else."""

    text: str = ""
    clauses: list | None = None

    def lines(self, indent=0):
        """Source lines."""
        pad = "    " * indent
        if self.clauses is None:
            yield pad + self.text
            return
        for header, body in self.clauses:
            yield pad + header
            for statement in body or [Statement("pass")]:
                yield from statement.lines(indent + 1)


class Program:
    """A list of statements behind the common prelude."""

    def __init__(self, body):
        self.body = body

    def __str__(self):
        return PRELUDE + "".join(line + "\n" for statement in self.body for line in statement.lines())

    def size(self):
        """How many statements it has."""
        return count(self.body)


def count(body):
    """Statements in a list of statements, nested ones included."""
    return sum(1 + sum(count(inner) for _, inner in statement.clauses or ()) for statement in body)


class Scope:
    """What is visible at a place: variables by type, functions, classes; whether break, return, yield may
    stand there.
    """

    def __init__(self, outer=None, function=False):
        self.variables = {kind: list(names) for kind, names in outer.variables.items()} if outer else {}
        self.functions = list(outer.functions) if outer else []
        self.classes = list(outer.classes) if outer else []
        self.generators = list(outer.generators) if outer else []
        self.own = set() if function or not outer else outer.own
        self.function = function or bool(outer and outer.function)
        self.loop = bool(outer and outer.loop and not function)
        self.depth = outer.depth + 1 if outer else 0
        self.nesting = 0 if function or not outer else outer.nesting
        self.generator = False

    def add(self, kind, name):
        """A variable now holds a value of this kind."""
        for names in self.variables.values():
            if name in names:
                names.remove(name)
        self.variables.setdefault(kind, []).append(name)
        self.own.add(name)


class Maker:
    """Random choices over a grammar."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0
        self.wrong = 0  # percent of expressions of another type than asked for

    def fresh(self, letter):
        """A name nobody has."""
        self.number += 1
        return f"{letter}{self.number}"

    def one(self, choices):
        """A random choice."""
        return self.random.choice(choices)

    def chance(self, percent):
        """True this often."""
        return self.random.random() * 100 < percent

    # ---- expressions: one method a type, `deep` bounds their nesting

    def expression(self, kind, scope, deep=2):
        """Source of an expression of this kind; of another kind now and then."""
        if self.chance(self.wrong):
            kind = self.one(TYPES)
        names = scope.variables.get(kind)
        if names and self.chance(45 if deep > 0 else 75):
            return self.one(names)
        return getattr(self, "make_" + kind)(scope, deep - 1)

    def make_int(self, scope, deep):
        if deep < 0:
            return self.one(INTS)
        e = lambda kind="int": self.expression(kind, scope, deep)  # noqa: E731
        choice = self.random.randrange(20)
        if choice < 7:
            return f"({e()} {self.one(['+', '-', '*', '+', '-', '&', '|', '^'])} {e()})"
        if choice == 18 and scope.functions:
            return self.call(scope, deep)
        return [
            lambda: f"({e()} {self.one(['//', '%'])} {e()})",
            lambda: f"({e()} << ({e()} & 63))",
            lambda: f"({e()} >> ({e()} & 127))",
            lambda: f"({e()} ** {self.one('0123')})",
            lambda: self.one(["-", "~", "+"]) + e(),
            lambda: f"len({e(self.one(['list', 'str', 'dict']))})",
            lambda: f"abs({e()})",
            lambda: f"sum({e('list')})",
            lambda: f"({e()} if {e('bool')} else {e()})",
            lambda: f"max({e()}, {e()})",
            lambda: f"({e('list')} or [{e()}])[{e()} % 3]",
            lambda: f"int({e('float')})",
            lambda: f"({e('dict')}).get({e('str')}, {e()})",
        ][choice % 13]()

    def make_float(self, scope, deep):
        if deep < 0:
            return self.one(FLOATS)
        e = lambda kind="float": self.expression(kind, scope, deep)  # noqa: E731
        return self.one(
            [
                lambda: f"({e()} {self.one('+-*')} {e()})",
                lambda: f"({e()} {self.one('+-*')} {e('int')})",
                lambda: f"({e('int')} / {e('int')})",
                lambda: f"({e()} / {e()})",
                lambda: f"-{e()}",
                lambda: f"abs({e()})",
                lambda: f"round({e()}, {self.one('0123')})",
                lambda: f"({e()} {self.one(['//', '%'])} {e()})",
                lambda: f"float({e('int')})",
                lambda: f"min({e()}, {e()})",
                lambda: f"({e()} if {e('bool')} else {e()})",
            ]
        )()

    def make_bool(self, scope, deep):
        if deep < 0:
            return self.one(["True", "False"])
        e = lambda kind: self.expression(kind, scope, deep)  # noqa: E731
        number = self.one(["int", "float", "int", "bool"])
        sign = self.one(["<", "<=", "==", "!=", ">", ">="])
        return self.one(
            [
                lambda: f"({e(number)} {sign} {e('int')})",
                lambda: f"({e('int')} {sign} {e('int')} {self.one(['<', '=='])} {e(number)})",
                lambda: f"(not {e('bool')})",
                lambda: f"({e('bool')} {self.one(['and', 'or'])} {e('bool')})",
                lambda: f"({e('str')} {sign} {e('str')})",
                lambda: f"({e('int')} {self.one(['in', 'not in'])} {e('list')})",
                lambda: f"({e(self.one(TYPES))} is {self.one(['None', 'True'])})",
                lambda: f"isinstance({e(self.one(TYPES))}, {self.one(CLASSES)})",
                lambda: f"({e('str')} in {e('dict')})",
                lambda: f"bool({e(self.one(TYPES))})",
            ]
        )()

    def make_str(self, scope, deep):
        if deep < 0:
            return self.one(STRINGS)
        e = lambda kind="str": self.expression(kind, scope, deep)  # noqa: E731
        return self.one(
            [
                lambda: f"({e()} + {e()})",
                lambda: f"({e()} * {self.one('0123')})",
                lambda: f"{e()}[{e('int')} % 5:]",
                lambda: f"{e()}[::-1]",
                lambda: f"f'<{{{self.quoteless(scope)}}}{{{self.quoteless(scope)}!r}}>'",
                lambda: f"str({e('int')})",
                lambda: f"repr({e(self.one(TYPES))})",
                lambda: f"({e()}).{self.one(['upper', 'title', 'strip', 'swapcase'])}()",
                lambda: f"'-'.join(map(str, {e('list')}))",
                lambda: f"('%s|%r' % ({e('int')}, {e('float')}))",
                lambda: f"({e()} or {e()})[0]",
                lambda: f"format({e('int')}, ',d')",
            ]
        )()

    def quoteless(self, scope):
        """A variable, or a number, for inside an f-string."""
        names = [name for names in scope.variables.values() for name in names]
        return self.one(names) if names else self.one(INTS)

    def make_list(self, scope, deep):
        if deep < 0:
            return self.one(["[]", "[1, 2, 3]", "[0] * 4", "list(range(5))", "[2**63, -1]"])
        e = lambda kind="int": self.expression(kind, scope, deep)  # noqa: E731
        i, j = self.fresh("q"), self.fresh("q")
        inner = Scope(scope)
        inner.own = set()
        inner.add("int", i)
        body = self.expression(self.one(["int", "float", "int"]), inner, deep)
        return self.one(
            [
                lambda: f"[{e()}, {e(self.one(['int', 'float']))}]",
                lambda: f"[{body} for {i} in range({self.one('345')})]",
                lambda: f"({e('list')} + {e('list')})",
                lambda: f"[{body} for {i} in {e('list')}[:9] if {self.expression('bool', inner, deep)}]",
                lambda: f"{e('list')}[{self.one(['1:', ':2', '::-1', '-2:', '::2'])}]",
                lambda: f"[*{e('list')}, {e()}]",
                lambda: f"[{i} * {j} for {i} in range(3) for {j} in range({i} + 1)]",
                lambda: f"list(map(lambda {i}: {body}, {e('list')}[:9]))",
                lambda: f"sorted({e('list')}, key=lambda {i}: -{i})",
                lambda: f"list(({body}) for {i} in range(3))",
                lambda: f"list({self.generator(scope)})",
            ]
        )()

    def make_dict(self, scope, deep):
        if deep < 0:
            return self.one(["{}", "{'a': 1}", "{'a': 1, 'abc': 2}", "dict(x=5)"])
        e = lambda kind="int": self.expression(kind, scope, deep)  # noqa: E731
        i = self.fresh("q")
        return self.one(
            [
                lambda: f"{{{e('str')}: {e()}, {e('str')}: {e()}}}",
                lambda: f"{{str({i}): {i} * {e()} for {i} in range(3)}}",
                lambda: f"{{**{e('dict')}, 'k': {e()}}}",
                lambda: f"({e('dict')} | {e('dict')})",
                lambda: f"dict(zip('abc', {e('list')}))",
            ]
        )()

    def make_tuple(self, scope, deep):
        kinds = [self.one(["int", "float", "str", "bool"]) for _ in range(2)]
        return "(" + ", ".join(self.expression(kind, scope, deep) for kind in kinds) + ")"

    def make_set(self, scope, deep):
        return (
            f"{{{self.expression('int', scope, deep)}, {self.expression('int', scope, deep)}}}"
            if self.chance(60)
            else f"set({self.expression('list', scope, deep)})"
        )

    def make_none(self, scope, deep):
        return "None"

    def make_object(self, scope, deep):
        if not scope.classes:
            return "None"
        return f"{self.one(scope.classes)}({self.expression('int', scope, deep)})"

    def generator(self, scope):
        """A call of a generator function, or a generator expression."""
        if scope.generators and self.chance(80):
            return f"{self.one(scope.generators)}({self.one('01234')})"
        return f"(x * 2 for x in {self.expression('list', scope, 0)}[:9])"

    def call(self, scope, deep):
        """A call of a function that is there, now and then with wrong arguments."""
        name, positional, keywords = self.one(scope.functions)
        arguments = [self.expression("int", scope, deep) for _ in range(positional)]
        if self.chance(4):
            arguments = arguments[:-1] if self.chance(50) else [*arguments, "1", "2", "3"]
        arguments += [f"{key}={self.expression('int', scope, deep)}" for key in keywords if self.chance(60)]
        if self.chance(10):
            arguments.append(f"*{self.expression('list', scope, 0)}[:1]")
        if self.chance(5):
            arguments.append("**{'zz': 1}")
        return f"{name}({', '.join(arguments)})"


LAST = (
    "print(sorted((k, v) for k, v in list(globals().items()) if k[0] == 'v' and k[1:].isdigit() and "
    "type(v) in (int, float, str, list)))"
)


def program(seed, size=150):
    """A program of about `size` statements: first some variables, at the end all of them printed."""
    from statements import Writer

    writer = Writer(seed)
    scope = Scope()
    body = []
    for kind in ("int", "int", "float", "list", "str", "dict"):
        value = writer.expression(kind, scope, 1)
        name = writer.fresh("v")
        scope.add(kind, name)
        body.append(Statement(f"{name} = {value}"))
    writer.wrong = 3
    body += [writer.function(scope), writer.klass(scope), writer.generator_function(scope)]
    while count(body) < size:
        body += writer.top(scope)
    return Program([*body, Statement(LAST)])
