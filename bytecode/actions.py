"""What host instructions do to the translation: one small function each, most of them made by a factory.

    unary("NEG")(t, arg)      pops an operand, emits NEG into a fresh slot, pushes the slot

An action is called as action(translation, argument).  Operands in slots are consumed; operands that the host
leaves on its stack are not.  Nothing here knows a host version; `host3xx` maps its opcodes to these.
"""
from __future__ import annotations

from .emit import MASK16, NULL
from .ops import CONSUME_A, CONSUME_B, CONSUME_C, OPCODE_BITS, OPS, X_BIT
from .program import Untranslatable

OPCODE_MASK = (1 << OPCODE_BITS) - 1


def _row(name: str) -> tuple:
    """Opcode and zeroed cache words of an op."""
    return OPS[name].code, (0,) * OPS[name].cache


def _count(number: int) -> int:
    if number > MASK16:
        raise Untranslatable("operand above 65535")
    return number


# ------------------------------------------------------------------------------------------ factories
def unary(name: str):
    """[a] -> [result]."""
    op, cache = _row(name)

    def action(t, arg):
        stack = t.stack
        a = stack.pop()
        if a < 0:
            a = t.reg(a, len(stack))
        t.push(op | (CONSUME_B if a >= t.nlocals else 0) | a << 32, cache)
    return action


def unary_number(name: str):
    """[a] -> [result], the argument in C."""
    op, cache = _row(name)

    def action(t, arg):
        a = t.reg(t.stack.pop(), len(t.stack))
        t.push(op | (CONSUME_B if a >= t.nlocals else 0) | a << 32 | _count(arg) << 48, cache)
    return action


def binary(name: str, name_k: str | None = None, x: int = 0):
    """[a, b] -> [result]; with a constant on the right the _K form."""
    op, cache = _row(name)
    op |= x and X_BIT
    op_k = OPS[name_k].code | (x and X_BIT) if name_k else 0

    def action(t, arg):
        stack = t.stack
        b = stack.pop()
        a = stack.pop()
        nlocals = t.nlocals
        if a < 0:
            a = t.reg(a, len(stack), b)
        if b < 0:
            if name_k and ~b <= MASK16:
                t.push(op_k | (CONSUME_B if a >= nlocals else 0) | a << 32 | ~b << 48, cache)
                return
            b = t.reg(b, len(stack) + 1, a)
        consume = (CONSUME_B if a >= nlocals else 0) | (CONSUME_C if b >= nlocals else 0)
        t.push(op | consume | a << 32 | b << 48, cache)
    return action


def by_argument(actions):
    """The argument chooses among several actions."""
    def action(t, arg):
        actions[arg](t, arg)
    return action


def peek(name: str):
    """[a] -> [a, result]."""
    op, cache = _row(name)

    def action(t, arg):
        t.push(op | _peeked(t, 1) << 32, cache)
    return action


def _peeked(t, back: int) -> int:
    """Register of the entry `back` from the top, which stays."""
    if t.stack[-back] < 0:
        depth = len(t.stack) - back
        t.own(depth, depth + 1)
    return t.stack[-back]


def _held(t, back: int) -> int:
    """The same where the host always has an object of its own; nothing is emitted."""
    if t.stack[-back] < 0:
        raise Untranslatable("constant where a container belongs")
    return t.stack[-back]


def build(name: str, extra: int = 0, fixed: int = -1, times: int = 1):
    """[v1 ... vn] -> [result]: `fixed` values, or the argument's number `times` and `extra` more."""
    op, cache = _row(name)

    def action(t, arg):
        stack = t.stack
        count = fixed if fixed >= 0 else arg * times + extra
        depth = len(stack) - count
        if depth < 0:
            raise Untranslatable("stack underflow")
        t.own(depth, len(stack))
        del stack[depth:]
        t.push(op | t.nlocals + depth << 32 | _count(arg) << 48, cache)
    return action


def in_place(name: str, popped: int, pushed: int, cost: int = 0):
    """[v1 ... popped] -> [w1 ... pushed] in the same slots, operand A the first of them."""
    op, cache = _row(name)

    def action(t, arg):
        stack = t.stack
        depth = len(stack) - popped
        if depth < 0:
            raise Untranslatable("stack underflow")
        t.own(depth, len(stack))
        del stack[depth:]
        t.claim(depth, max(popped, pushed))
        base = t.nlocals + depth
        t.emit_cached(op | base << 16, cache)
        stack.extend(range(base, base + pushed))
    return action


def produce(name: str):
    """[] -> [result]."""
    op, cache = _row(name)

    def action(t, arg):
        t.push(op, cache)
    return action


def named(name: str):
    """[] -> [result] of the name in the argument, operand B."""
    op, cache = _row(name)

    def action(t, arg):
        t.push(op | arg << 32, cache)
    return action


def named_unary(name: str):
    """[a] -> [result] of the value and the name, operand C."""
    op, cache = _row(name)

    def action(t, arg):
        stack = t.stack
        a = stack.pop()
        if a < 0:
            a = t.reg(a, len(stack))
        t.push(op | (CONSUME_B if a >= t.nlocals else 0) | a << 32 | arg << 48, cache)
    return action


def eat(name: str):
    """[a] -> []; operand B is the argument, a name or nothing."""
    op, cache = _row(name)

    def action(t, arg):
        a = t.reg(t.stack.pop(), len(t.stack))
        t.emit_cached(op | (CONSUME_A if a >= t.nlocals else 0) | a << 16 | arg << 32, cache)
    return action


def plain(name: str, shift: int = 32):
    """No stack effect; the argument in operand A (16) or B (32)."""
    op, cache = _row(name)

    def action(t, arg):
        t.emit_cached(op | arg << shift, cache)
    return action


def add_to(name: str):
    """[... container ... a] -> [... container ...]; the container is the argument's entry from the top."""
    op, cache = _row(name)

    def action(t, arg):
        stack = t.stack
        a = stack.pop()
        container = _held(t, arg)
        if a < 0:
            a = t.reg(a, len(stack), container)
        t.emit_cached(op | (CONSUME_B if a >= t.nlocals else 0) | container << 16 | a << 32, cache)
    return action


# --------------------------------------------------------------------------------- stack and locals
def load_const(t, arg):
    """[] -> [constant]."""
    t.stack.append(~(t.nnames + arg))


def load_local(t, arg):
    """[] -> [local], with a check where it may be unbound."""
    if not t.bound >> arg & 1:
        t.emit(_CHECK_BOUND | arg << 16)
        t.bound |= 1 << arg
    t.stack.append(arg)


def load_cell(t, arg):
    """[] -> [the cell itself]."""
    t.stack.append(arg)


def store_local(t, arg):
    """[a] -> []."""
    t.store(arg)
    t.bound |= 1 << arg


def delete_local(t, arg):
    """Unbind a local."""
    t.release(arg)
    t.emit(_DELETE_LOCAL | arg << 16)
    t.bound &= ~(1 << arg)
    if t.cover is not None:
        t.narrow(t.cover[2], t.bound)


def pop_top(t, arg):
    """[a] -> []."""
    t.drop(t.stack.pop())


def push_null(t, arg):
    """[] -> [NULL]."""
    t.claim(len(t.stack), 1)
    t.stack.append(NULL)


def copy(t, arg):
    """[a ...] -> [a ... a]."""
    entry = t.stack[-arg]
    if entry >= t.nlocals:
        t.push(_MOVE | entry << 32)
    else:
        t.stack.append(entry)


def swap(t, arg):
    """[a ... b] -> [b ... a]; covered slots move at once, unless the range ends here."""
    stack = t.stack
    a, b = stack[-arg], stack[-1]
    stack[-arg], stack[-1] = b, a
    if a >= t.nlocals or b >= t.nlocals:
        t.foreign = True
    if t.cover is not None and len(stack) - arg < t.cover[3] and t.index + 1 not in t.blocks:
        t.own(0, t.cover[3])


# ----------------------------------------------------------------------------------- cells and names
def get_cell(t, arg):
    """[] -> [contents of the cell]."""
    t.push(_CELL_GET | arg << 32)


def set_cell(t, arg):
    """[a] -> []."""
    a = t.reg(t.stack.pop(), len(t.stack))
    t.emit(_CELL_SET | (CONSUME_B if a >= t.nlocals else 0) | arg << 16 | a << 32)


def get_class_cell(t, arg):
    """[] -> [class namespace's value of a free variable's name, or the cell's contents]."""
    free = t.code.co_freevars
    name = t.name(free[arg - (t.nlocals - len(free))])
    t.push(_CLASS_CELL_GET | arg << 32 | name << 48)


def get_global(t, arg):
    """[] -> [global], below it NULL if the lowest bit is set."""
    if arg & 1:
        push_null(t, 0)
    t.push(_GLOBAL_GET | arg >> 1 << 32, _GLOBAL_CACHE)


def get_method(t, arg):
    """[a] -> [function or NULL, a or bound method]."""
    stack = t.stack
    if t.foreign:
        t.own(0, len(stack))
    a = stack.pop()
    depth = len(stack)
    if a < 0:
        a = t.reg(a, depth)
    t.claim(depth, 2)
    base = t.nlocals + depth
    t.emit_cached(_METHOD_GET | (CONSUME_B if a >= t.nlocals else 0) | base << 16 | a << 32 | arg << 48,
                  _METHOD_CACHE)
    stack.append(base)
    stack.append(base + 1)


def set_attr(t, arg):
    """[value, owner] -> []."""
    stack, nlocals = t.stack, t.nlocals
    owner = stack.pop()
    value = stack.pop()
    if value < 0:
        value = t.reg(value, len(stack), owner)
    if owner < 0:
        owner = t.reg(owner, len(stack) + 1, value)
    consume = (CONSUME_A if owner >= nlocals else 0) | (CONSUME_B if value >= nlocals else 0)
    t.emit_cached(_ATTR_SET | consume | owner << 16 | value << 32 | arg << 48, _ATTR_SET_CACHE)


def set_item(t, arg):
    """[value, container, key] -> []."""
    stack, nlocals = t.stack, t.nlocals
    key = stack.pop()
    container = stack.pop()
    value = stack.pop()
    depth = len(stack)
    if value < 0:
        value = t.reg(value, depth, container, key)
    if container < 0:
        container = t.reg(container, depth + 1, value, key)
    if key < 0:
        key = t.reg(key, depth + 2, value, container)
    consume = (CONSUME_A if container >= nlocals else 0) | (CONSUME_B if key >= nlocals else 0) \
        | (CONSUME_C if value >= nlocals else 0)
    t.emit_cached(_ITEM_SET | consume | container << 16 | key << 32 | value << 48, _ITEM_SET_CACHE)


def delete_item(t, arg):
    """[container, key] -> []."""
    stack, nlocals = t.stack, t.nlocals
    key = stack.pop()
    container = stack.pop()
    container = t.reg(container, len(stack), key)
    key = t.reg(key, len(stack) + 1, container)
    consume = (CONSUME_A if container >= nlocals else 0) | (CONSUME_B if key >= nlocals else 0)
    t.emit(_ITEM_DELETE | consume | container << 16 | key << 32)


# --------------------------------------------------------------------------------------------- jumps
def jump(t, arg):
    """Go on elsewhere."""
    t.jump(arg)


def loop(t, arg):
    """Go back, letting signals and others in."""
    t.jump(arg, polls=True)


def _settle(t, arg) -> tuple:
    """Make ready for a jump after the top is popped: the label, the depth there."""
    block, depth = t.target(arg, 1)
    if block.merge:
        t.own(0, depth)
    return block, depth


def jump_if(sense: bool, backward: bool = False):
    """[a] -> [], jump if bool(a) is `sense`; a comparison just made becomes the jump."""
    x = X_BIT if sense else 0

    def action(t, arg):
        stack, words = t.stack, t.words
        if stack[-1] >= t.nlocals and t.last == len(words) and _fuse(t, arg, x, backward):
            return
        block, depth = _settle(t, arg)
        a = t.reg(stack.pop(), len(stack))
        t.edge(block, depth)
        t.branch(_JIF | x | (CONSUME_A if a >= t.nlocals else 0) | a << 16, block, True, backward)
    return action


def _fuse(t, arg, x: int, backward: bool) -> bool:
    word = t.words[-1]
    fused = _FUSED.get(word & OPCODE_MASK, -1)
    if fused < 0 or t.dst != t.last - 1 or t.dst < t.label or word >> 16 & MASK16 != t.stack[-1]:
        return False
    block, depth = t.target(arg, 1)
    if t.foreign and not t.settled(block, depth):
        return False
    t.stack.pop()
    t.words.pop()
    t.index = t.origin.pop()
    t.edge(block, depth)
    t.branch(fused | word & X_BIT ^ x | (word >> 14 & 3) << 13 | word >> 32 << 16, block, False, backward)
    return True


def jump_none(sense: bool, backward: bool = False):
    """[a] -> [], jump if (a is None) is `sense`."""
    x = X_BIT if sense else 0

    def action(t, arg):
        block, depth = _settle(t, arg)
        a = t.reg(t.stack.pop(), len(t.stack))
        t.edge(block, depth)
        t.branch(_JNONE | x | (CONSUME_A if a >= t.nlocals else 0) | a << 16, block, True, backward)
    return action


def jump_or_pop(sense: bool):
    """[a] -> [] where bool(a) is not `sense`, else jump with a still there."""
    x = X_BIT if sense else 0

    def action(t, arg):
        stack = t.stack
        t.own(0, len(stack))
        block = t.blocks[arg]
        t.edge(block, len(stack))
        t.branch(_JIF | x | stack[-1] << 16, block, True)
        t.drop(stack.pop())
    return action


def for_iter(t, arg):
    """[iterator] -> [iterator, item], or jump with the iterator popped."""
    depth = len(t.stack) - 1
    t.own(depth, depth + 1)
    block = t.blocks[arg]
    t.edge(block, depth)
    t.for_iter(t.stack[-1], block)


def send(t, arg):
    """[receiver, value] -> [receiver, yielded], or jump with [returned]."""
    stack = t.stack
    depth = len(stack) - 2
    t.own(depth, len(stack))
    block = t.blocks[arg]
    t.edge(block, depth + 1)
    t.branch(_SEND | stack[-2] << 16, block, True)


# --------------------------------------------------------------------------- calls, generators, errors
def keywords(t, arg):
    """Names of the next call's keyword arguments."""
    t.keywords = t.nnames + arg + 1


def call(t, arg):
    """[function or NULL, self or callable, arguments ...] -> [result]."""
    stack = t.stack
    depth = len(stack) - arg - 2
    if depth < 0:
        raise Untranslatable("stack underflow")
    t.own(depth, len(stack))
    del stack[depth:]
    cache = _CALL_CACHE if not t.keywords else (t.keywords, *_CALL_CACHE[1:])
    t.keywords = 0
    t.push(_CALL | t.nlocals + depth << 32 | _count(arg) << 48, cache)


def call_ex(t, arg):
    """[NULL, callable, arguments] or with flag 1 [..., keywords] -> [result]."""
    _CALL_EX_BUILD[arg & 1](t, arg)


def make_function(t, arg):
    """[defaults] [keyword defaults] [annotations] [closure] code -> [function]."""
    _MAKE_FUNCTION_BUILD[arg.bit_count()](t, arg)


def format_value(t, arg):
    """[value] or with flag 4 [value, spec] -> [text]."""
    _FORMAT_BUILD[arg >> 2 & 1](t, arg)


def unpack(name: str, items):
    """[sequence] -> its items, the first on top."""
    op, _ = _row(name)

    def action(t, arg):
        stack = t.stack
        if t.foreign:
            t.own(0, len(stack))
        a = stack.pop()
        depth = len(stack)
        if a < 0:
            a = t.reg(a, depth)
        count = items(arg)
        t.claim(depth, count)
        base = t.nlocals + depth
        t.emit(op | (CONSUME_B if a >= t.nlocals else 0) | base << 16 | a << 32 | _count(arg) << 48)
        stack.extend(range(base, base + count))
    return action


def return_value(t, arg):
    """[a] -> end."""
    a = t.reg(t.stack.pop(), len(t.stack))
    t.emit(_RETURN | CONSUME_A | a << 16)
    t.live = False


def return_generator(t, arg):
    """[] -> [None]: the call has made the generator, resumption pushes nothing."""
    t.stack.append(NULL)


def resume(t, arg):
    """The function's entry; after a yield only whether that one delegates."""
    if not arg & 3:
        t.emit_cached(_RESUME | arg << 16, _RESUME_CACHE)
    elif arg & 2 and t.last == len(t.words):
        t.words[t.dst] |= X_BIT


def yield_value(t, arg):
    """[a] -> [value sent]."""
    a = t.owned()
    t.push(_YIELD | CONSUME_B | a << 32)


def raise_(t, arg):
    """[] or [exception] or [exception, cause] -> end."""
    stack = t.stack
    depth = len(stack) - arg
    if depth < 0 or arg > 2:
        raise Untranslatable("stack underflow")
    t.own(depth, len(stack))
    t.emit(_RAISE | t.nlocals + depth << 16 | arg << 32)
    t.top = max(t.top, t.nlocals + depth + 1)
    t.live = False


def reraise(t, arg):
    """[... lasti ... exception] -> end; the argument says where lasti is, if anywhere."""
    lasti = t.stack[-1 - arg] if arg else 0
    if lasti < 0:
        raise Untranslatable("lasti is a constant")
    a = t.owned()
    t.emit(_RERAISE | CONSUME_A | a << 16 | (arg and 1) << 32 | lasti << 48)
    t.live = False


def pop_except(t, arg):
    """[exception] -> []: it is the handled one again."""
    t.emit(_POP_EXCEPT | CONSUME_A | t.owned() << 16)


def match_exception(t, arg):
    """[exception, type] -> [exception, bool]."""
    stack = t.stack
    b = stack.pop()
    a = _held(t, 1)
    b = t.reg(b, len(stack), a)
    t.push(_EXC_MATCH | (CONSUME_C if b >= t.nlocals else 0) | a << 32 | b << 48)


def match_keys(t, arg):
    """[subject, keys] -> [subject, keys, values or None]."""
    b = _peeked(t, 1)
    a = _peeked(t, 2)
    t.push(_MATCH_KEYS | a << 32 | b << 48)


def with_except(t, arg):
    """[exit, lasti, previous, exception] -> [..., result of calling exit]."""
    depth = len(t.stack) - 4
    t.own(depth, depth + 4)
    t.push(_WITH_EXCEPT | t.nlocals + depth << 32)


def map_add(t, arg):
    """[... dict ... key, value] -> [... dict ...]."""
    stack = t.stack
    depth = len(stack) - 2
    t.own(depth, depth + 2)
    del stack[depth:]
    t.emit(_MAP_ADD | _held(t, arg) << 16 | t.nlocals + depth << 32)


def import_from(t, arg):
    """[module] -> [module, attribute]."""
    t.push(_IMPORT_FROM | _peeked(t, 1) << 32 | arg << 48)


def unknown(t, arg):
    """An opcode the host's version does not have."""
    raise Untranslatable("unknown opcode")


def dict_merge(t, arg):
    """[callee, positional, ... dict ... mapping] -> [... dict ...]."""
    stack = t.stack
    mapping = stack.pop()
    into, callee = _held(t, arg), _held(t, arg + 2)
    mapping = t.reg(mapping, len(stack), into, callee)
    t.emit(_DICT_MERGE | (CONSUME_B if mapping >= t.nlocals else 0) | into << 16 | mapping << 32 | callee << 48)


# ------------------------------------------------------------------------------------ rows used above
_MOVE, _CHECK_BOUND, _DELETE_LOCAL = OPS["MOVE"].code, OPS["CHECK_BOUND"].code, OPS["DELETE_LOCAL"].code
_CELL_GET, _CELL_SET, _CLASS_CELL_GET = OPS["CELL_GET"].code, OPS["CELL_SET"].code, OPS["CLASS_CELL_GET"].code
_ITEM_DELETE, _JIF, _JNONE, _SEND = OPS["ITEM_DELETE"].code, OPS["JIF"].code, OPS["JNONE"].code, OPS["SEND"].code
_RETURN, _YIELD, _RAISE, _RERAISE = OPS["RETURN"].code, OPS["YIELD"].code, OPS["RAISE"].code, OPS["RERAISE"].code
_POP_EXCEPT, _EXC_MATCH, _MATCH_KEYS = OPS["POP_EXCEPT"].code, OPS["EXC_MATCH"].code, OPS["MATCH_KEYS"].code
_WITH_EXCEPT, _MAP_ADD, _DICT_MERGE = OPS["WITH_EXCEPT"].code, OPS["MAP_ADD"].code, OPS["DICT_MERGE"].code
_IMPORT_FROM = OPS["IMPORT_FROM"].code
_GLOBAL_GET, _GLOBAL_CACHE = _row("GLOBAL_GET")
_METHOD_GET, _METHOD_CACHE = _row("METHOD_GET")
_ATTR_SET, _ATTR_SET_CACHE = _row("ATTR_SET")
_ITEM_SET, _ITEM_SET_CACHE = _row("ITEM_SET")
_CALL, _CALL_CACHE = _row("CALL")
_RESUME, _RESUME_CACHE = _row("RESUME")
_CALL_EX_BUILD = [build("CALL_EX", fixed=3), build("CALL_EX", fixed=4)]
_FORMAT_BUILD = [build("FORMAT", fixed=1), build("FORMAT", fixed=2)]
_MAKE_FUNCTION_BUILD = [build("MAKE_FUNCTION", fixed=count) for count in range(1, 6)]
_FUSED = {OPS[row.name[1:]].code: row.code for row in OPS.values()
          if row.operands[-1:] == ("j",) and row.name[1:] in OPS and row.operands[0] == "r"}
