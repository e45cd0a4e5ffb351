"""The command line: every way to start a program gives what python3 gives, to the byte.

    fire -m mod a       same status, stdout and stderr as python3 -m mod a

The programs lie in PROGRAMS, one row of CASES is one command line.  Only what names the interpreter itself
(its path in usage texts, addresses, the class of a loader) is evened out before the comparison.
"""
import os
import re
import signal
import subprocess
import sys
import zipfile

import pytest
from interpreters import FIRE, HOST, environment, is_host, run

SHOW_MAIN = """
import sys
print({k: type(v).__name__ if k == '__builtins__' else v for k, v in globals().items()}, sys.argv, sys.path[0])
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
INTERRUPT = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT); time.sleep(1)\n"
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
PROGRAMS = {
    "main.py": SHOW_MAIN, "folder/__main__.py": SHOW_MAIN, "frames.py": SHOW_FRAMES, "flags.py": SHOW_FLAGS,
    "interrupt.py": INTERRUPT, "spawn.py": SPAWN, "empty.py": "", "nothing/readme": "",
    "latin.py": b'x = "\xff"\n', "zero.py": b"x = 1\0\n", "tabs.py": "if 1:\n\tx\n        y\n", "wrong.py": "x = = 2\n",
    "unknown_coding.py": "# coding: nonesuch\n", "declared.py": b'# coding: latin-1\nprint(ascii("\xff"))\n',
    "import_wrong.py": "import wrong\n", "side.py": "import sys\nx = 1/0\n", "import_side.py": "import side\n",
    "side2.py": SHOW_FRAMES, "import_side2.py": "import side2, importlib\nimportlib.reload(side2)\n",
    "first.py": "#!no python = =\nprint(2); 1/0\n", "startup.py": "started = 99\n",
    "depth.py": "def f(n):\n    global most; most = n; f(n + 1)\ntry: f(1)\nexcept RecursionError: print(most)\n",
    "hook.py": "import sys\ndef h(*a): print(a[0], a[2].tb_frame.f_code.co_name, sys._getframe().f_back)\n"
               "sys.excepthook = h\n1/0\n",
    "hook_raises.py": "import sys\ndef h(*a): raise ValueError(3)\nsys.excepthook = h\n1/0\n",
    "hook_exits.py": "import sys\ndef h(*a): sys.exit(7)\nsys.excepthook = h\n1/0\n",
    "at_exit.py": "import atexit, sys\natexit.register(lambda: print('__file__' in globals(), sys._getframe().f_back))\n"
                  "if sys.argv[1:]: sys.exit(2)\n",
    "warn.py": "import warnings\ndef f(): warnings.warn('a', DeprecationWarning, stacklevel=2)\nf()\nx = '\\d'\n",
    "run_path.py": "import runpy; print(sorted(runpy.run_path('main.py')))\n",
}
NO_INPUT, BY_HAND = b"", {"PYTHONINSPECT": "1"}
CASES = [
    # arguments                            stdin                          environment
    (["main.py", "a", "-O"],               NO_INPUT, {}),
    (["./main.py"],                        NO_INPUT, {}),
    (["--", "main.py", "z"],               NO_INPUT, {}),
    (["-c", SHOW_MAIN, "q", "-c"],         NO_INPUT, {}),
    (["-c", ""],                           NO_INPUT, {}),
    (["-m", "main", "a"],                  NO_INPUT, {}),
    (["folder", "1"],                      NO_INPUT, {}),
    (["./folder/../folder"],               NO_INPUT, {}),
    (["main.zip"],                         NO_INPUT, {}),
    (["-", "x"],                           SHOW_MAIN.encode(), {}),
    ([],                                   SHOW_MAIN.encode(), {}),
    (["-"],                                b"import sys\nprint(sys.stdin.read())\n", {}),
    ([os.devnull],                         NO_INPUT, {}),
    (["run_path.py"],                      NO_INPUT, {}),
    # usage and missing programs
    (["nofile.py"],                        NO_INPUT, {}),
    (["nothing"],                          NO_INPUT, {}),
    ([""],                                 NO_INPUT, {}),
    (["-z"],                               NO_INPUT, {}),
    (["--foo"],                            NO_INPUT, {}),
    (["-c"],                               NO_INPUT, {}),
    (["-X"],                               NO_INPUT, {}),
    (["--check-hash-based-pycs"],          NO_INPUT, {}),
    (["--check-hash-based-pycs", "foo"],   NO_INPUT, {}),
    (["-m", "nosuchmodule"],               NO_INPUT, {}),
    (["-m", "nothing"],                    NO_INPUT, {}),
    (["-V"],                               NO_INPUT, {}),
    (["-VV"],                              NO_INPUT, {}),
    # how programs end
    (["-c", "raise SystemExit"],           NO_INPUT, {}),
    (["-c", "import sys; sys.exit(3)"],    NO_INPUT, {}),
    (["-c", "import sys; sys.exit('bye')"], NO_INPUT, {}),
    (["-c", "import os; os._exit(9)"],     NO_INPUT, {}),
    (["-c", "1/0"],                        NO_INPUT, {}),
    (["-c", "raise ExceptionGroup('x', [ValueError(1)])"], NO_INPUT, {}),
    (["-c", "try: 1/0\nexcept Exception as e: raise KeyError from e"], NO_INPUT, {}),
    (["-c", "class E(Exception):\n  def __str__(s): return 1/0\nraise E"], NO_INPUT, {}),
    (["-c", "raise KeyboardInterrupt"],    NO_INPUT, {}),
    (["interrupt.py"],                     NO_INPUT, {}),
    (["-m", "interrupt"],                  NO_INPUT, {}),
    (["-"],                                INTERRUPT.encode(), {}),
    (["-c", "import sys; sys.stdout.close(); 1/0"], NO_INPUT, {}),
    (["-c", "import sys; del sys.excepthook; 1/0"], NO_INPUT, {}),
    (["-c", "import threading\nt = threading.Thread(target=lambda: 1/0, name='t'); t.start(); t.join()"], NO_INPUT, {}),
    (["hook.py"],                          NO_INPUT, {}),
    (["hook_raises.py"],                   NO_INPUT, {}),
    (["hook_exits.py"],                    NO_INPUT, {}),
    (["at_exit.py"],                       NO_INPUT, {}),
    (["at_exit.py", "exit"],               NO_INPUT, {}),
    # source that does not compile
    (["latin.py"],                         NO_INPUT, {}),
    (["zero.py"],                          NO_INPUT, {}),
    (["tabs.py"],                          NO_INPUT, {}),
    (["wrong.py"],                         NO_INPUT, {}),
    (["unknown_coding.py"],                NO_INPUT, {}),
    (["declared.py"],                      NO_INPUT, {}),
    (["import_wrong.py"],                  NO_INPUT, {}),
    (["-m", "wrong"],                      NO_INPUT, {}),
    (["-c", "x = = 1"],                    NO_INPUT, {}),
    (["-"],                                b"x = = 1\n", {}),
    (["-"],                                b'x = "\xff"\n', {}),
    # frames and tracebacks
    (["frames.py"],                        NO_INPUT, {}),
    (["-m", "frames"],                     NO_INPUT, {}),
    (["-c", SHOW_FRAMES],                  NO_INPUT, {}),
    (["import_side.py"],                   NO_INPUT, {}),
    (["import_side2.py"],                  NO_INPUT, {}),
    (["depth.py"],                         NO_INPUT, {}),
    (["-c", "def f(): f()\nf()"],          NO_INPUT, {}),
    (["warn.py"],                          NO_INPUT, {}),
    # python3's options
    (["-O", "flags.py"],                   NO_INPUT, {}),
    (["-OO", "-W", "error", "-Xdev", "-u", "flags.py", "-x"], NO_INPUT, {}),
    (["-Bsc", SHOW_FLAGS],                 NO_INPUT, {}),
    (["-I", "flags.py"],                   NO_INPUT, {}),
    (["-S", "flags.py"],                   NO_INPUT, {}),
    (["-P", "flags.py"],                   NO_INPUT, {}),
    (["-E", "flags.py"],                   NO_INPUT, {}),
    (["-ISm", "flags"],                    NO_INPUT, {}),
    (["-x", "first.py"],                   NO_INPUT, {}),
    (["-W", "error", "-c", "import warnings; warnings.warn('x')"], NO_INPUT, {}),
    (["-b", "-c", "print(str(b'') == 1)"], NO_INPUT, {}),
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
    (["-c", "import sys; print(sys.flags); sys.exit(4)"], b"2\n", BY_HAND),
    (["-c", "import os; print(os.environ.get('PYTHONINSPECT'))"], b"2\n", BY_HAND),
    # child processes
    (["spawn.py", "fork"],                 NO_INPUT, {}),
    (["spawn.py", "spawn"],                NO_INPUT, {}),
    (["-O", "spawn.py", "forkserver"],     NO_INPUT, {}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with PROGRAMS and a zip."""
    place = tmp_path_factory.mktemp("cli")
    for name, source in PROGRAMS.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
    with zipfile.ZipFile(place / "main.zip", "w") as archive:
        archive.write(place / "main.py", "__main__.py")
    return place


EVEN = [(r"0x[0-9a-f]+", "0x"), (r"firelang\.importer\.\w*VmLoader", "_frozen_importlib_external.SourceFileLoader"),
        (r"usage: \S+ ", "usage: python "), (r"Try `\w+ -h'", "Try `python -h'"),
        (r"^\S+: (can't|No module)", r"python: \1")]


def even(text):
    """`text` without what may differ."""
    for pattern, replacement in EVEN:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text


@pytest.mark.parametrize("arguments, given, changes", CASES, ids=lambda value: None if isinstance(value, dict) else
                         " ".join(value)[:40] if isinstance(value, list) else "")
def test_as_the_host(folder, arguments, given, changes):
    env = environment(**changes)
    host, fire = (run(command, *arguments, cwd=folder, env=env, input=given) for command in (HOST, FIRE))
    assert (fire.status, even(fire.out), even(fire.err)) == (host.status, even(host.out), even(host.err))


only_fire = pytest.mark.skipif(is_host(FIRE), reason="FIRE_CMD names a plain host")


@only_fire
@pytest.mark.parametrize("arguments, status, words", [
    (["--jit=fast", "-c", "1"],     2, "--jit must be one of off, on, eager"),
    (["--jit"],                     2, "Argument expected"),
    (["--stats=xml", "-c", "1"],    2, "--stats must be one of"),
    (["-X", "fire.jit=x", "-c", "1"], 2, "-X fire.jit must be one of"),
    (["explain", "x.py"],           2, "fire explain"),
    (["dev"],                       2, "usage: fire dev"),
    (["dev", "dis", "nofile.py"],   1, "No such file"),
    (["dev", "knobs"],              0, "FIRE_JIT"),
    (["dev", "dis", "hook.py"],     0, "RETURN"),
    (["--help"],                    0, "--vm-packages"),
    (["--version"],                 0, "fire 0."),
    (["--jit=off", "-c", "print(7)"], 0, "7"),
])
def test_own_options(folder, arguments, status, words):
    result = run(FIRE, *arguments, cwd=folder)
    assert result.status == status and words in result.out + result.err


@only_fire
def test_knob_in_the_environment():
    result = run(FIRE, "-c", "1", env=environment(FIRE_JIT="x"))
    assert result.status == 2 and "FIRE_JIT must be one of" in result.err


@only_fire
@pytest.mark.parametrize("code, status", [("print(1)", 0), ("1/0", 1), ("raise SystemExit('x')", 1)])
def test_stats_are_the_last_line(code, status):
    result = run(FIRE, "-c", "import atexit, sys\natexit.register(sys.stderr.write, 'late')\n" + code, stats=True)
    assert result.status == status and "late" in result.err
    assert {"functions_vm", "functions_twin", "twin_reasons", "llvm_loaded", "cache_misses"} <= set(result.stats)


@only_fire
def test_packages_on_the_vm():
    code = "import json.decoder, email; print(*(type(m.__loader__).__name__ for m in (json, json.decoder, email)))"
    assert run(FIRE, "-c", code, packages=["json"]).out == "VmLoader VmLoader SourceFileLoader\n"
    assert run(FIRE, "-c", code).out == "SourceFileLoader " * 2 + "SourceFileLoader\n"


@only_fire
def test_modules_beside_the_script(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "site-packages").mkdir()
    for name in ("pack/__init__.py", "pack/inner.py", "site-packages/far.py", "other.fire"):
        (tmp_path / name).write_text("")
    (tmp_path / "x.py").write_text("import pack.inner, other, sys\nsys.path.append('site-packages')\nimport far\n"
                                   "for m in pack, pack.inner, other, far: print(type(m.__loader__).__name__)\n")
    assert run(FIRE, "x.py", cwd=tmp_path).out.split() == ["VmLoader", "VmLoader", "UncachedVmLoader",
                                                           "SourceFileLoader"]


@only_fire
def test_interrupt_in_a_loop():
    process = subprocess.Popen([*FIRE, "-c", "print(1, flush=True)\nwhile 1: pass"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment())
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT and err.endswith(b"KeyboardInterrupt\n")


@only_fire
def test_repl_on_a_terminal():
    import pty
    import time
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, *FIRE[1:]] if FIRE[0] == sys.executable else FIRE, environment())
    seen = b""
    for line, answer in ((b"1 + 1\r", b"\n2\r"), (b"def f():\r", b"... "), (b" return 'th' + 'ree'\r", b"... "),
                         (b"\r", b">>> "), (b"f()\r", b"'three'"), (b"while 1: pass\r", b"... "), (b"\r", b"\n"),
                         (b"\x03", b"KeyboardInterrupt"), (b"1/0\r", b"division by zero"), (b"exit(3)\r", b"")):
        time.sleep(0.2)
        os.write(terminal, line)
        part, deadline = b"", time.monotonic() + 20
        while answer not in part and time.monotonic() < deadline:
            part += os.read(terminal, 1000)
        seen += part
        assert answer in part, seen
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
