"""What makes an object of this run the one that compiled code of an earlier run was made for.

    digest(f.__code__)                  b"\\x9f\\x86..."     of all that decides what a function does
    of_value(f)                         ("function", b"...", None, None, "tool")
    of_class(Point, {"x", "dist"})      flags, bases, what these names mean there, where instances keep them

Equal identities mean that the specializer would have drawn the same conclusions. Nothing here runs code of the program:
attributes are looked up in the dicts of modules and classes.
"""
from __future__ import annotations

import builtins
import sys
from _collections import _tuplegetter
from marshal import dumps
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

from ..codegen.code_cache import sha256
from . import core

HEAP, MANAGED_DICT = 1 << 9, 1 << 4
LASTING_FLAGS = HEAP | MANAGED_DICT | 1 << 14 | 1 << 20 | 0xFF << 24     # of a class: the others come and go
MISSING = ("missing",)
FOLDED = (int, float, bool, type(None))         # kinds of objects whose values compiled code may contain
MEMBER = type(type("_", (), {"__slots__": ("a",)}).a)           # type: ignore[attr-defined]
FIELD = _tuplegetter                            # of a namedtuple
METHOD, WRAPPER = type(list.append), type(object.__init__)
_digests: dict[int, tuple] = {}


def digest(code: CodeType) -> bytes:
    """Of a host code object: what its translation and its meaning depend on, line numbers aside. Functions in
    it count by their names alone."""
    found = _digests.get(id(code))
    if found is None:
        parts = (code.co_code, code.co_exceptiontable, code.co_names, code.co_varnames, code.co_freevars,
                 code.co_cellvars, code.co_flags, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount,
                 code.co_qualname, tuple(map(plain, code.co_consts)))
        found = _digests[id(code)] = (sha256(dumps(parts, 2)).digest()[:16], code)
    return found[0]


def plain(constant):
    """A constant of a code object as bytes can be made of it, the same ones in each run."""
    if type(constant) is CodeType:
        return "code", constant.co_qualname
    if type(constant) is tuple:
        return tuple(map(plain, constant))
    if type(constant) is frozenset:
        return "set", sorted(map(repr, constant))
    return constant


_type_dict, _type_mro = type.__dict__["__dict__"].__get__, type.__dict__["__mro__"].__get__
_type_qualname = type.__dict__["__qualname__"].__get__


def flags(kind: type) -> int:
    """A class's flags, whatever its metaclass says."""
    return core.word(id(kind) + 168)


def is_function(value) -> bool:
    """Whether it is a function, the host's or the VM's."""
    return type(value) is FunctionType or id(type(value)) == core.info["FireFunction_Type"]


def of_value(value, deep: bool = True):
    """What compiled code may rely on of the value of a name. `deep`: of functions too."""
    kind = type(value)
    if kind in FOLDED:
        return "value", kind.__name__, repr(value)
    if is_function(value):
        if not deep:
            return ("function",)
        defaults, more = value.__defaults__, value.__kwdefaults__
        return ("function", digest(value.__code__), defaults and tuple(of_value(one, False) for one in defaults),
                more and tuple((name, of_value(one, False)) for name, one in more.items()),
                module_of(value.__globals__), value.__builtins__ is builtins.__dict__)
    if issubclass(kind, type):
        return "type", named(value), named(kind)
    if kind is ModuleType:
        return "module", value.__dict__.get("__name__")
    if kind is BuiltinFunctionType:
        return "builtin", value.__qualname__, value.__module__ if type(value.__module__) is str else None
    if kind in (METHOD, WRAPPER):
        return "method", named(value.__objclass__), value.__name__
    if kind is MEMBER:
        definition = core.word(id(value) + 40)
        return "member", core.word(definition + 8) & 0xFFFFFFFF, core.word(definition + 16)
    if kind is FIELD:
        return "field", core.word(id(value) + 16)
    if kind is property:
        return "property", of_value(value.fget), of_value(value.fset)
    if kind in (staticmethod, classmethod):
        return kind.__name__, of_value(value.__func__)
    return "object", named(kind)


def of_parts(value) -> tuple:
    """What compiled code may rely on of a function's defaults: a tuple, or a dict."""
    return tuple(map(of_value, value if type(value) is tuple else value.values()))


def instance_type(value):
    """The class of an object that is the value of a name, if another class may have the same name; else None."""
    kind = type(value)
    plain = is_function(value) or issubclass(kind, type) or not flags(kind) & HEAP
    return None if plain else kind


def named(kind: type) -> tuple:
    """Module and name of a class, as it was made with."""
    if not flags(kind) & HEAP:
        return "builtin", kind.__name__
    module = _type_dict(kind).get("__module__")
    return module if type(module) is str else None, _type_qualname(kind)


def module_of(table: dict):
    """The name of the module that has these globals; None: none."""
    name = table.get("__name__")
    module = sys.modules.get(name) if type(name) is str else None
    return name if type(module) is ModuleType and module.__dict__ is table else None


def raw_attribute(kind: type, name: str):
    """What a class has by a name along its MRO, unbound."""
    for base in _type_mro(kind):
        table = _type_dict(base)
        if name in table:
            return table[name]
    return MISSING


def of_class(kind: type, names) -> tuple:
    """What compiled code may rely on of a class as long as its version stays: `names` are all that it may look up."""
    mro = _type_mro(kind)
    wanted = set(names)
    for base in mro:
        if flags(base) & HEAP:
            wanted.update(name for name in _type_dict(base)
                          if type(name) is str and name[:2] == "__" and name not in NOT_LOOKED_UP)
    keys = core.word(id(kind) + 872) if flags(kind) & MANAGED_DICT else 0
    rows = []
    for name in sorted(wanted):
        found = raw_attribute(kind, name)
        index = core.key_index(keys, name) if keys and name in names else None
        if found is not MISSING or index is not None:
            rows.append((name, None if found is MISSING else of_value(found), index))
    return (named(kind), named(type(kind)), flags(kind) & LASTING_FLAGS, kind.__basicsize__, kind.__dictoffset__,
            tuple(map(named, mro)), tuple(rows))


def layout(kind: type) -> tuple[str, ...]:
    """The names of attributes in the order in which instances keep them."""
    keys = core.word(id(kind) + 872) if flags(kind) & MANAGED_DICT else 0
    return core.key_names(keys) if keys else ()


def lay_out(kind: type, names: tuple[str, ...]) -> None:
    """Instances of a class will keep these attributes in this order, as they did in an earlier run, if those
    that there are now begin so. An instance that nobody sees is given them; nothing is done where its making
    or its end could be noticed."""
    now = layout(kind)
    if len(now) >= len(names) or now != names[:len(now)] or not all(names):
        return
    plain = flags(kind) & MANAGED_DICT and not flags(kind) & 1 << 20 and kind.__basicsize__ <= 24 and \
        all(base is object or flags(base) & HEAP for base in _type_mro(kind))
    if not plain or raw_attribute(kind, "__new__") is not object.__dict__["__new__"] or \
            raw_attribute(kind, "__del__") is not MISSING or \
            any(raw_attribute(type(raw_attribute(kind, name)), "__set__") is not MISSING for name in names):
        return
    made = object.__new__(kind)
    for name in names:
        object.__setattr__(made, name, None)


NOT_LOOKED_UP = {"__doc__", "__module__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__",
                 "__qualname__", "__match_args__", "__dataclass_fields__", "__dataclass_params__",
                 "__static_attributes__"}
