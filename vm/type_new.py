"""type.__new__ for functions of the VM: __new__ becomes a staticmethod, __init_subclass__ and
__class_getitem__ become classmethods.

The host does this for its own function type only, and classes come from many places (class statements,
metaclasses, type(name, bases, dict), types.new_class), so the slot `tp_new` of `type` is ours: it wraps what
is there to wrap and goes on with the host's. Metaclasses that inherited the slot already get it too: the host
compares slots to tell whether type.__new__ may make an instance of a metaclass.
"""
from __future__ import annotations

from .entry import *  # noqa: F403


@metal
def plain_function(namespace: Obj, name: Obj) -> Obj:
    """namespace[name] if it is a function of the VM; borrowed or NULL."""
    value = PyDict_GetItemWithError(namespace, name)
    if value and value.ob_type == FireFunction_Type:
        return value
    return None


@metal
def wrap_entry(namespace: Obj, name: Obj, wrapper: TypeObject) -> bool:
    """namespace[name] = wrapper(namespace[name]) for a function of the VM."""
    function = plain_function(namespace, name)
    if not function:
        return cast(VOID_P, PyErr_Occurred()) == None
    wrapped = PyObject_CallOneArg(cast(Obj, wrapper), function)
    if not wrapped:
        return False
    failed = PyDict_SetItem(namespace, name, wrapped)
    decref(wrapped)
    return failed == 0


@metal
def wrapped_namespace(namespace: Obj) -> Obj:
    """A copy with the three methods wrapped; new reference or NULL."""
    made = PyDict_Copy(namespace)
    if not made:
        return None
    if (wrap_entry(made, state.name_new, PyStaticMethod_Type)
            and wrap_entry(made, state.name_init_subclass, PyClassMethod_Type)
            and wrap_entry(made, state.name_class_getitem, PyClassMethod_Type)):
        return made
    decref(made)
    return None


@metal
def needs_wrapping(namespace: Obj) -> bool:
    if PyType_IsSubtype(namespace.ob_type, PyDict_Type) == 0:
        return False
    return (plain_function(namespace, state.name_new) or plain_function(namespace, state.name_init_subclass)
            or plain_function(namespace, state.name_class_getitem))


@metal
def fire_type_new(meta: TypeObject, args: Obj, keywords: Obj) -> Obj:
    """The slot."""
    items = field_address(Tuple(args), "ob_item")
    if VarObj(args).ob_size != 3 or not needs_wrapping(items[2]):
        return call_pointer("Obj", state.type_new, meta, args, keywords)
    namespace = wrapped_namespace(items[2])
    if not namespace:
        return None
    made: Obj = None
    passed = PyTuple_Pack(3, items[0], items[1], namespace)
    if passed:
        made = call_pointer("Obj", state.type_new, meta, passed, keywords)
        decref(passed)
    decref(namespace)
    return made


@metal
def patch_metaclass(meta: TypeObject) -> bool:
    """Put the slot into a metaclass that has the host's, and into those derived from it."""
    if meta.tp_new == state.type_new:
        meta.tp_new = fire_type_new
    derived = PyObject_CallMethodObjArgs(cast(Obj, PyType_Type), state.name_subclasses, meta, cast(VOID_P, 0))
    if not derived:
        return False
    done = True
    for i in range(VarObj(derived).ob_size):
        if not patch_metaclass(cast(TypeObject, List(derived).ob_item[i])):
            done = False
    decref(derived)
    return done


@metal
def init_type_new() -> bool:
    """Called once when the core is set up."""
    kind = cast(TypeObject, PyType_Type)
    state.type_new = kind.tp_new
    return patch_metaclass(kind)
