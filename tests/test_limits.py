"""Limits: deep recursion, exhausted memory, huge sources; an error as under the host, never a crash."""

import resource
import subprocess

import pytest

from interpreters import FIRE, HOST, Result, environment, is_host, run
from test_cli import same, script

DEEP = {
    "plain": "def f(n): return f(n + 1)\nf(0)",
    "two": "def f(n): return g(n)\ndef g(n): return f(n)\nf(0)",
    "method": "class C:\n    def m(self): return self.m()\nC().m()",
    "sort_key": "def k(x): return sorted([1], key=k)\nk(1)",
    "map": "def f(x): return list(map(f, [x]))\nf(1)",
    "getattr": "class C:\n    def __getattr__(self, n): return getattr(self, n + 'x')\nC().a",
    "property": "class C:\n    @property\n    def p(self): return self.p\nC().p",
    "repr": "class C:\n    def __repr__(self): return repr([self])\nrepr(C())",
    "eq": "class C:\n    def __eq__(self, o): return [self] == [o]\nC() == C()",
    "add": "class C:\n    def __add__(self, o): return self + o\nC() + 1",
    "radd": "class C:\n    def __radd__(self, o): return sum([self])\n1 + C()",
    "call": "class C:\n    def __call__(self): return self()\nC()()",
    "new": "class C:\n    def __new__(cls): return cls()\nC()",
    "init": "class C:\n    def __init__(self): C()\nC()",
    "iter": "class C:\n    def __iter__(self): return iter(list(self))\nlist(C())",
    "generator": "def g(): yield from g()\nnext(g())",
    "genexp": "def f(n): return sum(f(i) for i in [n])\nf(1)",
    "comprehension": "def f(n): return [f(i) for i in [n]]\nf(1)",
    "lambda": "f = lambda n: f(n)\nf(1)",
    "partial": "import functools\ndef f(): return functools.partial(f)()\nf()",
    "reduce": "import functools\ndef f(a, b): return functools.reduce(f, [1, 2])\nf(1, 2)",
    "exec": "s = 'exec(s)'\nexec(s)",
    "eval": "s = 'eval(s)'\neval(s)",
    "import_hook": "def f(): return __import__('os', {}, {}, [g])\ndef g(): pass\nclass D(dict):\n"
    "    def __missing__(self, k): return eval(k, {}, self)\neval('x', {}, D())",
    "with": "class M:\n    def __enter__(self):\n        with self: pass\n    def __exit__(self, *a): pass\n"
    "with M(): pass",
    "decorator": "def d(f): return d(d)\n@d\ndef g(): pass",
    "contains": "class C:\n    def __contains__(self, x): return x in self\n1 in C()",
    "hash": "class C:\n    def __hash__(self): return hash((self,))\n{C()}",
    "str_format": "class C:\n    def __format__(self, s): return f'{self}'\nf'{C()}'",
    "async": "async def f(): return await f()\ntry: f().send(None)\nfinally: pass",
    "star": "def f(*a, **k): return f(*a, **k)\nf(1, b=2)",
    "except": "def f():\n    try: f()\n    except ValueError: pass\nf()",
    "finally": "def f():\n    try: f()\n    finally: pass\nf()",
    "metaclass": "class M(type):\n    def __instancecheck__(c, x): return isinstance(x, c)\n"
    "class C(metaclass=M): pass\nisinstance(1, C)",
    "setattr": "class C:\n    def __setattr__(self, n, v): setattr(self, n, v)\nC().x = 1",
    "descriptor": "class D:\n    def __get__(self, o, t): return o.x\nclass C: x = D()\nC().x",
    "re_sub": "import re\ndef f(m): return re.sub('a', f, 'a')\nf(1)",
    "json": "import json\ndef d(o): return json.dumps(o, default=d)\nd(object())",
}


@pytest.mark.parametrize("name", DEEP)
def test_recursion_error(name, tmp_path):
    """Endless recursion through any kind of call: the host's error and status."""
    program = script(tmp_path, DEEP[name])
    host, fire = run(HOST, program, cwd=tmp_path), run(FIRE, program, cwd=tmp_path)
    assert not fire.crashed, fire.err[-2000:]
    assert fire.status == host.status
    assert error_of(fire) == error_of(host), fire.err[-1000:]


def error_of(result):
    """The type of the exception that ended a program; its message tells which check of the host found it."""
    return (result.err.strip().splitlines() or [""])[-1].split(":")[0]


@pytest.mark.parametrize("name", DEEP)
def test_c_stack(name, tmp_path):
    """With sys.setrecursionlimit(10**6) fire gives an error where the host may crash; it never does."""
    program = script(
        tmp_path, "import sys\nsys.setrecursionlimit(10**6)\nsys.tracebacklimit = 3\n" + DEEP[name]
    )
    fire = run(FIRE, program, cwd=tmp_path, timeout=120)
    if is_host(FIRE) and fire.crashed:
        pytest.skip("the command under test is a plain CPython, which may crash here")
    assert not fire.crashed, f"signal, status {fire.status}\n{fire.err[-2000:]}"
    assert "RecursionError" in fire.err or "MemoryError" in fire.err, fire.err[-2000:]


def test_deep_but_allowed(tmp_path):
    """100,000 nested VM calls work once the limit allows them."""
    program = script(
        tmp_path,
        "import sys\nsys.setrecursionlimit(150000)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "print(f(100000))\n"
        "def g(n):\n    if n: yield from g(n - 1)\n    yield n\nprint(sum(g(2000)))\n",
    )
    same([program], tmp_path, streams=("status", "out"))


def test_limit_is_restored(tmp_path):
    """After a RecursionError there is room again, in loops, threads and handlers."""
    same(
        [
            script(
                tmp_path,
                """
import sys, threading
def f(n): return f(n + 1)
def depth(n=0):
    try: return depth(n + 1)
    except RecursionError: return n
for _ in range(5):
    try: f(0)
    except RecursionError as e: print(type(e).__name__)
print(depth() == depth(), depth() > 900)
out = []
t = threading.Thread(target=lambda: out.append(depth() > 900)); t.start(); t.join()
print(out)
def handler():
    try: handler()
    except RecursionError:
        return len([x for x in range(3)])
print(handler())
sys.setrecursionlimit(sys.getrecursionlimit() + 500)
print(depth() > 1400)
""",
            )
        ],
        tmp_path,
    )


MEMORY = {
    "list": "xs = []\nwhile True: xs.append('x' * 100000)",
    "string": "s = 'x'\nwhile True: s += s",
    "dict": "d = {}\ni = 0\nwhile True:\n    d[i] = bytes(1000)\n    i += 1",
    "int": "n = 1 << 10**10",
    "objects": "class C: pass\nxs = []\nwhile True:\n    c = C()\n    c.x = list(range(999))\n    xs += [c]",
    "once": "x = [0] * (10**10)",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1)\nf(0)",
    "caught": "try: x = bytearray(10**11)\nexcept MemoryError: print('caught')\nprint('goes on')",
    "floats": "xs = [0.5]\nwhile True: xs = xs + [x * 2 for x in xs]",
    "generator": "def g():\n    while 1: yield [1] * 10000\nxs = list(g())",
}


def run_in(command, folder, megabytes):
    """Run a command with so much address space."""
    limit = megabytes * 2**20
    process = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    return Result(process.returncode, process.stdout, process.stderr)


@pytest.mark.parametrize("name", MEMORY)
def test_memory_limit(name, tmp_path):
    """Under `ulimit -v` a program that eats memory ends with MemoryError or RecursionError."""
    program = script(tmp_path, MEMORY[name])
    result = run_in([*FIRE, program], tmp_path, 700)
    if name == "recursion" and is_host(FIRE):
        pytest.skip("the command under test is a plain CPython, which may crash here")
    assert not result.crashed, f"status {result.status}\n{result.err[-2000:]}"
    if name == "caught":
        assert (result.status, result.out) == (0, "caught\ngoes on\n")
    else:
        assert result.status == 1
        assert "MemoryError" in result.err or "RecursionError" in result.err or "OverflowError" in result.err


COMPILED = {
    "append": "xs = []\nwhile True: xs.append(b'x' * 1000)",
    "comprehension": "[i * 0.5 for i in range(10**9)]",
    "floats": "xs = [None] * 40_000_000\nfor i in range(len(xs)): xs[i] = i * 0.5",
    "tuples": "x, i = None, 0\nwhile True: x, i = (x, i), i + 1",
    "displays": "d, i = {}, 0\nwhile True: d, i = {'a': d, 'b': i, 'c': [i * 0.5, d], 'd': {i}}, i + 1",
    "strings": "s = 'x'\nwhile True: s += 'abcdefghij' * 50000",
    "texts": "xs, i = [], 0\nwhile True: xs.append(f'{i:5d}' + str(i)); i += 1",
    "pairs": "s, i = set(), 0\nwhile True: s.add((i, i)); i += 1",
    "objects": "class C:\n    def __init__(self, a): self.a = a; self.b = 0.5\nx = None\nwhile True: x = C(x)",
}


@pytest.mark.parametrize("name", COMPILED)
def test_memory_limit_in_compiled_code(name, tmp_path):
    """The same where the loop that eats memory is compiled: the error can be caught, three times, and all goes on."""
    body = "".join(f"    {line}\n" for line in COMPILED[name].splitlines())
    program = script(
        tmp_path,
        f"def eat():\n{body}caught = 0\nimport gc; gc.disable()\n"
        "for _ in range(3):\n    try: eat()\n    except MemoryError: caught += 1\n"
        "print(caught, sum([i for i in range(1000)]))\n",
    )
    options = [] if is_host(FIRE) else ["--jit=eager"]
    result = run_in([*FIRE, *options, program], tmp_path, 300)
    assert (result.status, result.out) == (0, "3 499500\n"), result.err[-2000:]


def test_thousands_of_names(tmp_path):
    """A function with 5,000 locals, one with 5,000 constants, a class with 3,000 methods, 300 cells."""
    lines = (
        ["def many_locals():"]
        + [f"    v{i} = {i}" for i in range(5000)]
        + ["    return v0 + v4999, len(locals())", "print(many_locals())"]
    )
    lines += (
        ["def many_constants(x):"]
        + [f"    x += {i * 7 + 100000}; x = x - {i / 3!r}" for i in range(5000)]
        + ["    return x", "print(many_constants(1))"]
    )
    lines += (
        ["class C:"]
        + [f"    def m{i}(self, a={i}): return a" for i in range(3000)]
        + ["print(C().m0() + C().m2999())"]
    )
    lines += (
        ["def cells():"]
        + [f"    c{i} = {i}" for i in range(300)]
        + [
            "    def inner(): return " + " + ".join(f"c{i}" for i in range(300)),
            "    return inner()",
            "print(cells())",
        ]
    )
    lines += ["print(f(" + ", ".join(f"a{i}={i}" for i in range(1000)) + "))"]
    lines.insert(0, "def f(**k): return len(k)")
    lines += [
        "x = [" + ", ".join(map(str, range(20000))) + "]",
        "print(len(x))",
        "d = {" + ", ".join(f"'k{i}': {i}" for i in range(5000)) + "}",
        "print(len(d))",
    ]
    lines += [
        "print(" + " + ".join(f"x[{i}]" for i in range(1500)) + ")",
        "print(f'" + "".join(f"{{x[{i}]}}" for i in range(1000)) + "')",
    ]
    same([script(tmp_path, "\n".join(lines))], tmp_path)


def test_long_script(tmp_path):
    """10,000 lines at module level and as one function, with an error on the last."""
    body = [f"x{i % 50} = x{(i + 7) % 50} + {i}" for i in range(10000)]
    head = ["; ".join(f"x{i} = {i}" for i in range(50))]
    same([script(tmp_path, "\n".join([*head, *body, "print(x1, x49)", "undefined_name"]))], tmp_path)
    inside = "\n".join("    " + line for line in [*head, *body, "return x1 / 0"])
    same([script(tmp_path, f"def f():\n{inside}\nf()\n", "one_function.py")], tmp_path)


def test_branches_and_jumps_over_much_code(tmp_path):
    """Loops and conditionals whose ends are far away: jumps that need long forms."""
    block = "\n".join(f"            y = y + {i}; z[{i % 10}] = y" for i in range(4000))
    same(
        [
            script(
                tmp_path,
                f"""
def f(n, flag):
    z, y = [0] * 10, 0
    for k in range(n):
        if flag and k % 2:
{block}
        else:
            y -= 1
        try:
{block}
            if k == 3: raise ValueError
        except ValueError:
            y = -1
        finally:
            z[0] += 1
    return y, z
print(f(5, True), f(2, False))
""",
            )
        ],
        tmp_path,
    )


NESTED = {
    "parentheses": lambda n: "x = " + "(" * n + "1" + ")" * n + "\nprint(x)",
    "lists": lambda n: "x = " + "[" * n + "]" * n + "\nprint(str(x)[:5])",
    "ifs": lambda n: "\n".join(" " * i + "if True:" for i in range(n)) + "\n" + " " * n + "print('deep')",
    "fors": lambda n: (
        "\n".join(" " * i + f"for i{i} in [{i}]:" for i in range(n)) + "\n" + " " * n + "print('deep')"
    ),
    "functions": lambda n: (
        "\n".join(" " * i + f"def f{i}():" for i in range(n))
        + "\n"
        + " " * n
        + "return 1"
        + "\nprint(callable(f0))"
    ),
    "binary": lambda n: "print(" + "+".join(["1"] * n) + ")",
    "power": lambda n: "print(" + "**".join(["1"] * n) + ")",
    "unary": lambda n: "print(" + "-" * n + "1)",
    "attributes": lambda n: "x = 1" + ".real" * n + "\nprint(x)",
    "calls": lambda n: "f = lambda x: x\nprint(" + "f(" * n + "1" + ")" * n + ")",
    "subscripts": lambda n: "x = [0]\nx[0] = x\nprint(len(x" + "[0]" * n + "))",
    "lambdas": lambda n: "f = " + "lambda: " * n + "1\nprint(callable(f))",
    "conditional": lambda n: (
        "x = 5\nprint(" + "".join(f"{i} if x == {i} else " for i in range(n, 0, -1)) + "0)"
    ),
    "with": lambda n: (
        "import contextlib\nwith " + ", ".join(["contextlib.nullcontext()"] * n) + ": print('in')"
    ),
    "tries": lambda n: (
        "\n".join(" " * i + "try:" for i in range(n))
        + "\n"
        + " " * n
        + "1 / 0\n"
        + "\n".join(" " * i + "finally: pass" for i in reversed(range(n)))
    ),
    "comparison": lambda n: "print(" + " < ".join(map(str, range(n))) + ")",
    "and_or": lambda n: "x = 1\nprint(" + " and ".join(["x"] * n) + ")",
    "elif": lambda n: (
        "x = -1\nif x == 0: pass\n"
        + "\n".join(f"elif x == {i}: pass" for i in range(1, n))
        + "\nelse: print('else')"
    ),
    "fstring": lambda n: "x = 1\nprint(f'" + "{x}" * n + "')",
    "dicts": lambda n: "x = " + "{1:" * n + "1" + "}" * n + "\nprint(str(x)[:4])",
    "comprehensions": lambda n: "x = " + "[" * n + "1" + " for _ in 'a']" * n + "\nprint(str(x)[:3])",
    "match": lambda n: (
        "match 5:\n" + "\n".join(f"  case {-i - 1}: pass" for i in range(n)) + "\n  case _: print('default')"
    ),
    "globals": lambda n: (
        "\n".join(f"g{i} = {i}" for i in range(n)) + "\nprint(" + " + ".join(f"g{i}" for i in range(n)) + ")"
    ),
}


@pytest.mark.parametrize("name", NESTED)
def test_nesting(name, tmp_path):
    """Deep nesting and long chains: the same result or the same error as on the host."""
    for n in (10, 19, 25, 90, 150, 300, 1000):
        program = script(tmp_path, NESTED[name](n), f"nested{n}.py")
        host, fire = run(HOST, program, cwd=tmp_path), run(FIRE, program, cwd=tmp_path)
        assert not fire.crashed, f"{n}: {fire.err[-1000:]}"
        if host.crashed:
            continue
        assert (fire.status, fire.out) == (host.status, host.out), n
        assert fire.err == host.err, n
