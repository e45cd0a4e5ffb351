"""Slices: x[i:j] and x[i:j:k], which make no slice object where ITEM_GET follows at once."""
from __future__ import annotations

from .build import *  # noqa: F403


@metal
def build_slice(frame: Frame, pc: u64p, base: Reg, count: int) -> Obj:
    sync(frame, pc)
    for i in range(count):
        if not boxed(base[i]):
            return None
    step: Obj = None
    if count == 3:
        step = base[2].object
    made = PySlice_New(base.object, base[1].object, step)
    if made:
        drop_range(base, count)
    return made


@metal(inline=True)
def takes_slice(pc: u64p, ins: int) -> bool:
    """Whether the next instruction takes an item by the slice that this one makes, and lets the slice go."""
    word = pc[1]
    number = word & OPCODE_MASK
    return ((number == op_variants[ITEM_GET_FLAGS + (CONSUME_C >> FLAG_SHIFT)]
             or number == op_variants[ITEM_GET_FLAGS + (CONSUME_B + CONSUME_C >> FLAG_SHIFT)])
            and lshr(word, 48) == lshr(ins, 16) & 65535)


@metal(inline=True)
def slice_bound(r: Reg, length: int, missing: int, lowest: int) -> int:
    """An index of a slice as a place in something of this length, from `lowest` on: 0, or with a negative step -1,
    which is before the first. One less than that: it is no small int."""
    if is_none(r):
        return missing
    value = stack("i64", 1)
    if not as_int(r, value):
        return lowest - 1
    at = value[0] + length if value[0] < 0 else value[0]
    if at < lowest:
        return lowest
    return at if at < length + lowest else length + lowest


@metal(inline=True)
def length_to_slice(o: Obj) -> int:
    """Length of an exact string, bytes, list or tuple; -1 of anything else."""
    if o.ob_type == PyUnicode_Type:
        return Ascii(o).length
    if o.ob_type == PyList_Type or o.ob_type == PyTuple_Type or o.ob_type == PyBytes_Type:
        return VarObj(o).ob_size
    return -1


@metal
def slice_of(frame: Frame, pc: u64p, holder: Reg, bounds: Reg) -> Obj:
    """Part of an exact string, bytes, list or tuple; new reference, NULL: not so simple, or no memory."""
    if holder.tag != OBJECT:
        return None
    o = holder.object
    length = length_to_slice(o)
    if length < 0:
        return None
    start = slice_bound(bounds, length, 0, 0)
    stop = slice_bound(bounds[1], length, length, 0)
    if start < 0 or stop < 0:
        return None
    if stop < start:
        stop = start
    if o.ob_type == PyUnicode_Type:
        return PyUnicode_Substring(o, start, stop)
    if o.ob_type == PyBytes_Type:
        if stop - start == length:
            return new_ref(o)
        return PyBytes_FromStringAndSize(field_address(Bytes(o), "ob_sval") + start, stop - start)
    sync_to_allocate(frame, pc)
    if o.ob_type == PyList_Type:
        return PyList_GetSlice(o, start, stop)
    return PyTuple_GetSlice(o, start, stop)


@metal
def pick_items(frame: Frame, pc: u64p, o: Obj, start: int, step: int, count: int) -> Obj:
    """A new list, tuple, ASCII string or bytes of every step-th item; NULL: not so simple, or no memory."""
    if o.ob_type == PyList_Type or o.ob_type == PyTuple_Type:
        sync_to_allocate(frame, pc)
        if o.ob_type == PyList_Type:
            made = PyList_New(count)
        else:
            made = PyTuple_New(count)
        if not made:
            return None
        source = List(o).ob_item if o.ob_type == PyList_Type else field_address(Tuple(o), "ob_item")
        items = List(made).ob_item if o.ob_type == PyList_Type else field_address(Tuple(made), "ob_item")
        for i in range(count):
            items[i] = new_ref(source[start + i * step])
        return made
    if count < 2:                                   # the host's own are shared
        return None
    if o.ob_type == PyBytes_Type:
        made = PyBytes_FromStringAndSize(None, count)
        data = field_address(Bytes(o), "ob_sval")
    elif is_ascii(o):
        made = PyUnicode_New(count, 127)
        data = ascii_data(o)
    else:
        return None
    if not made:
        return None
    target = field_address(Bytes(made), "ob_sval") if o.ob_type == PyBytes_Type else ascii_data(made)
    for i in range(count):
        target[i] = data[start + i * step]
    return made


@metal
def steps_of(frame: Frame, pc: u64p, holder: Reg, bounds: Reg) -> Obj:
    """x[i:j:k] likewise."""
    value = stack("i64", 1)
    if holder.tag != OBJECT or not as_int(bounds[2], value):
        return None
    o = holder.object
    length = length_to_slice(o)
    step = value[0]
    if length < 0 or step == 0 or step == 1 or not ult(step + (1 << 31), 1 << 32):
        return None
    count = 0
    if step > 0:
        start = slice_bound(bounds, length, 0, 0)
        stop = slice_bound(bounds[1], length, length, 0)
        if start < 0 or stop < 0:
            return None
        if start < stop:
            count = (stop - start - 1) // step + 1
    else:
        start = slice_bound(bounds, length, length - 1, -1)
        stop = slice_bound(bounds[1], length, -1, -1)
        if start < -1 or stop < -1:
            return None
        if stop < start:
            count = (start - stop - 1) // -step + 1
    return pick_items(frame, pc, o, start, step, count)


@handler("BUILD_SLICE")
def BUILD_SLICE():
    if takes_slice(pc, ins) and address_int(table) == address_of_table("main_table"):      # x[i:j] makes no slice
        holder = regs[lshr(pc[1], 32) & 65535]
        if C == 2:
            part = slice_of(frame, pc, holder, rb)
        else:
            part = steps_of(frame, pc, holder, rb)
        if likely(part):
            drop_range(rb, C)
            taken = take(holder, pc[1], CONSUME_B)
            set_object(regs[lshr(pc[1], 16) & 65535], part)
            xdecref(taken)
            return jump(pc + ITEM_GET_WORDS + 1)
        PyErr_Clear()
    made = build_slice(frame, pc, rb, C)
    if unlikely(not made):
        return tail("ERROR")
    set_object(ra, made)
