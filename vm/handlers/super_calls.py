"""super().name(...): the function that super() would find, without the object.

    CALL r1 = super!() ; METHOD_GET r1 = r1!.name      the function in r1, self in r2; both instructions are done with

What was found is kept by the version of self's type, which changes with every class of its bases.
"""
from __future__ import annotations

from .known import *  # noqa: F403

METHOD_GET_FLAGS, METHOD_GET_WORDS = OPS["METHOD_GET"].code << FLAG_BITS, OPS["METHOD_GET"].length
SUPER_SIZE = 256
SuperEntry = struct("SuperEntry", "version:i64 start:Obj name:Obj found:Obj", 32)
super_table = Static("fire_super_table", SuperEntry, SUPER_SIZE)


@metal
def behind_class(kind: TypeObject, start: Obj, name: Obj) -> Obj:
    """What the classes behind `start` in a type's order of resolution say of a name, borrowed; NULL: nothing, or
    `start` is not among them."""
    order = kind.tp_mro
    if not order:
        return None
    count = VarObj(order).ob_size
    items = field_address(Tuple(order), "ob_item")
    at = 0
    while at < count and items[at] != start:
        at = at + 1
    at = at + 1
    while at < count:
        found = PyDict_GetItemWithError(cast(TypeObject, items[at]).tp_dict, name)
        if found or PyErr_Occurred():
            return found
        at = at + 1
    return None


@metal
def method_of_super(kind: TypeObject, start: Obj, name: Obj) -> Obj:
    """The same from the table; only what takes self as its first argument, as METHOD_GET gives it."""
    if kind.tp_flags & VALID_VERSION == 0:
        _PyType_Lookup(kind, name)
        if kind.tp_flags & VALID_VERSION == 0:
            return None
    version: int = kind.tp_version_tag
    hashed = lshr(address_int(name), 4) ^ lshr(address_int(start), 4) ^ version
    entry = super_table[hashed & (SUPER_SIZE - 1)]
    if likely(entry.version == version and entry.start == start and entry.name == name):
        return entry.found
    found = behind_class(kind, start, name)
    if not found:
        PyErr_Clear()
        return None
    if found.ob_type.tp_flags & METHOD_DESCRIPTOR == 0:
        return None
    old = entry.name
    entry.version = version
    entry.start = start
    entry.name = new_ref(name)
    entry.found = found
    xdecref(old)
    return found


@metal
def call_super_method(frame: Frame, pc: u64p, base: Reg) -> bool:
    """Carry out super() and the METHOD_GET behind it; False: nothing has happened."""
    word = pc[CALL_WORDS]
    target = lshr(pc[0], 16) & 65535
    if word & OPCODE_MASK != op_variants[METHOD_GET_FLAGS + (CONSUME_B >> FLAG_SHIFT)] \
            or lshr(word, 32) & 65535 != target or frame.code.argcount == 0:
        return False
    start = class_of_frame(frame)
    self = cell_or_value(frame, 0)
    name = name_at(frame, lshr(word, 48))
    if not start or not self or name == state.name_dunder_class:
        return False
    kind = self.ob_type
    if start.ob_type.tp_flags & CLASS_FLAG == 0 or kind.tp_flags & CLASS_FLAG != 0:
        return False
    if PyType_IsSubtype(kind, cast(TypeObject, start)) == 0:
        return False
    method = method_of_super(kind, start, name)
    if not method:
        return False
    goal = frame.regs[lshr(word, 16) & 65535]
    incref(method)
    incref(self)
    drop(base[1])
    set_object(goal, method)
    set_object(goal[1], self)
    return True


@handler("CALL_SUPER", 3)
def CALL_SUPER():
    """super()."""
    if address_int(table) == address_of_table("main_table"):
        if likely(call_super_method(frame, pc, rb)):
            return jump(pc + (CALL_WORDS + METHOD_GET_WORDS))
    return tail("CALL_GENERAL")
