"""The oracle (ir/oracle.py) and machine code do the same: each operation alone, then whole functions.

    %v10 = load_i64 %frame !(0, 13); ...; %v30 = int_add %v10, %v11; store_i64 %frame, %v30 !(64, 13)
"""
import ctypes
import random
from struct import pack, unpack

import pytest

oracle = pytest.importorskip("firelang.ir.oracle", reason="firelang is not installed")
pytest.importorskip("llvmlite.binding")

from firelang.ir.ops import OPS  # noqa: E402
from firelang.ir.parse import parse  # noqa: E402
from firelang.ir.ranges import RANGES  # noqa: E402
from firelang.ir.semantics import MAX, MEANING, MIN, Undefined  # noqa: E402
from firelang.codegen.baseline import NEVER  # noqa: E402
from machine_code import BASELINE, Machine, address, packed  # noqa: E402

NAN, INF = float("nan"), float("inf")
INTS = [0, 1, -1, 2, -2, 5, 63, 64, 127, 128, 255, 256, -128, -129, 1 << 15, 1 << 31, (1 << 31) - 1, -1 << 31, 1 << 32,
        (1 << 53) + 1, (1 << 62) - 1, 1 << 62, MAX - 1, MAX, MIN, MIN + 1]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -2.5, 1e-308, 5e-324, -5e-324, 1e308, -1e308, 2.0 ** 53, 2.0 ** 63,
          -2.0 ** 63, 1e16 + 1, 3.999999999, INF, -INF, NAN, -NAN]
ROUNDED = {"float_add", "float_sub", "float_mul", "float_div", "float_sqrt", "float_floor"}     # any nan is as good
LOADS = {"i": "load_i64", "f": "load_f64", "p": "load_ptr", "b": "load_i64", "o": "load_i64"}
STORES = {          # of the result, behind the arguments
    "i": ["store_i64 %frame, %v30 !(64, 13)"],
    "f": ["store_f64 %frame, %v30 !(64, 13)"],
    "p": ["store_ptr %frame, %v30 !(64, 13)"],
    "b": ["%v31 = bool_to_int %v30", "store_i64 %frame, %v31 !(64, 13)"],
    "o": ["%v32 = pair_value %v30", "%v33 = pair_over %v30", "%v31 = bool_to_int %v33",
          "store_i64 %frame, %v32 !(64, 13)", "store_i64 %frame, %v31 !(72, 13)"],
    "": [],
}


def test_every_operation_has_a_meaning():
    """A row of the table without one cannot be run, and one of both is enough."""
    meanings = [*MEANING, *oracle.ACTIONS, *oracle.CALLED]
    assert sorted(meanings) == sorted(OPS)


def text_of(name, immediate=None):
    """A function that does one operation on what lies in its frame, and writes the result behind it."""
    row, lines, args = OPS[name], ["B0():"], []
    for at, kind in enumerate(row.args):
        lines.append(f"  %v1{at} = {LOADS[kind]} %frame !({8 * at}, 13)")
        if kind == "b":
            lines.append(f"  %v2{at} = int_to_bool %v1{at}")
        if kind == "o":
            lines.append(f"  %v2{at} = int_add_pair %v1{at}, %v1{at}")
        args.append(f"%v{2 if kind in 'bo' else 1}{at}")
    suffix = "" if immediate is None else f" !{immediate}"
    lines.append(f"  {'%v30 = ' if row.result else ''}{name} {', '.join(args)}{suffix}")
    return "\n".join([*lines, *("  " + line for line in STORES[row.result]), "  return", "B1():", "  exit 0 %frame"])


def arguments(name, made):
    """Arguments for an operation, edges and others."""
    pools = {"i": INTS, "f": FLOATS, "b": [0, 1], "p": [0, 8, 4096, 1 << 40], "o": INTS}
    kinds = OPS[name].args
    found = [[value] for value in pools[kinds[0]]]
    for kind in kinds[1:]:
        found = [[*before, value] for before in found for value in pools[kind]]
    made.shuffle(found)
    for _ in range(200):
        more = {"i": made.getrandbits(made.randrange(1, 65)) + made.choice((0, MIN)), "b": made.randrange(2),
                "f": made.uniform(-1, 1) * 2.0 ** made.randrange(-60, 70), "p": made.getrandbits(48)}
        more["o"] = more["i"] = max(min(more["i"], MAX), MIN)
        found.insert(0, [more[kind] if made.random() < 0.7 else made.choice(pools[kind]) for kind in kinds])
    return found[:700]


def defined(name, args):
    """Whether the operation has a result for these."""
    try:
        MEANING[name](*((arg + arg, False) if kind == "o" else bool(arg) if kind == "b" else arg
                        for kind, arg in zip(OPS[name].args, args)))
    except Undefined:
        return False
    return True


@pytest.mark.parametrize("level", [BASELINE, 0, 2])
@pytest.mark.parametrize("name", MEANING)
def test_operations_on_values(name, level):
    """Every operation that depends on its arguments alone."""
    machine = Machine(parse(text_of(name)))
    made = random.Random(name)
    for args in arguments(name, made):
        if not defined(name, args):
            continue
        ctypes.memmove(machine.frame, packed(*args).ljust(128, b"\x55"), 128)
        if name in ROUNDED and unpack("<d", result_of(machine))[0] != unpack("<d", result_of(machine))[0]:
            continue                # a nan of either sign: compared below
        assert machine.both([], level) == ("return",), args


def result_of(machine):
    """What the oracle writes, its frame as it was afterwards."""
    before = bytes(machine.frame)
    machine.held = (ctypes.c_uint64 * len(machine.consts))(*machine.consts)
    machine.interpreted((ctypes.c_uint64 * 64)())
    found = bytes(machine.frame)[64:72]
    ctypes.memmove(machine.frame, before, len(before))
    return found


@pytest.mark.parametrize("name", sorted(ROUNDED))
def test_operations_that_make_nan(name):
    """They make some nan where the oracle does."""
    machine = Machine(parse(text_of(name)))
    code, _ = machine.code(1)
    nans = 0
    for args in arguments(name, random.Random(3)):
        ctypes.memmove(machine.frame, packed(*args).ljust(128, b"\x55"), 128)
        wanted = unpack("<d", result_of(machine))[0]
        machine.compiled(code)
        found = unpack("<d", bytes(machine.frame)[64:72])[0]
        assert repr(found) == repr(wanted) or found != found and wanted != wanted
        nans += found != found
    assert nans


MEMORY = {name: (8, 13) for name in OPS if name.startswith(("load_", "store_"))}
MEMORY |= {"poll": None, "incref": None, "decref": None, "decref_plain": None, "long_value": "B1", "index": "i64",
           "index_in": "ptr", "offset": 48, "scratch": 16, "const": 1, "const_word": 1, "copy_bytes": None,
           "guard": "B1", "guard_done": "B1", "guard_not": "B1", "turns_left": None, "stack_place": None}
OTHERS = {"invoke", "step", "box_int"}          # test_handlers, test_boxes


def test_every_operation_is_compared():
    assert {*MEANING, *MEMORY, *oracle.CALLED, *OTHERS} == set(OPS)


@pytest.mark.parametrize("name, level", [(name, level) for name in sorted(set(MEMORY) - {"scratch", "stack_place"})
                                         for level in (BASELINE, 0, 2) if level != BASELINE or name not in NEVER])
def test_operations_on_memory(name, level):
    """What reads or writes memory, goes elsewhere or is known, on all kinds of bytes."""
    made = random.Random(name)
    block = ctypes.create_string_buffer(64)
    machine = Machine(parse(text_of(name, MEMORY[name])), [0x1234567890ABCDEF])
    ends = set()
    for number in range(200):
        ctypes.memmove(block, bytes(made.choice((0, 255, 128, made.randrange(256))) for _ in range(64)), 64)
        size = made.choice((-3, -2, -1, 0, 1, 2, 3, 1 << 61))
        if name in ("incref", "decref", "decref_plain"):
            ctypes.memmove(block, pack("<Q", made.randrange(1, 4)), 8)
        elif name == "long_value":
            digits = made.choice((0, 1, made.getrandbits(30))), made.getrandbits(30)
            ctypes.memmove(address(block) + 16, pack("<qII", size, *digits), 16)
        args = []
        for kind in OPS[name].args:
            small = name in ("copy_bytes", "index", "index_in")
            choices = {"p": [address(block)], "i": [number % 9] if small else INTS, "f": FLOATS, "b": [0, 1]}
            args.append(made.choice(choices[kind]))
        if name == "copy_bytes":
            args[0] += 32
        ctypes.memmove(machine.frame, packed(*args).ljust(128, b"\x55"), 128)
        ends.add(machine.both([block], level)[0])
        if name in RANGES:
            found = unpack("<q", bytes(machine.frame)[64:72])[0]
            low, high = RANGES[name](0)
            assert ends != {"return"} or low <= found <= high
    assert ends == {"return", "exit"} if OPS[name].effects & 4 else {"return"}


def test_places():
    """What is an address of its own in each: of the region's memory, of the stack."""
    machine = Machine(parse("B0():\n  %v1 = scratch  !16\n  store_i64 %v1, 7 !(0, 18)\n  %v2 = load_i64 %v1 !(0, 18)\n"
                            "  store_i64 %frame, %v2 !(0, 13)\n  %v3 = stack_place\n  %v4 = is_null %v3\n"
                            "  guard_not %v4 !B1\n  return\nB1():\n  exit 0 %frame"))
    machine.function.scratch = 4
    assert machine.both([]) == ("return",)
