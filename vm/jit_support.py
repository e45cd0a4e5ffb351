"""What the JIT's Python side needs of the core: addresses, offsets, and memory to read and write.

    jit_info() -> {"main_table": 139..., "deallocate": 139..., "Frame.regs": 40, ...}
    peek(address, n) -> bytes      poke(address, bytes)      object_at(address) -> object
    set_hook(f)                    f(why) is called when a recording has ended (recording.py)

And the functions that only compiled code calls, `rt_*`.
"""
from __future__ import annotations

from ..codegen.metal import define_metal
from ..codegen.metal.types import STRUCTS
from .builtins import *  # noqa: F403
from .handlers.recording import *  # noqa: F403
from .jit_calls import *  # noqa: F403
from .jit_closures import *  # noqa: F403
from .jit_compare import *  # noqa: F403
from .jit_exceptions import *  # noqa: F403
from .jit_exits import *  # noqa: F403
from .jit_generators import *  # noqa: F403
from .jit_instances import *  # noqa: F403
from .jit_iterate import *  # noqa: F403
from .jit_longs import *  # noqa: F403
from .jit_products import *  # noqa: F403
from .jit_strings import *  # noqa: F403
from .jit_text import *  # noqa: F403
from .sampler import *  # noqa: F403


@metal(cold=True)
def sure_stack(thread: Thread, bytes: int) -> ptr_t:
    """Room for a frame, for sure."""
    return insist(grow_stack(thread, bytes), use_spare())


@metal
def rt_push(caller: Frame, code: VMCode, function: Obj, pc: u64p) -> Frame:
    """The frame of a call that compiled code had inlined, all registers empty; `pc`: the caller's instruction.
    Takes the reference to the function over. The recursion limit is far: compiled code has looked."""
    thread = caller.thread
    caller.pc = pc
    memory = thread.top
    if unlikely(byte_distance(thread.limit, memory) < code.total_bytes):
        memory = sure_stack(thread, code.total_bytes)
    frame = lay_frame(thread, memory, code, cast(Function, function), caller)
    frame.words = CALL_WORDS
    frame.pc = code.words
    empty_registers(frame, 0, code.nregs)
    return frame


@metal
def rt_pop(frame: Frame):
    """End such a frame; its registers are empty."""
    pop_frame(frame, 0)


@metal
def rt_box_int(value: int) -> Obj:
    return sure_int(value)


@metal
def rt_box_float(value: float) -> Obj:
    return sure_float(value)


@metal
def rt_float_mod(a: float, b: float) -> float:
    return float_mod(a, b)


@metal
def rt_float_floordiv(a: float, b: float) -> float:
    return float_floordiv(a, b)


@metal
def rt_drop(r: Reg):
    """Empty a register whose object nothing else holds."""
    drop(r)


@metal
def rt_init_frame(frame: Frame, instance: Obj):
    """The frame is that of an __init__ called for a class; the caller counts the instance up."""
    frame.kind = KIND_INIT
    frame.result = instance
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1


@metal
def rt_object_frame(frame: Frame, words: int):
    """The frame is that of a `__call__`: the call of its object counts as a level too."""
    frame.kind = KIND_INSTANCE
    frame.words = words
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1


@metal
def rt_uncounted_frame(frame: Frame):
    """The frame is that of a function that stands for a builtin which is no level of calls."""
    frame.kind = KIND_UNCOUNTED
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining + 1


@metal
def rt_end_uncounted(frame: Frame):
    """End such a frame; its registers are empty."""
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining - 1
    pop_frame(frame, 0)


@metal
def rt_continue(caller: Frame):
    """A call that compiled code had the interpreter make has pushed a frame: run it if it is compiled.

    It returns when the callee has returned to `caller`, or wants to go on in the interpreter: jit.out_* say where."""
    frame = jit.out_frame
    pc = jit.out_pc
    if frame.caller != caller or frame.pc == None or state.eval_breaker[0] != 0:
        return
    pc = behind_cells(frame, pc)
    frame.pc = pc
    jit.out_frame = frame               # the collector may have run other compiled code
    jit.out_pc = pc
    if pc[0] & OPCODE_MASK != RESUME_COMPILED_CODE or stack_pointer() < frame.thread.c_stack_limit:
        return
    jit.out_frame = None
    words = frame.words
    instance: Obj = None
    if frame.kind == KIND_INIT:
        instance = frame.result             # whose reference is handed over with the frame's end
    enter_compiled(cast(VOID_P, pc[2]), pc, frame)
    if jit.out_frame == caller and jit.out_pc == None:      # it handed its value over
        following = caller.pc + words
        dst = caller.regs[lshr(caller.pc[0], 16) & 65535]
        if instance:
            set_object(dst, instance)                           # these may run a destructor
        else:
            set_raw(dst, jit.ret_payload, jit.ret_tag)
        jit.out_frame = caller
        jit.out_pc = following


@metal
def rt_frame(caller: Frame, code: VMCode, function: Obj, pc: u64p) -> Frame:
    """The frame of a call that compiled code makes itself; its parameters are the caller's business.
    Takes the reference to the function over; `pc`: the caller's instruction."""
    thread = caller.thread
    memory = thread.top
    caller.pc = pc
    if unlikely(byte_distance(thread.limit, memory) < code.total_bytes):
        memory = sure_stack(thread, code.total_bytes)
    frame = lay_frame(thread, memory, code, cast(Function, function), caller)
    frame.words = CALL_WORDS
    frame.pc = code.words
    empty_registers(frame, code.argcount, code.nlocalsplus)
    return frame


@metal
def rt_return(frame: Frame):
    """End of a call between compiled functions: registers are empty, the value is in jit.ret_*."""
    payload = jit.ret_payload
    tag = jit.ret_tag
    caller = frame.caller
    if unlikely(frame.kind == KIND_INIT or frame.kind == KIND_INSTANCE):
        ts = frame.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1
    pop_frame(frame, 0)                         # may run a destructor, and that other compiled code
    jit.ret_payload = payload
    jit.ret_tag = tag
    jit.out_pc = None
    jit.out_frame = caller


@metal
def rt_end_init(frame: Frame):
    """End a frame of one of these two kinds; an instance's reference is the caller's now."""
    ts = frame.thread.ts
    ts.recursion_remaining = ts.recursion_remaining + 1
    pop_frame(frame, 0)


@metal
def rt_range(start: int, stop: int, step: int) -> Obj:
    """A range object."""
    args = stack("Obj", 3)
    args[0] = sure_int(start)
    args[1] = sure_int(stop)
    args[2] = sure_int(step)
    made = insist(PyObject_Vectorcall(cast(Obj, PyRange_Type), args, 3, None), use_spare())
    for i in range(3):
        decref(args[i])
    return made


@metal
def rt_range_iter(index: int, length: int, start: int, step: int) -> Obj:
    """A range iterator that has `length - index` of its `length` items to come."""
    iterator = insist(_PyObject_New(PyRangeIter_Type), use_spare())
    RangeIter(iterator).index = index
    RangeIter(iterator).len = length
    RangeIter(iterator).start = start
    RangeIter(iterator).step = step
    return iterator


@metal
def rt_sequence_iter(sequence: Obj, index: int) -> Obj:
    """An iterator over a list or tuple from an index on."""
    iterator = sure_iterator(sequence)
    SeqIter(iterator).it_index = index
    return iterator


@metal
def rt_store_float(slot: obj_p, number: float):
    """Put a float in a place of a list; the box there is used again if nobody else has it."""
    old = slot[0]
    if old.ob_type == PyFloat_Type and old.ob_refcnt == 1:
        Float(old).ob_fval = number
        return
    slot[0] = sure_float(number)
    decref(old)


@metal
def rt_append(o: Obj, value: Obj) -> int:
    """Append an owned object to a list; 0: there is no memory, the list is as it was."""
    size = List(o).ob_size
    if likely(size < List(o).allocated):
        List(o).ob_item[size] = value
        List(o).ob_size = size + 1
        return 1
    failed = PyList_Append(o, value)
    decref(value)
    if unlikely(failed < 0):
        PyErr_Clear()
        return 0
    return 1


FUNCTIONS_OF_RUNTIME = """deallocate rt_push rt_pop rt_box_int rt_box_float rt_float_mod rt_float_floordiv
    take_sample rt_drop rt_continue rt_frame rt_return rt_init_frame rt_object_frame rt_end_init rt_uncounted_frame
    rt_end_uncounted rt_range rt_range_iter
    rt_sequence_iter rt_store_float rt_append""".split() + EXIT_RUNTIME + ITERATION_FUNCTIONS + GENERATOR_FUNCTIONS + \
    DICT_RUNTIME + STRING_RUNTIME + COMPARE_RUNTIME + LONG_RUNTIME + PRODUCT_RUNTIME + CLOSURE_RUNTIME + \
    TEXT_RUNTIME + INSTANCE_RUNTIME + CALL_RUNTIME + EXCEPTION_RUNTIME
TABLES = "main_table step_table record_table handlers_begin handlers_end".split()
STATICS_SHOWN = """jit start_kinds dict_entry state ints characters FireFunction_Type FireGenerator_Type op_bases
    sampler op_HOT_EXIT op_LEAVE""".split()
OFFSETS = {
    "Gen": "gi_frame_state",
    "VMCode": "words pool nwords nregs npool nlocalsplus code argcount plain entry flags total_bytes twin handlers "
              "nhandlers native origin compiled code_start frameless frameless_kinds given_up",
    "Frame": "pc iframe code caller thread regs pool function kind words linked gen result",
    "Thread": "ts top limit c_stack_limit",
    "FireFunction": "vmcode vmcode_of",
    "Jit": "recording loop_threshold call_threshold root header kind count rounds_wanted log out_pc out_frame "
           "exit_header exit_number exit_region exit_depth limit nkinds ret_payload ret_tag root_function root_code "
           "stored record_now gave_up parameters",
    "Sampler": "slots mask busy lost backtrace ip_of register_of core_start core_end ranges nranges",
    "State": "eval_breaker next_keys_version",
}


def _define_info() -> None:
    lines = ["@metal(name='fill_info')", "def fill_info(d: Obj) -> bool:"]
    values = {name: f"address_int(cast(VOID_P, {name}))" for name in FUNCTIONS_OF_RUNTIME}
    values |= {name: f"address_of_table({name!r})" for name in TABLES}
    values |= {name: f"address_int({name})" for name in STATICS_SHOWN
               if not name.startswith("op_") or name == "op_bases"}
    values |= {name: f"address_of_table({name!r})" for name in ("op_HOT_EXIT", "op_LEAVE")}
    for struct_name, fields in OFFSETS.items():
        for field in fields.split():
            values[f"{struct_name}.{field}"] = str(STRUCTS[struct_name].field(field)[1])
        values[f"sizeof.{struct_name}"] = str(STRUCTS[struct_name].size)
    for name, value in values.items():
        lines.append(f"    if not put_int(d, {name!r}, {value}):\n        return False")
    lines.append("    return True")
    define_metal("\n".join(lines), "fill_info", globals())


@metal
def put_int(d: Obj, key: str_p, value: int) -> bool:
    o = PyLong_FromLongLong(value)
    if not o:
        return False
    failed = PyDict_SetItemString(d, key, o)
    decref(o)
    return failed == 0


_define_info()


@metal
def core_jit_info(module: Obj, unused: Obj) -> Obj:
    """jit_info(): addresses of tables, functions and statics, and offsets in structures, by name."""
    d = PyDict_New()
    if not d:
        return None
    if fill_info(d):
        return d
    decref(d)
    return None


@metal
def core_peek(module: Obj, args: obj_p, nargs: int) -> Obj:
    """peek(address, n): n bytes of memory."""
    if nargs != 2:
        return None
    return PyBytes_FromStringAndSize(cast(str_p, PyLong_AsLong(args[0])), PyLong_AsLong(args[1]))


@metal
def core_poke(module: Obj, args: obj_p, nargs: int) -> Obj:
    """poke(address, data): write bytes to memory."""
    if nargs != 2:
        return None
    copy(cast(VOID_P, PyLong_AsLong(args[0])), field_address(Bytes(args[1]), "ob_sval"), VarObj(args[1]).ob_size)
    return new_ref(Py_None)


@metal
def core_object_at(module: Obj, address: Obj) -> Obj:
    """object_at(address): the object there."""
    return new_ref(cast(Obj, PyLong_AsLong(address)))


@metal
def core_code_record(module: Obj, host: Obj) -> Obj:
    """code_record(code): address of the VM's record of a host code object, translated if it was
    not; 0: there is none."""
    thread = current_thread()
    if not thread:
        return PyLong_FromLong(0)
    translating = thread.translating
    thread.translating = 0                  # the JIT asks, not the translator
    code = code_for(cast(Code, host))
    thread.translating = translating
    if not code:
        PyErr_Clear()
    return PyLong_FromLongLong(address_int(cast(VOID_P, code)))


@metal
def core_set_hook(module: Obj, args: obj_p, nargs: int) -> Obj:
    """set_hook(f, loop_threshold, call_threshold, rounds): f(why) is called at the end of each recording."""
    if nargs != 4:
        return None
    copy_field(field_address(jit, "hook"), args[0])
    jit.loop_threshold = PyLong_AsLong(args[1])
    jit.call_threshold = PyLong_AsLong(args[2])
    jit.rounds_wanted = PyLong_AsLong(args[3])
    jit.limit = LOG_ENTRIES
    state.counts_calls = 1
    return new_ref(Py_None)
