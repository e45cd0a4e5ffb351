"""The places of the process that were hot, by number: compiled code knows its site by it.

    of(address of a VMCode, 13, LOOP) -> Site      sites[site.number] is site

What is heavy (decoded bytecode, the profile) is made when it is first asked for: code of an earlier run needs neither.
"""
from __future__ import annotations

from itertools import count

from . import core

LOOP, FUNCTION, EXIT, FRAMELESS = 0, 1, 2, 3        # frameless: another version of a function, see frameless.py
sites: dict[int, Site] = {}
by_place: dict[tuple[int, int, int], Site] = {}
RESUME_WORDS = 3
PERIOD = 256            # new sites from one sweep to the next
_numbers = count()
_due = [False]


class Site:
    """A loop header or function entry that was hot: its profile, its code, what became of it."""

    def __init__(self, number: int, record: int, header: int, kind: int):
        self.number, self.record, self.header, self.kind = number, record, header, kind
        self._profile = None
        self.tries = 0
        self.native = None
        self._exits: list[tuple] = []
        self.found = None                   # where stored code is in place: its description, resolved
        self.aborts: list[str] = []
        self.kept: list[object] = []        # what its machine code needs
        self.natives: list = []             # all machine code it has had
        self.replaced: dict[int, int] = {}  # instructions that lead to it, by address: what they were
        self.suspended = False              # see sweep.py
        self.classes: dict = {}             # constants that are classes, see loose.py
        self.watched: list = []
        self.names: list = []               # records of the names that the code in place relies on
        self.kinds: list | None = None      # of the root's registers at entry; None: several
        self.recordings = 0
        self.since = self.turns = 0     # when the first was, turns or calls since then
        self.width = 0.0                # instructions of a turn or call
        self.native_level = 0               # LLVM's level of its code, 0: the baseline compiler's
        self.lines = 0                      # of LLVM text, about
        self.hot: dict[tuple, int] = {}     # versions of its code in which an exit became hot, by place
        self.counted: set[tuple] = set()    # places of those of the present one
        self.globals: object = ...      # of the root's functions; None: several, so its names are looked up
        self.stored = False             # its code is of an earlier run
        self.seen = b""                 # and what that had seen, until it is asked for
        self.parameters = 0             # their kinds, of a frameless version
        self.function: object = None    # whose that is: others may have the same code and other globals
        self.learned = False            # this run has seen something of it that is not on disk

    @property
    def host(self):
        """The host's code object."""
        return core.object_at(core.word(self.record + core.info["VMCode.code"]))

    @property
    def code(self):
        """Its decoded bytecode."""
        return core.code_at(self.record)

    @property
    def profile(self):
        """What was seen of it."""
        if self._profile is None:
            from .profile import Profile
            self._profile = Profile(self.code)
        return self._profile

    @property
    def exits(self) -> list[tuple]:
        """Of the code in place: path, word, sentence, code."""
        if self.found is not None:
            self._exits, self.found = self.found.exits(), None
        return self._exits

    @exits.setter
    def exits(self, exits: list[tuple]) -> None:
        self._exits, self.found = exits, None

    def records(self) -> set[int]:
        """The addresses of the codes that its profile knows."""
        return {code.address for code in self._profile.codes.values()} if self._profile is not None else set()

    def places(self) -> list[int]:
        """The words of the instructions that count its turns or calls."""
        if self.kind == FRAMELESS:
            return []
        if self.kind == LOOP:
            return [i.at for i in self.code.instrs.values() if i.op.startswith("LOOP") and i.target == self.header]
        return [i.at for i in self.code.instrs.values() if i.op.startswith("RESUME") and i.at + i.length == self.header]

    def counts_as(self) -> int:
        """Whether calls are counted here, or turns of a loop: where a generator is resumed it is turns."""
        if self.kind != FUNCTION:
            return LOOP
        return counted_as(core.word(self.record + core.info["VMCode.words"]), self.header, FUNCTION)

    def opcode(self) -> int:
        """The op that goes to its machine code, in their place; of a frameless version the kinds of its parameters."""
        if self.kind == FRAMELESS:
            return self.parameters
        from ..bytecode.ops import OPS      # stored code needs it no earlier
        return OPS["LOOP_COMPILED" if self.kind == LOOP else "RESUME_COMPILED"].code

    def recall(self, root) -> None:
        """What an earlier run had seen is the profile of this one."""
        seen, self.seen = self.seen, b""
        if seen:
            from .remember import recall
            recall(self, root, seen)

    def taken(self):
        """How often each exit of the code in place was taken; the first counter counts turns of loops."""
        count = len(self._exits) if self.found is None else len(self.found.left)
        return core.words(self.native.tables["counters"] + 8, count) if self.native is not None and count else ()


def counted_as(words: int, header: int, kind: int) -> int:
    """The kind whose threshold the instruction before a header has; a RESUME's operand tells where it stands."""
    place = words + 8 * (header - RESUME_WORDS)
    return LOOP if kind == FUNCTION and core.word(place) >> 16 & 0xFFFF else kind


def of(record: int, header: int, kind: int) -> Site:
    """The site of a place."""
    place = (record, header, kind)
    found = by_place.get(place)
    if found is None:
        number = next(_numbers)
        found = by_place[place] = sites[number] = Site(number, record, header, kind)
        _due[0] = _due[0] or (number + 1) % PERIOD == 0
    return found


def sweep_is_due() -> bool:
    """Whether there are so many new sites that old ones should go (sweep.py); says so once."""
    due, _due[0] = _due[0], False
    return due


def field(name: str) -> int:
    """A field of the JIT's native state."""
    return core.word(core.info["jit"] + core.info["Jit." + name])


def set_field(name: str, value: int) -> None:
    """Write one."""
    core.set_word(core.info["jit"] + core.info["Jit." + name], value)


def install(site: Site, entry: int, words: int, places, opcode: int) -> None:
    """Every jump back to the header, or every call, goes to the code from now on. `places`: the instructions
    that count. A frameless version is called by those who look for it."""
    if site.kind == FRAMELESS:
        site.parameters = opcode
        for name, word in (("frameless", entry), ("frameless_function", id(site.function))):
            core.set_word(site.record + core.info["VMCode." + name], word)
        offer_frameless()
    for at in places:
        place = words + 8 * at
        site.replaced.setdefault(place, core.word(place) & 0xFFFF)
        core.set_word(place + 16, entry)
        if site.kind == FUNCTION:
            core.set_word(site.record + core.info["VMCode.native"], entry)
        core.poke(place, ((core.word(place) & 0xFFFF & ~1023) | opcode).to_bytes(2, "little"))


def offer_frameless() -> None:
    """All frameless versions may be called: one that had to give up may have waited for one that is new."""
    for site in sites.values():
        if site.kind == FRAMELESS and site.native is not None:
            core.set_word(site.record + core.info["VMCode.given_up"], 0)
            core.set_word(site.record + core.info["VMCode.frameless_kinds"], site.parameters)
