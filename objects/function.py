"""Function objects: a subtype of the host's function type whose vectorcall enters the VM.

Everything the host knows about functions (inspect, functools, pickle, descriptors) holds for them; `__class__`
is the host's type. The host's interpreter inlines only the exact type, so it calls them through `vectorcall`.
"""
from __future__ import annotations

from ..vm.entry import *  # noqa: F403

DEFAULT_FLAGS = 1 << 18
# What the newest function took from its globals, good while these are as they were; borrowed from them.
Namespace = struct("Namespace", "globals:Obj version:i64 builtins:Obj module:Obj")
namespace = Static("fire_namespace", Namespace)


@metal
def globals_known(globals: Obj) -> bool:
    """Have `namespace` describe these globals; False with an exception."""
    if namespace.globals == globals and namespace.version == Dict(globals).ma_version_tag:
        return True
    found = PyDict_GetItemWithError(globals, state.name_builtins)
    if not found and PyErr_Occurred():
        return False
    builtins = found if found else PyEval_GetBuiltins()
    if builtins.ob_type == PyModule_Type:
        builtins = PyModule_GetDict(builtins)
    module = PyDict_GetItemWithError(globals, state.name_module_name)
    if not module and PyErr_Occurred():
        return False
    namespace.globals = globals if found else None               # else the builtins are those of the frame that runs
    namespace.version = Dict(globals).ma_version_tag
    namespace.builtins = builtins
    namespace.module = module
    return True


@metal
def new_function(host_code: Obj, globals: Obj) -> Obj:
    """A VM function without defaults or closure; new reference or NULL."""
    if not globals_known(globals):
        return None
    code = Code(host_code)
    function = cast(FireFunction, _PyObject_GC_New(cast(TypeObject, FireFunction_Type)))
    if not function:
        return None
    doc: Obj = Py_None
    if VarObj(code.co_consts).ob_size > 0:
        first: Obj = field_address(Tuple(code.co_consts), "ob_item")[0]
        if first.ob_type == PyUnicode_Type:
            doc = first
    function.func_globals = new_ref(globals)
    function.func_builtins = new_ref(namespace.builtins)
    function.func_name = new_ref(code.co_name)
    function.func_qualname = new_ref(code.co_qualname)
    function.func_code = cast(Code, new_ref(host_code))
    function.func_defaults = None
    function.func_kwdefaults = None
    function.func_closure = None
    function.func_doc = new_ref(doc)
    function.func_dict = None
    function.func_weakreflist = None
    if namespace.module:
        incref(namespace.module)
    function.func_module = namespace.module
    function.func_annotations = None
    function.vectorcall = fire_vectorcall
    function.func_version = 0
    known = stack("ptr", 1)
    known[0] = None
    function.vmcode = None
    function.vmcode_of = None
    if _PyCode_GetExtra(host_code, state.extra_index, known) == 0 and known[0]:
        function.vmcode = cast(VMCode, known[0])
        function.vmcode_of = code
    PyObject_GC_Track(function)
    return cast(Obj, function)


@metal
def adopt_function(o: Obj) -> Obj:
    """A VM function with everything of a host function; new reference or NULL."""
    made = new_function(cast(Obj, Function(o).func_code), Function(o).func_globals)
    if not made:
        return None
    old = Function(o)
    new = Function(made)
    copy_field(field_address(new, "func_name"), old.func_name)
    copy_field(field_address(new, "func_qualname"), old.func_qualname)
    copy_field(field_address(new, "func_defaults"), old.func_defaults)
    copy_field(field_address(new, "func_kwdefaults"), old.func_kwdefaults)
    copy_field(field_address(new, "func_closure"), old.func_closure)
    copy_field(field_address(new, "func_doc"), old.func_doc)
    copy_field(field_address(new, "func_dict"), old.func_dict)
    copy_field(field_address(new, "func_module"), old.func_module)
    copy_field(field_address(new, "func_annotations"), old.func_annotations)
    return made


@metal
def adopted(function: Obj) -> Obj:
    """What types.FunctionType(...) gives to code on the VM; takes over the reference to a host function, or NULL."""
    if not function:
        return None
    made = adopt_function(function)
    decref(function)
    return made


@metal
def copy_field(slot: obj_p, value: Obj):
    """slot = value, counting both."""
    old = slot[0]
    if value:
        incref(value)
    slot[0] = value
    xdecref(old)


@metal
def public_type(t: TypeObject) -> Obj:
    """The host's type that stands for one of ours in `type(x)` and `x.__class__`."""
    if t == FireFunction_Type:
        return cast(Obj, PyFunction_Type)
    if t == FireGenerator_Type:
        return cast(Obj, PyGen_Type)
    if t == FireCoroutine_Type:
        return cast(Obj, PyCoro_Type)
    if t == FireAsyncGenerator_Type:
        return cast(Obj, PyAsyncGen_Type)
    return cast(Obj, t)


@metal
def get_public_class(self: Obj, closure: ptr_t) -> Obj:
    return new_ref(public_type(self.ob_type))


@metal
def function_reduce(self: Obj, protocol: Obj) -> Obj:
    """Pickled and copied by reference, like the host's functions."""
    return new_ref(Function(self).func_qualname)


@metal
def function_size(self: Obj, unused: Obj) -> Obj:
    """`__sizeof__`: what the host's functions take."""
    return PyLong_FromSsize_t(PyFunction_Type.tp_basicsize)


class_getset = Static("fire_class_getset", LAYOUTS["GetSetDef"], 2)
function_methods = Static("fire_function_methods", LAYOUTS["MethodDef"], 3)


@metal
def init_type(t: TypeObject, base: TypeObject, size: int, flags: int) -> bool:
    """Common part of our static types: named and laid out like `base`, whose slots they inherit."""
    obj = cast(Obj, t)
    obj.ob_refcnt = 1
    t.tp_name = base.tp_name
    t.tp_basicsize = size
    t.tp_itemsize = base.tp_itemsize
    t.tp_base = base
    t.tp_flags = DEFAULT_FLAGS | HAVE_GC | flags
    t.tp_dealloc = base.tp_dealloc
    t.tp_traverse = base.tp_traverse
    t.tp_clear = base.tp_clear
    t.tp_weaklistoffset = base.tp_weaklistoffset
    t.tp_dictoffset = base.tp_dictoffset
    t.tp_descr_get = base.tp_descr_get
    return True


@metal
def init_function_type() -> bool:
    t = cast(TypeObject, FireFunction_Type)
    init_type(t, PyFunction_Type, sizeof(FireFunction), HAVE_VECTORCALL | METHOD_DESCRIPTOR)
    t.tp_vectorcall_offset = 120
    t.tp_call = PyVectorcall_Call
    class_getset.name = "__class__"
    class_getset.get = get_public_class
    t.tp_getset = class_getset
    function_methods.ml_name = "__reduce_ex__"
    function_methods.ml_meth = function_reduce
    function_methods.ml_flags = 8
    function_methods[1].ml_name = "__sizeof__"
    function_methods[1].ml_meth = function_size
    function_methods[1].ml_flags = 4
    t.tp_methods = function_methods
    if PyType_Ready(t) < 0:
        return False
    return PyDict_DelItem(t.tp_dict, state.name_doc) == 0       # else it hides the functions' own
