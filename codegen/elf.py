"""Reads ELF64 object files: sections, symbols, relocations.

    obj = Elf(bytes)
    obj.sections[2]      Section(name=".text", flags=ALLOC | EXEC, size=0x1b, ...)
    obj.symbols[5]       Symbol(name="counters", section=0, value=0, ...)
    obj.relocations      [(2, 0x0a, R_X86_64_PC32, 5, -4), ...]     section, offset, kind, symbol, addend

Only what LLVM writes for one module: little endian, relocations with addends, fewer than 65,280 sections.
A file that is cut or is something else raises BadObject.
"""
from __future__ import annotations

from struct import Struct, error as struct_error

HEADER = Struct("<16sHHIQQQIHHHHHH")
SECTION = Struct("<IIQQQQIIQQ")
SYMBOL = Struct("<IBBHQQ")
RELOCATION = Struct("<QQq")

WRITE, ALLOC, EXEC = 1, 2, 4            # flags of a section
RELA, SYMTAB, NOBITS = 4, 2, 8          # types of sections that matter here
UNDEFINED, ABSOLUTE, COMMON = 0, 0xFFF1, 0xFFF2
FUNCTION, GLOBAL, WEAK = 2, 1, 2
X86_64, AARCH64 = 62, 183


class BadObject(Exception):
    """Not an object file that can be linked."""


class Section:
    """A row of the section table, with its bytes."""

    __slots__ = ("name", "kind", "flags", "offset", "size", "link", "info", "align", "data")

    def __init__(self, name, kind, flags, offset, size, link, info, align, data):
        self.name, self.kind, self.flags, self.offset, self.size = name, kind, flags, offset, size
        self.link, self.info, self.align, self.data = link, info, align, data


class Symbol:
    """A row of the symbol table."""

    __slots__ = ("name", "kind", "binding", "section", "value", "size", "hidden")

    def __init__(self, name, info, other, section, value, size):
        self.name, self.kind, self.binding = name, info & 15, info >> 4
        self.section, self.value, self.size, self.hidden = section, value, size, other & 3 == 2


class Elf:
    """A parsed object file."""

    __slots__ = ("machine", "sections", "symbols", "relocations")

    def __init__(self, data: bytes):
        try:
            ident, kind, self.machine, *_, table, _, _, _, _, width, count, names = HEADER.unpack_from(data)
            if ident[:6] != b"\x7fELF\2\1" or kind != 1 or width != SECTION.size:
                raise BadObject("not a 64-bit little-endian ELF object")
            self.sections = read_sections(data, table, count, names)
            self.symbols = self.read_symbols()
            self.relocations = list(self.read_relocations())
        except (struct_error, IndexError, ValueError) as error:
            raise BadObject(f"damaged object file: {error}") from error

    def read_symbols(self) -> list[Symbol]:
        """All rows of the symbol table."""
        for section in self.sections:
            if section.kind == SYMTAB:
                strings = self.sections[section.link].data
                return [Symbol(text_at(strings, name), *rest) for name, *rest in SYMBOL.iter_unpack(section.data)]
        return []

    def read_relocations(self):
        """(section, offset, kind, symbol, addend) of every relocation in a section that is loaded."""
        for section in self.sections:
            if section.kind == RELA and self.sections[section.info].flags & ALLOC:
                for offset, info, addend in RELOCATION.iter_unpack(section.data):
                    yield section.info, offset, info & 0xFFFFFFFF, info >> 32, addend


def read_sections(data: bytes, table: int, count: int, names: int) -> list[Section]:
    """The section table."""
    rows = [SECTION.unpack_from(data, table + index * SECTION.size) for index in range(count)]
    strings = data[rows[names][4]:rows[names][4] + rows[names][5]]
    made = []
    for name, kind, flags, _, offset, size, link, info, align, _ in rows:
        content = b"" if kind == NOBITS else data[offset:offset + size]
        if kind != NOBITS and len(content) != size:
            raise BadObject("cut object file")
        made.append(Section(text_at(strings, name), kind, flags, offset, size, link, info, max(align, 1), content))
    return made


def text_at(strings: bytes, start: int) -> str:
    """The zero-terminated string at an offset of a string table."""
    return strings[start:strings.index(0, start)].decode()
