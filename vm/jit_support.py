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
from .jit_names import *  # noqa: F403
from .jit_outcalls import *  # noqa: F403
from .jit_products import *  # noqa: F403
from .jit_slices import *  # noqa: F403
from .jit_strings import *  # noqa: F403
from .jit_text import *  # noqa: F403
from .sampler import *  # noqa: F403

NO_INT = -1 << 63       # what rt_int_in says of what is no int of two digits


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
def rt_int_in(r: Reg) -> int:
    """The int that a register holds, boxed or not; NO_INT: it is something else, or has more than two digits."""
    if r.tag == OBJECT and is_small_long(r.object):
        return long_value(r.object)
    return r.payload if r.tag == INT else NO_INT


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


FUNCTIONS_OF_RUNTIME = """deallocate rt_box_int rt_box_float rt_float_mod rt_float_floordiv take_sample rt_drop
    rt_range rt_int_in rt_range_iter rt_sequence_iter rt_append""".split() + EXIT_RUNTIME + \
    ITERATION_FUNCTIONS + GENERATOR_FUNCTIONS + DICT_RUNTIME + STRING_RUNTIME + COMPARE_RUNTIME + LONG_RUNTIME + \
    PRODUCT_RUNTIME + CLOSURE_RUNTIME + TEXT_RUNTIME + INSTANCE_RUNTIME + CALL_RUNTIME + EXCEPTION_RUNTIME + \
    NAME_RUNTIME + OUT_RUNTIME + SLICE_RUNTIME
TABLES = "main_table step_table record_table handlers_begin handlers_end".split()
STATICS_SHOWN = """jit start_kinds dict_entry state ints characters FireFunction_Type FireGenerator_Type
    FireCoroutine_Type op_bases
    sampler op_HOT_EXIT op_LEAVE op_ERROR""".split()
OFFSETS = {
    "Gen": "gi_frame_state",
    "VMCode": "words pool nwords nregs npool nlocalsplus code argcount plain entry flags total_bytes twin handlers "
              "nhandlers native origin compiled code_start frameless frameless_kinds "
              "frameless_function given_up",
    "Frame": "pc iframe code caller thread regs pool function kind words linked gen result",
    "Thread": "ts top limit c_stack_limit",
    "FireFunction": "vmcode vmcode_of",
    "Jit": "recording loop_threshold call_threshold root header kind count rounds rounds_wanted log out_pc out_frame "
           "exit_header exit_number exit_region exit_depth limit nkinds ret_payload ret_tag root_function root_code "
           "stored record_now gave_up parameters stepped shared",
    "Sampler": "slots mask busy lost backtrace ip_of register_of core_start core_end ranges nranges",
    "State": "eval_breaker next_keys_version",
    "ThreadState": "coroutine_origin_tracking_depth",
}


def _define_info() -> None:
    lines = ["@metal(name='fill_info')", "def fill_info(d: Obj) -> bool:"]
    values = {name: f"address_int(cast(VOID_P, {name}))" for name in FUNCTIONS_OF_RUNTIME}
    values |= {name: f"address_of_table({name!r})" for name in TABLES}
    values |= {name: f"address_int({name})" for name in STATICS_SHOWN
               if not name.startswith("op_") or name == "op_bases"}
    values |= {name: f"address_of_table({name!r})" for name in ("op_HOT_EXIT", "op_LEAVE", "op_ERROR")}
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
