"""What the host's collector would find alive, found sooner; what is garbage is left to it.

    leave_garbage(base, 2) -> True      before a collection of generations 0 to 2: only garbage is left in their lists
    rejoin(base)                        after one of all generations: what lives is in the oldest one

The algorithm is the host's: of every object's reference count take off what the objects under collection hold of each
other; what has references left is held from outside, and so is what it reaches. The host does it along linked lists,
six times over all objects, with a call for each reference, and waits for memory at every step. Here the objects
stand in an array, so that what comes next can be fetched in time, and the usual types are visited without calls.
What lives goes where the host would move it, and is untracked as it would be. What is left the host finds to be
garbage, once more, and deals with it: weak references, finalizers, what they bring back, statistics; but for simple
garbage (clearing.py).
"""
from __future__ import annotations

from ..codegen.metal import metal
from .visiting import *  # noqa: F403

OLDEST = 2
WORDS_OF_GENERATION = 3             # head (two words), threshold and count; as many are for statistics
NEAR = 1 << 13                      # so many objects are in the cache anyway
KEPT_ROOM = 1 << 16                 # objects; arrays for more are given back
FEWEST_ROOM = 1 << 12


# --------------------------------------------------------------------------------------------------- lists
@metal(inline=True)
def list_of(base: links, generation: int) -> links:
    """The head of a generation's list."""
    return base + (YOUNGEST + WORDS_OF_GENERATION * generation)


@metal(inline=True)
def older_than(base: links, generation: int) -> links:
    """Where objects go that survive; those of the oldest one are kept apart, so that the host does not look at them."""
    if generation == OLDEST:
        return field_address(cycles, "alive_next")
    return list_of(base, generation + 1)


@metal(inline=True)
def make_empty(list: links):
    list[0] = address_int(list)
    list[1] = address_int(list)


@metal
def grow_members() -> bool:
    """Twice the room for objects under collection; False: there is no memory."""
    room = 2 * cycles.room if cycles.room != 0 else FEWEST_ROOM
    larger = PyMem_RawRealloc(cast(VOID_P, cycles.members), room * 8)
    if not larger:
        return False
    cycles.members = cast(obj_p, larger)
    cycles.room = room
    PyMem_RawFree(cast(VOID_P, cycles.late))
    cycles.late = cast(obj_p, PyMem_RawMalloc(room * 8))
    if cast(VOID_P, cycles.late) == None:
        PyMem_RawFree(cast(VOID_P, cycles.members))
        cycles.members = None
        cycles.room = 0
        return False
    return True


@metal
def enlist(list: links) -> bool:
    """Put a list's objects into the array; their heads count references from now on. False: there is no memory."""
    at = list[0]
    while at != address_int(list):
        if unlikely(cycles.count == cycles.room):
            if not grow_members():
                return False
        head = cast(links, at)
        o = cast(Obj, head + 2)
        cycles.members[cycles.count] = o
        cycles.count = cycles.count + 1
        head[1] = head[1] & FINALIZED | COLLECTING | o.ob_refcnt << REFERENCES_AT
        at = head[0]
    return True


@metal(cold=True)
def relink(list: links):
    """Make a list what it was before `enlist`."""
    previous = list
    at = list[0]
    while at != address_int(list):
        head = cast(links, at)
        head[1] = head[1] & FINALIZED | address_int(previous)
        previous = head
        at = head[0]
    list[1] = address_int(previous)


@metal
def move_to_end(head: links, list: links):
    """Move an object from its list to the end of another."""
    unlink(head)
    link_last(head, list)


@metal
def take_list(list: links, empty: links):
    """Move all of a list that is not empty."""
    first = cast(links, list[0])
    last = cast(links, list[1])
    empty[0] = address_int(first)
    empty[1] = address_int(last)
    first[1] = first[1] & FLAGS | address_int(empty)
    last[0] = address_int(empty)
    make_empty(list)


@metal(inline=True)
def may_be_tracked(o: Obj) -> bool:
    return has_head(o) and (o.ob_type != PyTuple_Type or head_of(o)[0] != 0)


@metal
def is_of_plain_objects(o: Obj) -> bool:
    """Whether a tuple can be in no cycle."""
    items = field_address(Tuple(o), "ob_item")
    for i in range(VarObj(o).ob_size):
        if not items[i] or may_be_tracked(items[i]):
            return False
    return True


@metal(inline=True)
def settle(o: Obj, last: links) -> links:
    """Link an object that lives behind the last one, which it is then; but a tuple that can be in no cycle."""
    head = head_of(o)
    if o.ob_type == PyTuple_Type and is_of_plain_objects(o):
        head[0] = 0
        head[1] = head[1] & FINALIZED
        return last
    cycles.alive = cycles.alive + 1
    return append(last, head)


@metal
def split(garbage: links, alive: links):
    """Link what was reached behind `alive`, the rest as the list `garbage`; in the array only what lives is left."""
    members = cycles.members
    last_garbage = garbage
    last = cast(links, alive[1])
    cycles.alive = 0
    cycles.garbage = 0
    for i in range(cycles.count):
        if i + AHEAD < cycles.count:
            prefetch(head_of(members[i + AHEAD]))
        head = head_of(members[i])
        if head[1] & COLLECTING != 0:
            last_garbage = append(last_garbage, head)
            members[i] = None
            cycles.garbage = cycles.garbage + 1
        elif head[1] & LATE == 0:
            last = settle(members[i], last)
    for i in range(cycles.nlate):
        if i + AHEAD < cycles.nlate:
            prefetch(head_of(cycles.late[i + AHEAD]))
        last = settle(cycles.late[i], last)
    last_garbage[0] = address_int(garbage)
    garbage[1] = address_int(last_garbage)
    last[0] = address_int(alive)
    alive[1] = address_int(last)


@metal
def untrack_dicts() -> int:
    """Dicts that live and hold nothing that can be in a cycle; how many."""
    members = cycles.members
    untracked = 0
    for i in range(cycles.count):
        if i + 2 * AHEAD < cycles.count:
            prefetch(members[i + 2 * AHEAD])
            if members[i + AHEAD]:
                fetch_inside(members[i + AHEAD])
        o = members[i]
        if o:
            if o.ob_type == PyDict_Type and head_of(o)[0] != 0:
                _PyDict_MaybeUntrack(o)
                if head_of(o)[0] == 0:
                    untracked = untracked + 1
    return untracked


# ---------------------------------------------------------------------------------------------- collections
@metal
def find_alive():
    """Reach all objects in the array that are held from outside, and what they reach, in the host's order: objects
    without a reference when their turn comes are passed over, and come after all others once they are reached."""
    members = cycles.members
    count = cycles.count
    far = count > NEAR
    for i in range(count):
        if far:
            fetch_ahead(members, i, count)
        take_off(members[i])
    for i in range(count):
        if far:
            fetch_ahead(members, i, count)
        head = head_of(members[i])
        if head[1] < 1 << REFERENCES_AT:
            head[1] = head[1] | PASSED_OVER
        else:
            head[1] = head[1] & FINALIZED
            reach_from(members[i])
    late = cycles.late
    i = 0
    while i < cycles.nlate:
        if far:
            fetch_ahead(late, i, cycles.nlate)
        reach_from(late[i])
        i = i + 1


@metal
def enlist_all(base: links, generation: int) -> bool:
    """Put all objects under collection into the array, in the host's order. False: there is no memory for it."""
    cycles.count = 0
    cycles.nlate = 0
    done = enlist(list_of(base, generation))
    listed = 0
    while done and listed < generation:
        done = enlist(list_of(base, listed))
        listed = listed + 1
    if unlikely(not done):
        for i in range(generation + 1):
            relink(list_of(base, i))
    return done


@metal
def rejoin(base: links) -> int:
    """After a collection of all generations: what lives is at the beginning of the oldest one; how many objects."""
    alive = field_address(cycles, "alive_next")
    if alive[0] == 0 or alive[0] == address_int(alive):
        return 0
    oldest = list_of(base, OLDEST)
    first = cast(links, alive[0])
    last = cast(links, alive[1])
    second = cast(links, oldest[0])
    last[0] = address_int(second)
    second[1] = second[1] & FLAGS | address_int(last)
    oldest[0] = address_int(first)
    first[1] = first[1] & FLAGS | address_int(oldest)
    make_empty(alive)
    return cycles.alive


@metal
def leave_garbage(base: links, generation: int) -> bool:
    """Before the host collects: move what lives. False: nothing was done."""
    rejoin(base)                    # somebody has taken the callback away before the end of the last collection
    if not enlist_all(base, generation):
        return False
    find_alive()
    for i in range(generation):
        make_empty(list_of(base, i))
    older = older_than(base, generation)
    if generation == OLDEST:
        make_empty(older)
    split(list_of(base, generation), older)
    if generation == OLDEST:
        cycles.alive = cycles.alive - untrack_dicts()
    if cycles.room > KEPT_ROOM:
        PyMem_RawFree(cast(VOID_P, cycles.members))
        PyMem_RawFree(cast(VOID_P, cycles.late))
        cycles.members = None
        cycles.late = None
        cycles.room = 0
    return True
