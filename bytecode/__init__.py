"""Register bytecode: the table of instructions and the way from the host's code objects to them.

In: a `types.CodeType` of the running CPython.  Out: a `Program` (registers, words, origins, pool, handlers).

    translate(code) -> Program        raises Untranslatable(reason)
    cache.program(code) -> Program    the same, from the on-disk cache where it has it

    ops        the table of instructions         host311    CPython 3.11's instructions, one row each
    program    Program, Untranslatable           shapes     factories of actions
    flow       decoding, labels, covers          actions    what each host instruction does
    emit       stack entries, peepholes          translation  the pass over a code object
    effects    registers an instruction touches  verify, dis, cache    as named

Importing this package imports none of the translator; its first use does.
"""
from .program import Program, Untranslatable

__all__ = ["Program", "Untranslatable", "translate"]
_frontend: tuple | None = None


def translate(code):
    """Register form of a code object of the running host."""
    global _frontend
    if _frontend is None:
        import sys
        if sys.version_info[:2] != (3, 11):
            raise Untranslatable("no frontend for this host version")
        from . import host311
        from .translation import translate_with
        _frontend = translate_with, host311
    work, host = _frontend
    return work(host, code)
