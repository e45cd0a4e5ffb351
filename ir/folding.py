"""Writes operations as the rules have them: what is known need not be calculated, what cannot happen not be checked.

    e("int_add", "%v1", "0") -> "%v1"           nothing is written
    e("int_lt", "3", "4")    -> "true"

A pair that cannot overflow is a name without an operation: its halves are known (`halves`). Building the IR is on the
program's way, so operations that no rule speaks of cost one look into a dict.
"""
from __future__ import annotations

from .function import Emitter
from .ops import OPS, PURE
from .ranges import ANY, RANGES
from .rules import BY_OP, COMMUTATIVE, OF_UNKNOWN, RULES
from .semantics import MEANING, Undefined

HALVES = {"pair_value": 0, "pair_over": 1}
LITERALS = {"true": True, "false": False}
INTS = {"i", "b"}
KNOWN = "all_known"         # what folding is counted as
FOLDED = {name for name in MEANING if OPS[name].effects == PURE and INTS.issuperset(OPS[name].args) and
          OPS[name].result in "ibo"}
LOOKED_INTO = {part[0] for rule in RULES for part in rule.before[1:] if type(part) is tuple}
SPOKEN_OF = {*HALVES, *FOLDED, *LOOKED_INTO, *RANGES}


class Folding(Emitter):
    """An emitter that goes through the rules."""

    def __init__(self):
        self.ranges: dict[str, tuple[int, int]] = {}        # of ints of which something is known
        self.origins: dict[str, tuple[str, tuple]] = {}        # what rules look into: the operation that made a value
        self.halves: dict[str, tuple[str, str]] = {}        # of pairs that do not overflow
        self.fired: dict[str, int] = {}                     # how often each rule has fired

    def e(self, name: str, *args: str, x=None) -> str:
        """A value that the operation has as its result."""
        if name not in SPOKEN_OF:               # as of Emitter.e
            function = self.function
            function.values += 1
            result = f"%v{function.values}"
            self.block.ops.append((name, result, args, x))
            return result
        if name in HALVES and args[0] in self.halves:
            return self.halves[args[0]][HALVES[name]]
        if name in FOLDED:
            simpler = self.simpler(name, args)
            if simpler is not None:
                return simpler
        result = super().e(name, *args, x=x)
        if name in LOOKED_INTO:
            self.origins[result] = (name, args)
        if name in RANGES:
            found = RANGES[name](*map(self.range_of, args))
            if found != ANY:
                self.ranges[result] = found
        return result

    def simpler(self, name: str, args) -> str | None:
        """What stands for an operation; None: itself."""
        unknown = [arg for arg in args if arg[0] == "%"]
        if not unknown:
            found = self.fold(name, args)
            if found is not None:
                return found
        elif name in COMMUTATIVE and args[0][0] != "%":
            args = args[::-1]
        for rule in (OF_UNKNOWN if len(unknown) == len(args) else BY_OP).get(name, ()):
            found = rule.fits(args, self.origins, self.range_of)
            if found is not None:
                self.count(rule.name)
                value = self.written(rule.after, found)
                return self.pair_of(value) if OPS[name].result == "o" else value
        return None

    def fold(self, name: str, args) -> str | None:
        """The result for arguments that are all known."""
        try:
            found = MEANING[name](*(LITERALS[arg] if arg in LITERALS else int(arg) for arg in args))
        except Undefined:
            return None
        if type(found) is tuple:
            if found[1]:
                return None
            found = self.pair_of(str(found[0]))
        self.count(KNOWN)
        return found if type(found) is str else str(found).lower()

    def count(self, name: str) -> None:
        """A rule has fired."""
        self.fired[name] = self.fired.get(name, 0) + 1

    def written(self, pattern, found: dict[str, str]) -> str:
        """The value that the right side of a rule stands for."""
        if type(pattern) is tuple:
            return self.e(pattern[0], *(self.written(part, found) for part in pattern[1:]))
        return found.get(pattern, pattern)

    def pair_of(self, value: str) -> str:
        """A pair that has this value and does not overflow."""
        name = self.function.fresh()
        self.halves[name] = (value, "false")
        return name

    # ------------------------------------------------------------------------------------------ ranges
    def range_of(self, name: str) -> tuple[int, int]:
        """The range of a value."""
        if name[0] == "%":
            return self.ranges.get(name, ANY)
        return (int(name),) * 2 if name not in LITERALS else ANY

    def bound(self, name: str, low: int, high: int) -> str:
        """It is known of a value that it is never outside of these bounds."""
        if name[0] == "%":
            old = self.range_of(name)
            self.ranges[name] = max(old[0], low), min(old[1], high)
        return name
