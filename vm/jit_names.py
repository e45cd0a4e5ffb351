"""Names of a module for compiled code: what a region relies on of the dict that holds them.

    rt_names_hold(record) -> 1: all names that the region knows the values of have them        (record.version)
    rt_names_lie(record) -> 1: names that are bound again and again have places in the dict    (record.keys_version)

A record is a region's own, of one dict; tracer/names.py makes it. While the dict's version is the record's nothing was
bound since the record was found to hold, and compiled code does not ask. Programs bind names of modules all the time,
most of them not those that a region knows: then the record is gone over here, and the region goes on.
"""
from __future__ import annotations

from .handlers.names import *  # noqa: F403
from .jit_dicts import *  # noqa: F403
from .jit_instances import fits_box
from ..codegen.metal import struct

NAME_SLOT, NAME_ABSENT = 0, 2           # in the place of a value: it is loaded each time; there is none
KnownName = struct("KnownName", "name:Obj@0 value:i64@8 kind:i64@16 place:i64@24 number:i64@32 changed:i64@40", 48)
KnownNames = struct("KnownNames", "version:i64@0 keys_version:i64@8 table:Obj@16 count:i64@24 names:KnownName@32", 32)


@metal(inline=True)
def name_in(record: KnownNames, number: int) -> KnownName:
    """An entry of a record."""
    return cast(KnownName, byte_offset(record, 32 + 48 * number))


@metal
def place_of_name(keys: DictKeys, entry: KnownName) -> int:
    """The number of a name's entry in a dict's keys, -1: none has this very string."""
    number = entry.number
    if ult(number, keys.dk_nentries) and entries_of(keys)[number].me_key == entry.name:
        return number
    entry.number = find_entry(keys, entry.name)
    return entry.number


@metal
def value_of_name(d: Obj, entry: KnownName) -> Obj:
    """The value of a name, NULL: it has none. All keys are strings, so no code of the program runs; borrowed."""
    number = place_of_name(Dict(d).ma_keys, entry)
    if number >= 0:
        return entries_of(Dict(d).ma_keys)[number].me_value
    value = PyDict_GetItemWithError(d, entry.name)
    if not value:
        PyErr_Clear()
    return value


@metal
def rt_names_hold(record: KnownNames) -> int:
    """Whether all names have the values that are known of them; a name that has not is marked."""
    d = record.table
    keys = Dict(d).ma_keys
    if keys.dk_kind == 0 or cast(VOID_P, Dict(d).ma_values) != None:
        return 0
    for i in range(record.count):
        entry = name_in(record, i)
        if entry.value != NAME_SLOT:
            value = value_of_name(d, entry)
            if entry.value == NAME_ABSENT:
                if value:
                    entry.changed = 1
                    return 0
            elif not value or address_int(value) != entry.value or address_int(value.ob_type) != entry.kind:
                entry.changed = 1
                return 0
    record.version = Dict(d).ma_version_tag
    return 1


@metal
def rt_names_lie(record: KnownNames) -> int:
    """Find the places of the names that are loaded each time, from the start of the dict's keys."""
    d = record.table
    keys = Dict(d).ma_keys
    version = version_of_keys(keys)
    if keys.dk_kind == 0 or cast(VOID_P, Dict(d).ma_values) != None or version == 0:
        return 0
    for i in range(record.count):
        entry = name_in(record, i)
        if entry.value == NAME_SLOT:
            number = place_of_name(keys, entry)
            if number < 0:
                return 0
            entry.place = 40 + (1 << keys.dk_log2_index_bytes) + 16 * number
    record.keys_version = version
    return 1


@metal(inline=True)
def name_changed(record: KnownNames):
    """A name was bound again, by the region itself: what it knows of others is as it was."""
    d = record.table
    known = Dict(d).ma_version_tag == record.version
    next_version(d)
    if known:
        record.version = Dict(d).ma_version_tag


@metal
def rt_name_set(record: KnownNames, slot: obj_p, value: Obj):
    """Bind a name, whose place is known and holds something, to an owned object."""
    d = record.table
    if may_hold_others(value) and unlikely(not is_tracked(d)):
        PyObject_GC_Track(d)
    old = slot[0]
    slot[0] = value
    name_changed(record)
    decref(old)


@metal
def rt_name_set_int(record: KnownNames, slot: obj_p, value: int):
    """The same for an int; the box that is there is used again if nobody else has it."""
    old = slot[0]
    if fits_box(old, value):
        name_changed(record)
        return
    slot[0] = sure_int(value)
    name_changed(record)
    decref(old)


@metal
def rt_name_set_float(record: KnownNames, slot: obj_p, value: float):
    """The same for a float."""
    old = slot[0]
    if old.ob_type == PyFloat_Type and old.ob_refcnt == 1:
        Float(old).ob_fval = value
        name_changed(record)
        return
    slot[0] = sure_float(value)
    name_changed(record)
    decref(old)


NAME_RUNTIME = "rt_names_hold rt_names_lie rt_name_set rt_name_set_int rt_name_set_float".split()
