"""What compiled code relies on of the names in a module's dict, and the records of it that the code looks at.

    names = Names(table); names.entry("f", VALUE) -> 0         while a region is built
    Record(table, names.says) -> .address, .changed()          what vm/jit_names.py reads

A record holds numbers, whose values are in the code. Functions, classes and modules it holds weakly: once one has died,
its word is one that nothing equals. Of other objects it has the address and the type, which is all that code knows.
"""
from __future__ import annotations

from _weakref import ref
from struct import pack
from types import BuiltinFunctionType, FunctionType, ModuleType

from . import core
from .loose import NEVER, is_loose

VALUE, SLOT, ABSENT = "value", "slot", "absent"     # a name has this value, has any, has none
WORDS = {SLOT: 0, ABSENT: 2}                        # in the place of an address
HEAD, ENTRY = 32, 48                                # bytes
KEYS_VERSION, PLACE, CHANGED = 8, 24, 40            # where they are in them
BYTES = 32                                          # where the contents of a bytes object begin
WATCHED = (FunctionType, ModuleType, BuiltinFunctionType)
HELD = (int, float, bool, type(None))


class Names:
    """The names of one dict that a region knows."""

    def __init__(self, table: dict):
        self.table = table
        self.says: dict[str, str] = {}
        self.seen: dict[str, int] = {}              # the values' addresses: another thread may bind while we build

    def entry(self, name: str, says: str) -> int:
        """The number of a name's entry."""
        if name not in self.says:
            self.says[name] = says
            self.seen[name] = id(self.table.get(name))
        return list(self.says).index(name)


class Record:
    """The same as memory that compiled code and the core read and write."""

    def __init__(self, table: dict, says: dict[str, str], seen: dict[str, int] | None = None):
        self.table, self.names = table, list(says)
        self.held: list[object] = [self.names]
        self.watched: list[ref] = []
        words = [0, -1, id(table), len(says)]          # of no dict, of no keys
        for name, what in says.items():
            value = table.get(name, self)
            kind = type(value)
            known = NEVER if value is self or (seen and seen[name] != id(value)) else id(value)
            words += [id(name), WORDS.get(what, known), id(kind), 0, -1, 0]
            if what == VALUE and kind in HELD:
                self.held.append(value)
        self.memory = pack(f"<{len(words)}q", *words)
        self.address = id(self.memory) + BYTES
        for number, (name, what) in enumerate(says.items()):
            value, place = table.get(name), self.address + HEAD + ENTRY * number + 8
            if what == VALUE and (is_loose(value) or isinstance(value, WATCHED)):
                self.watch(value, place)
            if what == VALUE and is_loose(type(value)):
                self.watch(type(value), place)

    def watch(self, value, place: int) -> None:
        """When an object dies, no value is what is known here."""
        memory = self.memory
        self.watched.append(ref(value, lambda _, memory=memory: core.set_word(place, NEVER)))

    def changed(self) -> set[tuple[int, str]]:
        """The names that were found with other values than are known."""
        return {(id(self.table), name) for number, name in enumerate(self.names)
                if core.word(self.address + HEAD + ENTRY * number + CHANGED)}


def settle(function) -> list[Record]:
    """The records of a region that is built; its constants are their addresses from now on."""
    records = []
    for number, (says, of) in function.marks.items():
        if says == "names":
            names = function.names[id(of)]
            record = Record(of, names.says, names.seen)
            function.consts[number] = record.address
            records.append(record)
    return records
