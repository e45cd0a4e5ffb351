"""Generator objects (to be filled)."""
from __future__ import annotations

from ..vm.entry import *  # noqa: F403


@metal
def new_generator(thread: Thread, function: FireFunction, code: VMCode) -> Obj:
    PyErr_SetString(PyExc_SystemError[0], "generators are not there yet")
    return None


@metal
def generator_frame(gen: Obj) -> Frame:
    return None


@metal
def end_generator(frame: Frame):
    pass


@metal
def generator_raised(frame: Frame, kind: int) -> Frame:
    return None


@metal
def generator_returned(frame: Frame, value: Reg) -> Frame:
    return None


@metal
def resume_inline(frame: Frame, pc: u64p, gen: Obj, kind: int) -> Frame:
    return None
