"""Memory layouts of CPython's objects, one table per version; the only place that knows offsets.

A row is `name | C name | size | field:kind@offset ...`. Kinds are those of codegen.metal.types; a kind that
names another row is a pointer to it; fields of kind `u8` that stand for embedded data (`localsplus`,
`gi_iframe`, ...) are used for their address. tests/test_layouts.py compiles a C probe and compares every row with
the headers; rows marked `private` stand in no header, the conformance tests watch them behave.
"""
from __future__ import annotations

import sys

from ..codegen.metal.types import STRUCTS, Struct, struct

TABLE_311 = """
Obj | PyObject | 16 | ob_refcnt:i64@0 ob_type:TypeObject@8
VarObj | PyVarObject | 24 | ob_size:i64@16
Long | PyLongObject | 32 | ob_digit:u32@24
Float | PyFloatObject | 24 | ob_fval:f64@16
List | PyListObject | 40 | ob_item:Obj*@24 allocated:i64@32
Tuple | PyTupleObject | 32 | ob_item:Obj@24
Function | PyFunctionObject | 136 | func_globals:Obj@16 func_builtins:Obj@24 func_name:Obj@32
    func_qualname:Obj@40 func_code:Code@48 func_defaults:Obj@56 func_kwdefaults:Obj@64 func_closure:Obj@72
    func_doc:Obj@80 func_dict:Obj@88 func_weakreflist:Obj@96 func_module:Obj@104 func_annotations:Obj@112
    vectorcall:ptr@120 func_version:u32@128
ThreadState | PyThreadState | 360 | interp:InterpreterState@16 recursion_remaining:i32@32
    recursion_limit:i32@36 recursion_headroom:i32@40 tracing:i32@44 tracing_what:i32@48 cframe:CFrame@56 c_profilefunc:ptr@64
    c_tracefunc:ptr@72 c_profileobj:Obj@80 c_traceobj:Obj@88
    curexc_type:Obj@96 curexc_value:Obj@104 curexc_traceback:Obj@112 exc_info:ExcItem@120
    dict:Obj@128 async_exc:Obj@144 coroutine_origin_tracking_depth:i32@200 async_gen_firstiter:Obj@208
    async_gen_finalizer:Obj@216 context:Obj@224 exc_state:u8@320 thread_id:i64@152 id:i64@240
CFrame | _PyCFrame | 24 | use_tracing:u8@0 current_frame:InterpreterFrame@8 previous:CFrame@16
ExcItem | _PyErr_StackItem | 16 | exc_value:Obj@0 previous_item:ExcItem@8
InterpreterFrame | _PyInterpreterFrame | 80 | f_func:Function@0 f_globals:Obj@8 f_builtins:Obj@16
    f_locals:Obj@24 f_code:Code@32 frame_obj:FrameObject@40 previous:InterpreterFrame@48 prev_instr:ptr@56
    stacktop:i32@64 is_entry:u8@68 owner:u8@69 localsplus:Obj@72
FrameObject | PyFrameObject | 56 | f_back:FrameObject@16 f_frame:InterpreterFrame@24 f_trace:Obj@32
    f_lineno:i32@40 f_trace_lines:u8@44 f_trace_opcodes:u8@45 f_fast_as_locals:u8@46 _f_frame_data:u8@48
Code | PyCodeObject | 192 | ob_base:u8@0 co_consts:Obj@24 co_names:Obj@32 co_exceptiontable:Obj@40
    co_flags:i32@48 co_warmup:u16@52 co_argcount:i32@56 co_posonlyargcount:i32@60 co_kwonlyargcount:i32@64
    co_stacksize:i32@68 co_firstlineno:i32@72 co_nlocalsplus:i32@76 co_nlocals:i32@80
    co_nplaincellvars:i32@84 co_ncellvars:i32@88 co_nfreevars:i32@92 co_localsplusnames:Obj@96
    co_localspluskinds:Obj@104 co_filename:Obj@112 co_name:Obj@120 co_qualname:Obj@128 co_linetable:ptr@136
    co_weakreflist:Obj@144 _co_code:Obj@152 _co_linearray:ptr@160 _co_firsttraceable:i32@168
    co_extra:ptr@176 co_code_adaptive:u8@184
Gen | PyGenObject | 88 | gi_code:Code@16 gi_weakreflist:Obj@24 gi_name:Obj@32 gi_qualname:Obj@40
    gi_exc_state:u8@48 gi_origin_or_finalizer:Obj@64 gi_hooks_inited:u8@72 gi_closed:u8@73
    gi_running_async:u8@74 gi_frame_state:i8@75 gi_iframe:u8@80
TypeObject | PyTypeObject | 408 | tp_name:ptr@24 tp_basicsize:i64@32 tp_itemsize:i64@40 tp_dealloc:ptr@48
    tp_vectorcall_offset:i64@56 tp_getattr:ptr@64 tp_as_async:AsyncMethods@80 tp_repr:ptr@88
    tp_as_number:NumberMethods@96 tp_as_sequence:SequenceMethods@104 tp_as_mapping:MappingMethods@112
    tp_hash:ptr@120 tp_call:ptr@128 tp_str:ptr@136 tp_getattro:ptr@144 tp_setattro:ptr@152
    tp_as_buffer:ptr@160 tp_flags:i64@168 tp_doc:ptr@176 tp_traverse:ptr@184 tp_clear:ptr@192
    tp_richcompare:ptr@200 tp_weaklistoffset:i64@208 tp_iter:ptr@216 tp_iternext:ptr@224 tp_methods:ptr@232
    tp_members:ptr@240 tp_getset:ptr@248 tp_base:TypeObject@256 tp_dict:Obj@264 tp_descr_get:ptr@272
    tp_descr_set:ptr@280 tp_dictoffset:i64@288 tp_init:ptr@296 tp_alloc:ptr@304 tp_new:ptr@312
    tp_free:ptr@320 tp_is_gc:ptr@328 tp_bases:Obj@336 tp_mro:Obj@344 tp_cache:Obj@352 tp_subclasses:Obj@360
    tp_weaklist:Obj@368 tp_del:ptr@376 tp_version_tag:u32@384 tp_finalize:ptr@392 tp_vectorcall:ptr@400
HeapType | PyHeapTypeObject | 904 | as_async:u8@408 as_number:u8@440 as_mapping:u8@728 as_sequence:u8@752
    ht_name:Obj@848 ht_slots:Obj@856 ht_qualname:Obj@864 ht_cached_keys:DictKeys@872 ht_module:Obj@880
AsyncMethods | PyAsyncMethods | 32 | am_await:ptr@0 am_aiter:ptr@8 am_anext:ptr@16 am_send:ptr@24
NumberMethods | PyNumberMethods | 288 | nb_add:ptr@0 nb_subtract:ptr@8 nb_multiply:ptr@16
    nb_remainder:ptr@24 nb_power:ptr@40 nb_negative:ptr@48 nb_bool:ptr@72 nb_index:ptr@264
    nb_inplace_add:ptr@152
SequenceMethods | PySequenceMethods | 80 | sq_length:ptr@0 sq_concat:ptr@8 sq_item:ptr@24 sq_ass_item:ptr@40
    sq_contains:ptr@56
MappingMethods | PyMappingMethods | 24 | mp_length:ptr@0 mp_subscript:ptr@8 mp_ass_subscript:ptr@16
Dict | PyDictObject | 48 | ma_used:i64@16 ma_version_tag:i64@24 ma_keys:DictKeys@32 ma_values:ptr@40
DictKeys | struct _dictkeysobject | 32 | dk_refcnt:i64@0 dk_log2_size:u8@8 dk_log2_index_bytes:u8@9
    dk_kind:u8@10 dk_version:u32@12 dk_usable:i64@16 dk_nentries:i64@24
KeyEntry | PyDictKeyEntry | 24 | me_hash:i64@0 me_key:Obj@8 me_value:Obj@16
UnicodeEntry | PyDictUnicodeEntry | 16 | me_key:Obj@0 me_value:Obj@8
Cell | PyCellObject | 24 | ob_ref:Obj@16
Method | PyMethodObject | 48 | im_func:Obj@16 im_self:Obj@24 im_weakreflist:Obj@32 vectorcall:ptr@40
CFunctionObject | PyCFunctionObject | 56 | m_ml:MethodDef@16 m_self:Obj@24 m_module:Obj@32
    m_weakreflist:Obj@40 vectorcall:ptr@48
MethodDef | PyMethodDef | 32 | ml_name:ptr@0 ml_meth:ptr@8 ml_flags:i32@16 ml_doc:ptr@24
MethodDescr | PyMethodDescrObject | 56 | d_type:TypeObject@16 d_method:MethodDef@40 vectorcall:ptr@48
Descr | PyDescrObject | 40 | d_type:TypeObject@16 d_name:Obj@24
MemberDescr | PyMemberDescrObject | 48 | d_member:MemberDef@40
GetSetDescr | PyGetSetDescrObject | 48 | d_getset:GetSetDef@40
WrapperDescr | PyWrapperDescrObject | 56 | d_base:ptr@40 d_wrapped:ptr@48
MemberDef | PyMemberDef | 40 | name:ptr@0 type:i32@8 offset:i64@16 flags:i32@24
GetSetDef | PyGetSetDef | 40 | name:ptr@0 get:ptr@8 set:ptr@16 doc:ptr@24 closure:ptr@32
InterpreterState | PyInterpreterState | 107752 | ceval:u8@96 eval_frame:ptr@1424 modules:Obj@888
    builtins:Obj@912
Ascii | PyASCIIObject | 48 | length:i64@16 hash:i64@24 state:u32@32
Unicode | PyUnicodeObject | 80 | data:ptr@72
ModuleObject | PyModuleObject | 56 | md_dict:Obj@16
ByteArray | PyByteArrayObject | 56 | ob_start:ptr@40
Complex | PyComplexObject | 32 | real:f64@16 imag:f64@24
Bytes | PyBytesObject | 40 | ob_shash:i64@24 ob_sval:u8@32
SetEntry | setentry | 16 | key:Obj@0 hash:i64@8
Set | PySetObject | 200 | fill:i64@16 used:i64@24 mask:i64@32 table:SetEntry@40
Slice | PySliceObject | 40 | start:Obj@16 stop:Obj@24 step:Obj@32
BaseException | PyBaseExceptionObject | 72 | dict:Obj@16 args:Obj@24 notes:Obj@32 traceback:Obj@40
    context:Obj@48 cause:Obj@56 suppress_context:u8@64
ExceptionGroup | PyBaseExceptionGroupObject | 88 | msg:Obj@72 excs:Obj@80
Traceback | PyTracebackObject | 40 | tb_next:Obj@16 tb_frame:FrameObject@24 tb_lasti:i32@32 tb_lineno:i32@36
RangeIter | private rangeiterobject | 48 | index:i64@16 start:i64@24 step:i64@32 len:i64@40
SeqIter | private listiterobject | 32 | it_index:i64@16 it_seq:List@24
DictIter | private dictiterobject | 56 | di_dict:Obj@16 di_used:i64@24 di_pos:i64@32 len:i64@48
SetIter | private setiterobject | 48 | si_set:Obj@16 si_used:i64@24 si_pos:i64@32 len:i64@40
EnumIter | private enumobject | 48 | en_index:i64@16 en_sit:Obj@24
ZipIter | private zipobject | 48 | tuplesize:i64@16 ittuple:Tuple@24
Property | private propertyobject | 80 | prop_get:Obj@16 prop_set:Obj@24 prop_del:Obj@32
Wrapped | private staticmethod | 32 | cm_callable:Obj@16
BufferProcs | PyBufferProcs | 16 | bf_getbuffer:ptr@0 bf_releasebuffer:ptr@8
"""

# Facts that are not struct fields: offsets of embedded data and values of macros.
FACTS = {(3, 11): {
    "EVAL_BREAKER": 100,            # offset in PyInterpreterState of ceval.eval_breaker
    "MAIN_THREAD": 80,              # offset in _PyRuntimeState of main_thread
    "MANAGED_DICT": -3, "MANAGED_VALUES": -4,   # words before the object
    "ASCII_DATA": 48,               # offset of the characters of a compact ASCII string
    "CODE_UNITS": 184,              # offset of the first code unit in a code object
    "FRAME_CREATED": -2, "FRAME_SUSPENDED": -1, "FRAME_EXECUTING": 0, "FRAME_COMPLETED": 1, "FRAME_CLEARED": 4,
    "DICT_KEYS_UNICODE": 1, "DICT_KEYS_SPLIT": 2,
    # of tp_flags
    "MANAGED_FLAG": 1 << 4, "HAVE_VECTORCALL": 1 << 11, "HAVE_GC": 1 << 14, "METHOD_DESCRIPTOR": 1 << 17,
    "HEAP_TYPE": 1 << 9, "VALID_VERSION": 1 << 19, "DICT_SUBCLASS": 1 << 29, "EXCEPTION_CLASS": 1 << 30,
    "CLASS_FLAG": 1 << 31,
    "MEMBER_OBJECT": 16,            # T_OBJECT_EX, the kind of a member of __slots__
    # of an object's head, which is two words before it: bits of the second one
    "FINALIZED": 1, "COLLECTING": 2, "FLAGS": 3,
}}
TABLES = {(3, 11): TABLE_311}


def supported() -> bool:
    """Whether this interpreter has a layout table."""
    return sys.version_info[:2] in TABLES and sys.implementation.name == "cpython"


def load() -> dict[str, Struct]:
    """Build the structs for the running version; objects get the fields of their head."""
    if not supported():
        have = ", ".join(".".join(map(str, v)) for v in TABLES)
        raise ImportError(f"fire runs on CPython {have}; this is {sys.version.split()[0]}")
    text = TABLES[sys.version_info[:2]].replace("\n    ", " ")
    found = {}
    for row in text.strip().splitlines():
        name, c_name, size, fields = (part.strip() for part in row.split("|"))
        found[name] = struct(name, fields, int(size))
        found[name].c_name = c_name
        if not c_name.startswith(("struct", "_PyCFrame", "_PyErr", "_PyInterpreterFrame", "PyDict")) or name == "Dict":
            if name not in NO_HEAD:
                found[name].include(STRUCTS["Obj"], 0).include(STRUCTS.get("VarObj", STRUCTS["Obj"]), 0)
    return found


NO_HEAD = {"ThreadState", "CFrame", "ExcItem", "InterpreterFrame", "AsyncMethods", "NumberMethods",
           "SequenceMethods", "MappingMethods", "DictKeys", "KeyEntry", "UnicodeEntry", "MethodDef", "MemberDef",
           "GetSetDef", "InterpreterState", "BufferProcs"}
LAYOUTS = load()
globals().update(LAYOUTS)
globals().update(FACTS[sys.version_info[:2]])
LAYOUTS["HeapType"].include(LAYOUTS["TypeObject"], 0)
