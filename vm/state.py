"""Structures of the virtual machine: threads, compiled code, frames, and the process-wide state.

A frame lies in one piece on its thread's VM stack (or in its generator object):

    [ _PyInterpreterFrame of the host | localsplus ] [ Frame ] [ registers ... ]

The host part is filled and linked on the thread state, like any frame of the host, before anything runs that may
look (`sync`): sys._getframe, tracebacks, warnings see it. A frame that calls nothing but VM code never pays for it.
`regs` always lies right behind the Frame.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from ..codegen.metal import pointer_to
from ..codegen.metal.types import Pointer
from ..objects.instances import *  # noqa: F403
from ..objects.values import *  # noqa: F403

u64p = pointer_to("u64")
ptr_t = VOID_P = Pointer(None)
obj_p = pointer_to("Obj")
str_p = Pointer(None)
ptr_p = pointer_to("ptr")
obj_pp, u8p = pointer_to("Obj*"), pointer_to("u8")
int_out, float_out = pointer_to("i64"), pointer_to("f64")
i32p, i32wp, u32p, u16p = pointer_to("i32"), pointer_to("i32"), pointer_to("u32"), pointer_to("u16")

VMCode = struct("VMCode", """words:u64* origin:i32* pool:Reg handlers:u32* nwords:i64 nhandlers:i64 nregs:i64 npool:i64
    nlocalsplus:i64 head_bytes:i64 total_bytes:i64 argcount:i64 kwonly:i64 posonly:i64 flags:i64 simple:i64
    code_start:ptr code:Obj twin:i64 runs:i64 plain:i64 entry:u64* native:ptr
    compiled:i64 direct:i64 lines:i32* frameless:ptr frameless_kinds:i64
    frameless_function:Obj given_up:i64""")
Thread = struct("Thread", """ts:ThreadState top:ptr limit:ptr chunk:Chunk spare:Chunk c_stack_limit:i64 next:Thread id:i64 translating:i64 compared:Obj
    generators:i64""")
Chunk = struct("Chunk", "previous:Chunk saved_top:ptr saved_limit:ptr size:i64 first:ptr pad:i64")
Frame = struct("Frame", """pc:u64* iframe:InterpreterFrame code:VMCode caller:Frame thread:Thread regs:Reg pool:Reg
    function:Function words:i64 kind:i64 linked:i64 gen:Obj result:Obj out:Obj*""", 112)
FireFunction = struct("FireFunction", "vmcode:VMCode@136 vmcode_of:Code@144", 152).include(Function, 0)

# Why a frame was entered: what its return does.
KIND_CALL, KIND_ENTRY, KIND_INIT, KIND_FOR_ITER, KIND_SEND, KIND_PROPERTY, KIND_ASEND, KIND_ENUMERATE, \
    KIND_TRUTH, KIND_DROPPED, KIND_INSTANCE, KIND_OPERATOR, KIND_ENTER, KIND_UNCOUNTED, KIND_SENT, KIND_NEXT = range(16)

COLLECTED_BEFORE = 8     # objects that one instruction may make, and more
VM_FRAME = 2             # in `is_entry` of the host's part: a frame the VM runs (the host writes 0 or 1)

CO_OPTIMIZED, CO_NEWLOCALS, CO_VARARGS, CO_VARKEYWORDS, CO_GENERATOR = 1, 2, 4, 8, 0x20
CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR = 0x80, 0x100, 0x200
CO_ANY_GENERATOR = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR

State = struct("State", """eval_breaker:i32* extra_index:i64 translator:Obj last_ts:ThreadState last_id:i64 last_thread:Thread
    threads:Thread next_keys_version:i64 functions_vm:i64 functions_twin:i64 twin_reasons:Obj
    poll_function:Obj name_init:Obj name_builtins:Obj name_name:Obj name_annotations:Obj name_enter:Obj
    name_exit:Obj name_aenter:Obj name_aexit:Obj name_anext:Obj name_build_class:Obj name_all:Obj name_dict:Obj
    name_import:Obj name_spec:Obj name_initializing:Obj name_match_args:Obj name_get:Obj
    name_contains:Obj name_getitem:Obj name_setitem:Obj
    name_prepare:Obj name_metaclass:Obj name_orig_bases:Obj name_mro_entries:Obj name_close:Obj
    name_throw:Obj name_send:Obj empty_tuple:Obj empty_string:Obj builtin_exec:Obj builtin_eval:Obj
    builtin_locals:Obj builtin_vars:Obj builtin_dir:Obj builtin_build_class:Obj name_split:Obj
    name_class_getitem:Obj name_new:Obj object_new:ptr name_module_name:Obj name_lstrip:Obj blanks:Obj
    blank_bytes:Obj string_name:Obj mode_eval:Obj mode_exec:Obj name_dunder_class:Obj
    builtin_compile:Obj builtin_import:Obj unknown_module:Obj name_init_subclass:Obj name_subclasses:Obj
    type_new:ptr tracer_hidden:i64 group_split:ptr group_subgroup:ptr name_doc:Obj name_descr_get:Obj
    name_derive:Obj name_notes:Obj counts_calls:i64 young:i32* name_call:Obj name_setattr:Obj switching:i64""")
Jit = struct("Jit", """recording:i64 loop_threshold:i64 call_threshold:i64 thread:Thread root:Frame header:u64*
    kind:i64 count:i64 rounds:i64 rounds_wanted:i64 log:i64* hook:Obj out_pc:u64* out_frame:Frame exit_header:u64*
    exit_number:i64 exit_region:i64 exit_depth:i64 last_frame:Frame last_reg:Reg limit:i64 busy:i64 nkinds:i64
    hot_pending:i64 skipped:i64 ret_payload:i64 ret_tag:i64
    root_function:Obj root_code:VMCode refused:i64 stored:i64 record_now:i64
    gave_up:i64 parameters:i64 parameter_1:i64 parameter_2:i64 parameter_3:i64 parameter_4:i64 parameter_5:i64
    stepped:i64 shared:i64""")
state = Static("fire_state", State)
jit = Static("fire_jit", Jit)                           # of the JIT: see recording.py
untranslated = Static("fire_untranslated", VMCode)      # stands for code called by the translator: on its twin
FireFunction_Type = Static("FireFunction_Type", LAYOUTS["HeapType"])
FireGenerator_Type = Static("FireGenerator_Type", LAYOUTS["HeapType"])
FireCoroutine_Type = Static("FireCoroutine_Type", LAYOUTS["HeapType"])
FireAsyncGenerator_Type = Static("FireAsyncGenerator_Type", LAYOUTS["HeapType"])


@metal(inline=True)
def constant_objects(code: VMCode) -> obj_p:
    """The pool's constants as the host's own objects, one reference each: they lie behind the pool's registers."""
    return cast(obj_p, code.pool + code.npool)


@metal(inline=True)
def constant_object(frame: Frame, constant: Reg) -> Obj:
    """The host's object for a register of the pool; borrowed."""
    code = frame.code
    return constant_objects(code)[byte_distance(constant, code.pool) >> 4]


@metal(inline=True)
def set_instruction(frame: Frame):
    """Tell the host's part which of its instructions the frame is at."""
    code = frame.code
    index = byte_distance(frame.pc, code.words) >> 3
    frame.iframe.prev_instr = byte_offset(code.code_start, code.origin[index])


@metal(inline=True)
def sync(frame: Frame, pc: u64p):
    """Publish where the frame is, before anything that may raise, call or look."""
    frame.pc = pc
    if unlikely(frame.linked == 0):
        link_frames(frame)
    set_instruction(frame)


@metal(inline=True)
def may_collect() -> bool:
    """Whether the collector may come when a few objects are made: it runs destructors, which see the frames."""
    young = state.young                         # threshold and count of the youngest generation
    return not young or young[1] + COLLECTED_BEFORE >= young[0]


@metal(inline=True)
def sync_to_allocate(frame: Frame, pc: u64p):
    """`sync` for an instruction that only makes objects: who fails then has to `sync`."""
    if unlikely(may_collect()):
        sync(frame, pc)
