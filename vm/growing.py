"""Strings that grow where they are: `s += t` in a loop.

    append_ascii(a, b) -> a with b behind it, perhaps elsewhere; NULL: not this way, nothing has happened

The host asks the allocator for each character anew. A large string takes an eighth more here when it has to
move, and what the block has room for is filled first: `len` and `sys.getsizeof` say the same. Only with the
host's usual allocator, whose large blocks are the C library's.
"""
from __future__ import annotations

from .state import *  # noqa: F403

ASCII_BITS, OWN_ASCII = 0xE0, 0xE4      # compact, ascii, ready; one byte each, not interned
ASCII_HEAD = 48                 # bytes before the characters
POOLED = 512                    # bytes that pymalloc takes from its own pools


@metal
def append_ascii(a: Obj, b: Obj) -> Obj:
    """Both are exactly strings; one reference of a is the caller's, which is handed over."""
    if a.ob_refcnt != 1 or Ascii(a).hash != -1 or Ascii(a).state & 255 != OWN_ASCII or ints.limit == 0:
        return None
    if Ascii(b).state & ASCII_BITS != ASCII_BITS or cast(obj_p, byte_offset(a, 40))[0] != None:
        return None
    size = Ascii(a).length
    more = Ascii(b).length
    if size + ASCII_HEAD < POOLED:
        return None
    need = ASCII_HEAD + 1 + size + more
    if malloc_usable_size(a) < need:
        a = cast(Obj, PyObject_Realloc(a, need + (need >> 3)))
        if unlikely(not a):
            return None
    copy(byte_offset(a, ASCII_HEAD + size), byte_offset(b, ASCII_HEAD), more + 1)
    Ascii(a).length = size + more
    return a
