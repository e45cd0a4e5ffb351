"""Attributes, with inline caches.

Cache words of ATTR_GET, METHOD_GET, ATTR_SET:
    1   type version (bits 0-31), how the attribute was found (32-39), misses left before looking again (48-55)
    2   where: index, offset or the object itself (borrowed: the type's version guards it)
    3   version of a key table or class that has to match too
A hit needs the object's type to have the version. On a miss a table of the process, keyed by version, name and use,
refills the words, so that a place that sees several types stays quick; last comes the host's lookup.
"""
from __future__ import annotations

from .items import *  # noqa: F403

# How an attribute was found.
VALUE, SLOT, HINT, CLASS, MODULE, PROPERTY = 1, 2, 3, 4, 5, 6
METHOD_PLAIN, METHOD_VALUES, METHOD_DICT = 7, 8, 9       # on the type, no instance attribute may hide it
MANAGED_FLAG, VALID_VERSION = 1 << 4, 1 << 19
CLASS_FLAG = 1 << 31
PATIENCE = 64            # lookups to sit out after one found nothing to cache


@metal(inline=True)
def values_of(o: Obj) -> obj_p:
    """Inline attribute values of an object of a type with managed dict, or NULL."""
    return cast(obj_pp, o)[MANAGED_VALUES]


@metal(inline=True)
def managed_dict(o: Obj) -> Dict:
    return cast(Dict, cast(obj_p, cast(VOID_P, o))[MANAGED_DICT])


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
def patient(pc: u64p) -> bool:
    """Whether the last look at this place found nothing to cache, not long ago."""
    left = lshr(pc[1], 48) & 255
    if left != 0:
        pc[1] = (left - 1) << 48
        return True
    return False


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
    if d.ma_keys.dk_kind != DICT_KEYS_UNICODE:
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
    elif d.ma_keys.dk_kind == DICT_KEYS_UNICODE:
        remember(pc, version, METHOD_DICT, address_int(descriptor), version_of_keys(d.ma_keys))


@metal
def remember_class_attribute(pc: u64p, o: Obj, name: Obj):
    """Cache an attribute of a class, read from the class."""
    meta = o.ob_type
    if _PyType_Lookup(meta, name):
        return
    found = _PyType_Lookup(cast(TypeObject, o), name)
    if not found or meta.tp_flags & VALID_VERSION == 0 or cast(TypeObject, o).tp_flags & VALID_VERSION == 0:
        return
    kind = found.ob_type
    if kind.tp_descr_get and kind != FireFunction_Type and kind != PyFunction_Type:
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
        remember_data_descriptor(pc, descriptor, version)
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
def remember_data_descriptor(pc: u64p, descriptor: Obj, version: int):
    """Cache a slot or a property whose getter is a simple VM function."""
    if descriptor.ob_type == PyMemberDescr_Type:
        member = MemberDescr(descriptor).d_member
        if member.type == 16:                              # T_OBJECT_EX
            remember(pc, version, SLOT, member.offset, 0)
    elif descriptor.ob_type == PyProperty_Type:
        getter = Property(descriptor).prop_get
        if getter and getter.ob_type == FireFunction_Type:
            remember(pc, version, PROPERTY, address_int(getter), 0)


# ------------------------------------------------------------------------------------------- reading
@metal
def cached_attribute(pc: u64p, o: Obj, name: Obj, kind: int) -> Obj:
    """The attribute by the cache whose type version matched, borrowed; NULL on a miss."""
    if kind == VALUE:
        values = values_of(o)
        if values:
            return values[pc[2]]
    elif kind == SLOT:
        return cast(obj_p, byte_offset(cast(VOID_P, o), pc[2]))[0]
    elif kind == HINT:
        d = dict_of(o)
        if d:
            return entry_value(d.ma_keys, pc[2], name)
    elif kind == MODULE:
        return entry_value(cast(Dict, ModuleObject(o).md_dict).ma_keys, pc[2], name)
    elif kind == CLASS:
        if cast(TypeObject, o).tp_version_tag == pc[3]:
            return cast(Obj, pc[2])
    elif kind >= METHOD_PLAIN and pc[1] & 1 << 40 != 0:
        return cached_method(pc, o, kind)
    return None


@metal(inline=True)
def cached_method(pc: u64p, o: Obj, kind: int) -> Obj:
    """The type's attribute if the instance does not hide it, borrowed; NULL on a miss."""
    if kind == METHOD_VALUES:
        if values_of(o) and HeapType(o.ob_type).ht_cached_keys.dk_version == pc[3] and pc[3] != 0:
            return cast(Obj, pc[2])
        return None
    if kind == METHOD_PLAIN:
        return cast(Obj, pc[2])
    if kind == METHOD_DICT:
        if o.ob_type.tp_flags & MANAGED_FLAG != 0:
            if values_of(o):
                return None
        d = dict_of(o)
        if not d:
            return cast(Obj, pc[2]) if pc[3] == 0 else cast(Obj, None)
        if pc[3] != 0 and d.ma_keys.dk_version == pc[3]:
            return cast(Obj, pc[2])
    return None


@metal
def attribute_slow(frame: Frame, pc: u64p, r: Reg, name: Obj) -> Obj:
    """The host's lookup, filling the cache; new reference or NULL."""
    sync(frame, pc)
    o = boxed(r)
    if not o:
        return None
    result = PyObject_GetAttr(o, name)
    if result:
        remember_attribute(pc, o, name, False)
    return result


@metal
def call_getter(frame: Frame, pc: u64p, ins: int, rb: Reg) -> Frame:
    """Frame of a cached property's getter, or NULL: take the general way (nothing has happened)."""
    getter = cast(Obj, pc[2])
    code = code_of(cast(FireFunction, getter))
    if not code or code.simple == 0 or code.argcount != 1 or frame.thread.ts.cframe.use_tracing != 0:
        PyErr_Clear()
        return None
    sync(frame, pc)
    count_run(code, False)
    o = new_ref(rb.object)
    callee = push_frame(frame.thread, code, cast(Function, new_ref(getter)), frame)
    if not callee:
        PyErr_Clear()
        decref(o)
        return None
    callee.kind = KIND_PROPERTY
    callee.words = 4
    callee.regs.object = o
    callee.regs.tag = OBJECT
    taken = take(rb, ins, CONSUME_B)
    xdecref(taken)
    return callee


def define_read(name: str, kind: int, miss: str) -> None:
    """Handler of reads that the cache knows as one kind: inline values or slots; others go on to `miss`."""
    @handler(name, 4)
    def read():
        if likely(rb.tag == OBJECT):
            o = rb.object
            if likely(o.ob_type.tp_version_tag | kind << 32 == pc[1]):
                if kind == VALUE:
                    place = values_of(o)
                    index = pc[2]
                else:
                    place = cast(obj_p, byte_offset(cast(VOID_P, o), pc[2]))
                    index = 0
                if likely(place):
                    value = place[index]
                    if likely(value):
                        if ins & CONSUME_B != 0:
                            rb.tag = EMPTY
                            set_item_of(ra, value)
                            decref(o)
                            return
                        set_item_of(ra, value)
                        return
        return tail(miss)


define_read("ATTR_GET", VALUE, "ATTR_GET_SLOT")
define_read("ATTR_GET_SLOT", SLOT, "ATTR_GET_OTHER")


@handler("ATTR_GET_OTHER", 4)
def ATTR_GET_OTHER():
    """Any other way the cache knows."""
    if likely(rb.tag == OBJECT):
        o = rb.object
        kind = (pc[1] >> 32) & 255
        if likely(o.ob_type.tp_version_tag == pc[1] & 0xFFFFFFFF):
            if kind == PROPERTY:
                callee = call_getter(frame, pc, ins, rb)
                if callee:
                    return go(callee)
            value = cached_attribute(pc, o, name_at(frame, C), kind)
            if likely(value):
                incref(value)
                taken = take(rb, ins, CONSUME_B)
                set_object(ra, value)
                xdecref(taken)
                return
    return tail("ATTR_GET_MISS")


@handler("ATTR_GET_MISS", 4)
def ATTR_GET_MISS():
    if rb.tag == OBJECT:
        if refill(pc, rb.object, name_at(frame, C), READ):
            return jump(pc)
    value = attribute_slow(frame, pc, rb, name_at(frame, C))
    if unlikely(not value):
        return tail("ERROR")
    taken = take(rb, ins, CONSUME_B)
    set_object(ra, value)
    xdecref(taken)


# ------------------------------------------------------------------------------------------ methods
@metal
def method_slow(frame: Frame, pc: u64p, ins: int, base: Reg, r: Reg, name: Obj) -> bool:
    """The host's method lookup, filling the cache and writing both registers."""
    sync(frame, pc)
    o = boxed(r)
    if not o:
        return False
    found = stack("Obj", 1)
    found[0] = None
    unbound = _PyObject_GetMethod(o, name, found)
    method = found[0]
    if not method:
        return False
    remember_attribute(pc, o, name, True)
    if ins & CONSUME_B != 0:
        r.tag = EMPTY
    else:
        incref(o)
    if unbound != 0:
        set_object(base, method)
        set_object(base[1], o)
    else:
        set_object(base[1], method)
        decref(o)
    return True


@handler("METHOD_GET", 4)
def METHOD_GET():
    if likely(rb.tag == OBJECT):
        o = rb.object
        t = o.ob_type
        if likely(t.tp_version_tag | METHOD_VALUES << 32 == pc[1]):
            if likely(values_of(o) and HeapType(t).ht_cached_keys.dk_version == pc[3]):
                method = cast(Obj, pc[2])
                incref(method)
                if ins & CONSUME_B != 0:
                    rb.tag = EMPTY
                else:
                    incref(o)
                set_object(ra, method)
                set_object(ra[1], o)
                return
    return tail("METHOD_GET_OTHER")


@handler("METHOD_GET_OTHER", 4)
def METHOD_GET_OTHER():
    """Any other way the cache knows."""
    if likely(rb.tag == OBJECT):
        o = rb.object
        kind = (pc[1] >> 32) & 255
        if likely(o.ob_type.tp_version_tag == pc[1] & 0xFFFFFFFF):
            if likely(kind >= METHOD_PLAIN and pc[1] & 1 << 40 == 0):
                method = cached_method(pc, o, kind)
                if likely(method):
                    incref(method)
                    if ins & CONSUME_B != 0:
                        rb.tag = EMPTY
                    else:
                        incref(o)
                    set_object(ra, method)
                    set_object(ra[1], o)
                    return
            else:
                value = cached_attribute(pc, o, name_at(frame, C), kind)
                if value:
                    incref(value)
                    taken = take(rb, ins, CONSUME_B)
                    ra.tag = EMPTY
                    set_object(ra[1], value)
                    xdecref(taken)
                    return
    return tail("METHOD_GET_MISS")


@handler("METHOD_GET_MISS", 4)
def METHOD_GET_MISS():
    if rb.tag == OBJECT:
        if refill(pc, rb.object, name_at(frame, C), CALLED):
            return jump(pc)
    if unlikely(not method_slow(frame, pc, ins, ra, rb, name_at(frame, C))):
        return tail("ERROR")


# ------------------------------------------------------------------------------------------ writing
@metal
def store_value(o: Obj, values: obj_p, index: int, value: Obj):
    """values[index] = value (owned); the first store is noted in the insertion order."""
    old = values[index]
    values[index] = value
    if old:
        decref(old)
        return
    sizes = cast(u8p, values)
    size = sizes[-2] + 1
    sizes[-2 - size] = index
    sizes[-2] = size


@metal
def remember_store(pc: u64p, o: Obj, name: Obj):
    """Fill the cache of an ATTR_SET that has been carried out."""
    if patient(pc):
        return
    pc[1] = 0
    find_place(pc, o, name)
    enter_table(pc, o, name, WRITTEN)


@metal
def find_place(pc: u64p, o: Obj, name: Obj):
    """Fill the cache words of a store, or leave them."""
    t = o.ob_type
    if t.tp_setattro != cast(TypeObject, PyBaseObject_Type).tp_setattro:
        return
    descriptor = _PyType_Lookup(t, name)
    if t.tp_flags & VALID_VERSION == 0:
        return
    if descriptor:
        if descriptor.ob_type == PyMemberDescr_Type:
            member = MemberDescr(descriptor).d_member
            if member.type == 16 and member.flags == 0:
                remember(pc, t.tp_version_tag, SLOT, member.offset, 0)
            return
        if descriptor.ob_type.tp_descr_set:
            return
    if t.tp_flags & MANAGED_FLAG != 0 and values_of(o):
        index = find_entry(HeapType(t).ht_cached_keys, name)
        if index >= 0:
            remember(pc, t.tp_version_tag, VALUE, index, 0)


@metal
def store_slow(frame: Frame, pc: u64p, ra: Reg, rb: Reg, name: Obj) -> bool:
    sync(frame, pc)
    o = boxed(ra)
    value = boxed(rb)
    if not o or not value:
        return False
    if PyObject_SetAttr(o, name, value) < 0:
        return False
    remember_store(pc, o, name)
    return True


@metal(inline=True)
def store_cached(frame: Frame, pc: u64p, ins: int, o: Obj, rb: Reg) -> bool:
    """Store by the cache; False on a miss (nothing has happened). Consumes the value on success."""
    cache = pc[1]
    if unlikely(o.ob_type.tp_version_tag != cache & 0xFFFFFFFF):
        return False
    kind = (cache >> 32) & 255
    if kind == VALUE:
        slot = values_of(o)
        if unlikely(not slot):
            return False
        index = pc[2]
    elif kind == SLOT:
        slot = cast(obj_p, byte_offset(cast(VOID_P, o), pc[2]))
        index = 0
    else:
        return False
    old = slot[index]
    if rb.tag == FLOAT and ins & CONSUME_B != 0 and old:
        if reuse_temporary(old, rb.number):
            return True
    value = boxed(rb)
    if unlikely(not value):
        return False
    if ins & CONSUME_B != 0:
        rb.tag = EMPTY
    else:
        incref(value)
    frame.pc = pc
    if kind == VALUE:
        store_value(o, slot, index, value)
    else:
        slot[0] = value
        xdecref(old)
    return True


@handler("ATTR_SET", 4)
def ATTR_SET():
    if likely(ra.tag == OBJECT and rb.tag == OBJECT):
        o = ra.object
        if likely(o.ob_type.tp_version_tag | VALUE << 32 == pc[1]):
            values = values_of(o)
            if likely(values):
                old = values[pc[2]]
                if likely(old):
                    values[pc[2]] = rb.object
                    if ins & CONSUME_B != 0:
                        rb.tag = EMPTY
                    else:
                        incref(rb.object)
                    frame.pc = pc
                    decref(old)
                    if ins & CONSUME_A != 0:
                        drop(ra)
                    return
    return tail("ATTR_SET_OTHER")


@handler("ATTR_SET_OTHER", 4)
def ATTR_SET_OTHER():
    """First stores, unboxed values, slots."""
    if likely(ra.tag == OBJECT):
        if likely(store_cached(frame, pc, ins, ra.object, rb)):
            if ins & CONSUME_A != 0:
                drop(ra)
            return
    return tail("ATTR_SET_MISS")


@handler("ATTR_SET_MISS", 4)
def ATTR_SET_MISS():
    if ra.tag == OBJECT:
        if refill(pc, ra.object, name_at(frame, C), WRITTEN):
            return jump(pc)
    if unlikely(not store_slow(frame, pc, ra, rb, name_at(frame, C))):
        return tail("ERROR")
    drop_operands(ra, rb, ins, CONSUME_A, CONSUME_B)


@metal
def attr_delete(frame: Frame, pc: u64p, ra: Reg, name: Obj) -> bool:
    sync(frame, pc)
    o = boxed(ra)
    if not o:
        return False
    return PyObject_SetAttr(o, name, None) == 0


@handler("ATTR_DELETE")
def ATTR_DELETE():
    if unlikely(not attr_delete(frame, pc, ra, name_at(frame, B))):
        return tail("ERROR")
    o = take(ra, ins, CONSUME_A)
    xdecref(o)
