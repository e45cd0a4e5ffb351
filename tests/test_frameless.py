"""Functions that call themselves without effects run without frames; whatever happens to them, it is as with frames.

Each case is a program that prints the same on the host and on fire, compiled by the baseline compiler, by LLVM, and
with every second or third guard made to fail, so that calls give up in the middle of a recursion.
"""
import textwrap

import pytest

from differential.recursive import program
from interpreters import FIRE, HOST, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
CHECKED = ["--jit=eager", "-X", "fire.jit_verify=1"]
MODES = {"eager": CHECKED, "optimized": [*CHECKED, "-X", "fire.jit_level=2"],
         **{f"stress {n}": [*CHECKED, "-X", f"fire.jit_stress={n}"] for n in (2, 3, 17)}}

NUMBERS = """
    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
    def ackermann(m, n):
        if m == 0: return n + 1
        return ackermann(m - 1, 1) if n == 0 else ackermann(m - 1, ackermann(m, n - 1))
    def even(n): return True if n == 0 else not even(n - 1)
    def half(n): return 1.5 if n < 1 else half(n - 1) * 0.5 + half(n - 2)
    def simpson(a, b, fa, fb, depth):
        m = (a + b) / 2
        fm = m * m * m
        if depth == 0: return (b - a) * (fa + 4 * fm + fb) / 6
        return simpson(a, m, fa, fm, depth - 1) + simpson(m, b, fm, fb, depth - 1)
    def queens(n, row, columns, rising, falling):
        if row == n: return 1
        free, found = ~(columns | rising | falling) & ((1 << n) - 1), 0
        while free:
            bit = free & -free
            free -= bit
            found += queens(n, row + 1, columns | bit, (rising | bit) << 1, (falling | bit) >> 1)
        return found
    def hanoi(n, a, b, c): return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)
    def loop(n):
        total = 0
        for i in range(n): total += loop(i)
        return total + 1
    def nothing(n):
        if n:
            nothing(n - 1); nothing(n - 1)
    for round in range(3):
        print(fib(20), ackermann(2, 20), even(300), half(12), simpson(0.0, 2.0, 0.0, 8.0, 5))
        print(queens(6, 0, 0, 0, 0), hanoi(6, 1, 2, 3), hanoi(6, "x", "y", "z"), loop(9), nothing(7), fib(True))
"""
TREES = """
    import sys
    class Node:
        def __init__(self, left, right, key): self.left, self.right, self.key = left, right, key
        def size(self):
            n = 1
            if self.left is not None: n += self.left.size()
            if self.right is not None: n += self.right.size()
            return n
    def build(low, high):
        if low > high: return None
        middle = (low + high) // 2
        return Node(build(low, middle - 1), build(middle + 1, high), middle)
    def depth(node): return 0 if node is None else 1 + max(depth(node.left), depth(node.right))
    def has(node, key):
        if node is None: return False
        if key == node.key: return True
        return has(node.left, key) if key < node.key else has(node.right, key)
    def count(items, low, high):
        if high - low == 1: return items[low]
        middle = (low + high) // 2
        return count(items, low, middle) + count(items, middle, high)
    for round in range(3):
        tree = build(0, 200)
        print(depth(tree), tree.size(), sum(has(tree, key) for key in range(-5, 220)), count(list(range(99)), 0, 99))
    counts = [sys.getrefcount(one) for one in (tree, tree.left, tree.left.right)]
    for round in range(9): depth(tree), tree.size(), has(tree, 7)
    print(counts == [sys.getrefcount(one) for one in (tree, tree.left, tree.left.right)])
    try: depth(5)
    except AttributeError as error: print(error)
    class List(list): pass
    print(count(List(range(50)), 0, 50), count("abcd", 0, 4), count([1 << 70, 2, 0.5], 0, 3))
    Node.size = lambda self: -1
    print(tree.size())
    old, depth = depth, len
    try: old(tree)
    except TypeError as error: print(error)
"""
LIMITS = """
    import sys, threading
    def total(n): return 0 if n == 0 else n + total(n - 1)
    def power(base, n): return 1 if n == 0 else base * power(base, n - 1)
    def divided(n, by): return n // by if n < 9 else divided(n - 7, by) + n % by
    def levels(error):
        n, entry = 0, error.__traceback__
        while entry: n, entry = n + 1, entry.tb_next
        return n
    def deepest():
        for n in range(900, 1100):
            try: total(n)
            except RecursionError as error: return n, levels(error), str(error)
    for round in range(3):
        print(total(500), power(2, 50), power(3, 100), divided(400, 7))
        try: divided(400, 0)
        except ZeroDivisionError as error: print(error, levels(error))
        print(deepest())
    sys.setrecursionlimit(40000)
    threading.stack_size(256 << 20)
    thread = threading.Thread(target=lambda: print(total(30000)))
    thread.start(); thread.join()
"""
EVENTS = """
    import signal, threading, time
    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
    for n in range(20): fib(n)
    heard, seen, stop = [], [], []
    def watch():
        while not stop:
            seen.append(1); time.sleep(0.001)
    thread = threading.Thread(target=watch)
    thread.start()
    while len(seen) < 3: fib(20)
    stop.append(1); thread.join()
    signal.signal(signal.SIGALRM, lambda *_: heard.append(fib(10)))
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    while len(heard) < 3: print(fib(24)) if not heard else fib(24)
    signal.setitimer(signal.ITIMER_REAL, 0)
    def stopped(*_): raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, stopped)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try: fib(70)
    except KeyboardInterrupt: print("stopped")
    old, fib = fib, lambda n: 100
    print(old(20), set(heard))
"""
OBJECTS = """
    import sys, types
    class Number:
        def __init__(self, v): self.v = v
        def value(self): return self.v
    class Add:
        def __init__(self, left, right): self.left, self.right = left, right
        def value(self): return self.left.value() + self.right.value()
    class Multiply(Add):
        def value(self): return self.left.value() * self.right.value() % 1009
    class Negative:
        def __init__(self, inner): self.inner = inner
        def value(self): return -self.inner.value()
    def term(depth, k=1):
        if depth == 0: return Number(k % 7 - 3)
        if k % 3 == 0: return Negative(term(depth - 1, k * 3 + 1))
        return (Add if k % 3 == 1 else Multiply)(term(depth - 1, k + 1), term(depth - 1, k * 2 + 1))
    class Node:
        def __init__(self, key, left, right): self.key, self.left, self.right = key, left, right
    def build(low, high):
        if low > high: return None
        middle = (low + high) // 2
        return Node(middle, build(low, middle - 1), build(middle + 1, high))
    def find(node, key):
        if node is None or node.key == key: return node
        return find(node.left, key) if key < node.key else find(node.right, key)
    def last(node): return node if node.right is None else last(node.right)
    terms, tree = [term(depth) for depth in range(8)], build(0, 300)
    for round in range(9): values = [one.value() for one in terms]
    print(values)
    for round in range(9): found = [find(tree, key) for key in range(-3, 310)]
    print(sum(one is None for one in found), last(tree).key)
    del found
    probes = tree, tree.left, tree.right, last(tree)
    before = [sys.getrefcount(one) for one in probes]
    for key in range(2000): find(tree, key % 303 - 1); last(tree)
    print(before == [sys.getrefcount(one) for one in probes])
    def key_of(key):
        node = find(tree, key)
        if node is None: return "none"
        return "wrong" if node == None else node.key
    def handed(n, what): return what if n == 0 else handed(n - 1, what)
    one = [1]
    for round in range(60): keys = key_of(round), key_of(-round - 1), type(find(tree, -1)), find(None, 3)
    for round in range(100): handed(3, 5)
    for round in range(60): back = handed(3, one), handed(3, 5), handed(2, None), handed(2, 2.5), handed(1, "s")
    print(keys, back, sys.getrefcount(one))
    def down(n): return base if n == 0 else 1 + down(n - 1)
    base = 1
    other = types.FunctionType(down.__code__, {"base": 100, "down": down})
    def ask(function, n): return function(n)
    for round in range(50): mine = ask(down, 5), ask(down, 0)
    for round in range(50): others = ask(other, 0), ask(other, 3), ask(down, 0)
    print(mine, others)
    Number.value = lambda self: 2
    print(terms[7].value())
    class Bad(Number):
        def value(self): raise KeyError("bad")
    bad = Add(Number(1), Add(Bad(1), Number(2)))
    for round in range(30):
        try: bad.value()
        except KeyError as error: entry, levels = error.__traceback__, 0
    while entry: entry, levels = entry.tb_next, levels + 1
    print(levels)
"""
PROGRAMS = {"numbers": NUMBERS, "trees": TREES, "limits": LIMITS, "objects": OBJECTS}


@pytest.fixture
def script(tmp_path):
    """Writes a program; its path."""
    def written(text):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(text))
        return path
    return written


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", PROGRAMS)
def test_same_as_host(case, mode, script):
    """Output and status."""
    path = script(PROGRAMS[case])
    host, fire = run(HOST, path), run([*FIRE, *MODES[mode]], path)
    assert (fire.status, fire.out, fire.err) == (host.status, host.out, host.err)


@pytest.mark.parametrize("mode", ["eager", "optimized"])
def test_events(mode, script):
    """Signals and other threads come through; what they do is seen."""
    fire = run([*FIRE, *MODES[mode]], script(EVENTS))
    lines = fire.out.splitlines()
    assert fire.status == 0 and set(lines[:-2]) <= {"46368"} and lines[-2:] == ["stopped", "200 {55}"], fire.err


def versions(script, text):
    """Functions of a program that got a frameless version, and sentences on why others did not."""
    lines = run([*FIRE, *CHECKED, "-X", "fire.jit_log=1"], script(text)).err.splitlines()
    made = {line.split()[3].rstrip(":") for line in lines if line.startswith("jit: frameless")}
    return made, {line.split("version of ")[1] for line in lines if line.startswith("jit: no frameless")}


def test_who_has_one(script):
    """What only reads and counts does."""
    assert versions(script, NUMBERS)[0] == {"fib", "ackermann", "even", "half", "simpson", "queens", "hanoi", "loop",
                                            "nothing"}
    assert {"depth", "has", "Node.size"} <= versions(script, TREES)[0]
    assert {"find", "last", "Negative.value"} <= versions(script, OBJECTS)[0]


@pytest.mark.parametrize("text, sentence", [
    ("def f(n, log): return 0 if n == 0 else (log.append(n), f(n - 1, log))[1] + 1", "it has an effect"),
    ("def f(n, log): return [] if n == 0 else f(n - 1, log)", None),
    ("def f(n, log):\n    log[0] = n\n    return 0 if n == 0 else f(n - 1, log)", None),
    ("def f(n, log): return 0 if n == 0 else 1 + f(n - 1, log) + len(str(n))", ""),
    ("def f(n, log):\n    s = 'ab'\n    return 0 if n == 0 or s.count('a') != 1 else f(n - 1, log)", "it has an")])
def test_who_has_none(text, sentence, script):
    """What stores, makes or calls something does not; None: it is not even tried."""
    made, why = versions(script, text + "\nlog = [0]\nfor round in range(4): f(30, log)\nprint(len(log))\n")
    assert not made
    assert bool(why) == (sentence is not None) and all(one.startswith(f"f: {sentence}") for one in why)


def test_it_is_dropped(script):
    """A version that gives up again and again is not used any more, and the program is as fast as without."""
    text = """
        def total(n, step): return 0 if n == 0 else step + total(n - 1, step)
        for round in range(300): total(40, 1)
        huge = (1 << 63) // 41 + 1
        print(all(total(40, huge) == 40 * huge for round in range(300)), total(40, 1))
    """
    host, fire = run(HOST, script(text)), run([*FIRE, *CHECKED], script(text))
    assert fire.out == host.out


def test_the_next_run(script, tmp_path):
    """It is among the code that a later run finds."""
    import os
    env = {**os.environ, "FIRE_CACHE_DIR": str(tmp_path / "cache"), "FIRE_JIT_LATER": "wait"}
    text = "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(24))\n"
    path = script(text)
    for _ in range(2):
        run(FIRE, path, env=env)
    later = run([*FIRE, "-X", "fire.jit_log=1"], path, env=env)
    assert later.out == "46368\n"
    assert sum("jit: stored" in line for line in later.err.splitlines()) == 2 and "trace" not in later.err


@pytest.mark.parametrize("mode", ["eager", "stress 3"])
@pytest.mark.parametrize("seed", range(8))
def test_generated(seed, mode, script):
    """Programs of functions that call themselves, made at random (tests/differential/recursive.py)."""
    path = script(program(seed))
    host, fire = run(HOST, path), run([*FIRE, *MODES[mode]], path)
    assert (fire.status, fire.out, fire.err) == (host.status, host.out, host.err)
