"""Growing containers under construction: comprehensions, displays with * and **, keyword arguments.

    LIST_APPEND r3 r5      [... for ...]          DICT_MERGE r5 r6 r2      f(**r6): no key twice, r2 is f
"""
from __future__ import annotations

from .build import *  # noqa: F403

CALL_EX_CODE, MOVE_CODE, LOADK_CODE = OPS["CALL_EX"].code, OPS["MOVE"].code, OPS["LOADK"].code


@metal
def append_value(frame: Frame, pc: u64p, ins: int, holder: Reg, r: Reg) -> bool:
    """Append a register's value to a list, in place where the list has room."""
    item = boxed(r)
    if unlikely(not item):
        sync(frame, pc)
        return False
    to = List(holder.object)
    size = to.ob_size
    if likely(size < to.allocated):
        if ins & CONSUME_B != 0:
            r.tag = EMPTY
        else:
            incref(item)
        to.ob_item[size] = item
        to.ob_size = size + 1
        return True
    sync(frame, pc)
    if PyList_Append(holder.object, item) < 0:
        return False
    xdecref(take(r, ins, CONSUME_B))
    return True


@handler("LIST_APPEND")
def LIST_APPEND():
    to = List(ra.object)
    size = to.ob_size
    if likely(size < to.allocated):
        value = owned_value(rb, ins, CONSUME_B)
        if likely(value):
            to.ob_item[size] = value
            to.ob_size = size + 1
            return
    if unlikely(not append_value(frame, pc, ins, ra, rb)):
        return tail("ERROR")


@metal
def set_add(frame: Frame, pc: u64p, holder: Reg, r: Reg) -> bool:
    sync(frame, pc)
    item = boxed(r)
    return item and PySet_Add(holder.object, item) == 0


@handler("SET_ADD")
def SET_ADD():
    if unlikely(not set_add(frame, pc, ra, rb)):
        return tail("ERROR")
    xdecref(take(rb, ins, CONSUME_B))


@metal
def map_add(frame: Frame, pc: u64p, holder: Reg, pair: Reg) -> bool:
    sync(frame, pc)
    key = boxed(pair)
    value = boxed(pair[1])
    if not key or not value or PyDict_SetItem(holder.object, key, value) < 0:
        return False
    drop_range(pair, 2)
    return True


@handler("MAP_ADD")
def MAP_ADD():
    if unlikely(not map_add(frame, pc, ra, rb)):
        return tail("ERROR")


@metal
def not_iterable(o: Obj) -> bool:
    """Whether the TypeError that is set comes from `o` having no iteration at all."""
    if PyErr_ExceptionMatches(PyExc_TypeError[0]) == 0:
        return False
    return not o.ob_type.tp_iter and PySequence_Check(o) == 0


@metal
def extended(holder: Obj, items: Obj) -> int:
    """[*items] into a list; -1 with an exception."""
    done = _PyList_Extend(holder, items)
    if done:
        decref(done)
        return 0
    if not_iterable(items):
        PyErr_Clear()
        PyErr_Format(PyExc_TypeError[0], "Value after * must be an iterable, not %.200s",
                     items.ob_type.tp_name)
    return -1


@metal
def list_extend(frame: Frame, pc: u64p, holder: Reg, r: Reg) -> bool:
    sync(frame, pc)
    items = boxed(r)
    if not items:
        return False
    return extended(holder.object, items) == 0


@handler("LIST_EXTEND")
def LIST_EXTEND():
    if unlikely(not list_extend(frame, pc, ra, rb)):
        return tail("ERROR")
    xdecref(take(rb, ins, CONSUME_B))


@metal
def set_update(frame: Frame, pc: u64p, holder: Reg, r: Reg) -> bool:
    sync(frame, pc)
    items = boxed(r)
    return items and _PySet_Update(holder.object, items) == 0


@handler("SET_UPDATE")
def SET_UPDATE():
    if unlikely(not set_update(frame, pc, ra, rb)):
        return tail("ERROR")
    xdecref(take(rb, ins, CONSUME_B))


@metal
def dict_update(frame: Frame, pc: u64p, holder: Reg, r: Reg) -> bool:
    """{**mapping}: later keys win."""
    sync(frame, pc)
    mapping = boxed(r)
    if not mapping:
        return False
    if PyDict_Update(holder.object, mapping) == 0:
        return True
    if PyErr_ExceptionMatches(PyExc_AttributeError[0]) != 0:
        PyErr_Format(PyExc_TypeError[0], "'%.200s' object is not a mapping", mapping.ob_type.tp_name)
    return False


@handler("DICT_UPDATE")
def DICT_UPDATE():
    if unlikely(not dict_update(frame, pc, ra, rb)):
        return tail("ERROR")
    xdecref(take(rb, ins, CONSUME_B))


@metal
def dict_merge(frame: Frame, pc: u64p, holder: Reg, r: Reg, callee: Reg) -> bool:
    """f(**mapping): a key twice is an error that names the function."""
    sync(frame, pc)
    mapping = boxed(r)
    callable = boxed(callee)
    if not mapping or not callable:
        return False
    if _PyDict_MergeEx(holder.object, mapping, 2) == 0:
        return True
    format_kwargs_error(callable, mapping)
    return False


@metal(inline=True)
def lends_mapping(pc: u64p, ins: int, table: ptr_p, holder: Reg, r: Reg, callee: Reg) -> bool:
    """Whether f(**d) may have d itself for its arguments: a function of the VM, called next, copies what it takes."""
    if address_int(table) != address_of_table("main_table") or r.tag != OBJECT or callee.tag != OBJECT:
        return False
    word = pc[1]
    number = word & OPCODE_MASK
    if number == op_variants[MOVE_CODE << FLAG_BITS] or number == LOADK_CODE:       # the arguments' tuple to its place
        word = pc[2]
    return (r.object.ob_type == PyDict_Type and callee.object.ob_type == FireFunction_Type
            and Dict(holder.object).ma_used == 0 and word & OPCODE_MASK == CALL_EX_CODE
            and (lshr(word, 32) & 65535) + 3 == lshr(ins, 16) & 65535)


@handler("DICT_MERGE")
def DICT_MERGE():
    if lends_mapping(pc, ins, table, ra, rb, rc):
        set_object(ra, new_ref(rb.object))
        xdecref(take(rb, ins, CONSUME_B))
        return
    if unlikely(not dict_merge(frame, pc, ra, rb, rc)):
        return tail("ERROR")
    xdecref(take(rb, ins, CONSUME_B))


@metal
def list_to_tuple(frame: Frame, pc: u64p, r: Reg) -> Obj:
    sync(frame, pc)
    return PyList_AsTuple(r.object)


@handler("LIST_TO_TUPLE")
def LIST_TO_TUPLE():
    made = list_to_tuple(frame, pc, rb)
    if unlikely(not made):
        return tail("ERROR")
    o = take(rb, ins, CONSUME_B)
    set_object(ra, made)
    xdecref(o)
