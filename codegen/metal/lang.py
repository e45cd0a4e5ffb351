"""What source in the restricted subset is written with: decorators, externals, statics and intrinsics.

    @metal
    def is_int(r: Reg) -> bool:
        return r.tag == TAG_INT

Functions stay ordinary Python objects for editors and linters; only their source is used. Free names are
resolved when the function is lowered: numbers become constants, other metal functions calls.
"""
from __future__ import annotations

import ast
import inspect
import linecache
import textwrap

from .types import VOIDP, Pointer, Struct, Type


class MetalFunction:
    """A function of the subset; `kind` is 'c' (C calling convention) or 'handler'."""

    def __init__(self, pyfunc, name=None, inline=False, cold=False, export=False, preserve=False,
                 kind="c", length=1):
        self.pyfunc, self.name = pyfunc, name or pyfunc.__name__
        self.inline, self.cold, self.export, self.kind, self.length = inline, cold, export, kind, length
        self.convention = "preserve_mostcc " if preserve else ""
        lines, self.first_line = inspect.getsourcelines(pyfunc)
        tree = ast.parse(textwrap.dedent("".join(lines)))
        self.node = tree.body[0]
        self.filename = pyfunc.__code__.co_filename

    def environment(self) -> dict:
        """Free names -> static objects: builtins, globals, closure."""
        f = self.pyfunc
        env = dict(f.__globals__)
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            env[name] = cell.cell_contents
        return env

    def __call__(self, *args):
        raise TypeError(f"{self.name} is compiled, not called")


FUNCTIONS: dict[str, MetalFunction] = {}
HANDLERS: dict[str, MetalFunction] = {}


def register(fn: MetalFunction, table: dict) -> MetalFunction:
    """Enter a function under its name, which must be new."""
    if fn.name in FUNCTIONS or fn.name in HANDLERS:
        raise ValueError(f"metal function {fn.name} defined twice")
    table[fn.name] = fn
    return fn


def metal(pyfunc=None, **options):
    """Declare a function of the subset. Options: name, inline (else it never is), cold, export
    (a visible symbol), preserve (callers' registers survive the call)."""
    if pyfunc is None:
        return lambda f: register(MetalFunction(f, **options), FUNCTIONS)
    return register(MetalFunction(pyfunc, **options), FUNCTIONS)


def handler(name: str, length: int = 1):
    """Declare the handler of opcode `name`, `length` words long."""
    return lambda f: register(MetalFunction(f, name=name, kind="handler", length=length), HANDLERS)


CFUNCTIONS: dict[str, CFunction] = {}


class CFunction:
    """An external C function: LLVM-level signature; `narrow` remembers 32-bit parameters and results."""

    def __init__(self, name: str, result: str, params: list[str], variadic: bool = False):
        self.name, self.result, self.params, self.variadic = name, result, params, variadic
        CFUNCTIONS[name] = self


class CGlobal:
    """An external C object; as a value: its address typed as a pointer to `struct`."""

    def __init__(self, name: str, type_: Type = VOIDP):
        self.name, self.type = name, type_


class Static:
    """Zero-initialised memory of the module itself, a struct instance; as a value: its address."""

    def __init__(self, name: str, layout: Struct, count: int = 1):
        self.name, self.layout, self.count = name, layout, count
        self.type = layout.pointer
        STATICS[name] = self


STATICS: dict[str, Static] = {}


class Intrinsic:
    """A built-in form: `emit(lowering, argument nodes)` returns (operand, type)."""

    def __init__(self, name: str, emit):
        self.name, self.emit = name, emit


INTRINSICS: dict[str, Intrinsic] = {}


def intrinsic(name: str):
    """Register the emitter of an intrinsic (see intrinsics.py)."""
    def wrap(emit):
        INTRINSICS[name] = Intrinsic(name, emit)
        return emit
    return wrap


def annotation_type(value) -> Type:
    """A static annotation object -> value type."""
    from .types import BOOL, FLOAT, INT, VOID, resolve_storage, Storage
    if value is None:
        return VOID
    if isinstance(value, Struct):
        return value.pointer
    if isinstance(value, (Pointer, Type)):
        return value
    if isinstance(value, str):
        named = {"int": INT, "float": FLOAT, "bool": BOOL, "void": VOID}.get(value)
        if named:
            return named
        found = resolve_storage(value)
        return found.value if isinstance(found, Storage) else found
    return {int: INT, float: FLOAT, bool: BOOL}[value]


def define_metal(source: str, name: str, namespace: dict) -> None:
    """Define generated source (tables turned into code) so that its text can be found again."""
    filename = f"<metal {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), namespace)
