"""Containment: x in y, x not in y.

    CONTAINS r1 = r2 in r3     characters in short strings, ints and strings in dicts at once; `__contains__` of
                               classes in its frame (special.py); anything else by the host
"""
from __future__ import annotations

from .compare import *  # noqa: F403


@metal
def has_character(text: Obj, wanted: int) -> bool:
    """Whether a compact ASCII string has a character; most that are asked are short."""
    length = Ascii(text).length
    data = ascii_data(text)
    if length > 16:
        return memchr(data, wanted, length) != None
    for i in range(length):
        if data[i] == wanted:
            return True
    return False


@metal(inline=True)
def has_keys_as_dict(o: Obj) -> bool:
    """Whether `in` asks of an object what it asks of a dict: also of subclasses without a say in it."""
    kind = o.ob_type
    if kind == PyDict_Type:
        return True
    if kind.tp_flags & (1 << 29) == 0:
        return False
    return kind.tp_as_sequence.sq_contains == cast(TypeObject, PyDict_Type).tp_as_sequence.sq_contains


@metal
def contains(frame: Frame, pc: u64p, item: Reg, container: Reg) -> int:
    """item in container: 1, 0 or -1 with an exception set."""
    if item.tag == INT and container.tag == OBJECT:
        found = UNDECIDED
        if has_keys_as_dict(container.object):
            found = rt_dict_has_int(container.object, item.payload)
        elif container.object.ob_type == PySet_Type:
            found = rt_set_has_int(container.object, item.payload)
        if found != UNDECIDED:
            return found
    elif item.tag == OBJECT and container.tag == OBJECT:
        if is_key(item) and (container.object.ob_type == PySet_Type or has_keys_as_dict(container.object)):
            outcome = rt_set_has_any(container.object, item.object) if container.object.ob_type == PySet_Type \
                else rt_dict_has_any(container.object, item.object)
            if outcome != UNDECIDED:
                return outcome
    sync(frame, pc)
    value = boxed(item)
    holder = boxed(container)
    if not value or not holder:
        return -1
    if holder.ob_type == PyDict_Type:
        return PyDict_Contains(holder, value)
    incref(holder)
    outcome = PySequence_Contains(holder, value)
    decref(holder)
    return outcome


@metal(inline=True)
def is_character_in(item: Reg, container: Reg) -> int:
    """Whether an ASCII string has a character: 1, 0 or UNDECIDED."""
    if item.tag != OBJECT or container.tag != OBJECT:
        return UNDECIDED
    if not is_ascii(container.object) or not is_ascii(item.object) or Ascii(item.object).length != 1:
        return UNDECIDED
    return 1 if has_character(container.object, ascii_data(item.object)[0]) else 0


@handler("CONTAINS")
def CONTAINS():
    known = is_character_in(rb, rc)
    if known != UNDECIDED:
        item = take(rb, ins, CONSUME_B)
        text = take(rc, ins, CONSUME_C)
        set_bool(ra, (known != 0) != sense(ins))
        xdecref(item)
        xdecref(text)
        return
    callee = contains_frame(frame, pc, ins, rb, rc)
    if callee:
        return resume_at(callee, callee.code.entry)
    outcome = contains(frame, pc, rb, rc)
    if unlikely(outcome < 0):
        return tail("ERROR")
    ob = take(rb, ins, CONSUME_B)
    oc = take(rc, ins, CONSUME_C)
    set_bool(ra, (outcome != 0) != sense(ins))
    xdecref(ob)
    xdecref(oc)
