"""The verifier accepts what the translator makes of real code, and refuses what is broken.

A sample of the standard library by default; every file of it and of its `test` package with FIRE_FULL=1.
"""
import opcode
import os
import pathlib
import sysconfig
import warnings
from array import array

import pytest
from test_fusions import codes

from firelang.bytecode import Program, Untranslatable, host311, translate
from firelang.bytecode.ops import CONSUME_A, OPS
from firelang.bytecode.verify import Invalid, verify

LIBRARY = pathlib.Path(sysconfig.get_paths()["stdlib"])
STEP = 1 if os.environ.get("FIRE_FULL") else 40
FILES = sorted(path for path in LIBRARY.rglob("*.py") if "site-packages" not in path.parts)[::STEP]


def every(code):
    """A code object and all within."""
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from every(constant)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_library(path):
    """Each function is translated, and the verifier has nothing against it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        pytest.skip("no Python 3 source")
    for part in every(code):
        verify(part, translate(part))


def test_table_has_every_opcode():
    """Numbers, names and widths of the frontend's rows are the host's."""
    rows = {name: (number, width) for number, name, width, _, _ in host311.ROWS}
    widths = {name: 1 + opcode._inline_cache_entries[number] for name, number in opcode.opmap.items()}
    assert rows == {name: (number, widths[name]) for name, number in opcode.opmap.items()}


def test_huge_function():
    """Jumps that do not fit 16 bits go over a 32-bit jump."""
    body = "".join(f"  x = x + g({i}) * y\n" for i in range(9000))
    source = f"def f(x, y, g):\n for i in y:\n  if x < i: continue\n{body} return x\n"
    code = codes(compile(source, "huge", "exec"))["f"]
    program = translate(code)
    assert len(program.words) // 8 > 0x8000
    verify(code, program)


def test_too_many_names():
    """What the encoding cannot hold is refused with a reason."""
    code = compile("\n".join(f"n{i}" for i in range(66000)), "names", "exec")
    with pytest.raises(Untranslatable, match="names"):
        translate(code)


def word(name, a=0, b=0, c=0, flags=0):
    """One encoded instruction."""
    return OPS[name].code | flags | a << 16 | b << 32 | c << 48


def patched(words, nregs=2, handlers=()):
    """A program of these words for `empty`."""
    return Program(nregs, array("Q", words).tobytes(), array("i", [0] * len(words)).tobytes(), ("n", None),
                   array("I", handlers).tobytes())


EMPTY = codes(compile("def f(x): pass", "empty", "exec"))["f"]      # r0 is x, t0 is r1
BROKEN = {
    "no such opcode":        [1023],
    "runs off the end":      [word("NOP")],
    "jump to no":            [word("JUMP", b=9)],
    "out of range":          [word("MOVE", 7, 0), word("RETURN", 0)],
    "pool index":            [word("LOADK", 1, 5), word("RETURN", 1)],
    "a name is no string":   [word("ATTR_GET", 1, 0, 1), 0, 0, 0, word("RETURN", 1)],
    "not read":              [word("LOADK", 1, 0, flags=CONSUME_A), word("RETURN", 1)],
    "read while empty":      [word("RETURN", 1)],
    "filled while full":     [word("LOADK", 1), word("LOADK", 1), word("RETURN", 1)],
    "slots are full":        [word("LOADK", 1), word("RETURN", 0)],
    "differs where paths":   [word("JIF", 0, 2), word("LOADK", 1), word("RETURN", 0)],
    "unreachable":           [word("RETURN", 0), word("RETURN", 0)],
    "cut off":               [word("GLOBAL_GET", 1, 0)],
    "maybe empty":           [word("JIF", 0, 2), word("DELETE_LOCAL", 0), word("RETURN", 0)],
}


@pytest.mark.parametrize("why", BROKEN)
def test_refuses(why):
    """Each law has a program that breaks it."""
    with pytest.raises(Invalid, match=why):
        verify(EMPTY, patched(BROKEN[why]))


@pytest.mark.parametrize("handlers", [(0, 9, 0, 1, 0), (1, 1, 0, 1, 0), (0, 1, 7, 1, 0), (0, 1, 0, 0, 0),
                                      (0, 1, 0, 1, 1)])
def test_refuses_handler(handlers):
    """Handler rows are within the code, their registers among the slots."""
    with pytest.raises(Invalid, match="handler"):
        verify(EMPTY, patched([word("RETURN", 0)], handlers=handlers))


def test_damage_never_ends_the_verifier():
    """Any change of one bit is accepted or refused, nothing else happens."""
    source = "def f(x, y):\n for i in x:\n  try: y += i.a(1, k=2)\n  except E as e: return e\n"
    code = codes(compile(source, "bits", "exec"))["f"]
    program = translate(code)
    for bit in range(0, len(program.words) * 8, 3):
        damaged = bytearray(program.words)
        damaged[bit >> 3] ^= 1 << (bit & 7)
        try:
            verify(code, Program(program.nregs, bytes(damaged), *program[2:]))
        except Invalid:
            pass
