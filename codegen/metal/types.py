"""Types of the restricted subset ("metal"): three scalars, pointers, and structs laid out in memory.

    Reg = struct("Reg", "payload:i64@0 float:f64@0 object:Obj@0 tag:i64@8", size=16)

A value is `int` (64-bit, signed), `float`, `bool` or a pointer. A struct's name as an annotation means a
pointer to it. Narrow integers exist only in memory: loads widen (i32 signed, u32 unsigned), stores truncate.
"""
from __future__ import annotations


class Type:
    """A value type; `llvm` is its spelling in LLVM assembly."""

    def __init__(self, name: str, llvm: str):
        self.name, self.llvm = name, llvm

    def __repr__(self) -> str:
        return self.name


INT = Type("int", "i64")
FLOAT = Type("float", "double")
BOOL = Type("bool", "i1")
VOID = Type("void", "void")


class Storage:
    """How a value lies in memory: its LLVM type, its size in bytes and how a load widens it."""

    def __init__(self, name: str, llvm: str, size: int, value: Type, extend: str = ""):
        self.name, self.llvm, self.size, self.value, self.extend = name, llvm, size, value, extend


class Pointer(Type):
    """A pointer; `target` is a Struct, a Storage, another Pointer (as element) or None for void*."""

    def __init__(self, target):
        super().__init__(f"{getattr(target, 'name', 'void')}*", "ptr")
        self.target = target


VOIDP = Pointer(None)

STORAGES = {s.name: s for s in [
    Storage("i8", "i8", 1, INT, "sext"), Storage("u8", "i8", 1, INT, "zext"),
    Storage("i16", "i16", 2, INT, "sext"), Storage("u16", "i16", 2, INT, "zext"),
    Storage("i32", "i32", 4, INT, "sext"), Storage("u32", "i32", 4, INT, "zext"),
    Storage("i64", "i64", 8, INT), Storage("u64", "i64", 8, INT),
    Storage("f64", "double", 8, FLOAT), Storage("ptr", "ptr", 8, VOIDP)]}

STRUCTS: dict[str, Struct] = {}


class Struct:
    """A memory layout: fields by name, each a storage (or pointer type) at a byte offset."""

    def __init__(self, name: str, spec: str, size: int | None):
        self.name, self.pointer = name, Pointer(self)
        self.fields: dict[str, tuple[str, int]] = {}
        offset = 0
        for word in spec.split():
            field, _, rest = word.partition(":")
            kind, _, at = rest.partition("@")
            width = STORAGES[kind].size if kind in STORAGES else 8
            offset = int(at) if at else -(-offset // width) * width
            self.fields[field] = (kind, offset)
            offset += width
        self.size = size if size is not None else -(-offset // 8) * 8
        STRUCTS[name] = self

    def field(self, name: str) -> tuple[Storage | Pointer, int]:
        """Storage or pointer type, and byte offset, of a field."""
        kind, offset = self.fields[name]
        return resolve_storage(kind), offset

    def include(self, other: Struct, at: int) -> Struct:
        """Add another struct's fields, laid at byte offset `at`."""
        for field, (kind, offset) in other.fields.items():
            self.fields.setdefault(field, (kind, offset + at))
        return self


def struct(name: str, spec: str, size: int | None = None) -> Struct:
    """Declare a struct from `field:kind[@offset]` words; kind: a storage, a struct (pointer to it), `Name*`."""
    return Struct(name, spec, size)


def pointer_to(kind: str) -> Pointer:
    """The pointer type with elements of `kind` (a storage, a struct name = pointers to it)."""
    return Pointer(resolve_storage(kind))


def resolve_storage(kind: str) -> Storage | Pointer:
    """`i32` -> its Storage; `Obj` -> pointer to Obj; `Obj*` -> pointer to pointers; `u64*` -> pointer to u64."""
    if kind in STORAGES:
        return STORAGES[kind]
    if kind.endswith("*"):
        return Pointer(resolve_storage(kind[:-1]))
    return STRUCTS[kind].pointer


def element_size(target) -> int:
    """Bytes between neighbours of an array of `target`."""
    if target is None:
        return 1
    return target.size if isinstance(target, (Struct, Storage)) else 8
