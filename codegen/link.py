"""Object code -> code that runs, by a small ELF loader of our own; LLVM takes no part in it.

    code = link(obj, {"consts": [id(x), 7], "counters": 12})
    code.entry                  0x7f...   address of the function `entry`
    code.tables["counters"]     0x7f...   twelve slots of eight bytes, zero at first
    code.free()

Layout of a block: code sections, constant sections, stubs and slots in pages that can be read and run; tables and
writable globals in the data part of the same chunk (arena.py).  A symbol is looked for among the tables, then
among what the object defines, then in the process (libm, libc).  A function of the process may lie further
away than a call can reach: the call then goes through a stub that jumps to an address in full.

Invariants: one process only; `free` is called when no thread is in the code; a hidden symbol that the object does
not define is a table, never something of libc that happens to have its name.
"""
from __future__ import annotations

from _thread import allocate_lock
from os import register_at_fork
from struct import Struct, pack

from . import arena
from .elf import ABSOLUTE, ALLOC, COMMON, EXEC, FUNCTION, NOBITS, UNDEFINED, WRITE, X86_64, BadObject, Elf, Symbol
from .relocations import NEEDS_SLOT, NEEDS_STUB, STUBS, LinkError, apply, needs

__all__ = ["BadObject", "Code", "LinkError", "link", "write_in_place"]
LINE = 64               # code and constants do not share a cache line
STUB, SLOT = 16, 8      # bytes
DISTANCES = {X86_64: 2}     # the usual relocation: S + A - P in 32 bits
DISTANCE, NEAREST, FURTHEST = Struct("<i"), -(1 << 31), (1 << 31) - 1
UNUSED = (".eh_frame", ".note", ".llvm")
_lock = allocate_lock()     # of the arena: threads compile at the same time


def _after_fork() -> None:
    """The child has one thread: nobody is left who would open a lock that was closed."""
    global _lock
    _lock = allocate_lock()


register_at_fork(after_in_child=_after_fork)


class Code:
    """Linked code: addresses of its functions and tables."""

    __slots__ = ("entry", "symbols", "tables", "start", "size", "_block")

    def __init__(self, symbols: dict[str, int], tables: dict[str, int], size: int, block: arena.Block):
        self.symbols, self.tables = symbols, tables
        self.entry = 0
        self.start, self.size = block.code, size        # of code and constants
        self._block: arena.Block | None = block

    def free(self) -> None:
        """Hand the memory back; a second call does nothing."""
        block, self._block = self._block, None
        if block is not None:
            with _lock:
                arena.give_back(block)


def link(obj: bytes, tables: dict[str, int | list[int]]) -> Code:
    """Load object code; an int n makes a table of n zero slots. Raises LinkError, BadObject, MemoryError."""
    layout = Layout(Elf(obj), tables)
    with _lock:
        block = arena.take(layout.code_bytes, layout.data_bytes)
    code = Code({}, {name: block.data + at for name, at in layout.tables.items()}, layout.code_bytes, block)
    try:
        code.symbols = layout.load(block)
        arena.seal(block)
    except BaseException:
        code.free()
        raise
    code.entry = code.symbols.get("entry", 0)
    return code


def write_in_place(size: int, tables: dict[str, int | list[int]], write) -> Code:
    """Code that needs no linking: `write(address, bytes, tables' addresses)` puts it there and says how long it is, or
    how long it would be, as a negative number, where that is too long. Raises MemoryError."""
    places, data_bytes = {}, 0
    for name, slots in tables.items():
        places[name] = data_bytes
        data_bytes += arena.rounded(8 * (slots if isinstance(slots, int) else len(slots)), LINE)
    while True:
        with _lock:
            block = arena.take(size, data_bytes)
        code = Code({"entry": block.code}, {name: block.data + at for name, at in places.items()}, size, block)
        try:
            for name, slots in tables.items():
                if not isinstance(slots, int):
                    arena.write(code.tables[name], words_of(slots))
            made = write(block.code, size, code.tables)
            if made > 0:
                with _lock:
                    arena.shrink(block, made)
                arena.seal(block)
                code.entry, code.size = block.code, made
                return code
        except BaseException:
            code.free()
            raise
        code.free()
        size = -made + LINE


def words_of(slots: list[int]) -> bytes:
    """A table's content."""
    return pack(f"<{len(slots)}Q", *[slot & (1 << 64) - 1 for slot in slots])


class Layout:
    """Where each section, stub, slot and table goes, as offsets in the code and in the data of a block."""

    def __init__(self, elf: Elf, tables: dict[str, int | list[int]]):
        self.elf = elf
        self.content = tables
        self.places: dict[int, tuple[bool, int]] = {}       # section -> (in the data?, offset)
        self.code_bytes = self.data_bytes = 0
        self.tables: dict[str, int] = {}
        for name, slots in tables.items():
            self.tables[name] = self.data_bytes
            self.data_bytes += arena.rounded(8 * (slots if isinstance(slots, int) else len(slots)), LINE)
        for executable in (EXEC, 0):
            for index, section in enumerate(elf.sections):
                if section.flags & ALLOC and section.flags & EXEC == executable and section.size \
                        and not section.name.startswith(UNUSED):
                    self.place(index, section)
            self.code_bytes = arena.rounded(self.code_bytes, LINE)
        self.extras: dict[tuple[int, int], int] = {}        # (NEEDS_STUB or NEEDS_SLOT, symbol) -> offset
        usual = DISTANCES.get(elf.machine)
        for section, _, kind, symbol, _ in elf.relocations:
            if kind != usual and section in self.places:
                self.reserve(needs(elf.machine, kind), symbol)

    def place(self, index: int, section) -> None:
        """Give a section an offset."""
        in_data = bool(section.flags & WRITE) and not section.name.startswith(".data.rel.ro")
        grain = max(section.align, 8)
        at = arena.rounded(self.data_bytes if in_data else self.code_bytes, grain)
        self.places[index] = in_data, at
        if in_data:
            self.data_bytes = at + section.size
        else:
            self.code_bytes = at + section.size

    def reserve(self, what: int, symbol: int) -> None:
        """Keep room for the slot of a symbol, or for the stub of one that is not defined here."""
        if not what or (what, symbol) in self.extras:
            return
        if what == NEEDS_SLOT or self.elf.symbols[symbol].section == UNDEFINED:
            self.code_bytes = arena.rounded(self.code_bytes, STUB if what == NEEDS_STUB else SLOT)
            self.extras[what, symbol] = self.code_bytes
            self.code_bytes += STUB if what == NEEDS_STUB else SLOT

    def load(self, block: arena.Block) -> dict[str, int]:
        """Write everything to the block; addresses of the functions defined."""
        elf, code = self.elf, bytearray(self.code_bytes)
        data = bytearray(self.data_bytes)
        for name, at in self.tables.items():
            slots = self.content[name]
            if not isinstance(slots, int):
                data[at:at + 8 * len(slots)] = words_of(slots)
        for index, (in_data, at) in self.places.items():
            section = elf.sections[index]
            if section.kind != NOBITS:
                (data if in_data else code)[at:at + section.size] = section.data
        addresses: dict[int, int] = {}
        self.relocate(block, code, data, addresses)
        for (what, index), at in self.extras.items():
            target = self.address(block, index, addresses).to_bytes(8, "little")
            extra = STUBS[elf.machine] + target if what == NEEDS_STUB else target
            code[at:at + len(extra)] = extra
        arena.write(block.code, bytes(code))
        arena.write(block.data, bytes(data))
        return {symbol.name: self.address(block, index, addresses) for index, symbol in enumerate(elf.symbols)
                if symbol.kind == FUNCTION and symbol.section in self.places}

    def relocate(self, block: arena.Block, code: bytearray, data: bytearray, addresses: dict[int, int]) -> None:
        """Resolve every relocation of the sections that are loaded. Nearly all are distances to tables: they take the
        short way."""
        machine, usual = self.elf.machine, DISTANCES.get(self.elf.machine)
        for section, offset, kind, symbol, addend in self.elf.relocations:
            if section not in self.places:
                continue
            in_data, start = self.places[section]
            base, buffer = (block.data, data) if in_data else (block.code, code)
            at = start + offset
            if kind == usual:
                target = addresses[symbol] if symbol in addresses else self.address(block, symbol, addresses)
                distance = target + addend - base - at
                if NEAREST <= distance <= FURTHEST:
                    DISTANCE.pack_into(buffer, at, distance)
                    continue
            extra = self.extras.get((needs(machine, kind), symbol))
            target = self.address(block, symbol, addresses) if extra is None else block.code + extra
            apply(machine, buffer, at, kind, base + at, target, addend, self.elf.symbols[symbol].name)

    def address(self, block: arena.Block, index: int, known: dict[int, int]) -> int:
        """Address of a symbol; raises LinkError if there is none."""
        if index not in known:
            known[index] = self.find(block, self.elf.symbols[index])
        return known[index]

    def find(self, block: arena.Block, symbol: Symbol) -> int:
        """Address of a symbol, looked for in the order the module describes."""
        if symbol.section == UNDEFINED:
            if symbol.name in self.tables:
                return block.data + self.tables[symbol.name]
            found = 0 if symbol.hidden else arena.external(symbol.name)
            if not found:
                raise LinkError(f"symbol {symbol.name} is neither a table nor a function of this process")
            return found
        if symbol.section == ABSOLUTE:
            return symbol.value
        if symbol.section == COMMON or symbol.section not in self.places:
            raise LinkError(f"symbol {symbol.name} lies in a section that is not loaded")
        in_data, at = self.places[symbol.section]
        return (block.data if in_data else block.code) + at + symbol.value
