"""Async generators: their type, the wrapper around what they yield, and the awaitables that drive them.

    __anext__(), asend(v)      an ASend: resumes the generator; an async yield ends it as StopIteration(value)
    athrow(...), aclose()      an AThrow, whose `args` are NULL for aclose

A generator that awaits yields plain objects up to the event loop; a value of its own yield comes wrapped.
"""
from __future__ import annotations

from .coroutine import *  # noqa: F403

Awaiter = struct("Awaiter", "gen:Gen@16 argument:Obj@24 status:i64@32", 40)
Wrapped = struct("WrappedYield", "value:Obj@16", 24)
INIT, ITER, CLOSED = range(3)
FireASend_Type = Static("FireASend_Type", LAYOUTS["TypeObject"])
FireAThrow_Type = Static("FireAThrow_Type", LAYOUTS["TypeObject"])
FireWrapped_Type = Static("FireWrapped_Type", LAYOUTS["TypeObject"])
asend_methods = Static("fire_asend_methods", LAYOUTS["MethodDef"], 4)
athrow_methods = Static("fire_athrow_methods", LAYOUTS["MethodDef"], 4)
asend_async = Static("fire_asend_async", LAYOUTS["AsyncMethods"])
athrow_async = Static("fire_athrow_async", LAYOUTS["AsyncMethods"])
agen_methods = Static("fire_agen_methods", LAYOUTS["MethodDef"], 4)
agen_async = Static("fire_agen_async", LAYOUTS["AsyncMethods"])


# ----------------------------------------------------------------------------------- yielded values
@metal
def wrap_yielded(o: Obj) -> Obj:
    """What an async yield gives to C code; new, NULL with MemoryError."""
    made = _PyObject_GC_New(cast(TypeObject, FireWrapped_Type))
    if not made:
        return None
    cast(Wrapped, made).value = new_ref(o)
    PyObject_GC_Track(made)
    return made


@metal
def wrapped_dealloc(self: Obj):
    PyObject_GC_UnTrack(self)
    decref(cast(Wrapped, self).value)
    PyObject_GC_Del(self)


@metal
def wrapped_traverse(self: Obj, visitor: ptr_t, data: ptr_t) -> int:
    return visit(cast(Wrapped, self).value, visitor, data)


@metal
def unwrap_yielded(gen: Gen, result: Obj) -> Obj:
    """What a resumption gave: an async yield becomes StopIteration(value), the end StopAsyncIteration."""
    if not result:
        if not PyErr_Occurred():
            PyErr_SetNone(PyExc_StopAsyncIteration[0])
        if is_end():
            gen.gi_closed = 1
        gen.gi_running_async = 0
        return None
    if result.ob_type != FireWrapped_Type:
        return result
    _PyGen_SetStopIterationValue(cast(Wrapped, result).value)
    decref(result)
    gen.gi_running_async = 0
    return None


@metal
def is_end() -> bool:
    """Whether the exception that is set is StopAsyncIteration or GeneratorExit."""
    return (PyErr_ExceptionMatches(PyExc_StopAsyncIteration[0]) != 0
            or PyErr_ExceptionMatches(PyExc_GeneratorExit[0]) != 0)


# --------------------------------------------------------------------------------------- awaitables
@metal
def new_awaiter(kind: TypeObject, self: Obj, argument: Obj) -> Obj:
    """An ASend or AThrow of an async generator, after the hooks of sys.set_asyncgen_hooks."""
    if not init_hooks(cast(Gen, self)):
        return None
    made = _PyObject_GC_New(kind)
    if not made:
        return None
    awaiter = cast(Awaiter, made)
    awaiter.gen = cast(Gen, new_ref(self))
    if argument:
        incref(argument)
    awaiter.argument = argument
    awaiter.status = INIT
    PyObject_GC_Track(made)
    return made


@metal
def init_hooks(gen: Gen) -> bool:
    """At the first use: remember the finalizer, call firstiter."""
    if gen.gi_hooks_inited != 0:
        return True
    gen.gi_hooks_inited = 1
    ts = PyThreadState_Get()
    finalizer = ts.async_gen_finalizer
    if finalizer:
        gen.gi_origin_or_finalizer = new_ref(finalizer)
    first = ts.async_gen_firstiter
    if not first:
        return True
    incref(first)
    result = PyObject_CallOneArg(first, cast(Obj, gen))
    decref(first)
    xdecref(result)
    return cast(VOID_P, result) != None


@metal
def awaiter_dealloc(self: Obj):
    PyObject_GC_UnTrack(self)
    decref(cast(Obj, cast(Awaiter, self).gen))
    xdecref(cast(Awaiter, self).argument)
    PyObject_GC_Del(self)


@metal
def awaiter_traverse(self: Obj, visitor: ptr_t, data: ptr_t) -> int:
    status = visit(cast(Obj, cast(Awaiter, self).gen), visitor, data)
    if status == 0:
        status = visit(cast(Awaiter, self).argument, visitor, data)
    return status


@metal
def awaiter_close(self: Obj, unused: Obj) -> Obj:
    """close()."""
    cast(Awaiter, self).status = CLOSED
    return new_ref(Py_None)


@metal
def raise_runtime(text: str_p) -> Obj:
    PyErr_SetString(PyExc_RuntimeError[0], text)
    return None


# ------------------------------------------------------------------------------- __anext__ and asend
@metal
def asend_send(self: Obj, value: Obj) -> Obj:
    """send(value); NULL: next."""
    awaiter = cast(Awaiter, self)
    gen = awaiter.gen
    if awaiter.status == CLOSED:
        return raise_runtime("cannot reuse already awaited __anext__()/asend()")
    if awaiter.status == INIT:
        if gen.gi_running_async != 0:
            return raise_runtime("anext(): asynchronous generator is already running")
        if not value or value == Py_None:
            value = awaiter.argument
        awaiter.status = ITER
    gen.gi_running_async = 1
    result = unwrap_yielded(gen, send_or_raise(gen, value, False, False))
    if not result:
        awaiter.status = CLOSED
    return result


@metal
def asend_next(self: Obj) -> Obj:
    return asend_send(self, None)


@metal
def asend_throw(self: Obj, args: obj_p, nargs: int) -> Obj:
    """throw(...)."""
    awaiter = cast(Awaiter, self)
    if awaiter.status == CLOSED:
        return raise_runtime("cannot reuse already awaited __anext__()/asend()")
    result = unwrap_yielded(awaiter.gen, generator_throw(cast(Obj, awaiter.gen), args, nargs))
    if not result:
        awaiter.status = CLOSED
    return result


# --------------------------------------------------------------------------------- athrow and aclose
@metal
def athrow_failed(awaiter: Awaiter) -> Obj:
    """An exception ended athrow or aclose; for aclose the generator's end is the expected outcome."""
    awaiter.gen.gi_running_async = 0
    awaiter.status = CLOSED
    if is_end() and not awaiter.argument:
        PyErr_Clear()
        PyErr_SetNone(PyExc_StopIteration[0])
    return None


@metal
def athrow_result(awaiter: Awaiter, result: Obj) -> Obj:
    """What the generator answered: a yield during aclose is an error."""
    if awaiter.argument or not result or result.ob_type != FireWrapped_Type:
        return result
    decref(result)
    awaiter.gen.gi_running_async = 0
    awaiter.status = CLOSED
    return raise_runtime("async generator ignored GeneratorExit")


@metal
def athrow_start(awaiter: Awaiter, value: Obj) -> Obj:
    """The first send: throw."""
    gen = awaiter.gen
    if gen.gi_running_async != 0:
        awaiter.status = CLOSED
        if awaiter.argument:
            return raise_runtime("athrow(): asynchronous generator is already running")
        return raise_runtime("aclose(): asynchronous generator is already running")
    if gen.gi_closed != 0:
        awaiter.status = CLOSED
        PyErr_SetNone(PyExc_StopAsyncIteration[0])
        return None
    if value != Py_None:
        return raise_runtime("can't send non-None value to a just-started coroutine")
    awaiter.status = ITER
    gen.gi_running_async = 1
    args = stack("Obj", 3)
    result: Obj = None
    if not awaiter.argument:
        gen.gi_closed = 1
        args[0] = PyExc_GeneratorExit[0]
        result = throw_into(gen, args, 1, False)
        if result and result.ob_type == FireWrapped_Type:
            return athrow_result(awaiter, result)
    else:
        given = VarObj(awaiter.argument).ob_size
        if PyArg_UnpackTuple(awaiter.argument, "athrow", 1, 3, args, args + 1, args + 2) == 0:
            return None
        result = unwrap_yielded(gen, throw_into(gen, args, given, False))
    if not result:
        return athrow_failed(awaiter)
    return result


@metal
def athrow_send(self: Obj, value: Obj) -> Obj:
    """send(value)."""
    awaiter = cast(Awaiter, self)
    gen = awaiter.gen
    if awaiter.status == CLOSED:
        return raise_runtime("cannot reuse already awaited aclose()/athrow()")
    if gen.gi_frame_state >= FRAME_COMPLETED:
        awaiter.status = CLOSED
        PyErr_SetNone(PyExc_StopIteration[0])
        return None
    if awaiter.status == INIT:
        return athrow_start(awaiter, value)
    result = send_or_raise(gen, value, False, False)
    if awaiter.argument:
        return unwrap_yielded(gen, result)
    if not result:
        return athrow_failed(awaiter)
    return athrow_result(awaiter, result)


@metal
def athrow_next(self: Obj) -> Obj:
    return athrow_send(self, Py_None)


@metal
def athrow_throw(self: Obj, args: obj_p, nargs: int) -> Obj:
    """throw(...)."""
    awaiter = cast(Awaiter, self)
    gen = awaiter.gen
    if awaiter.status == CLOSED:
        return raise_runtime("cannot reuse already awaited aclose()/athrow()")
    result = generator_throw(cast(Obj, gen), args, nargs)
    if awaiter.argument:
        return unwrap_yielded(gen, result)
    if result:
        return athrow_result(awaiter, result)
    if is_end():
        PyErr_Clear()
        PyErr_SetNone(PyExc_StopIteration[0])
    return None


# ------------------------------------------------------------------------- methods of the generator
@metal
def agen_anext(self: Obj) -> Obj:
    """__anext__()."""
    return new_awaiter(cast(TypeObject, FireASend_Type), self, None)


@metal
def agen_asend(self: Obj, value: Obj) -> Obj:
    return new_awaiter(cast(TypeObject, FireASend_Type), self, value)


@metal
def agen_aclose(self: Obj, unused: Obj) -> Obj:
    return new_awaiter(cast(TypeObject, FireAThrow_Type), self, None)


@metal
def agen_athrow(self: Obj, args: Obj) -> Obj:
    return new_awaiter(cast(TypeObject, FireAThrow_Type), self, args)


# -------------------------------------------------------------------------------------- async for
@metal
def async_iterator_of(o: Obj) -> Obj:
    """The AITER op; new, NULL with TypeError."""
    kind = o.ob_type
    if not kind.tp_as_async or not kind.tp_as_async.am_aiter:
        PyErr_Format(PyExc_TypeError[0], "'async for' requires an object with __aiter__ method, got %.100s",
                     kind.tp_name)
        return None
    found = call_pointer("Obj", kind.tp_as_async.am_aiter, o)
    if not found:
        return None
    kind = found.ob_type
    if not kind.tp_as_async or not kind.tp_as_async.am_anext:
        PyErr_Format(PyExc_TypeError[0], "'async for' received an object from __aiter__ "
                     "that does not implement __anext__: %.100s", kind.tp_name)
        decref(found)
        return None
    return found


@metal
def next_awaitable(o: Obj) -> Obj:
    """The ANEXT op; new, NULL with an exception."""
    kind = o.ob_type
    if kind == FireAsyncGenerator_Type:
        return agen_anext(o)
    if not kind.tp_as_async or not kind.tp_as_async.am_anext:
        PyErr_Format(PyExc_TypeError[0], "'async for' requires an iterator with __anext__ method, got %.100s",
                     kind.tp_name)
        return None
    found = call_pointer("Obj", kind.tp_as_async.am_anext, o)
    if not found or kind == PyAsyncGen_Type:
        return found
    awaitable = awaitable_iterator(found)
    if not awaitable:
        _PyErr_FormatFromCause(PyExc_TypeError[0], "'async for' received an invalid object "
                               "from __anext__: %.100s", found.ob_type.tp_name)
    decref(found)
    return awaitable


# ------------------------------------------------------------------------------------------- types
@metal
def init_awaiter(t: TypeObject, name: str_p, next: ptr_t, methods: MethodDef, slots: AsyncMethods):
    init_own_type(t, name, sizeof(Awaiter), awaiter_dealloc, awaiter_traverse)
    t.tp_methods = methods
    t.tp_iternext = next
    slots.am_await = PyObject_SelfIter
    t.tp_as_async = slots


@metal
def init_async_generator_types() -> bool:
    s = cast(TypeObject, FireASend_Type)
    init_methods_of(asend_methods, asend_send, asend_throw, awaiter_close)
    init_awaiter(s, "async_generator_asend", asend_next, asend_methods, asend_async)
    h = cast(TypeObject, FireAThrow_Type)
    init_methods_of(athrow_methods, athrow_send, athrow_throw, awaiter_close)
    init_awaiter(h, "async_generator_athrow", athrow_next, athrow_methods, athrow_async)
    w = cast(TypeObject, FireWrapped_Type)
    init_own_type(w, "async_generator_wrapped_value", sizeof(Wrapped), wrapped_dealloc, wrapped_traverse)
    w.tp_iter = None
    define_method(agen_methods, "asend", agen_asend, METH_O)
    define_method(agen_methods[1], "athrow", agen_athrow, METH_VARARGS)
    define_method(agen_methods[2], "aclose", agen_aclose, METH_NOARGS)
    define_getters(async_generator_getset, "ag_await", "ag_frame")
    t = cast(TypeObject, FireAsyncGenerator_Type)
    init_generator_common(t, PyAsyncGen_Type, async_generator_getset)
    t.tp_methods = agen_methods
    agen_async.am_aiter = PyObject_SelfIter
    agen_async.am_anext = agen_anext
    t.tp_as_async = agen_async
    return PyType_Ready(s) == 0 and PyType_Ready(h) == 0 and PyType_Ready(w) == 0 and PyType_Ready(t) == 0


@metal
def init_generator_types() -> bool:
    """Generators, coroutines, async generators."""
    if not init_generator_type() or not init_coroutine_types() or not init_async_generator_types():
        return False
    return init_host_generators()
