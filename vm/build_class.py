"""`class` statements: builtins.__build_class__ for bodies that run on the VM.

    class C(A, metaclass=M, x=1): body   ->   __build_class__(body function, "C", A, metaclass=M, x=1)

    bases      __mro_entries__ of what is no class        namespace   M.__prepare__(name, bases, x=1)
    metaclass  the most derived one                       the class   M(name, bases, namespace, x=1)

The body returns the cell of `__class__` (or None), which type.__new__ must have filled with the class.
"""
from __future__ import annotations

from .group_methods import *  # noqa: F403


@metal(inline=True)
def is_type(o: Obj) -> bool:
    """Whether an object is a class."""
    return o.ob_type.tp_flags & CLASS_FLAG != 0


@metal
def append_all(to: Obj, items: obj_p, count: int) -> bool:
    for i in range(count):
        if PyList_Append(to, items[i]) < 0:
            return False
    return True


@metal
def entries_of_base(base: Obj, bases: Obj, entries: obj_p) -> bool:
    """entries[0] = the tuple (new) that a base which is no class stands for, NULL: itself. False: error."""
    entries[0] = None
    if is_type(base):
        return True
    method = stack("Obj", 1)
    if _PyObject_LookupAttr(base, state.name_mro_entries, method) < 0:
        return False
    if not method[0]:
        return True
    found = PyObject_CallOneArg(method[0], bases)
    decref(method[0])
    if found and PyType_IsSubtype(found.ob_type, PyTuple_Type) == 0:
        PyErr_SetString(PyExc_TypeError[0], "__mro_entries__ must return a tuple")
        decref(found)
        return False
    entries[0] = found
    return cast(VOID_P, found) != None


@metal
def add_base(resolved: obj_p, bases: Obj, index: int) -> bool:
    """Resolve one base; the list in resolved[0] begins with the first base that is replaced."""
    items = field_address(Tuple(bases), "ob_item")
    entries = stack("Obj", 1)
    if not entries_of_base(items[index], bases, entries):
        return False
    if not entries[0]:
        return not resolved[0] or PyList_Append(resolved[0], items[index]) == 0
    if not resolved[0]:
        resolved[0] = PyList_New(0)
        if not resolved[0] or not append_all(resolved[0], items, index):
            decref(entries[0])
            return False
    added = append_all(resolved[0], field_address(Tuple(entries[0]), "ob_item"), VarObj(entries[0]).ob_size)
    decref(entries[0])
    return added


@metal
def resolve_bases(bases: Obj) -> Obj:
    """The tuple of actual bases: the same tuple where nothing is replaced; new reference or NULL."""
    resolved = stack("Obj", 1)
    resolved[0] = None
    for i in range(VarObj(bases).ob_size):
        if not add_base(resolved, bases, i):
            xdecref(resolved[0])
            return None
    if not resolved[0]:
        return new_ref(bases)
    made = PyList_AsTuple(resolved[0])
    decref(resolved[0])
    return made


@metal
def metaclass_of(bases: Obj, keywords: Obj) -> Obj:
    """The one asked for (taken out of the keywords) or the first base's, or one more derived; new."""
    meta: Obj = cast(Obj, PyType_Type)
    if VarObj(bases).ob_size > 0:
        meta = cast(Obj, field_address(Tuple(bases), "ob_item")[0].ob_type)
    if keywords:
        given = PyDict_GetItemWithError(keywords, state.name_metaclass)
        if not given and PyErr_Occurred():
            return None
        if given:
            meta = given
    incref(meta)
    if keywords and PyDict_Contains(keywords, state.name_metaclass) > 0:
        if PyDict_DelItem(keywords, state.name_metaclass) < 0:
            decref(meta)
            return None
    if not is_type(meta):
        return meta
    winner = cast(Obj, _PyType_CalculateMetaclass(cast(TypeObject, meta), bases))
    if winner:
        incref(winner)
    decref(meta)
    return winner


@metal
def prepare_namespace(meta: Obj, name: Obj, bases: Obj, keywords: Obj) -> Obj:
    """The mapping the body fills; new reference or NULL."""
    prepare = stack("Obj", 1)
    if _PyObject_LookupAttr(meta, state.name_prepare, prepare) < 0:
        return None
    if not prepare[0]:
        return PyDict_New()
    args = stack("Obj", 2)
    args[0] = name
    args[1] = bases
    namespace = PyObject_VectorcallDict(prepare[0], args, 2, keywords)
    decref(prepare[0])
    if namespace and PyMapping_Check(namespace) == 0:
        owner = cast(TypeObject, meta).tp_name if is_type(meta) else cast(VOID_P, "<metaclass>")
        PyErr_Format(PyExc_TypeError[0], "%.200s.__prepare__() must return a mapping, not %.200s", owner,
                     namespace.ob_type.tp_name)
        decref(namespace)
        return None
    return namespace


@metal
def cell_is_set(cell: Obj, name: Obj, made: Obj) -> bool:
    """Whether `__class__` refers to the class that was made; if not, an exception is set."""
    if not is_type(made) or cell.ob_type != PyCell_Type:
        return True
    value = Cell(cell).ob_ref
    if value == made:
        return True
    if value:
        PyErr_Format(PyExc_TypeError[0], "__class__ set to %.200R defining %.200R as %.200R",
                     value, name, made)
    else:
        PyErr_Format(PyExc_RuntimeError[0], "__class__ not set defining %.200R as %.200R. "
                     "Was __classcell__ propagated to type.__new__?", name, made)
    return False


@metal
def call_metaclass(meta: Obj, name: Obj, bases: Obj, namespace: Obj, keywords: Obj) -> Obj:
    args = stack("Obj", 3)
    args[0] = name
    args[1] = bases
    args[2] = namespace
    return PyObject_VectorcallDict(meta, args, 3, keywords)


@metal
def run_body(body: Obj, meta: Obj, name: Obj, given: Obj, bases: Obj, keywords: Obj) -> Obj:
    """Namespace, body, class; new reference or NULL. `given`: the bases as written."""
    namespace = prepare_namespace(meta, name, bases, keywords)
    if not namespace:
        return None
    made: Obj = None
    cell = exec_frame(body, namespace)
    if cell:
        if bases == given or PyObject_SetItem(namespace, state.name_orig_bases, given) == 0:
            made = call_metaclass(meta, name, bases, namespace, keywords)
        if made and not cell_is_set(cell, name, made):
            decref(made)
            made = None
        decref(cell)
    decref(namespace)
    return made


@metal
def make_class(body: Obj, name: Obj, given: Obj, keywords: Obj) -> Obj:
    """A class from its body (a VM function), bases as written and keywords (a dict of our own, or NULL)."""
    if name.ob_type.tp_flags & (1 << 28) == 0:
        PyErr_SetString(PyExc_TypeError[0], "__build_class__: name is not a string")
        return None
    bases = resolve_bases(given)
    if not bases:
        return None
    made: Obj = None
    meta = metaclass_of(bases, keywords)
    if meta:
        made = run_body(body, meta, name, given, bases, keywords)
        decref(meta)
    decref(bases)
    return made


# ------------------------------------------------------------------------------- the builtin's calls
@metal
def keyword_dict(kwnames: Obj, values: obj_p) -> Obj:
    """A dict of a call's keyword arguments; new reference or NULL."""
    made = PyDict_New()
    if not made:
        return None
    names = field_address(Tuple(kwnames), "ob_item")
    for i in range(VarObj(kwnames).ob_size):
        if PyDict_SetItem(made, names[i], values[i]) < 0:
            decref(made)
            return None
    return made


@metal
def build_class(frame: Frame, args: obj_p, nargs: int, kwnames: Obj) -> Obj:
    """__build_class__(body, name, *bases, **keywords); what has no body for the VM goes to the host."""
    if nargs < 2 or args[0].ob_type != FireFunction_Type:
        return PyObject_Vectorcall(state.builtin_build_class, args, nargs, kwnames)
    given = PyTuple_New(nargs - 2)
    if not given:
        return None
    items = field_address(Tuple(given), "ob_item")
    for i in range(nargs - 2):
        items[i] = new_ref(args[2 + i])
    keywords: Obj = None
    if kwnames:
        keywords = keyword_dict(kwnames, args + nargs)
    made: Obj = None
    if keywords or not kwnames:
        made = make_class(args[0], args[1], given, keywords)
    xdecref(keywords)
    decref(given)
    return made


@metal
def build_class_ex(args: Obj, kwargs: Obj) -> Obj:
    """The same for a call with an argument tuple and keyword dict: class C(*bases, **keywords)."""
    items = field_address(Tuple(args), "ob_item")
    if VarObj(args).ob_size < 2 or items[0].ob_type != FireFunction_Type:
        return PyObject_Call(state.builtin_build_class, args, kwargs)
    keywords = PyDict_Copy(kwargs)
    if not keywords:
        return None
    made: Obj = None
    given = PyTuple_GetSlice(args, 2, VarObj(args).ob_size)
    if given:
        made = make_class(items[0], items[1], given, keywords)
        decref(given)
    decref(keywords)
    return made
