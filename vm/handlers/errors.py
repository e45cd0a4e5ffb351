"""Exceptions: from the instruction that failed to its handler, or out of the frame.

ERROR (an exception is set, the frame is synced) adds a traceback entry and unwinds; UNWIND does not add one
(reraise). `unwind` walks VM frames without C recursion: each frame without a handler is popped, its caller gets
a traceback entry of its own.
"""
from __future__ import annotations

from .names import *  # noqa: F403
from .raising import *  # noqa: F403

@metal
def find_handler(code: VMCode, pc: u64p) -> u32p:
    """The table entry that covers `pc`, or NULL."""
    index = byte_distance(pc, code.words) >> 3
    entry = code.handlers
    for _ in range(code.nhandlers):
        if entry[0] <= index and index < entry[1]:
            return entry
        entry = entry + 5
    return None


ADD_CODE, LAST_OPERATOR, LT_CODE, LAST_COMPARISON = (OPS[name].code for name in ("ADD", "MATMUL_K", "LT", "JGE_K"))
ITEM_GET_CODE, ITEM_SET_CODE, ITEM_DELETE_CODE, CONTAINS_CODE, ATTR_SET_CODE, CALLING_CODE = (
    OPS[name].code for name in ("ITEM_GET", "ITEM_SET", "ITEM_DELETE", "CONTAINS", "ATTR_SET", "CALL"))


@metal
def drop_temporary(frame: Frame, number: int, consumed: int):
    """Empty a register of the evaluation stack if the instruction would have."""
    if consumed != 0 and number >= frame.code.nlocalsplus:
        drop(frame.regs[number])


@metal
def drop_operands_of_failed(frame: Frame):
    """Let go what the instruction that failed has not consumed, in the host's order: most of its operands are gone
    before the stack is emptied from the top, the first of them first. The last one is the topmost."""
    word = frame.pc[0]
    op = op_bases[word & OPCODE_MASK]
    a = lshr(word, 16) & 65535
    b = lshr(word, 32) & 65535
    if op == CALLING_CODE:
        for i in range((lshr(word, 48) & 65535) + 2):
            drop_temporary(frame, b + i, 1)
    elif op >= LT_CODE and op <= LAST_COMPARISON and (op - LT_CODE) & 2 != 0 or op == ITEM_DELETE_CODE:
        drop_temporary(frame, a, word & CONSUME_A)
    elif op == ITEM_SET_CODE:
        drop_temporary(frame, lshr(word, 48) & 65535, word & CONSUME_C)
        drop_temporary(frame, a, word & CONSUME_A)
    elif (op >= ADD_CODE and op <= LAST_OPERATOR or op >= LT_CODE and op <= LAST_COMPARISON or op == ITEM_GET_CODE
          or op == CONTAINS_CODE or op == ATTR_SET_CODE):
        drop_temporary(frame, b, word & CONSUME_B)


@metal
def enter_handler(frame: Frame, entry: u32p) -> bool:
    """Empty the registers above, put the exception where the handler expects it."""
    regs = frame.regs
    code = frame.code
    ts = frame.thread.ts
    first = entry[3]
    fetched = stack("Obj", 3)
    put_aside(ts, fetched)
    drop_operands_of_failed(frame)
    drop_above(frame, first)
    value = exception_instance(ts, fetched)
    if entry[4] != 0:
        regs[first].payload = byte_distance(frame.iframe.prev_instr, code.code_start) >> 1
        regs[first].tag = INT
        first = first + 1
    regs[first].object = value
    regs[first].tag = OBJECT
    frame.pc = code.words + entry[2]
    return True


@metal
def unwind(frame: Frame, traceback: bool) -> Frame:
    """Find who handles the exception that is set: the frame to continue in, or NULL to leave the loop."""
    while True:
        if traceback:
            if unlikely(frame.linked == 0):
                sync(frame, frame.pc)
            add_traceback(frame)
            if unlikely(traced(frame.thread.ts)):
                trace_exception(frame)
        entry = find_handler(frame.code, frame.pc)
        if entry:
            enter_handler(frame, entry)
            return frame
        if unlikely(traced(frame.thread.ts)):
            trace_unwind(frame)
        kind = frame.kind
        caller = frame.caller
        if cast(VOID_P, frame.gen):
            end_generator(frame)
        else:
            if kind == KIND_ENTRY:
                frame.out[0] = None
            if kind == KIND_INIT:
                o = frame.result
                frame.result = None
                pop_failed(frame)
                ts = caller.thread.ts
                ts.recursion_remaining = ts.recursion_remaining + 1
                decref(o)
            else:
                pop_failed(frame)
                if kind == KIND_INSTANCE:
                    caller.thread.ts.recursion_remaining = caller.thread.ts.recursion_remaining + 1
                elif kind == KIND_UNCOUNTED:
                    caller.thread.ts.recursion_remaining = caller.thread.ts.recursion_remaining - 1
        if kind == KIND_ENTRY:
            return None
        frame = caller
        traceback = True


@metal
def pop_failed(frame: Frame):
    """Pop a frame an exception leaves; the exception is put aside while registers are dropped."""
    ts = frame.thread.ts
    fetched = stack("Obj", 3)
    put_aside(ts, fetched)
    drop_operands_of_failed(frame)
    drop_above(frame, frame.code.nlocalsplus)
    pop_frame(frame, frame.code.nlocalsplus)
    put_back(ts, fetched)


@handler("ERROR")
def ERROR():
    if unlikely(cast(VOID_P, spare.sent) != None):
        take_back(frame.thread.ts)
    target = unwind(frame, True)
    if target:
        return go(target)
    jit.out_frame = None                # compiled code that had this instruction run: there is nothing to go on with
    return leave()


@handler("UNWIND")
def UNWIND():
    target = unwind(frame, False)
    if target:
        return go(target)
    jit.out_frame = None                # compiled code that had this instruction run: there is nothing to go on with
    return leave()


# ------------------------------------------------------------------------------- try and except
@handler("PUSH_EXC_INFO")
def PUSH_EXC_INFO():
    item = frame.thread.ts.exc_info
    exception = ra.object
    previous = item.exc_value
    if previous:
        ra.object = previous
    else:
        ra.tag = NONE
    incref(exception)
    item.exc_value = exception
    ra[1].object = exception
    ra[1].tag = OBJECT


@handler("POP_EXCEPT")
def POP_EXCEPT():
    item = frame.thread.ts.exc_info
    old = item.exc_value
    if ra.tag == OBJECT and ra.object != Py_None:
        item.exc_value = ra.object
        ra.tag = EMPTY
    else:
        item.exc_value = None
        drop(ra)
    if old:
        frame.pc = pc
        decref(old)


@metal
def match_exception(frame: Frame, pc: u64p, exception: Obj, wanted: Obj) -> int:
    """isinstance for except clauses: 1, 0, -1 with TypeError."""
    sync(frame, pc)
    if wanted.ob_type == PyTuple_Type or PyType_IsSubtype(wanted.ob_type, PyTuple_Type) != 0:
        items = field_address(Tuple(wanted), "ob_item")
        for i in range(VarObj(wanted).ob_size):
            if not is_exception_class(items[i]):
                return bad_except()
    elif not is_exception_class(wanted):
        return bad_except()
    return PyErr_GivenExceptionMatches(exception, wanted)


@metal(cold=True)
def bad_except() -> int:
    PyErr_SetString(PyExc_TypeError[0], "catching classes that do not inherit from BaseException is not allowed")
    return -1


@handler("EXC_MATCH")
def EXC_MATCH():
    wanted = boxed(rc)
    matches = match_exception(frame, pc, rb.object, wanted)
    if unlikely(matches < 0):
        return tail("ERROR")
    o = take(rc, ins, CONSUME_C)
    set_bool(ra, matches != 0)
    xdecref(o)


@metal
def reraise(frame: Frame, pc: u64p, exception: Reg, lasti: int):
    """Set the exception again with the traceback it has; `lasti` >= 0 restores where it came from."""
    sync(frame, pc)
    if lasti >= 0:
        frame.iframe.prev_instr = byte_offset(frame.code.code_start, lasti * 2)
    value = exception.object
    exception.tag = EMPTY
    set_again(frame.thread.ts, value)


@handler("RERAISE")
def RERAISE():
    if B != 0:
        reraise(frame, pc, ra, reg_int(rc))
    else:
        reraise(frame, pc, ra, -1)
    return tail("UNWIND")


@metal
def reg_int(r: Reg) -> int:
    """Value of a register that holds an int, boxed or not."""
    return r.payload if r.tag == INT else PyLong_AsLong(r.object)


@metal
def raise_again(ts: ThreadState) -> bool:
    """`raise` alone; True: as a reraise (no traceback entry is added)."""
    item = ts.exc_info
    while (not item.exc_value or item.exc_value == Py_None) and item.previous_item:
        item = item.previous_item
    value = item.exc_value
    if not value or value == Py_None:
        PyErr_SetString(PyExc_RuntimeError[0], "No active exception to reraise")
        return False
    set_again(ts, new_ref(value))
    return True


@metal
def raise_from(ts: ThreadState, raised: Obj, cause: Obj):
    """raise X [from Y]; borrows both, `cause` may be NULL."""
    value = exception_from(ts, raised, "exceptions must derive from BaseException")
    if not value:
        return
    if cause:
        fixed: Obj = None
        if cause != Py_None:
            fixed = exception_from(ts, cause, "exception causes must derive from BaseException")
            if not fixed:
                decref(value)
                return
        PyException_SetCause(value, fixed)
    set_raised(ts, value)


@metal
def raise_op(frame: Frame, pc: u64p, ra: Reg, count: int) -> bool:
    """The RAISE op; True: unwind without adding a traceback entry."""
    sync(frame, pc)
    if count == 0:
        return raise_again(frame.thread.ts)
    raised = as_owned(ra)
    cause: Obj = None
    if count == 2:
        cause = as_owned(ra[1])
    raise_from(frame.thread.ts, raised, cause)
    xdecref(raised)
    xdecref(cause)
    return False


@handler("RAISE")
def RAISE():
    if raise_op(frame, pc, ra, B):
        return tail("UNWIND")
    return tail("ERROR")


@handler("ASSERTION_ERROR")
def ASSERTION_ERROR():
    set_object(ra, new_ref(PyExc_AssertionError[0]))
