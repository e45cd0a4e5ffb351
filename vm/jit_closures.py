"""What a function does about its cells before its RESUME, for compiled code that calls it.

    rt_free_vars(frame)             the closure's cells are in the registers of a frame that compiled code has pushed
    behind_cells(frame, pc) -> pc   MAKE_CELL and COPY_FREE_VARS at a frame's start are carried out
"""
from __future__ import annotations

from ..codegen.metal import metal
from .handlers.recording import *  # noqa: F403

MAKE_CELL_CODE, COPIES_CELLS = OPS["MAKE_CELL"].code, OPS["COPY_FREE_VARS"].code


@metal
def rt_free_vars(frame: Frame):
    """COPY_FREE_VARS, the first instruction of the frame's code."""
    cells = field_address(Tuple(frame.function.func_closure), "ob_item")
    count = lshr(frame.code.words[0], 16) & 65535
    first = frame.regs + (frame.code.nlocalsplus - count)
    for i in range(count):
        first[i].object = new_ref(cells[i])
        first[i].tag = OBJECT


@metal
def behind_cells(frame: Frame, pc: u64p) -> u64p:
    """Where a frame that is to begin at `pc` goes on: behind what it does about cells, or at what failed."""
    if pc == frame.code.words and pc[0] & OPCODE_MASK == COPIES_CELLS:
        rt_free_vars(frame)
        pc = pc + 1
    while pc[0] & OPCODE_MASK == MAKE_CELL_CODE:
        target = frame.regs + (lshr(pc[0], 16) & 65535)
        value: Obj = None
        if target.tag != EMPTY:
            value = boxed(target)
            if unlikely(not value):
                PyErr_Clear()
                return pc
        cell = PyCell_New(value)
        if unlikely(not cell):
            PyErr_Clear()
            return pc
        set_object(target, cell)
        pc = pc + 1
    return pc


CLOSURE_RUNTIME = ["rt_free_vars"]
