"""The IR: its text reads back as it was, for every op of the table; the verifier sees what is wrong; LLVM takes it.

    B0():
      %v1 = int_add 7, 7
      return
"""
import pytest

parsing = pytest.importorskip("firelang.ir.parse", reason="firelang is not installed")

from firelang.ir.ops import GUARD, OPS  # noqa: E402
from firelang.ir.verify import verify  # noqa: E402

ARGUMENTS = {"i": "7", "f": "0x3FF8000000000000", "b": "true", "p": "%frame"}
IMMEDIATES = {"index": "i64", "index_in": "double", "scratch": 16, "offset": 48, "const": 1, "const_word": 1, "step": 3}

LOOP = """\
B0():
  %v1 = load_i64 %frame !(120, 3)
  %v2 = int_eq %v1, 1
  guard %v2 !B3
  jump B1(%v1, 0x3FF8000000000000)
B1(%v3: i, %v4: f):
  %v5 = int_lt %v3, 10
  branch %v5 B2 B4
B2():
  %v6 = int_add %v3, 1
  %v7 = float_mul %v4, %v4
  jump B1(%v6, %v7)
B3():
  exit 0 %frame
B4():
  store_f64 %frame, %v4 !(128, 3)
  return
"""


def line_of(name):
    """An operation of this name as text, with arguments of its types."""
    row = OPS[name]
    args = ["%frame", "7"] if row.args == "*" else [ARGUMENTS[kind] if kind != "o" else "%v1" for kind in row.args]
    x = IMMEDIATES.get(name)
    template = ";".join(row.lines)
    if row.effects & GUARD and "{x}" in template:
        x = "B1"
    elif "{x[0]}" in template:
        x = (16, 3)
    elif "{x}" in template and x is None:
        x = 3
    result = "%v2 = " if row.result else ""
    return f"{result}{name} {', '.join(args)}{'' if x is None else f' !{x}'}".rstrip(), x


def text_of(name):
    """A function with one such operation."""
    pair = ["  %v1 = int_add_pair 7, 7"] if "o" in OPS[name].args else []
    return "\n".join(["B0():", *pair, "  " + line_of(name)[0], "  return", "B1():", "  exit 0 %frame"])


@pytest.mark.parametrize("name", OPS)
def test_text_reads_back(name):
    """show(parse(text)) is the text, and the operation's parts are what they were."""
    text = text_of(name)
    function = parsing.parse(text)
    assert function.show() == text
    op = function.blocks[0].ops[-1]
    assert op[0] == name and op[3] == line_of(name)[1]
    assert verify(function) == []


def test_blocks_read_back():
    """Parameters, jumps, branches, exits, tails and leaves."""
    text = LOOP + "B5():\n  tail 4 %pc %frame\nB6():\n  leave %pc %frame\nB7():\n  exit_as 7 B3"
    function = parsing.parse(text)
    assert function.show() == text
    assert verify(function) == []
    assert [source.number for source, _ in function.blocks[1].incoming] == [0, 2]
    assert function.values == 7


@pytest.mark.parametrize("line", ["no_such_op 1", "B7():", "jump B9()", "%v1 int_add"])
def test_unreadable(line):
    """What is not IR is told."""
    with pytest.raises(parsing.Unreadable):
        parsing.parse(f"B0():\n  {line}\n  return")


BROKEN = {
    "is int_lt's": ("%v6 = int_add %v3, 1", "%v6 = int_add %v5, 1", "%v5 is b, not i"),
    "missing argument": ("%v6 = int_add %v3, 1", "%v6 = int_add %v3", "int_add takes 2 arguments, not 1"),
    "made twice": ("%v7 = float_mul", "%v5 = float_mul", "%v5 is made twice"),
    "never made": ("%v6 = int_add %v3, 1", "%v6 = int_add %v99, 1", "%v99 is never made"),
    "not dominated": ("store_f64 %frame, %v4", "store_f64 %frame, %v7", "%v7 is used where it may not"),
    "used before": ("%v2 = int_eq %v1, 1", "%v2 = int_eq %v8, 1", "%v8 is never made"),
    "phis": ("jump B1(%v6, %v7)", "jump B1(%v6)", "B1 takes 2 values, not 1"),
    "type of a parameter": ("jump B1(%v6, %v7)", "jump B1(%v7, %v7)", "%v7 is f, not i"),
    "a constant's type": ("jump B1(%v6, %v7)", "jump B1(%v6, 3)", "3 is no constant of type f"),
    "behind a guard": ("exit 0 %frame", "store_i64 %frame, %v1 !(8, 3)\n  exit 0 %frame", None),
    "no terminator": ("  return\n", "", "ends with nothing"),
    "branch on an int": ("branch %v5", "branch %v3", "%v3 is i, not b"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_verifier(case):
    """One change each makes a function that is in order wrong, or leaves it in order."""
    old, new, problem = BROKEN[case]
    assert old in LOOP
    found = verify(parsing.parse(LOOP.replace(old, new)))
    assert found == [] if problem is None else any(problem in text for text in found), found


def test_value_made_behind_a_guard():
    """Where a guard leads, values made behind it are unknown."""
    text = ("B0():\n  guard true !B1\n  %v1 = int_add 1, 2\n  return\n"
            "B1():\n  store_i64 %frame, %v1 !(8, 3)\n  exit 0 %frame")
    assert any("%v1 is used where" in problem for problem in verify(parsing.parse(text)))


def test_llvm_takes_every_operation():
    """The templates of the table are valid assembly."""
    binding = pytest.importorskip("llvmlite.binding")
    from firelang.codegen.lower import Lowering

    offsets = {"sizeof.Frame": 112, "Jit.out_pc": 8, "Jit.out_frame": 16}
    for name in OPS:
        function = parsing.parse(text_of(name))
        function.exits.append((0, 0))
        text = Lowering(function, offsets, 0, 0, {"jit": 0, "rt_exit": 0}, stress=3).text()
        binding.parse_assembly(text).verify()


VECTOR = """B0():
  %v1 = load_ptr %frame !(16, 4)
  jump B1(%v1, 0)
B1(%v2: p, %v3: i):
  %v4 = load_i64 %v2 !(24, 4)
  %v5 = int_lt %v3, %v4
  guard %v5 !B2
  %v6 = load_ptr %v2 !(32, 4)
  %v7 = index %v6, %v3 !i64
  %v8 = load_f64 %v7 !(0, 13)
  %v9 = float_add %v8, %v8
  store_f64 %v7, %v9 !(0, 13)
  %v10 = int_add %v3, 1
  jump B1(%v2, %v10)
B2():
  exit 0 %frame"""
UNFIT = {
    "a call": ("  store_f64", "  call_none %v6 !4\n  store_f64"),
    "another step each turn": ("int_add %v3, 1", "int_add %v3, %v4"),
    "stores to one place": ("store_f64 %v7", "store_f64 %v6"),
    "stores to what its size is read from": ("store_f64 %v7, %v9 !(0, 13)", "store_f64 %v7, %v9 !(0, 4)"),
    "an address out of memory": ("%v7 = index %v6, %v3 !i64",
                                 "%v12 = index %v6, %v3 !i64\n  %v7 = load_ptr %v12 !(0, 5)"),
}


def test_fast_loops():
    """Which loops get a copy: in chunks, with what is the same in each turn taken out, or none."""
    from firelang.ir.fast_loops import add_fast_loops

    function = parsing.parse(VECTOR)
    assert add_fast_loops(function) == 1 and verify(function) == []
    text = function.show()
    assert "copy_bytes" in text and "index_in" in text
    for old, new in UNFIT.values():
        assert old in VECTOR
        assert add_fast_loops(parsing.parse(VECTOR.replace(old, new))) == 0, new


# A counter in memory, a look aside where something has changed, a load that hangs on what was loaded.
KEPT = """B0():
  %v1 = load_ptr %frame !(16, 4)
  %v2 = load_ptr %frame !(24, 4)
  jump B1(%v1, %v2, 0x0000000000000000)
B1(%v3: p, %v4: p, %v5: f):
  %v6 = load_i64 %v3 !(16, 10)
  %v7 = load_i64 %v3 !(40, 10)
  %v8 = int_lt %v6, %v7
  branch %v8 B2 B5
B2():
  %v9 = int_add %v6, 1
  store_i64 %v3, %v9 !(16, 10)
  %v10 = load_i64 %v4 !(24, 11)
  %v11 = int_eq %v10, 3
  branch %v11 B4 B3
B3():
  %v12 = call_i %v4 !7
  %v13 = int_ne %v12, 0
  guard %v13 !B5
  jump B4()
B4():
  %v14 = index %v4, %v6 !ptr
  %v15 = load_ptr %v14 !(0, 5)
  %v16 = load_f64 %v15 !(16, 9)
  %v17 = float_add %v5, %v16
  %v18 = poll %v4
  %v19 = int_eq %v18, 0
  guard %v19 !B5
  jump B1(%v3, %v4, %v17)
B5():
  exit 0 %frame"""
NOT_KEPT = {
    "what may be the bound is stored to": ("store_i64 %v3, %v9 !(16, 10)", "store_i64 %v4, %v9 !(32, 10)"),
    "the bound is stored to": ("store_i64 %v3, %v9 !(16, 10)", "store_i64 %v3, %v9 !(40, 10)"),
    "the counter is loaded behind its store": ("%v14 = index %v4, %v6 !ptr",
                                               "%v20 = load_i64 %v3 !(16, 10)\n  %v14 = index %v4, %v20 !ptr"),
    "a look aside by what changes": ("int_eq %v10, 3", "int_eq %v6, 3"),
    "a call on the way": ("  %v16 = load_f64", "  call_none %v4 !4\n  %v16 = load_f64"),
    "no signals": ("guard %v19 !B5", "guard %v11 !B5"),
}


def test_loops_over_kept_counters():
    """Which loops that are no counted ones get a copy."""
    from firelang.ir.fast_loops import add_fast_loops

    function = parsing.parse(KEPT)
    assert verify(function) == [] and add_fast_loops(function) == 1 and verify(function) == []
    for old, new in NOT_KEPT.values():
        assert old in KEPT
        changed = parsing.parse(KEPT.replace(old, new))
        assert verify(changed) == [] and add_fast_loops(changed) == 0, new


# Two loops with one head: B3 leads from one to the next turn of that around it.
TOGETHER = """B0():
  %v1 = load_ptr %frame !(16, 4)
  jump B1(%v1, 0, 0)
B1(%v2: p, %v3: i, %v4: i):
  %v5 = load_i64 %v2 !(24, 4)
  %v6 = int_lt %v3, %v5
  branch %v6 B2 B3
B2():
  %v7 = int_add %v3, 1
  %v8 = load_ptr %v2 !(32, 4)
  %v9 = index %v8, %v3 !ptr
  %v10 = load_ptr %v9 !(0, 5)
  %v11 = load_i64 %v10 !(0, 2)
  %v12 = int_add %v4, %v11
  %v13 = poll %v1
  %v14 = int_eq %v13, 0
  guard %v14 !B4
  jump B1(%v2, %v7, %v12)
B3():
  call_none %v2 !4
  jump B1(%v2, 0, %v4)
B4():
  exit 0 %frame"""


def test_loops_that_begin_together():
    """The inner one gets a copy, if it is left by its counter alone."""
    from firelang.ir.fast_loops import add_fast_loops

    assert add_fast_loops(parsing.parse(TOGETHER)) == 1
    assert add_fast_loops(parsing.parse(TOGETHER.replace("int_lt %v3, %v5", "int_eq %v4, %v5"))) == 0
