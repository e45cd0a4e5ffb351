"""BaseExceptionGroup.split and .subgroup with a function of the VM as condition.

    group.split(lambda e: isinstance(e, OSError))

The host takes a function here only if it is of its own exact type, so both methods are entered through ours,
which hand over an equal function of the host's.
"""
from __future__ import annotations

from .type_new import *  # noqa: F403


@metal
def host_function(o: Obj) -> Obj:
    """An equal function of the host's own type; new reference or NULL."""
    old = Function(o)
    made = PyFunction_NewWithQualName(cast(Obj, old.func_code), old.func_globals, old.func_qualname)
    if made:
        new = Function(made)
        copy_field(field_address(new, "func_defaults"), old.func_defaults)
        copy_field(field_address(new, "func_kwdefaults"), old.func_kwdefaults)
        copy_field(field_address(new, "func_closure"), old.func_closure)
    return made


@metal
def with_host_function(method: ptr_t, group: Obj, args: Obj) -> Obj:
    """Call the host's method, its one argument a function of the host where it is one of ours."""
    if VarObj(args).ob_size != 1 or field_address(Tuple(args), "ob_item")[0].ob_type != FireFunction_Type:
        return call_pointer("Obj", method, group, args)
    function = host_function(field_address(Tuple(args), "ob_item")[0])
    if not function:
        return None
    result: Obj = None
    passed = PyTuple_Pack(1, function)
    decref(function)
    if passed:
        result = call_pointer("Obj", method, group, passed)
        decref(passed)
    return result


@metal
def fire_group_split(group: Obj, args: Obj) -> Obj:
    return with_host_function(state.group_split, group, args)


@metal
def fire_group_subgroup(group: Obj, args: Obj) -> Obj:
    return with_host_function(state.group_subgroup, group, args)


@metal
def enter_through(name: str_p, ours: ptr_t) -> ptr_t:
    """Put our function into one of the class's methods; what stood there, NULL with an exception."""
    kind = cast(TypeObject, PyExc_BaseExceptionGroup[0])
    method = PyDict_GetItemString(kind.tp_dict, name)
    if not method or method.ob_type != PyMethodDescr_Type:
        PyErr_Format(PyExc_SystemError[0], "fire: no BaseExceptionGroup.%s", name)
        return None
    definition = cast(MethodDescr, method).d_method
    theirs = definition.ml_meth
    if definition.ml_flags != 1:                # METH_VARARGS
        PyErr_Format(PyExc_SystemError[0], "fire: BaseExceptionGroup.%s takes arguments another way", name)
        return None
    definition.ml_meth = ours
    return theirs


@metal
def init_group_methods() -> bool:
    """Called once when the core is set up."""
    state.group_split = enter_through("split", fire_group_split)
    state.group_subgroup = enter_through("subgroup", fire_group_subgroup)
    return state.group_split and state.group_subgroup
