"""Calls of VM functions whose parameters are not simply the arguments: defaults, keywords, *rest, **more.

    f(1, k=2)  for  def f(a, b=5, *rest, k=0)       a, k moved; b = 5; rest = ()

The callee's frame is laid and filled in one go. What does not fit leaves everything as it was and goes the general
way, where the host words the error.
"""
from __future__ import annotations

from .calls import *  # noqa: F403


@handler("CALL_BOUND", 3)
def CALL_BOUND():
    """A VM function whose parameters are not simply the arguments."""
    function = cast(FireFunction, rb[0 if rb.tag == OBJECT else 1].object)
    if function.vmcode_of == function.func_code and function.vmcode.flags & CO_ANY_GENERATOR != 0:
        return tail("CALL_GENERATOR")
    if pc[1] & 0xFFFFFFFF == 0:
        return tail("CALL_DEFAULTS")
    return tail("CALL_BINDING")


@handler("CALL_GENERATOR", 3)
def CALL_GENERATOR():
    """A generator function of ours, mostly that of a generator expression."""
    first = 0 if rb.tag == OBJECT else 1
    function = cast(FireFunction, rb[first].object)
    if likely(function.vmcode.twin == 0 and function.vmcode.flags & CO_OPTIMIZED != 0 and not traced(frame.thread.ts)):
        if likely(call_generator(frame, pc, ra, rb, C, first, function.vmcode)):
            return
    return tail("CALL_GENERAL")


@handler("CALL_DEFAULTS", 3)
def CALL_DEFAULTS():
    """A VM function of simple parameters, the last of which take their defaults."""
    first = 0 if rb.tag == OBJECT else 1
    function = cast(FireFunction, rb[first].object)
    code = function.vmcode
    thread = frame.thread
    nargs = C + 1 - first
    defaults = function.func_defaults
    if unlikely(function.vmcode_of != function.func_code) or code.plain < 0 or code.plain == nargs:
        return tail("CALL_BINDING")
    if likely(code.plain > nargs and pc[1] & 0xFFFFFFFF == 0
              and defaults and thread.ts.cframe.use_tracing == 0):
        memory = thread.top
        skipped = VarObj(defaults).ob_size - (code.plain - nargs)
        if likely(skipped >= 0 and byte_distance(thread.limit, memory) >= code.total_bytes
                  and thread.ts.recursion_remaining > 0 and state.eval_breaker[0] == 0):
            frame.pc = pc
            callee = lay_frame(thread, memory, code, cast(Function, function), frame)
            empty_registers(callee, code.argcount, code.nlocalsplus)
            target = cast(Reg, byte_offset(callee, sizeof(Frame)))
            values = field_address(Tuple(defaults), "ob_item") + skipped
            for i in range(nargs, code.plain):
                target[i].object = new_ref(values[i - nargs])
                target[i].tag = OBJECT
            for i in range(nargs):
                target[i].payload = rb[first + 1 + i].payload
                target[i].tag = rb[first + 1 + i].tag
                rb[first + 1 + i].tag = EMPTY
            rb[first].tag = EMPTY
            return resume_at(callee, code.entry)
    return tail("CALL_GENERAL")


@metal(inline=True)
def may_enter(function: FireFunction, thread: Thread) -> bool:
    """Whether a call may go on in the function's frame at once: it has run before, there is room, nothing is
    pending."""
    code = function.vmcode
    return (function.vmcode_of == function.func_code and code.direct != 0 and code.runs != 0
            and thread.ts.cframe.use_tracing == 0 and byte_distance(thread.limit, thread.top) >= code.total_bytes
            and thread.ts.recursion_remaining > 0 and state.eval_breaker[0] == 0)


@metal
def place_named(code: VMCode, target: Reg, args: Reg, kwnames: Obj, given: int, more: Obj) -> int:
    """Copy keyword arguments to the parameters they name, or to the dict `more`: the parameters given then, a bit
    each; -1: one is bound twice, or names none."""
    for i in range(VarObj(kwnames).ob_size):
        key: Obj = field_address(Tuple(kwnames), "ob_item")[i]
        at = keyword_index(code, key)
        if at >= 0:
            if unlikely(given & (1 << at) != 0):
                return -1
            given = given | (1 << at)
            target[at].payload = args[i].payload
            target[at].tag = args[i].tag
        else:
            if not more:
                return -1
            value = boxed(args[i])
            if not value or PyDict_SetItem(more, key, value) < 0:
                return -1
    return given


@metal
def forget_defaults(code: VMCode, target: Reg, given: int):
    """Undo give_defaults."""
    for i in range(code.argcount + code.kwonly):
        if given & (1 << i) == 0:
            drop(target[i])


@metal
def give_defaults(function: Function, code: VMCode, target: Reg, given: int) -> bool:
    """Fill the parameters that are not given, which are empty; False: one has no default, nothing is filled."""
    defaults = function.func_defaults
    required = code.argcount
    if defaults:
        required = required - VarObj(defaults).ob_size
    if required > 0 and ~given & ((1 << required) - 1) != 0:
        return False
    names = field_address(Tuple(Code(code.code).co_localsplusnames), "ob_item")
    for i in range(code.argcount, code.argcount + code.kwonly):
        if given & (1 << i) == 0:
            value: Obj = None
            if function.func_kwdefaults:
                value = PyDict_GetItemWithError(function.func_kwdefaults, names[i])
            if not value:
                forget_defaults(code, target, given)
                return False
            target[i].object = new_ref(value)
            target[i].tag = OBJECT
    if defaults:
        values = field_address(Tuple(defaults), "ob_item")
        for i in range(required if required > 0 else 0, code.argcount):
            if given & (1 << i) == 0:
                target[i].object = new_ref(values[i - required])
                target[i].tag = OBJECT
    return True


@metal
def give_rest(target: Reg, args: Reg, count: int) -> bool:
    """The * parameter: a tuple of the registers, moved; False with MemoryError, nothing moved."""
    for i in range(count):
        if not boxed(args[i]):
            return False
    made = new_ref(state.empty_tuple) if count == 0 else PyTuple_New(count)
    if not made:
        return False
    items = field_address(Tuple(made), "ob_item")
    for i in range(count):
        items[i] = args[i].object
        args[i].tag = EMPTY
    target.object = made
    target.tag = OBJECT
    return True


@metal
def fill_frame(callee: Frame, args: Reg, direct: int, positional: int, kwnames: Obj, more: Obj) -> bool:
    """Give a callee its arguments, `direct` of them to parameters one by one; False: nothing has happened."""
    code = callee.code
    target = callee.regs
    empty_registers(callee, direct, code.nlocalsplus)
    for i in range(direct):
        target[i].payload = args[i].payload
        target[i].tag = args[i].tag
    given = (1 << direct) - 1
    parameters = code.argcount + code.kwonly
    if kwnames:
        given = place_named(code, target, args + positional, kwnames, given, more)
        if unlikely(given < 0):
            return False
    if given != (1 << parameters) - 1:
        if unlikely(not give_defaults(callee.function, code, target, given)):
            return False
    slot = target + parameters
    if code.flags & CO_VARARGS != 0:
        if unlikely(not give_rest(slot, args + direct, positional - direct)):
            forget_defaults(code, target, given)
            return False
        slot = slot + 1
    if more:
        slot.object = more
        slot.tag = OBJECT
    return True


@metal(inline=True)
def leave_arguments(code: VMCode, args: Reg, positional: int, kwnames: Obj):
    """What has been moved is gone; keywords that went into a dict are dropped."""
    for i in range(positional):
        args[i].tag = EMPTY
    if kwnames:
        for i in range(VarObj(kwnames).ob_size):
            if keyword_index(code, field_address(Tuple(kwnames), "ob_item")[i]) < 0:
                drop(args[positional + i])
            args[positional + i].tag = EMPTY


@metal
def bind_call(frame: Frame, pc: u64p, base: Reg, count: int) -> Frame:
    """The callee's frame, filled, or NULL: nothing has happened."""
    first = 0 if base.tag == OBJECT else 1
    function = cast(FireFunction, base[first].object)
    thread = frame.thread
    if unlikely(not may_enter(function, thread)):
        return None
    code = function.vmcode
    kwnames: Obj = None
    positional = count + 1 - first
    kwindex = pc[1] & 0xFFFFFFFF
    if kwindex != 0:
        kwnames = frame.pool[kwindex - 1].object
        positional = positional - VarObj(kwnames).ob_size
    direct = positional if positional < code.argcount else code.argcount
    collects = code.flags & (CO_VARARGS | CO_VARKEYWORDS)
    if unlikely(positional > direct and collects & CO_VARARGS == 0):
        return None
    more: Obj = None
    frame.pc = pc
    if collects != 0:
        sync_to_allocate(frame, pc)
        if collects & CO_VARKEYWORDS != 0:
            more = PyDict_New()
            if not more:
                PyErr_Clear()
                return None
    memory = thread.top
    callee = lay_frame(thread, memory, code, cast(Function, function), frame)
    args = base + first + 1
    if unlikely(not fill_frame(callee, args, direct, positional, kwnames, more)):
        thread.top = memory
        thread.ts.recursion_remaining = thread.ts.recursion_remaining + 1
        xdecref(more)
        PyErr_Clear()
        return None
    leave_arguments(code, args, positional, kwnames)
    base[first].tag = EMPTY
    return callee


@handler("CALL_BINDING", 3)
def CALL_BINDING():
    callee = bind_call(frame, pc, rb, C)
    if likely(callee):
        return resume_at(callee, callee.code.entry)
    return tail("CALL_GENERAL")


@metal
def class_function(base: Reg) -> Obj:
    """The VM function that the class of an object to call has as its __call__, borrowed; NULL: it has another."""
    method = _PyType_Lookup(base[1].object.ob_type, state.name_call)
    if method:
        if method.ob_type == FireFunction_Type:
            return method
    return None


@metal
def instance_call(frame: Frame, pc: u64p, base: Reg, count: int) -> Frame:
    """The frame of the __call__ of an object's class, filled, or NULL: nothing has happened. Such a call counts as two:
    that of the object and that of the function."""
    ts = frame.thread.ts
    method = class_function(base)
    if not method or ts.recursion_remaining <= 1:
        return None
    base.object = new_ref(method)
    base.tag = OBJECT
    callee: Frame = None
    if cast(FireFunction, method).vmcode:
        callee = plain_call(frame, pc, base, 0, count)
        if not callee:
            callee = bind_call(frame, pc, base, count)
    if not callee:
        drop(base)
        return None
    callee.kind = KIND_INSTANCE
    ts.recursion_remaining = ts.recursion_remaining - 1
    return callee


@handler("CALL_INSTANCE", 3)
def CALL_INSTANCE():
    """An object of a class made by a class statement."""
    callee = instance_call(frame, pc, rb, C)
    if likely(callee):
        return resume_at(callee, callee.code.entry)
    if cast(VOID_P, rb[1].object.ob_type.tp_call) != None:
        return tail("CALL_VECTOR")
    return tail("CALL_GENERAL")
