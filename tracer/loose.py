"""Classes of the program that profiles and machine code know are held weakly: the JIT keeps none of them alive.

    loosen({int, C})  ->  {int, <weakref to C>}         tighten(...)  ->  {int, C}, or {int} once C has died

A profile is tightened while its region is built, and loose at any other time. In the table of constants of
machine code a class is a word to compare with; when the class dies the word is set to one that nothing equals.
"""
from __future__ import annotations

from _weakref import ref     # the module weakref is not needed to start with

from . import core

HEAP_TYPE = 1 << 9
SETS = ("a", "b", "c", "result")
NEVER = 1           # no object is at this address


def is_loose(held: object) -> bool:
    """Whether this is a class of the program."""
    return isinstance(held, type) and held.__flags__ & HEAP_TYPE != 0

ANY_INT = "any int"                     # boxed or not
INTS = {int, "int", ANY_INT}


def loosen(kinds: frozenset) -> frozenset:
    """The kinds with weak references to classes of the program."""
    return frozenset(ref(kind) if is_loose(kind) else kind for kind in kinds)


def tighten(kinds: frozenset) -> frozenset:
    """The kinds with the classes that live."""
    return frozenset(kind() if type(kind) is ref else kind for kind in kinds) - {None}


def strong(kinds) -> list:
    """A list of kinds, where a class that has died is any."""
    return [(kind() or object) if type(kind) is ref else kind for kind in kinds]


def loose(held: object) -> object:
    """What a profile holds of it."""
    return ref(held) if is_loose(held) else held


def let_go(seen) -> None:
    """A place holds its classes weakly again."""
    if not seen.classes:
        return
    for name in SETS:
        kinds = getattr(seen, name)
        for kind in kinds:
            if is_loose(kind):
                setattr(seen, name, loosen(kinds))
                break
    if seen.callables:
        seen.callables = {at: loose(held) for at, held in seen.callables.items()}


def hold(seen) -> None:
    """A place holds its classes while a region is built."""
    if not seen.classes:
        return
    for name in SETS:
        kinds = getattr(seen, name)
        for kind in kinds:
            if type(kind) is ref:
                setattr(seen, name, tighten(kinds))
                break
    if seen.callables:
        living = ((at, held() if type(held) is ref else held) for at, held in seen.callables.items())
        seen.callables = {at: held for at, held in living if held is not None}


def merged(one, other):
    """The kind of a register that an entry has to expect where it came with two; None: anything."""
    if {one, other} <= INTS:
        return ANY_INT
    names = [isinstance(kind, str) for kind in (one, other)]
    if all(names) and ANY_INT not in (one, other):
        return "unboxed"
    return None if any(names) or None in (one, other) else object


def rest(site) -> None:
    """The region is built: let go of classes."""
    for seen in site.profile.at.values():
        let_go(seen)
    if site.kinds is not None:
        site.kinds = [loose(kind) for kind in site.kinds]


def wake(site) -> None:
    """A region is about to be built. Other classes may have come to be where dead ones were: what recordings see is
    looked at anew."""
    site.profile.known.clear()
    for seen in site.profile.at.values():
        hold(seen)
    if site.kinds is not None:
        site.kinds = strong(site.kinds)


def watch(classes: dict, table: int) -> list:
    """Words of a table of constants that are classes, by number: they are void once the class has died."""
    watched = []
    for number, held in classes.items():
        place = table + 8 * number
        if held() is None:
            core.set_word(place, NEVER)
        else:
            watched.append(ref(held(), lambda _, place=place: core.set_word(place, NEVER)))
    return watched
