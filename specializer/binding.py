"""Which value each parameter of a call gets, told when the call is compiled.

    f(1, *(x, y), k=z)    for    def f(a, *rest, k=0, **more)       a = 1, rest = (x, y), k = z, more = {}

A source is a register (an int), a value that is known already, or `Gathered`: what becomes one tuple or dict. Registers
are read and guards made while nothing has happened; values are taken when nothing can go wrong any more.
"""
from __future__ import annotations

from .direct import Direct
from .values import NO, Val

VARARGS, VARKEYWORDS = 4, 8         # of a code object's flags
DEFAULTS, KWDEFAULTS = 56, 64       # offsets in a function
CHANGED = "a function's defaults were changed"


class Gathered:
    """Sources that become a tuple, or with their `names` a dict."""

    __slots__ = ("sources", "names")

    def __init__(self, sources: list, names: tuple | None = None):
        self.sources, self.names = sources, names


class Call:
    """A call of a function of the VM: `callable` is its value, in the register `held`; None: known otherwise."""

    __slots__ = ("instr", "function", "callable", "held", "positional", "named", "kind")

    def __init__(self, instr, function, callable: Val, held: int | None, positional: list, named=(), kind="call"):
        self.instr, self.function, self.callable, self.held = instr, function, callable, held
        self.positional, self.named, self.kind = positional, list(named), kind


class Binding(Direct):
    """Arguments to parameters."""

    def arguments_of(self, instr, first: int, count: int) -> tuple[list, list]:
        """The positional arguments of a CALL whose callable is in a register, and the named ones."""
        names = self.cx.frames[-1].code.constant(instr.keywords - 1)[2] if instr.keywords else ()
        registers: list = list(range(first + 1, first + 1 + count))
        positional = count - len(names)
        return registers[:positional], list(zip(names, registers[positional:]))

    def bind(self, call: Call, code) -> list | None:
        """The sources of the parameters in their order; None: the call does not fit."""
        names = code.host.co_varnames[:code.argcount + code.host.co_kwonlyargcount]
        rest = call.positional[code.argcount:]
        if rest and not code.flags & VARARGS:
            return None
        sources = call.positional[:code.argcount]
        sources += [None] * (len(names) - len(sources))
        more = []
        for name, source in call.named:
            at = names.index(name) if name in names else -1
            if at >= code.host.co_posonlyargcount:
                if sources[at] is not None:
                    return None
                sources[at] = source
            elif at < 0 and code.flags & VARKEYWORDS:
                more.append((name, source))
            else:
                return None
        if None in sources and not self.fill_defaults(call, code, sources, names):
            return None
        if code.flags & VARARGS:
            sources.append(Gathered(rest))
        if code.flags & VARKEYWORDS:
            sources.append(Gathered([source for _, source in more], tuple(name for name, _ in more)))
        return sources

    def escape_gathered(self, instr, code, positional: list, named: list) -> None:
        """Instances that only the region knows are made before they are put in a tuple or dict of arguments."""
        if code is not None and code.flags & (VARARGS | VARKEYWORDS):
            sources = (*positional, *(one for _, one in named))
            self.escape_operands(instr, [one for one in sources if isinstance(one, int)])

    # --------------------------------------------------------------------------------------------- defaults
    def fill_defaults(self, call: Call, code, sources: list, names) -> bool:
        """Defaults for what is not given: of a function that is known, guarded to be those it has now, else loaded."""
        missing = [at for at, source in enumerate(sources) if source is None]
        defaults, more = call.function.__defaults__ or (), call.function.__kwdefaults__ or {}
        required = code.argcount - len(defaults)
        if any(at < required or (at >= code.argcount and names[at] not in more) for at in missing):
            return False
        if call.callable.const is NO:
            return self.load_defaults(call, code, sources, missing, len(defaults))
        for at in missing:
            if at >= code.argcount:
                self.guard_dict(more)
                sources[at] = self.known(more[names[at]])
            else:
                sources[at] = self.known(defaults[at - required])
        for offset, value in ((DEFAULTS, defaults), (KWDEFAULTS, more)):
            if value:
                found = self.load("ptr", self.pointer(call.callable), offset, "attr")
                self.guard(self.e("ptr_eq", found, self.const_object(value)), CHANGED)
        return True

    def guard_dict(self, table: dict) -> None:
        """Go on only if nothing in a dict was changed since now."""
        key = ("dict", id(table))
        if key not in self.cx.facts:
            version = self.core.word(id(table) + 24)
            found = self.load("i64", self.const_object(table), 24, "dict")
            self.guard(self.e("int_eq", found, self.version(version, "dict", table)), CHANGED)
            self.cx.facts[key] = True

    def load_defaults(self, call: Call, code, sources: list, missing: list, count: int) -> bool:
        """The defaults of one of several functions with the same code; those of keywords alone are not looked for."""
        if missing[-1] >= code.argcount:
            return False
        found = self.load("ptr", call.callable.ssa, DEFAULTS, "attr")
        self.guard(self.e("ptr_ne", found, "null"), CHANGED)
        self.guard(self.e("int_eq", self.load("i64", found, 16, "tuple"), str(count)), CHANGED)
        for at in missing:
            sources[at] = Val("obj", self.load("ptr", found, 24 + 8 * (at - code.argcount + count), "tuple"))
        return True

    # ------------------------------------------------------------------------------------------------ values
    def flat(self, sources) -> list:
        """Sources with those of tuples and dicts among them."""
        found = []
        for source in sources:
            found += source.sources if isinstance(source, Gathered) else [source]
        return found

    def read_sources(self, sources) -> None:
        """Know what registers hold; numbers that will be in a tuple or dict can be boxed."""
        for source in self.flat(sources):
            if isinstance(source, int):
                self.read(source)
        for source in sources:
            if isinstance(source, Gathered):
                for one in source.sources:
                    self.guard_ordered(self.cx.frames[-1].regs[one] if isinstance(one, int) else one)

    def take_source(self, source) -> Val:
        """The value of a parameter, held by the caller of this."""
        if isinstance(source, int):
            return self.take(source)
        if isinstance(source, Gathered):
            for one in source.sources:
                if isinstance(one, int):
                    self.settle(self.cx.frames[-1].regs[one])       # two places hold it for a moment
            values = [self.take_source(one) for one in source.sources]
            return self.gathered(values, source.names)
        self.cx.hold(source)
        return source

    def take_sources(self, sources) -> list[Val]:
        """The values of all parameters."""
        return [self.take_source(source) for source in sources]

    def gathered(self, values: list[Val], names: tuple | None) -> Val:
        """The virtual tuple or dict of values that are held, which hold them from now on."""
        if names is None:
            return Val("tuple", parts=tuple(values)) if values else Val("obj", None, tuple, ())
        parts: list[Val] = [MARK]
        for name, value in zip(names, values):
            parts += [Val("obj", None, str, name), value]
        return Val("dict", parts=tuple(parts))


MARK = Val("none")          # the first part of a virtual dict, which has others only if it has items
__all__ = ["Binding", "Call", "Gathered", "MARK"]
