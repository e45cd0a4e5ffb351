"""The state of the machine at a point of the region, as far as it is known: frames, registers, references.

    context.frames[-1].regs[3] -> Val("int", "%v7")

Where a register lives (`homes`): DIRTY, in its value alone, the frame's memory is stale and owns nothing; IN_MEMORY,
there too, and the memory owns the reference; MAYBE_BOXED, as IN_MEMORY, but what runs outside of the region may have
put a box there for a number.

References. `uses[name]` counts the dirty registers (and parts of virtual objects) that hold an object,
`anchors[name]` the registers in memory that do, `owned[name]` the references that the region itself holds. An
object that is used must be owned or anchored before anything runs that might free it (`Builder.secure`); it
is counted up only then, and what is loaded, used and dropped in between costs nothing. When nothing uses it
any more, what is owned is dropped.
"""
from __future__ import annotations

from .values import EMPTY, MEM, Val

DIRTY, IN_MEMORY, MAYBE_BOXED = 0, 1, 2


class FrameState:
    """One frame: its code, registers and their homes; `frame` is the IR name of the real frame or None while the call
    exists only in the region; `call` is what its return does."""

    __slots__ = ("code", "path", "regs", "homes", "frame", "function", "call_at", "kind", "target", "globals",
                 "builtins", "instance", "parked", "at", "waits", "held", "counted", "of_module")

    def __init__(self, code, path: tuple, frame: str | None):
        self.code, self.path, self.frame = code, path, frame
        self.regs: list[Val] = [EMPTY] * code.nregs
        self.homes: list[int] = [DIRTY] * code.nregs
        self.function: Val | None = None
        self.call_at = 0                # the caller's instruction
        self.kind = "call"              # or init, property, object, gen
        self.target = 0                 # the caller's register for the result
        self.globals: dict = {}
        self.builtins: dict = {}
        self.instance: Val | None = None
        self.parked = False             # a generator's frame: see generators.py; where it is, whether it has begun,
        self.at, self.waits = 0, False
        self.held: tuple = ((), -1)     # its consumer's path and register
        self.counted = False            # whether that has an enumerate of it
        self.of_module = False          # whether its names are its globals

    def copy(self) -> FrameState:
        """A copy whose registers change on their own."""
        made = FrameState.__new__(FrameState)
        made.code, made.path, made.frame = self.code, self.path, self.frame
        made.regs, made.homes = self.regs[:], self.homes[:]
        made.function, made.call_at, made.kind, made.target = self.function, self.call_at, self.kind, self.target
        made.globals, made.builtins, made.instance = self.globals, self.builtins, self.instance
        made.parked, made.at, made.waits, made.held = self.parked, self.at, self.waits, self.held
        made.counted, made.of_module = self.counted, self.of_module
        return made


class Context:
    """The whole state."""

    __slots__ = ("frames", "gens", "uses", "anchors", "owned", "types", "ints", "facts", "virtuals")

    def __init__(self):
        self.frames: list[FrameState] = []
        self.gens: list[FrameState] = []        # of generators that wait, parked
        self.uses: dict[str, int] = {}
        self.anchors: dict[str, int] = {}
        self.owned: dict[str, int] = {}
        self.types: dict[str, type] = {}        # name -> exact type, for good
        self.ints: dict[str, str] = {}          # name of an int object -> its value, for good
        self.facts: dict = {}                   # what memory was seen to hold; void once something may change it
        self.virtuals: dict = {}                # name -> Virtual, see instances.py

    def copy(self) -> Context:
        """A copy for another path."""
        made = Context.__new__(Context)
        made.frames = [frame.copy() for frame in self.frames]
        made.gens = [frame.copy() for frame in self.gens]
        made.uses, made.anchors, made.owned = self.uses.copy(), self.anchors.copy(), self.owned.copy()
        made.types, made.ints = self.types.copy(), self.ints.copy()
        made.facts, made.virtuals = self.facts.copy(), self.virtuals.copy()
        return made

    def leaving(self) -> Context:
        """A copy that is only written to memory, on a way of its own: nothing more is learned of what it holds."""
        made = Context.__new__(Context)
        made.frames = [frame.copy() for frame in self.frames]
        made.gens = [frame.copy() for frame in self.gens]
        made.uses, made.anchors, made.owned = self.uses.copy(), self.anchors.copy(), self.owned.copy()
        made.types, made.ints, made.facts, made.virtuals = self.types, self.ints, {}, self.virtuals.copy()
        return made

    def all_frames(self) -> list[FrameState]:
        """Frames that run, and those of generators that wait."""
        return self.frames + self.gens

    def hold(self, val: Val) -> None:
        """A dirty register or a virtual object holds the value."""
        if val.ssa is not None and val.kind == "obj":
            self.uses[val.ssa] = self.uses.get(val.ssa, 0) + 1
        for part in val.parts:
            self.hold(part)

    def anchor(self, val: Val) -> None:
        """A register in memory holds it."""
        if val.ssa is not None and val.kind == "obj":
            self.anchors[val.ssa] = self.anchors.get(val.ssa, 0) + 1


__all__ = ["Context", "FrameState", "DIRTY", "IN_MEMORY", "MAYBE_BOXED", "MEM"]
