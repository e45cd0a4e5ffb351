"""Every way to start and end a program gives, to the byte, what python3 gives.

    fire -m main a       same status, stdout and stderr as python3 -m main a

PROGRAMS are the files, one row of CASES is one command line.  Only what names the interpreter itself (its
path in usage texts, addresses, the class of a loader) is evened out before the comparison.
"""
import os
import re
import zipfile

import pytest
from interpreters import FIRE, HOST, environment, run

SHOW_MAIN = """
import sys
print({k: type(v).__name__ if k == '__builtins__' else v for k, v in globals().items()})
print(sys.argv, sys.path[0])
"""
SHOW_FRAMES = """
import sys, inspect, warnings, logging, traceback
f = sys._getframe()
while f: print(f.f_code.co_filename, f.f_code.co_name, f.f_lineno); f = f.f_back
print(len(inspect.stack()))
for level in 1, 2, 3: warnings.warn("hello %d" % level, stacklevel=level)
traceback.print_stack()
try: 1/0
except ZeroDivisionError: logging.exception("z")
"""
SHOW_FLAGS = """
import sys, warnings
print(sys.flags, sys.argv, sys.path, sys.warnoptions, sys._xoptions, __debug__, warnings.filters[:2])
"""
INTERRUPT = "import os, signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n" \
            "os.kill(os.getpid(), signal.SIGINT); time.sleep(1)\n"
SPAWN = """
import multiprocessing, sys
class Box:
    def __init__(self, value): self.value = value
def square(x): return x * x, __name__, sys.flags.optimize
def more(box): return Box(box.value + 1)
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(3)), pool.map(more, [Box(1)])[0].value)
"""
HOOK = "import sys\ndef h(*a): {}\nsys.excepthook = h\n1/0\n"
PROGRAMS = {
    "main.py": SHOW_MAIN, "folder/__main__.py": SHOW_MAIN, "frames.py": SHOW_FRAMES, "flags.py": SHOW_FLAGS,
    "interrupt.py": INTERRUPT, "spawn.py": SPAWN, "nothing/readme": "",
    "latin.py": b'x = "\xff"\n', "zero.py": b"x = 1\0\n", "tabs.py": "if 1:\n\tx\n        y\n",
    "wrong.py": "x = = 2\n", "unknown_coding.py": "# coding: nonesuch\n",
    "declared.py": b'# coding: latin-1\nprint(ascii("\xff"))\n',
    "import_wrong.py": "import wrong\n", "side.py": "x = 1/0\n", "import_side.py": "import side\n",
    "side2.py": SHOW_FRAMES, "import_side2.py": "import side2, importlib\nimportlib.reload(side2)\n",
    "first.py": "#!no python = =\nprint(2); 1/0\n", "startup.py": "started = 99\n",
    "depth.py": "def f(n):\n    global most; most = n; f(n + 1)\n"
                "try: f(1)\nexcept RecursionError: print(most)\n",
    "hook.py": HOOK.format("print(a[0], a[2].tb_frame.f_code.co_name, sys._getframe().f_back)"),
    "hook_raises.py": HOOK.format("raise ValueError(3)"), "hook_exits.py": HOOK.format("sys.exit(7)"),
    "at_exit.py": "import atexit, sys\nif sys.argv[1:]: atexit.register(sys.exit, 3)\n"
                  "atexit.register(lambda: print('__file__' in globals(), sys._getframe().f_back))\n"
                  "if sys.argv[1:]: sys.exit(2)\n",
    "warn.py": "import warnings\ndef f(): warnings.warn('a', DeprecationWarning, stacklevel=2)\n"
               "f()\nx = '\\d'\n",
    "run_path.py": "import runpy; print(sorted(runpy.run_path('main.py')))\n",
}
CASES = [
    # arguments                            stdin                          environment
    (["main.py", "a", "-O"],               b"", {}),
    (["./main.py"],                        b"", {}),
    (["--", "main.py", "z"],               b"", {}),
    (["-c", SHOW_MAIN, "q", "-c"],         b"", {}),
    (["-c", ""],                           b"", {}),
    (["-m", "main", "a"],                  b"", {}),
    (["folder", "1"],                      b"", {}),
    (["./folder/../folder"],               b"", {}),
    (["main.zip"],                         b"", {}),
    (["-", "x"],                           SHOW_MAIN.encode(), {}),
    ([],                                   SHOW_MAIN.encode(), {}),
    (["-"],                                b"import sys\nprint(sys.stdin.read())\n", {}),
    ([os.devnull],                         b"", {}),
    (["run_path.py"],                      b"", {}),
    # wrong usage, missing programs
    (["nofile.py"],                        b"", {}),
    (["nothing"],                          b"", {}),
    ([""],                                 b"", {}),
    (["-z"],                               b"", {}),
    (["--foo"],                            b"", {}),
    (["-c"],                               b"", {}),
    (["-X"],                               b"", {}),
    (["--check-hash-based-pycs"],          b"", {}),
    (["--check-hash-based-pycs", "foo"],   b"", {}),
    (["-m", "nosuchmodule"],               b"", {}),
    (["-m", "nothing"],                    b"", {}),
    (["-V"],                               b"", {}),
    (["-VV"],                              b"", {}),
    # how programs end
    (["-c", "raise SystemExit"],           b"", {}),
    (["-c", "import os; os._exit(9)"],     b"", {}),
    (["-c", "1/0"],                        b"", {}),
    (["-c", "raise ExceptionGroup('x', [ValueError(1)])"], b"", {}),
    (["-c", "try: 1/0\nexcept Exception as e: raise KeyError from e"], b"", {}),
    (["-c", "class E(Exception):\n  def __str__(s): return 1/0\nraise E"], b"", {}),
    (["-c", "raise KeyboardInterrupt"],    b"", {}),
    (["interrupt.py"],                     b"", {}),
    (["-m", "interrupt"],                  b"", {}),
    (["-"],                                INTERRUPT.encode(), {}),
    (["-c", "import sys; sys.stdout.close(); 1/0"], b"", {}),
    (["-c", "import sys; del sys.excepthook; 1/0"], b"", {}),
    (["-c", "import threading\nt = threading.Thread(target=lambda: 1/0); t.start(); t.join()"], b"", {}),
    (["hook.py"],                          b"", {}),
    (["hook_raises.py"],                   b"", {}),
    (["hook_exits.py"],                    b"", {}),
    (["at_exit.py"],                       b"", {}),
    (["at_exit.py", "exit"],               b"", {}),
    # source that does not compile
    (["latin.py"],                         b"", {}),
    (["zero.py"],                          b"", {}),
    (["tabs.py"],                          b"", {}),
    (["wrong.py"],                         b"", {}),
    (["unknown_coding.py"],                b"", {}),
    (["declared.py"],                      b"", {}),
    (["import_wrong.py"],                  b"", {}),
    (["-m", "wrong"],                      b"", {}),
    (["-c", "x = = 1"],                    b"", {}),
    (["-"],                                b"x = = 1\n", {}),
    (["-"],                                b'x = "\xff"\n', {}),
    # frames and tracebacks
    (["frames.py"],                        b"", {}),
    (["-m", "frames"],                     b"", {}),
    (["-c", SHOW_FRAMES],                  b"", {}),
    (["import_side.py"],                   b"", {}),
    (["import_side2.py"],                  b"", {}),
    (["depth.py"],                         b"", {}),
    (["-c", "def f(): f()\nf()"],          b"", {}),
    (["warn.py"],                          b"", {}),
    # python3's options
    (["-O", "flags.py"],                   b"", {}),
    (["-OO", "-W", "error", "-Xdev", "-u", "flags.py", "-x"], b"", {}),
    (["-Bsc", SHOW_FLAGS],                 b"", {}),
    (["-I", "flags.py"],                   b"", {}),
    (["-S", "flags.py"],                   b"", {}),
    (["-P", "flags.py"],                   b"", {}),
    (["-E", "flags.py"],                   b"", {}),
    (["-ISm", "flags"],                    b"", {}),
    (["-x", "first.py"],                   b"", {}),
    (["-W", "error", "-c", "import warnings; warnings.warn('x')"], b"", {}),
    (["-b", "-c", "print(str(b'') == 1)"], b"", {}),
    # prompts
    (["-i", "-q"],  b"def f():\n  return 3\n\nf()\n1/0\nx = = 2\n'a'\n_\nif 1:\n  print(4)\n", {}),
    (["-i", "-q"],                         b"import sys\nsys._getframe().f_back\nsys.exit(5)\n", {}),
    (["-i", "-q"],                         b"started\n", {"PYTHONSTARTUP": "startup.py"}),
    (["-i", "-q"],                         b"1\n", {"PYTHONSTARTUP": "missing.py"}),
    (["-i", "flags.py"],                   b"1 + 1\nx = 3\nx\n", {}),
    (["-i", "-c", "1/0"],                  b"_\nimport sys\nsys.last_value\nsys.exit(5)\n", {}),
    (["-i", "-c", "import sys; sys.exit(4)"], b"2\n", {}),
    (["-i", "nofile.py"],                  b"1\n", {}),
    (["-i", "wrong.py"],                   b"1\n", {}),
    (["-i", "-m", "frames"],               b"print(__file__)\n", {}),
    (["-c", "import sys; print(sys.flags); sys.exit(4)"], b"2\n", {"PYTHONINSPECT": "1"}),
    (["-c", "import os; print(os.environ['PYTHONINSPECT'])"], b"2\n", {"PYTHONINSPECT": "1"}),
    # child processes
    (["spawn.py", "fork"],                 b"", {}),
    (["spawn.py", "spawn"],                b"", {}),
    (["-O", "spawn.py", "forkserver"],     b"", {}),
]
EVEN = [(r"0x[0-9a-f]+", "0x"),
        (r"firelang\.importer\.\w*VmLoader", "_frozen_importlib_external.SourceFileLoader"),
        (r"usage: \S+ ", "usage: python "), (r"Try `\w+ -h'", "Try `python -h'"),
        (r"^\S+: (can't|No module)", r"python: \1")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with PROGRAMS and a zip."""
    place = tmp_path_factory.mktemp("programs")
    for name, source in PROGRAMS.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
    with zipfile.ZipFile(place / "main.zip", "w") as archive:
        archive.write(place / "main.py", "__main__.py")
    return place


def even(text):
    """`text` without what may differ."""
    for pattern, replacement in EVEN:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text


def title(case):
    """A short name for a case."""
    return " ".join(case[0]).strip().replace("\n", " ")[:30] or "stdin"


@pytest.mark.parametrize("arguments, given, changes", CASES, ids=[title(case) for case in CASES])
def test_as_python3(folder, arguments, given, changes):
    env = environment(**changes)
    host, fire = (run(command, *arguments, cwd=folder, env=env, input=given) for command in (HOST, FIRE))
    assert (fire.status, even(fire.out), even(fire.err)) == (host.status, even(host.out), even(host.err))
