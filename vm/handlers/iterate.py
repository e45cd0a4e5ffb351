"""Loops: iterators the VM steps by itself (range, list, tuple, its own generators), the protocol for the rest."""
from __future__ import annotations

from .calls import *  # noqa: F403


UNPACK_CODE = OPS["UNPACK"].code
MOST_COUNTED = (1 << 62)            # counts of an enumerate that need no big ints


@metal(inline=True)
def makes_iterator(kind: TypeObject) -> bool:
    """Whether iter() of such an object makes one small object and does nothing else."""
    return (kind == PyList_Type or kind == PyTuple_Type or kind == PyRange_Type or kind == PyDict_Type
            or kind == PyUnicode_Type or kind == PySet_Type)


@metal
def get_iter(frame: Frame, pc: u64p, ins: int, ra: Reg, rb: Reg) -> bool:
    o: Obj = None
    if likely(rb.tag == OBJECT):
        o = rb.object
    if likely(o and makes_iterator(o.ob_type)):
        sync_to_allocate(frame, pc)
    else:
        sync(frame, pc)
        o = boxed(rb)
        if not o:
            return False
    iterator = PyObject_GetIter(o)
    if not iterator:
        sync(frame, pc)
        return False
    taken = take(rb, ins, CONSUME_B)
    set_object(ra, iterator)
    xdecref(taken)
    return True


@handler("GET_ITER")
def GET_ITER():
    if unlikely(not get_iter(frame, pc, ins, ra, rb)):
        return tail("ERROR")


@metal
def finish_sequence(iterator: SeqIter):
    """The iterator is at its end: it lets its sequence go, as the host's does."""
    sequence = cast(Obj, iterator.it_seq)
    iterator.it_seq = None
    decref(sequence)


@metal
def next_generic(frame: Frame, pc: u64p, ra: Reg, iterator: Obj) -> int:
    """Next item by the protocol: 1 written, 0 at the end, -1 with an exception."""
    sync(frame, pc)
    item = call_pointer("Obj", iterator.ob_type.tp_iternext, iterator)
    if item:
        set_object(ra, item)
        return 1
    if not cast(VOID_P, frame.thread.ts.curexc_type):
        return 0
    if PyErr_ExceptionMatches(PyExc_StopIteration[0]) == 0:
        return -1
    if unlikely(traced(frame.thread.ts)):
        trace_exception(frame)
    PyErr_Clear()
    return 0


@handler("FOR_ITER", 2)
def FOR_ITER():
    iterator = rb.object
    kind = iterator.ob_type
    if kind == PyRangeIter_Type:
        index = RangeIter(iterator).index
        if likely(index < RangeIter(iterator).len):
            RangeIter(iterator).index = index + 1
            set_int(ra, RangeIter(iterator).start + index * RangeIter(iterator).step)
            return
    elif kind == PyListIter_Type:
        sequence = SeqIter(iterator).it_seq
        if likely(sequence):
            at = SeqIter(iterator).it_index
            if likely(at < sequence.ob_size):
                SeqIter(iterator).it_index = at + 1
                set_item_of(ra, sequence.ob_item[at])
                return
            finish_sequence(SeqIter(iterator))
    elif kind == PyTupleIter_Type:
        items = cast(Tuple, SeqIter(iterator).it_seq)
        if likely(items):
            at2 = SeqIter(iterator).it_index
            if likely(at2 < items.ob_size):
                SeqIter(iterator).it_index = at2 + 1
                set_item_of(ra, field_address(items, "ob_item")[at2])
                return
            finish_sequence(SeqIter(iterator))
    elif kind == characters.iterator_type:
        text = cast(Obj, SeqIter(iterator).it_seq)
        if likely(text):
            at3 = SeqIter(iterator).it_index
            character = character_at(text, at3)
            if likely(character):
                SeqIter(iterator).it_index = at3 + 1
                set_object(ra, new_ref(character))
                return
            finish_sequence(SeqIter(iterator))
    else:
        return tail("FOR_ITER_OTHER")
    frame.pc = pc
    drop(rb)
    return jump(jump16(pc, ins))


@metal(inline=True)
def unpacks_pair(pc: u64p, ins: int) -> bool:
    """Whether the instruction behind a FOR_ITER takes its item apart into two registers."""
    word = pc[2]
    flags = CONSUME_B >> FLAG_SHIFT
    return (word & OPCODE_MASK == op_variants[(UNPACK_CODE << FLAG_BITS) + flags]
            and lshr(word, 32) & 65535 == lshr(ins, 16) & 65535 and lshr(word, 48) == 2)


@metal
def next_pair(iterator: Obj, first: Reg) -> bool:
    """Key and value of a dict's next item into two empty registers, the key into the higher; False: nothing has
    happened, the iterator is at its end or the dict has changed."""
    items = DictIter(iterator)
    d = items.di_dict
    if not d or items.len <= 0 or first.tag == OBJECT or first[1].tag == OBJECT:
        return False
    if Dict(d).ma_used != items.di_used:
        return False
    place = stack("i64", 1)
    pair = stack("Obj", 2)
    place[0] = items.di_pos
    if PyDict_Next(d, place, pair, pair + 1) == 0:
        return False
    items.di_pos = place[0]
    items.len = items.len - 1
    set_item_of(first + 1, pair[0])
    set_item_of(first, pair[1])
    return True


@handler("FOR_ITER_OTHER", 2)
def FOR_ITER_OTHER():
    """Generators, and iterators of the host. A dict's items are taken apart without a tuple."""
    iterator = rb.object
    kind = iterator.ob_type
    if kind == PyDictIterItem_Type and address_int(table) == address_of_table("main_table"):
        if unpacks_pair(pc, ins):
            if likely(next_pair(iterator, regs[lshr(pc[2], 16) & 65535])):
                return jump(pc + 3)
    if kind == FireGenerator_Type:
        callee = resume_inline(frame, pc, iterator, KIND_FOR_ITER)
        if likely(callee):
            return go(callee)
    if kind == PyEnum_Type and EnumIter(iterator).en_sit.ob_type == FireGenerator_Type:
        if EnumIter(iterator).en_index < MOST_COUNTED:
            callee2 = resume_inline(frame, pc, EnumIter(iterator).en_sit, KIND_ENUMERATE)
            if likely(callee2):
                return go(callee2)
    outcome = next_generic(frame, pc, ra, iterator)
    if likely(outcome > 0):
        return
    if unlikely(outcome < 0):
        return tail("ERROR")
    frame.pc = pc
    drop(rb)
    return jump(jump16(pc, ins))
