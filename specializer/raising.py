"""Exceptions that are made: calls of their classes, and `BaseException.__init__`.

    ValueError(text)    ->   Val("exc", type=ValueError, parts=(MARK, text)); where it escapes
                             rt_exception(ValueError, 1, text, null, null)
    ParseError(1, why)  ->   the object, and its __init__, a function of the program, goes on inlined

That is all such a call does where a class says nothing else about how its instances are made, which its slots tell.
"""
from __future__ import annotations

from .binding import MARK
from .builtins import RECEIVER
from .direct import Direct
from .objects import MISSING
from .values import HEAP_TYPE, NO, NONE, Val, is_fixed

EXCEPTION_CLASS = 1 << 30           # of a class's flags: it derives from BaseException
INIT, NEW, WRAPPED = 296, 312, 48   # offsets of tp_init and tp_new in a class, of the function in a slot's wrapper
MOST_ARGUMENTS = 3
Wrapper = type(BaseException.__init__)


class Raising(Direct):
    """Specializations of calls that make exceptions."""

    def has_slot(self, kind: type, offset: int) -> bool:
        """Whether a class of exceptions has the same slot as Exception."""
        return type(kind) is type and bool(kind.__flags__ & EXCEPTION_CLASS) and \
            self.core.word(id(kind) + offset) == self.core.word(id(Exception) + offset)

    def is_plain_exception(self, kind: type) -> bool:
        """Whether calling a class makes an exception and does nothing else, and its end is no one's business."""
        return self.has_slot(kind, NEW) and self.has_slot(kind, INIT) and \
            self.core.class_attribute(kind, "__del__") is MISSING

    def call_builtin(self, instr, target, first: int, count: int):
        registers = range(first + 1, first + 1 + count)
        if type(target) is type and self.is_plain_exception(target):
            at = self.call_exception(instr, target, list(registers))
        elif type(target) is Wrapper:
            at = self.call_wrapper(instr, target, list(registers))
        else:
            at = None
        return super().call_builtin(instr, target, first, count) if at is None else at

    def call_type(self, instr, kind: type, positional: list, named: list):
        if self.has_slot(kind, NEW):
            if named or not self.fits_exception(positional):
                return self.step(instr)
            at = self.call_exception(instr, kind, positional) if self.is_plain_exception(kind) else None
            if at is not None:
                return at
        return super().call_type(instr, kind, positional, named)

    def adds_nothing(self, kind: type) -> bool:
        return self.has_slot(kind, NEW) or super().adds_nothing(kind)

    def instance_of_call(self, kind: type, inlined: bool, positional: list) -> Val:
        if self.has_slot(kind, NEW):
            return self.new_exception(kind, positional)
        return super().instance_of_call(kind, inlined, positional)

    def call_exception(self, instr, kind: type, registers: list[int]):
        """An exception whose class has no code of its own; None: not this way."""
        if instr.keywords or not self.fits_exception(registers) or not self.guard_class(kind):
            return None
        self.guard_depth()
        self.ready(*registers)
        regs = self.cx.frames[-1].regs
        return self.finish_call(instr, self.virtual_exception(kind, *(regs[number] for number in registers)))

    @staticmethod
    def virtual_exception(kind: type, *args: Val) -> Val:
        """An exception that exists only as its class and arguments."""
        return Val("exc", None, kind, parts=(MARK, *args))

    def make_exc(self, val: Val) -> Val:
        """The exception itself."""
        self.secure()
        parts = [self.part_object(part) for part in val.parts[1:]]
        made = self.e("call_p", self.const_object(val.type), str(len(parts)), *parts,
                      *["null"] * (MOST_ARGUMENTS - len(parts)), x=self.api("rt_sure_exception"))
        self.cx.facts.clear()
        kind = val.type if is_fixed(val.type) else None
        if kind is None:
            self.cx.facts["class", made] = val.type
        return Val("obj", made, kind)

    def settle(self, val: Val) -> Val:
        return self.materialized(val) if val.kind == "exc" else super().settle(val)

    def fits_exception(self, registers: list) -> bool:
        """Whether rt_exception takes so many arguments, and they are there."""
        regs = self.cx.frames[-1].regs
        return len(registers) <= MOST_ARGUMENTS and \
            all(isinstance(one, int) and (one == RECEIVER or regs[one].kind != "mem") for one in registers)

    def new_exception(self, kind: type, registers: list[int]) -> Val:
        """A new exception with arguments, the guards that belong to the call have been made."""
        temps: list[str] = []
        self.ready(*registers)
        made = self.made_by_call(kind if is_fixed(kind) else None, "rt_exception", self.const_object(kind),
                                 *self.three(registers, temps), temps=temps, container=True)
        if not is_fixed(kind):
            self.cx.facts["class", made.ssa] = kind
        return made

    def three(self, registers: list[int], temps: list[str]) -> list[str]:
        """How many arguments there are, and three of them."""
        pointers = [self.object_in(register, temps) for register in registers]
        return [str(len(pointers)), *pointers, *["null"] * (MOST_ARGUMENTS - len(pointers))]

    def call_wrapper(self, instr, target, registers: list[int]):
        """`__init__` of object or BaseException, unbound, with the object as its first argument; None: not so."""
        if not registers or instr.keywords:
            return None
        function = self.core.word(id(target) + WRAPPED)
        if function == self.core.word(id(object) + INIT):
            return self.finish_call(instr, NONE) if len(registers) == 1 else None
        val = self.cx.frames[-1].regs[registers[0]]
        kind = self.type_of(val) or self.class_of(val) if val.kind == "obj" and val.const is NO else None
        if function != self.core.word(id(Exception) + INIT) or kind is None or \
                not kind.__flags__ & EXCEPTION_CLASS or not self.fits_exception(registers):
            return None
        temps: list[str] = []
        self.ready(*registers)
        done = self.e("call_i", self.pointer(val), *self.three(registers[1:], temps), x=self.api("rt_exception_args"))
        self.failing(self.e("int_ne", done, "0"), temps)
        self.keep()
        self.drop_temps(temps)
        self.cx.facts.clear()
        return self.finish_call(instr, NONE)


__all__ = ["Raising", "HEAP_TYPE"]
