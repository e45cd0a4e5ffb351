"""What the specializer knows of a register's value.

    Val("int", "%v7")              an unboxed int           Val("obj", "%v9", type=list)     an object, exactly a list
    Val("obj", None, const=len)    a known object           Val("mem")     still in the frame's memory, nothing known
    Val("range", parts=(...))      a virtual object: its parts are values, it is made only where it escapes

Values are immutable; contexts share them.
"""
from __future__ import annotations

NO = object()       # no constant known


class Val:
    """A value: kind, IR name, exact type if it can never change, known object, parts of a virtual one."""

    __slots__ = ("kind", "ssa", "type", "const", "parts")

    def __init__(self, kind: str, ssa: str | None = None, type=None, const=NO, parts: tuple = ()):
        self.kind, self.ssa, self.type, self.const, self.parts = kind, ssa, type, const, parts

    def __repr__(self) -> str:
        const = "" if self.const is NO else f"={self.const!r:.30}"
        kind = f":{self.type.__name__}" if self.type else ""
        return f"{self.kind}{kind}({self.ssa or ''}{const}{','.join(map(repr, self.parts))})"


EMPTY, NONE, MEM = Val("empty"), Val("none"), Val("mem")
IR_KIND = {"int": "i", "float": "f", "bool": "b", "obj": "p"}
TAGS = {"empty": 0, "int": 1, "float": 2, "bool": 3, "none": 4, "obj": -1}
NUMBERS = ("int", "float", "bool")


def float_text(number: float) -> str:
    """A float constant as LLVM spells it."""
    from struct import pack
    return "0x" + pack(">d", number).hex().upper()


def constant(payload: int, tag: int, held) -> Val:
    """The value of a pool entry."""
    if tag == 1:
        return Val("int", str(payload))
    if tag == 2:
        return Val("float", float_text(held))
    if tag == 3:
        return Val("bool", "true" if payload else "false")
    if tag == 4:
        return NONE
    return Val("obj", None, type(held), held)


HEAP_TYPE = 1 << 9


def is_fixed(kind: type) -> bool:
    """Whether an object of exactly this type keeps it for life: types that are not made by class statements."""
    return not kind.__flags__ & HEAP_TYPE


OVERRIDABLE = {"__init__", "__new__", "__prepare__", "__doc__", "__module__", "__qualname__", "__repr__", "__dir__",
               "__annotations__", "__instancecheck__", "__subclasscheck__"}
SAYS = {"__getattr__", *type.__dict__} - OVERRIDABLE


def is_quiet(meta: type) -> bool:
    """Whether classes of a metaclass are called, and their attributes found, as those of `type` are, but for names
    that the metaclass has: ABCMeta is quiet, EnumType is not."""
    return meta is type or type(meta) is type and issubclass(meta, type) and \
        not any(SAYS.intersection(base.__dict__) for base in meta.__mro__ if base not in type.__mro__)


# What the VM calls the frames of special methods: KIND_CALL, KIND_TRUTH, KIND_DROPPED, KIND_OPERATOR, KIND_ENTER.
SPECIAL_KINDS = {"operator": 0, "truth": 8, "dropped": 9, "unsure": 11, "enter": 12}
