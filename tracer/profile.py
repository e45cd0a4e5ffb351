"""What a recording saw, gathered by place: operand kinds, results, where control went, what was called.

    profile.read()  ->  profile.at[((), 13)] -> Seen(a={"int"}, b={range_iterator}, next={15, 18})

A place is (path, word index): the path names the calls that lead from the root frame to the frame, each as
(word index of the call, address of the callee's VMCode). A kind is "int", "float", "bool", "none", "empty" for
unboxed values, or the type of an object.
"""
from __future__ import annotations

from _weakref import ref
from _collections import _count_elements     # of collections, which is not needed to start with
from struct import Struct, pack

from . import core
from .arrays import ARRAYS, layout_of
from .loose import hold, is_loose, loose
from .program import OBJECT, TAG_NAMES, Code, code_at

ENTRY_WORDS, SHAPE = 18, 9
ENTRY = Struct("<18q")


NOTHING: frozenset = frozenset()
NO_CALLS: dict[int, object] = {}                    # never changed, but replaced
_shared: dict[frozenset, frozenset] = {}
_grown: dict[tuple, frozenset] = {}                 # (set, element) -> the set with it


def with_one_more(held: frozenset, one) -> frozenset:
    """A set with one more element. Equal ones are one object, but for those with classes of the program: a large
    program has tens of thousands of places, and most sets are {"int"} and the like."""
    made = _grown.get((held, one))
    if made is None:
        made = held | {one}
        if not any(type(kind) is ref or is_loose(kind) for kind in made):
            made = _grown[held, one] = _shared.setdefault(made, made)
    return made


class Seen:
    """Observations at one place."""

    __slots__ = ("count", "a", "b", "c", "result", "next", "buffers", "callables", "function",
                 "shapes", "classes")

    def __init__(self):
        self.count = 0
        self.a = self.b = self.c = self.result = self.next = NOTHING
        self.buffers: frozenset = NOTHING           # layouts of arrays that items were taken from or put into
        self.callables = NO_CALLS                   # by address: functions and classes called
        self.function = 0
        self.shapes: frozenset[int] = NOTHING       # what an enumerate or zip goes over
        self.classes = False                        # whether there are classes of the program among all this

    def note(self, name: str, one) -> None:
        """One of its sets gets one more element."""
        held = getattr(self, name)
        if one not in held:
            setattr(self, name, with_one_more(held, one))
            self.classes = self.classes or type(one) is ref or is_loose(one)

    def call(self, at: int, called: object) -> None:
        """What is called may be this, too."""
        self.callables = {**self.callables, at: called}
        self.classes = self.classes or type(called) is ref or is_loose(called)


class Profile:
    """All places of a region, over every recording of it."""

    def __init__(self, root: Code):
        self.root = root
        self.at: dict[tuple[tuple, int], Seen] = {}
        self.codes: dict[tuple, Code] = {(): root}
        self.kept: dict[tuple, object] = {}         # functions, without what their closures hold
        self.changing: set[tuple[int, str]] = set() # names that are bound again and again, by their dict's address
        self.negative: set[tuple] = set()           # (path, word): places with indices that count from the end
        self.resigned: set[tuple] = set()           # (path, word): exits that recording does not help
        self.hot: set[tuple] = set()                # exits that were taken often: (path, word index, sentence)
        self.values: dict[tuple[int, str], tuple] = {}      # of names: their dict, the address of the value last seen
        self.stepped = self.shared = 0              # registers, as bits, that loops were entered with: see entry.py
        self.known: dict[int, Seen] = {}            # where entries that were alike went, by their number in a digest

    def places(self) -> int:
        """How many there are, those in recursive calls aside: these are not inlined."""
        plain = {path for path in self.codes if len({self.root.address, *(code for _, code in path)}) == len(path) + 1}
        return sum(path in plain for path, _ in self.at)

    @staticmethod
    def alone(code: Code) -> Profile | None:
        """What was seen of a function when it was recorded by itself."""
        from .site import FUNCTION, by_place
        for (record, _, kind), site in by_place.items():
            if kind == FUNCTION and record == code.address:
                return site.profile
        return None

    def adopt(self, path: tuple, code: Code, entry: int) -> bool:
        """What a callee did when it was recorded by itself stands for what was not seen below this path: operators are
        called through C, deep calls are not logged. False: it was not recorded either."""
        other = self.alone(code)
        before = code.prelude(entry)
        begin = before[-1] + code.instrs[before[-1]].length if before else entry    # where recordings of it start
        if other is None or other is self or ((), begin) not in other.at:
            return False
        for at in before:
            seen = self.at.setdefault((path, at), Seen())
            seen.count = other.at[(), begin].count
            seen.note("next", at + code.instrs[at].length)
        for (below, at), seen in other.at.items():
            hold(seen)
            self.at.setdefault(((*path, *below), at), seen)
        for below, found in other.codes.items():
            self.codes.setdefault((*path, *below), found)
        for below, function in other.kept.items():
            self.kept.setdefault((*path, *below), function)
        return True

    def read(self, start_path: tuple = ()) -> int:
        """Take in the log of the recording that has just ended; the number of entries. Python goes over what no
        recording saw before (vm/digest.py)."""
        info = core.info
        count = core.word(info["jit"] + info["Jit.count"])
        flat = [word for call in start_path for word in call]
        numbers, parents, nexts = columns(core.digest(pack(f"<{len(flat)}q", *flat)))
        counts: dict[int, int] = {}
        _count_elements(counts, numbers)
        counts.pop(0, None)
        known = self.known
        new = {number for number in counts if number not in known}
        if new:
            log = core.word(info["jit"] + info["Jit.log"])
            walk = Walk(self, core.peek(log, 8 * count * ENTRY_WORDS), start_path, parents)
            for i, number in enumerate(numbers):
                if number in new:
                    new.discard(number)
                    known[number] = walk.seen(i, nexts[i])
        for number, times in counts.items():
            known[number].count += times
        self.look_at_names()
        return count

    def look_at_names(self) -> None:
        """Names that have other values than when the last recording ended are bound again and again."""
        for place, (table, address) in self.values.items():
            now = id(table.get(place[1]))
            if now != address:
                self.values[place] = table, now
                self.changing.add(place)

    def kinds(self, seen: Seen, e, types: dict) -> None:
        """The operands' kinds."""
        for name, payload in (("a", 4), ("b", 7), ("c", 10), ("result", 13)):
            tag = e[payload + 1]
            if tag == OBJECT:
                address = e[payload + 2]
                kind = types.get(address)
                if kind is None:
                    kind = types[address] = loose(core.object_at(address))
                seen.note(name, kind)
            elif tag != 0 or payload != 13:         # nothing was logged afterwards: not a result
                seen.note(name, TAG_NAMES.get(tag, "empty"))
        if e[11] == SHAPE:
            seen.note("shapes", e[10])
        if e[16] and len(seen.callables) < 6 and e[16] not in seen.callables:
            found = core.object_at(e[16])
            if type(found).__name__ in ARRAYS:
                seen.note("buffers", layout_of(found))
            elif type(found).__name__ == "function" and found.__closure__:
                if id(found.__code__) not in seen.callables:
                    seen.call(id(found.__code__), core.without_closure(found))
            elif issubclass(type(found), type) or type(found).__name__ in ("function", "method_descriptor"):
                seen.call(e[16], loose(found))      # a container of the program is not kept


def columns(digest: bytes) -> list[list[int]]:
    """The words of a digest, by what they say."""
    words = memoryview(digest).cast("q")
    return [words[column::3].tolist() for column in range(3)]


class Walk:
    """Finds the places that entries of one log belong to."""

    def __init__(self, profile: Profile, raw: bytes, start_path: tuple, parents: list[int]):
        self.profile, self.raw, self.start_path, self.parents = profile, raw, start_path, parents
        self.paths: dict[int, tuple] = {}           # by the entry of the call that leads there
        self.types: dict[int, object] = {}

    def entry(self, i: int) -> tuple:
        """The words of an entry."""
        return ENTRY.unpack_from(self.raw, 8 * ENTRY_WORDS * i)

    def seen(self, i: int, following: int) -> Seen:
        """Take in an entry; `following`: that of the frame's next instruction."""
        entry, profile = self.entry(i), self.profile
        path = self.path(i, entry)
        start = profile.codes[path].words
        place = path, (entry[0] - start) >> 3
        seen = profile.at.get(place)
        if seen is None:
            seen = profile.at[place] = Seen()
        profile.kinds(seen, entry, self.types)
        self.note_name(profile.codes[path], place)
        if following >= 0:
            seen.note("next", (self.entry(following)[0] - start) >> 3)
        return seen

    def note_name(self, code: Code, place: tuple) -> None:
        """Where a place gets a name from its module's dict, the value is looked at after each recording."""
        path, at = place
        instr = code.instrs[at]
        if instr.op in ("GLOBAL_GET", "NAME_GET"):
            table, name = self.profile.kept[path].__globals__, code.name_at(instr.b)
            if type(table) is dict and name in table:
                self.profile.values.setdefault((id(table), name), (table, id(table[name])))

    def path(self, i: int, entry: tuple) -> tuple:
        """The calls that lead to an entry's frame. Paths that are new to the profile become known to it."""
        parent = self.parents[i]
        if parent < 0:
            path = self.start_path[:entry[2]]
        elif parent in self.paths:
            return self.paths[parent]
        else:
            call = self.entry(parent)
            above = self.path(parent, call)
            path = (*above, ((call[0] - self.profile.codes[above].words) >> 3, entry[3]))
            self.paths[parent] = path
        codes, kept = self.profile.codes, self.profile.kept
        if path not in codes:
            codes[path] = code_at(entry[3])
        if path not in kept:
            kept[path] = core.without_closure(core.object_at(entry[17]))
        return path
