"""Compiled code: from a host code object to the words the interpreter runs, made at its first call.

    code_of(function) -> VMCode        .twin != 0: the VM cannot run it, the host twin does

The record hangs on the host's code object (co_extra) and lives as long as it.
"""
from __future__ import annotations

from ..codegen.metal import CGlobal, metal
from ..bytecode.ops import FLAG_BITS, FLAG_SHIFT, OPS, X_BIT
from .frames import *  # noqa: F403

op_lengths = CGlobal("op_lengths", u8p)          # tables that the module lays out (codegen/metal/module.py)
op_variants = CGlobal("op_variants", u16p)
RESUME_CODE, LOOP_CODE = OPS["RESUME"].code, OPS["LOOP"].code

ROOM = 500                  # levels of recursion that the translator has over what is left to the program
RETURN_GENERATOR, MAKE_CELL, EXTENDED_ARG, COPY_FREE_VARS = 75, 135, 144, 149       # opcodes of the host


@metal
def free_code(extra: ptr_t):
    """Called by the host when a code object dies."""
    code = cast(VMCode, extra)
    if not code:
        return
    for i in range(code.npool):
        decref(constant_objects(code)[i])
    PyMem_RawFree(code.words)
    PyMem_RawFree(code.origin)
    PyMem_RawFree(code.pool)
    PyMem_RawFree(code.handlers)
    PyMem_RawFree(code.lines)
    PyMem_RawFree(code)


@metal
def copy_bytes(o: Obj) -> ptr_t:
    """A copy of a bytes object's data in memory of ours (one spare byte); NULL with MemoryError."""
    size = VarObj(o).ob_size
    memory = PyMem_RawMalloc(size + 8)
    if not memory:
        PyErr_NoMemory()
        return None
    copy(memory, field_address(Bytes(o), "ob_sval"), size)
    return memory


@metal
def pool_value(r: Reg, o: Obj):
    """Write a constant to the pool: numbers, bools and None unboxed, anything else as an object. The reference is
    held beside it (see constant_objects)."""
    r.tag = OBJECT
    r.object = o
    kind = o.ob_type
    if o == Py_None:
        r.tag = NONE
    elif o == Py_True or o == Py_False:
        r.tag = BOOL
        r.payload = 1 if o == Py_True else 0
    elif is_small_long(o):
        r.tag = INT
        r.payload = long_value(o)
    elif kind == PyFloat_Type and Float(o).ob_fval == Float(o).ob_fval:
        r.tag = FLOAT
        r.number = Float(o).ob_fval


@metal
def fill_code(code: VMCode, host: Code, program: Obj) -> bool:
    """Fill the record from a translated Program (a tuple); False with an exception set."""
    items = field_address(Tuple(program), "ob_item")
    code.nregs = long_value(items[0])
    code.nwords = VarObj(items[1]).ob_size >> 3
    code.words = cast(u64p, copy_bytes(items[1]))
    code.origin = cast(i32p, copy_bytes(items[2]))
    pool = items[3]
    code.pool = cast(Reg, PyMem_RawMalloc(VarObj(pool).ob_size * 24 + 16))
    code.handlers = cast(u32p, copy_bytes(items[4]))
    code.nhandlers = VarObj(items[4]).ob_size // 20
    if not code.words or not code.origin or not code.pool or not code.handlers:
        return False
    code.npool = VarObj(pool).ob_size
    constants = field_address(Tuple(pool), "ob_item")
    for i in range(code.npool):
        pool_value(code.pool[i], constants[i])
        constant_objects(code)[i] = new_ref(constants[i])
    code.entry = code.words
    if code.words[0] & 255 == RESUME_CODE and state.counts_calls == 0:     # callers have looked for pending work
        code.entry = code.words + op_lengths[RESUME_CODE]
    choose_variants(code)
    origin = cast(i32wp, code.origin)
    for i in range(code.nwords):
        origin[i] = origin[i] * 2
    return True


@metal
def generator_flags(host: Code) -> int:
    """co_flags; but whether a call makes a generator is told by the instruction RETURN_GENERATOR."""
    flags = host.co_flags
    unit = cast(u16p, byte_offset(cast(VOID_P, host), CODE_UNITS))
    while unit[0] & 255 == EXTENDED_ARG or unit[0] & 255 == MAKE_CELL or unit[0] & 255 == COPY_FREE_VARS:
        unit = unit + 1
    if unit[0] & 255 != RETURN_GENERATOR:
        return flags & ~CO_ANY_GENERATOR
    if flags & CO_ANY_GENERATOR == 0:
        return flags | CO_COROUTINE
    return flags


@metal
def choose_variants(code: VMCode):
    """Replace each opcode by the number of the handler compiled for the instruction's flags."""
    at = 0
    while at < code.nwords:
        word = code.words[at]
        opcode = word & 255
        if opcode == LOOP_CODE and state.counts_calls == 0:
            word = word | X_BIT
        number = op_variants[(opcode << FLAG_BITS) + (lshr(word, FLAG_SHIFT) & 63)]
        if number != 0:
            code.words[at] = (word & -1024) | number
        at = at + op_lengths[opcode]


@metal
def describe_code(code: VMCode, host: Code):
    """Facts about the host's code object that calls need."""
    code.code = cast(Obj, host)
    code.code_start = byte_offset(cast(VOID_P, host), CODE_UNITS)
    code.nlocalsplus = host.co_nlocalsplus
    code.head_bytes = head_bytes(host)
    code.total_bytes = code.head_bytes + sizeof(Frame) + 16 * code.nregs
    code.argcount = host.co_argcount
    code.posonly = host.co_posonlyargcount
    code.kwonly = host.co_kwonlyargcount
    code.flags = generator_flags(host)
    special = CO_VARARGS | CO_VARKEYWORDS | CO_ANY_GENERATOR
    code.simple = 1 if code.flags & special == 0 and host.co_kwonlyargcount == 0 and code.twin == 0 else 0
    if host.co_flags & (CO_OPTIMIZED | CO_NEWLOCALS) != CO_OPTIMIZED | CO_NEWLOCALS:
        code.simple = 0
    enters = code.twin == 0 and code.flags & CO_ANY_GENERATOR == 0 and code.argcount + code.kwonly < 60
    if host.co_flags & (CO_OPTIMIZED | CO_NEWLOCALS) == CO_OPTIMIZED | CO_NEWLOCALS and enters:
        code.direct = 1                         # a call may fill its frame and go on in it
    code.plain = -1                             # set at the first run: the number of arguments of a simple function


@metal(cold=True)
def note_twin(host: Code):
    """The translator refused: count it, keep the reason (name -> message), clear the exception."""
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    PyErr_NormalizeException(fetched, fetched + 1, fetched + 2)
    text = PyObject_Str(fetched[1])
    if text:
        PyDict_SetItem(state.twin_reasons, host.co_qualname, text)
        decref(text)
    PyErr_Clear()
    xdecref(fetched[0])
    xdecref(fetched[1])
    xdecref(fetched[2])


@metal
def hold_signals(ts: ThreadState) -> int:
    """Signals and pending calls wait until `let_signals`: their handlers are to see the program's frames, not
    those of the translator or the JIT. The host handles them in its main thread alone; while they are held,
    no thread is that one. What to hand to `let_signals`; 0: this thread gets none anyway."""
    main = cast(int_out, byte_offset(cast(VOID_P, Py_Runtime), MAIN_THREAD))
    held = main[0]
    if held != ts.thread_id:
        return 0
    main[0] = 0
    return held


@metal
def let_signals(held: int):
    """What came since `hold_signals` is handled at the program's next poll: a thread that takes its
    turn sees to that."""
    if held != 0:
        cast(int_out, byte_offset(cast(VOID_P, Py_Runtime), MAIN_THREAD))[0] = held
        PyEval_RestoreThread(PyEval_SaveThread())


@metal(cold=True)
def raised_here() -> bool:
    """The exception came from elsewhere: its traceback begins with the program's frame. False."""
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    PyErr_Restore(fetched[0], fetched[1], None)
    xdecref(fetched[2])
    return False


@metal
def translate(host: Code) -> Obj:
    """The host code object's Program; new, NULL with an exception. What the translator calls (an audit hook,
    a function put in a module it uses) meanwhile has `untranslated` as its code."""
    thread = current_thread()
    if not thread:
        return None
    ts = thread.ts
    thread.translating = 1
    PyThreadState_EnterTracing(ts)              # tracers and profilers see nothing of it
    ts.recursion_remaining = ts.recursion_remaining + ROOM
    held = hold_signals(ts)
    program = PyObject_CallOneArg(state.translator, cast(Obj, host))
    let_signals(held)
    ts.recursion_remaining = ts.recursion_remaining - ROOM
    PyThreadState_LeaveTracing(ts)
    thread.translating = 0
    return program


@metal(cold=True)
def make_code(host: Code) -> VMCode:
    """Translate a host code object and attach the result to it; NULL with an exception (out of memory)."""
    thread = current_thread()
    if thread and thread.translating != 0:
        untranslated.twin = 1
        untranslated.flags = CO_OPTIMIZED
        untranslated.runs = 1
        return untranslated
    code = cast(VMCode, PyMem_RawCalloc(1, sizeof(VMCode)))
    if not code:
        PyErr_NoMemory()
        return None
    kept = stack("Obj", 3)
    PyErr_Fetch(kept, kept + 1, kept + 2)
    program = translate(host)
    if program and program != Py_None:
        if not fill_code(code, host, program):
            code.twin = 1
    else:
        code.twin = 1
    if code.twin != 0:
        if program:
            PyErr_Clear()
        elif (PyErr_ExceptionMatches(PyExc_RecursionError[0]) != 0 or PyErr_ExceptionMatches(PyExc_MemoryError[0]) != 0
              or PyErr_ExceptionMatches(PyExc_Exception[0]) == 0):
            PyMem_RawFree(code)
            xdecref(kept[0])
            xdecref(kept[1])
            xdecref(kept[2])
            return None
        else:
            note_twin(host)
    xdecref(program)
    PyErr_Restore(kept[0], kept[1], kept[2])
    describe_code(code, host)
    existing = stack("ptr", 1)
    existing[0] = None
    if _PyCode_GetExtra(cast(Obj, host), state.extra_index, existing) == 0 and existing[0]:
        free_code(cast(VOID_P, code))               # made meanwhile by the translator's own activity
        return cast(VMCode, existing[0])
    return code if attach(host, code) else None


@metal
def attach(host: Code, code: VMCode) -> bool:
    """Hang the record on the code object. The list there ends with it: behind are the entries of others (debuggers),
    whose free function the host would call for every code object, also when they are gone at exit."""
    fresh = cast(VOID_P, host.co_extra) == None
    if _PyCode_SetExtra(cast(Obj, host), state.extra_index, code) < 0:
        return False
    if fresh:
        cast(int_out, host.co_extra)[0] = state.extra_index + 1
    return True


@metal
def code_for(host: Code) -> VMCode:
    """The record of a host code object; NULL with an exception."""
    extra = stack("ptr", 1)
    extra[0] = None
    if _PyCode_GetExtra(cast(Obj, host), state.extra_index, extra) < 0:
        return None
    if extra[0]:
        return cast(VMCode, extra[0])
    return make_code(host)


@metal(cold=True)
def find_code(function: FireFunction) -> VMCode:
    """The record for a function whose __code__ is new or was replaced."""
    code = code_for(function.func_code)
    if code and code != untranslated:
        function.vmcode = code
        function.vmcode_of = function.func_code
    return code


@metal(inline=True)
def code_of(function: FireFunction) -> VMCode:
    """The record of a VM function's current __code__; NULL with an exception."""
    if likely(function.vmcode_of == function.func_code):
        return function.vmcode
    return find_code(function)
