"""Builtins that must know the VM: they look at the calling frame's locals or run code of their own.

`exec` and `eval` run on the VM when VM code calls them; `locals`, `vars`, `dir` and `super` see the caller's
locals, which are boxed into the host's part of the frame while they run.
"""
from __future__ import annotations

from .build_class import *  # noqa: F403


@metal
def special_builtin(frame: Frame, callable: Obj, args: obj_p, nargs: int, kwnames: Obj) -> Obj:
    """The call's result if `callable` is one of them; NULL without an exception: call it the usual way."""
    if callable == state.builtin_build_class:
        return build_class(frame, args, nargs, kwnames)
    if kwnames:
        return None
    if callable == state.builtin_exec or callable == state.builtin_eval:
        return run_source(frame, callable == state.builtin_eval, callable, args, nargs)
    if nargs == 0:
        if callable == state.builtin_locals or callable == state.builtin_vars or callable == state.builtin_dir:
            return with_locals(frame, callable, args, nargs)
    return None


@metal
def with_locals(frame: Frame, callable: Obj, args: obj_p, nargs: int) -> Obj:
    """Call with the frame's locals visible to the host."""
    if frame.code.flags & CO_OPTIMIZED == 0:
        return PyObject_Vectorcall(callable, args, nargs, None)
    if not publish_locals(frame):
        return None
    result = PyObject_Vectorcall(callable, args, nargs, None)
    withdraw_locals(frame.iframe, frame.code.nlocalsplus)
    return result


@metal
def current_locals(frame: Frame) -> Obj:
    """What locals() gives in the frame; borrowed, NULL with an exception."""
    if frame.code.flags & CO_OPTIMIZED == 0:
        return frame.iframe.f_locals
    if not publish_locals(frame):
        return None
    found = PyEval_GetLocals()
    withdraw_locals(frame.iframe, frame.code.nlocalsplus)
    return found


@metal
def compile_source(source: Obj, is_eval: bool) -> Obj:
    """A code object from what exec or eval got, or NULL (without an exception: not for us)."""
    if source.ob_type == PyCode_Type:
        if Code(source).co_nfreevars != 0:
            return None
        return new_ref(source)
    if source.ob_type != PyUnicode_Type and source.ob_type != PyBytes_Type:
        return None
    args = stack("Obj", 3)
    text = source
    incref(text)
    if is_eval:
        stripped = PyObject_CallMethodObjArgs(source, state.name_lstrip,
                                              state.blanks if source.ob_type == PyUnicode_Type else state.blank_bytes,
                                              cast(Obj, cast(VOID_P, 0)))
        decref(text)
        if not stripped:
            return None
        text = stripped
    args[0] = text
    args[1] = state.string_name
    args[2] = state.mode_eval if is_eval else state.mode_exec
    result = PyObject_Vectorcall(state.builtin_compile, args, 3, None)
    decref(text)
    return result


@metal
def run_source(frame: Frame, is_eval: bool, callable: Obj, args: obj_p, nargs: int) -> Obj:
    """exec(source, globals, locals) or eval(...), on the VM; odd arguments are left to the host."""
    if nargs < 1 or nargs > 3:
        return None
    globals: Obj = frame.iframe.f_globals
    locals: Obj = None
    given = nargs > 1 and args[1] != Py_None
    if given:
        globals = args[1]
        if globals.ob_type != PyDict_Type:
            return None
    if nargs == 3 and args[2] != Py_None:
        locals = args[2]
        if PyMapping_Check(locals) == 0:
            return None
    elif given:
        locals = globals
    else:
        locals = current_locals(frame)
        if not locals:
            return None
    if PyDict_Contains(globals, state.name_builtins) == 0:
        if PyDict_SetItem(globals, state.name_builtins, frame.iframe.f_builtins) < 0:
            return None
    incref(locals)
    code = compile_source(args[0], is_eval)
    if not code:
        decref(locals)
        if not PyErr_Occurred():
            return with_locals(frame, callable, args, nargs)
        return None
    result: Obj = None
    if PySys_Audit("exec", "O", code) == 0:
        result = run_code(code, globals, locals)
    decref(code)
    decref(locals)
    if result and not is_eval:
        decref(result)
        result = new_ref(Py_None)
    return result


@metal
def run_code(code: Obj, globals: Obj, locals: Obj) -> Obj:
    """Run a code object without free variables in a namespace; result new or NULL."""
    function = new_function(code, globals)
    if not function:
        return None
    result = exec_frame(function, locals)
    decref(function)
    return result


# ------------------------------------------------------------------------------------- super()
@metal
def cell_or_value(frame: Frame, index: int) -> Obj:
    """A local's object, through its cell if it has one; borrowed or NULL."""
    r = frame.regs[index]
    if r.tag == EMPTY:
        return None
    o = boxed(r)
    kinds = field_address(Bytes(Code(frame.code.code).co_localspluskinds), "ob_sval")
    if o and kinds[index] & 0xC0 != 0 and o.ob_type == PyCell_Type:
        return Cell(o).ob_ref
    return o


@metal
def class_of_frame(frame: Frame) -> Obj:
    """The `__class__` cell's value; borrowed or NULL."""
    host = Code(frame.code.code)
    names = field_address(Tuple(host.co_localsplusnames), "ob_item")
    for i in range(host.co_nlocalsplus - host.co_nfreevars, host.co_nlocalsplus):
        if names[i] == state.name_dunder_class:
            return cell_or_value(frame, i)
    return None


@metal
def call_super(frame: Frame) -> Obj:
    """super() without arguments; new reference or NULL."""
    args = stack("Obj", 2)
    if frame.code.argcount > 0:
        args[0] = class_of_frame(frame)
        args[1] = cell_or_value(frame, 0)
        if args[0] and args[1] and args[0].ob_type.tp_flags & (1 << 31) != 0:
            return PyObject_Vectorcall(cast(Obj, PySuper_Type), args, 2, None)
    return with_locals(frame, cast(Obj, PySuper_Type), args, 0)
