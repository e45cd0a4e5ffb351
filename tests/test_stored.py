"""Later runs of a program take the compiled code of earlier ones: without LLVM, and only where everything is as it was.

Each case runs a program twice with a cache of its own (`FIRE_JIT_LATER=wait`: what is kept for the next run
is there when the first has ended), the second time perhaps changed, and compares with the host.
"""
import json
import textwrap

import pytest

from interpreters import FIRE, HOST, environment, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")

PROGRAM = """
    import sys
    SCALE = 3
    class Point:
        unit = 2
        def __init__(self, x, y):
            self.x = x
            self.y = y
        def size(self, more=1):
            return self.x * self.y + Point.unit + more
    def total(n):
        found = 0
        point = Point(1, 2)
        for i in range(n):
            point.x = i & 15
            found += point.size() * SCALE
            if i % 3 == 0:
                found ^= len(str(i & 7))
        return found
    print([total(3000) for _ in range(12)][-1])
"""


def go(folder, *arguments, program=None, env=None):
    """Run the program in `folder`; its output and statistics."""
    file = folder / "program.py"
    if program is not None:
        file.write_text(textwrap.dedent(program))
    settings = {"PYTHONHASHSEED": None, "FIRE_CACHE_DIR": str(folder / "cache"), "FIRE_JIT_LATER": "wait",
                **(env or {})}
    done = run(FIRE, "--jit=on", "--stats=json", file, *arguments, env=environment(**settings))
    assert done.status == 0, done.err
    expected = run(HOST, file, *arguments)
    assert done.out == expected.out
    return json.loads(done.err.splitlines()[-1])


def test_the_second_run_compiles_nothing(tmp_path):
    first = go(tmp_path, program=PROGRAM)
    second = go(tmp_path)
    third = go(tmp_path)
    assert first["stored"] == 0 and first["traces"] >= 1
    for later in (second, third):
        assert later["stored"] >= 1 and later["traces"] == later["bridges"] == 0 and not later["llvm_loaded"]
        assert later["compile_ms"] < first["compile_ms"]


def test_calls_of_every_shape_are_stored(tmp_path):
    program = """
        def collect(*args, **kw):
            return len(args) + kw["k"]
        def forward(*args, **kw):
            return collect(*args, **kw)
        def total(n):
            found = 0
            for i in range(n):
                found += forward(i, 2, k=i) + (lambda x, y=i: x * y)(2)
            return found
        print([total(3000) for _ in range(12)][-1])
        """
    go(tmp_path, program=program)
    later = go(tmp_path)
    assert later["stored"] >= 1 and later["traces"] == later["bridges"] == 0


@pytest.mark.parametrize("old, new", [
    ("self.x * self.y", "self.x - self.y"),                 # another function
    ("SCALE = 3", "SCALE = 5"),                             # another global
    ("unit = 2", "unit = 7"),                               # another class attribute
    ("more=1", "more=4"),                                   # another default
    ("self.x = x\n            self.y = y", "self.y = y\n            self.x = x"),     # attributes elsewhere
    ("class Point:",
     "class Point:\n        x = property(lambda s: s._x, lambda s, v: s.__dict__.__setitem__('_x', v + 1))"),
    ("class Point:", "class Point:\n        __slots__ = ('x', 'y', 'z')"),
    ("class Point:", "class Base:\n        __slots__ = ('w',)\n    class Point(Base):"),
    ("point.size() * SCALE", "int(point.size() * 1.5)"),
    ("SCALE = 3", "SCALE = 3\n    def len(text): return 9"),        # a builtin's name is a global now
    ("print([total(3000) for _ in range(12)][-1])", """import builtins
    kept, builtins.len = len, lambda text: kept(text) + 2
    print([total(3000) for _ in range(12)][-1])
    builtins.len = kept"""),
    ("range(n)", "range(2, n)"),
])
def test_a_changed_program_is_not_mistaken(tmp_path, old, new):
    go(tmp_path, program=PROGRAM)
    assert old in PROGRAM
    go(tmp_path, program=PROGRAM.replace(old, new))
    go(tmp_path)


DESCRIPTORS = """
    import math
    from collections import namedtuple
    Row = namedtuple("Row", "first second third")
    form = max
    class Box:
        @property
        def held(self): return self.value
        @held.setter
        def held(self, value): self.value = value + 1
        @staticmethod
        def made(x): return x * 2
    def total(n):
        found, box, z = 0.0, Box(), 1j
        box.form = form
        for i in range(n):
            box.held = i
            row = Row(i, 2 * i, 5)
            z = z * 1j + abs(z)
            if abs(z) > 9: z = z / 8
            found += row.second + box.held + box.made(row.third) + box.form(i, 7) + math.hypot(i, z.real)
            found += len("%s:%d" % ("ab"[::-1], i)) + len(b"ab" + bytes([i & 255]))
        return found, z
    print([total(3000) for _ in range(12)][-1])
"""


@pytest.mark.parametrize("old, new", [
    ("first second third", "third first second"),
    ("form = max", "Row.second, Row.third = Row.third, Row.second\n    form = max"),
    ("value + 1", "value - 1"),
    ("@held.setter\n        def held(self, value): self.value = value + 1",
     "held = held.setter(lambda self, value: self.__dict__.update(value=3 * value))"),
    ("@staticmethod\n        def made(x)", "@classmethod\n        def made(cls, x)"),
    ("form = max", "form = lambda a, b: a * b"),
    ("import math", "import cmath as math\n    math.hypot = lambda a, b: a - b"),
    ("from collections import namedtuple", "def namedtuple(*a): return lambda *b: Some()\n"
     "    class Some:\n        second = property(lambda s: 4)\n        third = 3"),
])
def test_other_descriptors_are_not_mistaken(tmp_path, old, new):
    go(tmp_path, program=DESCRIPTORS)
    assert go(tmp_path)["stored"] >= 1
    assert old in DESCRIPTORS
    go(tmp_path, program=DESCRIPTORS.replace(old, new))
    go(tmp_path)


CHANGES = """
    import sys
    KIND = sys.argv[1] if len(sys.argv) > 1 else ""
    class A:
        step = 1
        def get(self): return self.value + self.step
    class B(A):
        def get(self): return 100
    def other(self): return -self.value
    helper = abs
    def f(n, things):
        found = 0
        for i in range(n):
            thing = things[i % len(things)]
            found += thing.get() + helper(i)
        return found
    def make(kind, value):
        made = kind()
        if KIND == "late": made.before = 1
        made.value = value
        return made
    things = [make(A, n) for n in range(5)]
    if KIND == "subclass": things.append(make(B, 1))
    if KIND == "method": A.get = other
    if KIND == "constant": A.step = 2.5
    if KIND == "hidden": things[1].get = lambda: 7
    if KIND == "global": helper = lambda x: x * 2
    if KIND == "same name":
        class A(A):
            def get(self): return 1000
        things.append(make(A, 3))
    print(f(40000, things), f(1000, things))
    if KIND == "during":
        A.get = other
        print(f(3000, things))
"""


@pytest.mark.parametrize("kind", ["late", "subclass", "method", "constant", "hidden", "global", "same name", "during"])
def test_other_objects_than_before(tmp_path, kind):
    go(tmp_path, program=CHANGES)
    assert go(tmp_path)["stored"] >= 1
    go(tmp_path, kind)
    go(tmp_path, kind)
    go(tmp_path)


def test_an_exit_that_gets_hot_later_is_learned(tmp_path):
    program = """
        import sys
        def f(n, kind):
            found = 0
            for i in range(n):
                if i & 1 and kind: found += i * 0.5
                else: found += i
            return found
        print(f(100000, len(sys.argv) > 1))
    """
    go(tmp_path, program=program)
    assert go(tmp_path, "other")["stored"] == 1
    later = go(tmp_path, "other")
    assert later["stored"] == 1 and later["exits"] < 3000 and not later["llvm_loaded"]
    assert go(tmp_path)["stored"] == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "writable"])
def test_what_is_damaged_is_not_used(tmp_path, damage):
    go(tmp_path, program=PROGRAM)
    folder = tmp_path / "cache" / "machine-code"
    for file in folder.iterdir():
        data = bytearray(file.read_bytes())
        if damage == "cut":
            del data[len(data) // 2:]
        elif damage == "flipped":
            data[-5] ^= 1
        elif damage == "foreign":
            data[:] = b"something else"
        file.write_bytes(data)
    if damage == "writable":
        folder.chmod(0o777)
    assert go(tmp_path)["stored"] == 0


def test_the_cache_lists_and_clears_it(tmp_path):
    go(tmp_path, program=PROGRAM)
    env = environment(FIRE_CACHE_DIR=tmp_path / "cache")
    assert f"regions of {tmp_path / 'program.py'}" in run(FIRE, "dev", "cache", env=env).out
    run(FIRE, "dev", "cache", "--clear", env=env)
    assert go(tmp_path)["stored"] == 0


def test_an_explanation_does_without(tmp_path):
    go(tmp_path, program=PROGRAM)
    said = run(FIRE, "explain", tmp_path / "program.py", env=environment(FIRE_CACHE_DIR=tmp_path / "cache")).err
    assert "loop in total: compiled" in said and "\n0 regions compiled" not in said
    assert go(tmp_path)["stored"] >= 1


def test_one_process_of_many(tmp_path):
    program = """
        import os
        def f(n):
            found = 0
            for i in range(n): found += i & 5
            return found
        f(9000)
        child = os.fork()
        found = f(100000)
        if child: os.waitpid(child, 0)
        print(found)
    """
    go(tmp_path, program=program)
    assert go(tmp_path)["stored"] >= 1
