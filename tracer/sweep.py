"""What was compiled and is not used any more is let go, so that programs which make new code for ever stay small.

    after each 256 new sites:   those that were suspended at the last sweep go; all others are suspended

A suspended site keeps its machine code, but its loop or function counts again as if it were new. If it
becomes hot the code is put back at once (`resume`). So dead code goes at the second sweep, with the code
objects, functions and globals that it held, and live code pays some thousand turns of the interpreter.
Machine code that may be running is left alone: its root's frame is on some thread's stack.
"""
from __future__ import annotations

import sys

from . import core
from .program import decoded
from .site import FRAMELESS, FUNCTION, by_place, install, sites

HIDDEN = 1 << 27            # of the functions that consumers.py has
current_frames = sys._current_frames


def running() -> set[int]:
    """Code objects of all frames of all threads, by address."""
    found = set()
    for frame in current_frames().values():
        while frame is not None:
            found.add(id(frame.f_code))
            frame = frame.f_back
    return found


def sweep() -> None:
    """Let sites go that were not used since the last sweep."""
    active, new = running(), max(sites)
    for site in list(sites.values()):
        host = site.host
        if id(host) in active or host.co_flags & HIDDEN or site.number == new:
            continue
        if site.kind == FRAMELESS:
            if (site.record, site.header, FUNCTION) not in by_place:
                discard(site)
        elif site.suspended:
            discard(site)
        else:
            suspend(site)
    used = {site.record for site in sites.values()}
    for site in sites.values():
        used |= site.records()
    for address in [address for address in decoded if address not in used]:
        del decoded[address]


def suspend(site) -> None:
    """The interpreter goes on in the place of a site's machine code, and counts."""
    site.suspended = True
    for place, word in site.replaced.items():
        core.poke(place, word.to_bytes(2, "little"))
        core.set_word(place + 8, 0)
    if site.replaced and site.kind == FUNCTION:
        core.set_word(site.record + core.info["VMCode.native"], 0)


def resumed(site) -> bool:
    """Put the machine code of a suspended site back, which is hot again."""
    suspended, site.suspended = site.suspended, False
    if not suspended or site.native is None:
        return False
    install(site, site.native.entry, 0, [place >> 3 for place in site.replaced], site.opcode())
    return True


def discard(site) -> None:
    """Nothing is left of a site; should its place become hot once more it is a new one."""
    del sites[site.number], by_place[site.record, site.header, site.kind]
    if site.kind == FRAMELESS:
        core.set_word(site.record + core.info["VMCode.frameless_kinds"], 0)
    site.watched.clear()
    for native in site.natives:
        native.free()
    site.native = None
