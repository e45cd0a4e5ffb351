"""Register bytecode: the table of instructions and the way from the host's code objects to them.

In: a `types.CodeType` of the running CPython.  Out: a `Program` (registers, words, origins, pool, handlers).

    translate(code) -> Program        raises Untranslatable(reason)

    ops        the table of instructions           host311    CPython 3.11's instructions, one row each
    program    Program, Untranslatable             translate  abstract interpretation of the host's stack
    flow       decoding, labels, exception ranges  actions    what each host instruction does to it
    emit       stack entries, emission, peepholes  verify, dis, cache    as named
"""
from __future__ import annotations

import sys

from .program import Program, Untranslatable
from .translate import translate_with

if sys.version_info[:2] == (3, 11):
    from . import host311 as host
else:
    host = None

__all__ = ["Program", "Untranslatable", "translate"]


def translate(code) -> Program:
    """Register form of a code object of the running host."""
    if host is None:
        raise Untranslatable("no frontend for this host version")
    return translate_with(host, code)
