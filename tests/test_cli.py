"""The command line: what `fire ARGS` prints, to which stream, and its exit status, as under `python3 ARGS`.

    same(["-c", "print(1)"])      both interpreters, status, stdout and stderr compared to the letter

Invariant: a path that appears in output is the same for both, as both run in the same folder.
"""

import json
import os
import re
import subprocess
import sys
import zipfile

import pytest

from interpreters import FIRE, HOST, environment, is_host, run

ADDRESS = re.compile("at 0x[0-9a-f]+")
only_fire = pytest.mark.skipif(is_host(FIRE), reason="a plain CPython does not have fire's own options")


def compare(host, fire, streams=("status", "out", "err")):
    """Both results agree in these fields."""
    for field in streams:
        ours, theirs = (ADDRESS.sub("at 0x...", str(getattr(result, field))) for result in (host, fire))
        assert theirs == ours, (
            f"{field} differs\n--- host\n{ours}\n--- fire\n{theirs}\n--- stderr of fire\n{fire.err}"
        )
    return fire


def same(arguments, folder=None, streams=("status", "out", "err"), env=None, **options):
    """Run both interpreters with the same arguments and compare; fire's result."""
    env = environment(**(env or {}))
    return compare(
        run(HOST, *arguments, cwd=folder, env=env, **options),
        run(FIRE, *arguments, cwd=folder, env=env, **options),
        streams,
    )


def script(folder, text, name="program.py"):
    """Write a program and return its name."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path.name


SHOW = (
    "import sys; "
    "print(sys.argv, __name__, sys.path[0], globals().get('__file__'), __package__, __spec__ and "
    "__spec__.name)"
)


def test_script_arguments(tmp_path):
    """Everything after the file belongs to the program."""
    name = script(tmp_path, SHOW)
    same([name, "a", "-b", "--stats", "-O", "c d", "é🔥", ""], tmp_path)
    same([tmp_path / name], tmp_path)
    same(["--", name, "x"], tmp_path)


def test_command_and_module(tmp_path):
    """-c and -m take the rest of the line."""
    same(["-c", SHOW, "a", "-c", "-O"], tmp_path)
    same(["-cprint(5)"], tmp_path)
    (tmp_path / "pack").mkdir()
    script(tmp_path / "pack", "print('init', __name__)", "__init__.py")
    script(tmp_path / "pack", SHOW + "\nfrom . import other", "__main__.py")
    script(tmp_path / "pack", "print(__name__, __package__)", "other.py")
    script(tmp_path, SHOW, "single.py")
    same(["-m", "pack", "-x", "y"], tmp_path)
    same(["-m", "pack.other"], tmp_path)
    same(["-m", "single", "z"], tmp_path)
    same(["-m", "json.tool"], tmp_path, input='{"a": [1]}')
    same(["-m", "no_such_module"], tmp_path, streams=("status", "out"))
    assert "No module named no_such_module" in run(FIRE, "-m", "no_such_module", cwd=tmp_path).err


def test_standard_input(tmp_path):
    """A program on stdin, with and without `-`."""
    for arguments in ([], ["-"], ["-", "a", "b"]):
        same(
            arguments,
            tmp_path,
            input="import sys\nprint(sys.argv, __name__)\nx = 1\nif x:\n    print('indented')\n",
        )
    same(["-"], tmp_path, input="print(1)\n1/0\nprint('never')\n")
    same(["-"], tmp_path, input="def f(:\n")
    same(
        ["-c", "import sys; print(sys.stdin.read().upper()); print(input('prompt ') if 0 else '')"],
        tmp_path,
        input="text",
    )
    same(["-c", "print(input('? '), input())"], tmp_path, input="one\ntwo\n")
    same(["-c", "input()"], tmp_path, input="")


def test_directory_and_zip(tmp_path):
    """A folder or an archive with __main__."""
    (tmp_path / "app").mkdir()
    script(tmp_path / "app", "import sibling\nprint(__name__, __package__, sibling.x)", "__main__.py")
    script(tmp_path / "app", "x = 'from sibling'\ndef fail(): 1 / 0", "sibling.py")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for name in ("__main__.py", "sibling.py"):
            archive.write(tmp_path / "app" / name, name)
    same(["app"], tmp_path)
    same(["app.zip"], tmp_path)
    (tmp_path / "empty").mkdir()
    same(["empty"], tmp_path, streams=("status", "out"))
    assert "can't find '__main__' module" in run(FIRE, "empty", cwd=tmp_path).err


@pytest.mark.parametrize("name", ["program.🔥", "program.fire", "no_suffix", "with space.py", "ünï.py"])
def test_file_names(name, tmp_path):
    """Any file name runs."""
    same([script(tmp_path, SHOW, name)], tmp_path)


EXITS = {
    "plain": "print('fine')",
    "exit_0": "import sys; sys.exit(0)",
    "exit_3": "import sys; sys.exit(3)",
    "exit_none": "import sys; sys.exit()",
    "exit_text": "import sys; sys.exit('to stderr')",
    "exit_list": "import sys; sys.exit([1, 2])",
    "exit_big": "import sys; sys.exit(257)",
    "exit_negative": "import sys; sys.exit(-1)",
    "exit_true": "import sys; sys.exit(True)",
    "exit_huge": "import sys; sys.exit(2**80)",
    "exit_float": "import sys; sys.exit(1.5)",
    "raise_exit": "raise SystemExit(4)",
    "raise_exit_two": "raise SystemExit(4, 5)",
    "os_exit": "import os; os._exit(9)",
    "quit": "quit(6)",
    "error": "1 / 0",
    "keyboard": "raise KeyboardInterrupt",
    "in_function": "def f():\n    raise SystemExit(8)\ntry:\n    f()\nfinally:\n    print('finally')",
    "in_thread": "import threading, sys\nt = threading.Thread(target=sys.exit, args=(5,))\nt.start()\n"
    "t.join()\nprint('alive')",
    "in_atexit": "import atexit, sys\natexit.register(lambda: print('last'))\n"
    "atexit.register(lambda: 1 / 0)\nsys.exit(7)",
    "base": "class E(BaseException): pass\nraise E('base')",
    "group": "raise ExceptionGroup('g', [ValueError(1), KeyError(2)])",
    "bad_str": "class E(Exception):\n    def __str__(self): 1 / 0\nraise E()",
    "stderr_none": "import sys\nsys.stderr = None\n1 / 0",
    "excepthook": "import sys\nsys.excepthook = lambda t, v, tb: print('hook', t.__name__, v)\n1 / 0",
    "bad_hook": "import sys\nsys.excepthook = 5\n1 / 0",
    "hook_raises": "import sys\ndef h(*a): {}['x']\nsys.excepthook = h\n1 / 0",
    "exit_subclass": "class E(SystemExit): pass\nraise E(11)",
    "del_at_exit": "class D:\n    def __del__(self): print('del')\nd = D()",
    "module_globals_at_exit": "class D:\n    def __init__(self, n): self.n = n\n"
    "    def __del__(self): print(self.n)\na = D(1)\nb = D(2)\n_c = D(3)",
}


@pytest.mark.parametrize("name", EXITS)
def test_exit(name, tmp_path):
    """Every way a program can end: status, streams, tracebacks to the letter."""
    same([script(tmp_path, EXITS[name])], tmp_path)
    same(["-c", EXITS[name]], tmp_path)


SYNTAX = [
    "def f(:\n  pass",
    "x = = 1",
    "print 'old'",
    "if 1:\nx",
    "  indented",
    "if 1:\n\tx\n        y",
    "'unterminated",
    "'''never closed",
    "return 5",
    "break",
    "continue",
    "yield",
    "await x",
    "x = (1,\n  2",
    "f(**a, *b)",
    "def f(a, a): pass",
    "def f():\n  global x\n  x = 1\n  nonlocal y",
    "a + b = c",
    "5 = x",
    "del f()",
    "f() += 1",
    "class C: return",
    "import a.b as",
    "from . import *",
    "from __future__ import nope",
    "x = 1\nfrom __future__ import annotations",
    "lambda: (yield",
    "{1: 2, **}",
    "f'{'",
    "f'{a b}'",
    "\x00",
    "0777",
    "1__0",
    "x = 5 if 1",
    "match x:\n  case 1 | y: pass",
    "match x:\n  case a: pass\n  case b: pass",
    "try: pass",
    "try:\n pass\nexcept* A: pass\nexcept B: pass",
    "async def f():\n yield 1\n return 2",
    "def f(x):\n  def g():\n    nonlocal z",
    "a := 5",
    "[x := 1 for x in y]",
    "(" * 300 + ")" * 300,
    "é = ¼",
    "x = '\\N{nope}'",
    "b'é'",
    "nonlocal x",
    "print(a b)",
    "None = 1",
    "def f(None): pass",
    "x: int: str",
    "with a as 5: pass",
    "for 5 in x: pass",
    "else: pass",
]


FINE = ("\x00",)


def test_syntax_errors(tmp_path):
    """Syntax errors of a script: text, line, carets, status 1."""
    for number, source in enumerate(SYNTAX):
        name = script(tmp_path, source + "\n", f"bad{number}.py")
        assert (same([name], tmp_path).status, source) == (0 if source in FINE else 1, source)


def test_source_encodings(tmp_path):
    """Encoding cookies, byte order marks, line ends, bytes that are not text."""
    for number, source in enumerate(
        [
            b"# -*- coding: latin-1 -*-\nprint('\xe9')\n",
            b"\xef\xbb\xbfprint('bom')\n",
            b"print('\xff')\n",
            b"# coding: nope\n",
            b"# coding: utf-8\nx = '\xff\xfe'\n",
            b"print('crlf')\r\nprint(2)\r\n",
            b"print('cr')\rprint(3)\r",
            b"\x00",
            b"",
            b"\n\n",
            "s = '日本🔥'\nprint(s, len(s))\n1/0 # é\n".encode(),
            "# coding: utf-16\nprint(1)".encode("utf-16"),
            b"print(1)\n\x1a",
            b"\x0cprint('ff')\n",
            b"#!/usr/bin/env python3\nprint('shebang')",
            b"print('no newline')",
            b"if 1:\n  print(1)\n  # only comment",
        ]
    ):
        same([script(tmp_path, source, f"enc{number}.py")], tmp_path)


def test_missing_files(tmp_path):
    """What cannot be read: status 2 and a clear message."""
    (tmp_path / "folder").mkdir()
    for name in ("missing.py", "no/such/dir.py", "folder"):
        host, fire = run(HOST, name, cwd=tmp_path), run(FIRE, name, cwd=tmp_path)
        assert (fire.status, fire.out) == (host.status, host.out)
        assert fire.err.strip()
        assert name in fire.err


def test_flags(tmp_path):
    """python3's own options reach sys.flags and have their effect."""
    text = "import sys, warnings\nassert 0, 'asserted'\n"
    name = script(
        tmp_path,
        "import sys\n"
        "print([f for f in zip(dir(sys.flags), []) ], sys.flags, __debug__, sys.warnoptions, "
        "sys._xoptions, sys.dont_write_bytecode)",
    )
    for options in (
        ["-O"],
        ["-OO"],
        ["-B"],
        ["-E"],
        ["-s"],
        ["-S"],
        ["-I"],
        ["-q"],
        ["-u"],
        ["-v"],
        ["-W", "error"],
        ["-Wignore"],
        ["-X", "dev"],
        ["-Xutf8"],
        ["-b"],
        ["-bb"],
        ["-d"],
        ["-P"],
        ["-R"],
        ["-X", "importtime"],
        ["-X", "int_max_str_digits=5000"],
        ["-OB"],
        ["-BEs"],
        ["-X", "faulthandler"],
    ):
        if FIRE[1:2] == ["-m"] and options[0] in ("-I", "-E", "-S"):
            continue  # firelang itself may be found only through PYTHONPATH
        noisy = options[0] == "-v" or "importtime" in options
        same([*options, name], tmp_path, streams=("status", "out") if noisy else ("status", "out", "err"))
    script(tmp_path, text, "asserting.py")
    same(["asserting.py"], tmp_path)
    assert same(["-O", "asserting.py"], tmp_path).status == 0
    same(["-OO", "-c", "def f(): 'doc'\nprint(f.__doc__, __debug__)"])


def test_warnings(tmp_path):
    """-W, PYTHONWARNINGS, -X dev and syntax warnings."""
    name = script(
        tmp_path,
        "import warnings\ndef f(): warnings.warn('careful')\nf()\n"
        "warnings.warn('old', DeprecationWarning)\nx = 1 is 1\nassert (1, 'always')\n",
    )
    for options in (
        [],
        ["-W", "error"],
        ["-W", "ignore"],
        ["-W", "error::DeprecationWarning"],
        ["-W", "always"],
        ["-X", "dev"],
        ["-W", "nonsense"],
    ):
        same([*options, name], tmp_path, env={"PYTHONDONTWRITEBYTECODE": 1})
    same([name], tmp_path, env={"PYTHONWARNINGS": "error", "PYTHONDONTWRITEBYTECODE": 1})
    same(["-b", "-c", "print(b'a' == 'a')"])
    same(["-bb", "-c", "print(b'a' == 'a')"])


def test_environment_variables(tmp_path):
    """PYTHON* variables mean what they mean to python3."""
    name = script(
        tmp_path,
        "import sys\nprint(sys.flags, sys.path[1:2], __debug__, sys.stdout.encoding, hash('x'))\nassert 0\n",
    )
    for variables in (
        {"PYTHONOPTIMIZE": 1},
        {"PYTHONHASHSEED": 5},
        {"PYTHONDONTWRITEBYTECODE": 1},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONUTF8": 1},
        {"PYTHONUNBUFFERED": 1},
        {"PYTHONNOUSERSITE": 1},
        {"PYTHONVERBOSE": ""},
        {"PYTHONSAFEPATH": 1},
        {"PYTHONDEVMODE": 1},
    ):
        same([name], tmp_path, env=variables)
    (tmp_path / "library").mkdir()
    script(tmp_path / "library", "x = 'library module'", "in_library.py")
    paths = os.pathsep.join([str(tmp_path / "library"), *filter(None, [environment().get("PYTHONPATH")])])
    same(["-c", "import in_library; print(in_library.x)"], tmp_path, env={"PYTHONPATH": paths})


def test_streams(tmp_path):
    """Buffering, closed streams, binary output, a reader that goes away."""
    same(["-c", "import sys; sys.stdout.buffer.write(b'raw'); print('text'); print('err', file=sys.stderr)"])
    same(["-c", "print('a', end=''); import os; os.write(1, b'direct'); print('b')"])
    same(["-u", "-c", "print('a', end=''); import os; os.write(1, b'direct'); print('b')"])
    same(["-c", "import sys; sys.stdout = None; print('nowhere')"])
    same(["-c", "import sys; sys.stdout.close(); sys.stderr.write('still')"])
    same(["-c", "import sys; sys.stdout = open('/dev/full', 'w'); print('x')"])
    for command in (HOST, FIRE):
        text = subprocess.run(
            " ".join(map(shell_word, command)) + " -c 'for i in range(100000): print(i)' | head -1",
            shell=True,
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(),
        )
        assert text.stdout == "0\n"
        assert "BrokenPipeError" in text.stderr


def shell_word(word):
    """A word for the shell."""
    return "'" + word.replace("'", "'\\''") + "'"


def test_tracebacks_of_imports(tmp_path):
    """An error in a module beside the script, in a nested import, in a package."""
    script(tmp_path, "def f(x):\n    return 1 / x\n", "module_a.py")
    script(tmp_path, "import module_a\n\nvalue = module_a.f(\n    0)\n", "module_b.py")
    script(tmp_path, "x = (\n", "module_bad.py")
    same([script(tmp_path, "import module_b\n", "one.py")], tmp_path)
    same([script(tmp_path, "def g():\n    import module_bad\ng()\n", "two.py")], tmp_path)
    same([script(tmp_path, "from module_a import nope\n", "three.py")], tmp_path)
    same([script(tmp_path, "import module_a\nmodule_a.f('x')\n", "four.py")], tmp_path)
    same(
        [
            script(tmp_path, "import circular_a\n", "five.py"),
            script(tmp_path, "import circular_b\nx = 1\n", "circular_a.py"),
            script(tmp_path, "from circular_a import x\n", "circular_b.py"),
        ][:1],
        tmp_path,
    )


@only_fire
def test_statistics(tmp_path):
    """--stats=json: one object, the last line of stderr, with the promised fields."""
    name = script(tmp_path, "def f(x): return x + 1\nprint(sum(f(i) for i in range(100)))\n")
    result = run(FIRE, "--stats=json", name, cwd=tmp_path)
    assert result.out == "5050\n"
    stats = json.loads(result.err.strip().splitlines()[-1])
    fields = ["functions_vm", "functions_twin", "twin_reasons", "traces", "bridges", "exits", "aborts"]
    assert not {*fields, "compile_ms", "llvm_loaded", "cache_hits", "cache_misses"} - set(stats)
    assert stats["functions_twin"] == 0
    assert stats["functions_vm"] >= 2
    assert not stats["llvm_loaded"]
    assert "functions_vm" in run(FIRE, "--stats", name, cwd=tmp_path).err
    failing = run(FIRE, "--stats=json", "-c", "1/0")
    assert failing.status == 1
    assert "ZeroDivisionError" in failing.err
    assert json.loads(failing.err.strip().splitlines()[-1])["functions_vm"] >= 1


@only_fire
@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option"],
        ["-Z"],
        ["--jit=nonsense", "-c", "1"],
        ["--stats=xml", "-c", "1"],
        ["-c"],
        ["-m"],
        ["-X"],
        ["-W"],
        ["dev"],
        ["dev", "nope"],
        ["--check-hash-based-pycs=bad", "-c", "1"],
    ],
    ids=" ".join,
)
def test_usage_errors(arguments, tmp_path):
    """A wrong command line: status 2, a message on stderr, nothing on stdout."""
    result = run(FIRE, *arguments, cwd=tmp_path)
    assert (result.status, result.out) == (2, "")
    assert result.err.strip()


@only_fire
def test_fire_options(tmp_path):
    """Options of fire's own do not change what a program does."""
    name = script(tmp_path, "import sys\nprint(sys.argv, sum(i * i for i in range(1000)))\n")
    plain = run(FIRE, name, "a", cwd=tmp_path)
    for options in (
        ["--jit=off"],
        ["--jit=on"],
        ["--jit=eager"],
        ["--vm-packages=json"],
        ["--vm-packages=all"],
    ):
        compare(plain, run(FIRE, *options, name, "a", cwd=tmp_path))
    for option in ("--help", "-h", "--version", "-V"):
        result = run(FIRE, option)
        assert (result.status, result.err) == (0, "")
        assert result.out
    assert re.search(r"\d+\.\d+", run(FIRE, "--version").out)


def test_interactive_after_script(tmp_path):
    """-i and PYTHONINSPECT read statements after the program, with its names."""
    name = script(tmp_path, "x = 5\ndef f(): return x * 2\n")
    for options, env in ((["-i"], None), ([], {"PYTHONINSPECT": "1"})):
        for program in (["-c", "x = 1; 1/0"], [name]):
            fire = same(
                [*options, *program], tmp_path, streams=("status", "out"), env=env, input="print('got', x)\n"
            )
            assert ("got" in fire.out) == (options == ["-i"]), fire.err
            assert ("ZeroDivisionError" in fire.err) == (program[0] == "-c")


def test_executable_and_python3(tmp_path):
    """sys.executable starts a python that can run what a program starts with it."""
    same(
        [
            "-c",
            "import subprocess, sys; "
            "print(subprocess.run([sys.executable, '-c', 'print(1 + 1)'], capture_output=True, "
            "text=True).stdout)",
        ]
    )
    assert os.path.exists(run(FIRE, "-c", "import sys; print(sys.executable)").out.strip())
    assert sys.version_info >= (3, 11)
