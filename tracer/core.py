"""The native core as the JIT sees it: memory to read, addresses, offsets.

    core.info["Frame.regs"] -> 40       core.word(address) -> int       core.object_at(address) -> object
"""
from __future__ import annotations

from struct import pack, unpack_from

_native = None                          # the module firelang.vm._core
info: dict[str, int] = {}
peek = poke = object_at = baseline = digest = symbol = None      # set by connect()


def connect(native) -> None:
    """Remember the core's module."""
    global _native, peek, poke, object_at, baseline, digest, symbol
    _native = native
    info.update(native.jit_info())
    peek, poke, object_at = native.peek, native.poke, native.object_at
    baseline, digest, symbol = native.baseline, native.digest, native.symbol


def word(address: int) -> int:
    """The signed 64-bit word at an address."""
    return unpack_from("<q", peek(address, 8))[0]


def set_word(address: int, value: int) -> None:
    """Write a signed 64-bit word."""
    poke(address, pack("<q", value))


def words(address: int, count: int) -> memoryview:
    """`count` signed words from an address on, copied."""
    return memoryview(peek(address, 8 * count)).cast("q")


# ------------------------------------------------------------------------------------ facts about objects
function_type: type = type(None)        # of VM functions; set with the first region
VALID_VERSION = 1 << 19


def address(name: str) -> int:
    """Address of a function of the runtime, the C API or the C library."""
    found = info.get(name)
    if found is None:
        found = info[name] = symbol(name)
    return found


def code_at(place: int):
    """The decoded code of a VMCode."""
    from .program import code_at as decode
    return decode(place)


def code_record(code) -> int:
    """The address of the VMCode of a host code object, which is translated if it was not; 0: it cannot be."""
    return _native.code_record(code)


def without_closure(function):
    """A function as what the JIT may keep of it: one with a closure is kept as a copy whose cells are empty, since what
    the cells hold has its own time to end."""
    if id(type(function)) != info["FireFunction_Type"] or not function.__closure__:
        return function
    made = bare_function(function.__code__, function.__globals__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    for field in ("vmcode", "vmcode_of"):
        offset = info["FireFunction." + field]
        set_word(id(made) + offset, word(id(function) + offset))
    return made


def bare_function(code, table: dict, defaults=None):
    """A function of the VM whose cells are empty."""
    from types import CellType, FunctionType
    cells = tuple(CellType() for _ in code.co_freevars)
    made = _native.adopt(FunctionType(code, table, code.co_name, defaults, cells))
    record = code_record(code)
    if record:                                  # as its first call would
        set_word(id(made) + info["FireFunction.vmcode"], record)
        set_word(id(made) + info["FireFunction.vmcode_of"], id(code))
    return made


def is_twin(code) -> bool:
    """Whether a function runs on its host twin."""
    return bool(word(code.address + info["VMCode.twin"]))


def keys_version(keys: int) -> int:
    """The version of a dict's keys, given one if it has none; changes when keys come or go."""
    version = unpack_from("<I", peek(keys + 12, 4))[0]
    if version == 0:
        place = info["state"] + info["State.next_keys_version"]
        version = word(place)
        if version >= 0xFFFFFFF0:
            return 0
        set_word(place, version + 1)
        poke(keys + 12, pack("<I", version))
    return version


def key_index(keys: int, name: str) -> int | None:
    """Number of the entry for a name, or None."""
    head = peek(keys, 32)
    if head[10] not in (1, 2):
        return None
    count = unpack_from("<q", head, 24)[0]
    entries = memoryview(peek(keys + 32 + (1 << head[9]), 16 * count)).cast("q")
    for number in range(count):
        key = entries[2 * number]
        if key and (key == id(name) or object_at(key) == name):
            return number
    return None


def key_names(keys: int) -> tuple[str, ...]:
    """The names that instances of a class have had attributes by, in the order of their places; ()
    if there are others."""
    head = peek(keys, 32)
    if head[10] not in (1, 2):
        return ()
    count = unpack_from("<q", head, 24)[0]
    entries = memoryview(peek(keys + 32 + (1 << head[9]), 16 * count)).cast("q")
    return tuple(object_at(entries[2 * number]) if entries[2 * number] else "" for number in range(count))


def type_version(kind: type) -> int:
    """The version of a class, or 0; a look-up, which asks nobody else, gives it one."""
    try:
        type.__getattribute__(kind, "fire no such name")
    except AttributeError:
        pass
    flags = word(id(kind) + 168)
    return unpack_from("<I", peek(id(kind) + 384, 4))[0] if flags & VALID_VERSION else 0


def class_attribute(kind: type, name: str):
    """What a class has by a name, along its MRO, unbound; MISSING if nothing."""
    return class_attribute_in(kind.__mro__, name)


def class_attribute_in(classes: tuple[type, ...], name: str):
    """The same of the first of these classes that has it."""
    from ..specializer.objects import MISSING
    for base in classes:
        if name in base.__dict__:
            return base.__dict__[name]
    return MISSING
