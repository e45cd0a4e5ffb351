"""Compiled loops and functions behave as interpreted ones: what is bound again, interrupts, threads,
tracebacks, references.

Each case is a program; it prints the same on the host, on fire with everything compiled (`--jit=eager`), and with every
third guard made to fail. `--stats=json` tells that something was compiled at all.
"""
import textwrap
from pathlib import Path

import pytest

from interpreters import FIRE, HOST, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
PROGRAMS_OF_BENCHMARKS = Path(__file__).parent.parent / "benchmarks" / "programs"
CHECKED = ["--jit=eager", "-X", "fire.jit_verify=1"]
MODES = {"eager": CHECKED, "optimized": [*CHECKED, "-X", "fire.jit_level=2"],
         "stress": [*CHECKED, "-X", "fire.jit_stress=3"]}

PROGRAMS = {
    "global": """
        step = 1
        def f(n):
            global step
            found = []
            for i in range(n):
                found.append(i * step)
                if i % 20 == 10: step += 1
            return found
        print(f(80))
    """,
    "global function": """
        def g(x): return x + 1
        def f(n):
            global g
            found = []
            for i in range(n):
                found.append(g(i))
                if i == 30: g = lambda x: -x
            return found
        print(f(60))
    """,
    "class attribute": """
        class A:
            value = 1
            def get(self): return self.value
        class B(A): pass
        def f(n):
            b, found = B(), []
            for i in range(n):
                found.append(b.get())
                if i == 20: A.value = 2
                if i == 30: B.value = 3
                if i == 40: b.value = 4
                if i == 50: B.get = lambda self: 5
                if i == 60: b.get = lambda: 6
                if i == 70: del b.get, B.get, b.value, B.value
            return found
        print(f(90))
    """,
    "the end of what a number replaces": """
        class Ends:
            def __init__(self, log): self.log = log
            def __del__(self): self.log.append(1)
        class A:
            __slots__ = ("n", "x")
            def __init__(self): self.n, self.x = 1, 0.5
        class B(A): pass
        def f(a, l, n, number):
            log, seen = [], 0
            for i in range(n):
                seen = seen * 3 % 1000003 + len(log)
                a.n = l[0] = i if number else i * 0.5
                a.x = l[1] = i * 0.5 if number else i
                seen += len(log) * 7
                if i % 3 == 0: a.n = Ends(log)
                if i % 4 == 0: a.x = Ends(log)
                if i % 5 == 0: l[0] = Ends(log)
                if i % 7 == 0: l[1] = Ends(log)
            return seen, len(log)
        for kind in A, B:
            for number in 0, 1:
                print(f(kind(), [0, 0], 300, number))
    """,
    "signals while it compiles": """
        import signal
        files = set()
        def handler(number, frame): files.add(frame.f_code.co_filename)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        TEXT = "def f(n):\\n    s = 0\\n    for i in range(n): s += i * {} % 7\\n    return s"
        def made(k):
            names = {}
            exec(compile(TEXT.format(k), __file__, "exec"), names)
            return names["f"]
        total = 0
        for k in range(60): total += made(k)(60)
        while not files: total += 1 - 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(total, files == {__file__})
    """,
    "builtin": """
        import builtins
        def f(n):
            found = []
            for i in range(n):
                found.append(abs(-i))
                if i == 30: builtins.abs = lambda x: "mine"
                if i == 60: del builtins.abs; builtins.abs = real
            return found
        real = abs
        print(f(80))
    """,
    "module function": """
        import math
        def f(n):
            found = []
            for i in range(n):
                found.append(math.sqrt(i * i))
                if i == 30: math.sqrt = lambda x: "mine"
                if i == 50: math.sqrt = real
            return found
        real = math.sqrt
        print(f(70))
    """,
    "new base": """
        class A:
            def get(self): return "A"
        class Z:
            def get(self): return "Z"
        class B(A): pass
        def f(n):
            b, found = B(), []
            for i in range(n):
                found.append(b.get())
                if i == 30: B.__bases__ = (Z,)
            return found
        print(f(60))
    """,
    "new dict and class": """
        class A:
            def __init__(self): self.x = 1
            def get(self): return self.x
        class B(A):
            def get(self): return self.x, "B"
        def f(n):
            a, found = A(), []
            for i in range(n):
                found.append(a.get())
                if i == 20: a.__dict__ = {"x": 2}
                if i == 30: a.__dict__["x"] = 3
                if i == 40: a.__class__ = B
                if i == 50: a.__class__ = A
                if i == 60: vars(a).update(x=4)
            return found
        print(f(80))
    """,
    "code and defaults": """
        def g(x, y=1): return x + y
        def h(x, y=1): return x - y
        def f(n):
            found = []
            for i in range(n):
                found.append(g(i))
                if i == 20: g.__defaults__ = (5,)
                if i == 40: g.__code__ = h.__code__
                if i == 60: g.__defaults__ = (7,)
            return found
        print(f(80))
    """,
    "other globals": """
        import types
        code = compile("t = 0\\nfor i in range(50): t += K\\nprint(t)", "m", "exec")
        for k in (1, 2, 3): exec(code, {"K": k})
        def f(n):
            t = 0
            for i in range(n): t += g(i)
            return t
        def g(i): return 1
        other = types.FunctionType(f.__code__, {"g": lambda i: 2, "range": range})
        print(f(50), other(50), f(50), other(50))
    """,
    "unbound locals": """
        def f(n):
            t = 0
            for i in range(n):
                x = i
                if i % 7 == 3: del x
                try: t += x
                except UnboundLocalError: t -= 1
            return t
        print(f(100))
    """,
    "locals and frames": """
        import sys
        def below():
            frame = sys._getframe(1)
            return frame.f_lineno - frame.f_code.co_firstlineno, frame.f_locals["k"], sorted(frame.f_locals)
        def f(n):
            found = []
            for i in range(n):
                k = i + 0.5
                if i % 20 == 19: found.append(below())
                if i % 20 == 18: found.append(locals()["k"])
                found.append(k)
            return found
        print(f(60))
    """,
    "traceback of an inlined call": """
        import traceback
        def inner(x):
            y = x + 1
            return 10 // (x - 77)
        class C:
            @property
            def p(self): return inner(self.x)
            def m(self, x):
                self.x = x
                return self.p
        def f(n):
            c = C()
            for i in range(n):
                c.m(i)
        try: f(100)
        except ZeroDivisionError: print(traceback.format_exc())
    """,
    "tracing switched on": """
        import sys
        def called(x): return x + 1
        def f(n):
            events = []
            def tracer(frame, event, arg):
                if frame.f_code is called.__code__: events.append((event, frame.f_lineno, arg))
                return tracer
            for i in range(n):
                if i == 60: sys.settrace(tracer)
                if i == 64: sys.settrace(None)
                called(i)
            return events
        print(f(100))
    """,
    "an exception out of nested compiled loops": """
        def inner(k):
            found = []
            for i in range(10):
                found.append(str(i) + repr(k))
                if k == 35 and i == 8: raise ValueError(k)
            return len(found)
        def outer(n):
            t = 0
            for k in range(n): t += max([k], key=inner)
            return t
        for m in (5, 20, 30, 40, 50):
            try: print(list(map(outer, [m])))
            except ValueError as error: print("caught", error)
    """,
    "recursion": """
        import sys
        sys.setrecursionlimit(300)
        def deep(n):
            for i in range(2): n += 1
            return deep(n)
        for _ in range(5):
            try: deep(0)
            except RecursionError as error: print(type(error))
        def fact(n): return 1 if n < 2 else n * fact(n - 1)
        for n in (5, 50, 60): print(fact(n))
    """,
    "functions that begin with cells": """
        def make():
            class Bad:
                def get(self): return enabled
            enabled = False
            return Bad
        def cell(a, n):
            def inner(): return a + n
            t = 0
            for i in range(n): t += inner()
            return t
        class Z:
            def __init__(self, v): self.f = lambda: v
            def m(self, x):
                def g(): return x
                return g() + self.f()
        def f(n):
            t = 0
            for i in range(n): t += cell(i, 3) + Z(i).m(i) + make()().get()
            return t
        for k in range(40): print(f(k))
    """,
    "numbers": """
        def f(n, x):
            t = x
            for i in range(n): t = t * 3 + i
            return t
        for n in (10, 30, 39, 40, 41, 60): print(f(n, 1), f(n, -1), f(n, 1.5), f(n, True))
        def g(a, b):
            found = []
            for x in a:
                for y in b:
                    try: found.append((x // y, x % y, x / y, x < y, x == y))
                    except ZeroDivisionError as error: found.append(str(error))
            return found
        print(g((7, -7, 2**62, -2**63, 0, True), (2, -2, 1, -1, 0, 3)))
        print(g((7.5, -7.5, 0.0, -0.0, 1e308), (2, -2.5, 0.0, 1e-308, 8)))
    """,
    "iterators at the entry": """
        import sys
        def shared(n):
            found = []
            numbers = iter(range(3, n))
            for i in numbers:
                found.append(i)
                if i % 3 == 0: found.append(next(numbers, None))
            return found
        def steps(n):
            total = 0
            for i in range(n, -n, -3):
                for j in range(i, i + 8, 2):
                    for x in [i, j, 2.5]:
                        total += x * j
            return total
        class Noisy:
            def __del__(self): log.append("gone")
        def dead(n):
            for i in range(n):
                held = Noisy()
                for j in range(40):
                    x = j * 2
                log.append(i)
                held = x = None
                for j in range(3):
                    x = j
        log = []
        dead(6)
        items = [1, 2, 3]
        before = sys.getrefcount(items)
        def again(n):
            total = 0
            for i in range(n):
                for x in items:
                    for y in items: total += x * y
            return total
        print(shared(90), steps(30), log, again(50), sys.getrefcount(items) == before)
    """,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", PROGRAMS)
def test_same_as_host(case, mode, tmp_path):
    """Output and status, and something was compiled."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAMS[case]))
    host, fire = run(HOST, script), run([*FIRE, *MODES[mode]], script, stats=True)
    assert (fire.status, fire.out, fire.err) == (host.status, host.out, host.err)
    assert fire.stats["traces"] > 0


REFERENCES = """
    import gc, sys
    class P:
        def __init__(self, v): self.v, self.w = v, [v]
        def get(self): return self.v
    def over(o, many, table, pair, n):
        s = 0
        for i in range(n):
            for x in many[:2]: y = x.get(); z = x.w
            p, q = pair
            r = table["a"]
            r.w = [y, r.v]
            x = P(i); s += x.v
            many[0] = r; many[2] = (i, r)
            try: raise KeyError(r)
            except KeyError as error: u = error.args[0]
        return s
    o = P(object())
    many, table = [o, o, (1, o)], {"a": o}
    pair = (o, many)
    held = (o, many, table, pair, o.v, P, over)
    for _ in range(8): over(o, many, table, pair, 500)
    gc.collect()
    before, blocks = [sys.getrefcount(x) for x in held], sys.getallocatedblocks()
    over(o, many, table, pair, 5000)
    gc.collect()
    grown = [sys.getrefcount(x) - b for x, b in zip(held, before)] + [sys.getallocatedblocks() - blocks]
    print([n for n in grown if n > 4000])           # what the compiler keeps is less
"""


@pytest.mark.parametrize("mode", MODES)
def test_references_balance(mode, tmp_path):
    """After a loop over lists, dicts, tuples and instances every count is what it was."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(REFERENCES))
    fire = run([*FIRE, *MODES[mode]], script)
    assert (fire.out, fire.err) == ("[]\n", "")


ENDLESS = ("while j >= 0: i += 1; i -= 1", "for i in range(1 << 60): x = x * 0.5 + j",
           "for i in range(1 << 60): x = (x + j) * (items[0] + items[1])", "i = g(80)")


@pytest.mark.parametrize("level", ["-1", "2"])
@pytest.mark.parametrize("loop", ENDLESS)
def test_ctrl_c(loop, level, tmp_path):
    """Ctrl-C ends a compiled loop without an end within 100 ms, in the loop."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent("""
        import os, signal, threading, time
        signal.signal(signal.SIGINT, signal.default_int_handler)        # a shell's background jobs ignore it
        def g(n): return n if n < 2 else g(n - 1) + g(n - 2)
        def f():
            begun, sent, i = threading.Event(), [], 0
            def hit():
                begun.wait()
                time.sleep(0.3)
                sent.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)
            threading.Thread(target=hit).start()
            try:
                begun.set()
                j, x, items = 0, 0.5, [0.25, 0.5]
                LOOP
            except KeyboardInterrupt:
                return time.monotonic() - sent[0]
        f()
        print(f())
    """).replace("LOOP", loop))
    fire = run([*FIRE, *CHECKED, "-X", f"fire.jit_level={level}"], script, stats=True)
    assert fire.stats["traces"] > 0 and float(fire.out) < 0.1


def test_another_thread_gets_its_turn(tmp_path):
    """A compiled loop that waits for a thread's work ends, and threads in compiled loops do not mix their values."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent("""
        import threading, time
        def wait():
            stop, n = [], 0
            threading.Thread(target=lambda: (time.sleep(0.05), stop.append(1))).start()
            while not stop: n += 1
            return n > 0
        found = {}
        def work(k):
            s = 0
            for i in range(30000): s = (s * 31 + i + k) % 1000003
            found[k] = s
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(wait(), wait(), sorted(found.items()))
    """))
    host, fire = run(HOST, script), run([*FIRE, *CHECKED], script, stats=True)
    assert (fire.out, fire.err) == (host.out, "") and fire.stats["traces"] > 0


def test_a_program_that_breaks_builtins(tmp_path):
    """What the compiler itself needs may be bound again: then nothing more is compiled, and nothing else happens."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent("""
        import builtins
        real = {name: getattr(builtins, name) for name in ("len", "isinstance", "range", "sorted", "id")}
        def f(n):
            t = 0
            for i in real["range"](n): t += i
            return t
        for name in real: setattr(builtins, name, lambda *a: "mine")
        print(f(50), f(60))
        for name in real: setattr(builtins, name, real[name])
        print(f(70))
    """))
    host, fire = run(HOST, script), run([*FIRE, *CHECKED], script)
    assert (fire.status, fire.out, fire.err) == (0, host.out, "")


def test_text_is_the_same_in_the_next_run(tmp_path):
    """What differs from run to run, as the versions of classes do, is not in the text that machine
    code is kept under."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent("""
        import sys
        for k in range(int(sys.argv[1])): hasattr(type(f"T{k}", (), {}), "x")
        class A:
            def __init__(self): self.x = 1
            def get(self): return self.x
        class B(A): pass
        def f(objects):
            t = 0
            for o in objects: t += o.get() + o.x
            return t
        for _ in range(20): f([A(), B()] * 20)
    """))
    texts = []
    for more in (0, 37):
        dump = tmp_path / str(more)
        dump.mkdir()
        run([*FIRE, *CHECKED, "-X", "fire.jit_level=1", "-X", f"fire.jit_dump={dump}"], script, str(more))
        found = sorted(path.read_text() for path in dump.glob("*.ll"))
        texts.append([text for text in found if text.startswith("; f\n")])
    assert texts[0] and texts[0] == texts[1]


ALLOCATED = """
    import gc
    class P:
        def __init__(self, x): self.x = x
        def __add__(self, other): return P(self.x + other.x)
    def hidden(n):
        total = P(0)
        for i in range(n): total = total + P(i)
        return total.x
    def kept(n):
        found = []
        for i in range(n): found.append(P(i))
        return len(found)
    for f in hidden, kept:
        f(500), f(500)
        counts = []
        gc.callbacks.append(lambda phase, info: counts.append(phase))
        gc.set_threshold(1, 1000, 1000)
        f(500)
        gc.set_threshold(700, 10, 10)
        gc.callbacks.clear()
        print(f.__name__, len(counts) > 400)
"""


def test_instances_that_nobody_sees_are_not_made(tmp_path):
    """The collector is asked for each object that is made: not for those that exist as their attributes alone."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(ALLOCATED))
    found = run([*FIRE, *CHECKED], script)
    assert found.out.split() == ["hidden", "False", "kept", "True"]


def test_few_turns_that_take_long():
    """Some thousands of turns are enough where their instructions take long: those of ints with thousands of digits."""
    fire = run([*FIRE, "-X", "fire.cache=0"], PROGRAMS_OF_BENCHMARKS / "pidigits.py", stats=True)
    assert fire.stats["traces"] >= 1


def test_statistics(tmp_path):
    """Traces and bridges are counted, and nothing is without --jit."""
    script = tmp_path / "program.py"
    script.write_text("def f(n, x):\n    for i in range(n): x = x + 1 if i % 3 else x + 2\n    return x\n"
                      "for k in range(60): f(50, k)\nfor k in range(200): f(50, k + 0.5)\n")
    fire = run([*FIRE, *CHECKED], script, stats=True)
    assert fire.stats["traces"] >= 1 and fire.stats["bridges"] >= 1
    fire = run([*FIRE, "--jit=off"], script, stats=True)
    assert fire.stats["traces"] == fire.stats["bridges"] == 0


def test_exits_say_what_failed(tmp_path):
    """A loop over boxed small ints that ends again and again: its exit is the condition's, not that of a large int."""
    script = tmp_path / "ends.py"
    script.write_text(textwrap.dedent("""
        def count(limit, again):
            total = 0
            for _ in range(again):
                at = 0
                while at < limit:
                    total += at
                    at += 3
            return total
        print(count(*[60000, 1]), count(*[40, 3000]))
    """))
    found = run([*FIRE, "--jit=on", "-X", "fire.jit_log=1"], script)
    assert found.out == run(HOST, script).out
    assert "trace" in found.err and "more than 60 bits" not in found.err and "hot exit" in found.err


def test_boxes_made_for_a_call_are_no_effect(tmp_path):
    """Large ints compared with small ones: the small one's box is dropped before a guard."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent("""
        def f(n, large):
            found = 0
            for i in range(n):
                if i >= large: found += 1000
                if large * 2 > i: found += 1
            return found
        for _ in range(4): print(f(400, 1 << 70))
    """))
    host, fire = run(HOST, script), run([*FIRE, *CHECKED, "-X", "fire.jit_log=1"], script)
    assert fire.out == host.out and "jit: trace" in fire.err and "internal error" not in fire.err
