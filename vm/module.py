"""The extension module `firelang.vm._core`: its functions, and what is set up when it is imported."""
from __future__ import annotations

from ..codegen.metal import define_metal
from .baseline import *  # noqa: F403
from .builtins import *  # noqa: F403
from .code_memory import *  # noqa: F403
from .collector import *  # noqa: F403
from .digest import *  # noqa: F403
from .jit_support import *  # noqa: F403
from .memory import *  # noqa: F403

METH_VARARGS, METH_NOARGS, METH_O, METH_FASTCALL = 1, 4, 8, 0x80
ModuleDef = struct("ModuleDef", """refcnt:i64 type:ptr init:ptr index:i64 copy:ptr m_name:ptr m_doc:ptr m_size:i64
    m_methods:ptr m_slots:ptr m_traverse:ptr m_clear:ptr m_free:ptr""")
module_def = Static("core_module_def", ModuleDef)
METHODS = [("exec_code", "core_exec_code", METH_FASTCALL), ("adopt", "core_adopt", METH_O),
           ("set_translator", "core_set_translator", METH_O), ("stats", "core_stats", METH_NOARGS),
           ("call_outermost", "core_call_outermost", METH_FASTCALL), ("set_poll", "core_set_poll", METH_O),
           ("untraced", "core_untraced", METH_FASTCALL), ("switch_stacks", "core_switch_stacks", METH_NOARGS),
           ("jit_info", "core_jit_info", METH_NOARGS),
           ("code_record", "core_code_record", METH_O),
           ("peek", "core_peek", METH_FASTCALL), ("poke", "core_poke", METH_FASTCALL),
           ("object_at", "core_object_at", METH_O), ("set_hook", "core_set_hook", METH_FASTCALL),
           ("set_consumer", "core_set_consumer", METH_FASTCALL),
           ("find_collector", "core_find_collector", METH_FASTCALL), ("collected", "core_collected", METH_FASTCALL),
           ("baseline", "core_baseline", METH_FASTCALL), ("digest", "core_digest", METH_O),
           ("untrack", "core_untrack", METH_O), ("use_huge_pages", "core_use_huge_pages", METH_O),
           ("reserve_pages", "core_reserve_pages", METH_O), ("set_rights", "core_set_rights", METH_FASTCALL),
           ("discard_pages", "core_discard_pages", METH_FASTCALL),
           ("clear_memory", "core_clear_memory", METH_FASTCALL), ("symbol", "core_symbol", METH_O)]
module_methods = Static("core_methods", LAYOUTS["MethodDef"], len(METHODS) + 1)


@metal
def core_set_translator(module: Obj, translator: Obj) -> Obj:
    """set_translator(f): f(code) -> Program translates a code object at its first call."""
    copy_field(field_address(state, "translator"), translator)
    return new_ref(Py_None)


@metal
def core_set_poll(module: Obj, function: Obj) -> Obj:
    """set_poll(f): an ordinary function of the host that does nothing."""
    copy_field(field_address(state, "poll_function"), function)
    return new_ref(Py_None)


@metal
def core_untraced(module: Obj, args: obj_p, nargs: int) -> Obj:
    """untraced(f, *args): f(*args) unseen by tracers and profilers."""
    if nargs < 1:
        PyErr_SetString(PyExc_TypeError[0], "untraced(f, *args)")
        return None
    ts = PyThreadState_Get()
    PyThreadState_EnterTracing(ts)
    result = PyObject_Vectorcall(args[0], args + 1, nargs - 1, None)
    PyThreadState_LeaveTracing(ts)
    return result


@metal
def core_switch_stacks(module: Obj, unused: Obj) -> Obj:
    """switch_stacks(): from now on something may exchange C stacks; see vm/frames.py."""
    state.switching = 1
    state.last_ts = None
    return new_ref(Py_None)


@metal
def core_adopt(module: Obj, function: Obj) -> Obj:
    """adopt(function): a VM function made from a function of the host."""
    if PyType_IsSubtype(function.ob_type, PyFunction_Type) == 0:
        PyErr_Format(PyExc_TypeError[0], "a function is needed, not %.100s", function.ob_type.tp_name)
        return None
    return adopt_function(function)


@metal
def core_exec_code(module: Obj, args: obj_p, nargs: int) -> Obj:
    """exec_code(source, globals, locals=None): run a code object or text on the VM; its result."""
    if nargs < 2 or nargs > 3 or args[1].ob_type != PyDict_Type:
        return PyObject_Vectorcall(state.builtin_exec, args, nargs, None)       # which words the error
    locals = args[1]
    if nargs == 3 and args[2] != Py_None:
        locals = args[2]
    if PyDict_Contains(args[1], state.name_builtins) == 0:
        if PyDict_SetItem(args[1], state.name_builtins, PyEval_GetBuiltins()) < 0:
            return None
    code = compile_source(args[0], False)
    if not code:
        if PyErr_Occurred():
            return None
        return PyObject_Vectorcall(state.builtin_exec, args, nargs, None)
    result = run_code(code, args[1], locals)
    decref(code)
    return result


@metal
def core_call_outermost(module: Obj, args: obj_p, nargs: int) -> Obj:
    """call_outermost(f, *args): f(*args) with no calling frame to be seen, as at the start of a program."""
    if nargs < 1:
        PyErr_SetString(PyExc_TypeError[0], "call_outermost(f, *args)")
        return None
    ts = PyThreadState_Get()
    cframe = ts.cframe
    hidden = cframe.current_frame
    depth = ts.recursion_limit - ts.recursion_remaining
    cframe.current_frame = None
    ts.recursion_remaining = ts.recursion_limit
    if state.tracer_hidden != 0:                    # the program before this one left a tracer on
        PyThreadState_LeaveTracing(ts)
        state.tracer_hidden = 0
    tracing = traced(ts)
    if args[0].ob_type == PyCFunction_Type:         # counts for a level, of which a program is to know nothing
        ts.recursion_remaining = ts.recursion_limit + 1
    result = PyObject_Vectorcall(args[0], args + 1, nargs - 1, None)
    if traced(ts) and not tracing:                  # it does not see what comes after the program
        PyThreadState_EnterTracing(ts)
        state.tracer_hidden = 1
    cframe.current_frame = hidden
    ts.recursion_remaining = ts.recursion_limit - depth
    return result


@metal
def core_stats(module: Obj, unused: Obj) -> Obj:
    """stats(): counters of this process, by name."""
    d = PyDict_New()
    if not d:
        return None
    if (put_int(d, "functions_vm", state.functions_vm) and put_int(d, "functions_twin", state.functions_twin)
            and PyDict_SetItemString(d, "twin_reasons", state.twin_reasons) == 0):
        return d
    decref(d)
    return None


NAMES = {"name_init": "__init__", "name_builtins": "__builtins__", "name_name": "name", "name_enter": "__enter__",
         "name_exit": "__exit__", "name_aenter": "__aenter__", "name_aexit": "__aexit__", "name_anext": "__anext__",
         "name_build_class": "__build_class__", "name_annotations": "__annotations__", "name_all": "__all__",
         "name_dict": "__dict__", "name_import": "__import__",
         "name_spec": "__spec__", "name_initializing": "_initializing", "name_match_args": "__match_args__",
         "name_get": "get", "name_contains": "__contains__",
         "name_getitem": "__getitem__", "name_setitem": "__setitem__", "name_prepare": "__prepare__",
         "name_metaclass": "metaclass",
         "name_orig_bases": "__orig_bases__", "name_mro_entries": "__mro_entries__",
         "name_close": "close", "name_throw": "throw", "name_send": "send",
         "name_split": "split", "name_new": "__new__",
         "name_module_name": "__name__",
         "name_lstrip": "lstrip", "blanks": " \t", "string_name": "<string>", "mode_eval": "eval",
         "mode_exec": "exec", "name_dunder_class": "__class__", "empty_string": "",
         "unknown_module": "<unknown module name>",
         "name_init_subclass": "__init_subclass__",
         "name_class_getitem": "__class_getitem__", "name_subclasses": "__subclasses__",
         "name_derive": "derive", "name_doc": "__doc__", "name_descr_get": "__get__", "name_notes": "__notes__",
         "name_call": "__call__", "name_setattr": "__setattr__"}
BUILTINS = {"builtin_exec": "exec", "builtin_eval": "eval", "builtin_locals": "locals", "builtin_vars": "vars",
            "builtin_dir": "dir", "builtin_build_class": "__build_class__",
            "builtin_compile": "compile",
            "builtin_import": "__import__"}


@metal
def intern_name(slot: obj_p, text: str_p) -> bool:
    slot[0] = PyUnicode_InternFromString(text)
    return cast(VOID_P, slot[0]) != None


@metal
def find_builtin(slot: obj_p, name: str_p) -> bool:
    found = PyDict_GetItemString(PyEval_GetBuiltins(), name)
    if not found:
        PyErr_Format(PyExc_SystemError[0], "fire: no builtin %s", name)
        return False
    slot[0] = new_ref(found)
    return True


def _table(name: str, rows: dict, each) -> None:
    """Stamp out a function that applies `each(address of state field, text)` to every row."""
    lines = [f"@metal(name='{name}')", f"def {name}() -> bool:"]
    for field, text in rows.items():
        lines.append(f"    if not {each}(field_address(state, {field!r}), {text!r}):\n        return False")
    lines.append("    return True")
    define_metal("\n".join(lines), name, globals())


_table("init_names", NAMES, "intern_name")
_table("init_builtins", BUILTINS, "find_builtin")


@metal
def init_state() -> bool:
    """Everything the VM needs of the process; False with an exception."""
    set_aside()
    jit.loop_threshold = NEVER_HOT
    jit.call_threshold = NEVER_HOT
    ts = PyThreadState_Get()
    state.eval_breaker = cast(i32p, byte_offset(cast(VOID_P, ts.interp), EVAL_BREAKER))
    state.next_keys_version = 0x80000000
    state.extra_index = _PyEval_RequestCodeExtraIndex(free_code)
    state.object_new = cast(TypeObject, PyBaseObject_Type).tp_new
    state.empty_tuple = PyTuple_New(0)
    state.twin_reasons = PyDict_New()
    state.blank_bytes = PyBytes_FromStringAndSize(" \t", 2)
    if state.extra_index < 0 or not init_ints() or not state.empty_tuple or not state.twin_reasons:
        return False
    return (init_names() and init_characters() and init_operators() and init_builtins() and init_known()
            and init_type_new() and init_group_methods())


def _define_methods() -> None:
    lines = ["@metal(name='init_methods')", "def init_methods():"]
    for index, (name, function, flags) in enumerate(METHODS):
        lines.append(f"    m{index} = module_methods[{index}]\n    m{index}.ml_name = {name!r}\n"
                     f"    m{index}.ml_meth = {function}\n    m{index}.ml_flags = {flags}")
    define_metal("\n".join(lines), "init_methods", globals())


_define_methods()


@metal(export=True, name="PyInit__core")
def init_core() -> Obj:
    """What the import system calls."""
    if not init_state() or not init_function_type() or not init_frame_hooks() or not init_generator_types():
        return None
    init_methods()
    module_def.refcnt = 1
    module_def.m_name = "firelang.vm._core"
    module_def.m_size = -1
    module_def.m_methods = module_methods
    return PyModule_Create2(module_def, 1013)
