"""Unpacking: a, b = x and a, *b = x.

The items land in registers downwards, so that the first is highest. The operand may lie in the range written:
it is taken out first and held until the end.
"""
from __future__ import annotations

from .grow import *  # noqa: F403


@metal(inline=True)
def hold(r: Reg, ins: int) -> Obj:
    """The operand as an owned object, its register emptied if consumed; NULL: MemoryError."""
    o = boxed(r)
    if o:
        if ins & CONSUME_B != 0:
            r.tag = EMPTY
        else:
            incref(o)
    return o


@metal(inline=True)
def items_of(o: Obj) -> obj_p:
    """The items of a list or tuple."""
    return List(o).ob_item if o.ob_type == PyList_Type else field_address(Tuple(o), "ob_item")


@metal(inline=True)
def stays(o: Obj, ins: int) -> bool:
    """Whether an operand is a tuple, or a list that nobody else can change: what dies meanwhile may run code."""
    return o.ob_type == PyTuple_Type or (o.ob_type == PyList_Type and o.ob_refcnt == 1 and ins & CONSUME_B != 0)


@metal(inline=True)
def spread(items: obj_p, first: Reg, count: int):
    """Copy items into registers, downwards from `first`."""
    for i in range(count):
        set_item_of(first - i, items[i])


@metal
def iterator_of(o: Obj) -> Obj:
    """iter(o), with unpacking's own words for what cannot be iterated."""
    found = PyObject_GetIter(o)
    if not found and not_iterable(o):
        PyErr_Format(PyExc_TypeError[0], "cannot unpack non-iterable %.200s object", o.ob_type.tp_name)
    return found


@metal
def take_items(iterator: Obj, first: Reg, count: int) -> int:
    """Next `count` items, downwards from `first`; how many there were, or -1 with an exception."""
    for i in range(count):
        item = PyIter_Next(iterator)
        if not item:
            if PyErr_Occurred():
                return -1
            return i
        set_object(first - i, item)
    return count


@metal
def unpack_exactly(o: Obj, first: Reg, count: int) -> bool:
    """Any iterable into `count` registers."""
    iterator = iterator_of(o)
    if not iterator:
        return False
    found = take_items(iterator, first, count)
    if found == count:
        extra = PyIter_Next(iterator)
        if extra:
            decref(extra)
            PyErr_Format(PyExc_ValueError[0], "too many values to unpack (expected %zd)", count)
    elif found >= 0:
        PyErr_Format(PyExc_ValueError[0], "not enough values to unpack (expected %zd, got %zd)", count, found)
    decref(iterator)
    return cast(VOID_P, PyErr_Occurred()) == None


@metal
def unpack(frame: Frame, pc: u64p, ins: int, base: Reg, r: Reg, count: int) -> bool:
    sync(frame, pc)
    o = hold(r, ins)
    if not o:
        return False
    first = base + (count - 1)
    done = True
    if (o.ob_type == PyTuple_Type or o.ob_type == PyList_Type) and VarObj(o).ob_size == count:
        spread(items_of(o), first, count)
    else:
        done = unpack_exactly(o, first, count)
    decref(o)
    return done


@handler("UNPACK")
def UNPACK():
    if likely(rb.tag == OBJECT):
        o = rb.object
        if o.ob_type == PyTuple_Type and VarObj(o).ob_size == 2 and C == 2:
            items = field_address(Tuple(o), "ob_item")
            held = take(rb, ins, CONSUME_B)         # the operand may lie in the range written
            set_item_of(ra + 1, items[0])
            set_item_of(ra, items[1])
            xdecref(held)
            return
        if (o.ob_type == PyTuple_Type or o.ob_type == PyList_Type) and VarObj(o).ob_size == C:
            if ins & CONSUME_B != 0:
                rb.tag = EMPTY
            else:
                incref(o)
            spread(items_of(o), ra + (C - 1), C)
            frame.pc = pc
            decref(o)
            return
    if unlikely(not unpack(frame, pc, ins, ra, rb, C)):
        return tail("ERROR")


@metal
def unpack_pair(frame: Frame, pc: u64p, ins: int, first: Reg, r: Reg, second: Reg) -> bool:
    """Any iterable into two registers, which keep what they hold if it has not two items."""
    items = cast(Reg, stack("i64", 4))
    items.tag = EMPTY
    items[1].tag = EMPTY
    done = unpack(frame, pc, ins, items, r, 2)
    if done:
        set_raw(first, items[1].payload, items[1].tag)
        set_raw(second, items.payload, items.tag)
    else:
        drop(items)
        drop(items[1])
    return done


@handler("UNPACK_PAIR")
def UNPACK_PAIR():
    if likely(rb.tag == OBJECT):
        o = rb.object
        if likely(stays(o, ins) and VarObj(o).ob_size == 2):
            items = items_of(o)
            held = take(rb, ins, CONSUME_B)
            set_item_of(ra, items[0])
            set_item_of(rc, items[1])
            xdecref(held)
            return
    if unlikely(not unpack_pair(frame, pc, ins, ra, rb, rc)):
        return tail("ERROR")


# ------------------------------------------------------------------------------------ a, *b, c = x
@metal(cold=True)
def too_few(wanted: int, found: int):
    PyErr_Format(PyExc_ValueError[0], "not enough values to unpack (expected at least %zd, got %zd)",
                 wanted, found)


@metal
def split_rest(iterator: Obj, rest: Reg, before: int, after: int) -> bool:
    """What is left goes into a list in `rest`, less its last `after` items, which follow downwards."""
    made = PySequence_List(iterator)
    if not made:
        return False
    size = VarObj(made).ob_size
    if size < after:
        decref(made)
        too_few(before + after, before + size)
        return False
    items = List(made).ob_item + (size - after)
    List(made).ob_size = size - after
    for i in range(after):                      # the list's references to them move
        set_object(rest - 1 - i, items[i])
    set_object(rest, made)
    return True


@metal
def unpack_ex(frame: Frame, pc: u64p, ins: int, base: Reg, r: Reg, shape: int) -> bool:
    sync(frame, pc)
    before = shape & 255
    after = shape >> 8
    o = hold(r, ins)
    if not o:
        return False
    done = False
    iterator = iterator_of(o)
    if iterator:
        found = take_items(iterator, base + (before + after), before)
        if found == before:
            done = split_rest(iterator, base + after, before, after)
        elif found >= 0:
            too_few(before + after, found)
        decref(iterator)
    decref(o)
    return done


@handler("UNPACK_EX")
def UNPACK_EX():
    if unlikely(not unpack_ex(frame, pc, ins, ra, rb, C)):
        return tail("ERROR")
