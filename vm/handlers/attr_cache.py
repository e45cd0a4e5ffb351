"""How attributes are found: the cache words of attribute instructions, and the table that refills them.

Cache words of ATTR_GET, METHOD_GET, ATTR_SET:
    1   type version (bits 0-31), how the attribute was found (32-39), misses left before looking again (48-55)
    2   where: index, offset or the object itself (borrowed: the type's version guards it)
    3   version of a key table or class that has to match too
A hit needs the object's type to have the version. On a miss a table of the process, keyed by version, name and
use, refills the words, so that a place that sees several types stays quick; last comes the host's lookup.
"""
from __future__ import annotations

from .items import *  # noqa: F403

# How an attribute was found.
VALUE, SLOT, HINT, CLASS, MODULE, PROPERTY = 1, 2, 3, 4, 5, 6
TYPE_OF, NAME_OF = 7, 8                                  # __class__ as object has it, __name__ of a class of Python's
METHOD_PLAIN, METHOD_VALUES, METHOD_DICT = 9, 10, 11     # on the type, no instance attribute may hide it
PATIENCE = 64            # lookups to sit out after one found nothing to cache


@metal(inline=True)
def dict_of(o: Obj) -> Dict:
    """The instance's dict if it has one made, else NULL."""
    t = o.ob_type
    if t.tp_flags & MANAGED_FLAG != 0:
        return managed_dict(o)
    if t.tp_dictoffset > 0:
        return cast(Dict, cast(obj_p, byte_offset(cast(VOID_P, o), t.tp_dictoffset))[0])
    return None


# Uses of an attribute: each has its own entries in the table.
READ, CALLED, WRITTEN = 1, 2, 3
TABLE_SIZE = 4096
AttrEntry = struct("AttrEntry", "key:i64 name:Obj info:i64 where:i64 extra:i64", 40)
attr_table = Static("fire_attr_table", AttrEntry, TABLE_SIZE)


@metal(inline=True)
def remember(pc: u64p, version: int, kind: int, where: int, extra: int):
    pc[1] = version | kind << 32
    pc[2] = where
    pc[3] = extra


@metal(inline=True)
def entry_for(key: int, name: Obj) -> AttrEntry:
    """The table's place for a version, use and name."""
    return attr_table[(lshr(address_int(name), 4) ^ key ^ lshr(key, 24)) & (TABLE_SIZE - 1)]


@metal(inline=True)
def key_of(o: Obj, use: int) -> int:
    """The version that decides: a class's own when it is the object, else the type's."""
    t = o.ob_type
    version = t.tp_version_tag
    if t.tp_flags & CLASS_FLAG != 0:
        version = cast(TypeObject, o).tp_version_tag
        use = use + 4
    return version | use << 32


@metal
def refill(pc: u64p, o: Obj, name: Obj, use: int) -> bool:
    """Copy what the table knows into the cache words; False if that is nothing new."""
    key = key_of(o, use)
    entry = entry_for(key, name)
    if entry.key != key or entry.name != name:
        return False
    if pc[1] == entry.info and pc[2] == entry.where and pc[3] == entry.extra:
        return False
    remember(pc, entry.info, 0, entry.where, entry.extra)
    return True


@metal
def enter_table(pc: u64p, o: Obj, name: Obj, use: int):
    """Put freshly filled cache words into the table; the name is kept alive while it is a key."""
    if pc[1] & 0xFFFFFFFF == 0:
        pc[1] = PATIENCE << 48
        return
    key = key_of(o, use)
    entry = entry_for(key, name)
    old = entry.name
    entry.key = key
    entry.name = new_ref(name)
    entry.info = pc[1]
    entry.where = pc[2]
    entry.extra = pc[3]
    xdecref(old)


@metal(inline=True)
def own_value(d: Dict, index: int, name: Obj) -> Obj:
    """What an instance's dict, whose keys may be its class's, has at entry `index` if that is `name`'s; borrowed."""
    keys = d.ma_keys
    if keys.dk_kind == DICT_KEYS_SPLIT:
        if index < keys.dk_nentries:
            if entries_of(keys)[index].me_key == name:
                return cast(obj_p, d.ma_values)[index]
        return None
    return entry_value(keys, index, name)


@metal(inline=True)
def patient(pc: u64p) -> bool:
    """Whether the last look at this place found nothing to cache, not long ago."""
    left = lshr(pc[1], 48) & 255
    if left != 0:
        pc[1] = (left - 1) << 48
        return True
    return False


@metal(inline=True)
def cached_place(o: Obj, kind: int, where: int) -> obj_p:
    """Where an instance's inline value or slot lies; NULL: not so simple."""
    if likely(kind == VALUE):
        values = values_of(o)
        if likely(values):
            return values + where
    elif kind == SLOT:
        return cast(obj_p, byte_offset(cast(VOID_P, o), where))
    return None


@metal(inline=True)
def put_in_place(frame: Frame, pc: u64p, ins: int, place: obj_p, ra: Reg, rb: Reg) -> bool:
    """Store an object as an attribute that has a value, and drop the operands; False: there is no place, or
    it is empty, or what is to be stored is unboxed: nothing has happened."""
    if likely(place):
        old = place[0]
        if likely(old):
            value = owned_value(rb, ins, CONSUME_B)
            if likely(value):
                place[0] = value
                frame.pc = pc
                decref(old)
                if ins & CONSUME_A != 0:
                    drop(ra)
                return True
    return False


@metal(inline=True)
def has_own_layout(o: Obj, version: int) -> bool:
    """Whether the object's values are inline, under the keys that were looked at."""
    return values_of(o) and HeapType(o.ob_type).ht_cached_keys.dk_version == version


# ------------------------------------------------------------------------------------ filling caches
@metal
def remember_instance(pc: u64p, o: Obj, name: Obj, version: int) -> bool:
    """Cache an attribute held by the instance itself."""
    t = o.ob_type
    if t.tp_flags & MANAGED_FLAG != 0:
        if values_of(o):
            index = find_entry(HeapType(t).ht_cached_keys, name)
            if index < 0:
                return False
            remember(pc, version, VALUE, index, 0)
            return True
    elif t.tp_dictoffset <= 0:
        return False
    d = dict_of(o)
    if not d:
        return False
    index2 = find_entry(d.ma_keys, name)
    if index2 < 0:
        return False
    remember(pc, version, HINT, index2, 0)
    return True


@metal
def remember_method(pc: u64p, o: Obj, descriptor: Obj, version: int):
    """Cache a method of the type that the instance does not hide."""
    t = o.ob_type
    if t.tp_flags & MANAGED_FLAG == 0 and t.tp_dictoffset == 0:
        remember(pc, version, METHOD_PLAIN, address_int(descriptor), 0)
        return
    if t.tp_flags & MANAGED_FLAG != 0 and values_of(o):
        keys_version = version_of_keys(HeapType(t).ht_cached_keys)
        if keys_version != 0:
            remember(pc, version, METHOD_VALUES, address_int(descriptor), keys_version)
        return
    d = dict_of(o)
    if t.tp_dictoffset < 0 and t.tp_flags & MANAGED_FLAG == 0:
        return
    if not d:
        remember(pc, version, METHOD_DICT, address_int(descriptor), 0)
    elif d.ma_keys.dk_kind != 0:                               # its keys are strings
        remember(pc, version, METHOD_DICT, address_int(descriptor), version_of_keys(d.ma_keys))


@metal(inline=True)
def is_itself_of_class(kind: TypeObject) -> bool:
    """Whether descriptors of this kind, asked for by way of the class, are the answer."""
    return (kind == FireFunction_Type or kind == PyFunction_Type or kind == PyMethodDescr_Type
            or kind == PyWrapperDescr_Type)


@metal
def remember_computed(pc: u64p, descriptor: Obj, name: Obj, version: int):
    """Cache what `object` and `type` calculate: `o.__class__`, `cls.__name__`."""
    if descriptor.ob_type != PyGetSetDescr_Type:
        return
    owner = Descr(descriptor).d_type
    if owner == PyBaseObject_Type and name == state.name_dunder_class:
        remember(pc, version, TYPE_OF, 0, 0)
    elif owner == PyType_Type and name == state.name_module_name:
        remember(pc, version, NAME_OF, 0, 0)


@metal
def remember_class_attribute(pc: u64p, o: Obj, name: Obj):
    """Cache an attribute of a class, read from the class."""
    meta = o.ob_type
    descriptor = _PyType_Lookup(meta, name)
    if descriptor:
        if meta.tp_flags & VALID_VERSION != 0:
            remember_computed(pc, descriptor, name, meta.tp_version_tag)
        return
    found = _PyType_Lookup(cast(TypeObject, o), name)
    if not found or meta.tp_flags & VALID_VERSION == 0 or cast(TypeObject, o).tp_flags & VALID_VERSION == 0:
        return
    kind = found.ob_type
    if kind.tp_descr_get and not is_itself_of_class(kind):
        return
    remember(pc, meta.tp_version_tag, CLASS, address_int(found), cast(TypeObject, o).tp_version_tag)


@metal
def remember_attribute(pc: u64p, o: Obj, name: Obj, method: bool):
    """Look at how `o.name` is found and fill the cache if it is a way we know."""
    if patient(pc):
        return
    pc[1] = 0
    find_way(pc, o, name, method)
    enter_table(pc, o, name, CALLED if method else READ)


@metal
def find_way(pc: u64p, o: Obj, name: Obj, method: bool):
    """Fill the cache words of a read, or leave them."""
    t = o.ob_type
    if t == PyModule_Type:
        d = cast(Dict, ModuleObject(o).md_dict)
        if d and d.ma_keys.dk_kind == DICT_KEYS_UNICODE and not _PyType_Lookup(t, name):
            index = find_entry(d.ma_keys, name)
            if index >= 0 and t.tp_flags & VALID_VERSION != 0:
                remember(pc, t.tp_version_tag, MODULE, index, 0)
        return
    if t.tp_getattro == cast(TypeObject, PyType_Type).tp_getattro:
        remember_class_attribute(pc, o, name)
        return
    if t.tp_getattro != cast(TypeObject, PyBaseObject_Type).tp_getattro:
        return
    descriptor = _PyType_Lookup(t, name)
    if t.tp_flags & VALID_VERSION == 0:
        return
    version = t.tp_version_tag
    if not descriptor:
        remember_instance(pc, o, name, version)
        return
    kind = descriptor.ob_type
    if kind.tp_descr_get and kind.tp_descr_set:
        remember_data_descriptor(pc, descriptor, name, version)
        return
    if remember_instance(pc, o, name, version):
        return
    if method and kind.tp_flags & (1 << 17) != 0:
        remember_method(pc, o, descriptor, version)
    elif not kind.tp_descr_get:
        remember_method(pc, o, descriptor, version)
        if pc[1] != 0:
            pc[1] = pc[1] | 1 << 40                        # a plain value, nothing to bind


@metal
def remember_data_descriptor(pc: u64p, descriptor: Obj, name: Obj, version: int):
    """Cache a slot, a property whose getter is a simple VM function, or the class."""
    if descriptor.ob_type == PyMemberDescr_Type:
        member = MemberDescr(descriptor).d_member
        if member.type == 16:                              # T_OBJECT_EX
            remember(pc, version, SLOT, member.offset, 0)
    elif descriptor.ob_type == PyProperty_Type:
        getter = Property(descriptor).prop_get
        if getter and getter.ob_type == FireFunction_Type:
            remember(pc, version, PROPERTY, address_int(getter), 0)
    else:
        remember_computed(pc, descriptor, name, version)
