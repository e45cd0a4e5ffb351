"""How often the host's collector goes over all objects.

    find_collector(gc.garbage, gc.callbacks, 100) -> True       then `collected` has to be among gc.callbacks

The host collects the oldest generation once as many objects have survived as are a quarter of what was alive
after the last time, so a program that builds a large structure has all of it gone over again and again: of a
tree of 260,000 nodes, 70% of the time. Here the heap may grow by PERCENT until then, and a small one by
FEWEST objects. What younger generations do, thresholds and counts stay as they are, and so does everything
beyond LARGEST objects, where memory counts for more.

The host decides by a number of its own, `long_lived_total`, which lies behind the lists `garbage` and
`callbacks` in its state of the collector; it is looked for there, and nothing is done where it is not found.
"""
from __future__ import annotations

from ..codegen.metal import metal
from .handlers.recording import *  # noqa: F403

WORDS_SEARCHED = 2048       # of the interpreter's state
AS_HOST = 25                # percent that the host lets the heap grow by
LARGEST = 500000            # objects
FEWEST = 200000             # that have survived until all are gone over: some 20 MB of instances


@metal
def put_off(total: int):
    """Have the host believe that so many objects were alive, so a quarter of them may survive before the next time."""
    few = FEWEST * 100 // AS_HOST
    collector.total[0] = few if total < few else total


@metal
def core_collected(module: Obj, args: obj_p, nargs: int) -> Obj:
    """For gc.callbacks: (phase, info). After a collection of all generations the next one is put off."""
    if nargs == 2:
        number = PyDict_GetItemWithError(args[1], collector.generation)
        if number:
            if PyLong_AsLong(number) == 2:              # when it starts, too: the host sets the number when it is done
                total = collector.total[0]
                if total < LARGEST:
                    put_off(total * collector.percent // AS_HOST)
    return new_ref(Py_None)


@metal
def core_untrack(module: Obj, o: Obj) -> Obj:
    """untrack(o): o, of which the collector knows no more: an object of ours that is in no cycle."""
    PyObject_GC_UnTrack(o)
    return new_ref(o)


@metal
def core_find_collector(module: Obj, args: obj_p, nargs: int) -> Obj:
    """find_collector(garbage, callbacks, percent): whether the state of the collector was found."""
    words = cast(obj_p, PyThreadState_Get().interp)
    for i in range(WORDS_SEARCHED):
        if words[i] == args[0] and words[i + 1] == args[1]:
            collector.base = cast(int_out, words + i)
            collector.total = cast(int_out, words + (i + 2))
            collector.percent = PyLong_AsLong(args[2])
            if collector.percent > AS_HOST and collector.total[0] == 0:
                put_off(0)
            collector.generation = PyUnicode_InternFromString("generation")
            if collector.base[YOUNGEST_AT] == address_int(collector.base + YOUNGEST):
                state.young = cast(i32wp, collector.base + (YOUNGEST + 2))
            return new_ref(Py_True)
    return new_ref(Py_False)
