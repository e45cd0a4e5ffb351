"""The C API that the virtual machine uses, one row a function.

    api("PyObject *PyList_New(Py_ssize_t)", "new", NULL)

Row: declaration; what the result is (new, borrowed, or plain); how it reports errors. Argument ownership is
`borrows` unless the row says which it steals. cffi parses the declarations; from them come the LLVM
declarations that compiled code calls through.
"""
from __future__ import annotations

import cffi

from ..codegen.metal import CFunction, CGlobal, pointer_to
from ..codegen.metal.types import Pointer
from .layouts import LAYOUTS

NULL = "NULL"           # error: the result is NULL
NEGATIVE = "-1"         # error: the result is -1
OCCURRED = "occurred"   # error: PyErr_Occurred must be asked
NEVER = "never"         # cannot fail

TYPEDEFS = """
typedef struct _object PyObject;  typedef struct _type PyTypeObject;  typedef struct _code PyCodeObject;
typedef struct _ts PyThreadState; typedef struct _frame PyFrameObject; typedef struct _is PyInterpreterState;
typedef struct _iframe IFrame;
typedef long Py_ssize_t; typedef long Py_hash_t; typedef unsigned long size_t;
"""
POINTER_KINDS = {"PyObject": "Obj", "PyTypeObject": "TypeObject", "PyCodeObject": "Code", "PyThreadState": "ThreadState",
                 "PyFrameObject": "FrameObject", "IFrame": "InterpreterFrame"}
ROWS: dict[str, tuple[str, str, str, str]] = {}


def api(declaration: str, result: str = "plain", error: str = NEVER, steals: str = "") -> None:
    """Add a row."""
    name = declaration.split("(")[0].split()[-1].lstrip("*")
    ROWS[name] = (declaration, result, error, steals)


# ------------------------------------------------------------------------------------------ numbers
api("PyObject *PyLong_FromLongLong(long long)", "new", NULL)
api("PyObject *PyLong_FromSsize_t(Py_ssize_t)", "new", NULL)
api("PyObject *PyLong_FromLong(long)", "new", NULL)
api("long long PyLong_AsLongLongAndOverflow(PyObject *, int *)", "plain", OCCURRED)
api("long PyLong_AsLong(PyObject *)", "plain", OCCURRED)
api("PyObject *PyFloat_FromDouble(double)", "new", NULL)
api("PyObject *PyComplex_FromDoubles(double, double)", "new", NULL)
api("PyObject *PyFloat_FromString(PyObject *)", "new", NULL)
api("PyObject *PyLong_FromUnicodeObject(PyObject *, int)", "new", NULL)
api("PyObject *PyBool_FromLong(long)", "new", NULL)
for _op in ["Add", "Subtract", "Multiply", "TrueDivide", "FloorDivide", "Remainder", "Lshift", "Rshift", "And", "Or", "Xor", "MatrixMultiply", "InPlaceAdd", "InPlaceSubtract", "InPlaceMultiply", "InPlaceTrueDivide", "InPlaceFloorDivide", "InPlaceRemainder", "InPlaceLshift", "InPlaceRshift", "InPlaceAnd", "InPlaceOr", "InPlaceXor", "InPlaceMatrixMultiply"]:
    api(f"PyObject *PyNumber_{_op}(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyNumber_Power(PyObject *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyNumber_InPlacePower(PyObject *, PyObject *, PyObject *)", "new", NULL)
for _op in ("Negative", "Positive", "Invert"):
    api(f"PyObject *PyNumber_{_op}(PyObject *)", "new", NULL)
api("PyObject *_PyLong_New(Py_ssize_t)", "new", NULL)
api("Py_ssize_t PyNumber_AsSsize_t(PyObject *, PyObject *)", "plain", OCCURRED)
# ------------------------------------------------------------------------------------------ objects
api("PyObject *PyObject_RichCompare(PyObject *, PyObject *, int)", "new", NULL)
api("int PyObject_RichCompareBool(PyObject *, PyObject *, int)", "plain", NEGATIVE)
api("int PyObject_IsTrue(PyObject *)", "plain", NEGATIVE)
api("int PyObject_Not(PyObject *)", "plain", NEGATIVE)
api("PyObject *PyObject_GetAttr(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyObject_GenericGetAttr(PyObject *, PyObject *)", "new", NULL)
api("int PyObject_GenericSetAttr(PyObject *, PyObject *, PyObject *)", "plain", NEGATIVE)
api("PyObject *PyObject_GetAttrString(PyObject *, const char *)", "new", NULL)
api("int PyObject_SetAttr(PyObject *, PyObject *, PyObject *)", "plain", NEGATIVE)
api("int _PyObject_LookupAttr(PyObject *, PyObject *, PyObject **)", "plain", NEGATIVE)
api("int _PyObject_GetMethod(PyObject *, PyObject *, PyObject **)", "plain", NEVER)
api("PyObject *PyObject_GetItem(PyObject *, PyObject *)", "new", NULL)
api("int PyObject_SetItem(PyObject *, PyObject *, PyObject *)", "plain", NEGATIVE)
api("int PyObject_DelItem(PyObject *, PyObject *)", "plain", NEGATIVE)
api("Py_ssize_t PyObject_Size(PyObject *)", "plain", NEGATIVE)
api("Py_hash_t PyObject_Hash(PyObject *)", "plain", NEGATIVE)
api("PyObject *PyObject_GetIter(PyObject *)", "new", NULL)
api("PyObject *PyObject_Format(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyObject_Str(PyObject *)", "new", NULL)
api("PyObject *PyObject_Repr(PyObject *)", "new", NULL)
api("PyObject *PyObject_ASCII(PyObject *)", "new", NULL)
api("PyObject *PyObject_Dir(PyObject *)", "new", NULL)
api("int PyObject_IsInstance(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int PyObject_IsSubclass(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int PyCallable_Check(PyObject *)")
api("void PyObject_ClearWeakRefs(PyObject *)")
api("int PyObject_CallFinalizerFromDealloc(PyObject *)")
api("void _Py_Dealloc(PyObject *)")
api("int PyIter_Check(PyObject *)")
api("PyObject *PyIter_Next(PyObject *)", "new", OCCURRED)
api("int PyIter_Send(PyObject *, PyObject *, PyObject **)")
api("PyObject *PyObject_SelfIter(PyObject *)", "new", NEVER)
# ------------------------------------------------------------------------------------------ calls
api("PyObject *PyObject_Vectorcall(PyObject *, PyObject **, size_t, PyObject *)", "new", NULL)
api("PyObject *_PyFunction_Vectorcall(PyObject *, PyObject **, size_t, PyObject *)", "new", NULL)
api("PyObject *PyObject_VectorcallDict(PyObject *, PyObject **, size_t, PyObject *)", "new", NULL)
api("PyObject *PyObject_Call(PyObject *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyObject_CallNoArgs(PyObject *)", "new", NULL)
api("PyObject *PyObject_CallOneArg(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyObject_CallFunctionObjArgs(PyObject *, ...)", "new", NULL)
api("PyObject *PyObject_CallMethodObjArgs(PyObject *, PyObject *, ...)", "new", NULL)
api("PyObject *_PyObject_MakeTpCall(PyThreadState *, PyObject *, PyObject **, Py_ssize_t, PyObject *)", "new", NULL)
api("PyObject *PyVectorcall_Call(PyObject *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *_Py_CheckFunctionResult(PyThreadState *, PyObject *, PyObject *, const char *)", "new", NULL)
api("PyObject *_PyObject_FunctionStr(PyObject *)", "new", NULL)
api("PyObject *PyMethod_New(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyFunction_NewWithQualName(PyObject *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyCFunction_NewEx(void *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyCell_New(PyObject *)", "new", NULL)
api("int _Py_CheckRecursiveCall(PyThreadState *, const char *)", "plain", NEGATIVE)
# --------------------------------------------------------------------------------------- containers
api("PyObject *PyTuple_New(Py_ssize_t)", "new", NULL)
api("PyObject *PyTuple_GetSlice(PyObject *, Py_ssize_t, Py_ssize_t)", "new", NULL)
api("PyObject *PyTuple_Pack(Py_ssize_t, ...)", "new", NULL)
api("PyObject *PyList_New(Py_ssize_t)", "new", NULL)
api("int PyList_Append(PyObject *, PyObject *)", "plain", NEGATIVE)
api("PyObject *PyList_GetSlice(PyObject *, Py_ssize_t, Py_ssize_t)", "new", NULL)
api("int PyList_SetSlice(PyObject *, Py_ssize_t, Py_ssize_t, PyObject *)", "plain", NEGATIVE)
api("PyObject *PyList_AsTuple(PyObject *)", "new", NULL)
api("int PySequence_Check(PyObject *)")
api("int PyMapping_Check(PyObject *)")
api("int PySys_Audit(const char *, const char *, ...)", "plain", NEGATIVE)
api("PyObject *PySequence_GetItem(PyObject *, Py_ssize_t)", "new", NULL)
api("PyObject *PySequence_List(PyObject *)", "new", NULL)
api("PyObject *PySequence_Tuple(PyObject *)", "new", NULL)
api("PyObject *PySequence_Concat(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PySequence_Repeat(PyObject *, Py_ssize_t)", "new", NULL)
api("int PySequence_Contains(PyObject *, PyObject *)", "plain", NEGATIVE)
api("PyObject *_PyList_Extend(PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyDict_New(void)", "new", NULL)
api("PyObject *_PyDict_NewPresized(Py_ssize_t)", "new", NULL)
api("PyObject *PyDict_GetItemWithError(PyObject *, PyObject *)", "borrowed", OCCURRED)
api("PyObject *_PyDict_GetItem_KnownHash(PyObject *, PyObject *, Py_hash_t)", "borrowed", OCCURRED)
api("int PyDict_SetItem(PyObject *, PyObject *, PyObject *)", "plain", NEGATIVE)
api("int _PyDict_SetItem_KnownHash(PyObject *, PyObject *, PyObject *, Py_hash_t)", "plain", NEGATIVE)
api("int _PyDict_DelItem_KnownHash(PyObject *, PyObject *, Py_hash_t)", "plain", NEGATIVE)
api("int PyDict_DelItem(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int PyDict_SetItemString(PyObject *, const char *, PyObject *)", "plain", NEGATIVE)
api("PyObject *PyDict_GetItemString(PyObject *, const char *)", "borrowed", NEVER)
api("int PyDict_Contains(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int PyDict_Update(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int _PyDict_MergeEx(PyObject *, PyObject *, int)", "plain", NEGATIVE)
api("PyObject *_PyDictView_New(PyObject *, PyTypeObject *)", "new", NULL)
api("int PyDict_Next(PyObject *, Py_ssize_t *, PyObject **, PyObject **)")
api("PyObject *PyDict_Copy(PyObject *)", "new", NULL)
api("PyObject *PyDict_Keys(PyObject *)", "new", NULL)
api("PyObject *PyMapping_Keys(PyObject *)", "new", NULL)
api("PyObject *PySet_New(PyObject *)", "new", NULL)
api("int PySet_Contains(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int PySet_Add(PyObject *, PyObject *)", "plain", NEGATIVE)
api("int _PySet_Update(PyObject *, PyObject *)", "plain", NEGATIVE)
api("PyObject *PySlice_New(PyObject *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyUnicode_FromString(const char *)", "new", NULL)
api("PyObject *PyUnicode_InternFromString(const char *)", "new", NULL)
api("PyObject *PyUnicode_FromFormat(const char *, ...)", "new", NULL)
api("PyObject *_PyUnicode_JoinArray(PyObject *, PyObject **, Py_ssize_t)", "new", NULL)
api("PyObject *PyUnicode_Concat(PyObject *, PyObject *)", "new", NULL)
api("void PyUnicode_Append(PyObject **, PyObject *)", "plain", OCCURRED)
api("int PyUnicode_Resize(PyObject **, Py_ssize_t)", "plain", NEGATIVE)
api("const char *PyUnicode_AsUTF8(PyObject *)", "plain", NULL)
api("int PyUnicode_ReadChar(PyObject *, Py_ssize_t)", "plain", OCCURRED)
api("int PyUnicode_Compare(PyObject *, PyObject *)", "plain", OCCURRED)
api("int _PyUnicode_EQ(PyObject *, PyObject *)")
api("void _PyUnicodeWriter_Init(void *)")
api("PyObject *_PyUnicodeWriter_Finish(void *)", "new", NULL)
api("void _PyUnicodeWriter_Dealloc(void *)")
api("int _PyLong_FormatAdvancedWriter(void *, PyObject *, PyObject *, Py_ssize_t, Py_ssize_t)", "plain", NEGATIVE)
api("int _PyFloat_FormatAdvancedWriter(void *, PyObject *, PyObject *, Py_ssize_t, Py_ssize_t)", "plain", NEGATIVE)
api("int _PyUnicode_FormatAdvancedWriter(void *, PyObject *, PyObject *, Py_ssize_t, Py_ssize_t)", "plain", NEGATIVE)
api("PyObject *PyUnicode_New(Py_ssize_t, unsigned int)", "new", NULL)
api("PyObject *PyUnicode_Substring(PyObject *, Py_ssize_t, Py_ssize_t)", "new", NULL)
api("int PyUnicode_Contains(PyObject *, PyObject *)", "plain", NEGATIVE)
api("Py_ssize_t PyUnicode_Find(PyObject *, PyObject *, Py_ssize_t, Py_ssize_t, int)", "plain", NEGATIVE)
api("Py_ssize_t PyUnicode_Tailmatch(PyObject *, PyObject *, Py_ssize_t, Py_ssize_t, int)", "plain", NEGATIVE)
api("PyObject *PyUnicode_Split(PyObject *, PyObject *, Py_ssize_t)", "new", NULL)
api("void *PyOS_double_to_string(double, char, int, int, int *)")
api("Py_ssize_t PyUnicode_FindChar(PyObject *, int, Py_ssize_t, Py_ssize_t, int)", "plain", NEGATIVE)
api("void Py_FatalError(const char *)")
api("PyObject *PyBytes_FromStringAndSize(const char *, Py_ssize_t)", "new", NULL)
api("int PyBytes_AsStringAndSize(PyObject *, char **, Py_ssize_t *)", "plain", NEGATIVE)
# ----------------------------------------------------------------------------------------- exceptions
api("PyObject *PyErr_Occurred(void)", "borrowed")
api("void PyErr_SetString(PyObject *, const char *)")
api("void PyErr_SetObject(PyObject *, PyObject *)")
api("void PyErr_SetNone(PyObject *)")
api("PyObject *PyErr_Format(PyObject *, const char *, ...)")
api("PyObject *PyErr_NoMemory(void)")
api("void PyErr_BadInternalCall(void)")
api("void PyErr_Clear(void)")
api("void PyErr_Fetch(PyObject **, PyObject **, PyObject **)", "new")
api("void PyErr_Restore(PyObject *, PyObject *, PyObject *)", "plain", NEVER, "all")
api("void PyErr_NormalizeException(PyObject **, PyObject **, PyObject **)")
api("int PyErr_ExceptionMatches(PyObject *)")
api("int PyErr_GivenExceptionMatches(PyObject *, PyObject *)")
api("void PyErr_WriteUnraisable(PyObject *)")
api("int PyErr_WarnEx(PyObject *, const char *, Py_ssize_t)", "plain", NEGATIVE)
api("int PyErr_WarnFormat(PyObject *, Py_ssize_t, const char *, ...)", "plain", NEGATIVE)
api("PyObject *PyErr_SetImportError(PyObject *, PyObject *, PyObject *)")
api("int PyErr_CheckSignals(void)", "plain", NEGATIVE)
api("int PyCode_Addr2Line(PyCodeObject *, int)")
api("int PyTraceBack_Here(PyFrameObject *)", "plain", NEGATIVE)
api("int PyException_SetTraceback(PyObject *, PyObject *)", "plain", NEGATIVE)
api("PyObject *PyException_GetTraceback(PyObject *)", "new")
api("void PyException_SetCause(PyObject *, PyObject *)", "plain", NEVER, "1")
api("void PyException_SetContext(PyObject *, PyObject *)", "plain", NEVER, "1")
api("PyObject *PyException_GetCause(PyObject *)", "new")
api("PyObject *PyException_GetContext(PyObject *)", "new")
api("void _PyErr_SetKeyError(PyObject *)")
api("int _PyGen_SetStopIterationValue(PyObject *)", "plain", NEGATIVE)
api("int _PyGen_FetchStopIterationValue(PyObject **)", "plain", NEGATIVE)
api("PyObject *_PyErr_FormatFromCause(PyObject *, const char *, ...)")
api("void _PyErr_ChainExceptions(PyObject *, PyObject *, PyObject *)")
api("int PyErr_ResourceWarning(PyObject *, Py_ssize_t, const char *, ...)", "plain", NEGATIVE)
# --------------------------------------------------------------------------- types, code, interpreter
api("int PyType_Ready(PyTypeObject *)", "plain", NEGATIVE)
api("PyTypeObject *_PyType_CalculateMetaclass(PyTypeObject *, PyObject *)", "borrowed", NULL)
api("int PyType_IsSubtype(PyTypeObject *, PyTypeObject *)")
api("PyObject *_PyType_Lookup(PyTypeObject *, PyObject *)", "borrowed")
api("void PyType_Modified(PyTypeObject *)")
api("PyObject *PyType_GenericAlloc(PyTypeObject *, Py_ssize_t)", "new", NULL)
api("PyObject *_PyObject_LookupSpecial(PyObject *, PyObject *)", "new", OCCURRED)
api("PyObject **_PyObject_GetDictPtr(PyObject *)", "plain")
api("PyObject *_PyObject_GC_New(PyTypeObject *)", "new", NULL)
api("PyObject *_PyObject_GC_NewVar(PyTypeObject *, Py_ssize_t)", "new", NULL)
api("PyObject *_PyObject_New(PyTypeObject *)", "new", NULL)
api("void PyObject_GC_Track(void *)")
api("void PyObject_GC_UnTrack(void *)")
api("void PyObject_GC_Del(void *)")
api("int PyObject_GC_IsTracked(PyObject *)")
api("void PyObject_Free(void *)")
api("const char *_PyMem_GetCurrentAllocatorName(void)")
api("void *PyObject_Malloc(size_t)")
api("void *PyObject_Realloc(void *, size_t)")
api("void PyMem_SetAllocator(int, void *)")
api("void PyObject_SetArenaAllocator(void *)")
api("int _Py_IsFinalizing(void)")
api("PyObject *PyUnicode_FromOrdinal(int)", "new", NULL)
api("int PyUnicode_CompareWithASCIIString(PyObject *, const char *)")
api("void *PyMem_RawMalloc(size_t)")
api("void *PyMem_RawCalloc(size_t, size_t)")
api("void *PyMem_RawRealloc(void *, size_t)")
api("void PyMem_RawFree(void *)")
api("void _PyDict_MaybeUntrack(PyObject *)")
api("void *PyMem_Malloc(size_t)")
api("void PyMem_Free(void *)")
api("void *PyMem_Realloc(void *, size_t)")
api("PyObject *PyModule_Create2(void *, int)", "new", NULL)
api("PyObject *PyModule_GetDict(PyObject *)", "borrowed")
api("int PyModule_AddObjectRef(PyObject *, const char *, PyObject *)", "plain", NEGATIVE)
api("Py_ssize_t _PyEval_RequestCodeExtraIndex(void *)", "plain", NEGATIVE)
api("int _PyCode_GetExtra(PyObject *, Py_ssize_t, void **)", "plain", NEGATIVE)
api("int _PyCode_SetExtra(PyObject *, Py_ssize_t, void *)", "plain", NEGATIVE)
api("PyThreadState *PyThreadState_Get(void)")
api("PyThreadState *_PyThreadState_UncheckedGet(void)")
api("int PyThreadState_SetAsyncExc(unsigned long, PyObject *)")
api("unsigned long PyThread_get_thread_ident(void)")
api("void PyThreadState_EnterTracing(PyThreadState *)")
api("void PyThreadState_LeaveTracing(PyThreadState *)")
api("PyFrameObject *PyThreadState_GetFrame(PyThreadState *)", "new")
api("PyObject *PyEval_GetBuiltins(void)", "borrowed")
api("PyObject *PyEval_GetGlobals(void)", "borrowed")
api("PyObject *PyEval_GetLocals(void)", "borrowed")
api("PyObject *PyEval_EvalCode(PyObject *, PyObject *, PyObject *)", "new", NULL)
api("PyObject *PyEval_EvalCodeEx(PyObject *, PyObject *, PyObject *, PyObject **, int, PyObject **, int, PyObject **, "
    "int, PyObject *, PyObject *)", "new", NULL)
api("PyThreadState *PyEval_SaveThread(void)")
api("void PyEval_RestoreThread(PyThreadState *)")
api("int Py_MakePendingCalls(void)", "plain", NEGATIVE)
api("PyObject *PyImport_ImportModuleLevelObject(PyObject *, PyObject *, PyObject *, PyObject *, int)", "new", NULL)
api("PyObject *PyImport_GetModule(PyObject *)", "new", OCCURRED)
api("PyObject *PyImport_ImportModule(const char *)", "new", NULL)
api("PyObject *PyModule_GetFilenameObject(PyObject *)", "new", NULL)
api("PyObject *PySys_GetObject(const char *)", "borrowed")
api("int _PyFrame_IsEntryFrame(PyFrameObject *)")
api("PyCodeObject *PyFrame_GetCode(PyFrameObject *)", "new")
api("PyFrameObject *PyFrame_GetBack(PyFrameObject *)", "new")
api("int PyFrame_GetLineNumber(PyFrameObject *)")
api("int PyArg_UnpackTuple(PyObject *, const char *, Py_ssize_t, Py_ssize_t, ...)", "plain", "0")
api("int _PyArg_CheckPositional(const char *, Py_ssize_t, Py_ssize_t, Py_ssize_t)", "plain", "0")
api("PyObject *PyFrame_GetLocals(PyFrameObject *)", "new", NULL)
api("PyObject *PyCMethod_New(void *, PyObject *, PyObject *, PyTypeObject *)", "new", NULL)
api("PyObject *PyDescr_NewGetSet(PyTypeObject *, void *)", "new", NULL)
api("PyObject *_PyNumber_Index(PyObject *)", "new", NULL)
api("PyObject *PyNumber_Long(PyObject *)", "new", NULL)
# ---------------------------------------------------------------------------------------- C library
api("void abort(void)")
api("void *malloc(size_t)")
api("void *calloc(size_t, size_t)")
api("void *realloc(void *, size_t)")
api("void free(void *)")
api("size_t malloc_usable_size(void *)")
api("int mallopt(int, int)")
api("void *sbrk(long)")
api("void *mmap(void *, size_t, int, int, int, long)")
api("int munmap(void *, size_t)")
api("int madvise(void *, size_t, int)")
api("int mprotect(void *, size_t, int)")
api("void *dlsym(void *, const char *)")
api("int clock_gettime(int, void *)")
api("unsigned long pthread_self(void)")
api("int pthread_getattr_np(unsigned long, void *)")
api("int pthread_attr_getstack(void *, void **, size_t *)")
api("int pthread_attr_destroy(void *)")
api("double pow(double, double)")
api("double fmod(double, double)")
api("double sin(double)")
api("double cos(double)")
api("double exp(double)")
api("double log(double)")
api("double atan2(double, double)")
api("int strcmp(const char *, const char *)")
api("void *memchr(const void *, int, size_t)")
api("void *memcpy(void *, const void *, size_t)")
api("void *memset(void *, int, size_t)")
api("int memcmp(const void *, const void *, size_t)")

OBJECTS = """PyExc_TypeError PyExc_ValueError PyExc_NameError PyExc_UnboundLocalError PyExc_AttributeError PyExc_KeyError
    PyExc_IndexError PyExc_StopIteration PyExc_StopAsyncIteration PyExc_RuntimeError PyExc_RecursionError PyExc_SystemError
    PyExc_GeneratorExit PyExc_AssertionError PyExc_ImportError PyExc_BaseException PyExc_Exception PyExc_ZeroDivisionError
    PyExc_OverflowError PyExc_MemoryError PyExc_BaseExceptionGroup PyExc_RuntimeWarning PyExc_LookupError
    PyExc_DeprecationWarning"""
TYPES = """PyLong PyFloat PyBool PyList PyTuple PyDict PySet PyFrozenSet PyUnicode PyBytes PyType PyBaseObject PyFunction PyMethod
    PyCFunction PyMethodDescr PyCell PyCode PyGen PyCoro PyAsyncGen PyRange PyRangeIter PyListIter PyTupleIter PyModule
    PyProperty PySuper PyStaticMethod PyClassMethod PyFrame PySlice PyWrapperDescr PyMemberDescr PyGetSetDescr PyEnum
    PyDictKeys PyComplex PyTraceBack PySetIter PyBytesIter PyListRevIter PyDictIterKey PyDictIterValue PyDictIterItem PyByteArray PyClassMethodDescr PyCMethod PyZip PyMap
    PyFilter PyUnicodeIter PyReversed"""


def _kind(ctype) -> str:
    """cffi type -> storage kind."""
    if ctype.kind == "pointer":
        item = ctype.item
        if item.kind == "pointer":
            return "Obj*" if "PyObject" in item.cname else "ptr"
        if item.kind == "struct":
            for typedef, kind in POINTER_KINDS.items():
                if item is _ffi.typeof(typedef):
                    return kind
        return "ptr"
    if ctype.kind == "void":
        return "void"
    return {"int": "i32", "double": "f64"}.get(ctype.cname, "i64")


_ffi = cffi.FFI()
_ffi.cdef(TYPEDEFS)


def _declare(name: str, declaration: str) -> CFunction:
    left, _, params = declaration.partition("(")
    result = left[:left.rindex(name)]
    ctype = _ffi.typeof(f"{result}(*)({params}")
    return CFunction(name, _kind(ctype.result), [_kind(a) for a in ctype.args], ctype.ellipsis)


API = {name: _declare(name, row[0]) for name, row in ROWS.items()}
globals().update(API)
for _name in OBJECTS.split():       # variables that hold an object: PyExc_TypeError[0]
    globals()[_name] = CGlobal(_name, Pointer(LAYOUTS["Obj"].pointer))
for _name in TYPES.split():
    globals()[_name + "_Type"] = CGlobal(_name + "_Type", LAYOUTS["TypeObject"].pointer)
for _name in ("Ref", "Proxy", "CallableProxy"):
    globals()[f"PyWeak{_name}_Type"] = CGlobal(f"_PyWeakref_{_name}Type", LAYOUTS["TypeObject"].pointer)
Py_Version = CGlobal("Py_Version", pointer_to("u64"))
Py_Runtime = CGlobal("_PyRuntime", pointer_to("u8"))
PySet_Dummy = CGlobal("_PySet_Dummy", Pointer(LAYOUTS["Obj"].pointer))
for _name, _symbol in [("Py_None", "_Py_NoneStruct"), ("Py_True", "_Py_TrueStruct"), ("Py_False", "_Py_FalseStruct"),
                       ("Py_NotImplemented", "_Py_NotImplementedStruct"), ("Py_Ellipsis", "_Py_EllipsisObject")]:
    globals()[_name] = CGlobal(_symbol, LAYOUTS["Obj"].pointer)
