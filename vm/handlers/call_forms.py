"""f(*args, **keywords), and making functions and classes.

    CALL_EX t0 = t0 1            R[B] callable, a tuple, with flag 1 a dict: the arguments move into a new frame
    MAKE_FUNCTION t0 = t0 1      defaults, keyword defaults, annotations, closure as the flags say, then the code
"""
from __future__ import annotations

from .calls import *  # noqa: F403


@metal
def prepare_ex(frame: Frame, pc: u64p, base: Reg, flags: int) -> bool:
    """Make the operands of f(*args, **kwargs) a tuple and a dict; False with an exception."""
    sync(frame, pc)
    for i in range(1, 3 + (flags & 1)):
        if not boxed(base[i]):
            return False
    callable = base[1].object
    if flags & 1 != 0 and base[3].object.ob_type != PyDict_Type:
        merged = PyDict_New()
        if not merged:
            return False
        if _PyDict_MergeEx(merged, base[3].object, 2) < 0:
            decref(merged)
            format_kwargs_error(callable, base[3].object)
            return False
        set_object(base[3], merged)
    if base[2].object.ob_type != PyTuple_Type:
        if not check_args_iterable(callable, base[2].object):
            return False
        items = PySequence_Tuple(base[2].object)
        if not items:
            return False
        set_object(base[2], items)
    return True


@metal
def call_ex_frame(frame: Frame, base: Reg, flags: int) -> Frame:
    """The frame of a VM function called with a tuple and a dict, its arguments bound and dropped; NULL: call it
    the general way (nothing has happened), or an exception is set."""
    callable = base[1].object
    if callable.ob_type != FireFunction_Type or traced(frame.thread.ts):
        return None
    code = code_of(cast(FireFunction, callable))
    if not code:
        return None
    if code.twin != 0 or code.flags & CO_ANY_GENERATOR != 0 or code.flags & CO_OPTIMIZED == 0:
        return None
    callee = push_frame(frame.thread, code, cast(Function, new_ref(callable)), frame)
    if not callee:
        return None
    kwargs: Obj = None
    if flags & 1 != 0:
        kwargs = base[3].object
    args = base[2].object
    if not bind_array(cast(Function, callable), code, callee.regs, field_address(Tuple(args), "ob_item"),
                      VarObj(args).ob_size, None, kwargs):
        pop_frame(callee, code.nregs)
        return None
    count_run(code, False)
    callee.words = 1
    drop_range(base + 1, 2 + (flags & 1))
    return callee


@metal
def call_ex_general(frame: Frame, pc: u64p, ra: Reg, base: Reg, flags: int) -> bool:
    """Call anything with a tuple and a dict."""
    kwargs: Obj = None
    if flags & 1 != 0:
        kwargs = base[3].object
    result = call_tuple(frame, base[1].object, base[2].object, kwargs)
    if not result:
        return False
    drop_range(base + 1, 2 + (flags & 1))
    set_object(ra, result)
    return likely(state.eval_breaker[0] == 0) or poll(frame, pc)


@metal
def call_tuple(frame: Frame, callable: Obj, args: Obj, kwargs: Obj) -> Obj:
    """Call with an argument tuple and dict (or NULL)."""
    if callable.ob_type == PyCFunction_Type or callable.ob_type == PyType_Type:
        if not kwargs or Dict(kwargs).ma_used == 0:
            items = field_address(Tuple(args), "ob_item")
            return call_object(frame, callable, items, VarObj(args).ob_size, None)
        if callable == state.builtin_build_class:
            return build_class_ex(args, kwargs)
        if callable == cast(Obj, PyFunction_Type):
            return adopted(PyObject_Call(callable, args, kwargs))
    return PyObject_Call(callable, args, kwargs)


@metal(cold=True)
def check_args_iterable(callable: Obj, args: Obj) -> bool:
    if args.ob_type.tp_iter or PySequence_Check(args) != 0:
        return True
    text = _PyObject_FunctionStr(callable)
    if text:
        PyErr_Format(PyExc_TypeError[0], "%U argument after * must be an iterable, not %.200s", text,
                     args.ob_type.tp_name)
        decref(text)
    return False


@metal(cold=True)
def format_kwargs_error(callable: Obj, kwargs: Obj):
    """Word the error of f(**x) as the host does."""
    if PyErr_ExceptionMatches(PyExc_AttributeError[0]) != 0:
        PyErr_Clear()
        text = _PyObject_FunctionStr(callable)
        if text:
            PyErr_Format(PyExc_TypeError[0], "%U argument after ** must be a mapping, not %.200s", text,
                         kwargs.ob_type.tp_name)
            decref(text)
    elif PyErr_ExceptionMatches(PyExc_KeyError[0]) != 0:
        fetched = stack("Obj", 3)
        PyErr_Fetch(fetched, fetched + 1, fetched + 2)
        value = fetched[1]
        if value and value.ob_type == PyTuple_Type and VarObj(value).ob_size == 1:
            key: Obj = field_address(Tuple(value), "ob_item")[0]
            duplicate_key(callable, key)
        else:
            PyErr_Restore(fetched[0], fetched[1], fetched[2])
            return
        xdecref(fetched[0])
        xdecref(fetched[1])
        xdecref(fetched[2])


@metal(cold=True)
def duplicate_key(callable: Obj, key: Obj):
    text = _PyObject_FunctionStr(callable)
    if not text:
        return
    if key.ob_type == PyUnicode_Type:
        PyErr_Format(PyExc_TypeError[0], "%U got multiple values for keyword argument '%S'", text, key)
    else:
        PyErr_Format(PyExc_TypeError[0], "keywords must be strings")
    decref(text)


@handler("CALL_EX")
def CALL_EX():
    if unlikely(not prepare_ex(frame, pc, rb, C)):
        return tail("ERROR")
    callee = call_ex_frame(frame, rb, C)
    if callee:
        return go(callee)
    if unlikely(cast(VOID_P, frame.thread.ts.curexc_type) != None):
        return tail("ERROR")
    if unlikely(not call_ex_general(frame, pc, ra, rb, C)):
        return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(1)


@metal
def make_function(frame: Frame, pc: u64p, ra: Reg, base: Reg, flags: int) -> bool:
    """Create a VM function object from its parts."""
    sync(frame, pc)
    parts = 0
    for bit in range(4):
        if flags & (1 << bit) != 0:
            parts = parts + 1
    for i in range(parts + 1):
        if not boxed(base[i]):
            return False
    made = new_function(base[parts].object, frame.iframe.f_globals)
    if not made:
        return False
    function = cast(Function, made)
    at = 0
    if flags & 1 != 0:
        function.func_defaults = base[at].object
        base[at].tag = EMPTY
        at = at + 1
    if flags & 2 != 0:
        function.func_kwdefaults = base[at].object
        base[at].tag = EMPTY
        at = at + 1
    if flags & 4 != 0:
        function.func_annotations = base[at].object
        base[at].tag = EMPTY
        at = at + 1
    if flags & 8 != 0:
        function.func_closure = base[at].object
        base[at].tag = EMPTY
        at = at + 1
    drop(base[parts])
    set_object(ra, made)
    return True


@handler("MAKE_FUNCTION")
def MAKE_FUNCTION():
    if unlikely(not make_function(frame, pc, ra, rb, C)):
        return tail("ERROR")


@metal
def load_build_class(frame: Frame, pc: u64p) -> Obj:
    sync(frame, pc)
    builtins = frame.iframe.f_builtins
    if builtins.ob_type == PyDict_Type:
        found = PyDict_GetItemWithError(builtins, state.name_build_class)
        if found:
            return new_ref(found)
        if not PyErr_Occurred():
            PyErr_SetString(PyExc_NameError[0], "__build_class__ not found")
        return None
    value = PyObject_GetItem(builtins, state.name_build_class)
    if not value and PyErr_ExceptionMatches(PyExc_KeyError[0]) != 0:
        PyErr_SetString(PyExc_NameError[0], "__build_class__ not found")
    return value


@handler("BUILD_CLASS")
def BUILD_CLASS():
    o = load_build_class(frame, pc)
    if unlikely(not o):
        return tail("ERROR")
    set_object(ra, o)
