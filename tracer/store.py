"""What earlier runs of this program made of its hot places, on disk beside the machine code.

    load()              {(digest of a code object, header, kind): (False, b"...")}
                        the flag: whether it has to do with consumers
    row(b"...")         a row of describe.py, or why there is none
    save({place: row})  joins what is there

One entry of codegen/code_cache.py per program: it is found by the path of the main file, by versions and the
CPU; a row by what the function does. So nothing of it can be taken for a program that was changed.
"""
from __future__ import annotations

import os
import sys
from marshal import dumps, loads

from ..codegen import code_cache

FORM = 2                    # of the rows
MOST_ROWS = 400
_program = ""
_key: list[str] = []
FOLDERS = ("tracer", "specializer", "ir", "codegen", "vm")      # what a row depends on


def program() -> str:
    """What tells this program from others; asked for the first time while it runs, since its end may
    come without a module."""
    global _program
    if not _program:
        main = sys.modules.get("__main__")
        path = main.__dict__.get("__file__") if main is not None else None
        _program = os.path.abspath(path) if type(path) is str else repr(sys.orig_argv)
    return _program


def key() -> str:
    """The name of the program's entry; "": there is no cache. Worked out once: save asks for it again and again."""
    if not _key:
        _key.append(made_key())
    return _key[0]


def made_key() -> str:
    """The name of the entry, by what the machine code depends on."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    stamps = []
    for name in FOLDERS:
        with os.scandir(os.path.join(here, name)) as files:
            stamps += [(file.name, *code_cache.stamp(file.path)) for file in files
                       if file.name.endswith((".py", ".so"))]
    return code_cache.key(f"regions {FORM} {program()} {sorted(stamps)}", 0)


def load() -> dict:
    """All rows; none if there are none that are whole."""
    try:
        data = code_cache.load(key())
        rows = loads(data) if data is not None else {}
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return rows if type(rows) is dict else {}


def row(data: bytes) -> tuple:
    """One of them, which is unpacked when it is wanted."""
    return loads(data)


def save(rows: dict) -> None:
    """Add rows to those on disk; the oldest go if there are too many."""
    known = load()
    for place, made in rows.items():
        known.pop(place, None)
        known[place] = (made[10:11] == (True,), dumps(made))
    kept = dict(list(known.items())[-MOST_ROWS:])
    code_cache.store(key(), dumps(kept), f"regions of {program()}")
