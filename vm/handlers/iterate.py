"""Loops: iterators the VM steps by itself (range, list, tuple, its own generators), the protocol for the rest."""
from __future__ import annotations

from .calls import *  # noqa: F403


PAIR_CODE = OPS["UNPACK_PAIR"].code
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
def has_ended(frame: Frame) -> bool:
    """An iterator gave nothing: whether it is at its end; False: with an exception."""
    if not cast(VOID_P, frame.thread.ts.curexc_type):
        return True
    if PyErr_ExceptionMatches(PyExc_StopIteration[0]) == 0:
        return False
    if unlikely(traced(frame.thread.ts)):
        trace_exception(frame)
    PyErr_Clear()
    return True


@metal(inline=True)
def takes_pair(pc: u64p, ins: int, table: ptr_p) -> bool:
    """Whether the instruction behind a FOR_ITER takes its item apart into two registers, and may be done with it."""
    word = pc[2]
    flags = CONSUME_B >> FLAG_SHIFT
    return (word & OPCODE_MASK == op_variants[(PAIR_CODE << FLAG_BITS) + flags]
            and lshr(word, 32) & 65535 == lshr(ins, 16) & 65535
            and address_int(table) == address_of_table("main_table"))


@metal(inline=True)
def put_pair(pc: u64p, regs: Reg, first: Obj, second: Obj):
    """Two borrowed objects into the registers that the instruction behind a FOR_ITER names. What these held may
    run code as it goes."""
    incref(first)
    incref(second)
    set_item_of(regs[lshr(pc[2], 16) & 65535], first)
    set_item_of(regs[lshr(pc[2], 48)], second)
    decref(first)
    decref(second)


@metal
def put_items(pc: u64p, regs: Reg, pair: Obj):
    """The items of a tuple of two likewise."""
    items = field_address(Tuple(pair), "ob_item")
    put_pair(pc, regs, items[0], items[1])


@metal(inline=True)
def took_pair(pc: u64p, ins: int, table: ptr_p, regs: Reg, item: Obj) -> bool:
    """Take an item apart in the place of the instruction behind a FOR_ITER; False: it is not to be."""
    if item.ob_type != PyTuple_Type or not takes_pair(pc, ins, table) or VarObj(item).ob_size != 2:
        return False
    put_items(pc, regs, item)
    return True


@metal(inline=True)
def next_slot(iterator: Obj) -> obj_p:
    """Where the value is that an iterator over a dict or its views goes on with, its key before it; NULL: nothing has
    happened, it is at its end, the dict has changed or shares its keys with others."""
    items = DictIter(iterator)
    d = items.di_dict
    if unlikely(not d or items.len <= 0 or Dict(d).ma_used != items.di_used or cast(VOID_P, Dict(d).ma_values) != None):
        return None
    keys = Dict(d).ma_keys
    at = items.di_pos
    words = 2
    slot = cast(obj_p, entry_table(keys)) + 1
    if keys.dk_kind == 0:
        words = 3
        slot = slot + 1
    slot = slot + at * words
    while at < keys.dk_nentries:
        if likely(slot[0]):
            items.di_pos = at + 1
            items.len = items.len - 1
            return slot
        at = at + 1
        slot = slot + words
    return None


@metal(inline=True)
def next_member(iterator: Obj) -> Obj:
    """A set's next member, borrowed; NULL: nothing has happened, the iterator is at its end or the set has changed."""
    members = SetIter(iterator)
    s = members.si_set
    if not s or Set(s).used != members.si_used:
        return None
    table = Set(s).table
    at = members.si_pos
    while at <= Set(s).mask:
        key = table[at].key
        at = at + 1
        if key and key != PySet_Dummy[0]:
            members.si_pos = at
            members.len = members.len - 1
            return key
    return None


@metal
def peek(iterator: Obj, out: Reg) -> bool:
    """The next item of an iterator over a list, a tuple, an ASCII string or a range, borrowed; False: of another, or at
    its end."""
    kind = iterator.ob_type
    at = SeqIter(iterator).it_index
    if kind == PyRangeIter_Type:
        at = RangeIter(iterator).index
        out.payload = RangeIter(iterator).start + at * RangeIter(iterator).step
        out.tag = INT
        return at < RangeIter(iterator).len
    out.tag = OBJECT
    if kind == PyListIter_Type:
        items = SeqIter(iterator).it_seq
        if items:
            if at < items.ob_size:
                out.object = items.ob_item[at]
                return True
    elif kind == PyTupleIter_Type:
        parts = cast(Tuple, SeqIter(iterator).it_seq)
        if parts:
            if at < VarObj(parts).ob_size:
                out.object = field_address(parts, "ob_item")[at]
                return True
    elif kind == characters.iterator_type:
        text = cast(Obj, SeqIter(iterator).it_seq)
        if text:
            out.object = character_at(text, at)
            return cast(VOID_P, out.object) != None
    return False


@metal(inline=True)
def step_over(iterator: Obj):
    """Go over the item that was peeked at."""
    if iterator.ob_type == PyRangeIter_Type:
        RangeIter(iterator).index = RangeIter(iterator).index + 1
    else:
        SeqIter(iterator).it_index = SeqIter(iterator).it_index + 1


@metal(inline=True)
def put_peeked(target: Reg, peeked: Reg):
    """Write what was peeked at, which is counted already if it is an object."""
    if peeked.tag == OBJECT:
        set_item_of(target, peeked.object)
        decref(peeked.object)
    else:
        set_raw(target, peeked.payload, peeked.tag)


@metal
def next_two(iterator: Obj, pc: u64p, regs: Reg) -> bool:
    """The next pair of enumerate, or of zip over two, without a tuple; False: as above."""
    kind = iterator.ob_type
    first = regs[lshr(pc[2], 16) & 65535]
    second = regs[lshr(pc[2], 48)]
    peeked = stack(Reg, 2)
    if kind == PyEnum_Type:
        counted = EnumIter(iterator)
        if counted.en_index >= MOST_COUNTED or not peek(counted.en_sit, peeked):
            return False
        step_over(counted.en_sit)
        number = counted.en_index
        counted.en_index = number + 1
        if peeked.tag == OBJECT:
            incref(peeked.object)
        set_int(first, number)
        put_peeked(second, peeked)
        return True
    if kind == PyZip_Type:
        if ZipIter(iterator).tuplesize == 2:
            sources = field_address(ZipIter(iterator).ittuple, "ob_item")
            if sources[0] != sources[1] and peek(sources[0], peeked) and peek(sources[1], peeked + 1):
                step_over(sources[0])
                step_over(sources[1])
                if peeked.tag == OBJECT:
                    incref(peeked.object)
                if peeked[1].tag == OBJECT:
                    incref(peeked[1].object)
                put_peeked(first, peeked)
                put_peeked(second, peeked[1])
                return True
    return False


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
                item = sequence.ob_item[at]
                SeqIter(iterator).it_index = at + 1
                if took_pair(pc, ins, table, regs[0], item):
                    return jump(pc + 3)
                set_item_of(ra, item)
                return
            finish_sequence(SeqIter(iterator))
    elif kind == PyTupleIter_Type:
        items = cast(Tuple, SeqIter(iterator).it_seq)
        if likely(items):
            at2 = SeqIter(iterator).it_index
            if likely(at2 < items.ob_size):
                item2 = field_address(items, "ob_item")[at2]
                SeqIter(iterator).it_index = at2 + 1
                if took_pair(pc, ins, table, regs[0], item2):
                    return jump(pc + 3)
                set_item_of(ra, item2)
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


@handler("FOR_ITER_OTHER", 2)
def FOR_ITER_OTHER():
    """Sets; and who steps other iterators."""
    kind = rb.object.ob_type
    if kind == FireGenerator_Type:
        return tail("FOR_ITER_GENERATOR")
    if kind == PySetIter_Type:
        member = next_member(rb.object)
        if likely(member):
            if took_pair(pc, ins, table, regs[0], member):
                return jump(pc + 3)
            set_item_of(ra, member)
            return
    elif kind == PyDictIterItem_Type:
        if takes_pair(pc, ins, table):
            return tail("FOR_ITER_ITEMS")
    elif kind == PyDictIterValue_Type or kind == PyDictIterKey_Type:
        return tail("FOR_ITER_DICT")
    elif kind == PyBytesIter_Type or kind == PyListRevIter_Type:
        return tail("FOR_ITER_SEQUENCE")
    return tail("FOR_ITER_HOST")


@handler("FOR_ITER_GENERATOR", 2)
def FOR_ITER_GENERATOR():
    callee = resume_inline(frame, pc, rb.object, KIND_FOR_ITER)
    if likely(callee):
        return go(callee)
    return tail("FOR_ITER_HOST")


@handler("FOR_ITER_SEQUENCE", 2)
def FOR_ITER_SEQUENCE():
    """Bytes, and lists from their end."""
    iterator = SeqIter(rb.object)
    at = iterator.it_index
    sequence = cast(Obj, iterator.it_seq)
    if likely(sequence):
        if likely(ult(at, VarObj(sequence).ob_size)):
            if rb.object.ob_type == PyBytesIter_Type:
                byte: int = field_address(Bytes(sequence), "ob_sval")[at]
                iterator.it_index = at + 1
                set_int(ra, byte)
                return
            iterator.it_index = at - 1
            set_item_of(ra, List(sequence).ob_item[at])
            return
    return tail("FOR_ITER_HOST")


@handler("FOR_ITER_DICT", 2)
def FOR_ITER_DICT():
    """Keys or values of a dict."""
    slot = next_slot(rb.object)
    if unlikely(not slot):
        return tail("FOR_ITER_HOST")
    item = slot[0] if rb.object.ob_type == PyDictIterValue_Type else (slot - 1)[0]
    if took_pair(pc, ins, table, regs[0], item):
        return jump(pc + 3)
    set_item_of(ra, item)


@handler("FOR_ITER_ITEMS", 2)
def FOR_ITER_ITEMS():
    """Keys and values of a dict, each in its register."""
    slot = next_slot(rb.object)
    if unlikely(not slot):
        return tail("FOR_ITER_HOST")
    put_pair(pc, regs[0], (slot - 1)[0], slot[0])
    return jump(pc + 3)


@handler("FOR_ITER_HOST", 2)
def FOR_ITER_HOST():
    """Iterators of the host. Pairs are taken apart without a tuple."""
    iterator = rb.object
    kind = iterator.ob_type
    if takes_pair(pc, ins, table):
        if next_two(iterator, pc, regs[0]):
            return jump(pc + 3)
    if kind == PyEnum_Type and EnumIter(iterator).en_sit.ob_type == FireGenerator_Type:
        if EnumIter(iterator).en_index < MOST_COUNTED:
            callee = resume_inline(frame, pc, EnumIter(iterator).en_sit, KIND_ENUMERATE)
            if likely(callee):
                return go(callee)
    sync(frame, pc)
    item = call_pointer("Obj", kind.tp_iternext, iterator)
    if likely(item):
        if took_pair(pc, ins, table, regs[0], item):
            decref(item)
            return jump(pc + 3)
        set_result(ra, item)
        return
    if unlikely(not has_ended(frame)):
        return tail("ERROR")
    frame.pc = pc
    drop(rb)
    return jump(jump16(pc, ins))
