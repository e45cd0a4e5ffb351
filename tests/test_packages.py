"""C extensions called from VM code and calling back into it, and pure Python packages, host against fire.

The packages' own test suites are a slow target: FIRE_SLOW=1, or `python3 tests/packages/run.py`.
"""
import importlib.util
import os
import subprocess
import sys

import pytest

from interpreters import FIRE, TESTS, environment, run
from test_cli import compare, same, script

PROGRAMS = {
    "numpy": {"arrays": """
import numpy as np
a = np.arange(12, dtype=float).reshape(3, 4)
print(a.sum(), a.mean(axis=0), (a * 2 + 1)[1, 2], a @ a.T, a[a > 5], a[:, ::2], np.dot(a[0], a[1]), a.T.shape, (a == a).all())
total = 0.0
for i in range(a.shape[0]):
    for j in range(a.shape[1]):
        total += a[i, j] * (i - j)
        a[i, j] = total
print(total, a, type(total).__name__)
def loop(out, x):
    for i in range(len(x)): out[i] = x[i] * 2 + 1
    return out
print(loop(np.zeros(5), np.arange(5)), loop(np.zeros(3, dtype=np.int8), np.array([1, 2, 3], dtype=np.int8)), loop([0] * 3, np.array([1.5, 2, 3])))
b = np.array([2**62, 2**63 - 1], dtype=np.int64)
with np.errstate(over="ignore"): print(b + b, int(b[1]) + 1, b[0] * 2.0, np.uint8(200) + np.uint8(100))
print(np.int64(5) + 3, 3 + np.int64(5), np.float32(0.1) * 3, True + np.int8(1), 10**20 + np.float64(1), 5 // np.int64(2), np.int64(7) in [7], {np.int64(1): 2}[1])
print([x for x in np.array([1, 2])], sum(np.arange(4)), max(np.array([3, 1])), sorted(np.array([3, 1])), list(map(float, np.arange(2))), np.array([1, 2]) == [1, 3])
if np.array([1]): print("true")
""", "callbacks": """
import numpy as np
def f(x, y=1): return x * x + y
print(np.vectorize(f)(np.arange(4)), np.frompyfunc(f, 2, 1)([1, 2], [3, 4]), np.apply_along_axis(lambda r: r.sum(), 1, np.ones((2, 3))))
print(np.fromfunction(lambda i, j: i * 10 + j, (2, 3)), np.piecewise(np.arange(4.0), [np.arange(4) < 2], [lambda x: -x, lambda x: x * 100]))
class C:
    def __init__(self, v): self.v = v
    def __add__(self, o): return C(self.v + getattr(o, "v", o))
    def __mul__(self, o): return C(self.v * getattr(o, "v", o))
    def __repr__(self): return f"C({self.v})"
    def __lt__(self, o): return self.v < o.v
o = np.array([C(3), C(1), C(2)], dtype=object)
print(o + o, o.sum(), o * 2, np.sort(o), np.dot(o, o))
class Arr:
    def __array__(self, dtype=None, copy=None): return np.array([1, 2, 3])
    def __array_ufunc__(self, ufunc, method, *inputs, **kw): return ufunc.__name__, method, len(inputs)
print(np.add(Arr(), 1), np.asarray(Arr()).sum())
class Sub(np.ndarray):
    def __array_finalize__(self, obj): self.tag = getattr(obj, "tag", "none")
    def double(self): return self * 2
s = np.arange(3).view(Sub)
s.tag = "mine"
print(s.double(), s.double().tag, s[1:].tag)
def generator():
    for i in range(3): yield i * 1.5
print(np.fromiter(generator(), float), np.array([*generator()]))
""", "errors": """
import numpy as np, traceback
def bad(x): raise ValueError(f"no {x}")
def show(f):
    try: f()
    except Exception as e: print(type(e).__name__, str(e)[:60], [s.name for s in traceback.extract_tb(e.__traceback__) if "numpy" not in s.filename])
show(lambda: np.vectorize(bad)([1, 2]))
show(lambda: np.frompyfunc(bad, 1, 1)([1]))
show(lambda: np.fromiter((bad(i) for i in range(2)), float))
show(lambda: np.ones(3)[10])
show(lambda: np.ones((2, 2)) @ np.ones(3))
show(lambda: np.array([1, 2]) + "a")
show(lambda: bool(np.array([1, 2])))
class Bad:
    def __add__(self, o): raise KeyError("add")
show(lambda: np.array([Bad()], dtype=object) + 1)
""", "random_and_linalg": """
import numpy as np
r = np.random.default_rng(5)
a = r.normal(size=(4, 4))
print(np.allclose(np.linalg.inv(a) @ a, np.eye(4)), r.integers(0, 10, 5), np.linalg.norm(np.ones(4)), np.polyfit([0, 1, 2], [1, 3, 5], 1).round(6))
x = np.linspace(0, 1, 5)
print(np.trapezoid(x ** 2, x), np.interp(0.3, x, x * 2), np.where(x > 0.5, x, -x), np.cumsum(x), np.unique([3, 1, 3]), np.histogram(x, 2))
rec = np.zeros(2, dtype=[("a", int), ("b", float)])
rec["a"] = [1, 2]
for row in rec: print(row["a"], row)
m = memoryview(np.arange(3, dtype=np.int32))
print(m[1], m.tolist(), np.frombuffer(b"abcd", dtype=np.uint8), np.array([1, 2]).tobytes())
"""},
    "cffi": {"callbacks": """
import cffi
ffi = cffi.FFI()
ffi.cdef("double sqrt(double); void qsort(void *, size_t, size_t, int (*)(const void *, const void *)); int abs(int); size_t strlen(const char *);")
libc = ffi.dlopen(None)
def compare(a, b):
    x, y = ffi.cast("int *", a)[0], ffi.cast("int *", b)[0]
    return x - y
callback = ffi.callback("int(const void *, const void *)", compare)
xs = ffi.new("int[]", [5, 2, 9, 1])
libc.qsort(xs, 4, 4, callback)
print(list(xs), libc.abs(-5), libc.strlen(b"hello"))
@ffi.callback("int(int)", error=-7, onerror=lambda t, v, tb: print("onerror", t.__name__, v))
def fails(x): raise ValueError(f"in callback {x}")
print(fails(3))
try: libc.abs("x")
except TypeError as e: print("TypeError", str(e)[:40])
p = ffi.new("struct { int a; double b; } *") if False else ffi.new("long long *", 2**63 - 1)
print(p[0], int(ffi.cast("uint8_t", 300)), ffi.string(ffi.new("char[]", b"text")))
handle = ffi.new_handle(compare)
print(ffi.from_handle(handle) is compare)
"""},
    "ctypes": {"callbacks": """
import ctypes
libc = ctypes.CDLL(None)
CMP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
seen = []
def compare(a, b):
    seen.append((a[0], b[0]))
    return a[0] - b[0]
xs = (ctypes.c_int * 5)(4, 2, 5, 1, 3)
libc.qsort(xs, 5, ctypes.sizeof(ctypes.c_int), CMP(compare))
print(list(xs), len(seen) > 3)
F = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
def recursive(x): return x if x < 1 else c_recursive(x - 1) + 1
c_recursive = F(recursive)
print(c_recursive(50.5))
@F
def fails(x): raise KeyError(x)
print(type(fails(1.0)).__name__)
class P(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]
    def norm(self): return self.x + self.y
p = P(3, 1.5)
p.x += 2**33 + 1
print(p.norm(), p.x, ctypes.c_uint8(300).value, ctypes.c_int64(2**63).value)
ctypes.pythonapi.PyObject_Repr.restype = ctypes.py_object
ctypes.pythonapi.PyObject_Repr.argtypes = [ctypes.py_object]
print(ctypes.pythonapi.PyObject_Repr([1, "a"]))
call = ctypes.pythonapi.PyObject_CallObject
call.restype, call.argtypes = ctypes.py_object, [ctypes.py_object, ctypes.py_object]
print(call(lambda a, b: a * b, (6, 7)))
try: call(lambda: 1 / 0, ())
except ZeroDivisionError as e: print(e)
"""},
    "sqlite3": {"callbacks": """
import sqlite3
db = sqlite3.connect(":memory:")
db.create_function("twice", 1, lambda x: x * 2)
db.create_collation("rev", lambda a, b: (a < b) - (a > b))
class Mean:
    def __init__(self): self.xs = []
    def step(self, x): self.xs.append(x)
    def finalize(self): return sum(self.xs) / len(self.xs)
db.create_aggregate("mean", 1, Mean)
db.execute("create table t (a integer, b text)")
db.executemany("insert into t values (?, ?)", ((i, chr(97 + i)) for i in range(5)))
print(db.execute("select twice(a), b from t order by b collate rev").fetchall(), db.execute("select mean(a) from t").fetchone())
db.create_function("bad", 1, lambda x: 1 / 0)
try: db.execute("select bad(a) from t").fetchall()
except sqlite3.OperationalError as e: print(e)
db.row_factory = lambda cursor, row: {d[0]: v for d, v in zip(cursor.description, row)}
print(db.execute("select * from t where a > ?", (3,)).fetchall())
with db: db.execute("delete from t")
sqlite3.register_adapter(complex, str)
print(db.execute("select ? as c", (1 + 2j,)).fetchone(), db.total_changes)
seen = []
db.set_trace_callback(seen.append)
db.execute("select 1")
db.set_progress_handler(lambda: 0, 1)
db.execute("select count(*) from t").fetchone()
print(seen[0])
"""},
    "": {"standard_c_modules": """
import functools, itertools, operator, json, re, struct, zlib, hashlib, datetime, decimal, fractions, statistics, random, bisect, heapq, csv, io, pickle, copy, xml.etree.ElementTree as ET
from xml.parsers import expat
class E(json.JSONEncoder):
    def default(self, o): return list(o)
print(json.dumps({"a": {1}}, cls=E), json.loads("[1, 2.5]", parse_float=lambda s: "f" + s), json.loads('{"a": 1}', object_hook=lambda d: sorted(d)))
p = expat.ParserCreate()
names = []
p.StartElementHandler = lambda n, a: names.append((n, a))
p.CharacterDataHandler = names.append
p.Parse("<a x='1'><b>text</b></a>", True)
print(names, ET.fromstring("<r><c>1</c></r>").find("c").text)
def handler(n, a): raise ValueError("in expat")
p = expat.ParserCreate()
p.StartElementHandler = handler
try: p.Parse("<a/>", True)
except ValueError as e: print(e)
random.seed(3)
print(random.random(), random.sample(range(10), 3), decimal.Decimal("1.1") + 2, fractions.Fraction(1, 3) + 1, statistics.mean([1, 2, 3.5]))
print(struct.pack("<hd", 1, 2.5), zlib.crc32(b"abc"), hashlib.md5(b"x").hexdigest(), datetime.date(2024, 2, 28) + datetime.timedelta(2))
class TZ(datetime.tzinfo):
    def utcoffset(self, d): return datetime.timedelta(hours=2)
    def dst(self, d): return None
    def tzname(self, d): return "X"
print(datetime.datetime(2024, 1, 1, tzinfo=TZ()).isoformat(), list(csv.reader(io.StringIO("a,b\\n1,2"))), functools.reduce(lambda a, b: a * b, range(1, 20)))
class Dialect(dict):
    def __missing__(self, k): return k + "!"
print("%(x)s" % Dialect(), "{x}".format_map(Dialect()), operator.attrgetter("real")(5), re.sub("(a)", lambda m: m[1] * 2, "banana"))
class P(pickle.Pickler):
    def reducer_override(self, o): return (str, ("reduced",)) if isinstance(o, D) else NotImplemented
    def persistent_id(self, o): return "pid" if o == "persist" else None
class D: pass
class U(pickle.Unpickler):
    def persistent_load(self, pid): return "loaded " + pid
b = io.BytesIO()
P(b).dump([D(), "persist", 5])
print(U(io.BytesIO(b.getvalue())).load())
"""},
}
CASES = [(module, name) for module, programs in PROGRAMS.items() for name in programs]


@pytest.mark.parametrize(("module", "name"), CASES)
def test_extension(module, name, tmp_path):
    """Values, callbacks and exceptions through C code are the host's; nothing crashes."""
    if module and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    same([script(tmp_path, PROGRAMS[module][name])], tmp_path, timeout=120)


PURE = {
    "jinja2": "from jinja2 import Environment\nt = Environment().from_string('{% for x in xs if x %}{{ loop.index }}:{{ x|upper }} {% else %}none{% endfor %}{% macro m(a, b=2) %}{{ a + b }}{% endmacro %}{{ m(1) }}')\n"
              "print(t.render(xs=['a', '', 'b']), t.render(xs=[]))\ntry: Environment().from_string('{{ 1 / 0 }}').render()\nexcept ZeroDivisionError as e: print(e)",
    "click": "import click\nfrom click.testing import CliRunner\n@click.group()\ndef cli(): pass\n@cli.command()\n@click.option('--n', default=1, type=int)\n@click.argument('who')\ndef hi(n, who): click.echo(who * n)\n"
             "r = CliRunner()\nfor a in (['hi', 'x', '--n', '3'], ['hi'], ['--help'], ['hi', 'x', '--n', 'q']): print(r.invoke(cli, a).exit_code, r.invoke(cli, a).output)",
    "attr": "import attr\n@attr.s(auto_attribs=True, slots=True, order=True)\nclass P:\n    x: int = attr.ib(validator=attr.validators.instance_of(int))\n    y: list = attr.Factory(list)\n"
            "print(P(1), P(1) < P(2), attr.asdict(P(3)), attr.evolve(P(1), x=5))\ntry: P('a')\nexcept TypeError as e: print(e.args[0])",
    "networkx": "import networkx as nx\ng = nx.path_graph(6)\ng.add_edge(0, 5, weight=3)\nprint(nx.shortest_path(g, 0, 3), nx.degree_centrality(g), sorted(nx.connected_components(g)), nx.is_bipartite(g))\n"
                "try: nx.shortest_path(g, 0, 99)\nexcept nx.NodeNotFound as e: print(e)",
    "sympy": "from sympy import symbols, expand, diff, integrate, sin, solve, Rational, factor\nx, y = symbols('x y')\nprint(expand((x + y)**3), diff(sin(x) * x, x), integrate(x**2, x), solve(x**2 - 2, x), Rational(1, 3) + 1, factor(x**2 - 1))",
    "pyparsing": "import pyparsing as pp\nnumber = pp.Word(pp.nums).set_parse_action(lambda t: int(t[0]))\nexpr = pp.infix_notation(number, [('*', 2, pp.OpAssoc.LEFT), ('+', 2, pp.OpAssoc.LEFT)])\n"
                 "print(expr.parse_string('1+2*(3+4)').as_list())\ntry: expr.parse_string('+')\nexcept pp.ParseException as e: print(e)",
}


@pytest.mark.parametrize("package", PURE)
def test_pure_package(package, tmp_path):
    """A pure Python package does the same on the host and, by --vm-packages, on the VM."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    name = script(tmp_path, PURE[package])
    host = same([name], tmp_path, timeout=120)
    compare(host, run(FIRE, name, packages=[package], cwd=tmp_path, timeout=120))


@pytest.mark.slow
@pytest.mark.parametrize("package", ["jinja2", "click", "attrs", "pyparsing", "networkx", "sympy"])
def test_own_suite(package):
    """A package's own tests: what passes on the host passes on the VM."""
    done = subprocess.run([sys.executable, TESTS / "packages" / "run.py", package], capture_output=True, text=True,
                          env={**environment(), **{k: v for k, v in os.environ.items() if k.startswith("FIRE_")}})
    assert done.returncode == 0, done.stdout + done.stderr
