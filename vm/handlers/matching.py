"""match statements.

    MATCH_CLASS r5 = r5 n          subject, class, keyword names -> tuple of attributes, or None
    MATCH_KEYS r7 = r5 r6          subject, keys -> tuple of values, or None
"""
from __future__ import annotations

from .context import *  # noqa: F403

SEQUENCE_FLAG, MAPPING_FLAG, MATCH_SELF_FLAG = 1 << 5, 1 << 6, 1 << 22


@metal(inline=True)
def has_type_flag(r: Reg, flag: int) -> bool:
    """Whether the value's type has a flag that no unboxed kind has."""
    return r.tag == OBJECT and r.object.ob_type.tp_flags & flag != 0


@handler("MATCH_MAPPING")
def MATCH_MAPPING():
    matches = has_type_flag(rb, MAPPING_FLAG)
    o = take(rb, ins, CONSUME_B)
    set_bool(ra, matches)
    xdecref(o)


@handler("MATCH_SEQUENCE")
def MATCH_SEQUENCE():
    matches = has_type_flag(rb, SEQUENCE_FLAG)
    o = take(rb, ins, CONSUME_B)
    set_bool(ra, matches)
    xdecref(o)


# --------------------------------------------------------------------------------------- mappings
@metal
def new_key(seen: Obj, key: Obj) -> bool:
    """Note a key; ValueError if it has been looked for already."""
    known = PySet_Contains(seen, key)
    if known == 0:
        return PySet_Add(seen, key) == 0
    if known > 0:
        PyErr_Format(PyExc_ValueError[0], "mapping pattern checks duplicate key (%R)", key)
    return False


@metal
def collect_values(subject: Obj, keys: Obj, seen: Obj, absent: Obj, values: Obj) -> int:
    """Fill `values` by subject.get(key, absent): 1 all there, 0 one is absent, -1 with an exception."""
    wanted = field_address(Tuple(keys), "ob_item")
    into = field_address(Tuple(values), "ob_item")
    getter = stack("Obj", 1)
    is_method = _PyObject_GetMethod(subject, state.name_get, getter)
    if not getter[0]:
        return -1
    args = stack("Obj", 3)
    args[0] = subject
    args[2] = absent
    outcome = 1
    for i in range(VarObj(keys).ob_size):
        args[1] = wanted[i]
        value: Obj = None
        if new_key(seen, wanted[i]):
            value = PyObject_Vectorcall(getter[0], args + (1 - is_method), 2 + is_method, None)
        if not value or value == absent:
            xdecref(value)
            outcome = 0 if value else -1
            break
        into[i] = value
    decref(getter[0])
    return outcome


@metal
def match_keys(frame: Frame, pc: u64p, subject: Reg, keys: Reg) -> Obj:
    """Tuple of values, None, or NULL with an exception; new reference."""
    sync(frame, pc)
    o = boxed(subject)
    if not o:
        return None
    count = VarObj(keys.object).ob_size
    if count == 0:
        return PyTuple_New(0)
    seen = PySet_New(None)
    absent = PyObject_CallNoArgs(cast(Obj, PyBaseObject_Type))
    values = PyTuple_New(count)
    outcome = -1
    if seen and absent and values:
        outcome = collect_values(o, keys.object, seen, absent, values)
    xdecref(seen)
    xdecref(absent)
    if outcome > 0:
        return values
    xdecref(values)
    return new_ref(Py_None) if outcome == 0 else cast(Obj, cast(VOID_P, 0))


@handler("MATCH_KEYS")
def MATCH_KEYS():
    values = match_keys(frame, pc, rb, rc)
    if unlikely(not values):
        return tail("ERROR")
    ob = take(rb, ins, CONSUME_B)
    oc = take(rc, ins, CONSUME_C)
    set_object(ra, values)
    xdecref(ob)
    xdecref(oc)


# ---------------------------------------------------------------------------------------- classes
# These return 1 (go on), 0 (no match) or -1 (an exception is set).
@metal
def match_attribute(attributes: Obj, subject: Obj, kind: TypeObject, names: obj_p, index: int) -> int:
    """Append subject.names[index], which must not have been asked for before."""
    for i in range(index):
        if names[i] == names[index] or _PyUnicode_EQ(names[i], names[index]) != 0:
            PyErr_Format(PyExc_TypeError[0], "%s() got multiple sub-patterns for attribute %R", kind.tp_name,
                         names[index])
            return -1
    value = PyObject_GetAttr(subject, names[index])
    if not value:
        if PyErr_ExceptionMatches(PyExc_AttributeError[0]) == 0:
            return -1
        PyErr_Clear()
        return 0
    failed = PyList_Append(attributes, value)
    decref(value)
    return 1 if failed == 0 else -1


@metal
def positional_names(kind: TypeObject, positional: int, found: obj_p) -> int:
    """found[0] = __match_args__, or NULL for a type whose one positional pattern is the subject itself."""
    match_self = False
    found[0] = PyObject_GetAttr(cast(Obj, kind), state.name_match_args)
    if not found[0]:
        if PyErr_ExceptionMatches(PyExc_AttributeError[0]) == 0:
            return -1
        PyErr_Clear()
        match_self = kind.tp_flags & MATCH_SELF_FLAG != 0
    elif found[0].ob_type != PyTuple_Type:
        PyErr_Format(PyExc_TypeError[0], "%s.__match_args__ must be a tuple (got %s)", kind.tp_name,
                     found[0].ob_type.tp_name)
        return -1
    allowed = 1 if match_self else 0
    if found[0]:
        allowed = VarObj(found[0]).ob_size
    if allowed < positional:
        PyErr_Format(PyExc_TypeError[0], "%s() accepts %zd positional sub-pattern%s (%zd given)",
                     kind.tp_name, allowed, cast(VOID_P, "" if allowed == 1 else "s"), positional)
        return -1
    return 1


@metal
def match_positional(attributes: Obj, subject: Obj, kind: TypeObject, names: obj_p, positional: int) -> int:
    """Append the attributes of positional patterns; their names go to `names`."""
    found = stack("Obj", 1)
    outcome = positional_names(kind, positional, found)
    match_args: Obj = found[0]
    if outcome > 0 and not match_args:
        if PyList_Append(attributes, subject) < 0:
            outcome = -1
        names[0] = state.empty_string                   # no attribute has that name
    elif outcome > 0:
        items = field_address(Tuple(match_args), "ob_item")
        for i in range(positional):
            if items[i].ob_type != PyUnicode_Type:
                PyErr_Format(PyExc_TypeError[0], "__match_args__ elements must be strings (got %s)",
                             items[i].ob_type.tp_name)
                outcome = -1
                break
            names[i] = items[i]
            outcome = match_attribute(attributes, subject, kind, names, i)
            if outcome <= 0:
                break
    xdecref(match_args)
    return outcome


@metal
def match_attributes(attributes: Obj, subject: Obj, kind: TypeObject, keywords: Obj, positional: int) -> int:
    """Append the attributes of all patterns, positional ones first."""
    count = VarObj(keywords).ob_size
    names = stack("Obj", positional + count)
    outcome = 1
    if positional > 0:
        outcome = match_positional(attributes, subject, kind, names, positional)
    for i in range(count):
        if outcome > 0:
            names[positional + i] = field_address(Tuple(keywords), "ob_item")[i]
            outcome = match_attribute(attributes, subject, kind, names, positional + i)
    return outcome


@metal
def match_class(frame: Frame, pc: u64p, base: Reg, positional: int) -> Obj:
    """Tuple of attributes, None, or NULL with an exception; new reference."""
    sync(frame, pc)
    subject = boxed(base)
    kind = boxed(base[1])
    if not subject or not kind:
        return None
    if not is_type(kind):
        PyErr_SetString(PyExc_TypeError[0], "called match pattern must be a type")
        return None
    outcome = PyObject_IsInstance(subject, kind)
    result: Obj = None
    if outcome > 0:
        attributes = PyList_New(0)
        if not attributes:
            return None
        outcome = match_attributes(attributes, subject, cast(TypeObject, kind), base[2].object, positional)
        if outcome > 0:
            result = PyList_AsTuple(attributes)
        decref(attributes)
    if outcome == 0:
        result = new_ref(Py_None)
    if result:
        drop_range(base, 3)
    return result


@handler("MATCH_CLASS")
def MATCH_CLASS():
    result = match_class(frame, pc, rb, C)
    if unlikely(not result):
        return tail("ERROR")
    set_object(ra, result)
