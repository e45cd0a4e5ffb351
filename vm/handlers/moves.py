"""Handlers that move values: registers, constants, cells."""
from __future__ import annotations

from ...bytecode.ops import CONSUME_A, CONSUME_B, CONSUME_C, X_BIT
from ...codegen.metal import handler, metal
from ..entry import *  # noqa: F403


@metal(inline=True)
def pool_at(frame: Frame, index: int) -> Reg:
    return frame.pool[index]


@metal(inline=True)
def name_at(frame: Frame, index: int) -> Obj:
    return frame.pool[index].object


@handler("NOP")
def NOP():
    pass


@handler("MOVE")
def MOVE():
    payload = rb.payload
    tag = rb.tag
    if ins & CONSUME_B != 0:
        rb.tag = EMPTY
    elif tag == OBJECT:
        incref(rb.object)
    set_raw(ra, payload, tag)


@handler("LOADK")
def LOADK():
    copy_value(ra, pool_at(frame, D))


@handler("DROP")
def DROP():
    if ra.tag == OBJECT:
        frame.pc = pc
        drop(ra)
        return
    ra.tag = EMPTY


@handler("SWAP")
def SWAP():
    payload = ra.payload
    tag = ra.tag
    ra.payload = rb.payload
    ra.tag = rb.tag
    rb.payload = payload
    rb.tag = tag


@metal(cold=True)
def raise_unbound(frame: Frame, pc: u64p, index: int):
    """UnboundLocalError, or NameError for a free variable, of local `index`."""
    sync(frame, pc)
    host = Code(frame.code.code)
    name = field_address(Tuple(host.co_localsplusnames), "ob_item")[index]
    if index >= host.co_nlocalsplus - host.co_nfreevars:
        PyErr_Format(PyExc_NameError[0],
                     "cannot access free variable '%U' where it is not associated with a value in enclosing scope",
                     name)
        set_error_name(name)
    else:
        PyErr_Format(PyExc_UnboundLocalError[0],
                     "cannot access local variable '%U' where it is not associated with a value", name)


@metal(cold=True)
def set_error_name(name: Obj):
    """Give the NameError that is set its `name` attribute."""
    fetched = stack("Obj", 3)
    PyErr_Fetch(fetched, fetched + 1, fetched + 2)
    PyErr_NormalizeException(fetched, fetched + 1, fetched + 2)
    if fetched[1]:
        PyObject_SetAttr(fetched[1], state.name_name, name)
    PyErr_Clear()
    PyErr_Restore(fetched[0], fetched[1], fetched[2])


@handler("CHECK_BOUND")
def CHECK_BOUND():
    if unlikely(ra.tag == EMPTY):
        raise_unbound(frame, pc, A)
        return tail("ERROR")


@handler("DELETE_LOCAL")
def DELETE_LOCAL():
    if unlikely(ra.tag == EMPTY):
        raise_unbound(frame, pc, A)
        return tail("ERROR")
    sync(frame, pc)
    drop(ra)


@handler("MAKE_CELL")
def MAKE_CELL():
    value: Obj = None
    if ra.tag != EMPTY:
        value = boxed(ra)
    cell = PyCell_New(value)
    if unlikely(not cell):
        sync(frame, pc)
        return tail("ERROR")
    set_object(ra, cell)


@handler("COPY_FREE_VARS")
def COPY_FREE_VARS():
    closure = frame.function.func_closure
    cells = field_address(Tuple(closure), "ob_item")
    first = frame.code.nlocalsplus - A
    for i in range(A):
        regs[first + i].object = new_ref(cells[i])
        regs[first + i].tag = OBJECT


@handler("CELL_GET")
def CELL_GET():
    value = Cell(rb.object).ob_ref
    if unlikely(not value):
        raise_unbound(frame, pc, B)
        return tail("ERROR")
    incref(value)
    set_object(ra, value)


@handler("CELL_SET")
def CELL_SET():
    cell = Cell(ra.object)
    value = boxed(rb)
    if unlikely(not value):
        sync(frame, pc)
        return tail("ERROR")
    if ins & CONSUME_B != 0:
        rb.tag = EMPTY
    else:
        incref(value)
    old = cell.ob_ref
    cell.ob_ref = value
    if old:
        frame.pc = pc
        decref(old)


@handler("CELL_DELETE")
def CELL_DELETE():
    cell = Cell(ra.object)
    old = cell.ob_ref
    if unlikely(not old):
        raise_unbound(frame, pc, A)
        return tail("ERROR")
    cell.ob_ref = None
    sync(frame, pc)
    decref(old)
