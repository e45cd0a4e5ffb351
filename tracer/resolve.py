"""The objects and words that a region's description (`describe.py`) refers to, in this process.

    Found(row, root function, site number)      .consts, .exit_words, .exits: what the machine code needs

Raises LookupError where something is missing, is not what it was, or cannot be told: the description is of no
use then, now. Nothing here runs code of the program, or the versions that are read here could be out of date
before they are used.
"""
from __future__ import annotations

import sys
from _weakref import ref
from types import CodeType, ModuleType

from .. import runtime
from . import core, images
from .identity import MISSING, digest, is_function, lay_out, module_of, of_class, of_parts, of_value, raw_attribute

INSTANCE_KEYS = 872             # in a class: the keys that its instances share


def is_class(value) -> bool:
    return issubclass(type(value), type)


def need(holds: bool, what) -> None:
    """Raise LookupError unless it holds."""
    if not holds:
        raise LookupError(what)


class Finder:
    """Objects by their rows."""

    def __init__(self, root, names):
        self.root, self.names = root, names
        self.things: list = []
        self.records: dict[int, int] = {}

    def find_function(self):
        return self.root

    def find_builtins(self):
        return self.root.__builtins__

    def find_consumer(self, name: str):
        from . import consumers
        for function in consumers.functions.values():
            if function.__name__ == name:
                return function
        raise LookupError(name)

    def function(self, number: int):
        value = self.things[number]
        need(is_function(value), number)
        return value

    def find_code(self, of: int):
        return self.function(of).__code__

    def find_globals(self, of: int):
        return self.function(of).__globals__

    def find_defaults(self, of: int):
        return self.function(of).__defaults__

    def find_kwdefaults(self, of: int):
        return self.function(of).__kwdefaults__

    def find_item(self, of: int, name: str):
        table = self.things[of]
        need(type(table) is dict and name in table, name)
        return table[name]

    def find_module(self, name: str):
        module = sys.modules.get(name)
        need(type(module) is ModuleType, name)
        return module

    def find_vars(self, of: int):
        need(type(self.things[of]) is ModuleType, of)
        return self.things[of].__dict__

    def find_attribute(self, of: int, name: str):
        need(is_class(self.things[of]), name)
        value = raw_attribute(self.things[of], name)
        need(value is not MISSING, name)
        return value

    def find_getter(self, of: int):
        need(type(self.things[of]) is property, of)
        return self.things[of].fget

    def find_setter(self, of: int):
        need(type(self.things[of]) is property, of)
        return self.things[of].fset

    def find_inner(self, of: int):
        need(type(self.things[of]) in (staticmethod, classmethod), of)
        return self.things[of].__func__

    def find_part(self, of: int, at: int):
        value = self.things[of]
        need(type(value) is tuple and at < len(value), at)
        return value[at]

    def find_pool(self, of: int, at: int):
        record = self.record(of)
        count = core.word(record + core.info["VMCode.npool"])
        need(at < count, at)
        return core.object_at(core.word(core.word(record + core.info["VMCode.pool"]) + 16 * count + 8 * at))

    def find_constant(self, of: int, at: int):
        return self.things[of].co_consts[at]

    @staticmethod
    def find_translated(name: str, expected: bytes):
        """The only code object of this name and digest among those that have run."""
        codes = {id(code): code for code in (one() for one in runtime.translated.values())
                 if code is not None and code.co_qualname == name and digest(code) == expected}
        need(len(codes) == 1, name)
        return next(iter(codes.values()))

    @staticmethod
    def find_text(value):
        return value

    @staticmethod
    def find_info(name: str):
        return core.object_at(core.info[name])

    @staticmethod
    def find_image(name, offset: int):
        return core.object_at(images.address(name, offset))

    def record(self, of: int) -> int:
        """Address of the VM's record of a code object; one that runs on its twin has none that is of use."""
        found = self.records.get(of)
        if found is None:
            need(type(self.things[of]) is CodeType, of)
            found = core.code_record(self.things[of])
            need(found and not core.word(found + core.info["VMCode.twin"]), of)
            self.records[of] = found
        return found


class Things(Finder):
    """As many of the objects as there are."""

    def __init__(self, rows: list, root, names):
        super().__init__(root, names)
        for says, *of in rows:
            try:
                self.things.append(getattr(self, "find_" + says)(*of))
            except (LookupError, AttributeError, TypeError):
                self.things.append(None)

    def get(self, number):
        """The object of a number, None if it was not found; names of kinds stand for themselves."""
        return self.things[number] if type(number) is int else number

    def find_bare(self, code: int, table: int):
        need(self.things[code] is not None and type(self.things[table]) is dict, code)
        return core.bare_function(self.things[code], self.things[table])


class Found(Finder):
    """Everything that a region needs, found and checked."""

    def __init__(self, row: tuple, root, number: int):
        _, _, things, consts, words, _, left, checks, _, names, _, _, _, _, weak = row
        super().__init__(root, names)
        self.number, self.site_names = number, []
        for says, *of in things:
            self.things.append(getattr(self, "find_" + says)(*of))
        for says, *of in checks:
            getattr(self, "check_" + says)(*of)
        self.consts = [word if type(word) is int else self.word(*word) for word in consts]
        self.exit_words = [word if type(word) is int else self.word(*word) for word in words]
        self.left = left
        self.weak = {number: ref(self.things[consts[number][1]]) for number in weak if consts[number][0] == "id"}

    def kept(self, row: tuple) -> list:
        """The constants that live as long as the machine code; classes that it only compares with
        are not among them."""
        numbers = {word[1] for word in row[3] if type(word) is tuple and word[0] == "id"}
        loose = {id(held()) for held in self.weak.values()}
        return [self.things[number] for number in numbers if id(self.things[number]) not in loose]

    def let_go(self) -> None:
        """The code is in place: nothing else is needed of what was found."""
        self.things, self.root = [], None

    def word(self, says: str, *of) -> int:
        """A constant word."""
        if says == "id":
            return id(self.things[of[0]])
        if says == "word":
            return core.word(self.record(of[0]) + core.info["VMCode.words"]) + 8 * of[1]
        if says == "record":
            return self.record(of[0])
        if says == "image":
            return images.address(*of)
        if says == "info":
            return core.info[of[0]]
        if says == "region":
            return self.number
        if says == "names":
            from .names import Record
            self.site_names.append(Record(self.things[of[0]], dict(of[1])))
            return self.site_names[-1].address
        return self.version(says, self.things[of[0]])

    @staticmethod
    def version(says: str, value) -> int:
        """A number that is another one in each run."""
        if says == "type":
            found = core.type_version(value)
        elif says == "dict":
            found = core.word(id(value) + 24)
        elif says == "instance keys at":
            found = core.word(id(value) + INSTANCE_KEYS)
        else:
            keys = core.word(id(value) + INSTANCE_KEYS)
            found = core.keys_version(keys) if keys else 0
        need(found, says)
        return found

    # ------------------------------------------------------------------------------------------------ checks
    def check_code(self, of: int, expected: bytes) -> None:
        need(digest(self.things[of]) == expected, "code")
        self.record(of)

    def check_item(self, of: int, name: str, expected) -> None:
        table = self.things[of]
        need(type(table) is dict and name in table and of_value(table[name]) == expected, name)

    def check_home(self, of: int, expected) -> None:
        need(type(self.things[of]) is dict and module_of(self.things[of]) == expected, "module")

    def check_absent(self, of: int, names: tuple) -> None:
        need(not any(name in self.things[of] for name in names), "a builtin's name")

    def check_type(self, of: int, name: str, kind: int) -> None:
        need(type(self.things[of][name]) is self.things[kind], name)

    def check_attribute(self, of: int, name: str, kind: int) -> None:
        need(type(raw_attribute(self.things[of], name)) is self.things[kind], name)

    def check_instance(self, of: int, kind: int) -> None:
        need(type(self.things[of]) is self.things[kind], "instance")

    def check_parts(self, of: int, expected: tuple) -> None:
        need(type(self.things[of]) in (tuple, dict) and of_parts(self.things[of]) == expected, "defaults")

    def check_layout(self, of: int, names: tuple) -> None:
        need(is_class(self.things[of]), "class")
        lay_out(self.things[of], names)

    def check_class(self, of: int, expected: tuple) -> None:
        need(is_class(self.things[of]) and of_class(self.things[of], self.names) == expected, expected[0])

    def exits(self) -> list[tuple]:
        """What the engine wants to know of each exit."""
        return [(tuple((at, self.record(code)) for at, code in path), at, sentence, core.code_at(self.record(code)))
                for path, at, sentence, code in self.left]
