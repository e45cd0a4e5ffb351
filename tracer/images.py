"""Addresses inside of files that are mapped into this process, as offsets: the same in each run.

    locate(address of PyList_Append)    ->  ("host", 1187264)
    address("host", 1187264)            ->  where it is now

"core" is the VM's core, "host" what has the host's own types; another file goes by its path, time and size.
"""
from __future__ import annotations

import os

from . import core

_maps: list[tuple] = []
_bases: dict[str, int] = {}


def maps() -> list[tuple]:
    """(start, end, path) of what is mapped from files."""
    if not _maps:
        with open("/proc/self/maps", "rb") as file:
            for line in file:
                fields = line.split(None, 5)
                if len(fields) == 6 and fields[5].startswith(b"/"):
                    start, _, end = fields[0].partition(b"-")
                    _maps.append((int(start, 16), int(end, 16), os.fsdecode(fields[5].rstrip(b"\n"))))
    return _maps


def anchors() -> dict[str, int]:
    """An address in each of the two files that every program has."""
    return {"core": core.info["main_table"], "host": id(type)}


def locate(word: int):
    """(name, offset) of an address in a file's image; None: it is not in one."""
    for start, end, path in maps():
        if start <= word < end:
            first = min(entry[0] for entry in maps() if entry[2] == path)
            for name, anchor in anchors().items():
                if any(low <= anchor < high and where == path for low, high, where in maps()):
                    return name, word - anchor
            return stamped(path), word - first
    return None


def stamped(path: str) -> tuple:
    """A file as it is now."""
    status = os.stat(path)
    return path, status.st_mtime_ns, status.st_size


def address(name, offset: int) -> int:
    """Where it is in this process; raises LookupError."""
    if type(name) is str:
        return anchors()[name] + offset
    base = _bases.get(name)
    if base is None:
        if stamped(name[0]) != name:
            raise LookupError(name[0])
        _maps.clear()
        base = _bases[name] = min((start for start, _, path in maps() if path == name[0]), default=0)
    if not base:
        _bases.pop(name)
        raise LookupError(name[0])
    return base + offset
