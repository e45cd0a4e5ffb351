"""Instances of plain classes that have ended are kept for the next ones of their class, with the room for their values.

    end_instance(o)             what `deallocate` does with an instance of a class written in Python
    kept_instance(Point) -> o   one that has ended, begun anew: all attributes unset, known to the collector; or NULL

Plain: no finalizer, `__slots__` in the class itself alone, no base classes but of Python's. What the host does in five
functions is a few stores here: to let the values go, to leave the list of the collector and to join it again, to
count. Where the collector is about to come, weak references are about, or the attributes have become a dict, the host
does it itself. A class is known by its address and version: another one that comes to lie there has another version.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, pointer_to, struct
from .values import *  # noqa: F403

HEADER, WORD = 16, 8                # bytes: reference count and class; then slots, then the list of weak references
LINKS, IN_DICT = 16, 16             # bytes of memory before an instance: links of the collector; values and dict
MOST_KEPT = 32                      # of a class
CLASSES = 128                       # places in the table, by the class's address
DEEPEST = 30                        # instances ending in each other; the host goes on from there, and can defer it

words_p, counts_p, bytes_p = pointer_to("i64"), pointer_to("i32"), pointer_to("u8")
Kept = struct("Kept", "kind:TypeObject version:i64 keys:DictKeys room:i64 nslots:i64 first:Obj count:i64")
Instances = struct("Instances", "free:ptr alloc:ptr young:i32* youngest:i64* depth:i64")
kept = Static("fire_kept_instances", Kept, CLASSES)
instances = Static("fire_instances", Instances)     # functions of the host's; its youngest generation: counts, list


@metal(inline=True)
def place_of_class(kind: TypeObject) -> Kept:
    """Where instances of a class are kept."""
    at = address_int(kind)
    return kept[(lshr(at, 6) ^ lshr(at, 12)) & (CLASSES - 1)]


@metal(inline=True)
def room_of(keys: DictKeys) -> int:
    """How many values an instance with these keys has room for: it only shrinks."""
    return keys.dk_nentries + keys.dk_usable


@metal
def is_plain_class(kind: TypeObject) -> bool:
    """Whether instances may be kept."""
    wanted = HEAP_TYPE | HAVE_GC
    if kind.tp_flags & wanted != wanted or kind.tp_flags & MANAGED_FLAG == 0 and kind.tp_dictoffset != 0:
        return False
    if cast(VOID_POINTER, kind.tp_finalize) != None or cast(VOID_POINTER, kind.tp_del) != None:
        return False
    if kind.tp_free != instances.free or kind.tp_alloc != instances.alloc or kind.tp_version_tag == 0:
        return False
    nslots = VarObj(cast(Obj, kind)).ob_size
    size = HEADER + WORD * nslots
    if kind.tp_basicsize != size and (kind.tp_weaklistoffset != size or kind.tp_basicsize != size + WORD):
        return False
    members = members_of(kind)
    for i in range(nslots):
        if members[i].type != MEMBER_OBJECT or members[i].flags != 0:
            return False
    base = kind.tp_base
    while base.tp_dealloc == ends.dealloc:
        base = base.tp_base
    return base == cast(TypeObject, PyBaseObject_Type)


@metal(inline=True)
def free_instance(o: Obj, keys: DictKeys):
    """Free the memory of an instance; `keys`: of its class, NULL where there are only slots."""
    before = LINKS
    if keys:
        before = LINKS + IN_DICT
        values = cast(bytes_p, values_of(o))
        PyMem_Free(cast(VOID_POINTER, byte_offset(values, -values[-1])))
    PyObject_Free(cast(Obj, byte_offset(o, -before)))


@metal
def give_back(place: Kept):
    """Free what is kept in a place."""
    while place.count != 0:
        o = place.first
        place.first = cast(Obj, o.ob_type)
        place.count = place.count - 1
        free_instance(o, place.keys)


@metal
def claim(place: Kept, kind: TypeObject) -> bool:
    """Have a place for a class's instances; False: they are not kept."""
    if not is_plain_class(kind):
        return False
    give_back(place)
    place.kind = kind
    place.version = kind.tp_version_tag
    place.keys = HeapType(kind).ht_cached_keys if kind.tp_flags & MANAGED_FLAG != 0 else cast(DictKeys, None)
    place.nslots = VarObj(cast(Obj, kind)).ob_size
    return True


@metal(inline=True)
def leave_list(o: Obj):
    """The collector knows of it no more."""
    head = head_of(o)
    if head[0] != 0:
        unlink(head)
        head[0] = 0
    head[1] = head[1] & FINALIZED


@metal(inline=True)
def let_go(values: objects_p, count: int):
    """Unset some values."""
    for i in range(count):
        value = values[i]
        values[i] = None
        if value:
            decref(value)


@metal
def end_instance(o: Obj):
    """The last reference to an instance of a class written in Python is gone."""
    kind = o.ob_type
    place = place_of_class(kind)
    plain = place.kind == kind and place.version == kind.tp_version_tag or claim(place, kind)
    values = cast(objects_p, None)
    keys = place.keys
    nslots = place.nslots
    if plain and keys:
        values = values_of(o)
        plain = values != None and managed_dict(o) == None
    if not plain or instances.depth >= DEEPEST or kind.tp_weaklistoffset != 0 and cast(words_p, o)[2 + nslots] != 0:
        call_pointer("void", kind.tp_dealloc, o)
        return
    leave_list(o)
    instances.depth = instances.depth + 1
    let_go(cast(objects_p, o) + 2, nslots)
    if values != None:
        let_go(values, keys.dk_nentries)
    instances.depth = instances.depth - 1
    young = instances.young
    if young[1] > 0:
        young[1] = young[1] - 1
    if place.count < MOST_KEPT and place.kind == kind and place.version == kind.tp_version_tag:
        o.ob_type = cast(TypeObject, place.first)
        place.first = o
        place.count = place.count + 1
        if keys:
            place.room = room_of(keys)
    else:
        free_instance(o, keys)
    decref(cast(Obj, kind))


@metal
def keep_instances(kind: TypeObject, young: counts_p, youngest: links):
    """Begin to keep them. `kind`: a class written in Python; `young`, `youngest`: threshold and count, and list, of the
    collector's youngest generation."""
    if ints.limit == 0:             # other allocators than the usual one are there to see each block
        return
    instances.free = kind.tp_free
    instances.alloc = kind.tp_alloc
    instances.young = young
    instances.youngest = youngest
    ends.end = end_instance
    ends.dealloc = kind.tp_dealloc


@metal(inline=True)
def kept_instance(kind: TypeObject) -> Obj:
    """An instance of a class that `object.__new__` makes instances of; NULL: none is kept, or the host has to see."""
    place = place_of_class(kind)
    if place.kind != kind or place.count == 0 or place.version != kind.tp_version_tag:
        return None
    young = instances.young
    if young[1] >= young[0] or place.keys and room_of(place.keys) > place.room:
        return None
    o = place.first
    place.first = cast(Obj, o.ob_type)
    place.count = place.count - 1
    o.ob_refcnt = 1
    o.ob_type = cast(TypeObject, new_ref(cast(Obj, kind)))
    if place.keys:
        cast(bytes_p, values_of(o))[-2] = 0         # none has been set
    young[1] = young[1] + 1
    link_last(head_of(o), instances.youngest)
    return o
