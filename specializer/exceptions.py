"""Exceptions that are raised and handled inside of a region.

    ITEM_GET d[k]      the look-up fails: the interpreter does the instruction, raises and unwinds
                       (vm/handlers/errors.py); it comes back at PUSH_EXC_INFO, in this frame or a caller's
                       ->  the path goes on there

Raising is the interpreter's: exceptions, tracebacks, what is chained are made as they always are, with all frames in
memory. The table of handlers is static, so it is known where an exception goes if any frame of the region handles it:
the innermost entry that covers the instruction, or the call that has led to it. Such a way is compiled if it was taken.
"""
from __future__ import annotations

from ..tracer.liveness import effects_of
from .context import DIRTY, IN_MEMORY, Context
from .dicts import NOT_PLAIN
from .direct import Direct
from .items import NEGATIVE
from .iterators import AT_ITS_END
from .values import EMPTY, MEM, NO, Val

OTHER = "an operand has another type or value than before"
RAISES = {"an operation fails or is too unusual", "a division by zero", "a division by zero or minus one",
          "an index is out of range", "a list is empty", "an attribute is not set",
          "a sequence to unpack has another length", AT_ITS_END, NEGATIVE, NOT_PLAIN}
BASE_EXCEPTION = 1 << 30        # of a class's flags: it derives from BaseException


class Exceptions(Direct):
    """Where exceptions go, and the instructions of their handlers."""

    def catcher(self, at: int) -> tuple | None:
        """Who handles what the innermost frame's instruction at a word raises: the frame's depth and the entry of its
        table; None: nobody in this region, or it was never seen."""
        frames = self.cx.frames
        for depth in range(len(frames) - 1, -1, -1):
            frame = frames[depth]
            entry = next((entry for entry in frame.code.handlers if entry[0] <= at < entry[1]), None)
            if entry is not None:
                seen = self.profile.at.get((frame.path, at))
                known = seen is not None and entry[2] in seen.next
                return (depth, entry) if known and (frame.path, entry[2]) in self.profile.at else None
            if frame.kind == "gen":
                return None
            at = frame.call_at
        return None

    def caught(self, cx: Context, catcher: tuple, instr, out_pc: str, out_frame: str) -> None:
        """A branch to the handler, if the interpreter is there now. `cx`: the state as the instruction began."""
        depth, entry = catcher
        frame = cx.frames[depth]
        there = self.e("ptr_eq", out_pc, self.const_word(frame.code.address_of(entry[2])))
        hit = self.e("bool_and", self.e("ptr_eq", out_frame, frame.frame), there)
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", hit, on, off)
        self.joins.add((frame.path, entry[2]))
        saved = self.cx
        self.block, self.cx = on, cx.copy()
        self.unwind(depth, entry, instr)
        self.queue(on, self.cx, entry[2], True)
        self.block, self.cx = off, saved

    def unwind(self, depth: int, entry: tuple, instr) -> None:
        """The state at the start of a handler."""
        cx = self.cx
        inner = depth == len(cx.frames) - 1
        while len(cx.frames) > depth + 1:
            self.forget_registers(cx.frames.pop(), 0)
        frame = cx.frames[-1]
        first = entry[3]
        if inner:
            found = effects_of(instr)
            for number in {*found.takes, *found.fills, *found.reads}:
                if number < first and (frame.regs[number].kind != "obj" or number not in found.reads):
                    self.unanchor(frame, number)
                    frame.regs[number], frame.homes[number] = MEM, IN_MEMORY
        self.forget_registers(frame, first)
        if entry[4]:
            frame.regs[first], frame.homes[first] = MEM, IN_MEMORY
            first += 1
        found = Val("obj", self.load("ptr", frame.frame, self.info["sizeof.Frame"] + 16 * first, "reg"))
        cx.anchor(found)
        frame.regs[first], frame.homes[first] = found, IN_MEMORY

    def unanchor(self, frame, number: int) -> None:
        """What a register in memory held is not known any more."""
        val = frame.regs[number]
        if val.kind == "obj" and val.ssa is not None and frame.homes[number] != DIRTY:
            self.cx.anchors[val.ssa] -= 1

    def forget_registers(self, frame, first: int) -> None:
        """Registers that the interpreter has emptied."""
        for number in range(first, len(frame.regs)):
            self.unanchor(frame, number)
            frame.regs[number], frame.homes[number] = EMPTY, DIRTY

    # ------------------------------------------------------------------------------------------ what fails
    def begin(self, at: int) -> None:
        super().begin(at)
        self.failed = None

    def again(self) -> None:
        super().again()
        self.failed = None

    failed = None               # the block that has the interpreter do the present instruction, and raise

    def exit_label(self, why: str = OTHER) -> str:
        if why in RAISES and not self.changed_by and self.catcher(self.at) is not None:
            return f"B{self.failing_block().number}"
        return super().exit_label(why)

    def exit_for(self, why: str):
        if why in RAISES and not self.changed_by and self.catcher(self.at) is not None:
            return self.failing_block()
        return super().exit_for(why)

    def failing_block(self):
        """Where guards go whose failing means that the instruction raises, if somebody here handles that."""
        if self.failed is None:
            self.failed = self.function.block()
            self.queue(self.failed, (self.snapshot or self.cx).copy(), ~self.at, False)
        return self.failed

    # --------------------------------------------------------------------------------------------- handlers
    def handles_plainly(self) -> bool:
        """Whether the thread's handled exception is that of the region's frames: generators have their own."""
        return not any(frame.kind == "gen" for frame in self.cx.frames)

    def do_PUSH_EXC_INFO(self, instr):
        exception = self.read(instr.a)
        if exception.kind != "obj" or not self.handles_plainly():
            return self.step(instr)
        self.keep()
        before = self.e("call_p", "%frame", self.pointer(exception), x=self.api("rt_push_exc"))
        held = self.own(before)
        self.cx.hold(held)
        exception = self.take(instr.a)
        self.write(instr.a + 1, exception)
        self.write(instr.a, held)
        self.unhold(exception)
        self.unhold(held)
        return instr.at + instr.length

    def do_POP_EXCEPT(self, instr):
        before = self.read(instr.a)
        if before.kind != "obj" or before.const is not NO or not self.handles_plainly():
            return self.step(instr)
        self.keep()
        before = self.take(instr.a)
        self.take_reference(before)
        self.secure()
        self.do("call_none", "%frame", before.ssa, x=self.api("rt_pop_exc"))
        self.cx.facts.clear()
        return instr.at + instr.length

    def do_EXC_MATCH(self, instr):
        exception, wanted = self.read(instr.b), self.cx.frames[-1].regs[instr.c]
        classes = wanted.const if type(wanted.const) is tuple else (wanted.const,)
        if wanted.kind == "tuple":
            classes = tuple(part.const for part in wanted.parts)
        if exception.kind != "obj" or not classes or not all(map(self.is_exception_class, classes)):
            return self.step(instr)
        truth = "false"
        for kind in classes:
            found = self.e("call_i", exception.ssa, self.const_object(kind), x=self.api("rt_exc_match"))
            test = self.e("int_ne", found, "0")
            truth = test if truth == "false" else self.e("bool_or", truth, test)
        self.keep()
        self.consume(instr, 2, instr.c)
        self.write(instr.a, Val("bool", truth))
        return instr.at + instr.length

    @staticmethod
    def is_exception_class(held) -> bool:
        """Whether an except clause takes this."""
        return isinstance(held, type) and bool(held.__flags__ & BASE_EXCEPTION)

    def do_DELETE_LOCAL(self, instr):
        if self.cx.frames[-1].regs[instr.a].kind in ("mem", "empty"):
            return self.step(instr)
        self.write(instr.a, EMPTY)
        return instr.at + instr.length


__all__ = ["Exceptions"]
