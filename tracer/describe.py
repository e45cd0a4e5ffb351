"""A compiled region in words that hold in another run: how to find again each object and address it refers to.

    Recipe(site, region, function).row()    ->      (key of the machine code, things, consts, checks, exits, ...)

`things` are found one after another (`resolve.py` says by what rows); consts and checks refer to them by
number. What cannot be described raises Unstorable: such a region is recorded again in each run.
"""
from __future__ import annotations

import sys
from types import CodeType, ModuleType

from . import consumers, core, images
from .names import ABSENT, VALUE
from .program import decoded
from .identity import (HEAP, METHOD, MISSING, WRAPPER, digest, flags, instance_type, is_function, layout, module_of,
                       named, of_class, of_parts, of_value, raw_attribute)

SMALL = 65536           # words below are numbers, not addresses
MOST_THINGS = 4000
NUMBERS = (int, float, complex)


class Unstorable(Exception):
    """The region refers to something that another run could not find again: a sentence for the log."""


class Describer:
    """Finds ways to objects from what the root's function can reach, and from modules by the names
    things were made with."""

    def __init__(self, site):
        self.site = site
        self.codes = list(dict.fromkeys(site.profile.codes.values()))
        self.names = set().union(*(code.host.co_names for code in self.codes))
        self.things: list[tuple] = []
        self.numbers: dict[int, int] = {}           # id of an object -> its number among the things
        self.found: dict[int, tuple] = {}           # id of an object -> (object, row, ids that the row refers to)
        self.classes: dict[int, type] = {}
        self.look_around(site.profile.kept[()])

    # ------------------------------------------------------------------------------------------ finding objects
    def look_around(self, root) -> None:
        """Everything that can be reached from the root's function by the names in the region's code."""
        self.queue: list = []
        self.reach(root, ("function",))
        self.reach(root.__builtins__, ("builtins",))
        for function in consumers.functions.values():
            self.reach(function, ("consumer", function.__name__))
        for name in ("FireFunction_Type", "FireGenerator_Type", "FireCoroutine_Type"):
            self.reach(core.object_at(core.info[name]), ("info", name))
        self.followed = 0
        self.follow_all()
        for function in self.site.profile.kept.values():
            self.by_name(function)
        self.follow_all()

    def follow_all(self) -> None:
        """Go on from everything that was reached."""
        while self.followed < min(len(self.queue), MOST_THINGS):
            self.followed += 1
            self.follow(self.queue[self.followed - 1])

    def reach(self, value, row: tuple, *of) -> None:
        """An object can be found by a row."""
        if id(value) not in self.found:
            self.found[id(value)] = (value, row, tuple(map(id, of)))
            self.queue.append(value)

    def follow(self, value) -> None:
        """What an object leads to."""
        if is_function(value):
            self.reach(value.__code__, ("code",), value)
            self.reach(value.__globals__, ("globals",), value)
            for says, part in (("defaults", value.__defaults__), ("kwdefaults", value.__kwdefaults__)):
                if part:
                    self.reach(part, (says,), value)
        elif type(value) is dict:
            for name in value:
                if type(name) is str and (name in self.names or "__name__" not in value):
                    self.reach(value[name], ("item", name), value)
        elif type(value) is ModuleType:
            self.reach(value.__dict__, ("vars",), value)
        elif issubclass(type(value), type):
            for name in {*self.names, "__init__"}:
                found = raw_attribute(value, name)
                if found is not MISSING:
                    self.reach(found, ("attribute", name), value)
        else:
            self.follow_parts(value)

    def follow_parts(self, value) -> None:
        """The same for what holds a few parts."""
        if type(value) is property:
            for says, part in (("getter", value.fget), ("setter", value.fset)):
                if part is not None:
                    self.reach(part, (says,), value)
        elif type(value) in (staticmethod, classmethod):
            self.reach(value.__func__, ("inner",), value)
        elif type(value) is tuple:
            for at, part in enumerate(value):
                self.reach(part, ("part", at), value)
        elif type(value) is CodeType:
            for code in self.codes:
                if code.host is value:
                    for at in range(code.npool):
                        self.reach(code.constant(at)[2], ("pool", at), value)
            for at, part in enumerate(value.co_consts):
                if type(part) in (CodeType, tuple):
                    self.reach(part, ("constant", at), value)

    def by_name(self, value) -> None:
        """Look for a class, function or module by the name it was made with."""
        if type(value) is ModuleType:
            name = value.__dict__.get("__name__")
            if sys.modules.get(name) is value:
                self.reach(value, ("module", name))
        elif issubclass(type(value), type) or is_function(value):
            module, path = named(value) if isinstance(value, type) else (value.__module__, value.__qualname__)
            self.by_path(module, path)
        elif type(value) is dict and type(value.get("__name__")) is str:
            module = sys.modules.get(value["__name__"])
            if type(module) is ModuleType and module.__dict__ is value:
                self.reach(module, ("module", value["__name__"]))
                self.reach(value, ("vars",), module)
        elif type(value) in (METHOD, WRAPPER):
            self.reach(value.__objclass__, ("type",))
            self.reach(value, ("attribute", value.__name__), value.__objclass__)
        elif type(value) is CodeType:
            self.reach(value, ("translated", value.co_qualname, digest(value)))
        elif type(value) in NUMBERS or type(value) in (bytes, str) and len(value) < 1024:
            self.reach(value, ("text", value))                      # made by the specializer: any equal one will do

    def by_path(self, module, path: str) -> None:
        """Reach everything on the way from a module down a dotted name."""
        held = sys.modules.get(module) if type(module) is str else None
        if type(held) is not ModuleType:
            return
        self.reach(held, ("module", module))
        self.reach(held.__dict__, ("vars",), held)
        for name in path.split("."):
            if type(held) is ModuleType:
                if name not in held.__dict__:
                    return
                of, row, held = held.__dict__, ("item", name), held.__dict__[name]
            elif issubclass(type(held), type):
                of, row, held = held, ("attribute", name), raw_attribute(held, name)
            else:
                return
            self.reach(held, row, of)
            accessors = (held.fget, held.fset) if type(held) is property else (None, None)
            for says, part in (("getter", accessors[0]), ("setter", accessors[1]),
                               ("inner", held.__func__) if type(held) in (staticmethod, classmethod) else ("", None)):
                if part is not None:
                    self.reach(part, (says,), held)

    def thing(self, value) -> int:
        """The number of an object."""
        number = self.numbers.get(id(value))
        if number is not None:
            return number
        row = self.row_of(value)
        self.numbers[id(value)] = len(self.things)
        self.things.append(row)
        if issubclass(type(value), type) and flags(value) & HEAP:
            self.classes[id(value)] = value
        return len(self.things) - 1

    def row_of(self, value) -> tuple:
        """How to find an object, once what it is found by has been described."""
        place = images.locate(id(value))
        if place is not None:
            return ("image", *place)
        if id(value) not in self.found:
            self.by_name(value)
            self.follow_all()
        if id(value) not in self.found:
            raise Unstorable(f"no way to {type(value).__name__} {str(value)[:60]!r}")
        _held, (says, *more), of = self.found[id(value)]
        return (says, *(self.thing(self.found[one][0]) for one in of), *more)


class Recipe(Describer):
    """The description of a region."""

    def __init__(self, site, region, function):
        super().__init__(site)
        self.region, self.function = region, function
        self.info = {word: name for name, word in core.info.items() if word >= SMALL}

    def word(self, word: int):
        """A constant word: a number as it is, or a row."""
        if 0 <= word < SMALL:
            return word
        for code in self.codes + list(decoded.values()):
            if word == code.address or self.lies_in(word, code):
                if code not in self.codes:
                    self.codes.append(code)         # called, and never followed
                number = self.thing(code.host)
                return ("record", number) if word == code.address else ("word", number, (word - code.words) >> 3)
        if word in self.found:
            return ("id", self.thing(self.found[word][0]))
        place = images.locate(word)
        if place is not None:
            return ("image", *place)
        if word in self.info:
            return ("info", self.info[word])
        classes = [held() for held in self.function.classes.values()]
        held = next((one for one in self.function.kept + classes if id(one) == word), None)
        if held is None:
            raise Unstorable(f"the address {word:#x}")
        return ("id", self.thing(held))

    @staticmethod
    def lies_in(word: int, code) -> bool:
        """Whether it is the address of an instruction."""
        last = max(code.instrs)
        return 0 <= word - code.words < 8 * (last + code.instrs[last].length) and (word - code.words) % 8 == 0

    def consts(self) -> list:
        """All constant words."""
        rows = []
        for number, word in enumerate(self.function.consts):
            mark = self.function.marks.get(number)
            if mark is None:
                rows.append(self.word(word))
            elif mark[0] == "names":
                rows.append(("names", self.thing(mark[1]), tuple(self.function.names[id(mark[1])].says.items())))
            else:
                rows.append((mark[0], self.thing(mark[1])))
        return rows

    def exit_words(self, words: list[int]) -> list:
        """The table of exits (vm/exit_format.py has its form): its addresses are constants of the region, or
        places in its bytecode."""
        rows: list = [("region",), self.word(words[1]), *words[2:]]
        known = {word for word in self.function.consts if word >= SMALL}
        for exit_number in range(len(self.function.exits)):
            at = abs(words[2 + exit_number])
            if at:
                rows[at] = self.word(words[at])
                for literal in range(at + 3, at + 3 + (words[at + 2] >> 12 & 4095)):
                    if words[literal] in known:
                        rows[literal] = self.word(words[literal])
        return rows

    # ------------------------------------------------------------------------------------------------ checks
    def checks(self) -> list[tuple]:
        """What must be in another run as it is now, and is not looked at by the compiled code itself."""
        rows = [("code", self.thing(code.host), digest(code.host)) for code in self.codes]
        for names in self.function.names.values():
            rows += self.checks_of_names(names.table, names.says)
        for table in {id(of): of for says, of in self.function.marks.values() if says == "dict"}.values():
            rows += [("item", self.thing(table), name, of_value(value)) for name, value in table.items()]
        checked: set[int] = set()
        while len(checked) < len(self.classes):
            for kind in [kind for key, kind in self.classes.items() if key not in checked]:
                checked.add(id(kind))
                rows += self.checks_of_class(kind)
        for value in [self.found[key][0] for key in self.numbers if key in self.found]:
            if type(value) is tuple:
                rows.append(("parts", self.thing(value), of_parts(value)))
                rows += [("instance", self.thing(part), self.thing(kind)) for part in value
                         if (kind := instance_type(part))]
        return rows

    def checks_of_names(self, table: dict, says: dict[str, str]) -> list[tuple]:
        """The same of a module's names: values, or that there are none."""
        home, number = module_of(table), self.thing(table)
        if home is None and len(self.codes) > 1:
            raise Unstorable("functions of no module call each other")
        rows: list[tuple] = [("home", number, home),
                             ("absent", number, tuple(name for name, what in says.items() if what == ABSENT))]
        for name in (name for name, what in says.items() if what == VALUE and name in table):
            rows.append(("item", number, name, of_value(table[name])))
            if kind := instance_type(table[name]):
                rows.append(("type", number, name, self.thing(kind)))
        return rows

    def checks_of_class(self, kind: type) -> list[tuple]:
        """The same of a class."""
        number = self.thing(kind)
        self.thing(type(kind))
        rows: list[tuple] = [("layout", number, layout(kind)), ("class", number, of_class(kind, self.names))]
        for name in sorted(self.names):
            value = raw_attribute(kind, name)
            if value is not MISSING and (held := instance_type(value)):
                rows.append(("attribute", number, name, self.thing(held)))
        return rows

    def row(self, machine_code: str, level: int, lines: int, lowering) -> tuple:
        """The whole description."""
        from .remember import words
        site = self.site
        consts, left_words = self.consts(), self.exit_words(lowering.exits)
        left = [(tuple((at, self.thing(core.code_at(record).host)) for at, record in path), at, sentence,
                 self.thing(code.host)) for path, at, sentence, code in self.region.exits]
        checks = self.checks()
        uses_consumers = bool(site.code.host.co_flags & consumers.HIDDEN) or \
            any(row[0] == "consumer" for row in self.things)
        return (machine_code, level, self.things, consts, left_words, lowering.counters, left, checks, site.places(),
                tuple(sorted(self.names)), uses_consumers, site.opcode(), words(site), lines,
                tuple(self.function.classes))
