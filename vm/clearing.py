"""Garbage in cycles that nothing has to be done for but to break the cycles.

    are_simply_cleared(list) -> True        no finalizers, no weak references
    clear_garbage(list, older)              what can be cleared is; what lives on is in the list `older`

The host goes over garbage three times more, to find out the same and whether finalizers have brought anything back.
"""
from __future__ import annotations

from ..codegen.metal import metal
from .cycles import *  # noqa: F403


@metal
def is_weakref(t: TypeObject) -> bool:
    """Whether objects of a type are weak references: the host sees to their callbacks."""
    if t == PyWeakProxy_Type or t == PyWeakCallableProxy_Type:
        return True
    return PyType_IsSubtype(t, PyWeakRef_Type) != 0


@metal(inline=True)
def is_simply_cleared(o: Obj) -> bool:
    """Whether nothing has to be done for a dying object but to clear it."""
    t = o.ob_type
    if t == PyTuple_Type or t == PyList_Type or t == PyDict_Type:
        return True
    if cast(VOID_P, t.tp_finalize) != None or cast(VOID_P, t.tp_del) != None:
        return False
    at = t.tp_weaklistoffset
    if at > 0:
        if cast(obj_p, byte_offset(cast(VOID_P, o), at))[0]:
            return False
    return cast(VOID_P, t.tp_traverse) == cycles.python_traverse and is_plain_instance(t) or not is_weakref(t)


@metal
def are_simply_cleared(list: links) -> bool:
    """Whether that goes for all objects of a list."""
    at = list[0]
    while at != address_int(list):
        if not is_simply_cleared(cast(Obj, cast(links, at) + 2)):
            return False
        at = cast(links, at)[0]
    return True


@metal
def clear_garbage(garbage: links, older: links):
    """Break the cycles as the host does, one object after the other. What lives on (a tuple cannot be cleared) may die
    later."""
    while garbage[0] != address_int(garbage):
        head = cast(links, garbage[0])
        o = cast(Obj, head + 2)
        clear = o.ob_type.tp_clear
        if cast(VOID_P, clear) != None:
            incref(o)
            call_pointer("i32", clear, o)
            if unlikely(PyErr_Occurred()):
                PyErr_WriteUnraisable(o)
            decref(o)
        if garbage[0] == address_int(head):
            move_to_end(head, older)
