"""The op table: every instruction of the register machine, one row each.

An instruction is one 64-bit word followed by `cache` words that belong to it (inline caches, counters):

    bits  0-7   opcode              bits 16-31  operand A
    bit   10    X, op-specific      bits 32-47  operand B
    bit   13    A is consumed       bits 48-63  operand C
    bit   14    B is consumed
    bit   15    C is consumed       (B and C together: one 32-bit operand, signed, for jumps and constants)

    ADD_K     r5 = r2 + k3      ->   op=ADD_K A=5 B=2 C=3

Operand kinds (`A:kind`):
    w     register written; what it held is dropped after the new value is in place
    r     register read; if its consume bit is set the register is left empty (its reference moves out)
    base  first of a range of registers; the op's row says which are consumed and written
    n     a plain number          k    index into the constant pool      name  pool index of an identifier
    j     jump, signed 16 bits    J    jump, signed 32 bits              K     pool index, 32 bits
Jumps count words from the first word of the jumping instruction.

Registers: R[0 .. nlocalsplus) are the host code object's fast locals, cells and free variables in its own
order; R[nlocalsplus + d] is slot d of its evaluation stack. A value is {payload, tag}; a register of either
kind may hold an object boxed or unboxed, and every op takes both. `empty` is a tag of its own.

Pool: names first, then constants: strings, numbers, tuples, code objects.
"""
from __future__ import annotations

OPCODE_BITS = 8
FLAG_SHIFT, FLAG_BITS = 10, 6
X_BIT = 1 << 10
CONSUME_A, CONSUME_B, CONSUME_C = 1 << 13, 1 << 14, 1 << 15

PURE = 0
RAISES = 1      # may set an exception
CALLS = 2       # may run arbitrary code
JUMPS = 4       # has a jump operand
ENDS = 8        # control never falls through
POLLS = 16      # signals, other threads and pending calls get their turn here


class Op:
    """One row: opcode number, operand kinds, effects, number of cache words, meaning."""

    __slots__ = ("name", "code", "operands", "effects", "cache", "meaning", "length")

    def __init__(self, name: str, code: int, operands: tuple[str, ...], effects: int, cache: int, meaning: str):
        self.name = name
        self.code = code
        self.operands = operands
        self.effects = effects
        self.cache = cache
        self.meaning = meaning
        self.length = 1 + cache     # words the instruction takes

    def __repr__(self) -> str:
        return f"Op({self.name} {' '.join(self.operands)})"


OPS: dict[str, Op] = {}
BY_CODE: list[Op] = []


def op(name: str, operands: str, effects: int, meaning: str, cache: int = 0) -> Op:
    """Add a row; opcodes number the rows in order."""
    row = Op(name, len(BY_CODE), tuple(operands.split()), effects, cache, meaning)
    OPS[name] = row
    BY_CODE.append(row)
    return row


RC = RAISES | CALLS

# ------------------------------------------------------------------------------------------ moves
op("NOP",             "",                 PURE,   "nothing")
op("MOVE",            "w r",              PURE,   "R[A] = R[B]")
op("LOADK",           "w K",              PURE,   "R[A] = pool[K]")
op("DROP",            "r",                CALLS,  "empty R[A]")
op("SWAP",            "w w",              PURE,   "R[A], R[B] = R[B], R[A]")
op("CHECK_BOUND",     "r",                RAISES, "UnboundLocalError if R[A] is empty")
op("DELETE_LOCAL",    "r",                RC,     "UnboundLocalError if R[A] is empty; empty R[A]")
# ------------------------------------------------------------------------------------------ cells
op("MAKE_CELL",       "w",                RAISES, "R[A] = cell(R[A])")
op("COPY_FREE_VARS",  "n",                PURE,   "last A locals = cells of the function's closure")
op("CELL_GET",        "w r",              RAISES, "R[A] = R[B].contents; NameError if unset")
op("CELL_SET",        "r r",              CALLS,  "R[A].contents = R[B]")
op("CELL_DELETE",     "r",                RC,     "del R[A].contents")
op("CLASS_CELL_GET",  "w r name",         RC,     "R[A] = class namespace[name], else R[B].contents")
# ------------------------------------------------------------------------------------------ names
op("NAME_GET",        "w name",           RC,     "R[A] = locals, globals or builtins[name]", cache=4)
op("NAME_SET",        "r name",           RC,     "locals[name] = R[A]")
op("NAME_DELETE",     "n name",           RC,     "del locals[name] (A unused)")
op("GLOBAL_GET",      "w name",           RC,     "R[A] = globals or builtins[name]", cache=4)
op("GLOBAL_SET",      "r name",           RC,     "globals[name] = R[A]", cache=1)
op("GLOBAL_DELETE",   "n name",           RC,     "del globals[name] (A unused)")
# ------------------------------------------------------------------------- attributes and items
op("ATTR_GET",        "w r name",         RC,     "R[A] = R[B].name", cache=3)
op("METHOD_GET",      "base r name",      RC,     "R[A], R[A+1] = function, R[B] or empty, R[B].name", cache=3)
op("ATTR_SET",        "r r name",         RC,     "R[A].name = R[B]", cache=3)
op("ATTR_DELETE",     "r name",           RC,     "del R[A].name")
op("ITEM_GET",        "w r r",            RC,     "R[A] = R[B][R[C]]", cache=1)
op("ITEM_GET_K",      "w r k",            RC,     "R[A] = R[B][pool[C]]", cache=1)
op("ITEM_SET",        "r r r",            RC,     "R[A][R[B]] = R[C]")
op("ITEM_DELETE",     "r r",              RC,     "del R[A][R[B]]")
# ------------------------------------------------------- arithmetic (X: the in-place form, a += b)
for _name, _sign in [("ADD", "+"), ("SUB", "-"), ("MUL", "*"), ("TRUEDIV", "/"), ("FLOORDIV", "//"),
                     ("MOD", "%"), ("POW", "**"), ("LSHIFT", "<<"), ("RSHIFT", ">>"), ("AND", "&"),
                     ("OR", "|"), ("XOR", "^"), ("MATMUL", "@")]:
    op(_name,         "w r r",            RC,     f"R[A] = R[B] {_sign} R[C]")
    op(_name + "_K",  "w r k",            RC,     f"R[A] = R[B] {_sign} pool[C]")
op("NEG",             "w r",              RC,     "R[A] = -R[B]")
op("POS",             "w r",              RC,     "R[A] = +R[B]")
op("INVERT",          "w r",              RC,     "R[A] = ~R[B]")
op("NOT",             "w r",              RC,     "R[A] = not R[B]")
# ------------------------------------------------ comparison (X on jumps: jump if true, else if false)
for _name, _sign in [("LT", "<"), ("LE", "<="), ("EQ", "=="), ("NE", "!="), ("GT", ">"), ("GE", ">=")]:
    op(_name,         "w r r",            RC,     f"R[A] = R[B] {_sign} R[C]")
    op(_name + "_K",  "w r k",            RC,     f"R[A] = R[B] {_sign} pool[C]")
    op("J" + _name,   "r r j",            RC | JUMPS, f"if (R[A] {_sign} R[B]) is X: jump C")
    op(f"J{_name}_K", "r k j",            RC | JUMPS, f"if (R[A] {_sign} pool[B]) is X: jump C")
op("IS",              "w r r",            PURE,   "R[A] = R[B] is R[C]; X: is not")
op("JIS",             "r r j",            JUMPS,  "if (R[A] is R[B]) is X: jump C")
op("CONTAINS",        "w r r",            RC,     "R[A] = R[B] in R[C]; X: not in")
# ------------------------------------------------------------------------------------------ jumps
op("JUMP",            "n J",              JUMPS | ENDS, "jump (A unused)")
op("LOOP",            "n J",              RC | JUMPS | ENDS | POLLS, "backward jump; poll; count (A unused)", cache=2)
op("JIF",             "r J",              RC | JUMPS, "if bool(R[A]) is X: jump")
op("JNONE",           "r J",              JUMPS,  "if (R[A] is None) is X: jump")
op("RESUME",          "n",                RC | POLLS, "poll; count: A 0 function entry, 1 behind a YIELD, 3 where SEND has jumped", cache=2)
# -------------------------------------------------------------------------------------- iteration
op("GET_ITER",        "w r",              RC,     "R[A] = iter(R[B])")
op("FOR_ITER",        "w r j",            RC | JUMPS, "R[A] = next(R[B]), or at its end empty R[B] and jump C",
   cache=1)
op("UNPACK",          "base r n",         RC,     "R[A+C-1 .. A] = the C items of R[B], first item highest")
op("UNPACK_PAIR",     "w r w",            RC,     "R[A], R[C] = the two items of R[B]")
op("UNPACK_EX",       "base r n",         RC,     "as UNPACK, C = before | after << 8, a list between them")
# --------------------------------------------------------------------------------------- building
op("BUILD_TUPLE",     "w base n",         RAISES, "R[A] = tuple of R[B..B+C), consumed")
op("BUILD_LIST",      "w base n",         RAISES, "R[A] = list of R[B..B+C), consumed")
op("BUILD_SET",       "w base n",         RC,     "R[A] = set of R[B..B+C), consumed")
op("BUILD_MAP",       "w base n",         RC,     "R[A] = dict of C key, value pairs from R[B], consumed")
op("BUILD_CONST_MAP", "w base n",         RC,     "R[A] = dict of C values from R[B], keys tuple R[B+C], consumed")
op("BUILD_STRING",    "w base n",         RAISES, "R[A] = ''.join of R[B..B+C), consumed")
op("BUILD_SLICE",     "w base n",         RAISES, "R[A] = slice of C (2 or 3) registers from R[B], consumed")
op("FORMAT",          "w base n",         RC,     "R[A] = formatted R[B]; C: host's FORMAT_VALUE flags, "
                                                  "with 4 the spec is R[B+1]; consumed")
op("LIST_APPEND",     "r r",              RAISES, "R[A].append(R[B])")
op("SET_ADD",         "r r",              RC,     "R[A].add(R[B])")
op("MAP_ADD",         "r base",           RC,     "R[A][R[B]] = R[B+1], range consumed")
op("LIST_EXTEND",     "r r",              RC,     "R[A].extend(R[B])")
op("SET_UPDATE",      "r r",              RC,     "R[A].update(R[B])")
op("DICT_UPDATE",     "r r",              RC,     "R[A].update(R[B]) of a mapping")
op("DICT_MERGE",      "r r r",            RC,     "R[A].update(R[B]), no duplicate key; R[C]: the callee, for errors")
op("LIST_TO_TUPLE",   "w r",              RAISES, "R[A] = tuple(R[B])")
# ------------------------------------------------------------------------------ calls and functions
op("CALL",            "w base n",         RC,     "R[A] = call; R[B], R[B+1] = (function, self) or (empty, callable), "
                                                  "C arguments from R[B+2]; low half of the first cache word: pool index + 1 "
                                                  "of the keyword names; X: R[B] is known to be empty; range consumed", cache=2)
op("CALL_EX",         "w base n",         RC,     "R[A] = R[B+1](*R[B+2], **R[B+3] if C & 1); R[B] is empty; consumed")
op("MAKE_FUNCTION",   "w base n",         RAISES, "R[A] = function; C: host's flags (1 defaults, 2 kwdefaults, 4 annotations, "
                                                  "8 closure), those present in that order from R[B], then the code; consumed")
op("RETURN",          "r",                ENDS,   "return R[A] (always consumed)")
op("BUILD_CLASS",     "w",                RC,     "R[A] = builtins.__build_class__")
# ----------------------------------------------------------------------- generators and coroutines
op("YIELD",           "w r",              RC,     "yield R[B] (always consumed); on resumption R[A] = value sent; "
                                                  "X: R[B-1] is what yield from or await delegates to")
op("YIELD_FROM_ITER", "w r",              RC,     "R[A] = iterator of R[B] for yield from")
op("AWAITABLE",       "w r n",            RC,     "R[A] = awaitable iterator of R[B]; C: 1 __aenter__, 2 __aexit__, for errors")
op("SEND",            "base J",           RC | JUMPS, "send R[A+1] to R[A]; yielded: R[A+1] = value, fall through; "
                                                  "returned: R[A] = value, R[A+1] empty, jump")
op("AITER",           "w r",              RC,     "R[A] = aiter(R[B])")
op("ANEXT",           "w r",              RC,     "R[A] = awaitable of R[B].__anext__()")
op("ASYNC_GEN_WRAP",  "w r",              RAISES, "R[A] = R[B] wrapped as a value of an async generator")
op("END_ASYNC_FOR",   "base",             RC,     "R[A] aiter, R[A+1] exception: if StopAsyncIteration empty both, else raise it")
# ------------------------------------------------------------------------------ with and exceptions
op("BEFORE_WITH",     "base",             RC,     "R[A] = bound __exit__, R[A+1] = result of __enter__ of manager R[A]")
op("BEFORE_ASYNC_WITH", "base",           RC,     "R[A] = bound __aexit__, R[A+1] = result of calling __aenter__")
op("WITH_EXCEPT",     "w base",           RC,     "R[A] = R[B](type, value, traceback of R[B+3]); nothing consumed")
op("PUSH_EXC_INFO",   "base",             PURE,   "R[A], R[A+1] = handled exception or None, R[A]; R[A+1] is now handled")
op("POP_EXCEPT",      "r",                CALLS,  "R[A] (always consumed) is the handled exception again")
op("EXC_MATCH",       "w r r",            RC,     "R[A] = exception R[B] matches R[C]")
op("EG_MATCH",        "base",             RC,     "R[A] exception, R[A+1] type -> R[A] rest or None, R[A+1] matched or None")
op("PREP_RERAISE_STAR", "w base",         RC,     "R[A] = what except* raises from original R[B] and list R[B+1]; consumed")
op("RERAISE",         "r n n",            RAISES | ENDS, "raise R[A] (always consumed) again; if B: at the host's instruction "
                                                  "number held by R[C]")
op("RAISE",           "base n",           RC | ENDS, "raise; B: 0 again, 1 R[A], 2 R[A] from R[A+1]; consumed")
op("ASSERTION_ERROR", "w",                PURE,   "R[A] = AssertionError")
# ---------------------------------------------------------------------------------- imports, matching
op("IMPORT_NAME",     "w base name",      RC,     "R[A] = import; level R[B], fromlist R[B+1], consumed")
op("IMPORT_FROM",     "w r name",         RC,     "R[A] = R[B].name or the submodule")
op("IMPORT_STAR",     "r",                RC,     "from R[A] import *")
op("PRINT_EXPR",      "r",                RC,     "sys.displayhook(R[A])")
op("SETUP_ANNOTATIONS", "",               RC,     "locals['__annotations__'] = {} unless there")
op("MATCH_CLASS",     "w base n",         RC,     "R[A] = attributes tuple or None of subject R[B], class R[B+1], names R[B+2], "
                                                  "C positional; consumed")
op("MATCH_MAPPING",   "w r",              PURE,   "R[A] = R[B] is a mapping")
op("MATCH_SEQUENCE",  "w r",              PURE,   "R[A] = R[B] is a sequence")
op("MATCH_KEYS",      "w r r",            RC,     "R[A] = tuple of R[B]'s values for keys R[C], or None")
op("GET_LEN",         "w r",              RC,     "R[A] = len(R[B])")
# ------------------------------------- put in the place of LOOP and RESUME by the JIT: second cache word = machine code
op("LOOP_COMPILED",   "n J",              RC | JUMPS | ENDS | POLLS, "poll; go on in compiled code", cache=2)
op("RESUME_COMPILED", "n",                RC | POLLS, "poll; go on in compiled code", cache=2)
