"""At the program's end: every region as it would be with all that was seen, compiled as well as it can
be, described on disk.

    final.keep(engine)          runs in a process of its own (codegen/later.py): nobody waits for it

So the next run starts with what this one has learned. Regions for which this run had no time are among them.
"""
from __future__ import annotations

from .. import runtime
from . import core, frameless, loose, store
from .identity import digest
from .site import Site

NOBODY_WAITS = 12000, 40000     # lines of LLVM text up to which all passes run, up to which some do
ENOUGH = 2          # recordings of a place that was not compiled: the next run need not record it from the start


def level_for(lines: int, bounds: tuple[int, int]) -> int:
    """How well LLVM compiles a region of so many lines in the end; `bounds`: lines up to which it
    takes all passes, some."""
    return 2 if lines < bounds[0] else 1 if lines < bounds[1] else 0


def worth_it(site: Site, recordings) -> bool:
    """Whether the site has something that is not on disk."""
    if site.stored and not site.learned:
        return False
    return bool(site.aborts) or site.tries > 0 or site.recordings >= min(ENOUGH, recordings[site.kind])


def keep(engine) -> None:
    """Compile all regions and write what describes them, one after another: the process may be ended any time."""
    for site in engine.sites.values():
        if worth_it(site, engine.recordings):
            try:
                place = (digest(site.code.host), site.header, site.kind)
            except ValueError:          # constants that no compiler makes
                continue
            store.save({place: row_of(engine, site)})


def row_of(engine, site: Site) -> tuple:
    """The row of a site: its region's, or why there is none."""
    from ..specializer.builder import Abort
    from .describe import Unstorable
    try:
        return compiled(engine, site)
    except Abort as error:
        return "abort", str(error)
    except Unstorable as error:
        return "unstorable", str(error), site.lines
    except Exception as error:          # an error of the compiler's
        if runtime.sent_here(error):
            raise
        return "abort", f"{type(error).__name__}: {error}"


def compiled(engine, site: Site) -> tuple:
    """Build the region from its whole profile, compile it, describe it."""
    from ..codegen import code_cache
    from .describe import Recipe
    loose.wake(site)
    root = site.profile.kept[()]
    core.function_type = type(root)
    region = frameless.region(site, root)
    function = region.build(list(site.kinds or ()), site.globals is not None, True)
    lowering = engine.lowering(region, function)
    text = engine.text_of(region, lowering)
    lines = text.count("\n")
    level = level_for(lines, NOBODY_WAITS)
    row = Recipe(site, region, function).row(code_cache.key(text, level), level, lines, lowering)
    runtime.code_generator().object_code(text, level)
    return row
