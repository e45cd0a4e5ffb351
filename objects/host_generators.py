"""The host's generator types, taught to hand objects of ours over.

`type(gen)` is the host's type, so `type(gen).send(gen, x)` reaches the host's own method with an object of
ours, whose frame the host must not run. Each function of the host's types that would is replaced, in the
method table, getter table or slot wrapper it stands in, by one that asks first whose object it got.
"""
from __future__ import annotations

from .async_steps import *  # noqa: F403

HostFunctions = struct("HostFunctions", """send:ptr throw:ptr close:ptr asend:ptr athrow:ptr aclose:ptr
    next:ptr await:ptr anext:ptr finalize:ptr delegate:ptr""")
originals = Static("fire_host_functions", HostFunctions)


@metal(inline=True)
def is_ours(o: Obj) -> bool:
    kind = o.ob_type
    return kind == FireGenerator_Type or kind == FireCoroutine_Type or kind == FireAsyncGenerator_Type


def of_self(name: str, ours):
    """What stands in for the host's function `name`, which takes the object alone."""
    @metal(name=f"host_{name}")
    def host(self: Obj) -> Obj:
        if is_ours(self):
            return ours(self)
        return call_pointer("Obj", field_address(originals, name)[0], self)
    return host


def with_one(name: str, ours):
    """The same with one argument."""
    @metal(name=f"host_{name}")
    def host(self: Obj, argument: Obj) -> Obj:
        if is_ours(self):
            return ours(self, argument)
        return call_pointer("Obj", field_address(originals, name)[0], self, argument)
    return host


def with_array(name: str, ours):
    """The same with an array of arguments."""
    @metal(name=f"host_{name}")
    def host(self: Obj, args: obj_p, nargs: int) -> Obj:
        if is_ours(self):
            return ours(self, args, nargs)
        return call_pointer("Obj", field_address(originals, name)[0], self, args, nargs)
    return host


host_send, host_close = with_one("send", generator_send), with_one("close", generator_close)
host_throw = with_array("throw", generator_throw)
host_asend, host_athrow = with_one("asend", agen_asend), with_one("athrow", agen_athrow)
host_aclose, host_delegate = with_one("aclose", agen_aclose), with_one("delegate", get_delegate)
host_next, host_anext = of_self("next", generator_next), of_self("anext", agen_anext)
host_await = of_self("await", coroutine_await)


@metal
def host_finalize(self: Obj):
    if is_ours(self):
        generator_finalize(self)
    else:
        call_pointer("void", originals.finalize, self)


@metal
def replace_method(kind: TypeObject, name: str_p, original: ptr_p, ours: ptr_t):
    """In the type's method table."""
    method = cast(MethodDef, kind.tp_methods)
    while method.ml_name:
        if strcmp(method.ml_name, name) == 0:
            original[0] = method.ml_meth
            method.ml_meth = ours
        method = method + 1


@metal
def replace_getter(kind: TypeObject, name: str_p, original: ptr_p, ours: ptr_t):
    """In the type's table of getters."""
    getset = cast(GetSetDef, kind.tp_getset)
    while getset.name:
        if strcmp(getset.name, name) == 0:
            original[0] = getset.get
            getset.get = ours
        getset = getset + 1


@metal
def replace_slot(kind: TypeObject, name: str_p, original: ptr_p, ours: ptr_t):
    """In the wrapper of a slot; the slot itself stays: objects of ours do not use it."""
    found = PyDict_GetItemString(kind.tp_dict, name)
    if found and found.ob_type == PyWrapperDescr_Type:
        original[0] = cast(WrapperDescr, found).d_wrapped
        cast(WrapperDescr, found).d_wrapped = ours


@metal
def replace_common(kind: TypeObject, delegate: str_p):
    """What all three types have, and what generators and coroutines share."""
    replace_method(kind, "send", field_address(originals, "send"), host_send)
    replace_method(kind, "throw", field_address(originals, "throw"), host_throw)
    replace_method(kind, "close", field_address(originals, "close"), host_close)
    replace_slot(kind, "__del__", field_address(originals, "finalize"), host_finalize)
    replace_getter(kind, delegate, field_address(originals, "delegate"), host_delegate)


@metal
def init_host_generators() -> bool:
    """Once, at start."""
    replace_common(PyGen_Type, "gi_yieldfrom")
    replace_common(PyCoro_Type, "cr_await")
    replace_common(PyAsyncGen_Type, "ag_await")
    replace_slot(PyGen_Type, "__next__", field_address(originals, "next"), host_next)
    replace_slot(PyCoro_Type, "__await__", field_address(originals, "await"), host_await)
    replace_slot(PyAsyncGen_Type, "__anext__", field_address(originals, "anext"), host_anext)
    replace_method(PyAsyncGen_Type, "asend", field_address(originals, "asend"), host_asend)
    replace_method(PyAsyncGen_Type, "athrow", field_address(originals, "athrow"), host_athrow)
    replace_method(PyAsyncGen_Type, "aclose", field_address(originals, "aclose"), host_aclose)
    if originals.send and originals.next and originals.close and originals.anext and originals.aclose:
        return True
    PyErr_SetString(PyExc_SystemError[0], "fire: the host's generator types are not as expected")
    return False
