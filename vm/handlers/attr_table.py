"""Places that see objects of several classes: an attribute by the table of the process.

    ATTR_GET r = o.name      another class than the cache words know  ->  ATTR_GET_TABLE  ->  ATTR_GET_OTHER ...

The words are filled from the table's entry on the way: mostly the next object is of the same class. What the
table does not know, or not as a simple way, goes on to attrs.py.
"""
from __future__ import annotations

from .attr_cache import *  # noqa: F403


@metal(inline=True)
def known_to_table(o: Obj, name: Obj, use: int) -> AttrEntry:
    """The table's entry for an attribute of an instance; NULL: none."""
    t = o.ob_type
    key = t.tp_version_tag | use << 32
    entry = entry_for(key, name)
    if likely(entry.key == key and entry.name == name and t.tp_flags & CLASS_FLAG == 0):
        return entry
    return None


@metal(inline=True)
def place_by_table(pc: u64p, o: Obj, name: Obj, use: int) -> obj_p:
    """Where the table says an inline value or slot lies; NULL: nowhere, or not so simple."""
    entry = known_to_table(o, name, use)
    if likely(entry):
        remember(pc, entry.info, 0, entry.where, entry.extra)
        return cached_place(o, lshr(entry.info, 32), entry.where)
    return None


@handler("ATTR_GET_TABLE", 4)
def ATTR_GET_TABLE():
    o = rb.object
    place = place_by_table(pc, o, name_at(frame, C), READ)
    if likely(place):
        value = place[0]
        if likely(value):
            taken = take(rb, ins, CONSUME_B)
            set_item_of(ra, value)
            xdecref(taken)
            return
    return tail("ATTR_GET_OTHER")


@handler("METHOD_GET_TABLE", 4)
def METHOD_GET_TABLE():
    o = rb.object
    entry = known_to_table(o, name_at(frame, C), CALLED)
    if likely(entry):
        remember(pc, entry.info, 0, entry.where, entry.extra)
        kind = lshr(entry.info, 32)
        if likely(kind == METHOD_VALUES and has_own_layout(o, entry.extra) or kind == METHOD_PLAIN):
            method = cast(Obj, entry.where)
            incref(method)
            if ins & CONSUME_B != 0:
                rb.tag = EMPTY
            else:
                incref(o)
            set_object(ra, method)
            set_object(ra[1], o)
            return
    return tail("METHOD_GET_OTHER")


@handler("ATTR_SET_TABLE", 4)
def ATTR_SET_TABLE():
    place = place_by_table(pc, ra.object, name_at(frame, C), WRITTEN)
    if likely(put_in_place(frame, pc, ins, place, ra, rb)):
        return
    return tail("ATTR_SET_OTHER")
