"""Classes of the program that profiles and machine code know are held weakly: the JIT keeps none of them alive.

    loosen({int, C})  ->  {int, <weakref to C>}         tighten(...)  ->  {int, C}, or {int} once C has died

A profile is tightened while a recording is read into it and its region is built, and loose at any other time. In the table of
constants of machine code a class is a word to compare with; when the class dies the word is set to one that nothing equals.
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


def loosen(kinds: set) -> set:
    """The kinds with weak references to classes of the program."""
    return {ref(kind) if is_loose(kind) else kind for kind in kinds}


def tighten(kinds: set) -> set:
    """The kinds with the classes that live."""
    found = {kind() if type(kind) is ref else kind for kind in kinds}
    found.discard(None)
    return found


def strong(kinds) -> list:
    """A list of kinds, where a class that has died is any."""
    return [(kind() or object) if type(kind) is ref else kind for kind in kinds]


def rest(site) -> None:
    """A recording has been read: let go of classes."""
    for seen in site.profile.classy:
        for name in SETS:
            setattr(seen, name, loosen(getattr(seen, name)))
        seen.callables = {at: ref(held) if is_loose(held) else held for at, held in seen.callables.items()}
    if site.kinds is not None:
        site.kinds = [ref(kind) if is_loose(kind) else kind for kind in site.kinds]


def wake(site) -> None:
    """A recording is about to be read."""
    for seen in site.profile.classy:
        for name in SETS:
            setattr(seen, name, tighten(getattr(seen, name)))
        living = ((at, held() if type(held) is ref else held) for at, held in seen.callables.items())
        seen.callables = {at: held for at, held in living if held is not None}
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
