"""Which source line each address of compiled code is from: reads .debug_line, as LLVM writes it (DWARF 4).

    lines_of(obj)  ->  [(0, "total.py", 3), (17, "total.py", 4), (60, "", 0)]

A row holds from its offset behind the function's start up to the next row's; line 0: nobody knows. codegen/marked.py
makes such objects. An object without the section has no rows.
"""
from __future__ import annotations

from .elf import Elf

COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE, CONST_ADD, FIXED_ADVANCE = 1, 2, 3, 4, 8, 9      # of DWARF's line programs
END_SEQUENCE = 1                # the only extended one that matters


class Reader:
    """Bytes from a position on."""

    def __init__(self, data: bytes, at: int = 0):
        self.data, self.at = data, at

    def number(self, size: int, signed: bool = False) -> int:
        """A number of some bytes."""
        self.at += size
        return int.from_bytes(self.data[self.at - size:self.at], "little", signed=signed)

    def packed(self, signed: bool = False) -> int:
        """A number of as many bytes as it needs (LEB128)."""
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value - (1 << shift) if signed and byte & 64 else value

    def text(self) -> str:
        """A zero-terminated string."""
        end = self.data.index(0, self.at)
        found = self.data[self.at:end]
        self.at = end + 1
        return found.decode("utf-8", "surrogateescape")


def lines_of(obj: bytes) -> list[tuple[int, str, int]]:
    """(offset, file, line) in the order of addresses."""
    for section in Elf(obj).sections:
        if section.name == ".debug_line":
            return sorted(rows(section.data))
    return []


def rows(data: bytes):
    """Runs the line program. Addresses are relocated against the start of the code, so they are offsets here."""
    read = Reader(data)
    read.number(4)
    if read.number(2) != 4:
        return
    read.at += 4                                # where the program begins, which is where the header ends
    step = read.number(1)
    read.at += 2
    line_base, line_range, first = read.number(1, True), read.number(1), read.number(1)
    lengths = [0, *(read.number(1) for _ in range(first - 1))]
    files = header_files(read)
    offset, file, line = 0, 1, 1
    while read.at < len(data):
        op = read.number(1)
        if op >= first:
            offset += (op - first) // line_range * step
            line += line_base + (op - first) % line_range
            yield offset, files[file], line
        elif op == 0:
            end = read.packed() + read.at
            kind = read.number(1)
            if kind == END_SEQUENCE:
                yield offset, "", 0
                return                          # one function, one sequence
            read.at = end
        elif op == COPY:
            yield offset, files[file], line
        elif op == ADVANCE_PC:
            offset += read.packed() * step
        elif op == ADVANCE_LINE:
            line += read.packed(True)
        elif op == SET_FILE:
            file = read.packed()
        elif op == CONST_ADD:
            offset += (255 - first) // line_range * step
        elif op == FIXED_ADVANCE:
            offset += read.number(2)
        else:
            for _ in range(lengths[op]):
                read.packed()


def header_files(read: Reader) -> list[str]:
    """The table of file names, the first of which is number 1."""
    folders = [""]
    while folder := read.text():
        folders.append(folder)
    files = [""]
    while name := read.text():
        folder = folders[read.packed()]
        read.packed()
        read.packed()
        files.append(f"{folder}/{name}" if folder and not name.startswith("/") else name)
    return files
