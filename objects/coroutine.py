"""Coroutines: their type, the object that `__await__` gives, and what can be awaited."""
from __future__ import annotations

from .generator_types import *  # noqa: F403

CoroWrapper = struct("CoroWrapper", "coroutine:Obj@16", 24)
FireCoroWrapper_Type = Static("FireCoroWrapper_Type", LAYOUTS["TypeObject"])
coroutine_methods = Static("fire_coroutine_methods", LAYOUTS["MethodDef"], 4)
coroutine_async = Static("fire_coroutine_async", LAYOUTS["AsyncMethods"])
wrapper_methods = Static("fire_coro_wrapper_methods", LAYOUTS["MethodDef"], 4)
wrapper_async = Static("fire_coro_wrapper_async", LAYOUTS["AsyncMethods"])


# ------------------------------------------------------------------------------- coroutine_wrapper
@metal
def coroutine_await(self: Obj) -> Obj:
    """am_await: an iterator that resumes the coroutine."""
    made = _PyObject_GC_New(cast(TypeObject, FireCoroWrapper_Type))
    if not made:
        return None
    cast(CoroWrapper, made).coroutine = new_ref(self)
    PyObject_GC_Track(made)
    return made


@metal
def wrapper_dealloc(self: Obj):
    PyObject_GC_UnTrack(self)
    decref(cast(CoroWrapper, self).coroutine)
    PyObject_GC_Del(self)


@metal
def wrapper_traverse(self: Obj, visitor: ptr_t, data: ptr_t) -> int:
    return visit(cast(CoroWrapper, self).coroutine, visitor, data)


@metal
def wrapper_next(self: Obj) -> Obj:
    return generator_next(cast(CoroWrapper, self).coroutine)


@metal
def wrapper_am_send(self: Obj, value: Obj, out: obj_p) -> int:
    return generator_am_send(cast(CoroWrapper, self).coroutine, value, out)


@metal
def wrapper_send(self: Obj, value: Obj) -> Obj:
    return generator_send(cast(CoroWrapper, self).coroutine, value)


@metal
def wrapper_throw(self: Obj, args: obj_p, nargs: int) -> Obj:
    return generator_throw(cast(CoroWrapper, self).coroutine, args, nargs)


@metal
def wrapper_close(self: Obj, unused: Obj) -> Obj:
    return generator_close(cast(CoroWrapper, self).coroutine, None)


# ---------------------------------------------------------------------------------------- awaiting
@metal
def is_coroutine(o: Obj) -> bool:
    """A coroutine, or a generator marked by types.coroutine; the host's or one of ours."""
    kind = o.ob_type
    if kind == FireCoroutine_Type or kind == PyCoro_Type:
        return True
    if kind == FireGenerator_Type or kind == PyGen_Type:
        return cast(Gen, o).gi_code.co_flags & CO_ITERABLE_COROUTINE != 0
    return False


@metal
def awaitable_iterator(o: Obj) -> Obj:
    """What `await o` sends to; new, NULL with TypeError."""
    if is_coroutine(o):
        return new_ref(o)
    kind = o.ob_type
    if not kind.tp_as_async or not kind.tp_as_async.am_await or kind == FireGenerator_Type:
        PyErr_Format(PyExc_TypeError[0], "object %.100s can't be used in 'await' expression", kind.tp_name)
        return None
    found = call_pointer("Obj", kind.tp_as_async.am_await, o)
    if not found:
        return None
    if is_coroutine(found):
        PyErr_SetString(PyExc_TypeError[0], "__await__() returned a coroutine")
    elif PyIter_Check(found) == 0:
        PyErr_Format(PyExc_TypeError[0], "__await__() returned non-iterator of type '%.100s'",
                     found.ob_type.tp_name)
    else:
        return found
    decref(found)
    return None


@metal(cold=True)
def word_awaitable_error(o: Obj, why: int):
    """`async with` says which of its methods gave what cannot be awaited."""
    kind = o.ob_type
    if kind.tp_as_async and kind.tp_as_async.am_await and kind != FireGenerator_Type:
        return
    if why == 1:
        PyErr_Format(PyExc_TypeError[0], "'async with' received an object from __aenter__ "
                     "that does not implement __await__: %.100s", kind.tp_name)
    elif why == 2:
        PyErr_Format(PyExc_TypeError[0], "'async with' received an object from __aexit__ "
                     "that does not implement __await__: %.100s", kind.tp_name)


@metal
def awaitable_of(o: Obj, why: int) -> Obj:
    """The AWAITABLE op; new, NULL with an exception."""
    found = awaitable_iterator(o)
    if not found:
        word_awaitable_error(o, why)
        return None
    if found.ob_type == FireCoroutine_Type:
        if delegate_of(cast(Gen, found)):
            decref(found)
            PyErr_SetString(PyExc_RuntimeError[0], "coroutine is being awaited already")
            return None
    elif found.ob_type == PyCoro_Type and cast(Gen, found).gi_frame_state != FRAME_CREATED:
        return unless_awaited(found)
    return found


@metal(cold=True)
def unless_awaited(coroutine: Obj) -> Obj:
    """A coroutine of the host, if it is not being awaited; takes over the reference."""
    waiting = PyObject_GetAttrString(coroutine, "cr_await")
    xdecref(waiting)
    if waiting == Py_None:
        return coroutine
    decref(coroutine)
    if waiting:
        PyErr_SetString(PyExc_RuntimeError[0], "coroutine is being awaited already")
    return None


# ------------------------------------------------------------------------------------------- types
@metal
def init_methods_of(methods: MethodDef, send: ptr_t, throw: ptr_t, close: ptr_t):
    """send, throw and close."""
    define_method(methods, "send", send, METH_O)
    define_method(methods[1], "throw", throw, METH_FASTCALL)
    define_method(methods[2], "close", close, METH_NOARGS)


@metal
def init_own_type(t: TypeObject, name: str_p, size: int, dealloc: ptr_t, traverse: ptr_t):
    """A type of ours without a base."""
    cast(Obj, t).ob_refcnt = 1
    t.tp_name = name
    t.tp_basicsize = size
    t.tp_flags = DEFAULT_FLAGS | HAVE_GC
    t.tp_dealloc = dealloc
    t.tp_traverse = traverse
    t.tp_getattro = PyObject_GenericGetAttr
    t.tp_iter = PyObject_SelfIter


@metal
def init_coroutine_types() -> bool:
    w = cast(TypeObject, FireCoroWrapper_Type)
    init_own_type(w, "coroutine_wrapper", sizeof(CoroWrapper), wrapper_dealloc, wrapper_traverse)
    init_methods_of(wrapper_methods, wrapper_send, wrapper_throw, wrapper_close)
    w.tp_methods = wrapper_methods
    w.tp_iternext = wrapper_next
    wrapper_async.am_send = wrapper_am_send
    w.tp_as_async = wrapper_async
    init_methods_of(coroutine_methods, generator_send, generator_throw, generator_close)
    define_getters(coroutine_getset, "cr_await", "cr_frame")
    t = cast(TypeObject, FireCoroutine_Type)
    init_generator_common(t, PyCoro_Type, coroutine_getset)
    t.tp_methods = coroutine_methods
    coroutine_async.am_await = coroutine_await
    coroutine_async.am_send = generator_am_send
    t.tp_as_async = coroutine_async
    return PyType_Ready(w) == 0 and PyType_Ready(t) == 0
