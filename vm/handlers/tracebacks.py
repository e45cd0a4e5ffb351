"""Traceback entries, made as the host makes them but for the line: the host searches the table of
lines for every entry.

    add_traceback(frame)      the exception that is set gets an entry for the frame
    line_of(frame)            looked up once for each instruction that raises; kept with the code
"""
from __future__ import annotations

from .moves import *  # noqa: F403

TRACEBACK_BYTES = 56


@metal
def line_of(frame: Frame) -> int:
    """The line of the host's instruction that the frame is at; -1: it has none."""
    code = frame.code
    at = byte_distance(frame.iframe.prev_instr, code.code_start) >> 1
    count = VarObj(code.code).ob_size
    if not code.lines:
        code.lines = cast(i32wp, PyMem_RawCalloc(count, 4))
    if unlikely(not code.lines or not ult(at, count)):
        return line_at(code, frame.iframe.prev_instr)
    known = code.lines[at]
    if known == 0:                                  # not asked yet; kept is the line and two
        known = line_at(code, frame.iframe.prev_instr) + 2
        code.lines[at] = known
    return known - 2


@metal(inline=True)
def frame_object(frame: Frame) -> FrameObject:
    """The frame object of the current frame; new reference, NULL with an exception."""
    object = frame.iframe.frame_obj
    if not cast(Obj, object):
        if unlikely(not is_complete(frame)):
            return PyThreadState_GetFrame(frame.thread.ts)
        object = make_frame_object(frame)
        if unlikely(not cast(Obj, object)):
            return None
    incref(object)
    return object


@metal
def traceback_entry(frame: Frame, before: Obj) -> Obj:
    """A traceback entry for the current frame, followed by `before`, whose reference it takes over; NULL with an
    exception, or where the frame has no object of its own yet."""
    object = frame_object(frame)
    if unlikely(not cast(Obj, object)):
        return None
    if unlikely(object.f_frame != frame.iframe or object.f_lineno != 0):
        decref(object)
        return None
    entry = cast(Traceback, _PyObject_GC_New(cast(TypeObject, PyTraceBack_Type)))
    if unlikely(not cast(Obj, entry)):
        decref(object)
        return None
    entry.tb_next = before
    entry.tb_frame = object
    entry.tb_lasti = byte_distance(frame.iframe.prev_instr, frame.code.code_start)
    entry.tb_lineno = line_of(frame)
    PyObject_GC_Track(entry)
    return cast(Obj, entry)


@metal
def add_traceback(frame: Frame):
    """One traceback entry for this frame, which is the current one; none where memory is out."""
    if frame.code.flags & HIDDEN != 0:
        return
    ts = frame.thread.ts
    kind = ts.curexc_type
    value = ts.curexc_value
    before = ts.curexc_traceback
    ts.curexc_type = None                           # the collector may run
    ts.curexc_value = None
    ts.curexc_traceback = None
    entry = traceback_entry(frame, before)
    failed = cast(VOID_P, ts.curexc_type) != None
    if unlikely(failed):
        PyErr_Clear()
    ts.curexc_type = kind
    ts.curexc_value = value
    ts.curexc_traceback = entry if entry else before
    if unlikely(not entry and not failed):
        add_shown_traceback(frame)


@metal(cold=True)
def add_shown_traceback(frame: Frame):
    """The same by the host: the frame that it shows is another one, or traced."""
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    object = PyThreadState_GetFrame(frame.thread.ts)
    PyErr_Restore(fetched[0], fetched[1], fetched[2])
    if cast(Obj, object):
        room = PyObject_Malloc(TRACEBACK_BYTES)             # without it the host would end the process
        if room:
            PyObject_Free(room)
            PyTraceBack_Here(object)
        decref(object)
