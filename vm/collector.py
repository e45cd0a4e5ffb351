"""How often the host's collector goes over all objects, and how much is left to it of a collection (cycles.py).

    find_collector(gc.garbage, gc.callbacks, 100, a class) -> True     then `collected` has to be among gc.callbacks

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
from .clearing import *  # noqa: F403

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
def is_asked_for(generation: int) -> bool:
    """Whether gc.collect() was called, which tells what the host finds; else the host has chosen this generation
    itself, or the process ends."""
    if _Py_IsFinalizing() != 0:
        return False
    base = collector.base
    if cast(i32_words, base + ENABLED)[1] == 0 or state.young[0] == 0:
        return True
    chosen = OLDEST
    while chosen >= 0:
        pace = cast(i32_words, list_of(base, chosen) + 2)               # threshold and count
        few = chosen == OLDEST and collector.total[1] < collector.total[0] * AS_HOST // 100
        if pace[1] > pace[0] and not few:
            return chosen != generation
        chosen = chosen - 1
    return True


@metal
def begin_collection(generation: int):
    """The host is about to collect: leave it only the garbage, or not even that, if nobody else looks."""
    asked_for = is_asked_for(generation)
    base = collector.base
    callbacks = cast(Obj, cast(obj_p, base)[1])
    if VarObj(callbacks).ob_size != 1 or base[DEBUG_AT] & 0xFFFFFFFF != 0 or not leave_garbage(base, generation):
        return
    if generation == OLDEST - 1:
        collector.total[1] = collector.total[1] + cycles.alive          # `long_lived_pending`
    garbage = field_address(cycles, "garbage_next")
    if cycles.garbage != 0 and not asked_for and are_simply_cleared(list_of(base, generation)):
        take_list(list_of(base, generation), garbage)
        collected = base + (STATISTICS_AT + WORDS_OF_GENERATION * generation + 1)
        collected[0] = collected[0] + cycles.garbage
        clear_garbage(garbage, older_than(base, generation))


@metal
def end_collection():
    """All generations have been collected: the next time is put off."""
    total = collector.total[0] + rejoin(collector.base)
    collector.total[0] = total
    if total < LARGEST:
        put_off(total * collector.percent // AS_HOST)


@metal
def core_collected(module: Obj, args: obj_p, nargs: int) -> Obj:
    """For gc.callbacks: (phase, info)."""
    if nargs == 2 and state.young and collector.base[COLLECTING_AT] & 0xFFFFFFFF != 0:
        number = PyDict_GetItemWithError(args[1], collector.generation)
        if number:
            generation = PyLong_AsLong(number)
            if PyUnicode_CompareWithASCIIString(args[0], "start") == 0 and ult(generation, OLDEST + 1):
                begin_collection(generation)
            elif generation == OLDEST:
                end_collection()
    return new_ref(Py_None)


@metal
def core_untrack(module: Obj, o: Obj) -> Obj:
    """untrack(o): o, of which the collector knows no more: an object of ours that is in no cycle."""
    PyObject_GC_UnTrack(o)
    return new_ref(o)


@metal
def core_find_collector(module: Obj, args: obj_p, nargs: int) -> Obj:
    """find_collector(garbage, callbacks, percent, a class of Python's): whether the collector's state was found."""
    words = cast(obj_p, PyThreadState_Get().interp)
    for i in range(WORDS_SEARCHED):
        if words[i] == args[0] and words[i + 1] == args[1]:
            collector.base = cast(int_out, words + i)
            collector.total = cast(int_out, words + (i + 2))
            collector.percent = PyLong_AsLong(args[2])
            cycles.python_traverse = cast(TypeObject, args[3]).tp_traverse
            if collector.percent > AS_HOST and collector.total[0] == 0:
                put_off(0)
            collector.generation = PyUnicode_InternFromString("generation")
            if collector.base[YOUNGEST_AT] == address_int(collector.base + YOUNGEST):
                state.young = cast(i32wp, collector.base + (YOUNGEST + 2))
                keep_instances(cast(TypeObject, args[3]), state.young, collector.base + YOUNGEST)
            return new_ref(Py_True)
    return new_ref(Py_False)
