"""`fire dev dump`: what hot code became, stage by stage, under the lines of the source."""
import re
import shutil
import textwrap

import pytest

from interpreters import FIRE, HOST, environment, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")

PROGRAM = """
    import sys
    def square(x):
        return x * x
    def f(n):
        total = 0
        for i in range(n):
            total += square(i) % 7
        return total
    print(f(50_000), sys.argv[1:])
    sys.exit(4)
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM).lstrip("\n"))
    return tmp_path / "program.py"


def dump(script, *options, level=2):
    """What follows the program's output; its status and output are the host's."""
    settings = environment(FIRE_CACHE_DIR=script.parent / "cache", FIRE_JIT_LEVEL=level)
    done = run([*FIRE, "dev", "dump", *options], script, "a", env=settings)
    host = run(HOST, script, "a")
    assert done.status == host.status == 4 and done.out.startswith(host.out) and done.err == "", done.err
    return done.out[len(host.out):]


def stages(text):
    """The text of each stage of the first region."""
    parts = re.split(r"^---- (\w+)\n", text.split("\n==== ")[0], flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_every_stage_under_the_lines_of_the_source(script):
    text = dump(script)
    assert re.match(rf"==== loop in f, {re.escape(str(script))}:6: level 2, \d+ bytes at [0-9a-f]+\n", text)
    found = stages(text)
    assert list(found) == ["bytecode", "ir", "llvm", "asm"]
    lines = ("program.py:7  total += square(i) % 7", "program.py:3  return x * x")
    for name, part in found.items():
        for line in lines:
            assert f"{'#' if name == 'asm' else ';'} {line}\n" in part, name
    wanted = {"bytecode": "MUL           t0 = x * x", "ir": "int_mul_pair", "llvm": "@llvm.smul.with.overflow.i64(i64",
              "asm": "imulq"}
    for name, op in wanted.items():
        after = found[name].split(lines[1], 1)[1]
        assert op in after.split("program.py:7")[0], name
    assert "!dbg !" not in found["llvm"].split("define", 1)[1].split("\n", 1)[1] and ".loc" not in found["asm"]


def test_code_of_the_baseline_compiler(script):
    text = dump(script, "-s", "llvm,asm", level=-1)
    found = stages(text)
    assert ":6: baseline, " in text.splitlines()[0] and "(compiled without LLVM)" in found["llvm"]
    if shutil.which("objdump"):
        assert "imul" in found["asm"].split("# program.py:3  return x * x\n", 1)[1].split("# program.py:7")[0]
        assert "# leaving\n" in found["asm"]
    else:
        assert "this needs objdump" in found["asm"]


def test_some_stages_to_a_file(script, tmp_path):
    assert dump(script, "-s", "asm,ir", "-o", str(tmp_path / "out.txt")) == ""
    assert list(stages((tmp_path / "out.txt").read_text())) == ["asm", "ir"]


def test_nothing_hot(script):
    script.write_text("import sys; print(1); sys.exit(4)")
    assert dump(script) == "fire dev dump: nothing was compiled\n"


@pytest.mark.parametrize("words, says", [(["-s", "ir,llwm", "x.py"], "fire: no stage 'llwm'"),
                                         (["-s", "ir"], "usage: "), (["-x", "x.py"], "usage: ")])
def test_wrong_usage(words, says):
    done = run(FIRE, "dev", "dump", *words)
    assert done.status == 2 and done.err.startswith(says) and "bytecode,ir,llvm,asm" in done.err
