"""What C code and Python code can do with a generator: next, send, throw, close, and its finalization.

Shared by generators, coroutines and async generators; the host's own versions would run the host's frame.
"""
from __future__ import annotations

from .generator import *  # noqa: F403

T_GEN, T_CORO, T_ASYNC = 0, 1, 2


@metal
def flavour(gen: Gen) -> int:
    """Which of the three it is, for the wording of errors."""
    kind = cast(Obj, gen).ob_type
    if kind == FireCoroutine_Type:
        return T_CORO
    return T_ASYNC if kind == FireAsyncGenerator_Type else T_GEN


@metal(cold=True)
def raise_worded(exception: Obj, which: int, plain: str_p, coroutine: str_p, asynchronous: str_p):
    """Raise with the text for this flavour."""
    text = plain
    if which == T_CORO:
        text = coroutine
    if which == T_ASYNC:
        text = asynchronous
    PyErr_SetString(exception, text)


@metal(cold=True)
def cannot_resume(gen: Gen, value: Obj, throw: bool, closing: bool) -> Obj:
    """A generator that runs or has ended was resumed: None (returned), or NULL, perhaps with an exception."""
    which = flavour(gen)
    if gen.gi_frame_state == FRAME_EXECUTING:
        raise_worded(PyExc_ValueError[0], which, "generator already executing", "coroutine already executing",
                     "async generator already executing")
    elif which == T_CORO and not closing:
        PyErr_SetString(PyExc_RuntimeError[0], "cannot reuse already awaited coroutine")
    elif value and not throw:
        return new_ref(Py_None)
    return None


@metal
def resume_from_c(gen: Gen, value: Obj, throw: bool, closing: bool) -> Obj:
    """Resume with `value` (NULL: next was called) or the exception that is set. The state tells the outcome:
    FRAME_SUSPENDED: the object yielded; else what it returned; NULL: an exception, or None for next."""
    if unlikely(gen.gi_frame_state == FRAME_CREATED and value and value != Py_None):
        raise_worded(PyExc_TypeError[0], flavour(gen),
                     "can't send non-None value to a just-started generator",
                     "can't send non-None value to a just-started coroutine",
                     "can't send non-None value to a just-started async generator")
        return None
    if unlikely(gen.gi_frame_state >= FRAME_EXECUTING):
        return cannot_resume(gen, value, throw, closing)
    thread = current_thread()
    if not thread:
        return None
    thread.generators = thread.generators + 1
    result = run_generator(gen, thread, value if value else Py_None, throw)
    thread.generators = thread.generators - 1
    if result == Py_None and not value and gen.gi_frame_state != FRAME_SUSPENDED:
        if cast(Obj, gen).ob_type != FireAsyncGenerator_Type:
            decref(result)
            return None
    return result


@metal
def send_or_raise(gen: Gen, value: Obj, throw: bool, closing: bool) -> Obj:
    """As resume_from_c, a return turned into StopIteration or StopAsyncIteration."""
    result = resume_from_c(gen, value, throw, closing)
    if not result or gen.gi_frame_state == FRAME_SUSPENDED:
        return result
    if cast(Obj, gen).ob_type == FireAsyncGenerator_Type:
        PyErr_SetNone(PyExc_StopAsyncIteration[0])
    elif result == Py_None:
        PyErr_SetNone(PyExc_StopIteration[0])
    else:
        _PyGen_SetStopIterationValue(result)
    decref(result)
    return None


@metal
def generator_next(self: Obj) -> Obj:
    """tp_iternext."""
    gen = cast(Gen, self)
    result = resume_from_c(gen, None, False, False)
    if result and gen.gi_frame_state != FRAME_SUSPENDED:
        if result != Py_None:
            _PyGen_SetStopIterationValue(result)
        decref(result)
        return None
    return result


@metal
def generator_am_send(self: Obj, value: Obj, out: obj_p) -> int:
    """am_send."""
    gen = cast(Gen, self)
    result = resume_from_c(gen, value, False, False)
    out[0] = result
    if not result:
        return SENT_ERROR
    return SENT_NEXT if gen.gi_frame_state == FRAME_SUSPENDED else SENT_RETURN


@metal
def generator_send(self: Obj, value: Obj) -> Obj:
    """send(value)."""
    return send_or_raise(cast(Gen, self), value, False, False)


# -------------------------------------------------------------------------------------- delegation
@metal
def delegate_of(gen: Gen) -> Obj:
    """What the generator delegates to by yield from or await; borrowed, or NULL."""
    if gen.gi_frame_state == FRAME_CREATED or gen.gi_frame_state >= FRAME_COMPLETED:
        return None
    frame = generator_frame(cast(Obj, gen))
    word = frame.pc[0]
    if word & OPCODE_MASK != YIELD_CODE or word & DELEGATES == 0:
        return None
    r = frame.regs[(lshr(word, 16) & 65535) - 1]
    if r.tag == EMPTY:
        return None
    return boxed(r)


@metal
def close_delegate(gen: Gen, o: Obj) -> bool:
    """Close what the generator delegates to, as if the generator ran; False with an exception."""
    status = gen.gi_frame_state
    gen.gi_frame_state = FRAME_EXECUTING
    result: Obj = None
    failed = False
    kind = o.ob_type
    if kind == FireGenerator_Type or kind == FireCoroutine_Type:
        result = generator_close(o, None)
        failed = not result
    else:
        method = stack("Obj", 1)
        method[0] = None
        if _PyObject_LookupAttr(o, state.name_close, method) < 0:
            PyErr_WriteUnraisable(o)
        if method[0]:
            result = PyObject_CallNoArgs(method[0])
            failed = not result
            decref(method[0])
    gen.gi_frame_state = status
    xdecref(result)
    return not failed


@metal
def link_resting(thread: Thread, frame: Frame):
    """Show the frame of a resting generator while its delegate is thrown into."""
    frame.thread = thread
    link(frame)


@metal
def throw_to_delegate(gen: Gen, o: Obj, method: Obj, args: obj_p, nargs: int, close_on_exit: bool) -> Obj:
    """throw(...) of the delegate, with this generator's frame in sight; `method` NULL: one of ours."""
    thread = current_thread()
    if not thread:
        return None
    frame = generator_frame(cast(Obj, gen))
    status = gen.gi_frame_state
    link_resting(thread, frame)
    gen.gi_frame_state = FRAME_EXECUTING
    result: Obj = None
    if method:
        result = PyObject_Vectorcall(method, args, nargs, None)
    else:
        result = throw_into(cast(Gen, o), args, nargs, close_on_exit)
    gen.gi_frame_state = status
    thread.ts.cframe.current_frame = frame.iframe.previous
    frame.iframe.previous = None
    return result


@metal
def delegate_ended(gen: Gen) -> Obj:
    """The delegate answered throw() by ending: go on behind the SEND with its value or its exception."""
    frame = generator_frame(cast(Obj, gen))
    at = frame.pc - 1
    word = at[0]
    r = frame.regs[lshr(word, 16) & 65535]
    value = stack("Obj", 1)
    value[0] = None
    if _PyGen_FetchStopIterationValue(value) == 0:
        frame.pc = at + (word >> 32)
        frame.words = AT_PC
        set_object(r, value[0])
        return send_or_raise(gen, Py_None, False, False)
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    drop(r)
    PyErr_Restore(fetched[0], fetched[1], fetched[2])
    return send_or_raise(gen, Py_None, True, False)


# ------------------------------------------------------------------------------------------- throw
@metal
def set_thrown(kind: Obj, value: Obj, traceback: Obj) -> bool:
    """Set the exception that throw()'s arguments (NULL: not given) describe; False: TypeError."""
    if traceback == Py_None:
        traceback = None
    elif traceback and traceback.ob_type != PyTraceBack_Type:
        PyErr_SetString(PyExc_TypeError[0], "throw() third argument must be a traceback object")
        return False
    parts = stack("Obj", 3)
    if is_exception_class(kind):
        parts[0] = new_ref(kind)
        parts[1] = value
        parts[2] = traceback
        if value:
            incref(value)
        if traceback:
            incref(traceback)
        PyErr_NormalizeException(parts, parts + 1, parts + 2)
        PyErr_Restore(parts[0], parts[1], parts[2])
        return True
    if kind.ob_type.tp_flags & (1 << 30) == 0:
        PyErr_Format(PyExc_TypeError[0], "exceptions must be classes or instances "
                     "deriving from BaseException, not %s", kind.ob_type.tp_name)
        return False
    if value and value != Py_None:
        PyErr_SetString(PyExc_TypeError[0], "instance exception may not have a separate value")
        return False
    if traceback:
        incref(traceback)
    else:
        traceback = PyException_GetTraceback(kind)
    PyErr_Restore(new_ref(cast(Obj, kind.ob_type)), new_ref(kind), traceback)
    return True


@metal
def throw_into(gen: Gen, args: obj_p, nargs: int, close_on_exit: bool) -> Obj:
    """throw(type[, value[, traceback]]); async generators keep their delegate."""
    o = delegate_of(gen)
    if not o:
        return throw_here(gen, args, nargs)
    if close_on_exit and PyErr_GivenExceptionMatches(args[0], PyExc_GeneratorExit[0]) != 0:
        incref(o)
        closed = close_delegate(gen, o)
        decref(o)
        if not closed:
            return send_or_raise(gen, Py_None, True, False)
        return throw_here(gen, args, nargs)
    method = stack("Obj", 1)
    method[0] = None
    if o.ob_type != FireGenerator_Type and o.ob_type != FireCoroutine_Type:
        if _PyObject_LookupAttr(o, state.name_throw, method) < 0:
            return None
        if not method[0]:
            return throw_here(gen, args, nargs)
    incref(o)
    result = throw_to_delegate(gen, o, method[0], args, nargs, close_on_exit)
    xdecref(method[0])
    decref(o)
    if not result:
        return delegate_ended(gen)
    return result


@metal
def throw_here(gen: Gen, args: obj_p, nargs: int) -> Obj:
    """Raise at the generator's own yield."""
    value: Obj = None
    traceback: Obj = None
    if nargs > 1:
        value = args[1]
    if nargs > 2:
        traceback = args[2]
    if not set_thrown(args[0], value, traceback):
        return None
    return send_or_raise(gen, Py_None, True, False)


@metal
def generator_throw(self: Obj, args: obj_p, nargs: int) -> Obj:
    """throw(type[, value[, traceback]])."""
    if _PyArg_CheckPositional("throw", nargs, 1, 3) == 0:
        return None
    return throw_into(cast(Gen, self), args, nargs, True)


# ------------------------------------------------------------------------------- close and finalize
@metal(inline=True)
def ends_unnoticed(gen: Gen, frame: Frame) -> bool:
    """Whether the GeneratorExit of a close() would just leave the frame: it waits where no handler is, nobody holds the
    frame object or traces."""
    return (gen.gi_frame_state == FRAME_SUSPENDED and frame.words == 0 and frame.pc[0] & OPCODE_MASK == YIELD_CODE
            and cast(Obj, frame.iframe.frame_obj) == None and not traced(PyThreadState_Get())
            and find_handler(frame.code, frame.pc) == None)


@metal
def generator_close(self: Obj, unused: Obj) -> Obj:
    """close()."""
    gen = cast(Gen, self)
    if gen.gi_frame_state == FRAME_CREATED:                # nothing in it could notice
        clear_generator(gen, generator_frame(self))
        return new_ref(Py_None)
    o = delegate_of(gen)
    closed = True
    if o:
        incref(o)
        closed = close_delegate(gen, o)
        decref(o)
    elif ends_unnoticed(gen, generator_frame(self)):
        clear_generator(gen, generator_frame(self))
        return new_ref(Py_None)
    if closed:
        PyErr_SetNone(PyExc_GeneratorExit[0])
    result = send_or_raise(gen, Py_None, True, True)
    if result:
        decref(result)
        raise_worded(PyExc_RuntimeError[0], flavour(gen), "generator ignored GeneratorExit",
                     "coroutine ignored GeneratorExit", "async generator ignored GeneratorExit")
        return None
    if (PyErr_ExceptionMatches(PyExc_StopIteration[0]) != 0
            or PyErr_ExceptionMatches(PyExc_GeneratorExit[0]) != 0):
        PyErr_Clear()
        return new_ref(Py_None)
    return None


@metal(cold=True)
def warn_unawaited(self: Obj):
    """Tell that a coroutine was never awaited."""
    warned = False
    module = PyImport_ImportModule("warnings")
    if module:
        function = PyObject_GetAttrString(module, "_warn_unawaited_coroutine")
        decref(module)
        if function:
            result = PyObject_CallOneArg(function, self)
            decref(function)
            warned = cast(VOID_P, result) != None or PyErr_ExceptionMatches(PyExc_RuntimeWarning[0]) != 0
            xdecref(result)
    if PyErr_Occurred():
        PyErr_WriteUnraisable(self)
    if not warned:
        if PyErr_WarnFormat(PyExc_RuntimeWarning[0], 1, "coroutine '%S' was never awaited",
                            cast(Gen, self).gi_qualname) < 0:
            PyErr_WriteUnraisable(self)


@metal
def finalize_resting(self: Obj):
    """Close a generator that will not be resumed; no exception is set before or after."""
    gen = cast(Gen, self)
    finalizer = gen.gi_origin_or_finalizer
    result: Obj = None
    if self.ob_type == FireAsyncGenerator_Type and finalizer and gen.gi_closed == 0:
        result = PyObject_CallOneArg(finalizer, self)
    elif gen.gi_code.co_flags & CO_COROUTINE != 0 and gen.gi_frame_state == FRAME_CREATED:
        warn_unawaited(self)
    else:
        result = generator_close(self, None)
    if result:
        decref(result)
    elif PyErr_Occurred():
        PyErr_WriteUnraisable(self)


@metal
def generator_finalize(self: Obj):
    """tp_finalize."""
    if cast(Gen, self).gi_frame_state >= FRAME_COMPLETED:
        return
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    finalize_resting(self)
    PyErr_Restore(fetched[0], fetched[1], fetched[2])
