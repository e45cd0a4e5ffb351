"""Exceptions made and set as the host does it, without its detours.

    plain_exception(KeyError, args)     an instance whose class says nothing about how it is made
    exception_instance(ts, fetched)     what a handler gets of (class, value, traceback), normalized
    set_raised(ts, value)               raise: with the context that it has then

The host's way is taken wherever a class, a metaclass or the depth of recursion has a say.
"""
from __future__ import annotations

from .tracebacks import *  # noqa: F403


@metal
def is_exception_class(o: Obj) -> bool:
    if o.ob_type.tp_flags & CLASS_FLAG == 0:         # a class at all
        return False
    return cast(TypeObject, o).tp_flags & EXCEPTION_CLASS != 0


@metal(inline=True)
def is_made_plainly(kind: TypeObject) -> bool:
    """Whether calling a class of exceptions does what BaseException does, and no more."""
    base = cast(TypeObject, PyExc_Exception[0])
    return kind.ob_type == PyType_Type and kind.tp_new == base.tp_new and kind.tp_init == base.tp_init


@metal
def plain_exception(kind: TypeObject, args: Obj) -> Obj:
    """An instance of such a class; takes over the reference to the tuple of its arguments. NULL with MemoryError."""
    made = call_pointer("Obj", kind.tp_alloc, kind, 0)
    if unlikely(not made):
        decref(args)
        return None
    BaseException(made).args = args
    return made


@metal(inline=True)
def is_called_plainly(kind: TypeObject, frame: Frame, pc: u64p) -> bool:
    """Whether a call of a type, without keywords, makes an exception and runs nothing of the program."""
    return kind.tp_flags & EXCEPTION_CLASS != 0 and is_made_plainly(kind) and \
        pc[1] & 0xFFFFFFFF == 0 and frame.thread.ts.recursion_remaining > 1


@metal
def exception_of_call(kind: TypeObject, args: Reg, count: int) -> Obj:
    """What BaseException.__new__ gives for arguments in registers, which stay; new, NULL with MemoryError."""
    made = new_ref(state.empty_tuple) if count == 0 else PyTuple_New(count)
    if unlikely(not made):
        return None
    items = field_address(Tuple(made), "ob_item")
    for i in range(count):
        o = boxed(args[i])
        if unlikely(not o):
            decref(made)
            return None
        items[i] = new_ref(o)
    return plain_exception(kind, made)


@metal
def arguments_of_value(value: Obj) -> Obj:
    """The arguments with which the host calls a class for a value that is no instance; new, NULL with MemoryError."""
    if not value or value == Py_None:
        return new_ref(state.empty_tuple)
    if value.ob_type == PyTuple_Type:
        return new_ref(value)
    args = PyTuple_New(1)
    if args:
        field_address(Tuple(args), "ob_item")[0] = new_ref(value)
    return args


@metal(inline=True)
def is_simple_value(ts: ThreadState, kind: Obj, value: Obj) -> bool:
    """Whether `arguments_of_value` and `plain_exception` make of a value what the host would."""
    if value:
        if value.ob_type.tp_flags & (EXCEPTION_CLASS | 1 << 26) != 0 and value.ob_type != PyTuple_Type:
            return False                            # an exception, a tuple of a class of its own
    return is_exception_class(kind) and is_made_plainly(cast(TypeObject, kind)) and ts.recursion_remaining > 1


@metal
def exception_instance(ts: ThreadState, fetched: obj_p) -> Obj:
    """The exception that was fetched, with its traceback; takes the references over."""
    value = fetched[1]
    if unlikely(not value or value.ob_type != cast(TypeObject, fetched[0])):
        if is_simple_value(ts, fetched[0], value):
            args = arguments_of_value(value)
            if likely(args):
                made = plain_exception(cast(TypeObject, fetched[0]), args)
                if likely(made):
                    xdecref(value)
                    fetched[1] = made
            PyErr_Clear()
        PyErr_NormalizeException(fetched, fetched + 1, fetched + 2)
    value = fetched[1]
    traceback = fetched[2]
    if likely(traceback):
        old = BaseException(value).traceback
        BaseException(value).traceback = traceback
        xdecref(old)
    elif PyException_SetTraceback(value, Py_None) < 0:
        PyErr_Clear()
    decref(fetched[0])
    return value


@metal(inline=True)
def set_again(ts: ThreadState, value: Obj):
    """Set an exception, whose reference is handed over, with the traceback that it has."""
    kind = cast(Obj, value.ob_type)
    incref(kind)
    if unlikely(cast(VOID_P, ts.curexc_type) != None):
        PyErr_Clear()
    traceback = BaseException(value).traceback
    if traceback == Py_None:                        # `with_traceback(None)`
        traceback = None
    if traceback:
        incref(traceback)
    ts.curexc_type = kind
    ts.curexc_value = value
    ts.curexc_traceback = traceback


@metal(inline=True)
def handled_now(ts: ThreadState) -> Obj:
    """The exception that is being handled, borrowed; NULL: none."""
    item = ts.exc_info
    while (not item.exc_value or item.exc_value == Py_None) and item.previous_item:
        item = item.previous_item
    value = item.exc_value
    return None if not value or value == Py_None else value


@metal
def set_raised(ts: ThreadState, value: Obj):
    """Set an exception, whose reference is handed over, as `raise` does."""
    handled = handled_now(ts)
    if handled and handled != value:
        if unlikely(BaseException(value).context or value.ob_refcnt > 2):       # others may chain to it
            PyErr_SetObject(cast(Obj, value.ob_type), value)
            decref(value)
            return
        BaseException(value).context = new_ref(handled)
    set_again(ts, value)


@metal
def exception_from(ts: ThreadState, o: Obj, message: str_p) -> Obj:
    """An instance from what was raised (class or instance), new; NULL with an exception."""
    if is_exception_class(o):
        if is_made_plainly(cast(TypeObject, o)) and ts.recursion_remaining > 1:
            return plain_exception(cast(TypeObject, o), new_ref(state.empty_tuple))
        value = PyObject_CallNoArgs(o)
        if value and value.ob_type.tp_flags & EXCEPTION_CLASS == 0:
            PyErr_Format(PyExc_TypeError[0], "calling %R should have returned an instance of BaseException, not %R",
                         o, value.ob_type)
            decref(value)
            return None
        return value
    if o.ob_type.tp_flags & EXCEPTION_CLASS != 0:
        return new_ref(o)
    PyErr_SetString(PyExc_TypeError[0], message)
    return None
