"""Functions, and the variables they share with those around them.

    MAKE_FUNCTION f = code, closure    ->   %f = call_p %code, %globals, %closure !rt_function
"""
from __future__ import annotations

from .direct import Direct
from .values import Val

CLOSURE = 8                 # of the host's flags


class Functions(Direct):
    """Specializations of making functions and of storing into cells."""

    def do_MAKE_FUNCTION(self, instr):
        frame = self.cx.frames[-1]
        closed = instr.c == CLOSURE
        made_of = frame.regs[instr.b + closed]
        if instr.c not in (0, CLOSURE) or made_of.kind != "obj" or type(made_of.const) is not type(CODE):
            return self.step(instr)
        if closed and frame.regs[instr.b].kind not in ("tuple", "obj"):
            return self.step(instr)
        self.ready(*([instr.b] if closed else []))
        held = self.pointer(frame.function) if frame.function is not None else \
            self.load("ptr", frame.frame, self.offset["Frame.function"], "frame")
        names = self.load("ptr", held, 16, "attr")
        closure = self.pointer(frame.regs[instr.b]) if closed else "null"
        made = self.e("call_p", self.pointer(made_of), names, closure, x=self.api("rt_function"))
        self.failing(self.e("ptr_ne", made, "null"))
        self.cx.facts.clear()
        result = self.own(made, self.core.function_type)
        self.keep()
        self.cx.hold(result)
        self.empty_range(instr.b, 1 + closed)
        self.write(instr.a, result)
        self.unhold(result)
        return instr.at + instr.length

    def do_CELL_SET(self, instr):
        cell = self.read(instr.a)
        value = self.read(instr.b)
        if cell.kind != "obj" or value.kind == "empty":
            return self.step(instr)
        self.ready(instr.b)
        value = self.cx.frames[-1].regs[instr.b]
        self.keep()
        slot = self.e("offset", self.pointer(cell), x=16)
        self.do("call_none", slot, self.boxed_new(value), x=self.api("rt_store_slot"))
        self.cx.facts.clear()
        return self.conclude(instr, ((1, instr.b),), None)

    def do_GET_ITER(self, instr):
        """A generator is its own iterator."""
        kind = self.core.object_at(self.info["FireGenerator_Type"])
        if self.seen.b == {kind} and self.cx.frames[-1].regs[instr.b].kind in ("obj", "mem"):
            return self.finish_iter(instr, self.guard_type(self.read(instr.b), kind))
        return super().do_GET_ITER(instr)


CODE = Val.__init__.__code__
__all__ = ["Functions"]
