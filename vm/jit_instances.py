"""What compiled code calls for instances of the program's classes: new ones, their attributes.

    rt_new_instance(P) -> o      rt_fill_float(o, 2 * 16, 0.5)      rt_store_value_int(values of o, 1, 300)
"""
from __future__ import annotations

from ..codegen.metal import metal
from .jit_dicts import *  # noqa: F403


@metal
def rt_new_instance(kind: TypeObject) -> Obj:
    """object.__new__(kind) for a class that adds nothing to it, and is not abstract. It sets up the dict
    after tp_alloc."""
    made = kept_instance(kind)
    while unlikely(not made):
        if kind.tp_flags & MANAGED_FLAG != 0:
            made = call_pointer("Obj", kind.tp_new, kind, state.empty_tuple, None)
        else:
            made = call_pointer("Obj", kind.tp_alloc, kind, 0)
        if unlikely(not made):
            use_spare()
    return made


@metal
def rt_fill(o: Obj, place: int, value: Obj):
    """The first store of an attribute of a new instance: of an owned object. `place`: twice the offset of a
    slot, or twice the number of an inline value and one."""
    if place & 1:
        store_value(None, values_of(o), lshr(place, 1), value)
    else:
        byte_offset(cast(obj_p, o), lshr(place, 1))[0] = value


@metal
def rt_fill_float(o: Obj, place: int, number: float):
    rt_fill(o, place, sure_float(number))


@metal
def rt_fill_int(o: Obj, place: int, number: int):
    rt_fill(o, place, sure_int(number))


@metal
def rt_fill_bool(o: Obj, place: int, number: int):
    rt_fill(o, place, new_ref(Py_True if number != 0 else Py_False))


@metal(inline=True)
def fits_box(old: Obj, number: int) -> bool:
    """Put an int of one digit in the place of another that only its holder has; those up to 256 are the host's own."""
    size = -number if number < 0 else number
    if old.ob_refcnt != 1 or old.ob_type != PyLong_Type or ult(number + 5, 262) or not ult(size, 1 << 30):
        return False
    if not ult(Long(old).ob_size + 1, 3):
        return False
    Long(old).ob_size = -1 if number < 0 else 1
    field_address(Long(old), "ob_digit")[0] = size
    return True


@metal
def rt_store_slot(slot: obj_p, value: Obj):
    """Put an owned object in a slot, which may be empty."""
    old = slot[0]
    slot[0] = value
    xdecref(old)


@metal
def rt_store_value(values: obj_p, index: int, value: Obj):
    """Put an owned object among the inline values of an instance."""
    store_value(None, values, index, value)


@metal
def rt_store_value_float(values: obj_p, index: int, number: float):
    """The same for a float; the box there is used again if nobody else has it."""
    old = values[index]
    if old:
        if old.ob_type == PyFloat_Type and old.ob_refcnt == 1:
            Float(old).ob_fval = number
            return
    store_value(None, values, index, sure_float(number))


@metal
def rt_store_value_int(values: obj_p, index: int, number: int):
    """Put an int among the inline values of an instance; the box there is used again if nobody else has it."""
    old = values[index]
    if not (old and fits_box(old, number)):
        store_value(None, values, index, sure_int(number))


@metal
def rt_store_slot_int(slot: obj_p, number: int):
    """The same for a slot."""
    old = slot[0]
    if not (old and fits_box(old, number)):
        slot[0] = sure_int(number)
        xdecref(old)


@metal
def rt_store_slot_float(slot: obj_p, number: float):
    """The same for a float."""
    old = slot[0]
    if old:
        if old.ob_type == PyFloat_Type and old.ob_refcnt == 1:
            Float(old).ob_fval = number
            return
    slot[0] = sure_float(number)
    xdecref(old)


@metal
def rt_replace_int(slot: obj_p, number: int):
    """Put an int in the place of an int: nothing else can end."""
    old = slot[0]
    if not fits_box(old, number):
        slot[0] = sure_int(number)
        decref(old)


@metal
def rt_replace_float(slot: obj_p, number: float):
    """The same for floats."""
    old = slot[0]
    if old.ob_refcnt == 1:
        Float(old).ob_fval = number
        return
    slot[0] = sure_float(number)
    decref(old)


@metal
def rt_own_item(o: Obj, name: Obj) -> Obj:
    """An attribute that an instance itself has, in line or in a dict; borrowed. NULL: none, or not to be found so."""
    held = cast(Obj, managed_dict(o))
    if held:
        return rt_dict_item_any(held, name) if held.ob_type == PyDict_Type else None
    values = values_of(o)
    if not values:
        return None
    index = find_entry(HeapType(o.ob_type).ht_cached_keys, name)
    return None if index < 0 else values[index]


@metal
def rt_own_has(o: Obj, name: Obj) -> int:
    """Whether an instance itself has an attribute: ABSENT, FOUND or UNDECIDED."""
    held = cast(Obj, managed_dict(o))
    if held:
        return rt_dict_has_any(held, name) if held.ob_type == PyDict_Type else UNDECIDED
    return FOUND if rt_own_item(o, name) else ABSENT


INSTANCE_RUNTIME = """rt_own_item rt_own_has
    rt_new_instance rt_fill rt_fill_float rt_fill_int rt_fill_bool rt_store_slot rt_store_value
    rt_store_value_float rt_store_value_int rt_store_slot_int rt_store_slot_float
    rt_replace_int rt_replace_float""".split()
