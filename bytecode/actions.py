"""What host instructions do to the translation, those that fit none of the `shapes`.

    swap(t, 2)      exchanges two entries of the abstract stack, emits nothing

An action is called as action(translation, argument).  Nothing here knows a host version; `host3xx` maps its
opcodes to these.
"""
from __future__ import annotations

from .emit import MASK16, NULL
from .ops import CONSUME_A, CONSUME_B, CONSUME_C, OPCODE_BITS, OPS, X_BIT
from .program import Untranslatable
from .shapes import build, counted, held, peeked, row

OPCODE_MASK = (1 << OPCODE_BITS) - 1


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
    t.method = len(t.words)
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
    block.sent = True


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
    plain = X_BIT if stack[depth] == NULL else 0
    t.own(depth, len(stack))
    shift = not arg and not plain and t.method != len(t.words) and t.words[-1] & OPCODE_MASK not in _ITERATORS
    del stack[depth:]
    if shift:
        arg, plain = _as_argument(t, depth), X_BIT
    cache = _CALL_CACHE if not t.keywords else (t.keywords, *_CALL_CACHE[1:])
    t.keywords = 0
    t.push(_CALL | plain | t.nlocals + depth << 32 | counted(arg) << 48, cache)


def _as_argument(t, depth: int) -> int:
    """Decorator and function, which the host pushes as if a method and self: [empty, decorator, function]."""
    t.claim(depth, 3)
    base = t.nlocals + depth
    t.emit(_MOVE | CONSUME_B | base + 2 << 16 | base + 1 << 32)
    t.emit(_MOVE | CONSUME_B | base + 1 << 16 | base << 32)
    return 1


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
    op, _ = row(name)

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
        t.emit(op | (CONSUME_B if a >= t.nlocals else 0) | base << 16 | a << 32 | counted(arg) << 48)
        stack.extend(range(base, base + count))
    return action


def starred(arg: int) -> int:
    """Number of targets of `a, *b, c = ...`: before, after << 8 and the list."""
    return (arg & 255) + (arg >> 8) + 1


def return_value(t, arg):
    """[a] -> end."""
    a = t.reg(t.stack.pop(), len(t.stack))
    t.emit(_RETURN | CONSUME_A | a << 16)
    t.live = False


def return_generator(t, arg):
    """[] -> [None]: the call has made the generator, resumption pushes nothing."""
    t.stack.append(NULL)


def resume(t, arg):
    """Where the frame is entered; after a yield that delegates only that it does."""
    made = t.last == len(t.words)
    if not arg & 2:
        t.emit_cached(_RESUME | arg << 16, _RESUME_CACHE)
        if made:
            t.last = len(t.words)       # where the value that is sent goes may still be changed
    elif made:
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
    a = held(t, 1)
    b = t.reg(b, len(stack), a)
    t.push(_EXC_MATCH | (CONSUME_C if b >= t.nlocals else 0) | a << 32 | b << 48)


def match_keys(t, arg):
    """[subject, keys] -> [subject, keys, values or None]."""
    b = peeked(t, 1)
    a = peeked(t, 2)
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
    t.emit(_MAP_ADD | held(t, arg) << 16 | t.nlocals + depth << 32)


def import_from(t, arg):
    """[module] -> [module, attribute]."""
    t.push(_IMPORT_FROM | peeked(t, 1) << 32 | arg << 48)


def unknown(t, arg):
    """An opcode the host's version does not have."""
    raise Untranslatable("unknown opcode")


def dict_merge(t, arg):
    """[callee, positional, ... dict ... mapping] -> [... dict ...]."""
    stack = t.stack
    mapping = stack.pop()
    into, callee = held(t, arg), held(t, arg + 2)
    mapping = t.reg(mapping, len(stack), into, callee)
    consume = CONSUME_B if mapping >= t.nlocals else 0
    t.emit(_DICT_MERGE | consume | into << 16 | mapping << 32 | callee << 48)


# ------------------------------------------------------------------------------------ rows used above
_MOVE, _CHECK_BOUND, _DELETE_LOCAL = OPS["MOVE"].code, OPS["CHECK_BOUND"].code, OPS["DELETE_LOCAL"].code
_CELL_GET, _CELL_SET, _CLASS_CELL_GET = OPS["CELL_GET"].code, OPS["CELL_SET"].code, OPS["CLASS_CELL_GET"].code
_ITEM_DELETE, _JIF, _JNONE = OPS["ITEM_DELETE"].code, OPS["JIF"].code, OPS["JNONE"].code
_SEND, _RETURN, _YIELD = OPS["SEND"].code, OPS["RETURN"].code, OPS["YIELD"].code
_RAISE, _RERAISE = OPS["RAISE"].code, OPS["RERAISE"].code
_POP_EXCEPT, _EXC_MATCH, _MATCH_KEYS = OPS["POP_EXCEPT"].code, OPS["EXC_MATCH"].code, OPS["MATCH_KEYS"].code
_WITH_EXCEPT, _MAP_ADD, _DICT_MERGE = OPS["WITH_EXCEPT"].code, OPS["MAP_ADD"].code, OPS["DICT_MERGE"].code
_IMPORT_FROM = OPS["IMPORT_FROM"].code
_GLOBAL_GET, _GLOBAL_CACHE = row("GLOBAL_GET")
_METHOD_GET, _METHOD_CACHE = row("METHOD_GET")
_ATTR_SET, _ATTR_SET_CACHE = row("ATTR_SET")
_ITEM_SET, _ITEM_SET_CACHE = row("ITEM_SET")
_CALL, _CALL_CACHE = row("CALL")
_ITERATORS = (OPS["GET_ITER"].code, OPS["AITER"].code)      # before a comprehension's call
_RESUME, _RESUME_CACHE = row("RESUME")
_CALL_EX_BUILD = [build("CALL_EX", fixed=3), build("CALL_EX", fixed=4)]
_FORMAT_BUILD = [build("FORMAT", fixed=1), build("FORMAT", fixed=2)]
_MAKE_FUNCTION_BUILD = [build("MAKE_FUNCTION", fixed=count) for count in range(1, 6)]
_FUSED = {OPS[jump.name[1:]].code: jump.code for jump in OPS.values()
          if jump.operands[-1:] == ("j",) and jump.name[1:] in OPS and jump.operands[0] == "r"}
