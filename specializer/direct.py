"""Direct calls of C functions that cannot run code of the program, in the place of single steps.

    x = d[k]    ->  %p = call_p %d, %k !rt_dict_item_any; guard %p != null

How errors come out: such a function does nothing when it fails, and clears its exception; a guard on its
result leaves, and the interpreter does the instruction again and raises. So the call may come before the
instruction's other guards, and what was made only for it (`temps`) is dropped on the way out. Where operands
had to be made real or owned first, the state after that is what exits go back to (`again`): it says the same
as the one at the instruction's start.
"""
from __future__ import annotations

from .arith import literal
from .builtins import RECEIVER
from .builder import LARGE, PLAIN_TYPES, Builder
from .context import DIRTY
from .values import NO, Val

FAILS = "an operation fails or is too unusual"
FIXED_KINDS = (*PLAIN_TYPES, type(None))


class Direct(Builder):
    """What the families of direct calls share."""

    def again(self) -> None:
        """Exits from here on go back with the state as it is now: nothing that the program could see has happened."""
        self.snapshot = self.cx.copy()
        self.exit_block = self.first_exit = None
        self.changed_by = ""
        self.own_exits = {}

    def left_before(self, why: str) -> bool:
        """Whether this instruction's exit with this sentence became hot: another way is worth its price."""
        return (self.cx.frames[-1].path, self.at, why) in self.profile.hot

    def failing(self, ok: str, temps=(), why: str = FAILS, done: bool = False) -> None:
        """Go on only if a call has succeeded; else drop what was made for it and leave. `done`: where it has, it must
        not be made again."""
        target = self.exit_for(why)
        if temps:
            block = self.function.block()
            block.ops = [("decref_plain", "", (name,), None) for name in temps]
            block.end = ("jump", target, [])
            target.incoming.append((block, []))
            target = block
        self.do("guard_done" if done else "guard", ok, x=f"B{target.number}")

    def exit_for(self, why: str):
        """The block of this instruction's exit with a sentence of its own, which `left_before` asks for."""
        saved, self.exit_block = self.exit_block, self.own_exits.get(why)
        self.exit_label(why)
        target, self.exit_block = self.exit_block, saved
        self.own_exits[why] = target
        return target

    def long_value(self, o: str) -> str:
        """The value of an int object; larger ones leave by an exit of their own, for longs.py asks whether they do."""
        if o not in self.cx.ints:
            self.cx.ints[o] = self.e("long_value", o, x=f"B{self.exit_for(LARGE).number}")
        return self.cx.ints[o]

    def __init__(self, core, name: str):
        super().__init__(core, name)
        self.wide: set[str] = set()         # values that are large ints, see longs.py

    def begin(self, at: int) -> None:
        super().begin(at)
        self.own_exits: dict = {}

    def drop_temps(self, temps) -> None:
        """Drop what was made for a call: no effect, since nobody else knows of it."""
        before = self.changed_by
        for name in temps:
            self.do("decref_plain", name)
        self.changed_by = before

    def own(self, made: str, kind: type | None = None) -> Val:
        """A new object that the region owns."""
        self.cx.owned[made] = self.cx.owned.get(made, 0) + 1
        return Val("obj", made, kind)

    def real(self, register: int) -> Val:
        """A register's value, made real if it is virtual."""
        if register == RECEIVER:
            return self.receiver
        val = self.cx.frames[-1].regs[register]
        if val.ssa in self.cx.virtuals:
            self.make_instance(val.ssa)
        return self.materialized(val) if val.parts else val

    def object_in(self, register: int, temps: list) -> str:
        """A register's value as an object, borrowed; boxes that are made for it go to `temps`."""
        frame = self.cx.frames[-1]
        val = self.real(register)
        if val.kind == "mem":
            return self.e("call_p", self.register(frame.frame, register), x=self.api("rt_boxed"))
        return self.object_of(val, temps)

    def object_of(self, val: Val, temps: list) -> str:
        """The same for a value that is real."""
        if val.kind == "obj":
            return self.pointer(val)
        if val.kind == "none":
            return self.const_object(None)
        if val.kind == "bool":
            return self.e("ptr_select", val.ssa, self.const_object(True), self.const_object(False))
        known = literal(val)
        if known is not None:
            return self.const_object(known)
        if val.kind == "int":
            made = self.box_int(val.ssa)
        else:
            made = self.e("call_p", val.ssa, x=self.api("rt_box_float"))
        temps.append(made)
        return made

    def kind_of(self, val: Val) -> type | None:
        """The exact type of any value; None: unknown."""
        if val.kind == "obj":
            return self.type_of(val)
        return KINDS.get(val.kind)

    def is_plain(self, val: Val) -> bool:
        """Whether hashing, comparing or formatting the value runs no code of the program."""
        if val.kind == "tuple":
            return all(self.is_plain(part) for part in val.parts)
        return self.kind_of(val) in FIXED_KINDS

    def made_by_call(self, kind: type | None, name: str, *args: str, temps=(), container: bool = False) -> Val:
        """The result of a function of the runtime that returns a new reference or fails."""
        made = self.e("call_p", *args, x=self.api(name))
        self.failing(self.e("ptr_ne", made, "null"), temps)
        self.drop_temps(temps)
        if container:
            self.cx.facts.clear()
        return self.own(made, kind)

    def ready(self, *registers: int) -> None:
        """Before a call that may free objects (or collect garbage): operands real, everything owned."""
        for register in registers:
            if register != RECEIVER:
                self.guard_ordered(self.cx.frames[-1].regs[register])
        for register in registers:
            self.real(register)
        self.secure()
        self.again()

    def conclude(self, instr, operands, result: Val | None):
        """Consume operands, (number, register) each, and write the result."""
        self.keep()
        if result is not None:
            self.cx.hold(result)
        for number, register in operands:
            self.consume(instr, number, register)
        if result is not None:
            self.write(instr.a, result)
            self.unhold(result)
        return instr.at + instr.length

    def empty_range(self, first: int, count: int) -> None:
        """Empty registers that an instruction consumes."""
        from .values import EMPTY
        frame = self.cx.frames[-1]
        for number in range(first, first + count):
            if frame.regs[number].kind != "empty" or frame.homes[number] != DIRTY:
                self.write(number, EMPTY)


KINDS = {"int": int, "float": float, "bool": bool, "none": type(None), "char": str, "tuple": tuple, "slice": slice,
         "complex": complex}
__all__ = ["Direct", "NO"]
