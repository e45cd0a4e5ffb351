"""Frame objects of VM frames: the host's type, taught three things about frames it does not run.

`f_locals` of a live VM frame shows the registers, boxed for the occasion; `clear()` of a suspended VM generator's
frame closes the generator through the VM; `f_lineno = n`, a jump by a debugger, is refused: it would rearrange a stack
that is not the host's. Each replaces a function pointer in the type's own tables and falls back to the host's
function for every other frame.
"""
from __future__ import annotations

from ..vm.entry import *  # noqa: F403

Hooks = struct("Hooks", "get_locals:ptr set_line:ptr clear:ptr")
hooks = Static("fire_frame_hooks", Hooks)


@metal
def vm_frame_of(object: FrameObject) -> Frame:
    """The live VM frame a frame object stands for; NULL if it is none of ours or has ended."""
    iframe = object.f_frame
    if iframe.is_entry != VM_FRAME or iframe.owner == 2:
        return None
    code = code_for(iframe.f_code)
    if not code:
        PyErr_Clear()
        return None
    return cast(Frame, byte_offset(cast(VOID_P, iframe), code.head_bytes))


@metal
def frame_get_locals(self: Obj, closure: ptr_t) -> Obj:
    """The getter of `f_locals`."""
    frame = vm_frame_of(cast(FrameObject, self))
    if not frame or frame.code.flags & CO_OPTIMIZED == 0 or is_published(frame):
        return call_pointer("Obj", hooks.get_locals, self, closure)
    if not publish_locals(frame):
        return None
    result = call_pointer("Obj", hooks.get_locals, self, closure)
    withdraw_locals(frame.iframe, frame.code.nlocalsplus)
    return result


@metal
def frame_set_line(self: Obj, value: Obj, closure: ptr_t) -> int:
    """The setter of `f_lineno`."""
    if value and cast(FrameObject, self).f_trace and vm_frame_of(cast(FrameObject, self)):
        PyErr_SetString(PyExc_ValueError[0], "can't jump in a frame that ran before it was traced")
        return -1
    return call_pointer("i32", hooks.set_line, self, value, closure)


@metal
def frame_clear(self: Obj, unused: Obj) -> Obj:
    """The method `clear`."""
    frame = vm_frame_of(cast(FrameObject, self))
    if frame:
        gen = cast(Gen, frame.gen)
        if cast(VOID_P, gen) and gen.gi_frame_state != FRAME_EXECUTING:
            call_pointer("void", gen.ob_type.tp_finalize, gen)
            return new_ref(Py_None)
    return call_pointer("Obj", hooks.clear, self, unused)


@metal
def same_text(a: ptr_t, b: ptr_t) -> bool:
    return strcmp(a, b) == 0


@metal
def init_frame_hooks() -> bool:
    """Put our functions into the frame type's tables."""
    kind = cast(TypeObject, PyFrame_Type)
    getset = cast(GetSetDef, kind.tp_getset)
    while getset.name:
        if same_text(getset.name, "f_locals"):
            hooks.get_locals = getset.get
            getset.get = frame_get_locals
        if same_text(getset.name, "f_lineno"):
            hooks.set_line = getset.set
            getset.set = frame_set_line
        getset = getset + 1
    method = cast(MethodDef, kind.tp_methods)
    while method.ml_name:
        if same_text(method.ml_name, "clear"):
            hooks.clear = method.ml_meth
            method.ml_meth = frame_clear
        method = method + 1
    if hooks.get_locals and hooks.set_line and hooks.clear:
        return True
    PyErr_SetString(PyExc_SystemError[0], "fire: the frame type has no f_locals, f_lineno or clear")
    return False
