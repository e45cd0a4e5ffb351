"""Calls of what is neither the VM's nor a builtin function: functions of the host, objects of C code.

    random.randrange(5)      CALL_HOST            functools.partial(f, 1)(2)      CALL_VECTOR

Keywords and many arguments go the general way.
"""
from __future__ import annotations

from .calls import *  # noqa: F403


@metal(inline=True)
def vector_result(ts: ThreadState, callable: Obj, args: obj_p, count: int) -> Obj:
    """Call an object of C code; there is room before the arguments."""
    kind = callable.ob_type
    if kind.tp_flags & HAVE_VECTORCALL != 0:
        function = cast(ptr_p, byte_offset(cast(VOID_P, callable), kind.tp_vectorcall_offset))[0]
        if likely(function):
            return call_pointer("Obj", function, callable, args, count | ARGUMENTS_OFFSET, cast(VOID_P, 0))
    return _PyObject_MakeTpCall(ts, callable, args, count, None)


@handler("CALL_VECTOR", 3)
def CALL_VECTOR():
    """An object of C code with a way to be called: partial, lru_cache, a bound method of the host."""
    args = stack("Obj", MOST_ARGUMENTS + 1)
    callable = rb[1].object
    if unlikely(C > MOST_ARGUMENTS or pc[1] & 0xFFFFFFFF != 0 or not box_arguments(args + 1, rb + 2, C)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    result = vector_result(frame.thread.ts, callable, args + 1, C)
    if unlikely(not result):
        return tail("ERROR")
    drop(rb[1])
    drop_range(rb + 2, C)
    set_result(ra, result)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)


@metal(inline=True)
def is_made_by_statements(kind: TypeObject) -> bool:
    """Whether nothing but `object` lies behind a class and its bases that class statements have made."""
    while kind.tp_flags & HEAP_TYPE != 0:
        kind = kind.tp_base
    return kind == PyBaseObject_Type


@metal
def call_init(wrapper: Obj, args: obj_p, count: int) -> int:
    """The `__init__` of a type of the host on the first argument; 0, -1 with an exception."""
    given = new_ref(state.empty_tuple) if count == 1 else PyTuple_New(count - 1)
    if unlikely(not given):
        return -1
    items = field_address(Tuple(given), "ob_item")
    for i in range(1, count):
        items[i - 1] = new_ref(args[i])
    outcome = call_pointer("i32", WrapperDescr(wrapper).d_wrapped, args[0], given, cast(VOID_P, 0))
    decref(given)
    return outcome


@metal
def call_wrapper(wrapper: Obj, args: obj_p, count: int) -> int:
    """A method that stands for a slot of a type and gives None, called on the first of `count` arguments by the slot:
    0, -1 with an exception, UNDECIDED: it is another one."""
    self = args[0]
    name = Descr(wrapper).d_name
    owner = Descr(wrapper).d_type
    if count == 3 and name == state.name_setattr:
        if owner == PyBaseObject_Type and args[1].ob_type == PyUnicode_Type and is_made_by_statements(self.ob_type):
            return PyObject_GenericSetAttr(self, args[1], args[2])
    elif count == 3 and name == state.name_setitem:
        if owner == PyDict_Type and PyType_IsSubtype(self.ob_type, owner) != 0:
            return PyDict_SetItem(self, args[1], args[2])
    elif name == state.name_init and PyType_IsSubtype(self.ob_type, owner) != 0:
        return call_init(wrapper, args, count)
    return UNDECIDED


@handler("CALL_WRAPPER", 3)
def CALL_WRAPPER():
    """object.__setattr__(o, name, value), dict.__setitem__(d, key, value), Exception.__init__(e, text), also by way of
    super()."""
    args = stack("Obj", MOST_ARGUMENTS + 2)
    first = 0 if rb.tag == OBJECT else 1
    given = C + 1 - first
    if unlikely(given == 0 or C > MOST_ARGUMENTS or pc[1] & 0xFFFFFFFF != 0
                or not box_arguments(args, rb + (first + 1), given)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    done = call_wrapper(rb[first].object, args, given)
    if done == UNDECIDED:
        return tail("CALL_GENERAL")
    if unlikely(done < 0):
        return tail("ERROR")
    drop(rb[first])
    drop_range(rb + (first + 1), given)
    set_raw(ra, 0, NONE)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")


@handler("CALL_HOST", 3)
def CALL_HOST():
    """A function that the host runs, of its library mostly."""
    args = stack("Obj", MOST_ARGUMENTS + 2)
    first = 0 if rb.tag == OBJECT else 1
    given = C + 1 - first
    if unlikely(C > MOST_ARGUMENTS or pc[1] & 0xFFFFFFFF != 0 or not box_arguments(args + 1, rb + (first + 1), given)):
        return tail("CALL_GENERAL")
    sync(frame, pc)
    callable = rb[first].object
    result = call_pointer("Obj", cast(Function, callable).vectorcall, callable, args + 1, given | ARGUMENTS_OFFSET,
                          cast(VOID_P, 0))
    if unlikely(not result):
        return tail("ERROR")
    drop(rb[first])
    drop_range(rb + (first + 1), given)
    set_result(ra, result)
    if unlikely(state.eval_breaker[0] != 0):
        if not poll(frame, pc):
            return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)
