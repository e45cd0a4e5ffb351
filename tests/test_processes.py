"""Signals, threads, child processes, pickling, asyncio and the end of a process, host against fire."""
import os
import signal
import subprocess
import time

import pytest

from interpreters import FIRE, HOST, environment, is_host, kill_group, run
from test_cli import compare, same, script

LOOPS = {
    "while": "i = 0\nwhile True: i += 1",
    "function": "def f():\n    while True: pass\nf()",
    "for": "def f():\n    for i in range(10**15): x = i\nf()",
    "calls": "def g(x): return x\ndef f():\n    while 1: g(1)\nf()",
    "generator": "def g():\n    while 1: yield 1\nfor _ in g(): pass",
    "sort": "def k(x):\n    return x\nwhile True: sorted(range(100), key=k)",
    "recursion": "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nf(100)",
    "try": "while True:\n    try: {}['x']\n    except KeyError: pass",
    "comprehension": "[i for i in range(10**15) if i < 0]",
    "exec": "exec('while True: pass')",
}


def start(command, *arguments, **options):
    """A process in a group of its own, its output piped."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *map(str, arguments)], stdout=pipe, stderr=pipe, text=True,
                            start_new_session=True, env=environment(), **options)


@pytest.mark.parametrize("name", LOOPS)
def test_ctrl_c(name, tmp_path):
    """Ctrl-C in a loop: KeyboardInterrupt within a second, the process ends by SIGINT as python3 does."""
    program = script(tmp_path, "print('ready', flush=True)\n" + LOOPS[name])
    process = start(FIRE, program, cwd=tmp_path)
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        assert process.returncode == -signal.SIGINT
        assert err.rstrip().endswith("KeyboardInterrupt")
    finally:
        kill_group(process)
        process.wait()


def test_one_of_many_stacks(tmp_path):
    """Once a module greenlet is imported, each entry from C asks anew which stack it is on."""
    (tmp_path / "greenlet.py").write_text("")
    same([script(tmp_path, """
import greenlet, functools, threading
def key(x): return [-x, *sorted(range(x), key=lambda y: y % 3)]
def items(n):
    for i in range(n): yield sum(j for j in map(abs, range(-i, 1)))
def deep(n): return n and max(range(n - 1, n), key=lambda _: 0) + functools.reduce(lambda a, b: deep(b), [0, n - 1])
class C:
    def __lt__(self, other): return id(self) < 0 or next(self.made) > 3
    def __init__(self): self.made = items(9)
def work(n):
    made = sorted(C() for _ in range(n))
    found.append((sorted(range(n), key=key), list(map(len, zip(items(n)))), deep(n), len(made)))
found = []
threads = [threading.Thread(target=work, args=(n,)) for n in range(4, 12)]
for t in threads: t.start()
work(3)
for t in threads: t.join()
print(sorted(found, key=repr))
""")], tmp_path, timeout=60)


@pytest.mark.parametrize("packages", [[], ["all"]])
def test_tracers_see_the_program_alone(packages, tmp_path):
    """An import under a tracer or profiler shows it the module, nothing of what puts it on the VM."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("from . import part")
        (tmp_path / name / "part.py").write_text("def f(): return 2\nf()")
    program = script(tmp_path, """
import os, sys
def see(frame, what, arg):
    if "<frozen" not in frame.f_code.co_filename and what in ("call", "return"):
        seen.append((os.path.basename(frame.f_code.co_filename), frame.f_code.co_name, what))
    return see
sys.meta_path[:] = [finder for finder in sys.meta_path if "distutils" not in type(finder).__module__]     # setuptools'
seen = []
sys.settrace(see)
import one
sys.settrace(None)
sys.setprofile(see)
import two
sys.setprofile(None)
print(*seen, sep="\\n")
""".replace("\\\\", "\\"))
    compare(run(HOST, program, cwd=tmp_path), run(FIRE, program, packages=packages, cwd=tmp_path))


@pytest.mark.parametrize("jit", ["off", "on", "eager"])
def test_loops_over_modules(jit, tmp_path):
    """What the JIT and the translator import does not come into a loop over sys.modules; they wait for its end."""
    program = script(tmp_path, """
import sys
def same(x): return x
def heavy(n):
    s = 0
    for i in range(n): s += i * 3 % 7
    return s
n = 0
for k in range(100):
    for m in sys.modules: n += len(same(m)) and any(c == "_" for c in m)
    for m, v in sys.modules.items(): n += sum(1 for c in m)
    n += len([k for k, v in sys.modules.items() if v])
def go_over(modules): return sum(heavy(100) for m in modules)
print(n > 0, go_over(sys.modules) > 0, go_over(sys.modules.values()) > 0, heavy(300000))
""")
    env = environment(FIRE_CACHE_DIR=tmp_path / "cache", FIRE_JIT_LATER="wait")
    host = run(HOST, program, cwd=tmp_path)
    for _ in range(3):
        compare(host, run(FIRE if is_host(FIRE) else [*FIRE, f"--jit={jit}"], program, cwd=tmp_path, env=env))


def test_ctrl_c_can_be_caught(tmp_path):
    """A program handles KeyboardInterrupt and goes on."""
    program = script(tmp_path, """
import os, signal
n = 0
for _ in range(3):
    try:
        print("ready", flush=True)
        while True: n += 1
    except KeyboardInterrupt:
        print("caught", n > 0, flush=True)
""")
    process = start(FIRE, program, cwd=tmp_path)
    try:
        for _ in range(3):
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "caught True\n"
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        kill_group(process)
        process.wait()


PROGRAMS = {
    "alarm": """
import signal, time
got = []
signal.signal(signal.SIGALRM, lambda s, f: got.append((s, f.f_code.co_name)))
signal.setitimer(signal.ITIMER_REAL, 0.05)
def spin():
    n = 0
    while not got: n += 1
    return n
print(spin() > 0, got)
""",
    "handler_raises": """
import signal
class Alarm(Exception): pass
def handler(s, f): raise Alarm("from handler")
signal.signal(signal.SIGALRM, handler)
def spin():
    while True: pass
for _ in range(3):
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try: spin()
    except Alarm as e: print(e)
""",
    "sigterm_default": "import os, signal\nprint('before', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)",
    "kill_self_int": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(10**9): pass",
    "threads_take_turns": """
import threading, time
counts, stop = [0, 0], False
def spin(i):
    while not stop: counts[i] += 1
ts = [threading.Thread(target=spin, args=(i,)) for i in range(2)]
for t in ts: t.start()
time.sleep(0.3)
stop = True
for t in ts: t.join()
print([c > 10 for c in counts])
""",
    "main_spins_thread_stops_it": """
import threading, time
flag = []
def later():
    time.sleep(0.1)
    flag.append(1)
threading.Thread(target=later).start()
n = 0
while not flag: n += 1
print(n > 0)
""",
    "thread_error": """
import threading
def f(x): return 1 / x
t = threading.Thread(target=f, args=(0,), name="worker")
t.start(); t.join()
print("main goes on")
""",
    "daemon_at_exit": """
import threading
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
print("leaving")
""",
    "many_threads": """
import threading
out = []
def work(n):
    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
    out.append(fib(n))
ts = [threading.Thread(target=work, args=(i % 12,)) for i in range(60)]
for t in ts: t.start()
for t in ts: t.join()
print(sorted(out))
""",
    "async_exception": """
import ctypes, threading, time
class Stop(Exception): pass
state = []
def spin():
    try:
        state.append("started")
        while True: pass
    except Stop: state.append("stopped")
t = threading.Thread(target=spin)
t.start()
while not state: time.sleep(0.01)
ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(t.ident), ctypes.py_object(Stop))
t.join(10)
print(state)
""",
    "fork": """
import os, sys
def f(n): return n * 2
print("parent", flush=True)
pid = os.fork()
if pid == 0:
    print("child", f(21), flush=True)
    os._exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), f(1))
""",
    "fork_exit": """
import os, atexit, sys
atexit.register(lambda: print("atexit", flush=True))
pid = os.fork()
if pid == 0: sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
    "fork_in_function_and_thread": """
import os, threading
def child(n): return sum(range(n))
def parent():
    pid = os.fork()
    if not pid: os._exit(child(10))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
out = []
t = threading.Thread(target=lambda: out.append(parent()))
t.start(); t.join()
print(out, parent())
""",
    "multiprocessing_fork": """
import multiprocessing as mp
def square(x): return x * x
def fails(x): raise ValueError(f"bad {x}")
if __name__ == "__main__":
    mp.set_start_method("fork")
    with mp.Pool(2) as pool:
        print(pool.map(square, range(10)), pool.apply(pow, (2, 70)))
        try: pool.map(fails, [1])
        except ValueError as e: print(e)
    q = mp.Queue()
    p = mp.Process(target=q.put, args=([1, {"a": 2**65}],))
    p.start(); print(q.get()); p.join(); print(p.exitcode)
""",
    "multiprocessing_spawn": """
import multiprocessing as mp
print("module", __name__) if __name__ == "__main__" else None
class Job:
    def __init__(self, n): self.n = n
    def run(self): return self.n * 2, __name__
def work(job): return job.run()
if __name__ == "__main__":
    context = mp.get_context("spawn")
    with context.Pool(1) as pool: print(pool.map(work, [Job(1), Job(2)]))
    p = context.Process(target=print, args=("in child",))
    p.start(); p.join(); print(p.exitcode)
""",
    "process_pool": """
from concurrent.futures import ProcessPoolExecutor
def f(x): return [i ** 2 for i in range(x)]
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool: print(list(pool.map(f, [1, 2, 3])))
""",
    "pickle_by_reference": """
import pickle
class C:
    class Inner:
        x = 1
    def method(self): return 7
    @staticmethod
    def static(): return 8
    @classmethod
    def klass(cls): return cls
def f(a, b=2): return a + b
def closure():
    def inner(): pass
    return inner
for x in (f, C, C.Inner, C.method, C.static, len, C().method):
    print(pickle.loads(pickle.dumps(x)) is x, type(pickle.loads(pickle.dumps(x))).__name__)
for x in (lambda: 1, closure(), (i for i in [1])):
    try: pickle.dumps(x)
    except Exception as e: print(type(e).__name__, str(e).split(" at 0x")[0])
print(pickle.loads(pickle.dumps(C.klass))() is C)
""",
    "asyncio_server": """
import asyncio
async def handle(reader, writer):
    line = await reader.readline()
    writer.write(line.upper())
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def client(i):
        r, w = await asyncio.open_connection("127.0.0.1", port)
        w.write(f"hello {i}\\n".encode())
        answer = await r.readline()
        w.close()
        return answer
    print(await asyncio.gather(*[client(i) for i in range(5)]))
    server.close()
    p = await asyncio.create_subprocess_exec("echo", "from child", stdout=asyncio.subprocess.PIPE)
    print((await p.communicate())[0])
asyncio.run(main())
""",
    "asyncio_errors": """
import asyncio
async def f(): raise ValueError("in task")
async def main():
    t = asyncio.create_task(f())
    await asyncio.sleep(0.01)
    print("done", t.done())
    await t
asyncio.run(main())
""",
    "atexit_order": """
import atexit, threading, weakref
class D:
    def __del__(self): print("del")
d = D()
weakref.finalize(d, print, "finalize")
atexit.register(print, "first registered")
@atexit.register
def second(): print("second registered")
threading.Thread(target=lambda: print("thread")).start()
print("end of main")
""",
    "import_lock_and_threads": """
import threading, sys
def load(): import decimal, fractions; out.append(decimal.Decimal("1.5") + 1)
out = []
ts = [threading.Thread(target=load) for _ in range(4)]
for t in ts: t.start()
for t in ts: t.join()
print(out)
""",
    "subinterpreter_free_tools": """
import timeit, cProfile, io, pstats, doctest, unittest, trace
def f(n):
    '''
    >>> f(2)
    3
    '''
    return n + 1
print(doctest.testmod(), timeit.timeit("f(1)", globals=globals(), number=10) >= 0)
p = cProfile.Profile()
p.runcall(f, 1)
s = io.StringIO()
pstats.Stats(p, stream=s).print_stats()
print("function calls" in s.getvalue(), "(f)" in s.getvalue())
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(f(1), 2)
    def test_b(self):
        with self.assertRaises(TypeError): f("x")
r = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))
print(r.testsRun, r.wasSuccessful())
tracer = trace.Trace(count=1, trace=0)
tracer.runfunc(f, 1)
print(sum(tracer.results().counts.values()) > 0)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, tmp_path):
    """Status, stdout and stderr of a program as under the host; thread numbers and addresses aside."""
    program = script(tmp_path, PROGRAMS[name])
    if name in ("thread_error", "many_threads"):
        host, fire = run(HOST, program, cwd=tmp_path), run(FIRE, program, cwd=tmp_path)
        assert (fire.status, fire.out, fire.err) == (host.status, host.out, host.err)
        return
    same([program], tmp_path, timeout=60)


def test_long_loop_then_exit_status(tmp_path):
    """SIGTERM ends a spinning program with that signal."""
    process = start(FIRE, script(tmp_path, "print('ready', flush=True)\nwhile True: pass"), cwd=tmp_path)
    try:
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM
    finally:
        kill_group(process)
        process.wait()
        process.communicate()
