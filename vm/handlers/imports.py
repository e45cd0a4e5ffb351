"""Imports, and two statements that belong to modules: the REPL's echo and annotations.

    IMPORT_NAME r5 = r5 name       level in r5, fromlist in r6
    IMPORT_FROM r6 = r5 name       the attribute, else the submodule in sys.modules
"""
from __future__ import annotations

from .items import *  # noqa: F403


@metal
def import_by_call(importer: Obj, frame: Frame, name: Obj, level: Obj, fromlist: Obj) -> Obj:
    """Somebody replaced builtins.__import__: call that."""
    args = stack("Obj", 5)
    args[0] = name
    args[1] = frame.iframe.f_globals
    args[2] = frame.iframe.f_locals if frame.iframe.f_locals else Py_None
    args[3] = fromlist
    args[4] = level
    incref(importer)
    module = PyObject_Vectorcall(importer, args, 5, None)
    decref(importer)
    return module


@metal
def import_name(frame: Frame, pc: u64p, base: Reg, name: Obj) -> Obj:
    """The import statement; new reference or NULL."""
    sync(frame, pc)
    level = boxed(base)
    fromlist = boxed(base[1])
    if not level or not fromlist:
        return None
    iframe = frame.iframe
    importer = PyDict_GetItemWithError(iframe.f_builtins, state.name_import)
    if not importer:
        if not PyErr_Occurred():
            PyErr_SetString(PyExc_ImportError[0], "__import__ not found")
        return None
    if importer != state.builtin_import:
        return import_by_call(importer, frame, name, level, fromlist)
    depth = PyLong_AsLong(level)
    if depth == -1 and PyErr_Occurred():
        return None
    locals = iframe.f_locals if iframe.f_locals else Py_None
    return PyImport_ImportModuleLevelObject(name, iframe.f_globals, locals, fromlist, depth)


@handler("IMPORT_NAME")
def IMPORT_NAME():
    module = import_name(frame, pc, rb, name_at(frame, C))
    if unlikely(not module):
        return tail("ERROR")
    drop_range(rb, 2)
    set_object(ra, module)


# ------------------------------------------------------------------------------- from m import name
@metal
def is_text(o: Obj) -> bool:
    """Whether an object is a str, subclasses included."""
    return o.ob_type.tp_flags & (1 << 28) != 0


@metal
def is_initializing(module: Obj) -> bool:
    """Whether the module's spec says that its import is still under way; never raises."""
    spec = PyObject_GetAttr(module, state.name_spec)
    running = False
    if spec:
        flag = PyObject_GetAttr(spec, state.name_initializing)
        if flag:
            running = PyObject_IsTrue(flag) > 0
            decref(flag)
        decref(spec)
    PyErr_Clear()
    return running


@metal
def cannot_import(module: Obj, package: Obj, name: Obj):
    """ImportError for a missing name; `package` is the module's name or NULL."""
    PyErr_Clear()
    shown = package if package else state.unknown_module
    path = PyModule_GetFilenameObject(module)
    message: Obj = None
    if not path or not is_text(path):
        PyErr_Clear()
        xdecref(path)
        path = None
        message = PyUnicode_FromFormat("cannot import name %R from %R (unknown location)", name, shown)
    elif is_initializing(module):
        message = PyUnicode_FromFormat("cannot import name %R from partially initialized module %R "
                                       "(most likely due to a circular import) (%S)", name, shown, path)
    else:
        message = PyUnicode_FromFormat("cannot import name %R from %R (%S)", name, shown, path)
    PyErr_SetImportError(message, package, path)
    xdecref(message)
    xdecref(path)


@metal
def import_from(frame: Frame, pc: u64p, r: Reg, name: Obj) -> Obj:
    """module.name, else the submodule of that name (a circular import has not set it yet); new or NULL."""
    sync(frame, pc)
    module = boxed(r)
    if not module:
        return None
    found = stack("Obj", 1)
    if _PyObject_LookupAttr(module, name, found) != 0:
        return found[0]
    package = PyObject_GetAttr(module, state.name_module_name)
    if package and not is_text(package):
        decref(package)
        package = None
    value: Obj = None
    if package:
        full = PyUnicode_FromFormat("%U.%U", package, name)
        if full:
            value = PyImport_GetModule(full)
            decref(full)
        if value or PyErr_Occurred():
            decref(package)
            return value
    cannot_import(module, package, name)
    xdecref(package)
    return None


@handler("IMPORT_FROM")
def IMPORT_FROM():
    value = import_from(frame, pc, rb, name_at(frame, C))
    if unlikely(not value):
        return tail("ERROR")
    o = take(rb, ins, CONSUME_B)
    set_object(ra, value)
    xdecref(o)


# ---------------------------------------------------------------------------------- from m import *
@metal(cold=True)
def star_name_error(module: Obj, name: Obj, public_only: bool):
    """A key of __dict__ or an item of __all__ is no string."""
    owner = PyObject_GetAttr(module, state.name_module_name)
    if not owner:
        return
    if not is_text(owner):
        PyErr_Format(PyExc_TypeError[0], "module __name__ must be a string, not %.100s",
                     owner.ob_type.tp_name)
    elif public_only:
        PyErr_Format(PyExc_TypeError[0], "Key in %U.__dict__ must be str, not %.100s",
                     owner, name.ob_type.tp_name)
    else:
        PyErr_Format(PyExc_TypeError[0], "Item in %U.__all__ must be str, not %.100s",
                     owner, name.ob_type.tp_name)
    decref(owner)


@metal
def import_one(locals: Obj, module: Obj, name: Obj, public_only: bool) -> bool:
    """Copy one name of `import *`."""
    if not is_text(name):
        star_name_error(module, name, public_only)
        return False
    if public_only and Ascii(name).length > 0 and PyUnicode_ReadChar(name, 0) == 95:
        return True
    value = PyObject_GetAttr(module, name)
    if not value:
        return False
    failed = PyDict_SetItem(locals, name, value) if locals.ob_type == PyDict_Type \
        else PyObject_SetItem(locals, name, value)
    decref(value)
    return failed == 0


@metal
def star_names(module: Obj, public_only: int_out) -> Obj:
    """__all__, or the keys of __dict__ (then only public names count); new reference or NULL."""
    found = stack("Obj", 1)
    public_only[0] = 0
    if _PyObject_LookupAttr(module, state.name_all, found) != 0:
        return found[0]
    if _PyObject_LookupAttr(module, state.name_dict, found) < 0:
        return None
    if not found[0]:
        PyErr_SetString(PyExc_ImportError[0], "from-import-* object has no __dict__ and no __all__")
        return None
    public_only[0] = 1
    names = PyMapping_Keys(found[0])
    decref(found[0])
    return names


@metal
def import_all(locals: Obj, module: Obj) -> bool:
    """Copy every name, asking for items one after the other as long as there are some."""
    public_only = stack("i64", 1)
    names = star_names(module, public_only)
    if not names:
        return False
    index = 0
    done = True
    while done:
        name = PySequence_GetItem(names, index)
        if not name:
            done = PyErr_ExceptionMatches(PyExc_IndexError[0]) != 0
            if done:
                PyErr_Clear()
            break
        done = import_one(locals, module, name, public_only[0] != 0)
        decref(name)
        index = index + 1
    decref(names)
    return done


@metal
def import_star(frame: Frame, pc: u64p, r: Reg) -> bool:
    sync(frame, pc)
    locals = frame.iframe.f_locals
    if not locals:
        PyErr_SetString(PyExc_SystemError[0], "no locals found during 'import *'")
        return False
    return import_all(locals, boxed(r))


@handler("IMPORT_STAR")
def IMPORT_STAR():
    if unlikely(not import_star(frame, pc, ra)):
        return tail("ERROR")
    xdecref(take(ra, ins, CONSUME_A))


# ---------------------------------------------------------------------------- of modules, otherwise
@metal
def print_expr(frame: Frame, pc: u64p, r: Reg) -> bool:
    """Show a value as the interactive mode does."""
    sync(frame, pc)
    value = boxed(r)
    if not value:
        return False
    hook = PySys_GetObject("displayhook")
    if not hook:
        PyErr_SetString(PyExc_RuntimeError[0], "lost sys.displayhook")
        return False
    incref(hook)
    result = PyObject_CallOneArg(hook, value)
    decref(hook)
    xdecref(result)
    return cast(VOID_P, result) != None


@handler("PRINT_EXPR")
def PRINT_EXPR():
    if unlikely(not print_expr(frame, pc, ra)):
        return tail("ERROR")
    xdecref(take(ra, ins, CONSUME_A))


@metal
def setup_annotations(frame: Frame, pc: u64p) -> bool:
    """Give the namespace its __annotations__."""
    sync(frame, pc)
    locals = frame.iframe.f_locals
    if not locals:
        PyErr_SetString(PyExc_SystemError[0], "no locals found when setting up annotations")
        return False
    found = from_locals(locals, state.name_annotations)
    if not found:
        if PyErr_Occurred():
            return False
        found = PyDict_New()
        if not found:
            return False
        if PyObject_SetItem(locals, state.name_annotations, found) < 0:
            decref(found)
            return False
    decref(found)
    return True


@handler("SETUP_ANNOTATIONS")
def SETUP_ANNOTATIONS():
    if unlikely(not setup_annotations(frame, pc)):
        return tail("ERROR")
