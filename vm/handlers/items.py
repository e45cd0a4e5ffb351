"""Subscripts: x[i], x[i] = v, del x[i].

Lists and tuples are indexed right here where the index is an int in range; a miss goes to the host, which
raises what it raises. A number stored over a number of the same kind that nobody else refers to reuses its
box: nothing can see that. What is stored must be a temporary (consumed), so that no name keeps the value
and could compare identities, and no NaN, since `in` compares identities first.
"""
from __future__ import annotations

from .unpack import *  # noqa: F403

DIGIT = 1 << 30                     # ints are made of 30-bit digits
SHARED_INTS = 262                   # -5 .. 256: one object each, which must stay what it is


@metal(inline=True)
def slot_in(items: obj_p, size: int, index: int) -> obj_p:
    """Address of an item, counting from the end for a negative index; NULL if out of range."""
    at = index if index >= 0 else index + size
    if likely(ult(at, size)):
        return items + at
    return None


@metal(inline=True)
def item_at(o: Obj, index: int) -> Obj:
    """Item of an exact list, tuple or ASCII string, borrowed; NULL: not so simple."""
    slot: obj_p = None
    if likely(o.ob_type == PyList_Type):
        slot = slot_in(List(o).ob_item, VarObj(o).ob_size, index)
    elif o.ob_type == PyTuple_Type:
        slot = slot_in(field_address(Tuple(o), "ob_item"), VarObj(o).ob_size, index)
    elif o.ob_type == PyUnicode_Type:
        return character_at(o, index if index >= 0 else index + Ascii(o).length)
    if likely(slot):
        return slot[0]
    return None


@metal(inline=True)
def simple_item(holder: Reg, key: Reg) -> Obj:
    """item_at for two registers; NULL: not so simple."""
    if likely(holder.tag == OBJECT):
        if likely(key.tag == INT):
            return item_at(holder.object, key.payload)
        if key.tag == OBJECT and is_small_long(key.object):
            return item_at(holder.object, long_value(key.object))
    return None


@metal
def dict_item(d: Obj, key: Obj) -> Obj:
    """Item of an exact dict; new reference, NULL with KeyError or what hashing raised."""
    value = PyDict_GetItemWithError(d, key)
    if value:
        incref(value)
    elif not PyErr_Occurred():
        _PyErr_SetKeyError(key)
    return value


@metal(inline=True)
def quiet_item(holder: Reg, key: Reg) -> Obj:
    """Item of a dict for an unboxed int, a tuple or a string, borrowed; NULL: absent, or not so simple. Of subclasses
    that find what is there as a dict does, too: defaultdict, Counter."""
    if holder.tag != OBJECT or holder.object.ob_type.tp_flags & DICT_SUBCLASS == 0:
        return None
    if holder.object.ob_type.tp_as_mapping.mp_subscript != cast(TypeObject, PyDict_Type).tp_as_mapping.mp_subscript:
        return None
    if key.tag == INT:
        return rt_dict_item_int(holder.object, key.payload)
    if is_key(key):
        return rt_dict_item_any(holder.object, key.object)
    return None


@metal(inline=True)
def byte_slot(holder: Reg, key: Reg, writing: bool) -> u8p:
    """Where a byte of exact bytes or of a bytearray is; NULL: not so simple."""
    if holder.tag != OBJECT or key.tag != INT:
        return None
    o = holder.object
    at = key.payload if key.payload >= 0 else key.payload + VarObj(o).ob_size
    if o.ob_type == PyByteArray_Type:
        return cast(u8p, ByteArray(o).ob_start) + at if ult(at, VarObj(o).ob_size) else cast(u8p, None)
    if not writing and o.ob_type == PyBytes_Type:
        return field_address(Bytes(o), "ob_sval") + at if ult(at, VarObj(o).ob_size) else cast(u8p, None)
    return None


@metal
def item_of(frame: Frame, pc: u64p, holder: Reg, key: Reg) -> Obj:
    """Any subscript; new reference or NULL with an exception."""
    if is_array(holder):
        item = array_item(holder.object, key)
        if item:
            return item
    sync(frame, pc)
    o = boxed(holder)
    if not o:
        return None
    if o.ob_type == PyUnicode_Type and key.tag == INT:
        return PySequence_GetItem(o, key.payload)
    k = boxed(key)
    if not k:
        return None
    if o.ob_type == PyDict_Type:
        return dict_item(o, k)
    return PyObject_GetItem(o, k)


@metal
def item_of_constant(frame: Frame, pc: u64p, holder: Reg, constant: Reg) -> Obj:
    """The same with a key of the pool."""
    key = stack(Reg, 1)
    key.object = constant_object(frame, constant)
    key.tag = OBJECT
    return item_of(frame, pc, holder, key)


@handler("ITEM_GET", 2)
def ITEM_GET():
    value = simple_item(rb, rc)
    if likely(value):
        ob = take(rb, ins, CONSUME_B)
        oc = take(rc, ins, CONSUME_C)
        set_item_of(ra, value)
        xdecref(ob)
        xdecref(oc)
        return
    return tail("ITEM_GET_OTHER")


@handler("ITEM_GET_OTHER", 2)
def ITEM_GET_OTHER():
    byte = byte_slot(rb, rc, False)
    if byte:
        number: int = byte[0]
        held = take(rb, ins, CONSUME_B)
        rc.tag = EMPTY if ins & CONSUME_C != 0 else INT
        set_int(ra, number)
        xdecref(held)
        return
    value = quiet_item(rb, rc)
    if likely(value):
        incref(value)
    else:
        callee = item_frame(frame, pc, ins, rb, rc)
        if callee:
            return resume_at(callee, callee.code.entry)
        value = item_of(frame, pc, rb, rc)
        if unlikely(not value):
            return tail("ERROR")
    ob = take(rb, ins, CONSUME_B)
    oc = take(rc, ins, CONSUME_C)
    set_object(ra, value)
    xdecref(ob)
    xdecref(oc)


@handler("ITEM_GET_K", 2)
def ITEM_GET_K():
    value = simple_item(rb, pool_at(frame, C))
    if likely(value):
        ob = take(rb, ins, CONSUME_B)
        set_item_of(ra, value)
        xdecref(ob)
        return
    return tail("ITEM_GET_K_OTHER")


@handler("ITEM_GET_K_OTHER", 2)
def ITEM_GET_K_OTHER():
    value = quiet_item(rb, pool_at(frame, C))
    if likely(value):
        incref(value)
    else:
        callee = item_frame(frame, pc, ins & CONSUME_B, rb, pool_at(frame, C))
        if callee:
            return resume_at(callee, callee.code.entry)
        value = item_of_constant(frame, pc, rb, pool_at(frame, C))
        if unlikely(not value):
            return tail("ERROR")
    ob = take(rb, ins, CONSUME_B)
    set_object(ra, value)
    xdecref(ob)


# --------------------------------------------------------------------------------------- storing
@metal(inline=True)
def reuse_temporary(old: Obj, value: float) -> bool:
    """Overwrite a float that nobody else sees."""
    if old.ob_type == PyFloat_Type and old.ob_refcnt == 1 and value == value:
        Float(old).ob_fval = value
        return True
    return False


@metal
def reuse_small_int(old: Obj, value: int) -> bool:
    """The same for an int of as many digits (one or two)."""
    if old.ob_type != PyLong_Type or old.ob_refcnt != 1 or ult(value + 5, SHARED_INTS):
        return False
    size = -value if value < 0 else value
    digits = field_address(Long(old), "ob_digit")
    if ult(VarObj(old).ob_size + 1, 3) and ult(size, DIGIT):
        digits[0] = size
        VarObj(old).ob_size = -1 if value < 0 else 1
        return True
    if (VarObj(old).ob_size == 2 or VarObj(old).ob_size == -2) and size >= DIGIT and ult(size, 1 << 60):
        digits[0] = size & (DIGIT - 1)
        digits[1] = size >> 30
        VarObj(old).ob_size = -2 if value < 0 else 2
        return True
    return False


@metal(inline=True)
def reuse_slot(slot: obj_p, r: Reg, ins: int, bit: int) -> bool:
    """Store an unboxed temporary into the box that stands in the slot already."""
    if ins & bit == 0:
        return False
    if r.tag == FLOAT:
        return reuse_temporary(slot[0], r.number)
    return r.tag == INT and reuse_small_int(slot[0], r.payload)


@metal(inline=True)
def list_slot(holder: Reg, key: Reg) -> obj_p:
    """Address of an existing item of an exact list; NULL: not so simple."""
    if likely(holder.tag == OBJECT):
        o = holder.object
        if likely(o.ob_type == PyList_Type):
            if likely(key.tag == INT):
                return slot_in(List(o).ob_item, VarObj(o).ob_size, key.payload)
            if key.tag == OBJECT and is_small_long(key.object):
                return slot_in(List(o).ob_item, VarObj(o).ob_size, long_value(key.object))
    return None


@metal(inline=True)
def set_plain(holder: Reg, key: Reg, value: Obj) -> bool:
    """Store into a dict, or what stores as a dict does, under an unboxed int, a string or a tuple; False: nothing has
    happened."""
    if holder.tag != OBJECT or holder.object.ob_type.tp_flags & DICT_SUBCLASS == 0:
        return False
    as_dict = cast(TypeObject, PyDict_Type).tp_as_mapping.mp_ass_subscript
    if holder.object.ob_type.tp_as_mapping.mp_ass_subscript != as_dict:
        return False
    if key.tag == INT:
        return rt_dict_set_int(holder.object, key.payload, value) != 0
    return is_key(key) and rt_dict_set_any(holder.object, key.object, value) != 0


@metal
def set_item(frame: Frame, pc: u64p, ins: int, holder: Reg, key: Reg, r: Reg) -> bool:
    """x[i] = v; the operands are consumed as the instruction says."""
    if is_array(holder):
        if store_array_item(holder.object, key, r):
            taken = take(r, ins, CONSUME_C)
            drop_operands(holder, key, ins, CONSUME_A, CONSUME_B)
            xdecref(taken)
            return True
    sync(frame, pc)
    slot = list_slot(holder, key)
    old: Obj = None
    value = boxed(r)
    if not value:
        return False
    if slot:
        incref(value)
        old = slot[0]
        slot[0] = value
    elif not set_plain(holder, key, value):
        o = boxed(holder)
        k = boxed(key)
        if not o or not k:
            return False
        failed = PyDict_SetItem(o, k, value) if o.ob_type == PyDict_Type else PyObject_SetItem(o, k, value)
        if failed < 0:
            return False
    oc = take(r, ins, CONSUME_C)
    drop_operands(holder, key, ins, CONSUME_A, CONSUME_B)
    xdecref(old)
    xdecref(oc)
    return True


@metal(inline=True)
def owned_value(r: Reg, ins: int, bit: int) -> Obj:
    """The register's value as a new reference, moved out if the instruction consumes it; NULL: not an object yet."""
    if likely(r.tag == OBJECT):
        if ins & bit != 0:
            r.tag = EMPTY
        else:
            incref(r.object)
        return r.object
    if r.tag == INT:
        if likely(ult(r.payload + 5, SHARED_INTS)):
            return new_ref(byte_offset(ints.first, (r.payload + 5) * 32))
        return None
    if r.tag == BOOL:
        return new_ref(Py_True if r.payload != 0 else Py_False)
    if r.tag == NONE:
        return new_ref(Py_None)
    return None


@metal(preserve=True)
def release(frame: Frame, pc: u64p, o: Obj):
    """The last reference is gone; what may run code then sees the frames as they are."""
    kind = o.ob_type
    if kind != PyLong_Type and kind != PyFloat_Type and kind != PyUnicode_Type:
        sync(frame, pc)
    deallocate(o)


@handler("ITEM_SET")
def ITEM_SET():
    slot = list_slot(ra, rb)
    if likely(slot):
        value = owned_value(rc, ins, CONSUME_C)
        if likely(value):
            old = slot[0]
            slot[0] = value
            drop_operands(ra, rb, ins, CONSUME_A, CONSUME_B)
            left = old.ob_refcnt - 1
            old.ob_refcnt = left
            if unlikely(left == 0):
                release(frame, pc, old)
            return
        if reuse_slot(slot, rc, ins, CONSUME_C):
            rc.tag = EMPTY
            drop_operands(ra, rb, ins, CONSUME_A, CONSUME_B)
            return
    if rc.tag == INT and ult(rc.payload, 256):
        byte = byte_slot(ra, rb, True)
        if byte:
            byte[0] = rc.payload
            rc.tag = EMPTY if ins & CONSUME_C != 0 else INT
            drop_operands(ra, rb, ins, CONSUME_A, CONSUME_B)
            return
    callee = set_item_frame(frame, pc, ins, ra, rb, rc)
    if callee:
        return resume_at(callee, callee.code.entry)
    if unlikely(not set_item(frame, pc, ins, ra, rb, rc)):
        return tail("ERROR")


@metal
def delete_item(frame: Frame, pc: u64p, holder: Reg, key: Reg) -> bool:
    sync(frame, pc)
    o = boxed(holder)
    k = boxed(key)
    return o and k and PyObject_DelItem(o, k) == 0


@handler("ITEM_DELETE")
def ITEM_DELETE():
    if unlikely(not delete_item(frame, pc, ra, rb)):
        return tail("ERROR")
    drop_operands(ra, rb, ins, CONSUME_A, CONSUME_B)
