"""Calls and returns.

A call of a VM function pushes a frame and goes on in it: no C recursion. Everything else is called by the
host's vectorcall protocol with the arguments boxed.
"""
from __future__ import annotations

from .binding import *  # noqa: F403

CALL_WORDS = 3
MOST_ARGUMENTS = 8              # of a native function called directly
NO_INT = -(1 << 63)             # of rt_parse_int: no number
KnownRow = struct("KnownRow", "callable:Obj handler:ptr", 16)
known_rows = Static("fire_known_rows", KnownRow, 40)             # filled by known.py


@metal
def call_vector(callable: Obj, args: obj_p, nargsf: int, kwnames: Obj) -> Obj:
    """PyObject_Vectorcall without its detours."""
    kind = callable.ob_type
    if kind.tp_flags & HAVE_VECTORCALL != 0:
        function = cast(ptr_p, byte_offset(cast(VOID_P, callable), kind.tp_vectorcall_offset))[0]
        if function:
            return call_pointer("Obj", function, callable, args, nargsf, kwnames)
    return PyObject_Vectorcall(callable, args, nargsf, kwnames)


@metal
def drop_range(base: Reg, count: int):
    for i in range(count):
        drop(base[i])


@metal
def call_generic(frame: Frame, pc: u64p, ins: int, ra: Reg, base: Reg, count: int) -> bool:
    """Call anything: box the arguments, call, drop them, write the result."""
    sync(frame, pc)
    args = stack("Obj", count + 2)
    first = 0 if base.tag == OBJECT else 1
    for i in range(first, count + 2):
        o = boxed(base[i])
        if not o:
            return False
        args[i] = o
    kwindex = pc[1] & 0xFFFFFFFF
    kwnames: Obj = None
    positional = count + 1 - first
    if kwindex != 0:
        kwnames = frame.code.pool[kwindex - 1].object
        positional = positional - VarObj(kwnames).ob_size
    result = call_object(frame, args[first], args + first + 1, positional | ARGUMENTS_OFFSET, kwnames)
    if not result:
        return False
    if first == 0:
        drop(base)
    drop_range(base + 1, count + 1)
    set_result(ra, result)
    return likely(state.eval_breaker[0] == 0) or poll(frame, pc)


@metal
def call_object(frame: Frame, callable: Obj, args: obj_p, nargsf: int, kwnames: Obj) -> Obj:
    """Call, with what the VM must answer itself (frames it alone knows, code it runs) done here."""
    if unlikely(callable.ob_type == PyCFunction_Type):
        special = special_builtin(frame, callable, args, nargsf & (ARGUMENTS_OFFSET - 1), kwnames)
        if special:
            return special
        if PyErr_Occurred():
            return None
    elif callable == cast(Obj, PySuper_Type):
        if nargsf & (ARGUMENTS_OFFSET - 1) == 0 and not kwnames:
            return call_super(frame)
    elif callable == cast(Obj, PyType_Type):
        if nargsf & (ARGUMENTS_OFFSET - 1) == 1 and not kwnames:
            return new_ref(public_type(args[0].ob_type))
    elif callable == cast(Obj, PyFunction_Type):
        return adopted(call_vector(callable, args, nargsf, kwnames))
    return call_vector(callable, args, nargsf, kwnames)


@metal
def call_complex(frame: Frame, pc: u64p, ins: int, ra: Reg, base: Reg, count: int, first: int) -> Frame:
    """Call a VM function whose parameters need binding: the callee's frame to go on in; or NULL when the call
    has been made and `ra` written, or has failed (then an exception is set)."""
    function = base[first].object
    thread = frame.thread
    code: VMCode = None
    if likely(not traced(thread.ts)):
        code = code_of(cast(FireFunction, function))
        if unlikely(not code):
            return None
    if not code or code.twin != 0 or code.flags & CO_OPTIMIZED == 0:
        call_generic(frame, pc, ins, ra, base, count)
        return None
    if code.flags & CO_ANY_GENERATOR != 0:
        if not call_generator(frame, pc, ra, base, count, first, code):
            call_generic(frame, pc, ins, ra, base, count)
        return None
    sync(frame, pc)
    kwnames: Obj = None
    kwindex = pc[1] & 0xFFFFFFFF
    if kwindex != 0:
        kwnames = frame.code.pool[kwindex - 1].object
    callee = push_frame(thread, code, cast(Function, new_ref(function)), frame)
    if not callee:
        return None
    callee.words = CALL_WORDS
    if bind_moves(callee, base + first + 1, count + 1 - first, kwnames):
        count_run(code, False)
        drop(base[first])
        return callee
    if PyErr_Occurred() or not bind_registers(callee, frame, base, first, count + 1 - first, kwnames):
        pop_frame(callee, code.nregs)
        if not PyErr_Occurred():
            call_generic(frame, pc, ins, ra, base, count)      # the host words the error
        return None
    count_run(code, False)
    if first == 0:
        drop(base)
    drop_range(base + 1, count + 1)
    return callee


@metal
def call_generator(frame: Frame, pc: u64p, ra: Reg, base: Reg, count: int, first: int, code: VMCode) -> bool:
    """Call a generator function with plain arguments: the arguments move into the generator. False: nothing has
    happened, the call must go the general way."""
    nargs = count + 1 - first
    special = CO_VARARGS | CO_VARKEYWORDS
    if nargs != code.argcount or code.kwonly != 0 or code.flags & special != 0 or pc[1] & 0xFFFFFFFF != 0:
        return False
    sync(frame, pc)
    function = base[first].object
    made = generator_from_call(frame, function, code, base + first + 1, nargs)
    if not made:
        PyErr_Clear()
        return False
    drop(base[first])
    set_object(ra, made)
    return True


@metal
def made_by_method(frame: Frame, o: Obj, name: Obj) -> Obj:
    """What a special method of the object gives, if that is a coroutine function of the VM which takes just self; the
    frame is linked. NULL: nothing has happened."""
    found = _PyType_Lookup(o.ob_type, name)
    if not found or traced(frame.thread.ts):
        return None
    function = cast(FireFunction, found)
    if found.ob_type != FireFunction_Type or function.vmcode_of != function.func_code:
        return None
    code = function.vmcode
    special = CO_VARARGS | CO_VARKEYWORDS
    if (code.flags & CO_COROUTINE == 0 or code.flags & special != 0 or code.argcount != 1 or code.kwonly != 0
            or code.twin != 0 or code.flags & CO_OPTIMIZED == 0):
        return None
    self = stack(Reg, 1)
    self.object = new_ref(o)
    self.tag = OBJECT
    made = generator_from_call(frame, found, code, self, 1)
    if not made:
        PyErr_Clear()
        decref(o)
    return made


@metal
def unwrap_method(base: Reg) -> bool:
    """A bound method of a VM function as callable: put function and self in their two registers."""
    o = base[1].object
    if o.ob_type != PyMethod_Type:
        return False
    function = Method(o).im_func
    if function.ob_type != FireFunction_Type:
        return False
    base.object = new_ref(function)
    base.tag = OBJECT
    base[1].object = new_ref(Method(o).im_self)
    decref(o)
    return True


@metal(inline=True)
def box_arguments(args: obj_p, base: Reg, count: int) -> bool:
    """Box `count` registers and list their objects; False with MemoryError."""
    for i in range(count):
        o = boxed(base[i])
        if unlikely(not o):
            return False
        args[i] = o
    return True


@metal(inline=True)
def finish_known(base: Reg, count: int):
    """Drop the callable and its arguments."""
    for i in range(count + 2):
        if base[i].tag == OBJECT:
            base[i].tag = EMPTY
            decref(base[i].object)


@metal(inline=True)
def finish_one(base: Reg):
    """The same for one argument."""
    drop(base)
    drop(base[1])
    drop(base[2])


@metal(inline=True)
def plain_call(frame: Frame, pc: u64p, base: Reg, first: int, count: int) -> Frame:
    """The frame of a VM function, base[first], called with just its parameters, filled; NULL: it is not so simple, and
    nothing has happened."""
    function = cast(FireFunction, base[first].object)
    code = function.vmcode
    thread = frame.thread
    if unlikely(function.vmcode_of != function.func_code or code.plain != count + 1 - first
                or pc[1] & 0xFFFFFFFF != 0 or thread.ts.cframe.use_tracing != 0):
        return None
    memory = thread.top
    if unlikely(byte_distance(thread.limit, memory) < code.total_bytes
                or thread.ts.recursion_remaining <= 0 or state.eval_breaker[0] != 0):
        return None
    frame.pc = pc
    callee = lay_frame(thread, memory, code, cast(Function, function), frame)
    empty_registers(callee, code.argcount, code.nlocalsplus)
    target = cast(Reg, byte_offset(callee, sizeof(Frame)))
    if first == 0:
        target.payload = base[1].payload
        target.tag = base[1].tag
        target = target + 1
        base[1].tag = EMPTY
    base[first].tag = EMPTY
    for i in range(count):
        target[i].payload = base[2 + i].payload
        target[i].tag = base[2 + i].tag
        base[2 + i].tag = EMPTY
    return callee


@handler("CALL", 3)
def CALL():
    if ins & X_BIT == 0 and rb.tag == OBJECT:
        return tail("CALL_SELF")
    if likely(rb[1].tag == OBJECT):
        callable = rb[1].object
        if likely(callable.ob_type == FireFunction_Type):
            callee = plain_call(frame, pc, rb, 1, C)
            if likely(callee):
                return resume_at(callee, callee.code.entry)
            return tail("CALL_BOUND")
        if likely(callable.ob_type == PyCFunction_Type):
            if likely(pc[2] == address_int(CFunctionObject(callable).m_ml) | 1):
                row = plain_row(pc)
                if likely(row != 0):
                    return tail_to(known_rows[row].handler)
            return tail("CALL_KNOWN")
    return tail("CALL_OTHER")


@handler("CALL_SELF", 3)
def CALL_SELF():
    """A function and its self, or a decorator and what it decorates."""
    callable = rb.object
    if callable.ob_type == FireFunction_Type:
        callee = plain_call(frame, pc, rb, 0, C)
        if likely(callee):
            return resume_at(callee, callee.code.entry)
        return tail("CALL_BOUND")
    if callable.ob_type == PyFunction_Type:
        return tail("CALL_HOST")
    if callable.ob_type == PyWrapperDescr_Type:
        return tail("CALL_WRAPPER")
    if likely(callable.ob_type == PyMethodDescr_Type):
        if likely(pc[2] == address_int(MethodDescr(callable).d_method) and rb[1].tag == OBJECT):
            row = plain_row(pc)
            if likely(rb[1].object.ob_type == MethodDescr(callable).d_type and row != 0):
                return tail_to(known_rows[row].handler)
        return tail("CALL_KNOWN")
    return tail("CALL_GENERAL")


@metal(inline=True)
def makes_instances(kind: TypeObject) -> bool:
    """Whether objects of this type are classes that are called as those of `type` are."""
    return kind.tp_call == cast(TypeObject, PyType_Type).tp_call


@handler("CALL_OTHER", 3)
def CALL_OTHER():
    """A callable alone that is neither a VM function nor a builtin one."""
    if likely(rb[1].tag == OBJECT):
        callable = rb[1].object
        if callable.ob_type == PyType_Type:
            if likely(cast(TypeObject, callable).tp_flags & HEAP_TYPE != 0):
                return tail("CALL_CLASS")
            return tail("CALL_TYPE")
        if callable.ob_type == PyMethodDescr_Type:
            return tail("CALL_KNOWN")
        if callable.ob_type == PyFunction_Type:
            return tail("CALL_HOST")
        if callable.ob_type == PyWrapperDescr_Type:
            return tail("CALL_WRAPPER")
        if unwrap_method(rb):
            return tail("CALL_SELF")
        if callable.ob_type.tp_flags & HEAP_TYPE != 0 and makes_instances(callable.ob_type):
            return tail("CALL_CLASS")                           # a metaclass of the program, or ABCMeta
        if callable.ob_type.tp_flags & HAVE_VECTORCALL != 0:
            return tail("CALL_VECTOR")
        if callable.ob_type.tp_flags & HEAP_TYPE != 0:
            return tail("CALL_INSTANCE")
    return tail("CALL_GENERAL")


@metal(inline=True)
def plain_row(pc: u64p) -> int:
    """The row that the cache words hold, 0 for a call with keywords."""
    return 0 if pc[1] & 0xFFFFFFFF != 0 else lshr(pc[1], 32)


@handler("CALL_GENERAL", 3)
def CALL_GENERAL():
    callee = call_other(frame, pc, ins, ra, rb, C)
    if callee:
        return go(callee)
    if unlikely(cast(VOID_P, frame.thread.ts.curexc_type) != None):
        return tail("ERROR")
    if unlikely(traced(frame.thread.ts)):
        return go_traced(CALL_WORDS)


@metal
def call_other(frame: Frame, pc: u64p, ins: int, ra: Reg, base: Reg, count: int) -> Frame:
    """Any call but the plainest: the frame to go on in; or NULL when the call has been made and `ra` written,
    or has failed (then an exception is set)."""
    first = 0 if base.tag == OBJECT else 1
    if base[first].tag != OBJECT:
        call_generic(frame, pc, ins, ra, base, count)
        return None
    callable = base[first].object
    if first == 1 and callable.ob_type == PyMethod_Type:
        if unwrap_method(base):
            first = 0
            callable = base.object
    if callable.ob_type == FireFunction_Type:
        return call_complex(frame, pc, ins, ra, base, count, first)
    if makes_instances(callable.ob_type):
        if first == 1 and is_called_plainly(cast(TypeObject, callable), frame, pc):
            call_exception(frame, pc, ra, base, count)
            return None
        callee = call_class(frame, pc, ins, ra, base, count, first)
        if callee:
            return callee
    call_generic(frame, pc, ins, ra, base, count)
    return None


@metal
def call_exception(frame: Frame, pc: u64p, ra: Reg, base: Reg, count: int) -> bool:
    """Call a class of exceptions that says nothing about how they are made; False: with an exception."""
    sync(frame, pc)
    made = exception_of_call(cast(TypeObject, base[1].object), base + 2, count)
    if unlikely(not made):
        return False
    drop_range(base + 1, count + 1)
    set_object(ra, made)
    return likely(state.eval_breaker[0] == 0) or poll(frame, pc)


# ---------------------------------------------------------------------------------------- returning
@metal(cold=True)
def leave_returned(frame: Frame, ra: Reg):
    """Empty the register of a value that is returned, unless it is a variable's and somebody keeps the frame object."""
    number = byte_distance(ra, frame.regs) >> 4
    if number < frame.code.nlocalsplus and cast(Obj, frame.iframe.frame_obj).ob_refcnt > 1:
        if ra.tag == OBJECT:
            incref(ra.object)
    else:
        ra.tag = EMPTY


@handler("RETURN")
def RETURN():
    if unlikely(frame.kind != KIND_CALL):
        return tail("RETURN_OTHER")
    payload = ra.payload
    tag = ra.tag
    if unlikely(frame.linked != 0 and cast(Obj, frame.iframe.frame_obj) != None):
        leave_returned(frame, ra)
    else:
        ra.tag = EMPTY
    frame.pc = pc
    caller = frame.caller
    words = frame.words
    pop_frame(frame, frame.code.nlocalsplus)
    pc2 = caller.pc
    dst = caller.regs[lshr(pc2[0], 16) & 65535]
    set_raw(dst, payload, tag)
    return resume_at(caller, pc2 + words)


@handler("RETURN_OTHER")
def RETURN_OTHER():
    """Return from a frame that was not simply called."""
    payload = ra.payload
    tag = ra.tag
    if unlikely(frame.linked != 0 and cast(Obj, frame.iframe.frame_obj) != None):
        leave_returned(frame, ra)
    else:
        ra.tag = EMPTY
    frame.pc = pc
    if frame.kind == KIND_INIT and tag == NONE:
        maker = frame.caller
        instance = frame.result
        pop_frame(frame, frame.code.nlocalsplus)
        ts = maker.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1
        set_object(maker.regs[lshr(maker.pc[0], 16) & 65535], instance)
        return resume_at(maker, maker.pc + CALL_WORDS)
    if frame.kind == KIND_ENTRY and not cast(VOID_P, frame.gen):
        jit.out_frame = None            # compiled code that had this instruction run: there is nothing to go on with
        value = stack(Reg, 1)
        value.payload = payload
        value.tag = tag
        frame.out[0] = boxed(value)
        pop_frame(frame, frame.code.nlocalsplus)
        return leave()
    back = return_slow(frame, payload, tag)
    if back:
        if unlikely(cast(VOID_P, back.thread.ts.curexc_type) != None):
            sync(back, back.pc)
            return fail_in(back)
        return go(back)
    jit.out_frame = None                # as above
    return leave()


@metal
def return_slow(frame: Frame, payload: int, tag: int) -> Frame:
    """The same; the frame to go on in, NULL: leave the loop, a generator was entered from C."""
    kind = frame.kind
    caller = frame.caller
    value = stack(Reg, 1)
    value.payload = payload
    value.tag = tag
    if cast(VOID_P, frame.gen):
        return generator_returned(frame, value)
    words = frame.words
    if kind == KIND_INIT:
        instance = frame.result
        frame.result = None
        pop_frame(frame, frame.code.nlocalsplus)
        ts = caller.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1
        if not is_none(value):
            o = boxed(value)
            PyErr_Format(PyExc_TypeError[0], "__init__() should return None, not '%.200s'", o.ob_type.tp_name)
            decref(o)
            decref(instance)
            return caller
        drop(value)
        value.object = instance
        value.tag = OBJECT
    else:
        pop_frame(frame, frame.code.nlocalsplus)
        if kind == KIND_INSTANCE:
            caller.thread.ts.recursion_remaining = caller.thread.ts.recursion_remaining + 1
        elif kind == KIND_UNCOUNTED:
            caller.thread.ts.recursion_remaining = caller.thread.ts.recursion_remaining - 1
    if kind == KIND_OPERATOR:
        finish_operator(caller, value)
        return caller
    if kind == KIND_TRUTH:
        truth = truth_of(caller, caller.pc, value)
        drop(value)
        if truth < 0:
            return caller
        value.payload = 1 if (truth != 0) != sense(caller.pc[0]) else 0
        value.tag = BOOL
    target = caller.regs[lshr(caller.pc[0], 16) & 65535]
    if kind == KIND_DROPPED:
        drop(value)
    elif kind == KIND_ENTER:
        set_raw(target[1], value.payload, value.tag)
    else:
        set_raw(target, value.payload, value.tag)
    caller.pc = caller.pc + words
    return caller
