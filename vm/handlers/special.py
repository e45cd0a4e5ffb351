"""Special methods of classes whose functions the VM runs: their frames are pushed as those of calls,
without C in between.

    x in box     box's class defines __contains__  ->  its frame, kind KIND_TRUTH: what it returns is tested and stored
    box[k]       __getitem__  ->  KIND_CALL            box[k] = v    __setitem__  ->  KIND_DROPPED

Only what needs no binding goes this way: a function of just these parameters. Everything else is the host's.
"""
from __future__ import annotations

from .arith import *  # noqa: F403


@metal
def special_frame(frame: Frame, pc: u64p, o: Obj, name: Obj, count: int) -> Frame:
    """The frame of a special method with `count` parameters, which are to be filled; NULL: call it the general way."""
    method = _PyType_Lookup(o.ob_type, name)
    if not method:
        return None
    return function_frame(frame, pc, method, count)


@metal(inline=True)
def function_frame(frame: Frame, pc: u64p, method: Obj, count: int) -> Frame:
    """The same for what is called, borrowed."""
    if method.ob_type != FireFunction_Type:
        return None
    function = cast(FireFunction, method)
    code = function.vmcode
    thread = frame.thread
    if function.vmcode_of != function.func_code or thread.ts.cframe.use_tracing != 0 or state.eval_breaker[0] != 0:
        return None
    memory = thread.top
    if code.plain != count or byte_distance(thread.limit, memory) < code.total_bytes:
        return None
    if thread.ts.recursion_remaining <= 0:
        return None
    frame.pc = pc
    callee = lay_frame(thread, memory, code, cast(Function, new_ref(method)), frame)
    callee.pc = code.words
    empty_registers(callee, count, code.nlocalsplus)
    return callee


@metal(inline=True)
def pass_operand(target: Reg, r: Reg, ins: int, bit: int):
    """Fill a parameter from an operand, which is moved if the instruction consumes it."""
    target.payload = r.payload
    target.tag = r.tag
    if ins & bit != 0:
        r.tag = EMPTY
    elif r.tag == OBJECT:
        incref(r.object)


@metal(inline=True)
def has_class_of_python(r: Reg) -> bool:
    """Whether a register's object is of a class made by a class statement."""
    return r.tag == OBJECT and r.object.ob_type.tp_flags & HEAP_TYPE != 0


@metal(inline=True)
def contains_frame(frame: Frame, pc: u64p, ins: int, item: Reg, container: Reg) -> Frame:
    """`item in container` by a function of the VM; NULL: not so."""
    if likely(not has_class_of_python(container)):
        return None
    callee = special_frame(frame, pc, container.object, state.name_contains, 2)
    if callee:
        callee.kind = KIND_TRUTH
        callee.words = 1
        pass_operand(callee.regs, container, ins, CONSUME_C)
        pass_operand(callee.regs + 1, item, ins, CONSUME_B)
    return callee


@metal(inline=True)
def item_frame(frame: Frame, pc: u64p, ins: int, holder: Reg, key: Reg) -> Frame:
    """holder[key] by a function of the VM; NULL: not so."""
    if likely(not has_class_of_python(holder)):
        return None
    callee = special_frame(frame, pc, holder.object, state.name_getitem, 2)
    if callee:
        callee.words = 2
        pass_operand(callee.regs, holder, ins, CONSUME_B)
        pass_operand(callee.regs + 1, key, ins, CONSUME_C)
    return callee


@metal(inline=True)
def set_item_frame(frame: Frame, pc: u64p, ins: int, holder: Reg, key: Reg, value: Reg) -> Frame:
    """holder[key] = value by a function of the VM; NULL: not so."""
    if likely(not has_class_of_python(holder)):
        return None
    callee = special_frame(frame, pc, holder.object, state.name_setitem, 3)
    if callee:
        callee.kind = KIND_DROPPED
        callee.words = 1
        pass_operand(callee.regs, holder, ins, CONSUME_A)
        pass_operand(callee.regs + 1, key, ins, CONSUME_B)
        pass_operand(callee.regs + 2, value, ins, CONSUME_C)
    return callee
