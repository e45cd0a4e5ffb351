"""Programs of exits (codegen/exit_programs.py): they do what their blocks say, exits that do the same share one,
what is too much for one is machine code, and some are not counted.
"""
import ctypes
import textwrap

import pytest

from firelang.codegen.baseline import Encoder
from firelang.codegen.exit_programs import encode
from firelang.ir.parse import parse
from firelang.ir.verify import verify
from interpreters import FIRE, HOST, is_host, run
from machine_code import BASELINE, Machine, packed

LEVELS = [BASELINE, 0, 2]
REGISTERS = """
B0():
  %v1 = load_i64 %frame !(0, 3)
  %v2 = load_f64 %frame !(8, 3)
  %v3 = int_eq %v1, 7
  guard_not %v3 !B1
  return
B1():
  store_int %frame, %v1 !(16, 3)
  store_i64 %frame, 0 !(40, 3)
  store_int %frame, -1 !(48, 3)
  store_float %frame, %v2 !(64, 3)
  store_float %frame, 0x4000000000000000 !(80, 3)
  store_i64 %frame, 4 !(104, 3)
  %v4 = bool_to_int %v3
  store_bool %frame, %v4 !(112, 3)
  store_bool %frame, 0 !(128, 3)
  store_obj %frame, %frame !(144, 3)
  store_obj %frame, null !(160, 3)
  store_i64 %frame, -1 !(176, 13)
  store_i64 %frame, 2 !(184, 13)
  store_i64 %frame, 5 !(192, 3)
  store_f64 %frame, %v2 !(200, 3)
  %v5 = offset %frame !8
  store_i64 %v5, %v1 !(200, 3)
  store_ptr %v5, %v5 !(208, 3)
  exit 0 %frame
"""


@pytest.mark.parametrize("level", LEVELS)
def test_registers(level):
    """Registers of each kind, tags alone, other memory."""
    machine = Machine(parse(REGISTERS))
    assert verify(machine.function) == []
    ctypes.memmove(machine.frame, packed(7, 1 << 62), 16)
    assert machine.both([], level)[:2] == ("exit", 0)


def test_a_register_is_one_word():
    """Payload and tag of a register take one operation, and no literal for the tag."""
    function = parse("B0():\n  exit 0 %frame\nB1():\n  store_int %frame, %v1 !(16, 3)\n"
                     "  store_i64 %frame, 0 !(40, 3)\n  exit 1 %frame")
    program = encode(function.blocks[1], set(), [], 0, 0)
    assert program.alive == ["%v1"] and len(program.words) == 3 + 2


def many(what):
    """An exit that has a value alive, a literal or a result in so many places."""
    values = [f"  %v{n} = int_add %v0, {n}" for n in range(1, 150)] if what == "alive" else []
    given = {"alive": "%v{}", "literals": "{}0", "results": "%v1{:03}"}[what]
    made = [f"  %v1{n:03} = offset %frame !{n}" for n in range(150)] if what == "results" else []
    kind = "ptr" if what == "results" else "i64"
    stores = [f"  store_{kind} %frame, {given.format(n)} !({16 + n % 20 * 8}, 3)" for n in range(1, 150)]
    return "\n".join(["B0():", "  %v0 = load_i64 %frame !(0, 3)", *values, "  %v998 = int_lt %v0, 5",
                      "  guard %v998 !B1", "  %v999 = int_lt %v0, 3", "  guard %v999 !B2", "  return",
                      "B1():", *made, *stores, "  exit 0 %frame", "B2():", "  exit_as 1 B1"])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("what", ["alive", "literals", "results"])
def test_too_much(what, level):
    """What no program can hold is machine code; an exit like it goes there."""
    function = parse(many(what))
    assert verify(function) == [] and encode(function.blocks[1], set(), [], 0, 0) is None
    machine = Machine(function)
    for value, ended in ((0, ("return",)), (9, ("exit", 0))):
        ctypes.memmove(machine.frame, packed(value), 8)
        assert machine.both([], level)[:2] == ended
    ctypes.memmove(machine.frame, packed(4), 8)
    code, _ = machine.code(level)
    assert machine.compiled(code)[:2] == ("exit", 0)


def test_exits_that_do_the_same_have_one_program():
    function = parse(REGISTERS.replace("  return\n", "  guard %v3 !B2\n  return\n") + "B2():\n  exit_as 1 B1\n")
    assert verify(function) == []
    function.exits = [(0, 0), (0, 0)]
    function.uncounted.add(1)
    encoder = Encoder(function, 0, 0)
    encoder.run()
    first, second = encoder.exits.words[2:4]
    assert second == -first < 0


@pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
def test_exits_that_are_as_they_should_be(tmp_path):
    """Near the limit of recursion the interpreter makes the calls, which nobody counts."""
    script = tmp_path / "deep.py"
    script.write_text(textwrap.dedent("""
        import sys
        calls = 0
        def fib(n):
            global calls
            calls += 1
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        def deep(n, times):
            if n:
                return deep(n - 1, times)
            total = 0
            for i in range(times):
                total += fib(3)
            return total
        print(deep(0, 3000))
        sys.setrecursionlimit(60)
        print(deep(40, 3000), deep(40, 3000), calls)
    """))
    found = run([*FIRE, "--jit=eager", "-X", "fire.jit_verify=1"], script, stats=True)
    assert found.out == run(HOST, script).out
    assert found.stats["traces"] >= 1 and found.stats["exits"] < 150
