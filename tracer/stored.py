"""Code of earlier runs takes the place of loops and functions as soon as they are warm: nothing is
recorded, built or compiled.

    start(native, 600, 300) -> whether there is any      hook(ASKED): the place that is warm now

The first time a place is warm its description (`describe.py`) is looked up. If all that it refers to is found
and is as it was, the machine code is linked; else the place is asked about again when it has run more, and at
last recorded as in a first run. What was seen in earlier runs comes back when an exit of such code gets hot.
"""
from __future__ import annotations

import sys
from time import process_time

from .. import runtime
from . import core, site as places, store
from .identity import digest
from .site import field, set_field

ASKED = 5                   # why the hook is called: see vm/recording.py
WARM_LOOP, WARM_CALL = 40, 20
APART = (100, 400)          # turns or calls until a place is asked about again
HOPELESS = 20               # times the usual threshold: until a place that could not be compiled is recorded again
counts = {"stored": 0, "compile_ms": 0.0}
_rows: dict = {}
_asked: dict[tuple, int] = {}
_usual: tuple = (0, 0)
_log = False


def start(native, loop: int, call: int, log: bool) -> bool:
    """Read what there is of this program; whether there is anything. `loop`, `call`: turns, calls
    until places are recorded."""
    global _rows, _usual, _log
    runtime.code_generator()
    _rows = store.load()
    if not _rows:
        return False
    core.connect(native)
    _usual, _log = (loop, call), log
    if any(consumers for consumers, _ in _rows.values()):
        from . import consumers
        if not consumers.functions:
            consumers.install(native)
    set_field("stored", 1)
    return True


def warm(turns: int) -> tuple[int, int]:
    """Turns of a loop, calls of a function until a place is asked about, where loops are recorded
    after so many turns."""
    return min(WARM_LOOP, turns), min(WARM_CALL, turns)


def hook(why: int) -> None:
    """A place is warm, or a recording has ended."""
    if not runtime.may_import():
        return
    if why != ASKED:
        runtime.engine().hook(why)
        return
    started = process_time()
    with runtime.NoCollections():
        try:
            set_field("record_now", ask())
        except Exception as error:          # the program must not notice
            set_field("record_now", 1)
            if _log:
                sys.stderr.write(f"jit: stored code: {type(error).__name__}: {error}\n")
            if runtime.sent_here(error):
                raise
        finally:
            if places.sweep_is_due():
                from .sweep import sweep
                sweep()
    counts["compile_ms"] += (process_time() - started) * 1000


def ask() -> int:
    """Install what there is for the place; else 1 to record it now, or what its counter starts at."""
    kind, record = field("kind"), field("root_code")
    root = core.object_at(field("root_function"))
    core.function_type = type(root)
    words = core.word(record + core.info["VMCode.words"])
    header = (field("header") - words) >> 3
    known = places.by_place.get((record, header, kind))
    if known is not None and known.suspended and known.native is not None:
        from .sweep import resumed
        resumed(known)
        return 0
    times = _asked.get((record, header, kind), 0)
    _asked[record, header, kind] = times + 1
    counted = places.counted_as(words, header, kind)
    usual, first = _usual[counted], warm(_usual[0])[counted]
    code = digest(root.__code__)
    _, packed = _rows.get((code, header, kind), (False, b""))
    row = store.row(packed) if packed else None
    if row is None or row[0] == "unstorable":
        if row is not None:
            places.of(record, header, kind).lines = row[2]      # what it will cost
        return first - usual if times == 0 else 1
    if row[0] == "abort":
        return -HOPELESS * usual if times == 0 else 1
    try:
        install(row, root, places.of(record, header, kind), words)
        if kind == places.FUNCTION:
            install_frameless(code, root, record, header, words)
        return 0
    except LookupError as error:
        if _log:
            sys.stderr.write(f"jit: stored code of {root.__qualname__} word {header} cannot be used now: {error}\n")
    return 1 if times >= len(APART) else first - APART[times]


def install_frameless(code: bytes, root, record: int, header: int, words: int) -> None:
    """The same of the function's frameless version, if it has one that can be used now."""
    _, packed = _rows.get((code, header, places.FRAMELESS), (False, b""))
    row = store.row(packed) if packed else ("abort",)
    if row[0] not in ("abort", "unstorable"):
        try:
            site = places.of(record, header, places.FRAMELESS)
            site.function = root
            install(row, root, site, words)
        except LookupError as error:
            if _log:
                sys.stderr.write(f"jit: stored frameless code of {root.__qualname__} cannot be used now: {error}\n")


def install(row: tuple, root, site, words: int) -> None:
    """Link the code and put it in its place."""
    from .loose import watch
    from .resolve import Found
    machine_code, level, _, _, _, counters, _, _, at, _, _, opcode, site.seen, site.lines, _ = row
    found = Found(row, root, site.number)
    tables = {"consts": found.consts, "counters": counters, "exits": found.exit_words}
    native = runtime.code_generator().cached(machine_code, tables)
    if native is None:
        raise LookupError("the machine code is gone")
    site.native, site.native_level, site.stored, site.suspended = native, level, True, False
    site.found, site.classes = found, found.weak
    site.names = found.site_names
    site.kept += [found.kept(row), root.__code__, site.names]
    site.natives.append(native)
    site.watched += watch(found.weak, native.tables["consts"])
    for compiled in found.records.values():
        core.set_word(compiled + core.info["VMCode.compiled"], 1)
    found.let_go()
    places.install(site, native.entry, words, at, opcode)
    counts["stored"] += 1
    if _log:
        sys.stderr.write(f"jit: stored {site.number} {root.__qualname__} word {site.header}: "
                         f"{native.size} bytes, level {level}\n")
