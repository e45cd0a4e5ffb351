"""Memory for machine code and for the tables it reads, close together.

    block = take(code_bytes=700, data_bytes=64)
    write(block.code, bytes)                    while the pages are writable
    seal(block)                                 now they run, and can no longer be written
    give_back(block)

Address space is reserved in chunks; the front of a chunk holds code, its end data, so both are within reach of
an instruction's 32-bit displacement.  Pages cost memory only once they are touched.

Invariants: no page is ever writable and executable at once, so a block of code has pages of its own: changing
the rights of a page whose code another thread runs would kill that thread.  Pages of a freed block are handed
back to the system; a call into freed code is a segmentation fault, not another trace.
"""
from __future__ import annotations

import os

from ..vm import _core

PAGE = os.sysconf("SC_PAGESIZE")
CHUNK = 32 << 20
DATA_SHARE = 4          # a quarter of a chunk is for data
DATA_GRAIN = 64         # a cache line: counters of two traces never share one
NONE, READ_WRITE, READ_EXEC = 0, 3, 5           # rights of `mprotect`

write = _core.poke              # write(address, bytes)
external = _core.symbol         # external(name): the address of a function of the process (libc, libm, the host), or 0
_chunks: list[Chunk] = []


class Space:
    """Free ranges of an address range, first fit; what is given back joins its neighbours."""

    __slots__ = ("grain", "free")

    def __init__(self, start: int, end: int, grain: int):
        self.grain = grain
        self.free = [(start, end)]          # sorted

    def take(self, size: int) -> int | None:
        """Address of `size` bytes, None if no free range is long enough."""
        size = rounded(size, self.grain)
        for index, (start, end) in enumerate(self.free):
            if end - start >= size:
                self.free[index:index + 1] = [(start + size, end)] if end - start > size else []
                return start
        return None

    def give_back(self, start: int, size: int) -> None:
        """Make a range taken before free again."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted([*self.free, (start, start + rounded(size, self.grain))]):
            if merged and merged[-1][1] == low:
                low = merged.pop()[0]
            merged.append((low, high))
        self.free = merged


class Chunk:
    """A reserved stretch of address space: code in front, data behind."""

    __slots__ = ("code", "data", "limits")

    def __init__(self, code_bytes: int, data_bytes: int):
        start = _core.reserve_pages(code_bytes + data_bytes)
        if start == -1:
            raise MemoryError("no address space for machine code")
        middle = start + code_bytes
        protect(middle, data_bytes, READ_WRITE)
        self.limits = start, middle             # of its code
        self.code = Space(start, middle, PAGE)
        self.data = Space(middle, middle + data_bytes, DATA_GRAIN)


class Block:
    """One piece of code and its data: addresses and sizes."""

    __slots__ = ("chunk", "code", "code_bytes", "data", "data_bytes")

    def __init__(self, chunk: Chunk, code: int, code_bytes: int, data: int, data_bytes: int):
        self.chunk, self.code, self.code_bytes = chunk, code, code_bytes
        self.data, self.data_bytes = data, data_bytes


def take(code_bytes: int, data_bytes: int) -> Block:
    """Room for code, writable until `seal`, and for data, zeroed."""
    code_bytes, data_bytes = rounded(code_bytes, PAGE), rounded(data_bytes, DATA_GRAIN)
    for chunk in _chunks:
        block = fitted(chunk, code_bytes, data_bytes)
        if block is not None:
            return block
    share = CHUNK // DATA_SHARE
    chunk = Chunk(max(CHUNK - share, code_bytes), max(share, rounded(data_bytes, PAGE)))
    _chunks.append(chunk)
    block = fitted(chunk, code_bytes, data_bytes)
    assert block is not None
    return block


def fitted(chunk: Chunk, code_bytes: int, data_bytes: int) -> Block | None:
    """A block of a chunk, None if there is no room in it."""
    data = chunk.data.take(data_bytes) if data_bytes else chunk.data.free[0][0] if chunk.data.free else 0
    if data is None:
        return None
    code = chunk.code.take(code_bytes)
    if code is None:
        if data_bytes:
            chunk.data.give_back(data, data_bytes)
        return None
    protect(code, code_bytes, READ_WRITE)
    _core.clear_memory(data, data_bytes)
    return Block(chunk, code, code_bytes, data, data_bytes)


def seal(block: Block) -> None:
    """The code of a block can run from now on, and no longer change.

    On AArch64 the kernel brings the instruction cache up to date when a fresh page becomes executable.
    """
    protect(block.code, block.code_bytes, READ_EXEC)


def shrink(block: Block, code_bytes: int) -> None:
    """The code of a block turned out shorter than its room."""
    kept = rounded(code_bytes, PAGE)
    if kept < block.code_bytes:
        protect(block.code + kept, block.code_bytes - kept, NONE)
        block.chunk.code.give_back(block.code + kept, block.code_bytes - kept)
        block.code_bytes = kept


def give_back(block: Block) -> None:
    """Free a block; nothing may run in it or point into it any more."""
    _core.discard_pages(block.code, block.code_bytes)
    protect(block.code, block.code_bytes, NONE)
    block.chunk.code.give_back(block.code, block.code_bytes)
    if block.data_bytes:
        block.chunk.data.give_back(block.data, block.data_bytes)


def protect(address: int, size: int, rights: int) -> None:
    """Set the rights of pages."""
    if size and not _core.set_rights(address, size, rights):
        raise MemoryError("the system does not let memory become executable" if rights == READ_EXEC else
                          "no memory for machine code")


def chunks() -> list[Chunk]:
    """All there are."""
    return _chunks


def rounded(size: int, grain: int) -> int:
    """The next multiple of `grain`."""
    return (size + grain - 1) // grain * grain
