"""What objects hold, for the collector (cycles.py): the usual types without calls, the others by their tp_traverse.

    take_off(o)         a reference less to all that o holds and that is under collection
    reach_from(o)       all that o holds lives
    fetch_ahead(objects, at, count)     what is inside those that come next, and what they hold, is brought

An object under collection has COLLECTING in its head, and its references are counted there. One that nobody had reached
when its turn came is PASSED_OVER; once it is reached it is entered among `cycles.late`.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .handlers.attr_cache import *  # noqa: F403
from .jit_dicts import *  # noqa: F403
from .own_objects import *  # noqa: F403

# More bits of a head's second word, which links objects as long as nothing collects; the rest counts references then.
REFERENCES_AT = 2
LATE = 4                            # reached after all objects had had their turn
PASSED_OVER = 1 << 63
TAKE_OFF, REACH, FETCH = 0, 1, 2    # why the objects are met that another one holds
AHEAD, FETCHED = 16, 8              # objects, and references in one, that are on their way into the cache

Cycles = struct("Cycles", "members:Obj* room:i64 count:i64 late:Obj* nlate:i64 python_traverse:ptr alive_next:i64 "
                          "alive_previous:i64 alive:i64 garbage:i64 garbage_next:i64 garbage_previous:i64")
cycles = Static("fire_cycles", Cycles)


# ------------------------------------------------------------------------------------------ one reference
@metal(inline=True)
def has_head(o: Obj) -> bool:
    """PyObject_IS_GC."""
    t = o.ob_type
    if t.tp_flags & HAVE_GC == 0:
        return False
    if likely(cast(VOID_P, t.tp_is_gc) == None):
        return True
    if t.tp_flags & CLASS_FLAG != 0:
        return cast(TypeObject, o).tp_flags & HEAP_TYPE != 0
    return call_pointer("i32", t.tp_is_gc, o) != 0


@metal(inline=True)
def meet(o: Obj, why: int):
    """Another object under collection holds this one."""
    if why == FETCH:
        prefetch(head_of(o))
    elif o:
        if has_head(o):
            head = head_of(o)
            word = head[1]
            if word & COLLECTING != 0:
                if why == TAKE_OFF:
                    head[1] = word - (1 << REFERENCES_AT)
                elif word < 0:                          # passed over: its turn comes after all others
                    head[1] = word & FINALIZED | LATE
                    cycles.late[cycles.nlate] = o
                    cycles.nlate = cycles.nlate + 1
                elif word < 1 << REFERENCES_AT:
                    head[1] = word + (1 << REFERENCES_AT)


@metal
def visit_held(o: Obj, data: ptr_t) -> int:
    """A visitor for tp_traverse: a reference from within."""
    meet(o, TAKE_OFF)
    return 0


@metal
def visit_reached(o: Obj, data: ptr_t) -> int:
    """A visitor for tp_traverse: a reference of what is alive."""
    meet(o, REACH)
    return 0


# --------------------------------------------------------------------------------------------- one object
@metal(inline=True)
def fetch_inside(o: Obj):
    """Have the part of an object that lies elsewhere brought; the object itself is in the cache."""
    t = o.ob_type
    if t == PyList_Type:
        prefetch(List(o).ob_item)
    elif t == PyDict_Type:
        prefetch(byte_offset(cast(VOID_P, Dict(o).ma_keys), 24))
        prefetch(byte_offset(cast(VOID_P, Dict(o).ma_keys), 64))
    elif t.tp_flags & MANAGED_FLAG != 0:
        prefetch(values_of(o))
    elif t == PySet_Type:
        prefetch(Set(o).table)


@metal(inline=True)
def meet_each(items: obj_p, count: int, why: int):
    if why == FETCH:
        count = FETCHED if count > FETCHED else count
    for i in range(count):
        if why != FETCH and i + FETCHED < count:
            prefetch(head_of(items[i + FETCHED]))
        meet(items[i], why)


@metal(inline=True)
def meet_dict(o: Obj, why: int):
    """What an exact dict holds."""
    keys = Dict(o).ma_keys
    count = keys.dk_nentries
    if cast(VOID_P, Dict(o).ma_values) != None:
        meet_each(cast(obj_p, Dict(o).ma_values), count, why)
        return
    if why == FETCH:
        count = FETCHED if count > FETCHED else count
    if keys.dk_kind != 0:
        entry = cast(UnicodeEntry, entry_table(keys))
        for i in range(count):
            meet(entry[i].me_value, why)
    else:
        general = cast(KeyEntry, entry_table(keys))
        for i in range(count):
            if general[i].me_value:
                meet(general[i].me_value, why)
                meet(general[i].me_key, why)


@metal(inline=True)
def meet_members(t: TypeObject, o: Obj, why: int):
    """What an instance holds in __slots__ of this class."""
    member = members_of(t)
    for i in range(VarObj(cast(Obj, t)).ob_size):
        if member[i].type == MEMBER_OBJECT:
            meet(cast(obj_p, byte_offset(cast(VOID_P, o), member[i].offset))[0], why)


@metal(inline=True)
def is_plain_instance(t: TypeObject) -> bool:
    """Whether Python's classes alone say what an instance of this class holds."""
    base = t
    while cast(VOID_P, base.tp_traverse) == cycles.python_traverse:
        base = base.tp_base
    return cast(VOID_P, base.tp_traverse) == None and (t.tp_dictoffset >= 0 or t.tp_flags & MANAGED_FLAG != 0)


@metal(inline=True)
def meet_instance(t: TypeObject, o: Obj, why: int):
    """What such an instance holds."""
    base = t
    while cast(VOID_P, base.tp_traverse) == cycles.python_traverse:
        if VarObj(cast(Obj, base)).ob_size != 0:
            meet_members(base, o, why)
        base = base.tp_base
    if t.tp_flags & MANAGED_FLAG != 0:
        values = values_of(o)
        if values:
            meet_each(values, HeapType(t).ht_cached_keys.dk_nentries, why)
        meet(cast(Obj, managed_dict(o)), why)
    elif t.tp_dictoffset > 0:
        meet(cast(obj_p, byte_offset(cast(VOID_P, o), t.tp_dictoffset))[0], why)
    if why != FETCH:
        meet(cast(Obj, t), why)


@metal(inline=True)
def meet_function(o: Obj, why: int):
    """What a function holds."""
    function = Function(o)
    meet_each(field_address(function, "func_globals"), 10, why)         # until func_dict
    meet(function.func_module, why)
    meet(function.func_annotations, why)


@metal(inline=True)
def meet_all(o: Obj, why: int):
    """What an object holds: its tp_traverse."""
    t = o.ob_type
    if t == PyTuple_Type:
        meet_each(field_address(Tuple(o), "ob_item"), VarObj(o).ob_size, why)
    elif t == PyList_Type:
        meet_each(List(o).ob_item, VarObj(o).ob_size, why)
    elif t == PyDict_Type:
        meet_dict(o, why)
    elif cast(VOID_P, t.tp_traverse) == cycles.python_traverse and is_plain_instance(t):
        meet_instance(t, o, why)
    elif t == PySet_Type:
        table = Set(o).table
        if why != FETCH:
            for i in range(Set(o).mask + 1):
                meet(table[i].key, why)
    elif t == PyCell_Type:
        meet(Cell(o).ob_ref, why)
    elif t == FireFunction_Type:
        if why != FETCH:
            meet_function(o, why)
    elif why == REACH:
        call_pointer("i32", t.tp_traverse, o, visit_reached, None)
    elif why == TAKE_OFF:
        call_pointer("i32", t.tp_traverse, o, visit_held, None)


@metal
def take_off(o: Obj):
    """Take what an object holds off the counts."""
    meet_all(o, TAKE_OFF)


@metal
def reach_from(o: Obj):
    """What a living object holds is alive."""
    meet_all(o, REACH)


@metal
def fetch_held(o: Obj):
    """Have the heads of what an object holds brought."""
    meet_all(o, FETCH)


@metal(inline=True)
def fetch_ahead(objects: obj_p, at: int, count: int):
    """What an object holds is fetched before its turn comes; before that what is inside it; before that its head."""
    if at + 3 * AHEAD < count:
        prefetch(head_of(objects[at + 3 * AHEAD]))
        fetch_inside(objects[at + 2 * AHEAD])
        fetch_held(objects[at + AHEAD])
