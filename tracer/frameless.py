"""Frameless versions of functions (specializer/frameless.py): made beside the code with frames, found by VMCode.

    make(engine, site, root, level)         after a function's region was compiled
    region(site, root)                      what makes the IR of a site, of whichever kind
"""
from __future__ import annotations

from . import core, site as places
from .site import FRAMELESS, FUNCTION


def region(site, root):
    """What makes IR of a site's profile."""
    if site.kind == FRAMELESS:
        from ..specializer.frameless import Frameless as Region
    else:
        from ..specializer.region import Region         # type: ignore[assignment]
    return Region(core, site.profile, site.header, root, site.number)


def make(engine, site, root, level: int) -> None:
    """Make the frameless version of a function that was just compiled, if it can have one."""
    from ..specializer.builder import Abort
    from ..specializer.native_calls import kinds_word, may_be_frameless
    if site.kind != FUNCTION or engine.oracle is not None or not may_be_frameless(site.code):
        return
    other = places.of(site.record, site.header, FRAMELESS)
    other._profile, other.kinds, other.globals, other.function = site.profile, site.kinds, site.globals, root
    if other.aborts:
        return
    made = engine.region(other, root)
    try:
        function = made.build(list(site.kinds or ()), site.globals is not None, level > 0)
    except Abort as error:
        other.aborts.append(str(error))
        engine.say(f"no frameless version of {site.code.name}: {error}")
        return
    other.tries += 1
    other.parameters = kinds_word(made.parameters)
    size = engine.place(other, made, function, level)
    engine.say(f"frameless {other.number} {site.code.name}: {size}, level {level}")

