"""A recording's log, boiled down: most of what a recording saw was seen by one before.

    digest(path) -> bytes       DIGEST_WORDS words for each entry of the log

    0 a number for all that a profile takes from the entry: its place, kinds and what came next; 0: nothing, it is
      not known how its frame was reached     1 the entry of the call that led to its frame, or -1: the frame is of
      the path where the recording started     2 the frame's next entry, or -1

`path` names the calls between the root and the frame where the recording started: (word index of the call, address
of the callee's VMCode), a pair of words each.
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .recording import *  # noqa: F403

DIGEST_WORDS = 3
DEEPEST = 64            # frames below the root; recordings log some less
GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)

# A frame that was seen at a depth: its last entry, the entry of the call that led to it, a number for its path.
Level = struct("Level", "frame:i64 last:i64 parent:i64 path:i64")
levels = Static("fire_digest_levels", Level, DEEPEST)


@metal(inline=True)
def mix(h: int, word: int) -> int:
    """A number for a sequence and one more word."""
    h = (h ^ word) * GOLDEN
    return h ^ lshr(h, 29)


@metal
def path_below(path: int, index: int, code: int) -> int:
    """The number of a path that goes one call deeper."""
    return mix(mix(path, index), code)


@metal
def word_index(entry: int_out) -> int:
    """Of an entry's instruction."""
    return lshr(entry[0] - address_int(cast(VMCode, entry[3]).words), 3)


@metal
def observation(entry: int_out, path: int) -> int:
    """A number for what the entry says, payloads aside."""
    h = mix(mix(path, word_index(entry)), entry[11])
    if entry[11] == SHAPE:
        h = mix(h, entry[10])
    h = mix(mix(mix(mix(h, entry[5]), entry[6]), entry[8]), entry[9])
    return mix(mix(mix(mix(h, entry[12]), entry[14]), entry[15]), entry[16])


@metal
def enters(known: int, entry: int_out) -> bool:
    """A frame comes up that was not the one at its depth, of `known`; False: it is not known how it was reached."""
    depth = entry[2]
    level = levels + depth
    if depth >= known or level.frame != 0:
        if depth == 0 or depth > known or levels[depth - 1].last < 0:
            return False
        above = levels + (depth - 1)
        level.parent = above.last
        level.path = path_below(above.path, word_index(jit.log + above.last * ENTRY_WORDS), entry[3])
    level.frame = entry[1]
    level.last = -1
    return True


@metal
def digest_log(out: int_out, known: int):
    """Fill `out` for the whole log; `known` frames are those the recording started below."""
    for i in range(jit.count):
        entry = jit.log + i * ENTRY_WORDS
        found = out + i * DIGEST_WORDS
        found[0] = 0
        found[1] = -1
        found[2] = -1
        depth = entry[2]
        if depth < DEEPEST and (depth < known and levels[depth].frame == entry[1] or enters(known, entry)):
            known = depth + 1
            level = levels + depth
            found[1] = level.parent
            found[0] = observation(entry, level.path)
            if level.last >= 0:
                before = out + level.last * DIGEST_WORDS
                before[2] = i
                before[0] = mix(before[0], word_index(entry)) | 1
            level.last = i


@metal
def core_digest(module: Obj, path: Obj) -> Obj:
    """digest(path): see above."""
    calls = cast(int_out, field_address(Bytes(path), "ob_sval"))
    known = VarObj(path).ob_size // 16 + 1
    if known > DEEPEST:
        known = DEEPEST
    number = 0
    for i in range(known):
        if i > 0:
            number = path_below(number, calls[2 * i - 2], calls[2 * i - 1])
        level = levels + i
        level.frame = 0
        level.last = -1
        level.parent = -1
        level.path = number
    made = PyBytes_FromStringAndSize(None, jit.count * DIGEST_WORDS * 8)
    if made:
        digest_log(cast(int_out, field_address(Bytes(made), "ob_sval")), known)
    return made
