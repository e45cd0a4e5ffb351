"""Calls of classes: an instance is made, and the call goes on in the frame of its `__init__`.

    CALL r1 = Point(1, 2)      CALL_CLASS: the cache words hold the class's version (bits 32-63 of the first) and its
                               `__init__` with bit 1 set; `call_class` fills them

The version proves all that `call_class` has found out: that instances are made as `object` or `BaseException`
does, that the class is not abstract, and which function its `__init__` is.
"""
from __future__ import annotations

from .calls import *  # noqa: F403

IS_CLASS = 2             # in the second cache word: none of the addresses that known.py puts there


@metal(inline=True)
def remember_class(pc: u64p, kind: TypeObject, init: Obj):
    """The next call of this class may go the short way."""
    pc[1] = (pc[1] & 0xFFFFFFFF) | kind.tp_version_tag << 32
    pc[2] = address_int(init) | IS_CLASS


@metal(inline=True)
def may_instantiate(thread: Thread, function: FireFunction, count: int) -> bool:
    """Whether `__init__` takes just these arguments, there is room for its frame, and nothing else wants to run."""
    code = function.vmcode
    ts = thread.ts
    return (function.vmcode_of == function.func_code and code.plain == count + 1 and ts.cframe.use_tracing == 0
            and byte_distance(thread.limit, thread.top) >= code.total_bytes and ts.recursion_remaining > 1
            and state.eval_breaker[0] == 0 and not may_collect())


@metal(inline=True)
def adds_nothing(kind: TypeObject) -> bool:
    """Whether instances of a class are made by `object.__new__` or `BaseException.__new__`."""
    if kind.tp_new == state.object_new:
        return True
    return kind.tp_flags & EXCEPTION_CLASS != 0 and kind.tp_new == cast(TypeObject, PyExc_Exception[0]).tp_new


@metal(inline=True)
def new_instance(kind: TypeObject, args: Reg, count: int) -> Obj:
    """kind.__new__(kind, *args) for a class that adds nothing to it; NULL with MemoryError."""
    if kind.tp_flags & EXCEPTION_CLASS != 0:
        return exception_of_call(kind, args, count)
    made = kept_instance(kind)
    if made:
        return made
    if kind.tp_dictoffset == 0:
        return call_pointer("Obj", kind.tp_alloc, kind, 0)
    return call_pointer("Obj", kind.tp_new, kind, state.empty_tuple, None)


@metal
def init_of_class(frame: Frame, pc: u64p, base: Reg, count: int) -> Frame:
    """The frame of `__init__` by the cache words, which hold the class; NULL: nothing has happened."""
    kind = cast(TypeObject, base[1].object)
    function = cast(FireFunction, pc[2] & ~IS_CLASS)
    thread = frame.thread
    if unlikely(not may_instantiate(thread, function, count)):
        return None
    instance = new_instance(kind, base + 2, count)
    if unlikely(not instance):
        PyErr_Clear()
        return None
    code = function.vmcode
    frame.pc = pc
    callee = lay_frame(thread, thread.top, code, cast(Function, new_ref(cast(Obj, function))), frame)
    thread.ts.recursion_remaining = thread.ts.recursion_remaining - 1        # the class's call counts too
    callee.kind = KIND_INIT
    callee.result = instance
    empty_registers(callee, code.argcount, code.nlocalsplus)
    target = cast(Reg, byte_offset(callee, sizeof(Frame)))
    target.object = new_ref(instance)
    target.tag = OBJECT
    base[1].tag = EMPTY
    for i in range(count):
        target[1 + i].payload = base[2 + i].payload
        target[1 + i].tag = base[2 + i].tag
        base[2 + i].tag = EMPTY
    decref(cast(Obj, kind))                     # the instance has it
    return callee


@handler("CALL_CLASS", 3)
def CALL_CLASS():
    """A class, in the place of self."""
    version = cast(TypeObject, rb[1].object).tp_version_tag
    if likely(lshr(pc[1], 32) == version and pc[1] & 0xFFFFFFFF == 0 and pc[2] & IS_CLASS != 0 and version != 0):
        callee = init_of_class(frame, pc, rb, C)
        if likely(callee):
            return resume_at(callee, callee.code.entry)
    return tail("CALL_GENERAL")


@metal
def call_class(frame: Frame, pc: u64p, ins: int, ra: Reg, base: Reg, count: int, first: int) -> Frame:
    """Instantiate a class whose __new__ is object's or BaseException's and whose __init__ is a VM function: the
    frame of __init__, or NULL if the call must go the general way (nothing has happened then)."""
    kind = cast(TypeObject, base[first].object)
    ts = frame.thread.ts
    if ts.recursion_remaining <= 1 or ts.cframe.use_tracing != 0:
        return None
    if first == 0 or not adds_nothing(kind) or kind.tp_flags & (1 << 9) == 0 or kind.tp_flags & (1 << 20) != 0:
        return None
    if kind.tp_flags & EXCEPTION_CLASS != 0 and pc[1] & 0xFFFFFFFF != 0:
        return None                                 # which of the arguments are positional
    init = _PyType_Lookup(kind, state.name_init)
    if not init or init.ob_type != FireFunction_Type:
        return None
    code = code_of(cast(FireFunction, init))
    thread = frame.thread
    if not code:
        PyErr_Clear()
        return None
    if code.twin != 0 or code.flags & (CO_ANY_GENERATOR | CO_OPTIMIZED) != CO_OPTIMIZED:
        return None
    sync(frame, pc)
    instance = new_instance(kind, base + 2, count)
    if not instance:
        PyErr_Clear()
        return None
    callee = push_frame(thread, code, cast(Function, new_ref(init)), frame)
    if not callee:
        PyErr_Clear()
        decref(instance)
        return None
    kwnames: Obj = None
    if pc[1] & 0xFFFFFFFF != 0:
        kwnames = frame.pool[(pc[1] & 0xFFFFFFFF) - 1].object
    base[1].object = new_ref(instance)                          # self, in the place of the class
    if not bind_moves(callee, base + 1, count + 1, kwnames):
        PyErr_Clear()
        pop_frame(callee, code.nregs)
        base[1].object = cast(Obj, kind)
        decref(instance)
        decref(instance)
        return None
    if not kwnames and kind.tp_flags & VALID_VERSION != 0:
        remember_class(pc, kind, init)
    decref(kind)
    count_run(code, False)
    ts.recursion_remaining = ts.recursion_remaining - 1         # the class's call counts too
    callee.kind = KIND_INIT
    callee.result = instance
    return callee
