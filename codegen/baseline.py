"""IR -> words for the baseline compiler -> machine code in this process, without LLVM.

    code = compile_function(function, compiler, offsets, 3, header, runtime, 0)
    code.entry, code.tables["counters"]         as of link.link

The code is right at once and slow: half the speed of LLVM's, for a hundredth of the time. It is not kept on disk, so it
may hold addresses. Semantics of an operation are its row in `ir/ops.py`; `FORMS` says what kind of record it becomes,
`vm/baseline_ops.py` what instructions. Operations that only fast loops have (`NEVER`) do not come here: those are for
LLVM.
"""
from __future__ import annotations

from struct import pack

from ..ir.function import Function
from ..ir.ops import OPS, REGISTER_TAGS, TURNS
from ..vm import baseline_format as f
from . import named, watched
from .exit_programs import Exits
from .link import Code, write_in_place

MOST_WORDS = 14             # arguments of a call that are not floats: six in registers, eight on the stack
BYTES_PER_WORD = 24         # of code for a word of records; more is asked for where that is not enough
MASK = (1 << 64) - 1

# Operation -> kind of record, what it says.
FORMS = {
    "int_add": (f.ALU, f.ADD), "int_sub": (f.ALU, f.SUB), "int_and": (f.ALU, f.AND), "int_or": (f.ALU, f.OR),
    "int_xor": (f.ALU, f.XOR), "int_mul": (f.MUL, 0),
    "int_add_pair": (f.ALU_OVER, f.ADD), "int_sub_pair": (f.ALU_OVER, f.SUB), "int_mul_pair": (f.MUL_OVER, 0),
    "int_shl": (f.SHIFT, f.SHL), "int_shr": (f.SHIFT, f.SHR), "int_lshr": (f.SHIFT, f.LSHR),
    "int_sdiv": (f.DIVIDE, 0), "int_srem": (f.REMAINDER, 0),
    "int_lt": (f.COMPARE, f.LESS), "int_le": (f.COMPARE, f.NOT_GREATER), "int_eq": (f.COMPARE, f.EQUAL_TO),
    "int_ne": (f.COMPARE, f.NOT_EQUAL), "int_gt": (f.COMPARE, f.GREATER), "int_ge": (f.COMPARE, f.NOT_LESS),
    "int_ult": (f.COMPARE, f.BELOW), "ptr_eq": (f.COMPARE, f.EQUAL_TO), "ptr_ne": (f.COMPARE, f.NOT_EQUAL),
    "int_select": (f.SELECT, 0), "ptr_select": (f.SELECT, 0), "float_select": (f.FLOAT_SELECT, 0),
    "bool_and": (f.ALU, f.AND), "bool_or": (f.ALU, f.OR), "bool_xor": (f.ALU, f.XOR),
    "int_to_float": (f.TO_FLOAT, 0), "float_to_int": (f.TO_INT, 0), "float_bits": (f.BITS, 0),
    "float_add": (f.FLOAT_ALU, 0x58), "float_mul": (f.FLOAT_ALU, 0x59), "float_sub": (f.FLOAT_ALU, 0x5C),
    "float_div": (f.FLOAT_ALU, 0x5E), "float_neg": (f.FLOAT_NEG, 0), "float_abs": (f.FLOAT_ABS, 0),
    "float_sqrt": (f.FLOAT_SQRT, 0), "float_floor": (f.FLOAT_FLOOR, 0),
    "float_lt": (f.FLOAT_COMPARE, f.FLOAT_LT), "float_le": (f.FLOAT_COMPARE, f.FLOAT_LE),
    "float_eq": (f.FLOAT_COMPARE, f.FLOAT_EQ), "float_ne": (f.FLOAT_COMPARE, f.FLOAT_NE),
    "float_gt": (f.FLOAT_COMPARE, f.FLOAT_GT), "float_ge": (f.FLOAT_COMPARE, f.FLOAT_GE),
    "float_ordered": (f.FLOAT_COMPARE, f.FLOAT_ORDERED),
    "incref": (f.INCREF, 0), "decref": (f.DECREF, 0), "decref_plain": (f.DECREF, 0),
    "guard": (f.GUARD, 0), "guard_not": (f.GUARD_NOT, 0), "guard_done": (f.GUARD, f.UNSTRESSED),
    "turns_left": (f.TURNS_LEFT, 0),
    "stack_place": (f.STACK_PLACE, 0), "invoke": (f.INVOKE, 0), "step": (f.STEP, 0), "long_value": (f.LONG_VALUE, 0),
    "offset": (f.OFFSET, 0), "poll": (f.LOAD, f.INT32),
    "call_none": (f.CALL, f.RESULT_NONE), "call_i": (f.CALL, f.RESULT_WORD), "call_p": (f.CALL, f.RESULT_WORD),
    "call_f": (f.CALL, f.RESULT_FLOAT), "call_i32": (f.CALL, f.RESULT_INT32),
}
WIDTHS = {"i64": f.WORD, "ptr": f.WORD, "f64": f.DOUBLE, "i32": f.INT32, "u32": f.UINT32, "i16": f.INT16,
          "u16": f.UINT16, "i8": f.INT8, "u8": f.UINT8, "f32": f.SINGLE}
MEMORY = {f"{what}_{width}": (kind, sub) for what, kind in (("load", f.LOAD), ("store", f.STORE))
          for width, sub in WIDTHS.items()}
SAME_BITS = {"bool_to_int", "ptr_bits", "bits_ptr"}
AGAINST_ZERO = {"is_null": f.EQUAL_TO, "int_to_bool": f.NOT_EQUAL}
SHIFTS = {"i8": 0, "i16": 1, "i32": 2, "i64": 3, "ptr": 3, "double": 3}
NEVER = {"index_in", "scratch", "copy_bytes"}
PLAIN, OFFSET, LABEL, CALL, OTHER = range(5)            # what x of an operation is
LABELS = {"guard", "guard_not", "guard_done", "long_value"}
CONSTANTS = "const", "const_word"
SPECIAL = 0, OTHER
TAGS = {name: str(tag) for name, tag in REGISTER_TAGS.items()}
EXITS = "exit", "exit_as"


class Encoder:
    """One function's words."""

    def __init__(self, function: Function, region: int, header: int):
        self.function = function
        self.words: list[int] = []
        self.literals: list[int] = []
        self.names: dict[str, int] = {"%pc": 0, "%regs": 4, "%frame": 8, "%table": 12}      # operands by name
        self.values = 4
        self.pairs: dict[str, tuple[int, int]] = {}
        self.alive = len(function.exits) + 2            # the counter behind which what is alive at exits goes
        self.floats = function.floats()
        self.exits = Exits(function, self.floats, region, header)

    def table(self) -> int:
        """The address of memory for a table of source lines; 0: none is wanted (marked.py)."""
        return 0

    def rows(self) -> list[tuple[int, str, int]]:
        """That table as rows."""
        return []

    def run(self) -> None:
        """All blocks; those that nothing leads to have no end."""
        for block in self.function.blocks:
            if block.end:
                self.block(block)

    # ----------------------------------------------------------------------------------------- operands
    def operand(self, name: str) -> int:
        """The operand of a name: a value, a literal."""
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = self.fresh() if name[0] == "%" else self.literal(name)
        return found

    def fresh(self) -> int:
        """A new value."""
        self.values += 1
        return (self.values - 1) << 2

    def literal(self, text: str) -> int:
        """A constant as the IR spells it."""
        if text in ("true", "false", "null"):
            word = int(text == "true")
        else:
            word = int(text, 16) if text[:2] == "0x" else int(text)
        self.literals.append(word & MASK)
        return len(self.literals) - 1 << 2 | f.LITERAL

    # ------------------------------------------------------------------------------------------- blocks
    def block(self, block) -> None:
        """A block's records. An exit whose program says all is a stub, out of the way."""
        end = block.end
        if end[0] in EXITS:
            program = self.exits.program(block)
            if program is not None:
                self.record(f.STUB, block.number, end[1], [self.operand(name) for name in program.alive])
                return
        self.record(f.BLOCK, block.number, 0,
                    [self.operand(name) | (kind == "f") for name, kind in block.params])
        self.ops(block.ops)
        self.end(block, end)

    def record(self, head: int, result: int, x: int, args: list[int]) -> None:
        self.words += (head | len(args) << 16, result, x, *args)

    def end(self, block, end: tuple) -> None:
        """A terminator."""
        kind = end[0]
        if kind == "jump":
            self.record(f.JUMP, -1, end[1].number, [self.operand(name) for name in end[2]])
        elif kind == "branch":
            self.record(f.BRANCH, end[3].number, end[2].number, [self.operand(end[1])])
        elif kind == "return":
            self.record(f.RETURN, -1, 0, [])
        elif kind == "leave":
            self.record(f.LEAVE, -1, 0, [self.operand(end[1]), self.operand(end[2])])
        elif kind == "exit_as":                 # of one that is machine code: it counts as that
            self.record(f.JUMP, -1, end[2].number, [])
        elif kind == "tail":
            self.record(f.TAIL, -1, end[1], [self.operand(end[2]), self.operand(end[3])])
        else:
            self.end_of_exit(block, end)

    def end_of_exit(self, block, end: tuple) -> None:
        """An exit whose block is machine code: the program has no operations."""
        program = self.exits.rest(block)
        self.record(f.EXIT_TO, -1, end[1], [self.operand(name) for name in program.alive])

    # --------------------------------------------------------------------------------------- operations
    def ops(self, ops: list[tuple]) -> None:
        """Operations one after another."""
        names, words = self.names, self.words
        for name, result, args, x in ops:
            head, form = RECORDS.get(name, SPECIAL)
            if form == OFFSET:
                x = x[0]
            elif form == LABEL:
                x = int(x[1:])
            elif form == CALL:
                x = self.call(args, x)
            elif form == OTHER:
                if name not in CONSTANTS or result in names:
                    self.special(name, result, args, x)
                else:
                    names[result] = x << 2 | f.CONSTANT
                continue
            try:
                given = [names[arg] for arg in args]
            except KeyError:
                given = [self.operand(arg) for arg in args]
            if not result:
                made = -1
            elif result in names:
                made = names[result]
            else:
                made = names[result] = self.values << 2
                self.values += 1
            words += (head | len(args) << 16, made, x or 0, *given)

    def call(self, args, x: int) -> int:
        """The constant's number, with a bit above it for each argument that is a float."""
        floats = 0
        for at, arg in enumerate(args):
            if arg in self.floats or arg[:2] == "0x":
                floats |= 1 << at
        if len(args) - floats.bit_count() > MOST_WORDS:
            raise ValueError(f"a call with {len(args)} arguments is more than the baseline compiler knows")
        return x | floats << 32

    def special(self, name: str, result: str, args, x) -> None:
        """Operations that are no record, or one with other operands."""
        if name in CONSTANTS:
            self.same(result, x << 2 | f.CONSTANT)
        elif name in SAME_BITS:
            self.same(result, self.operand(args[0]))
        elif name in PAIRS:
            self.pair(name, result, args)
        elif name in REGISTER_TAGS:
            head = f.STORE | (f.DOUBLE if name == "store_float" else f.WORD) << 8
            self.record(head, -1, x[0], [self.operand(arg) for arg in args])
            self.record(f.STORE | f.WORD << 8, -1, x[0] + 8, [self.operand(args[0]), self.operand(TAGS[name])])
        elif name == "pair_value":
            self.same(result, self.pairs[args[0]][0])
        elif name == "pair_over":
            self.same(result, self.pairs[args[0]][1])
        elif name in AGAINST_ZERO:
            self.record(f.COMPARE | AGAINST_ZERO[name] << 8, self.operand(result), 0,
                        [self.operand(args[0]), self.operand("0")])
        elif name == "box_int":
            self.record(f.CALL | f.RESULT_WORD << 8, self.operand(result), x, [self.operand(args[0])])
        elif name == "bool_not":
            self.record(f.ALU | f.XOR << 8, self.operand(result), 0, [self.operand(args[0]), self.operand("1")])
        elif name == "index":
            self.record(f.INDEX | SHIFTS[x] << 8, self.operand(result), 0, [self.operand(arg) for arg in args])
        else:
            raise ValueError(f"{name} is unknown to the baseline compiler")

    def same(self, name: str, operand: int) -> None:
        """A name for what there is; a value of its own if it was used before (blocks come in no order)."""
        made = self.names.setdefault(name, operand)
        if made != operand:
            head = f.MOVE | (f.FLOAT_RESULT if name in self.floats else 0)
            self.record(head, made, 0, [operand])

    def pair(self, name: str, result: str, args) -> None:
        """A sum, difference or product, and whether it has overflowed."""
        value, over = self.pairs[result] = self.fresh(), self.fresh()
        kind, sub = PAIRS[name]
        self.record(kind | sub << 8, value, over, [self.operand(arg) for arg in args])


PAIRS = {name: FORMS[name] for name in ("int_add_pair", "int_sub_pair", "int_mul_pair")}


def _head_of(name: str, kind: int, sub: int) -> tuple[int, int]:
    """The first word of an operation's record, without the number of arguments, and what x is."""
    x = OFFSET if name in MEMORY else LABEL if name in LABELS else CALL if kind == f.CALL else PLAIN
    return kind | sub << 8 | (f.FLOAT_RESULT if OPS[name].result == "f" else 0), x


RECORDS = {name: _head_of(name, *form) for name, form in {**FORMS, **MEMORY}.items() if name not in PAIRS}


def compile_function(function: Function, compiler, offsets: dict, region: int, header: int, runtime: dict[str, int],
                     stress: int = 0, name: str = "code") -> Code:
    """Machine code of a function. `compiler`: the core's `baseline`; `runtime`: numbers of the constants "jit" and
    "rt_exit"; others as of lower.Lowering. Raises MemoryError."""
    if function.marked:
        from .marked import MarkedEncoder
        encoder: Encoder = MarkedEncoder(function, region, header)
    else:
        encoder = Encoder(function, region, header)
    encoder.run()

    def write(address: int, size: int, places: dict[str, int]) -> int:
        return compiler(header_of(encoder, offsets, runtime, places, stress), address, size)

    counters = encoder.alive + encoder.exits.most + 1
    tables = {"consts": function.consts, "counters": counters, "exits": encoder.exits.words}
    code = write_in_place(BYTES_PER_WORD * len(encoder.words) + 512, tables, write)
    named(code, name)
    watched(code, encoder.rows, "", 0)
    return code


def header_of(encoder: Encoder, offsets: dict, runtime: dict[str, int], places: dict[str, int], stress: int) -> bytes:
    """All words, the header first."""
    counters = places["counters"]
    fields = {"values": encoder.values, "blocks": len(encoder.function.blocks), "literals": len(encoder.literals),
              "consts": places["consts"], "counters": counters, "exits": places["exits"],
              "alive": counters + 8 * encoder.alive, "rt_exit": runtime["rt_exit"], "jit": runtime["jit"],
              "out_pc": offsets["Jit.out_pc"], "out_frame": offsets["Jit.out_frame"],
              "frame_size": offsets["sizeof.Frame"], "stress": stress, "stress_counter": encoder.alive - 1,
              "turns": TURNS, "lines": encoder.table()}
    head = [fields[name] for name in f.HEADER]
    literals = [word - (1 << 64) if word >> 63 else word for word in encoder.literals]
    words = head + literals + encoder.words
    return pack(f"<{len(words)}q", *words)
