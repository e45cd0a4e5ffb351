"""What compiled code calls to iterate: one step of an iterator, real iterators for virtual ones.

    rt_next(iterator) -> item (new), NULL at its end, FAILED with the iterator where it was

Only for iterators of the host that run no code of the program. Such an iterator that fails fails again when it is asked
again, so that the interpreter raises what is swallowed here.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .handlers.recording import *  # noqa: F403

FAILED = 1
DictEntry = struct("DictEntry", "key:Obj value:Obj")
dict_entry = Static("fire_dict_entry", DictEntry)      # what rt_dict_next found; borrowed


@metal
def rt_next(iterator: Obj) -> Obj:
    """The next item of an iterator."""
    item = call_pointer("Obj", iterator.ob_type.tp_iternext, iterator)
    if likely(item):
        return item
    if not PyErr_Occurred():
        return None
    ended = PyErr_ExceptionMatches(PyExc_StopIteration[0]) != 0
    PyErr_Clear()
    return None if ended else cast(Obj, FAILED)


@metal
def rt_iter(o: Obj) -> Obj:
    """An iterator over a container of the host."""
    return sure_iterator(o)


@metal
def rt_dict_next(o: Obj, at: int) -> int:
    """Find a dict's next entry at or behind a place; the place behind it, or -1. The entry is in `dict_entry`."""
    place = stack("i64", 1)
    place[0] = at
    if PyDict_Next(o, place, field_address(dict_entry, "key"), field_address(dict_entry, "value")) == 0:
        return -1
    return place[0]


@metal
def rt_dict_iter(o: Obj, view: TypeObject, at: int, used: int, left: int) -> Obj:
    """An iterator over a dict, or a view of that type of it, from a place on."""
    seen = rt_dict_view(o, view) if cast(VOID_P, view) != None else new_ref(o)
    iterator = rt_iter(seen)
    decref(seen)
    DictIter(iterator).di_pos = at
    DictIter(iterator).di_used = used
    DictIter(iterator).len = left
    return iterator


@metal
def rt_dict_view(o: Obj, view: TypeObject) -> Obj:
    """A view of a dict."""
    return insist(_PyDictView_New(o, view), use_spare())


@metal
def rt_reversed(sequence: Obj, index: int) -> Obj:
    """A reversed iterator over a list or tuple whose next item has an index."""
    made = insist(PyObject_CallOneArg(cast(Obj, PyReversed_Type), sequence), use_spare())
    SeqIter(made).it_index = index
    return made


@metal
def rt_enumerate(count: int, iterator: Obj) -> Obj:
    """An enumerate over an iterator, whose reference it takes over, counting from a number on."""
    args = stack("Obj", 2)
    args[0] = iterator
    args[1] = sure_int(count)
    made = insist(PyObject_Vectorcall(cast(Obj, PyEnum_Type), args, 2, None), use_spare())
    decref(iterator)
    decref(args[1])
    return made


@metal
def rt_zip(count: int, a: Obj, b: Obj, c: Obj) -> Obj:
    """A zip over one to three iterators, whose references it takes over."""
    args = stack("Obj", 3)
    args[0] = a
    args[1] = b
    args[2] = c
    made = insist(PyObject_Vectorcall(cast(Obj, PyZip_Type), args, count, None), use_spare())
    for i in range(count):
        decref(args[i])
    return made


ITERATION_FUNCTIONS = """rt_next rt_iter rt_dict_next rt_dict_iter rt_dict_view rt_reversed rt_enumerate
    rt_zip""".split()
