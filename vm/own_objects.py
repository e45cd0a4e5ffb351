"""What the JIT makes for itself is no business of the program's collector, which would go over it again and again.

    own = begin_own(place)      the collector rests
    ...                         the JIT works: some 50,000 objects until a program is compiled
    end_own(place, own)         they are in the permanent generation, as after gc.freeze(); counts are as they were

The objects between two marks at the end of the youngest generation's list are moved. Not where other threads
run: what they make meanwhile would go along. The state of the collector is found by find_collector
(collector.py); where its layout is not the one known here, nothing is moved.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .entry import *  # noqa: F403

# The host's state of its collector, in words before the list `garbage` in it.
COLLECTING_AT, STATISTICS_AT, PERMANENT, YOUNGEST_AT, YOUNGEST, DEBUG_AT, ENABLED = -1, -10, -13, -14, -23, -24, -25

Collector = struct("Collector", "base:i64* total:i64* percent:i64 generation:Obj enabled:i64 count:i64")
collector = Static("fire_collector", Collector)
i32_words = pointer_to("i32")


@metal
def begin_own(ts: ThreadState) -> Obj:
    """The mark before what is made from now on; NULL if it is not to be moved."""
    if cast(VOID_P, collector.base) == None or cast(links, ts)[0] != 0 or cast(links, ts)[1] != 0:
        return None
    base = collector.base
    if base[YOUNGEST_AT] != address_int(base + YOUNGEST):
        return None
    enabled = cast(i32_words, base + ENABLED)
    collector.enabled = enabled[1]
    enabled[1] = 0
    mark = PyList_New(0)
    if not mark:
        PyErr_Clear()
        enabled[1] = collector.enabled
        return None
    collector.count = cast(i32_words, base + (YOUNGEST + 2))[1]
    return mark


@metal
def end_own(mark: Obj):
    """Move what was made since, and let the collector go on."""
    if not mark:
        return
    base = collector.base
    last = PyList_New(0)
    if last:
        move_between(cast(links, mark) - 2, cast(links, last) - 2, base + PERMANENT)
        decref(last)
    else:
        PyErr_Clear()
    decref(mark)
    cast(i32_words, base + (YOUNGEST + 2))[1] = collector.count
    cast(i32_words, base + ENABLED)[1] = collector.enabled


@metal
def move_between(first: links, last: links, target: links):
    """Objects between two heads of a doubly linked list go to the end of another list."""
    head = first[0]
    if head == address_int(last):
        return
    tail = last[1] & ~FLAGS
    first[0] = address_int(last)
    last[1] = address_int(first) | (last[1] & FLAGS)
    end = target[1] & ~FLAGS
    cast(links, end)[0] = head
    cast(links, head)[1] = end | (cast(links, head)[1] & FLAGS)
    cast(links, tail)[0] = address_int(target)
    target[1] = tail
