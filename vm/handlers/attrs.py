"""Attributes: reading, methods for a call, writing, deleting; by the inline caches of attr_cache.py.

    ATTR_GET r = o.name      a slot or inline value that the cache words name; else ATTR_GET_OTHER, ATTR_GET_MISS
    METHOD_GET r = o.name    the function and its self in two registers, no bound method in between
"""
from __future__ import annotations

from .attr_cache import *  # noqa: F403


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
            return own_value(d, pc[2], name)
    elif kind == MODULE:
        return entry_value(cast(Dict, ModuleObject(o).md_dict).ma_keys, pc[2], name)
    elif kind == CLASS:
        if cast(TypeObject, o).tp_version_tag == pc[3]:
            return cast(Obj, pc[2])
    elif kind == TYPE_OF:
        return cast(Obj, o.ob_type)
    elif kind == NAME_OF:
        if cast(TypeObject, o).tp_flags & HEAP_TYPE != 0:
            return HeapType(o).ht_name
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


@handler("ATTR_GET", 4)
def ATTR_GET():
    if likely(rb.tag == OBJECT):
        o = rb.object
        if unlikely(o.ob_type.tp_version_tag != cast(u32p, pc)[2]):
            return tail("ATTR_GET_TABLE")
        place = cached_place(o, cast(u32p, pc)[3], pc[2])
        if likely(place):
            value = place[0]
            if likely(value):
                if ins & CONSUME_B != 0:
                    rb.tag = EMPTY
                    set_item_of(ra, value)
                    decref(o)
                    return
                set_item_of(ra, value)
                return
    return tail("ATTR_GET_OTHER")


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
        if likely(t.tp_version_tag == cast(u32p, pc)[2]):
            kind = cast(u32p, pc)[3]
            if kind == METHOD_PLAIN or kind == METHOD_VALUES and has_own_layout(o, pc[3]):
                method = cast(Obj, pc[2])
                incref(method)
                if ins & CONSUME_B != 0:
                    rb.tag = EMPTY
                else:
                    incref(o)
                set_object(ra, method)
                set_object(ra[1], o)
                return
        else:
            return tail("METHOD_GET_TABLE")
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
    if likely(ra.tag == OBJECT):
        if unlikely(ra.object.ob_type.tp_version_tag != cast(u32p, pc)[2]):
            return tail("ATTR_SET_TABLE")
        place = cached_place(ra.object, cast(u32p, pc)[3], pc[2])
        if likely(put_in_place(frame, pc, ins, place, ra, rb)):
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


@metal
def setter_frame(frame: Frame, pc: u64p, ins: int, holder: Reg, r: Reg, name: Obj) -> Frame:
    """holder.name = value by a property's function of the VM; NULL: not so."""
    if not has_class_of_python(holder):
        return None
    t = holder.object.ob_type
    if t.tp_setattro != cast(TypeObject, PyBaseObject_Type).tp_setattro:
        return None
    found = _PyType_Lookup(t, name)
    if not found:
        return None
    if found.ob_type != PyProperty_Type or not Property(found).prop_set:
        return None
    callee = function_frame(frame, pc, Property(found).prop_set, 2)
    if callee:
        callee.kind = KIND_DROPPED
        callee.words = 4
        pass_operand(callee.regs, holder, ins, CONSUME_A)
        pass_operand(callee.regs + 1, r, ins, CONSUME_B)
    return callee


@handler("ATTR_SET_MISS", 4)
def ATTR_SET_MISS():
    callee = setter_frame(frame, pc, ins, ra, rb, name_at(frame, C))
    if callee:
        return resume_at(callee, callee.code.entry)
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
