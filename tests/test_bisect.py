"""`fire dev bisect` finds the compilation that makes a result another one, and fuel stops where it says.

What is broken here is a table of the specializer, or one operation of the IR for both compilers, by a sitecustomize of
the test's own.
"""
import textwrap

import pytest

from interpreters import FIRE, HOST, environment, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")

PROGRAM = """
    def add(n):
        s = 0
        for i in range(n): s += i
        return s
    def mix(n):
        s = 0
        for i in range(n): s = (s ^ i * 7) & 0xFFFFFF
        return s
    def words(n):
        found = []
        for i in range(n): found.append(str(i % 7))
        return "".join(found)
    def ends(n):
        s = 0.5
        for i in range(n): s = s * 0.5 + i
        return s
    for f in add, words, mix, words, ends:
        print(f.__name__, [f(4000) for _ in range(4)][-1])
"""
BROKEN = """
    from firelang.specializer import arith
    arith.BIT_OPS["XOR"] = "int_or"
"""
WRONG_CODE = """
    from firelang.codegen.baseline import RECORDS
    from firelang.ir.ops import OPS
    RECORDS["int_xor"] = RECORDS["int_or"]
    OPS["int_xor"].lines = [line.replace(" xor ", " or ") for line in OPS["int_xor"].lines]
"""


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return file


def broken_settings(tmp_path, broken=BROKEN):
    """An environment in which compiled code takes `or` for `xor`."""
    (tmp_path / "site").mkdir(exist_ok=True)
    (tmp_path / "site" / "sitecustomize.py").write_text(textwrap.dedent(broken))
    settings = environment()
    return {**settings, "PYTHONPATH": ":".join(filter(None, [str(tmp_path / "site"), settings.get("PYTHONPATH")]))}


def test_finds_the_region(program, tmp_path):
    found = run(FIRE, "dev", "bisect", program, env=broken_settings(tmp_path), timeout=300)
    assert found.status == 1 and found.err == ""
    lines = found.out.splitlines()
    at = next(number for number, line in enumerate(lines) if " is the first: " in line)
    assert "trace of mix" in lines[at] and f"{program}:8" in lines[at]
    assert lines[at + 1].startswith("    line 3 of stdout: expected mix ")
    dump = lines[at + 2].split()[4]
    with open(dump, encoding="utf-8") as file:
        assert "int_or" in file.read()


@pytest.mark.parametrize("broken, right", [(BROKEN, False), (WRONG_CODE, True)], ids=["IR", "machine code"])
def test_the_oracle_knows_whose_fault_it_is(broken, right, program, tmp_path):
    """It does what the IR says: as wrong as that, and right where machine code alone is wrong."""
    settings, expected = broken_settings(tmp_path, broken), run(HOST, program).out
    options = ["--jit=eager", "-X", "fire.jit_level=2", "-X", "fire.cache=off"]
    code = run([*FIRE, *options], program, env=settings, timeout=300)
    oracle = run([*FIRE, *options, "-X", "fire.jit_oracle=1"], program, env=settings, timeout=300)
    assert code.status == oracle.status == 0 and code.out != expected
    assert (oracle.out == expected) is right


def test_nothing_to_find(program):
    found = run(FIRE, "dev", "bisect", program, timeout=300)
    assert (found.status, found.err) == (0, "")
    assert "the result is the interpreter's" in found.out and not found.out.startswith(f"{program}: 0 ")


def test_results_of_their_own(tmp_path):
    """A program whose result is another one in each run is nothing to bisect with."""
    file = tmp_path / "program.py"
    file.write_text("import os; print(os.getpid())")
    found = run(FIRE, "dev", "bisect", file, timeout=300)
    assert found.status == 2 and "its result differs in two runs: line 1 of stdout" in found.err


def test_fuel(program, tmp_path):
    """With less fuel the first compilations are the same ones, and there are no others."""
    expected = run(HOST, program).out
    lists = {}
    for fuel in (-1, 0, 2, 3, 2):
        dump = tmp_path / f"dump{len(lists)}"
        dump.mkdir()
        settings = {"jit_fuel": fuel, "jit_dump": dump, "jit_share": 100, "jit_later": "off", "cache": "off"}
        options = [word for name, value in settings.items() for word in ("-X", f"fire.{name}={value}")]
        done = run(FIRE, *options, program, stats=True)
        assert done.out == expected
        units = dump / "units"
        lists[fuel, len(lists)] = units.read_text().splitlines() if units.exists() else []
        assert fuel < 0 or done.stats["traces"] + done.stats["bridges"] + done.stats["promoted"] == fuel
    whole, *parts = lists.values()
    assert len(whole) > 3 and [whole[:len(part)] for part in parts] == parts
    assert [len(part) for part in parts] == [0, 2, 3, 2]
