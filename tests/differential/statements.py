"""The statements of generated programs; expressions are in generate.py.

Writer(seed).top(scope) -> [Statement, ...] for module level.  Each method named `stmt_*` is one kind;
FREQUENT gives how often it comes.
"""

from generate import ERRORS, TYPES, Maker, Scope, Statement

FREQUENT = {
    "assign": 16,
    "augment": 10,
    "show": 12,
    "if": 7,
    "for": 7,
    "while": 4,
    "try": 6,
    "unpack": 4,
    "item": 6,
    "method": 4,
    "with": 2,
    "raise": 1,
    "flow": 4,
    "match": 2,
    "delete": 1,
    "consume": 2,
    "ask": 3,
    "walrus": 1,
    "check": 1,
    "attribute": 4,
    "inner": 2,
}
KINDS = [name for name, often in FREQUENT.items() for _ in range(often)]


class Writer(Maker):
    """Statements over the expressions of Maker."""

    def top(self, scope):
        """What may stand at module level: definitions, and statements, half of them guarded."""
        choice = self.random.randrange(25)
        if choice == 0:
            return [self.function(scope)]
        if choice == 1:
            return [self.klass(scope)]
        if choice == 2:
            return [self.generator_function(scope)]
        found = self.statement(scope)
        if found.clauses is not None and self.chance(90) or self.chance(50):
            return [
                Statement(
                    clauses=[
                        ("try:", [found]),
                        ("except Exception as error:", [Statement("print(type(error).__name__, error)")]),
                    ]
                )
            ]
        return [found]

    def block(self, scope, limit=3):
        """A few statements in a scope of their own."""
        return [self.statement(scope) for _ in range(self.random.randint(1, limit))]

    def statement(self, scope):
        """One random statement."""
        kind = self.one(KINDS)
        if (scope.depth > 3 or self.chance(25 * scope.depth)) and kind in (
            "if",
            "for",
            "while",
            "ask",
            "try",
            "with",
            "match",
            "inner",
        ):
            kind = self.one(["assign", "show", "augment"])
        return getattr(self, "stmt_" + kind)(scope)

    def target(self, kind, scope):
        """A variable to assign: an old one of any kind, or a new one."""
        names = sorted(scope.own)
        name = self.one(names) if names and self.chance(55) else self.fresh("v")
        scope.add(kind, name)
        return name

    def stmt_assign(self, scope):
        kind = self.one(TYPES)
        value = self.expression(kind, scope, 3)
        return Statement(f"{self.target(kind, scope)} = {value}")

    def stmt_augment(self, scope):
        kind = self.one(["int", "int", "int", "float", "str", "list"])
        names = [name for name in scope.variables.get(kind, ()) if name in scope.own]
        if not names:
            return self.stmt_assign(scope)
        sign = {
            "int": self.one(["+=", "-=", "*=", "+=", "//=", "%=", "&=", "|=", "^=", ">>="]),
            "float": self.one(["+=", "-=", "*=", "/="]),
        }.get(kind, "+=")
        value = self.expression(kind, scope) if sign != ">>=" else f"({self.expression('int', scope)} & 31)"
        return Statement(f"{self.one(names)} {sign} {value}")

    def stmt_show(self, scope):
        values = [self.expression(self.one(TYPES), scope, 2) for _ in range(self.random.randint(1, 3))]
        return Statement(f"print({', '.join(values)})")

    def stmt_if(self, scope):
        clauses = [(f"if {self.expression('bool', scope)}:", self.block(Scope(scope)))]
        if self.chance(30):
            clauses.append((f"elif {self.expression(self.one(TYPES), scope)}:", self.block(Scope(scope))))
        if self.chance(50):
            clauses.append(("else:", self.block(Scope(scope))))
        return Statement(clauses=clauses)

    def looping(self, scope):
        """A scope inside a loop, or None where loops are nested enough."""
        if scope.nesting >= 2:
            return None
        inner = Scope(scope)
        inner.loop, inner.nesting = True, scope.nesting + 1
        return inner

    def cut(self, inner):
        """What keeps the variables of a loop small."""
        return [
            Statement(f"{name} = clip({name})")
            for kind in ("int", "str", "list", "dict", "tuple", "set")
            for name in inner.variables.get(kind, ())
            if name in inner.own and name[0] == "v"
        ][:12]

    def stmt_for(self, scope):
        inner = self.looping(scope)
        if inner is None:
            return self.stmt_augment(scope)
        i, j = self.fresh("i"), self.fresh("i")
        e = lambda kind: self.expression(kind, scope, 1)  # noqa: E731
        head, kinds = self.one(
            [
                (f"for {i} in range({self.random.randint(0, 9)}):", "int"),
                (f"for {i} in range({e('int')} & 15):", "int"),
                (f"for {i} in {e('list')}[:8]:", "int"),
                (f"for {i} in range(2**63 - 3, 2**63 + 3):", "int"),
                (f"for {i}, {j} in enumerate({e('list')}[:6]):", "int int"),
                (f"for {i} in range(9, {self.one(['0', '-5'])}, -2):", "int"),
                (f"for {i}, {j} in zip({e('list')}[:5], {e('str')}[:5]):", "int str"),
                (f"for {i}, {j} in list({e('dict')}.items())[:6]:", "str int"),
                (f"for {i} in {e('str')}[:6]:", "str"),
                (f"for {i} in {self.generator(scope)}:", "int"),
                (f"for {i} in ({e('int')}, {e('float')}, {e('str')}):", "int"),
            ]
        )
        for name, kind in zip((i, j), kinds.split(), strict=False):
            inner.add(kind, name)
        clauses = [(head, self.block(inner, 4) + self.cut(inner))]
        if self.chance(20):
            clauses.append(("else:", self.block(Scope(scope), 2)))
        return Statement(clauses=clauses)

    def stmt_while(self, scope):
        inner = self.looping(scope)
        if inner is None:
            return self.stmt_show(scope)
        fuel = self.fresh("w")
        clauses = [
            (
                f"while ({fuel} := {fuel} - 1) > 0 and {self.expression('bool', scope, 1)}:",
                self.block(inner, 4) + self.cut(inner),
            )
        ]
        if self.chance(20):
            clauses.append(("else:", self.block(Scope(scope), 2)))
        return Statement(
            clauses=[
                ("if True:", [Statement(f"{fuel} = {self.random.randint(1, 9)}"), Statement(clauses=clauses)])
            ]
        )

    def stmt_try(self, scope):
        name = self.fresh("e")
        clauses = [("try:", self.block(Scope(scope)))]
        if self.chance(80):
            for _ in range(self.random.randint(1, 2)):
                kinds = self.one([self.one(ERRORS), f"({self.one(ERRORS)}, {self.one(ERRORS)})", "Error"])
                clauses.append(
                    (
                        f"except {kinds} as {name}:",
                        [Statement(f"print('caught', repr({name}))"), *self.block(Scope(scope), 2)],
                    )
                )
            if self.chance(60):
                clauses.append(
                    (
                        "except Exception:",
                        self.block(Scope(scope), 2) + ([Statement("raise")] if self.chance(20) else []),
                    )
                )
            if self.chance(25):
                clauses.append(("else:", self.block(Scope(scope), 2)))
        if len(clauses) == 1 or self.chance(30):
            inner = Scope(scope)
            inner.loop = False
            clauses.append(("finally:", self.block(inner, 2)))
        return Statement(clauses=clauses)

    def stmt_unpack(self, scope):
        values = [self.expression(kind, scope) for kind in ("int", "int", "float")]
        a, b = self.target("int", scope), self.target("float" if self.chance(30) else "int", scope)
        return Statement(
            self.one(
                [
                    f"{a}, {b} = {values[0]}, {values[1]}",
                    f"{a}, {b} = {b}, {a}"
                    if {a, b} <= scope.own and a != b and self.chance(0)
                    else f"({a}, {b}) = [{values[0]}, {values[2]}]",
                    f"{a} = {b} = {values[0]}",
                    f"{a}, *{self.target('list', scope)} = {self.expression('list', scope)} or [1]",
                ]
            )
        )

    def stmt_item(self, scope):
        lists, dicts = scope.variables.get("list"), scope.variables.get("dict")
        if lists and self.chance(60):
            xs = self.one(lists)
            return Statement(
                self.one(
                    [
                        f"{xs}[{self.expression('int', scope)} % (len({xs}) or 1)] = "
                        f"{self.expression('int', scope)}",
                        f"{xs}[{self.one(['0', '-1', '1'])}] += {self.expression('int', scope, 1)}",
                        f"{xs}[1:2] = {self.expression('list', scope, 1)}[:3]",
                        f"del {xs}[{self.one(['0', '-1:', '1'])}]",
                        f"{xs}[0], {xs}[-1] = {xs}[-1], {xs}[0]",
                    ]
                )
            )
        if dicts:
            d = self.one(dicts)
            return Statement(
                self.one(
                    [
                        f"{d}[{self.expression('str', scope)}] = {self.expression('int', scope)}",
                        f"{d}['a'] += {self.expression('int', scope)}",
                        f"del {d}[{self.expression('str', scope)}]",
                        f"{d}.setdefault({self.expression('str', scope)}, {self.expression('int', scope)})",
                    ]
                )
            )
        return self.stmt_assign(scope)

    def stmt_method(self, scope):
        names = scope.variables.get("list")
        if not names:
            return self.stmt_assign(scope)
        xs, value = self.one(names), self.expression("int", scope)
        return Statement(
            self.one(
                [
                    f"{xs}.append({value})",
                    f"{xs}.pop()",
                    f"{xs}.insert(0, {value})",
                    f"{xs}.extend({self.expression('list', scope)}[:4])",
                    f"{xs}.reverse()",
                    f"{xs}.sort()",
                    f"{xs}.remove({value})",
                    f"print({xs}.index({value}))",
                ]
            )
        )

    def stmt_with(self, scope):
        name = self.fresh("v")
        inner = Scope(scope)
        inner.add("str", name)
        swallow = self.one(["True", "False", "False"])
        return Statement(
            clauses=[
                (
                    f"with Context({self.expression('int', scope, 0)}, {swallow}) as {name}:",
                    self.block(inner),
                )
            ]
        )

    def stmt_raise(self, scope):
        error = self.one(
            [
                f"{self.one(ERRORS)}({self.expression('int', scope)})",
                f"Error({self.expression('str', scope)})",
                "Error",
            ]
        )
        return Statement(
            f"raise {error}"
            + (" from ValueError('cause')" if self.chance(15) else " from None" if self.chance(10) else "")
        )

    def stmt_flow(self, scope):
        test = self.expression("bool", scope, 1)
        if scope.loop and self.chance(75):
            return Statement(f"if {test}: {self.one(['break', 'continue'])}")
        if scope.function:
            return Statement(
                f"if {test}: return {'' if scope.generator else self.expression('int', scope)}".rstrip()
            )
        return self.stmt_show(scope)

    def stmt_match(self, scope):
        kind, a, b = self.one(TYPES), self.fresh("m"), self.fresh("m")
        cases = self.random.sample(
            [
                "case 0 | 1:",
                f"case int() as {a} if {a} > 5:",
                f"case [{a}, *{b}]:",
                f"case ({a}, {b}):",
                f"case {{'a': {a}}}:",
                "case str():",
                "case None | True:",
                f"case [{a}]:",
                "case float():",
                "case 9223372036854775807 | -1:",
            ],
            3,
        )
        clauses = [(case, self.block(Scope(scope), 2)) for case in cases]
        return Statement(
            clauses=[
                (
                    f"match {self.expression(kind, scope)}:",
                    [Statement(clauses=[clause]) for clause in clauses]
                    + [Statement(clauses=[("case _:", [self.stmt_show(scope)])])],
                )
            ]
        )

    def stmt_delete(self, scope):
        names = sorted(name for name in scope.own if name[0] == "v")
        if not names or not self.chance(30):
            return self.stmt_show(scope)
        return Statement(f"del {self.one(names)}")

    def stmt_consume(self, scope):
        g, end = self.fresh("g"), self.one(["close()", "send(5)", "throw(KeyError(1))"])
        return Statement(
            clauses=[
                (
                    "if True:",
                    [
                        Statement(f"{g} = {self.generator(scope)}"),
                        Statement(f"print(next({g}, 'over'), list({g})[:5])"),
                        *(
                            [
                                Statement(
                                    f"{g} = {self.generator(scope)}; next({g}, 0); print({g}.{end})"
                                )
                            ]
                            if self.chance(60)
                            else []
                        ),
                    ],
                )
            ]
        )

    def stmt_ask(self, scope):
        """A loop that asks an iterator itself, until it is at its end or nearly so."""
        inner = self.looping(scope)
        if inner is None:
            return self.stmt_consume(scope)
        it, i, e = self.fresh("g"), self.fresh("i"), self.expression
        source, kind = self.one(
            [
                (f"iter({e('list', scope, 1)}[:9])", "int"),
                (f"iter({e('str', scope, 1)}[:9])", "str"),
                (f"iter(({e('int', scope, 1)}, {e('float', scope, 1)}, {e('str', scope, 1)}))", "int"),
                (f"iter(range({self.random.randint(0, 9)}))", "int"),
                (f"iter({e('dict', scope, 1)})", "str"),
                (f"zip({e('list', scope, 1)}[:5], {e('str', scope, 1)}[:5])", "tuple"),
                (self.generator(scope), "int"),
            ]
        )
        inner.add(kind, i)
        body = self.block(inner, 3) + self.cut(inner)
        if self.chance(50):
            loop = [(f"while ({i} := next({it}, None)) is not None:", body)]
        else:
            asked = Statement(clauses=[("try:", [Statement(f"{i} = next({it})")]),
                                       ("except StopIteration:", [Statement("break")])])
            loop = [("while True:", [asked, *body])]
        return Statement(clauses=[("if True:", [Statement(f"{it} = {source}"), Statement(clauses=loop)])])

    def stmt_walrus(self, scope):
        value = self.expression("int", scope)
        return Statement(f"print(({self.target('int', scope)} := {value}), {self.expression('int', scope)})")

    def stmt_check(self, scope):
        return Statement(f"assert {self.expression('bool', scope)}, {self.expression('str', scope, 1)}")

    def stmt_attribute(self, scope):
        names = scope.variables.get("object")
        if not names:
            if not scope.classes:
                return self.stmt_assign(scope)
            value = self.make_object(scope, 1)
            return Statement(f"{self.target('object', scope)} = {value}")
        o, value = self.one(names), self.expression("int", scope)
        return Statement(
            self.one(
                [
                    f"{o}.a = {value}",
                    f"{o}.a += {value}",
                    f"print({o}.a, {o}.m({value}), {o}.p)",
                    f"{o}.b{self.random.randrange(3)} = {value}",
                    f"print({o} + {value}, {o} == {o}, len({o}))",
                    f"print({o}.b1, {o}.missing)",
                    f"print({o}({value}), {o}[{value}], {value} in {o})",
                    f"{o}.m({value}); print(repr({o}))",
                ]
            )
        )

    def stmt_inner(self, scope):
        """A closure that changes a variable around it, called at once."""
        if not scope.function:
            return self.stmt_assign(scope)
        names = [
            name
            for kind in ("int", "float")
            for name in scope.variables.get(kind, ())
            if name in scope.own and name[0] in "va"
        ]
        if not names:
            return self.stmt_assign(scope)
        f, name = self.fresh("f"), self.one(names)
        inner = Scope(scope, function=True)
        inner.depth += 2
        body = [
            Statement(f"nonlocal {name}"),
            Statement(f"{name} = {self.expression('int', inner)}"),
            *self.block(inner, 2),
            Statement(f"return {name}"),
        ]
        return Statement(
            clauses=[
                (
                    "if True:",
                    [Statement(clauses=[(f"def {f}():", body)]), Statement(f"print({f}(), {name}, {f}())")],
                )
            ]
        )

    # ---- definitions

    def parameters(self):
        """(source, names, how many positional, keyword names) of a parameter list."""
        names = [self.fresh("a") for _ in range(self.random.randint(0, 3))]
        keywords, source = [], list(names)
        if self.chance(40):
            keywords.append(self.fresh("a"))
            source.append(f"{keywords[0]}={self.one(['1', '0.5', '2**63'])}")
        if names and self.chance(10):
            source.insert(1, "/")
        if self.chance(15):
            source.append("*rest")
        elif self.chance(25):
            keywords.append(self.fresh("a"))
            source += ["*", f"{keywords[-1]}=3"]
        if self.chance(12):
            source.append("**others")
        return ", ".join(source), names + keywords, len(names), keywords

    def function(self, scope):
        """A function definition; callable from here on."""
        name = self.fresh("f")
        source, names, positional, keywords = self.parameters()
        inner = Scope(scope, function=True)
        inner.nesting = 1
        inner.functions = inner.functions[-2:] if self.chance(50) else []
        for parameter in names:
            inner.add("int", parameter)
        body = self.block(inner, 6)
        body.append(Statement(f"return {self.expression(self.one(['int', 'int', 'float', 'list']), inner)}"))
        scope.functions.append((name, positional, keywords))
        return Statement(clauses=[(f"def {name}({source}):", body)])

    def generator_function(self, scope):
        """A generator function of one argument."""
        name, n = self.fresh("g"), self.fresh("a")
        inner = Scope(scope, function=True)
        inner.add("int", n)
        inner.functions, inner.generators, inner.nesting = [], inner.generators[-1:], 1
        inner.generator = True
        i = self.fresh("i")
        loop = Scope(inner)
        loop.loop, loop.nesting = True, 2
        loop.add("int", i)
        first = [Statement(f"got = yield {self.expression('int', inner)}")] if self.chance(40) else []
        body = [
            Statement(
                clauses=[
                    (
                        f"for {i} in range({n}):",
                        [
                            *self.block(loop, 2),
                            Statement(f"yield {self.expression('int', loop)}"),
                            *self.cut(loop),
                        ],
                    )
                ]
            )
        ]
        if self.chance(30):
            body = [Statement(clauses=[("try:", body), ("finally:", [Statement(f"print('closing', {n})")])])]
        if scope.generators and self.chance(30):
            body.append(Statement(f"yield from {self.one(scope.generators)}({self.one('012')})"))
        scope.generators.append(name)
        return Statement(clauses=[(f"def {name}({n}):", first + body)])

    def klass(self, scope):
        """A class with some of the usual methods."""
        name = self.fresh("C")
        base = self.one(scope.classes) if scope.classes and self.chance(40) else ""
        inner = Scope(scope, function=True)
        inner.functions, inner.generators, inner.nesting = [], [], 1
        inner.add("int", "x")
        e = lambda: self.expression("int", inner, 1)  # noqa: E731
        slots = [Statement("__slots__ = ('a',)")] if not base and self.chance(10) else []
        init = [
            "self.a = x",
            *(["super().__init__(x)"] if base and self.chance(70) else []),
            *([f"self.b1 = {e()}"] if self.chance(40) else []),
        ]
        methods = [
            ("__init__(self, x)", [Statement(line) for line in init]),
            (
                "m(self, x)",
                [
                    *self.block(inner, 2),
                    Statement(f"self.a = clip({e()})"),
                    Statement(f"return self.a + {e()}"),
                ],
            ),
        ]
        optional = [
            ("__add__(self, o)", "return self.a + o"),
            ("__eq__(self, o)", "return self.a == o.a"),
            ("__len__(self)", "return 3"),
            ("__call__(self, x)", f"return x if self.a else {e()}"),
            ("__getitem__(self, x)", f"return {e()} if x in (0, 1, 'a') else [][x]"),
            ("__contains__(self, x)", "return x == self.a"),
            ("__getattr__(self, n)", "raise AttributeError(n) if n[:2] == '__' else KeyError(n)"),
            ("__bool__(self)", "return self.a != 0"),
            ("__lt__(self, o)", "return self.a < o"),
            ("__iter__(self)", "yield self.a; yield 2"),
        ]
        chosen = self.random.sample(optional, self.random.randint(1, 5))
        functions = [Statement(clauses=[(f"def {head}:", body)]) for head, body in methods]
        functions += [Statement(clauses=[(f"def {head}:", [Statement(line)])]) for head, line in chosen]
        functions.append(
            Statement(clauses=[("def __repr__(self):", [Statement(f"return f'{name}({{self.a}})'")])])
        )
        functions.append(Statement("p = property(lambda self: self.a * 2)"))
        scope.classes.append(name)
        return Statement(
            clauses=[(f"class {name}({base}):" if base else f"class {name}:", slots + functions)]
        )
