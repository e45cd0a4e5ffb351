"""Functions, and the variables they share with those around them.

    MAKE_FUNCTION f = code, closure    ->   %f = call_p %code, %globals, %closure !rt_function
"""
from __future__ import annotations

from types import CellType

from .direct import Direct
from .values import Val

DEFAULTS, CLOSURE = 1, 8    # of the host's flags


class Functions(Direct):
    """Specializations of making functions and of storing into cells."""

    def do_MAKE_FUNCTION(self, instr):
        frame = self.cx.frames[-1]
        given = [flag for flag in (DEFAULTS, CLOSURE) if instr.c & flag]
        made_of = frame.regs[instr.b + len(given)]
        if instr.c & ~(DEFAULTS | CLOSURE) or made_of.kind != "obj" or type(made_of.const) is not type(CODE):
            return self.step(instr)
        registers = range(instr.b, instr.b + len(given))
        if any(frame.regs[register].kind not in ("tuple", "obj") for register in registers):
            return self.step(instr)
        self.ready(*registers)
        parts = {flag: self.pointer(frame.regs[register]) for flag, register in zip(given, registers)}
        names = self.load("ptr", self.running_function(), 16, "attr")
        made = self.e("call_p", self.pointer(made_of), names, parts.get(CLOSURE, "null"), parts.get(DEFAULTS, "null"),
                      x=self.api("rt_function"))
        self.failing(self.e("ptr_ne", made, "null"))
        self.cx.facts.clear()
        result = self.own(made, self.core.function_type)
        self.keep()
        self.cx.hold(result)
        self.empty_range(instr.b, 1 + len(given))
        self.write(instr.a, result)
        self.unhold(result)
        return instr.at + instr.length

    def running_function(self) -> str:
        """The function of the innermost frame."""
        frame = self.cx.frames[-1]
        return self.pointer(frame.function) if frame.function is not None else \
            self.load("ptr", frame.frame, self.offset["Frame.function"], "frame")

    def do_MAKE_CELL(self, instr):
        if self.cx.frames[-1].regs[instr.a].kind == "mem":
            return self.step(instr)
        self.ready(instr.a)
        temps: list[str] = []
        held = "null" if self.cx.frames[-1].regs[instr.a].kind == "empty" else self.object_in(instr.a, temps)
        made = self.e("call_p", held, x=self.api("PyCell_New"))
        self.failing(self.e("ptr_ne", made, "null"), temps)
        self.drop_temps(temps)
        self.cx.facts.clear()
        self.write(instr.a, self.own(made, CellType))
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
