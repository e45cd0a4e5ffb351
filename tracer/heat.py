"""Whether a place is hot: the time that its turns or calls take, against all that the program has taken meanwhile.

    waits(site, clock)      0, or the turns or calls until a place that is only warm is recorded again
    turns_in(ms, site, clock)       the turns or calls that a place will have had in so many milliseconds, about

A large program has hundreds of places that are run some thousands of times, none of which takes a hundredth of
its time. To read what is recorded of each of them, and to compile it, costs more than it saves while the program
lasts. Such a place waits until it has run for as long as that takes. The first recording of a place only starts
the clock.

Instructions that take long, like those of ints with thousands of digits, are no less hot: a place that has run more of
the instructions counted than all others together waits for `ALONE_MS` at most.
"""
from __future__ import annotations

from .site import field, sites

INSTRUCTION_MS = 0.000006   # milliseconds that the interpreter takes for an instruction, about
HOT = 0.03                  # of the program's time since the first recording
ENOUGH_MS = 4               # what recording and compiling a place takes, about
ALONE_MS = 40               # of the program's time, in which hardly anything else was counted
MEASURABLE_MS = 0.3         # less is the work of recording itself
FIRST, LONGEST = 11, 1 << 20            # turns or calls


def waits(site, clock: float) -> int:
    """`clock`: milliseconds of CPU time that the program has taken, without the JIT's."""
    width = field("count") / max(field("rounds"), 1)        # instructions of a turn or call
    if not site.width:
        site.since, site.width = clock, width
        return FIRST
    site.width = (site.width + width) / 2
    taken = site.turns * site.width * INSTRUCTION_MS
    elapsed = clock - site.since
    if elapsed < MEASURABLE_MS or taken >= min(HOT * elapsed, ENOUGH_MS):
        return 0
    turns = worth_recording(site, (ENOUGH_MS - taken) / (site.width * INSTRUCTION_MS) + 1)
    if 2 * taken > INSTRUCTION_MS * sum(other.turns * other.width for other in sites.values()):
        turns = min(turns, int(site.turns * (ALONE_MS - elapsed) / elapsed) + 1)
    return max(turns, 0)


def turns_in(ms: float, site, clock: float) -> int:
    """At the pace since the first recording."""
    return worth_recording(site, ms * site.turns / max(clock - site.since, MEASURABLE_MS))


def worth_recording(site, turns: float) -> int:
    """No more turns than `LONGEST`, but at least as many as take as long as a recording."""
    return max(int(min(turns, LONGEST)), int(MEASURABLE_MS / (site.width * INSTRUCTION_MS)))
