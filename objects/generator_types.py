"""The type of generators, and what the types of coroutines and async generators share with it.

Getters that the host answers rightly from the layout (gi_running, gi_code, names, repr) are inherited.
"""
from __future__ import annotations

from .function import *  # noqa: F403
from .generator_methods import *  # noqa: F403

METH_VARARGS, METH_NOARGS, METH_O, METH_FASTCALL = 1, 4, 8, 0x80


# ---------------------------------------------------------------------------------------- lifetime
@metal(inline=True)
def needs_finalizing(gen: Gen) -> bool:
    """Whether anybody could notice that the generator dies."""
    if gen.gi_frame_state != FRAME_CREATED:
        return gen.gi_frame_state < FRAME_COMPLETED
    return gen.gi_code.co_flags & CO_COROUTINE != 0 or cast(VOID_P, gen.gi_origin_or_finalizer) != None


@metal
def generator_dealloc(self: Obj):
    """tp_dealloc: close what waits, then free."""
    gen = cast(Gen, self)
    PyObject_GC_UnTrack(self)
    if gen.gi_weakreflist:
        PyObject_ClearWeakRefs(self)
    if needs_finalizing(gen):
        PyObject_GC_Track(self)
        if PyObject_CallFinalizerFromDealloc(self) != 0:
            return                                  # it lives again
        PyObject_GC_UnTrack(self)
    if gen.gi_frame_state < FRAME_CLEARED:
        thread = current_thread()
        frame = generator_frame(self)
        frame.thread = thread
        frame.iframe.previous = None
        clear_generator(gen, frame)
    origin = gen.gi_origin_or_finalizer
    gen.gi_origin_or_finalizer = None
    xdecref(origin)
    decref(cast(Obj, gen.gi_code))
    decref(gen.gi_name)
    decref(gen.gi_qualname)
    xdecref(exc_item(gen).exc_value)
    PyObject_GC_Del(self)


@metal(inline=True)
def visit(o: Obj, visitor: ptr_t, data: ptr_t) -> int:
    """Py_VISIT."""
    if not o:
        return 0
    return call_pointer("i32", visitor, o, data)


@metal
def visit_frame(frame: Frame, visitor: ptr_t, data: ptr_t) -> int:
    """Visit what a resting frame owns."""
    iframe = frame.iframe
    code = frame.code
    status = visit(cast(Obj, iframe.frame_obj), visitor, data)
    if status == 0:
        status = visit(iframe.f_locals, visitor, data)
    if status == 0:
        status = visit(cast(Obj, iframe.f_func), visitor, data)
    if status == 0:
        status = visit(cast(Obj, iframe.f_code), visitor, data)
    slots = field_address(iframe, "localsplus")
    for i in range(code.nlocalsplus):
        if status == 0:
            status = visit(slots[i], visitor, data)
    regs = frame.regs
    for i in range(code.nregs):
        if status == 0 and regs[i].tag == OBJECT:
            status = visit(regs[i].object, visitor, data)
    return status


@metal
def generator_traverse(self: Obj, visitor: ptr_t, data: ptr_t) -> int:
    """tp_traverse; a running frame's registers count as held from outside."""
    gen = cast(Gen, self)
    status = visit(cast(Obj, gen.gi_code), visitor, data)
    if status == 0:
        status = visit(gen.gi_name, visitor, data)
    if status == 0:
        status = visit(gen.gi_qualname, visitor, data)
    if status == 0 and self.ob_type == FireAsyncGenerator_Type:
        status = visit(gen.gi_origin_or_finalizer, visitor, data)
    if status == 0:
        status = visit(exc_item(gen).exc_value, visitor, data)
    if status == 0 and gen.gi_frame_state < FRAME_EXECUTING:
        status = visit_frame(generator_frame(self), visitor, data)
    return status


# ----------------------------------------------------------------------------------------- getters
@metal
def get_delegate(self: Obj, closure: ptr_t) -> Obj:
    """gi_yieldfrom, cr_await, ag_await."""
    o = delegate_of(cast(Gen, self))
    return new_ref(o if o else Py_None)


@metal
def get_frame(self: Obj, name: str_p) -> Obj:
    """gi_frame, cr_frame, ag_frame; `name` is the attribute's."""
    gen = cast(Gen, self)
    if PySys_Audit("object.__getattr__", "Os", self, name) < 0:
        return None
    if gen.gi_frame_state >= FRAME_CLEARED:
        return new_ref(Py_None)
    thread = current_thread()
    if not thread:
        return None
    return frame_object_of(thread.ts, iframe_of(gen))


@metal
def frame_object_of(ts: ThreadState, iframe: InterpreterFrame) -> Obj:
    """The frame object of a host frame, made if there is none; new or NULL."""
    cframe = ts.cframe
    current = cframe.current_frame
    cframe.current_frame = iframe
    object = cast(Obj, PyThreadState_GetFrame(ts))
    cframe.current_frame = current
    if not object and not PyErr_Occurred():
        PyErr_NoMemory()
    return object


# ------------------------------------------------------------------------------------------- types
generator_methods = Static("fire_generator_methods", LAYOUTS["MethodDef"], 4)
generator_getset = Static("fire_generator_getset", LAYOUTS["GetSetDef"], 4)
coroutine_getset = Static("fire_coroutine_getset", LAYOUTS["GetSetDef"], 4)
async_generator_getset = Static("fire_async_generator_getset", LAYOUTS["GetSetDef"], 4)
generator_async = Static("fire_generator_async", LAYOUTS["AsyncMethods"])


@metal
def define_method(method: MethodDef, name: str_p, function: ptr_t, flags: int):
    method.ml_name = name
    method.ml_meth = function
    method.ml_flags = flags


@metal
def define_getters(table: GetSetDef, delegate: str_p, frame: str_p):
    """__class__, the attribute for the delegate, the one for the frame."""
    table.name = "__class__"
    table.get = get_public_class
    table[1].name = delegate
    table[1].get = get_delegate
    table[2].name = frame
    table[2].get = get_frame
    table[2].closure = frame


@metal
def init_generator_common(t: TypeObject, base: TypeObject, getters: GetSetDef):
    """What the three types share."""
    init_type(t, base, GEN_BASIC, 0)
    t.tp_itemsize = 8
    t.tp_dealloc = generator_dealloc
    t.tp_traverse = generator_traverse
    t.tp_clear = None
    t.tp_finalize = generator_finalize
    t.tp_getset = getters


@metal
def await_generator(self: Obj) -> Obj:
    """am_await: only generators marked by types.coroutine can be awaited."""
    if cast(Gen, self).gi_code.co_flags & CO_ITERABLE_COROUTINE != 0:
        return new_ref(self)
    PyErr_SetString(PyExc_TypeError[0], "object generator can't be used in 'await' expression")
    return None


@metal
def init_generator_type() -> bool:
    define_method(generator_methods, "send", generator_send, METH_O)
    define_method(generator_methods[1], "throw", generator_throw, METH_FASTCALL)
    define_method(generator_methods[2], "close", generator_close, METH_NOARGS)
    define_getters(generator_getset, "gi_yieldfrom", "gi_frame")
    t = cast(TypeObject, FireGenerator_Type)
    init_generator_common(t, PyGen_Type, generator_getset)
    t.tp_methods = generator_methods
    t.tp_iternext = generator_next
    generator_async.am_send = generator_am_send
    t.tp_as_async = generator_async
    if PyType_Ready(t) < 0:
        return False
    generator_async.am_await = await_generator      # after PyType_Ready: there is no __await__ to be seen
    return True
