"""with and async with.

    BEFORE_WITH r5          manager in r5 -> bound __exit__ in r5, result of __enter__ in r6
    WITH_EXCEPT r9 = r5     __exit__ in r5, exception in r8; its answer decides whether the exception goes on

Both go on in the frames of functions of the VM where these take just what is passed.
"""
from __future__ import annotations

from .imports import *  # noqa: F403


@metal(cold=True)
def no_manager(manager: Obj, kind: str_p, missing: str_p):
    """TypeError for what is no context manager, unless looking it up raised something itself."""
    if not PyErr_Occurred():
        PyErr_Format(PyExc_TypeError[0], "'%.200s' object does not support the %s protocol%s",
                     manager.ob_type.tp_name, kind, missing)


@metal
def enter_manager(frame: Frame, base: Reg, enter_name: Obj, exit_name: Obj, kind: str_p, missing: str_p) -> bool:
    """Look both methods up on the type, then call the first one."""
    manager = boxed(base)
    if not manager:
        return False
    enter = _PyObject_LookupSpecial(manager, enter_name)
    if not enter:
        no_manager(manager, kind, "")
        return False
    exit = _PyObject_LookupSpecial(manager, exit_name)
    if not exit:
        no_manager(manager, kind, missing)
        decref(enter)
        return False
    set_object(base, exit)
    result: Obj = None
    if enter.ob_type == PyMethod_Type and enter_name == state.name_aenter:
        result = made_by_method(frame, manager, enter_name)
    if not result:
        result = PyObject_CallNoArgs(enter)
    decref(enter)
    if result:
        set_object(base + 1, result)
    return cast(VOID_P, result) != None


@metal
def before_with(frame: Frame, pc: u64p, base: Reg) -> bool:
    sync(frame, pc)
    return enter_manager(frame, base, state.name_enter, state.name_exit, "context manager",
                         " (missed __exit__ method)")


@metal
def enter_frame(frame: Frame, pc: u64p, base: Reg) -> Frame:
    """The frame of the `__enter__` of a manager, which gives way to its bound `__exit__`; NULL: nothing happened."""
    if not has_class_of_python(base):
        return None
    manager = base.object
    exit = _PyType_Lookup(manager.ob_type, state.name_exit)
    if not exit:
        return None
    if exit.ob_type != FireFunction_Type:
        return None
    sync_to_allocate(frame, pc)
    bound = PyMethod_New(exit, manager)
    if not bound:
        PyErr_Clear()
        return None
    callee = special_frame(frame, pc, manager, state.name_enter, 1)
    if not callee:
        decref(bound)
        return None
    callee.kind = KIND_ENTER
    callee.words = 1
    callee.regs.object = manager                    # whose reference moves
    callee.regs.tag = OBJECT
    base.object = bound
    return callee


@handler("BEFORE_WITH")
def BEFORE_WITH():
    callee = enter_frame(frame, pc, ra)
    if likely(callee):
        return resume_at(callee, callee.code.entry)
    if unlikely(not before_with(frame, pc, ra)):
        return tail("ERROR")


@metal
def before_async_with(frame: Frame, pc: u64p, base: Reg) -> bool:
    sync(frame, pc)
    return enter_manager(frame, base, state.name_aenter, state.name_aexit, "asynchronous context manager",
                         " (missed __aexit__ method)")


@handler("BEFORE_ASYNC_WITH")
def BEFORE_ASYNC_WITH():
    if unlikely(not before_async_with(frame, pc, ra)):
        return tail("ERROR")


@metal
def with_except(frame: Frame, pc: u64p, base: Reg) -> Obj:
    """exit(type, value, traceback); new reference or NULL."""
    sync(frame, pc)
    exit = boxed(base)
    value = boxed(base[3])
    if not exit or not value:
        return None
    traceback = PyException_GetTraceback(value)
    args = stack("Obj", 4)
    args[1] = cast(Obj, value.ob_type)
    args[2] = value
    args[3] = traceback if traceback else Py_None
    result = PyObject_Vectorcall(exit, args + 1, 3 | ARGUMENTS_OFFSET, None)
    xdecref(traceback)
    return result


@metal
def exit_frame(frame: Frame, pc: u64p, base: Reg) -> Frame:
    """The frame of a bound `__exit__` that is told of an exception; NULL: nothing has happened."""
    bound = base.object
    if base.tag != OBJECT or base[3].tag != OBJECT or bound.ob_type != PyMethod_Type:
        return None
    callee = function_frame(frame, pc, Method(bound).im_func, 4)
    if not callee:
        return None
    callee.words = 1
    value = base[3].object
    traceback = BaseException(value).traceback
    args = callee.regs
    args.object = new_ref(Method(bound).im_self)
    args[1].object = new_ref(cast(Obj, value.ob_type))
    args[2].object = new_ref(value)
    args[3].object = new_ref(traceback if traceback else Py_None)
    for i in range(4):
        args[i].tag = OBJECT
    return callee


@handler("WITH_EXCEPT")
def WITH_EXCEPT():
    callee = exit_frame(frame, pc, rb)
    if likely(callee):
        return resume_at(callee, callee.code.entry)
    result = with_except(frame, pc, rb)
    if unlikely(not result):
        return tail("ERROR")
    set_object(ra, result)
