"""What each op does, for the reference interpreter: one entry per row of the op table.

    IMPLEMENTATION["ADD"](frame, 1, 2) -> 3
"""
import operator
import sys
import types

import reference
from reference import EMPTY

_NEEDS_REGISTER = {"CHECK_BOUND", "DELETE_LOCAL", "CELL_GET", "CELL_DELETE", "CLASS_CELL_GET"}
_MISSING = object()


def _check_bound(f, value, register):
    if value is EMPTY:
        name = _local_names(f.code)[register]
        raise UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value")


def _delete_local(f, value, register):
    _check_bound(f, value, register)
    f.r[register] = EMPTY


def _swap(f, a, b):
    f.r[a], f.r[b] = f.r[b], f.r[a]


def _make_cell(f, a):
    f.r[a] = types.CellType() if f.r[a] is EMPTY else types.CellType(f.r[a])


def _copy_free_vars(f, n):
    f.r[f.nlocals - n:f.nlocals] = f.closure


def _local_names(code):
    return code.co_varnames + tuple(name for name in code.co_cellvars if name not in code.co_varnames) \
        + code.co_freevars


def _contents(f, cell, register):
    try:
        return cell.cell_contents
    except ValueError:
        pass
    if register < f.nlocals - len(f.code.co_freevars):
        _check_bound(f, EMPTY, register)
    raise NameError(f"cannot access free variable '{_local_names(f.code)[register]}' where it is not associated "
                    f"with a value in enclosing scope")


def _name_get(f, name):
    try:
        return f.locals[name]
    except KeyError:
        return _global_get(f, name)


def _global_get(f, name):
    value = f.globals.get(name, _MISSING)
    if value is _MISSING:
        value = f.builtins.get(name, _MISSING)
    if value is _MISSING:
        raise NameError(f"name '{name}' is not defined")
    return value


def _delete(namespace, name):
    try:
        del namespace[name]
    except KeyError:
        raise NameError(f"name '{name}' is not defined") from None


def _class_cell_get(f, cell, name, _):
    try:
        return f.locals[name]
    except KeyError:
        return _contents(f, cell, _local_names(f.code).index(name))


def _method_get(f, base, value, name):
    bound = getattr(value, name)
    if type(bound) is types.MethodType and bound.__self__ is value and type(bound.__func__) is types.FunctionType:
        f.r[base], f.r[base + 1] = bound.__func__, value
    else:
        f.r[base], f.r[base + 1] = EMPTY, bound


def _inplace(plain, inplace):
    return lambda f, a, b: (inplace if f.x else plain)(a, b)


def _for_iter(f, iterator, jump):
    return next(iterator, EMPTY)


def _unpack(f, base, value, n):
    items = []
    try:
        iterator = iter(value)
    except TypeError:
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object") from None
    for item in iterator:
        items.append(item)
        if len(items) > n:
            raise ValueError(f"too many values to unpack (expected {n})")
    if len(items) < n:
        raise ValueError(f"not enough values to unpack (expected {n}, got {len(items)})")
    f.r[base:base + n] = items[::-1]


def _unpack_pair(f, a, value, c):
    items = types.SimpleNamespace(r=[None, None])
    _unpack(items, 0, value, 2)
    f.r[c], f.r[a] = items.r


def _unpack_ex(f, base, value, n):
    before, after = n & 255, n >> 8
    items = [*value]
    if len(items) < before + after:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
    last = items[len(items) - after:]
    f.r[base:base + before + after + 1] = (items[:before] + [items[before:len(items) - after]] + last)[::-1]


def _format(f, base, flags):
    value, spec = f.take(base, 1 + (flags >> 2 & 1)) if flags & 4 else (f.take(base, 1)[0], "")
    return format(_CONVERSIONS[flags & 3](value), spec)


_CONVERSIONS = [lambda v: v, str, repr, ascii]


def _call(f, base, n):
    function = f.r[base]
    arguments = f.take(base + 1, n + 1)
    f.r[base] = EMPTY
    if function is EMPTY:
        function = arguments.pop(0)
    keywords = f.pool[f.cache - 1] if f.cache else ()
    named = dict(zip(keywords, arguments[len(arguments) - len(keywords):]))
    return _invoke(f, function, arguments[:len(arguments) - len(keywords)], named)


def _invoke(f, function, arguments, named):
    if not arguments and not named:
        if function is super:
            cell = f.r[f.nlocals - len(f.code.co_freevars) + f.code.co_freevars.index("__class__")]
            first = f.r[0] if not isinstance(f.r[0], types.CellType) else f.r[0].cell_contents
            return super(cell.cell_contents, first)
        if function is globals:
            return f.globals
        if function in (locals, dir, vars):
            return _locals(f) if function is not dir else sorted(_locals(f))
    if function in (eval, exec) and len(arguments) == 1:
        return function(arguments[0], f.globals, _locals(f))
    return function(*arguments, **named)


def _locals(f):
    if f.locals is not None:
        return f.locals
    found = {}
    for name, value in zip(_local_names(f.code), f.r):
        if isinstance(value, types.CellType) and name in f.code.co_cellvars + f.code.co_freevars:
            value = getattr(value, "cell_contents", EMPTY)
        if value is not EMPTY:
            found[name] = value
    return found


def _call_ex(f, base, flags):
    function, arguments, *named = f.take(base + 1, 2 + (flags & 1))
    return _invoke(f, function, list(arguments), dict(named[0]) if named else {})


def _make_function(f, base, flags):
    *parts, code = f.take(base, 1 + flags.bit_count())
    made = reference.function(code, f.globals)
    if flags & 8:
        made = types.FunctionType(made.__code__, f.globals, closure=parts.pop())
        made.__doc__ = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    made.__module__ = f.globals.get("__name__")
    made.__qualname__ = code.co_qualname
    if flags & 4:
        made.__annotations__ = dict(zip(*[iter(parts.pop())] * 2))
    if flags & 2:
        made.__kwdefaults__ = parts.pop()
    if flags & 1:
        made.__defaults__ = parts.pop()
    return made


def _is_coroutine(value):
    return isinstance(value, types.CoroutineType) or \
        isinstance(value, types.GeneratorType) and value.gi_code.co_flags & 0x100


def _awaitable(f, value, where):
    if _is_coroutine(value):
        return value
    if not hasattr(type(value), "__await__"):
        suffix = {1: " that does not implement __await__: __aenter__", 2: ""}.get(where)
        raise TypeError(f"object {type(value).__name__} can't be used in 'await' expression{suffix or ''}")
    return type(value).__await__(value)


def _yield_from_iter(f, value):
    if _is_coroutine(value) and not f.code.co_flags & 0x180:
        raise TypeError("cannot 'yield from' a coroutine object in a non-coroutine generator")
    return value if isinstance(value, (types.GeneratorType, types.CoroutineType)) else iter(value)


def _send(f, base, jump):
    value, f.r[base + 1] = f.r[base + 1], EMPTY
    receiver = f.r[base]
    try:
        if value is None and not isinstance(receiver, types.CoroutineType):
            f.r[base + 1] = next(receiver)
        else:
            f.r[base + 1] = receiver.send(value)
        return False
    except StopIteration as stop:
        f.r[base] = stop.value
        return True


def _end_async_for(f, base):
    error = f.take(base, 2)[1]
    if not isinstance(error, StopAsyncIteration):
        raise error


def _enter_with(enter, leave, kind):
    def before(f, base):
        manager = f.take(base, 1)[0]
        for name in (enter, leave):
            if not hasattr(type(manager), name):
                raise TypeError(f"'{type(manager).__name__}' object does not support the {kind} protocol")
        bound = getattr(type(manager), leave).__get__(manager, type(manager))
        result = getattr(type(manager), enter).__get__(manager, type(manager))()
        f.r[base:base + 2] = bound, result
    return before


def _with_except(f, base):
    error = f.r[base + 3]
    return f.r[base](type(error), error, error.__traceback__)


def _push_exc_info(f, base):
    error = f.r[base]
    f.r[base:base + 2] = f.handled, error
    f.handled = error


def _pop_except(f, value):
    f.handled = value


def _exc_match(f, error, kind):
    for each in kind if isinstance(kind, tuple) else (kind,):
        if not (isinstance(each, type) and issubclass(each, BaseException)):
            raise TypeError("catching classes that do not inherit from BaseException is not allowed")
    return issubclass(type(error), kind)


def _unsupported(f, *operands):
    raise reference.Unsupported


def _reraise(f, error, n, register):
    raise error


def _raise(f, base, n):
    arguments = f.take(base, n)
    if not arguments:
        raise sys.exc_info()[1] or RuntimeError("No active exception to reraise")
    if n == 2:
        raise arguments[0] from arguments[1]
    raise arguments[0]


def _import_name(f, base, name):
    level, names = f.take(base, 2)
    function = f.builtins["__import__"]
    return function(name, f.globals, f.locals, names, level)


def _import_from(f, module, name):
    try:
        return getattr(module, name)
    except AttributeError:
        full = f"{module.__name__}.{name}"
        if full in sys.modules:
            return sys.modules[full]
        raise ImportError(f"cannot import name {name!r}", name=module.__name__) from None


def _import_star(f, module):
    names = getattr(module, "__all__", None) or [name for name in vars(module) if name[0] != "_"]
    for name in names:
        f.locals[name] = getattr(module, name)


def _match_class(f, base, positional):
    subject, kind, names = f.take(base, 3)
    if not isinstance(kind, type):
        raise TypeError("called match pattern must be a class")
    if not isinstance(subject, kind):
        return None
    found, used = [], set()
    if positional and not hasattr(kind, "__match_args__") and kind.__flags__ & 1 << 22:
        if positional > 1:
            raise TypeError(f"{kind.__name__}() accepts 1 positional sub-pattern ({positional} given)")
        found.append(subject)
        positional = 0
    match_args = getattr(kind, "__match_args__", ())
    if type(match_args) is not tuple:
        raise TypeError(f"{kind.__name__}.__match_args__ must be a tuple (got {type(match_args).__name__})")
    if positional > len(match_args):
        raise TypeError(f"{kind.__name__}() accepts {len(match_args)} positional sub-pattern"
                        f"{'s' * (len(match_args) != 1)} ({positional} given)")
    for name in (*match_args[:positional], *names):
        if type(name) is not str:
            raise TypeError(f"__match_args__ elements must be strings (got {type(name).__name__})")
        if name in used:
            raise TypeError(f"{kind.__name__}() got multiple sub-patterns for attribute {name!r}")
        used.add(name)
        try:
            found.append(getattr(subject, name))
        except AttributeError:
            return None
    return tuple(found)


def _match_keys(f, subject, keys):
    if len(set(keys)) != len(keys):
        raise ValueError(f"mapping pattern checks duplicate key ({keys[-1]!r})")
    values = [subject.get(key, _MISSING) for key in keys]
    return None if _MISSING in values else tuple(values)


def _dict_update(f, into, mapping):
    try:
        into.update(mapping) if hasattr(mapping, "keys") else {}[mapping]
    except (KeyError, TypeError):
        if hasattr(mapping, "keys"):
            raise
        raise TypeError(f"'{type(mapping).__name__}' object is not a mapping") from None


def _dict_merge(f, into, mapping, callee):
    if not hasattr(mapping, "keys"):
        raise TypeError(f"{getattr(callee, '__qualname__', callee)}() argument after ** must be a mapping, "
                        f"not {type(mapping).__name__}")
    for key in mapping.keys():      # noqa: SIM118  (a mapping need not be iterable)
        if key in into:
            raise TypeError(f"{getattr(callee, '__qualname__', callee)}() got multiple values for keyword argument "
                            f"{key!r}")
        into[key] = mapping[key]


def _map_add(f, into, base):
    key, value = f.take(base, 2)
    into[key] = value


def _list_extend(f, into, values):
    try:
        into.extend(values)
    except TypeError:
        if hasattr(type(values), "__iter__") or hasattr(type(values), "__getitem__"):
            raise
        raise TypeError(f"Value after * must be an iterable, not {type(values).__name__}") from None


def _const_map(f, base, n):
    *values, keys = f.take(base, n + 1)
    return dict(zip(keys, values))


def _ignore(f, *operands):
    return None


def _jump(f, *operands):
    return True


def _flag(bit):
    return lambda f, value: bool(type(value).__flags__ & bit)


IMPLEMENTATION = {
    "NOP": _ignore, "MOVE": lambda f, a: a, "LOADK": lambda f, k: k, "DROP": _ignore, "SWAP": _swap,
    "CHECK_BOUND": _check_bound, "DELETE_LOCAL": _delete_local, "RESUME": _ignore,
    "MAKE_CELL": _make_cell, "COPY_FREE_VARS": _copy_free_vars, "CELL_GET": _contents,
    "CELL_SET": lambda f, cell, v: setattr(cell, "cell_contents", v),
    "CELL_DELETE": lambda f, cell, register: (_contents(f, cell, register), delattr(cell, "cell_contents"))[1],
    "CLASS_CELL_GET": _class_cell_get,
    "NAME_GET": _name_get, "NAME_SET": lambda f, v, name: operator.setitem(f.locals, name, v),
    "NAME_DELETE": lambda f, n, name: _delete(f.locals, name),
    "GLOBAL_GET": _global_get, "GLOBAL_SET": lambda f, v, name: operator.setitem(f.globals, name, v),
    "GLOBAL_DELETE": lambda f, n, name: _delete(f.globals, name),
    "ATTR_GET": lambda f, a, name: getattr(a, name), "METHOD_GET": _method_get,
    "ATTR_SET": lambda f, a, v, name: setattr(a, name, v), "ATTR_DELETE": lambda f, a, name: delattr(a, name),
    "ITEM_GET": lambda f, a, b: a[b], "ITEM_GET_K": lambda f, a, b: a[b],
    "ITEM_SET": lambda f, a, b, v: operator.setitem(a, b, v), "ITEM_DELETE": lambda f, a, b: operator.delitem(a, b),
    "NEG": lambda f, a: -a, "POS": lambda f, a: +a, "INVERT": lambda f, a: ~a, "NOT": lambda f, a: not a,
    "IS": lambda f, a, b: (a is b) != f.x, "JIS": lambda f, a, b, j: (a is b) == f.x,
    "CONTAINS": lambda f, a, b: (a in b) != f.x,
    "JUMP": _jump, "LOOP": _jump, "JIF": lambda f, a, j: bool(a) == f.x, "JNONE": lambda f, a, j: (a is None) == f.x,
    "GET_ITER": lambda f, a: iter(a), "FOR_ITER": _for_iter, "UNPACK": _unpack,
    "UNPACK_PAIR": _unpack_pair, "UNPACK_EX": _unpack_ex,
    "BUILD_TUPLE": lambda f, b, n: tuple(f.take(b, n)), "BUILD_LIST": lambda f, b, n: f.take(b, n),
    "BUILD_SET": lambda f, b, n: set(f.take(b, n)), "BUILD_STRING": lambda f, b, n: "".join(f.take(b, n)),
    "BUILD_MAP": lambda f, b, n: dict(zip(*[iter(f.take(b, 2 * n))] * 2)) if n else {},
    "BUILD_CONST_MAP": _const_map, "BUILD_SLICE": lambda f, b, n: slice(*f.take(b, n)), "FORMAT": _format,
    "LIST_APPEND": lambda f, a, v: a.append(v), "SET_ADD": lambda f, a, v: a.add(v), "MAP_ADD": _map_add,
    "LIST_EXTEND": _list_extend, "SET_UPDATE": lambda f, a, v: a.update(v), "DICT_UPDATE": _dict_update,
    "DICT_MERGE": _dict_merge, "LIST_TO_TUPLE": lambda f, a: tuple(a),
    "CALL": _call, "CALL_EX": _call_ex, "MAKE_FUNCTION": _make_function,
    "BUILD_CLASS": lambda f: f.builtins["__build_class__"],
    "YIELD_FROM_ITER": _yield_from_iter, "AWAITABLE": _awaitable, "SEND": _send,
    "AITER": lambda f, a: aiter(a), "ANEXT": lambda f, a: _awaitable(f, type(a).__anext__(a), 0),
    "END_ASYNC_FOR": _end_async_for,
    "BEFORE_WITH": _enter_with("__enter__", "__exit__", "context manager"),
    "BEFORE_ASYNC_WITH": _enter_with("__aenter__", "__aexit__", "asynchronous context manager"),
    "ASYNC_GEN_WRAP": _unsupported, "PREP_RERAISE_STAR": _unsupported,
    "WITH_EXCEPT": _with_except, "PUSH_EXC_INFO": _push_exc_info, "POP_EXCEPT": _pop_except,
    "EXC_MATCH": _exc_match, "EG_MATCH": _unsupported, "RERAISE": _reraise, "RAISE": _raise,
    "ASSERTION_ERROR": lambda f: AssertionError,
    "IMPORT_NAME": _import_name, "IMPORT_FROM": _import_from, "IMPORT_STAR": _import_star,
    "PRINT_EXPR": lambda f, a: sys.displayhook(a),
    "SETUP_ANNOTATIONS": lambda f: f.locals.setdefault("__annotations__", {}) and None,
    "MATCH_CLASS": _match_class, "MATCH_MAPPING": _flag(1 << 6), "MATCH_SEQUENCE": _flag(1 << 5),
    "MATCH_KEYS": _match_keys, "GET_LEN": lambda f, a: len(a),
}
for _name, _python in {"ADD": "add", "SUB": "sub", "MUL": "mul", "TRUEDIV": "truediv", "FLOORDIV": "floordiv",
                       "MOD": "mod", "POW": "pow", "LSHIFT": "lshift", "RSHIFT": "rshift", "AND": "and_",
                       "OR": "or_", "XOR": "xor", "MATMUL": "matmul"}.items():
    _both = _inplace(getattr(operator, _python), getattr(operator, "i" + _python.rstrip("_")))
    IMPLEMENTATION[_name] = IMPLEMENTATION[_name + "_K"] = _both
for _name in ("LT", "LE", "EQ", "NE", "GT", "GE"):
    _compare = getattr(operator, _name.lower())
    IMPLEMENTATION[_name] = IMPLEMENTATION[_name + "_K"] = lambda f, a, b, _compare=_compare: _compare(a, b)
    IMPLEMENTATION["J" + _name] = IMPLEMENTATION[f"J{_name}_K"] = \
        lambda f, a, b, j, _compare=_compare: bool(_compare(a, b)) == f.x
