"""What a recording saw, gathered by place: operand kinds, results, where control went, what was called.

    profile.read()  ->  profile.at[((), 13)] -> Seen(a={"int"}, b={range_iterator}, next={15, 18})

A place is (path, word index): the path names the calls that lead from the root frame to the frame, each as
(word index of the call, address of the callee's VMCode). A kind is "int", "float", "bool", "none", "empty" for
unboxed values, or the type of an object.
"""
from __future__ import annotations

from struct import Struct

from . import core
from .arrays import ARRAYS, layout_of
from .loose import hold, loose
from .program import OBJECT, TAG_NAMES, Code, code_at

ENTRY_WORDS, SHAPE = 18, 9
COLUMNS = (0, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 16)        # of an entry, that a profile is made of, but for values
ENTRY = Struct("<18q")


class Seen:
    """Observations at one place."""

    __slots__ = ("count", "a", "b", "c", "result", "next", "buffers", "callables", "function",
                 "shapes")

    def __init__(self):
        self.count = 0
        self.a, self.b, self.c, self.result, self.next = set(), set(), set(), set(), set()
        self.buffers: set = set()                   # layouts of arrays that items were taken from or put into
        self.callables: dict[int, object] = {}      # by address: functions and classes called
        self.function = 0
        self.shapes: set[int] = set()               # what an enumerate or zip goes over


class Profile:
    """All places of a region, over every recording of it."""

    def __init__(self, root: Code):
        self.root = root
        self.at: dict[tuple[tuple, int], Seen] = {}
        self.codes: dict[tuple, Code] = {(): root}
        self.kept: dict[tuple, object] = {}         # functions, without what their closures hold
        self.changing: set[int] = set()             # dicts of globals that are bound again and again, by address
        self.negative: set[tuple] = set()           # (path, word): places with indices that count from the end
        self.resigned: set[tuple] = set()           # (path, word): exits that recording does not help
        self.hot: set[tuple] = set()                # exits that were taken often: (path, word index, sentence)
        self.known: dict[bytes, list[Seen]] = {}    # what recordings that were alike have seen, by all but payloads

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
            seen.next.add(at + code.instrs[at].length)
        for (below, at), seen in other.at.items():
            hold(seen)
            self.at.setdefault(((*path, *below), at), seen)
        for below, found in other.codes.items():
            self.codes.setdefault((*path, *below), found)
        for below, function in other.kept.items():
            self.kept.setdefault((*path, *below), function)
        return True

    def read(self, start_path: tuple = ()) -> int:
        """Take in the log of the recording that has just ended; the number of entries."""
        info = core.info
        count = core.word(info["jit"] + info["Jit.count"])
        if count == 0:
            return 0
        raw = core.peek(core.word(info["jit"] + info["Jit.log"]), 8 * count * ENTRY_WORDS)
        log = memoryview(raw).cast("q")
        alike = repr(start_path).encode() + b"".join([log[column::ENTRY_WORDS].tobytes() for column in COLUMNS])
        for seen in self.known.get(alike, ()):
            seen.count += 1
        if alike in self.known:
            return count
        types: dict[int, object] = {}
        frames = [(0, start_path[:i]) for i in range(len(start_path) + 1)]
        last: dict[int, tuple] = {}                 # depth -> (frame, Seen, word index) of its last instruction
        starts = {path: code.words for path, code in self.codes.items()}
        found = self.known[alike] = []
        known: dict[tuple, Seen] = {}               # what has been taken in already
        for e in ENTRY.iter_unpack(raw):
            depth = e[2]
            if depth >= len(frames) or frames[depth][0] != e[1]:
                if not self.entered(e, frames, last, starts):
                    continue
            if len(frames) > depth + 1:
                del frames[depth + 1:]
            path = frames[depth][1]
            index = (e[0] - starts[path]) >> 3
            before = last.get(depth)
            if before is not None and before[0] == e[1]:
                before[1].next.add(index)
            same = (index, path, e[5:7], e[8:10], e[10] if e[11] == SHAPE else e[11], e[12], e[14:17])
            seen = known.get(same)
            if seen is None:
                seen = known[same] = self.at.get((path, index))
                if seen is None:
                    seen = known[same] = self.at[path, index] = Seen()
                self.kinds(seen, e, types)
            seen.count += 1
            found.append(seen)
            last[depth] = (e[1], seen, index)
        return count

    def entered(self, e, frames: list, last: dict, starts: dict) -> bool:
        """A frame comes up that was not the one at its depth; False: it is not known how it was reached."""
        frame, depth, code = e[1:4]
        path = frames[depth][1] if depth < len(frames) and frames[depth][0] == 0 else None
        if path is None:
            if depth == 0 or depth > len(frames) or depth - 1 not in last:
                return False
            path = (*frames[depth - 1][1], (last[depth - 1][2], code))
        del frames[depth:]
        frames.append((frame, path))
        last.pop(depth, None)
        if path not in self.codes:
            self.codes[path] = code_at(code)
        starts[path] = self.codes[path].words
        if path not in self.kept:
            self.kept[path] = core.without_closure(core.object_at(e[17]))
        return True

    def kinds(self, seen: Seen, e, types: dict) -> None:
        """The operands' kinds."""
        for place, payload in ((seen.a, 4), (seen.b, 7), (seen.c, 10), (seen.result, 13)):
            tag = e[payload + 1]
            if tag == OBJECT:
                address = e[payload + 2]
                kind = types.get(address)
                if kind is None:
                    kind = types[address] = loose(core.object_at(address))
                place.add(kind)
            elif tag != 0 or payload != 13:         # nothing was logged afterwards: not a result
                place.add(TAG_NAMES.get(tag, "empty"))
        if e[11] == SHAPE:
            seen.shapes.add(e[10])
        if e[16] and len(seen.callables) < 6 and e[16] not in seen.callables:
            found = core.object_at(e[16])
            if type(found).__name__ in ARRAYS:
                seen.buffers.add(layout_of(found))
            elif type(found).__name__ == "function" and found.__closure__:
                if id(found.__code__) not in seen.callables:
                    seen.callables[id(found.__code__)] = core.without_closure(found)
            elif type(found) is type or type(found).__name__ in ("function", "method_descriptor"):
                seen.callables[e[16]] = loose(found)        # a container of the program is not kept
