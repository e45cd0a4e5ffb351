"""Builtins called so often that the VM carries them out itself: one row and one short handler each.

    len(x)     ->  KNOWN_len: the size of an exact list, dict, str, ...; anything else goes the general way

CALL_KNOWN finds the row by the callable's identity and remembers both in the call's cache words. A handler
takes over only for the types it knows and falls back with `tail("CALL_GENERAL")` before anything has happened.
"""
from __future__ import annotations

from ...codegen.metal import define_metal
from .native import *  # noqa: F403

ROW_PLACES = 256
row_places = Static("fire_row_places", struct("RowPlace", "key:i64 flags:i64 row:i64", 24), ROW_PLACES)


@metal
def find_known(pc: u64p, callable: Obj) -> int:
    """Number of the callable's row, remembered with it in the cache words; 0: none. A place that calls several asks
    a table of the process."""
    key = native_key(callable)
    place = row_places[(lshr(key, 5) ^ lshr(key, 12)) & (ROW_PLACES - 1)]
    flags = cast(MethodDef, key & -2).ml_flags               # a definition made at run time may be another's place
    if place.key != key or place.flags != flags:
        place.row = look_for_row(callable)
        place.key = key
        place.flags = flags
    pc[1] = (pc[1] & 0xFFFFFFFF) | place.row << 32
    pc[2] = key
    return place.row


@metal
def look_for_row(callable: Obj) -> int:
    """Number of the row for a native callable; 0: none."""
    found = 0
    for i in range(1, FIRST_NATIVE):
        if known_rows[i].callable == callable:
            found = i
    if found == 0 and not (callable.ob_type == PyCFunction_Type and needs_the_vm(callable)):
        found = native_row(callable)
    return found


@metal(inline=True)
def native_key(callable: Obj) -> int:
    """What tells native callables apart: their definition, which outlives them (a bound method's address is soon
    another's), and whether it is a function or a descriptor of it."""
    if callable.ob_type == PyCFunction_Type:
        return address_int(CFunctionObject(callable).m_ml) | 1
    return address_int(MethodDescr(callable).d_method)


@metal
def needs_the_vm(callable: Obj) -> bool:
    """Builtins that look at the calling frame (see builtins.py)."""
    return (callable == state.builtin_exec or callable == state.builtin_eval or callable == state.builtin_locals
            or callable == state.builtin_vars or callable == state.builtin_dir
            or callable == state.builtin_build_class)


@metal(inline=True)
def fits_method(callable: Obj, self: Reg) -> bool:
    """Whether a method descriptor may be called with this object as self."""
    if self.tag == EMPTY:
        return False
    o = boxed(self)
    kind = MethodDescr(callable).d_type
    return o and (o.ob_type == kind or PyType_IsSubtype(o.ob_type, kind) != 0)


@handler("CALL_KNOWN", 3)
def CALL_KNOWN():
    """The callable is a builtin function or a method descriptor."""
    first = 0 if rb.tag == OBJECT else 1
    callable = rb[first].object
    if callable.ob_type == PyCFunction_Type:
        if unlikely(first == 0):                    # a decorator: f in the place of self
            return tail("CALL_GENERAL")
    elif unlikely(first == 1 or not fits_method(callable, rb[1])):     # str.upper(x); @str.upper
        return tail("CALL_GENERAL")
    row = lshr(pc[1], 32)
    if unlikely(pc[2] != native_key(callable)):
        row = find_known(pc, callable)
    if likely(row != 0 and pc[1] & 0xFFFFFFFF == 0):
        return tail_to(known_rows[row].handler)
    return tail("CALL_GENERAL")


@handler("KNOWN_len", 3)
def KNOWN_len():
    arg = rb[2]
    if unlikely(C != 1 or arg.tag != OBJECT):
        return tail("KNOWN_function_one")
    o = arg.object
    kind = o.ob_type
    if kind == PyList_Type or kind == PyTuple_Type or kind == PyBytes_Type:
        length = VarObj(o).ob_size
    elif kind == PyUnicode_Type:
        length = Ascii(o).length
    elif kind == PyDict_Type:
        length = Dict(o).ma_used
    elif kind == PySet_Type:
        length = Set(o).used
    else:
        return tail("KNOWN_function_one")
    frame.pc = pc
    finish_one(rb)
    set_int(ra, length)


@metal(inline=True)
def plain_class(o: Obj) -> bool:
    """Whether `o.__class__` cannot differ from its type: a builtin's instance that has no say in it."""
    kind = o.ob_type
    return (kind == PyLong_Type or kind == PyUnicode_Type or kind == PyFloat_Type or kind == PyList_Type
            or kind == PyTuple_Type or kind == PyDict_Type or kind == PyBool_Type)


@metal
def is_instance_quietly(o: Obj, wanted: Obj) -> int:
    """isinstance where no code of the program has a say: 1, 0, or UNDECIDED."""
    if cast(Obj, o.ob_type) == wanted:
        return 1
    if wanted.ob_type == PyType_Type and o.ob_type.tp_getattro == cast(TypeObject, PyBaseObject_Type).tp_getattro:
        if PyType_IsSubtype(o.ob_type, cast(TypeObject, wanted)) != 0:
            return 1
        if plain_class(o):
            return 0
    return UNDECIDED


@metal
def is_instance(frame: Frame, pc: u64p, o: Obj, wanted: Obj) -> int:
    """isinstance: 1, 0, -1 with an exception; plain classes, and tuples of them, without asking their metaclass."""
    found = 0
    if wanted.ob_type != PyTuple_Type:
        found = is_instance_quietly(o, wanted)
    else:
        for i in range(VarObj(wanted).ob_size):
            if found == 0:
                found = is_instance_quietly(o, field_address(Tuple(wanted), "ob_item")[i])
    if likely(found != UNDECIDED):
        return found
    sync(frame, pc)
    return PyObject_IsInstance(o, wanted)


@handler("KNOWN_isinstance", 3)
def KNOWN_isinstance():
    if unlikely(C != 2):
        return tail("CALL_GENERAL")
    o = boxed(rb[2])
    wanted = boxed(rb[3])
    if unlikely(not o or not wanted):
        sync(frame, pc)
        return tail("ERROR")
    outcome = is_instance(frame, pc, o, wanted)
    if unlikely(outcome < 0):
        return tail("ERROR")
    frame.pc = pc
    finish_known(rb, 2)
    set_bool(ra, outcome != 0)


def define_extreme(name: str, largest: bool, number: int) -> None:
    """min or max of two numbers of one kind; the first of equals, as the host."""
    @handler("KNOWN_" + name, 3)
    def extreme():
        if unlikely(C != 2):
            callee = consumer_frame(frame, pc, rb, C, number)
            if callee:
                return resume_at(callee, callee.code.entry)
            return tail("KNOWN_function_tuple_keywords")
        a = stack("i64", 1)
        b = stack("i64", 1)
        if as_int(rb[2], a) and as_int(rb[3], b):
            if largest:
                second = b[0] > a[0]
            else:
                second = b[0] < a[0]
        elif rb[2].tag == FLOAT and rb[3].tag == FLOAT:
            if largest:
                second = rb[3].number > rb[2].number
            else:
                second = rb[3].number < rb[2].number
        else:
            return tail("KNOWN_function_tuple_keywords")
        frame.pc = pc
        chosen = rb[3] if second else rb[2]
        payload = chosen.payload
        tag = chosen.tag
        chosen.tag = EMPTY
        finish_known(rb, 2)
        set_raw(ra, payload, tag)


define_extreme("min", False, MIN)
define_extreme("max", True, MAX)


@handler("KNOWN_abs", 3)
def KNOWN_abs():
    arg = rb[2]
    value = stack("i64", 1)
    if C == 1 and as_int(arg, value):
        if value[0] == -(1 << 63):
            return tail("KNOWN_function_one")
        frame.pc = pc
        finish_one(rb)
        set_int(ra, -value[0] if value[0] < 0 else value[0])
        return
    if C == 1 and arg.tag == FLOAT:
        number = arg.number
        frame.pc = pc
        finish_one(rb)
        set_float(ra, float_abs(number))
        return
    return tail("KNOWN_function_one")


@metal(inline=True)
def ascii_character(o: Obj) -> int:
    """Code point of a string of one Latin-1 character that lies inline; -1 otherwise."""
    if o.ob_type != PyUnicode_Type or Ascii(o).length != 1:
        return -1
    if Ascii(o).state & 0xFC != 0xE4:                # kind 1, compact, ascii, ready
        return -1
    return cast(u8p, byte_offset(cast(VOID_P, o), ASCII_DATA))[0]


@handler("KNOWN_ord", 3)
def KNOWN_ord():
    if C == 1 and rb[2].tag == OBJECT:
        code = ascii_character(rb[2].object)
        if code >= 0:
            frame.pc = pc
            finish_one(rb)
            set_int(ra, code)
            return
    return tail("KNOWN_function_one")


@handler("KNOWN_chr", 3)
def KNOWN_chr():
    value = stack("i64", 1)
    if C == 1 and as_int(rb[2], value):
        if ult(value[0], 256):
            o = PyUnicode_FromOrdinal(value[0])
            if o:
                frame.pc = pc
                finish_one(rb)
                set_object(ra, o)
                return
    return tail("KNOWN_function_one")


@handler("KNOWN_append", 3)
def KNOWN_append():
    if unlikely(C != 1 or rb.tag != OBJECT):
        return tail("KNOWN_method_one")
    target = rb[1].object
    if unlikely(rb[1].tag != OBJECT or target.ob_type != PyList_Type):
        return tail("KNOWN_method_one")
    item = boxed(rb[2])
    size = VarObj(target).ob_size
    if likely(item and size < List(target).allocated):
        List(target).ob_item[size] = item
        VarObj(target).ob_size = size + 1
        rb[2].tag = EMPTY
    elif unlikely(not item or PyList_Append(target, item) < 0):
        sync(frame, pc)
        return tail("ERROR")
    frame.pc = pc
    finish_one(rb)
    set_raw(ra, 0, NONE)


@handler("KNOWN_get", 3)
def KNOWN_get():
    if unlikely(rb.tag != OBJECT or rb[1].tag != OBJECT or C == 0 or C > 2):
        return tail("KNOWN_method_array")
    source = rb[1].object
    if unlikely(source.ob_type != PyDict_Type):
        return tail("KNOWN_method_array")
    absent = cast(Obj, state)                       # no object
    value: Obj = None
    if rb[2].tag == INT:
        value = rt_dict_get_int(source, rb[2].payload, absent)
    elif is_key(rb[2]):
        value = rt_dict_get_any(source, rb[2].object, absent)
    if not value:
        key = boxed(rb[2])
        if unlikely(not key):
            return tail("KNOWN_method_array")
        sync(frame, pc)
        value = PyDict_GetItemWithError(source, key)
    elif value == absent:
        value = None
    if value:
        incref(value)
    elif unlikely(cast(VOID_P, frame.thread.ts.curexc_type) != None):
        return tail("ERROR")
    elif C == 2:
        payload = rb[3].payload
        kind = rb[3].tag
        rb[3].tag = EMPTY
        finish_one(rb)
        set_raw(ra, payload, kind)
        return
    else:
        value = new_ref(Py_None)
    finish_known(rb, C)
    set_object(ra, value)


@metal(inline=True)
def frame_to_resume(frame: Frame, pc: u64p, o: Obj, kind: int, payload: int, tag: int) -> Frame:
    """The frame of a generator or coroutine of ours in which a call of send or next goes on; NULL: nothing happened."""
    found = o.ob_type
    if unlikely(found != FireGenerator_Type and (found != FireCoroutine_Type or kind == KIND_NEXT)):
        return None
    ts = frame.thread.ts
    if unlikely(ts.recursion_remaining <= 1 or ts.cframe.use_tracing != 0):
        return None
    return resume_with(frame, pc, o, kind, payload, tag)


@handler("KNOWN_send", 3)
def KNOWN_send():
    """g.send(x): the generator stays in its register, or in the bound method, while it runs."""
    if likely(rb.tag == OBJECT):
        receiver = rb[1].object if rb[1].tag == OBJECT else Py_None
    else:
        receiver = CFunctionObject(rb[1].object).m_self
    if likely(C == 1):
        callee = frame_to_resume(frame, pc, receiver, KIND_SENT, rb[2].payload, rb[2].tag)
        if likely(callee):
            rb[2].tag = EMPTY
            ts = frame.thread.ts
            ts.recursion_remaining = ts.recursion_remaining - 1
            return go(callee)
    if rb.tag == OBJECT:
        return tail("KNOWN_method_one")
    return tail("KNOWN_function_one")


@handler("KNOWN_next", 3)
def KNOWN_next():
    """next(g), next(g, default)"""
    if likely((C == 1 or C == 2) and rb[2].tag == OBJECT):
        callee = frame_to_resume(frame, pc, rb[2].object, KIND_NEXT, 0, NONE)
        if likely(callee):
            return go(callee)
    return tail("KNOWN_function_array")


def _init_rows() -> None:
    lines = ["@metal(name='init_known')", "def init_known() -> bool:"]
    for index, name in enumerate(ROWS, 1):
        holder = f"cast(Obj, {METHODS[name]})" if name in METHODS else "PyEval_GetBuiltins()"
        find = "PyObject_GetAttrString" if name in METHODS else "builtin_named"
        lines.append(f"    r{index} = known_rows[{index}]\n    r{index}.callable = {find}({holder}, {name!r})\n"
                     f"    r{index}.handler = KNOWN_{name}\n    if not r{index}.callable:\n        return False")
    for index, (kind, convention) in enumerate(NATIVE, FIRST_NATIVE):
        lines.append(f"    known_rows[{index}].handler = KNOWN_{kind}_{convention}")
    for index, name in enumerate(MATH, FIRST_OF_MATH):
        lines.append(f"    known_rows[{index}].handler = KNOWN_math_{name}")
    lines.append(f"    known_rows[{ROW_OF_SEND}].handler = KNOWN_send")
    lines.append("    return True")
    define_metal("\n".join(lines), "init_known", globals())


@metal
def builtin_named(builtins: Obj, name: str_p) -> Obj:
    """A new reference to a builtin; NULL with an exception."""
    found = PyDict_GetItemString(builtins, name)
    if not found:
        PyErr_Format(PyExc_SystemError[0], "fire: no builtin %s", name)
        return None
    return new_ref(found)


_init_rows()
