"""Names of compiled code for the profiler `perf`, in the file it looks for: /tmp/perf-PID.map.

    7f3c2a400000 1c0 fire: total.py:3       address and size in hexadecimal, name

A line is added when code is linked; what is freed keeps its line, as perf knows no other way.
"""
from __future__ import annotations

from os import O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY, close, getpid, open as open_file, write


def add(code, name: str) -> None:
    """Tell perf the name of linked code."""
    row = f"{code.start:x} {code.size:x} fire: {name}\n".encode("utf-8", "replace")
    try:
        file = open_file(f"/tmp/perf-{getpid()}.map", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
        try:
            write(file, row)
        finally:
            close(file)
    except OSError:
        pass
