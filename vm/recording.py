"""The native side of the JIT: its shared state, and the log of what hot code does.

    start_recording(frame, header, kind)    a fresh log; `frame` is the root: what it calls is logged too
    record(frame, pc) -> why it ends, or 0  one entry
    finish_recording(frame, pc, why)        calls the hook, which reads the log and may install compiled code

An entry, ENTRY_WORDS words, says what an instruction is about to work on; its last words say what it left in its first
operand, and are filled when the next instruction of the same frame is logged:

    0 pc   1 frame   2 depth below the root   3 its VMCode
    4-6    register A: payload, tag, type     7-9 register B     10-12 register C
    13-15  register A afterwards              16 the callable of a call or the array of an item (owned), or 0
    17     the frame's function (owned)

For FOR_ITER, C is what an enumerate or zip in B goes over (`shape_of`). For CALL, B, C and A are the first
three registers of its range (function or empty, self or callable, first argument); for CALL_EX, A is the
callable, C how long the tuple is. Types and codes are owned by the log, payloads are not: they are hints.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal
from ..bytecode.ops import OPS
from .entry import *  # noqa: F403
from .own_objects import *  # noqa: F403

ENTRY_WORDS = 18
LOG_ENTRIES = 6000
LOGGED_DEPTH, MOST_SKIPPED = 5, 20000        # frames deeper than this are not logged; so many of their instructions run
NEVER_HOT = 1 << 62
MOST_REFUSED = 100          # recordings that may not start because one is on, until that one is given up
LEFT, FULL, ROUNDS, DEEP, ASKED = 1, 2, 3, 4, 5

start_kinds = Static("fire_start_kinds", Reg, 64)      # tag and type of the root's registers when recording starts
CALL_BASE, CALL_EX_BASE = OPS["CALL"].code, OPS["CALL_EX"].code
ITEM_GET_BASE, ITEM_GET_K_BASE, ITEM_SET_BASE = (OPS[name].code for name in ("ITEM_GET", "ITEM_GET_K", "ITEM_SET"))
OF_LIST = 1 << 32               # see specializer/keywords.py
FOR_ITER_BASE, SHAPE = OPS["FOR_ITER"].code, 9
YIELD_BASE, RETURN_BASE = OPS["YIELD"].code, OPS["RETURN"].code
LOOP_COMPILED_CODE, RESUME_COMPILED_CODE = OPS["LOOP_COMPILED"].code, OPS["RESUME_COMPILED"].code


@metal(cold=True)
def may_record(frame: Frame) -> bool:
    """Whether a recording may start now."""
    if jit.busy != 0 or not cast(VOID_P, jit.hook):
        return False
    thread = frame.thread
    if jit.recording != 0 and not abandoned(frame):
        return False
    if thread.translating != 0 or thread.ts.cframe.use_tracing != 0:
        return False
    if not jit.log:
        jit.log = cast(int_out, PyMem_RawMalloc(LOG_ENTRIES * ENTRY_WORDS * 8))
    return cast(VOID_P, jit.log) != None


@metal(cold=True)
def abandoned(frame: Frame) -> bool:
    """Whether the recording that is on will never end: an exception left its root for C code, or its thread is gone."""
    jit.refused = jit.refused + 1
    if jit.refused > MOST_REFUSED or (jit.thread == frame.thread and depth_below(jit.root, frame) < 0):
        jit.recording = 0
        return True
    return False


@metal(cold=True)
def start_recording(frame: Frame, pc: u64p, header: u64p, kind: int):
    jit.busy = 1
    forget_log()
    jit.busy = 0
    jit.recording = 1
    jit.refused = 0
    jit.thread = frame.thread
    jit.root = frame
    jit.root_function = new_ref(cast(Obj, frame.function))      # an exception may end the frame before the hook runs
    jit.root_code = frame.code
    incref(frame.code.code)
    jit.header = header
    jit.kind = kind
    jit.rounds = 0
    jit.skipped = 0
    jit.last_frame = None
    jit.nkinds = 0 if kind == 2 and pc != header else frame.code.nregs
    if jit.nkinds > 64:
        jit.nkinds = 0
    jit.stepped = 0
    jit.shared = 0
    for i in range(jit.nkinds):
        start_kinds[i].tag = frame.regs[i].tag
        start_kinds[i].payload = 0
        if frame.regs[i].tag == OBJECT:
            o = frame.regs[i].object
            start_kinds[i].object = new_ref(cast(Obj, o.ob_type))
            if o.ob_refcnt > 1:
                jit.shared = jit.shared | 1 << i
            if o.ob_type == PyRangeIter_Type and RangeIter(o).step != 1:
                jit.stepped = jit.stepped | 1 << i


@metal(cold=True)
def forget_log():
    """Drop what the last log owns."""
    count = jit.count
    jit.count = 0
    kinds = jit.nkinds
    jit.nkinds = 0
    for i in range(kinds):
        xdecref(start_kinds[i].object)
    function = jit.root_function
    if function:
        jit.root_function = None
        decref(jit.root_code.code)
        decref(function)
    for i in range(count):
        entry = jit.log + i * ENTRY_WORDS
        for k in range(4):
            xdecref(as_pointer_obj(entry[6 + 3 * k]))
        xdecref(as_pointer_obj(entry[16]))
        xdecref(as_pointer_obj(entry[17]))
        decref(cast(VMCode, entry[3]).code)


@metal
def root_above(frame: Frame, depth: int) -> Frame:
    """The frame `depth` calls up."""
    for _ in range(depth):
        frame = frame.caller
    return frame


@metal(inline=True)
def as_pointer_obj(n: int) -> Obj:
    return cast(Obj, n)


@metal
def log_register(words: int_out, r: Reg):
    words[0] = r.payload
    words[1] = r.tag
    words[2] = 0
    if r.tag == OBJECT:
        words[2] = address_int(new_ref(cast(Obj, r.object.ob_type)))


@metal(inline=True)
def log_operand(words: int_out, frame: Frame, number: int):
    """Log a register if the operand can be one."""
    words[0] = 0
    words[1] = EMPTY
    words[2] = 0
    if number < frame.code.nregs:
        log_register(words, frame.regs[number])


@metal
def depth_below(root: Frame, frame: Frame) -> int:
    """How many calls deep `frame` is below the root; -1: it is not."""
    at = frame
    depth = 0
    while at != root:
        at = at.caller
        depth = depth + 1
        if not at:
            return -1
    return depth


@metal
def method_of_bound(o: Obj) -> Obj:
    """`list.append` of `[].append`, if it is a method that the builtin type itself has; new reference."""
    definition = CFunctionObject(o).m_ml
    self = CFunctionObject(o).m_self
    if not self:
        return None
    if self.ob_type.tp_flags & HEAP_TYPE != 0:
        return None
    found = PyDict_GetItemString(self.ob_type.tp_dict, cast(str_p, definition.ml_name))
    if not found:
        return None
    if found.ob_type != PyMethodDescr_Type or MethodDescr(found).d_method != definition:
        return None
    return new_ref(found)


@metal
def logged_callable(base: Reg) -> Obj:
    """What a call calls, if it is a function of the VM, a class or a method of a builtin type, bound or not; new
    reference."""
    r = base if base.tag == OBJECT else base + 1
    if r.tag != OBJECT:
        return None
    o = r.object
    if o.ob_type == PyMethod_Type:
        o = Method(o).im_func
    kind = o.ob_type
    if kind == PyCFunction_Type:
        return method_of_bound(o)
    if kind != FireFunction_Type and kind != PyMethodDescr_Type and not makes_instances(kind):
        return None
    return new_ref(o)


@metal
def iterator_code(o: Obj) -> int:
    """A number for an iterator's type: see ITERATOR_CODES in the specializer."""
    kind = o.ob_type
    if kind == PyListIter_Type:
        return 1
    if kind == PyTupleIter_Type:
        return 2
    if kind == PyRangeIter_Type:
        return 3
    if kind == characters.iterator_type:
        return 4
    if kind == FireGenerator_Type:
        return 5
    return 15


@metal
def shape_of(o: Obj) -> int:
    """What an enumerate or zip goes over: a byte for each iterator, the first lowest; 0: nothing of the kind."""
    if o.ob_type == PyEnum_Type:
        return iterator_code(EnumIter(o).en_sit)
    if o.ob_type != PyZip_Type:
        return 0
    shape = 0
    count = ZipIter(o).tuplesize
    if count > 3:
        return 0
    for i in range(count):
        shape = shape | iterator_code(field_address(ZipIter(o).ittuple, "ob_item")[i]) << (8 * i)
    return shape


@metal
def tuple_size(r: Reg) -> int:
    """How long a tuple is, or a list, with OF_LIST added; -1: it is neither."""
    if r.tag != OBJECT:
        return -1
    size = VarObj(r.object).ob_size
    if r.object.ob_type == PyList_Type:
        return size + OF_LIST
    return size if r.object.ob_type == PyTuple_Type else -1


@metal
def logged_container(r: Reg) -> Obj:
    """What an item is taken from or put into, if it has a buffer: how its items lie is read off it. New reference."""
    if r.tag != OBJECT:
        return None
    kind = r.object.ob_type
    if kind == PyList_Type or kind == PyTuple_Type or kind == PyDict_Type or kind == PyUnicode_Type:
        return None
    if not kind.tp_as_buffer:
        return None
    return new_ref(r.object)


@metal(cold=True)
def record(frame: Frame, pc: u64p) -> int:
    """Log the instruction at pc; why recording has to end before it, or 0."""
    depth = depth_below(jit.root, frame)
    if depth < 0:
        return LEFT
    if depth > LOGGED_DEPTH:
        jit.skipped = jit.skipped + 1
        return DEEP if jit.skipped > MOST_SKIPPED else 0
    if jit.last_frame == frame and jit.count > 0:
        log_register(jit.log + (jit.count - 1) * ENTRY_WORDS + 13, jit.last_reg)
    jit.last_frame = None
    if depth == 0 and pc == jit.header and jit.count > 0:
        jit.rounds = jit.rounds + 1
        if jit.rounds >= jit.rounds_wanted:
            return ROUNDS
    if jit.count >= LOG_ENTRIES or jit.count >= jit.limit:
        return FULL
    op = op_bases[pc[0] & OPCODE_MASK]
    words = jit.log + jit.count * ENTRY_WORDS
    word = pc[0]
    a = lshr(word, 16) & 65535
    b = lshr(word, 32) & 65535
    c = lshr(word, 48) & 65535
    words[0] = address_int(pc)
    words[1] = address_int(frame)
    words[2] = depth
    words[3] = address_int(frame.code)
    incref(frame.code.code)
    words[13] = 0
    words[14] = EMPTY
    words[15] = 0
    words[16] = 0
    words[17] = address_int(new_ref(cast(Obj, frame.function)))
    jit.count = jit.count + 1
    log_operand(words + 4, frame, b + 2 if op == CALL_BASE else b + 1 if op == CALL_EX_BASE else a)
    log_operand(words + 7, frame, b)
    if op == CALL_BASE:
        c = b + 1
        words[16] = address_int(logged_callable(frame.regs + b))
    elif op == CALL_EX_BASE:
        c = 65535                               # flags, no register
        words[16] = address_int(logged_callable(frame.regs + b))
    elif op == ITEM_GET_BASE or op == ITEM_GET_K_BASE:
        words[16] = address_int(logged_container(frame.regs + b))
    elif op == ITEM_SET_BASE:
        words[16] = address_int(logged_container(frame.regs + a))
    log_operand(words + 10, frame, c)
    if op == FOR_ITER_BASE:
        words[10] = shape_of(frame.regs[b].object)
        words[11] = SHAPE
        words[12] = 0
    elif op == CALL_EX_BASE:
        words[10] = tuple_size(frame.regs + (b + 2))
        words[11] = SHAPE
        words[12] = 0
    if a < frame.code.nregs:
        jit.last_frame = frame
        jit.last_reg = frame.regs + a
    if depth == 0 and (op == YIELD_BASE or op == RETURN_BASE):
        return LEFT                                 # what follows may be anywhere
    return 0


@metal(cold=True)
def finish_recording(frame: Frame, pc: u64p, why: int) -> bool:
    """Hand the log to the hook: it reads it now, and the frame with it. False: another thread raised something in
    this one meanwhile."""
    jit.recording = 0
    sync(frame, pc)
    thread = frame.thread
    ts = thread.ts
    reason = PyLong_FromLong(why)
    if not reason:
        PyErr_Clear()
        return True
    jit.busy = 1
    thread.translating = 1
    PyThreadState_EnterTracing(ts)
    ts.recursion_remaining = ts.recursion_remaining + ROOM
    own = begin_own(ts)
    held = hold_signals(ts)
    result = PyObject_CallOneArg(jit.hook, reason)
    let_signals(held)
    end_own(own)
    ts.recursion_remaining = ts.recursion_remaining - ROOM
    PyThreadState_LeaveTracing(ts)
    thread.translating = 0
    decref(reason)
    forget_log()
    jit.busy = 0
    if result:
        decref(result)
        return True
    return raised_here()


@metal(cold=True)
def ask_first(frame: Frame, pc: u64p) -> bool:
    """A place is hot and code of an earlier run may be there for it: the hook looks, with an empty log, and sets
    `record_now`: 1 to go on with a recording, else what the place's counter starts at. False: as `finish_recording`."""
    jit.record_now = 0
    return finish_recording(frame, pc, ASKED)
