"""Entering the interpreter from C: functions called by the host, and code run in a namespace.

    fire_vectorcall(function, args, nargsf, kwnames)     the `vectorcall` of VM functions
    run_frame(frame) -> result                           runs handlers until the frame returns
"""
from __future__ import annotations

from ..codegen.metal import metal
from .code import *  # noqa: F403
from .tracing import *  # noqa: F403

ARGUMENTS_OFFSET = 1 << 63


@metal
def run_frame(frame: Frame) -> Obj:
    """Run an entry frame to its end; the result is new, NULL with an exception."""
    thread = frame.thread
    frame.kind = KIND_ENTRY
    result = stack("Obj", 1)
    result[0] = None
    frame.out = result
    if unlikely(stack_pointer() < thread.c_stack_limit):
        PyErr_SetString(PyExc_RecursionError[0], "maximum recursion depth exceeded: the C stack is exhausted")
        pop_frame(frame, frame.code.nregs)
        return None
    enter_loop(frame)
    return result[0]


@metal
def fill_parameter(code: VMCode, regs: Reg, key: Obj, value: Obj, extra: Obj) -> bool:
    """Bind one keyword argument; `extra` is the ** dict or NULL. False: no such parameter, or an error."""
    names = field_address(Tuple(Code(code.code).co_localsplusnames), "ob_item")
    last = code.argcount + code.kwonly
    index = code.posonly
    while index < last and names[index] != key:
        index = index + 1
    if index == last:
        if key.ob_type != PyUnicode_Type:
            if PyType_IsSubtype(key.ob_type, PyUnicode_Type) == 0:
                return False
        index = code.posonly
        while index < last:
            same = PyObject_RichCompareBool(names[index], key, 2)
            if same < 0:
                return False
            if same != 0:
                break
            index = index + 1
    if index == last:
        if not extra:
            return False
        if PyDict_Contains(extra, key) != 0:
            return False
        return PyDict_SetItem(extra, key, value) == 0
    if regs[index].tag != EMPTY:
        return False
    regs[index].tag = OBJECT
    regs[index].object = new_ref(value)
    return True


@metal
def fill_defaults(function: Function, code: VMCode, regs: Reg) -> bool:
    """Give unbound parameters their defaults; False where one has none."""
    defaults = function.func_defaults
    count = VarObj(defaults).ob_size if defaults else 0
    for i in range(code.argcount):
        if regs[i].tag == EMPTY:
            at = i - (code.argcount - count)
            if at < 0:
                return False
            regs[i].object = new_ref(field_address(Tuple(defaults), "ob_item")[at])
            regs[i].tag = OBJECT
    names = field_address(Tuple(Code(code.code).co_localsplusnames), "ob_item")
    for i in range(code.argcount, code.argcount + code.kwonly):
        if regs[i].tag == EMPTY:
            if not function.func_kwdefaults:
                return False
            value = PyDict_GetItemWithError(function.func_kwdefaults, names[i])
            if not value:
                return False
            regs[i].object = new_ref(value)
            regs[i].tag = OBJECT
    return True


@metal
def bind_array(function: Function, code: VMCode, regs: Reg, args: obj_p, nargs: int, kwnames: Obj, kwargs: Obj) -> bool:
    """Bind arguments as a call does; keywords by names behind the arguments and by a dict, each may be NULL.
    False: they do not fit (or an error is set); registers then hold a part.

    The messages for calls that do not fit come from the host: the caller repeats the call on the twin."""
    direct = nargs if nargs < code.argcount else code.argcount
    for i in range(direct):
        regs[i].object = new_ref(args[i])
        regs[i].tag = OBJECT
    slot = code.argcount + code.kwonly
    if code.flags & CO_VARARGS != 0:
        rest = PyTuple_New(nargs - direct)
        if not rest:
            return False
        items = field_address(Tuple(rest), "ob_item")
        for i in range(nargs - direct):
            items[i] = new_ref(args[direct + i])
        regs[slot].object = rest
        regs[slot].tag = OBJECT
        slot = slot + 1
    elif nargs > code.argcount:
        return False
    extra: Obj = None
    if code.flags & CO_VARKEYWORDS != 0:
        extra = PyDict_New()
        if not extra:
            return False
        regs[slot].object = extra
        regs[slot].tag = OBJECT
    if kwnames:
        for i in range(VarObj(kwnames).ob_size):
            if not fill_parameter(code, regs, field_address(Tuple(kwnames), "ob_item")[i], args[nargs + i], extra):
                return False
    if kwargs:
        if not bind_mapping(code, regs, kwargs, extra):
            return False
    return fill_defaults(function, code, regs)


@metal
def bind_mapping(code: VMCode, regs: Reg, kwargs: Obj, extra: Obj) -> bool:
    """Bind the keywords of a dict; False as in bind_array."""
    at = stack("i64", 1)
    pair = stack("Obj", 2)
    at[0] = 0
    while PyDict_Next(kwargs, at, pair, pair + 1) != 0:
        if pair[0].ob_type != PyUnicode_Type:
            return False
        if not fill_parameter(code, regs, pair[0], pair[1], extra):
            return False
    return True


@metal
def call_twin(function: Obj, args: obj_p, nargsf: int, kwnames: Obj) -> Obj:
    """Run the function's host twin."""
    return _PyFunction_Vectorcall(function, args, nargsf, kwnames)


@metal(inline=True)
def plain_entry(thread: Thread, function: FireFunction, args: obj_p, nargs: int) -> Frame:
    """The frame of a function called from C with just its parameters, filled; NULL: it is not so simple, and nothing
    has happened. As any, the frame is not linked before something may look."""
    code = function.vmcode
    memory = thread.top
    if unlikely(function.vmcode_of != function.func_code or code.plain != nargs or state.eval_breaker[0] != 0
                or byte_distance(thread.limit, memory) < code.total_bytes or thread.ts.recursion_remaining <= 0):
        return None
    frame = lay_frame(thread, memory, code, cast(Function, new_ref(cast(Obj, function))), None)
    empty_registers(frame, nargs, code.nlocalsplus)
    target = cast(Reg, byte_offset(frame, sizeof(Frame)))
    for i in range(nargs):
        target[i].object = new_ref(args[i])
        target[i].tag = OBJECT
    frame.pc = code.entry
    return frame


@metal(export=True)
def fire_vectorcall(callable: Obj, args: obj_p, nargsf: int, kwnames: Obj) -> Obj:
    """`vectorcall` of VM functions: bind the arguments, run the code."""
    function = cast(FireFunction, callable)
    thread = current_thread()
    if not thread:
        return None
    if unlikely(traced(thread.ts)):
        return call_twin(callable, args, nargsf, kwnames)
    nargs = nargsf & (ARGUMENTS_OFFSET - 1)
    if likely(not kwnames):
        plain = plain_entry(thread, function, args, nargs)
        if likely(plain):
            return run_frame(plain)
    return call_unusual(thread, function, args, nargsf, kwnames)


@metal
def call_unusual(thread: Thread, function: FireFunction, args: obj_p, nargsf: int, kwnames: Obj) -> Obj:
    """Call a function of any kind, or one that has not run yet."""
    callable = cast(Obj, function)
    nargs = nargsf & (ARGUMENTS_OFFSET - 1)
    code = code_of(function)
    if not code:
        return None
    if unlikely(code.flags & CO_OPTIMIZED == 0):
        return call_body(function, code, args, nargsf, kwnames)
    if unlikely(code.twin != 0):
        count_run(code, True)
        return call_twin(callable, args, nargsf, kwnames)
    if code.flags & CO_ANY_GENERATOR != 0:
        return make_generator(thread, function, code, args, nargs, kwnames)
    frame = push_frame(thread, code, cast(Function, new_ref(callable)), None)
    if not frame:
        return None
    count_run(code, False)
    if code.simple != 0 and nargs == code.argcount and not kwnames:
        for i in range(nargs):
            frame.regs[i].object = new_ref(args[i])
            frame.regs[i].tag = OBJECT
    elif unlikely(not bind_array(cast(Function, callable), code, frame.regs, args, nargs, kwnames, None)):
        pop_frame(frame, code.nregs)
        if PyErr_Occurred():
            return None
        return call_twin(callable, args, nargsf, kwnames)
    return run_frame(frame)


@metal(cold=True)
def call_body(function: FireFunction, code: VMCode, args: obj_p, nargsf: int, kwnames: Obj) -> Obj:
    """Call a function whose code is a module's or a class's body: its namespace are the globals."""
    if nargsf & (ARGUMENTS_OFFSET - 1) != 0 or kwnames or code.argcount != 0 or code.twin != 0:
        return call_twin(cast(Obj, function), args, nargsf, kwnames)
    return exec_frame(cast(Obj, function), function.func_globals)


@metal(inline=True)
def count_run(code: VMCode, twin: bool):
    """Count a function once: on the VM or on its twin."""
    if unlikely(code.runs == 0):
        code.runs = 1
        if code.simple != 0:
            code.plain = code.argcount
        if twin:
            state.functions_twin = state.functions_twin + 1
        else:
            state.functions_vm = state.functions_vm + 1


@metal
def make_generator(thread: Thread, function: FireFunction, code: VMCode, args: obj_p, nargs: int, kwnames: Obj) -> Obj:
    """A generator, coroutine or async generator object over a frame of its own with bound arguments."""
    gen = new_generator(thread, function, code)
    if not gen:
        return None
    frame = generator_frame(gen)
    if not bind_array(cast(Function, function), code, frame.regs, args, nargs, kwnames, None):
        decref(gen)
        if PyErr_Occurred():
            return None
        return call_twin(cast(Obj, function), args, nargs, kwnames)
    return gen


@metal
def exec_twin(function: Function, locals: Obj) -> Obj:
    """The same on the host."""
    return PyEval_EvalCodeEx(cast(Obj, function.func_code), function.func_globals, locals, None, 0, None, 0, None, 0,
                             None, function.func_closure)


@metal
def exec_frame(function: Obj, locals: Obj) -> Obj:
    """Run a function's code (a module or class body) with `locals` as its namespace; result new or NULL."""
    thread = current_thread()
    if not thread:
        return None
    if traced(thread.ts):
        return exec_twin(cast(Function, function), locals)
    code = code_of(cast(FireFunction, function))
    if not code:
        return None
    count_run(code, code.twin != 0)
    if code.twin != 0:
        return exec_twin(cast(Function, function), locals)
    if code.flags & CO_ANY_GENERATOR != 0:
        made = make_generator(thread, cast(FireFunction, function), code, None, 0, None)
        if made and locals:
            generator_frame(made).iframe.f_locals = new_ref(locals)
        return made
    frame = push_frame(thread, code, cast(Function, new_ref(function)), None)
    if not frame:
        return None
    if locals:
        frame.iframe.f_locals = new_ref(locals)
    return run_frame(frame)

