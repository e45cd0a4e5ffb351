"""Ints that are boxed at times are numbers where paths join.

    a, b = b, a + b         a of a list is an object, a + b is none: in a loop of one shape both are numbers

The interpreter leaves an int of two digits in its box when it comes out of a list, and unboxes those of one digit, so
one variable has both kinds. Compiled code would need a block for each mixture of boxed and unboxed variables.
"""
from __future__ import annotations

from ..tracer.liveness import bits
from .builder import KIND, LARGE
from .direct import Direct
from .values import NO, Val


class Unboxing(Direct):
    """What happens to the values of variables before paths join."""

    def unbox_ints(self, at: int) -> None:
        """A variable that is an int, boxed at times, is a number where paths join: else what a loop turns over between
        variables (`a, b = b, a + b`) comes in ever more shapes."""
        found = []
        for depth, frame in enumerate(self.cx.all_frames()):
            mixed = self.mixed_ints(frame)
            if mixed:
                mixed &= self.live_in(depth, frame, at)
                found += [(frame, number) for number, val in enumerate(frame.regs)
                          if mixed >> number & 1 and self.may_be_int(val)]
        path = self.cx.frames[-1].path
        if not found or {(path, at, LARGE), (path, at, KIND)} & self.profile.hot:
            return
        self.begin(at)
        made = []
        for frame, number in found:
            val = frame.regs[number]
            if self.type_of(val) is not int:
                same = self.e("ptr_eq", self.load("ptr", val.ssa, 8, "type"), self.const_object(int))
                self.do("guard", same, x=f"B{self.exit_for(KIND).number}")
                self.cx.types[val.ssa] = int
            made.append(Val("int", self.long_value(val.ssa)))
        for (frame, number), val in zip(found, made):
            self.write_in(frame, number, val)

    def may_be_int(self, val: Val) -> bool:
        """Whether a value is an object that may be an int of few digits."""
        return val.kind == "obj" and val.const is NO and val.ssa not in self.wide and val.ssa not in self.cx.virtuals \
            and self.type_of(val) in (None, int) and self.class_of(val) is None

    def mixed_ints(self, frame) -> int:
        """The registers, as bits, that are read as ints, unboxed at least at times, and as nothing else."""
        found = self.mixed.get(frame.path)
        if found is None:
            kinds = self.register_kinds(frame.path, frame.code)
            found = self.mixed[frame.path] = bits(n for n, seen in kinds.items()
                                                  if "int" in seen and seen <= {int, "int", "empty"})
        return found
