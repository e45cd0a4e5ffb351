"""with statements over objects of the program's classes.

    BEFORE_WITH r5       ->   Val("bound", parts=(Guard.__exit__, manager)) in r5;
                              __enter__ goes on inlined, its value to r6
    CALL r5(None, ...)   ->   __exit__ of the manager, as any call
    WITH_EXCEPT r9 = r5  ->   the same with the class, the exception and its traceback
"""
from __future__ import annotations

from .binding import Call
from .calls import is_simple
from .direct import Direct
from .values import EMPTY, NO, Val

TRACEBACK = 40                      # the offset of an exception's traceback


class Managers(Direct):
    """Specializations of what with statements do."""

    def __init__(self, core, name: str):
        super().__init__(core, name)
        self.bound_methods: dict[str, tuple[Val, Val]] = {}        # the methods made here: their functions and objects

    def do_BEFORE_WITH(self, instr):
        val, kind = self.object_kind(instr.a, self.seen.a)
        if kind is None or val.const is not NO:
            return self.step(instr)
        enter, exit = (self.core.class_attribute(kind, name) for name in ("__enter__", "__exit__"))
        if type(enter) is not self.core.function_type or type(exit) is not self.core.function_type:
            return self.step(instr)
        code = self.callee_code(enter, instr)
        if code is None or not is_simple(code, 1) or not self.guard_version(val, kind):
            return self.step(instr)
        known = Val("obj", None, type(enter), enter)
        self.guard_code(enter, known)
        self.guard_call(code, ())
        self.cx.hold(val)
        self.write(instr.a, Val("bound", parts=(Val("obj", None, type(exit), exit), val)))
        at = self.enter(instr, enter, code, known, [val], "enter")
        self.cx.frames[-1].target = instr.a + 1
        return at

    def make_bound(self, val: Val) -> Val:
        """The method itself."""
        function, held = (self.pointer(part) for part in val.parts)
        made = self.e("call_p", function, held, x=self.api("rt_bound"))
        self.bound_methods[made] = val.parts
        return Val("obj", made)

    def settle(self, val: Val) -> Val:
        return self.materialized(val) if val.kind == "bound" else super().settle(val)

    def do_CALL(self, instr):
        bound = self.cx.frames[-1].regs[instr.b]
        parts = bound.parts if bound.kind == "bound" else self.bound_methods.get(bound.ssa)
        if not parts or instr.x or instr.keywords:
            return super().do_CALL(instr)
        function, held = parts
        self.escape_operands(instr, [instr.b + 1])
        registers = list(range(instr.b + 1, instr.b + 2 + instr.c))
        return self.inline(Call(instr, function.const, function, None, [held, *registers], [], "call"))

    def do_WITH_EXCEPT(self, instr):
        regs = self.cx.frames[-1].regs
        bound, exception = regs[instr.b], regs[instr.b + 3]
        parts = bound.parts if bound.kind == "bound" else self.bound_methods.get(bound.ssa)
        if not parts or exception.kind != "obj" or exception.const is not NO:
            return self.step(instr)
        known, held = parts
        method = known.const
        inlined = self.callee_code(method, instr)
        code = inlined or self.plain_code(method)
        if code is None or not is_simple(code, 4):
            return self.step(instr)
        traceback = self.load("ptr", self.pointer(exception), TRACEBACK, "attr")
        self.guard(self.e("ptr_ne", traceback, "null"), "an exception has no traceback")
        self.guard_code(method, known)
        self.guard_call(inlined, ())
        kind = Val("obj", self.load("ptr", self.pointer(exception), 8, "type"))
        values = [held, kind, exception, Val("obj", traceback)]
        for value in values:
            self.cx.hold(value)
        if inlined is None:
            return self.call_native(instr, code, known, values, "operator")
        return self.enter(instr, method, code, known, values, "operator")


__all__ = ["Managers", "EMPTY"]
