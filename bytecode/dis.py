"""Text form of a Program.

    def f(n): return n + 1    ->      0: 1     RESUME     0
                                      2: 1     ADD_K      t0 = n + 1
                                      3: 1     RETURN     t0!

Columns: position, host line, op, operands.  Registers are named: locals, cells and free variables by name,
the slots of the host's stack t0, t1, ...  `!` marks a register that is left empty; jumps show `-> position`;
`if not` is X cleared.  Below the code stand the handlers.  The notation is stable: golden tests compare it.
"""
from __future__ import annotations

from array import array

from .ops import BY_CODE, CONSUME_A, OPCODE_BITS, X_BIT, Op
from .program import Program, nlocalsplus

PLACES = ("SWAP", "MAKE_CELL", "UNPACK_PAIR")        # ops that name registers, none of which is their one result

_SIGNS = {"ADD": "+", "SUB": "-", "MUL": "*", "TRUEDIV": "/", "FLOORDIV": "//", "MOD": "%", "POW": "**",
          "LSHIFT": "<<", "RSHIFT": ">>", "AND": "&", "OR": "|", "XOR": "^", "MATMUL": "@", "LT": "<",
          "LE": "<=", "EQ": "==", "NE": "!=", "GT": ">", "GE": ">=", "IS": "is", "CONTAINS": "in"}


def decode(program: Program):
    """Yield (position, row, operands, consumed, x) per instruction; operands as their kinds say."""
    words = array("Q", program.words)
    position = 0
    while position < len(words):
        word = words[position]
        row = BY_CODE[word & (1 << OPCODE_BITS) - 1]
        consumed = tuple(bool(word & CONSUME_A << number) for number in range(3))
        yield position, row, operands(word, row), consumed, word & X_BIT
        position += row.length


def operands(word: int, row: Op) -> tuple:
    """Values of an instruction's operands, jumps and pool indices of 32 bits signed."""
    values = []
    for number, kind in enumerate(row.operands):
        value = word >> 16 + 16 * number
        if kind in "JK":
            value &= 0xFFFFFFFF
            value -= (value >> 31) << 32
        else:
            value &= 0xFFFF
            if kind == "j":
                value -= (value >> 15) << 16
        values.append(value)
    return tuple(values)


def dis(code, program: Program) -> str:
    """The listing of a translated code object."""
    names = _Names(code, program)
    lines = {}
    for start, end, line in code.co_lines():
        for index in range(start // 2, end // 2):
            lines[index] = line
    origin = array("i", program.origin)
    words = array("Q", program.words)
    out = []
    for position, row, values, consumed, x in decode(program):
        text = _body(names, position, row, values, consumed, x)
        if row.name == "CALL" and words[position + 1]:
            text += f" names {program.pool[(words[position + 1] & 0xFFFFFFFF) - 1]!r}"
        out.append(f"{position:5}: {lines.get(origin[position]) or '':<5} {row.name:<13} {text}".rstrip())
    rows = array("I", program.handlers)
    for start, end, target, register, lasti in zip(*[iter(rows)] * 5, strict=True):
        place = names.register(register) + (" lasti" if lasti else "")
        out.append(f"      {start}..{end} -> {target} at {place}")
    return "\n".join(out) + "\n"


class _Names:
    """How registers and pool entries are written."""

    def __init__(self, code, program: Program):
        cells = tuple(name for name in code.co_cellvars if name not in code.co_varnames)
        self.locals = code.co_varnames + cells + code.co_freevars
        self.pool = program.pool
        assert len(self.locals) == nlocalsplus(code)

    def register(self, number: int, consumed: bool = False) -> str:
        """A local's name or the slot, `!` if it is left empty."""
        text = self.locals[number] if number < len(self.locals) else f"t{number - len(self.locals)}"
        return text + "!" if consumed else text

    def constant(self, index: int) -> str:
        """A constant, cut where it is long."""
        value = self.pool[index]
        text = f"<code {value.co_name}>" if hasattr(value, "co_code") else repr(value)
        return text if len(text) <= 60 else text[:57] + "..."


def _body(names: _Names, position: int, row: Op, values: tuple, consumed: tuple, x: int) -> str:
    parts = []
    for kind, value, gone in zip(row.operands, values, consumed, strict=False):
        if kind in ("w", "r", "base"):
            parts.append(names.register(value, gone))
        elif kind == "name":
            parts.append(f".{names.pool[value]}")
        elif kind in "kK":
            parts.append(names.constant(value))
        elif kind in "jJ":
            parts.append(f"-> {position + value}")
        elif "A unused" not in row.meaning:
            parts.append(str(value))
    return _spell(row, parts, x)


def _spell(row: Op, parts: list, x: int) -> str:
    stem = row.name.removesuffix("_K")
    test = stem[1:] if stem[0] == "J" else stem
    if test in _SIGNS and len(parts) == 3:
        sign = _SIGNS[test]
        if row.effects & 4:
            return f"if {'' if x else 'not '}{parts[0]} {sign} {parts[1]} {parts[2]}"
        if x:
            sign = {"is": "is not", "in": "not in"}.get(sign, sign + "=")
        return f"{parts[0]} = {parts[1]} {sign} {parts[2]}"
    if row.name in ("JIF", "JNONE"):
        return f"if {'' if x else 'not '}{parts[0]}{' is None' if row.name == 'JNONE' else ''} {parts[1]}"
    if row.operands[:1] == ("w",) and row.name not in PLACES and len(parts) > 1:
        return f"{parts[0]} = {' '.join(parts[1:])}" + (" delegates" if x and row.name == "YIELD" else "")
    return " ".join(parts)
