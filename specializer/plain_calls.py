"""Functions, operators and slices of plain values: C functions that run no code of the program, called as they are.

    math.hypot(x, y)   ->  rt_call_array(math_hypot, math, %x, %y, null, 2), a float
    w[::-1]            ->  rt_sliced(%w, 0, 0, -1, 4)               b + c of bytes  ->  rt_bytes_concat

Frames stay where they are, in contrast to `outcalls.py`; what fails has changed nothing and leaves (`direct.py`).
"""
from __future__ import annotations

from types import BuiltinFunctionType

from .builtins import ROWS, row
from .direct import Direct
from .methods import MOST_ARGUMENTS
from .values import NO, Val

PLAIN: dict[tuple[str | None, str], type | None] = {}
DEFINITION = 16                         # offset in a builtin function
SLICED = (str, bytes, list, tuple)
CONCATENATED = {bytes: "rt_bytes_concat", list: "rt_concatenated", tuple: "rt_concatenated"}


def plain(module: str, result: type | None, names: str) -> None:
    """A row: functions of a module and what they return, None: one thing or another."""
    for name in names.split():
        PLAIN[module, name] = result


plain("math", float, "hypot copysign ldexp degrees radians erf erfc gamma lgamma cbrt exp2 remainder log exp pow sqrt "
                     "atan2 fmod sin cos tan fabs")
plain("math", int, "gcd lcm isqrt comb perm factorial")
plain("math", bool, "isnan isinf isfinite isclose")
plain("math", tuple, "modf frexp")
plain("cmath", complex, "exp log log10 sqrt sin cos tan sinh cosh tanh asin acos atan rect")
plain("cmath", float, "phase")
plain("cmath", tuple, "polar")
plain("builtins", None, "round pow min max")
plain("builtins", str, "hex bin oct ascii")


class PlainCalls(Direct):
    """Specializations of what is plain."""

    def call_method(self, instr, target, registers: list[int]):
        if type(target) is not BuiltinFunctionType or (target.__module__, target.__name__) not in PLAIN:
            return super().call_method(instr, target, registers)
        name = ROWS.get(id(target))
        result = getattr(self, name)(instr, registers) if name is not None else None
        if result is None:
            result = self.plain_call(target, registers)
        return self.step(instr) if result is None else self.finish_call(instr, result)

    def plain_call(self, target, registers: list[int]) -> Val | None:
        """A row of PLAIN; None: the arguments are not plain."""
        values = [self.argument(register) for register in registers]
        if not 1 <= len(registers) <= MOST_ARGUMENTS or \
                not all(val is not None and val.kind != "tuple" and self.is_plain(val) for val in values):
            return None
        self.ready(*registers)
        temps: list[str] = []
        pointers = [self.object_in(register, temps) for register in registers]
        made = self.call_c(id(target) + DEFINITION, [self.const_object(target.__self__), *pointers], temps)
        kind = PLAIN[target.__module__, target.__name__]
        if kind is float:
            return Val("float", self.e("call_f", made, x=self.api("rt_float_of")))
        return self.own(made, kind) if kind is not bool else self.result_of(made, bool)

    @row(bytes)
    def call_bytes(self, instr, registers):
        val = self.argument(registers[0]) if len(registers) == 1 else None
        if val is None or val.kind != "obj" or val.const is not NO or self.type_of(val) is not list:
            return None
        return self.made_by_call(bytes, "rt_bytes_of", self.pointer(val))

    # ------------------------------------------------------------------------------------------------ slices
    def item_by_object(self, instr):
        index = self.cx.frames[-1].regs[instr.c] if instr.op == "ITEM_GET" else None
        if index is None or index.kind != "slice":
            return super().item_by_object(instr)
        stepped = len(index.parts) == 3 and index.parts[2].kind != "none"
        val = self.read_typed(instr.b, self.seen.b)
        kind = self.kind_of(val) if val is not None and val.kind != "mem" else None
        if kind not in SLICED or val.parts or not stepped and kind is not bytes:
            return super().item_by_object(instr)
        bounds = [part.ssa if part.kind == "int" else "0" for part in index.parts]
        given = sum(1 << at for at, part in enumerate(index.parts) if part.kind == "int")
        self.secure()
        self.again()
        made = self.made_by_call(kind, "rt_sliced", self.pointer(val), *bounds, *["0"] * (3 - len(bounds)), str(given),
                                 container=kind in (list, tuple))
        return self.finish_item(instr, made)

    # --------------------------------------------------------------------------------------------- operators
    def other_binary(self, instr, name: str, right):
        made = None
        if name in ("ADD", "MUL"):
            made = self.put_together(instr, name, right)
        return super().other_binary(instr, name, right) if made is None else self.finish_binary(instr, name, made)

    def put_together(self, instr, name: str, right: Val | None) -> Val | None:
        """Two sequences, or one repeated; None: something else."""
        if not self.may_be_sequence(instr, name):
            return None
        left = self.read_typed(instr.b, self.seen.b)
        if right is None:
            right = self.local_constant(instr.c) if instr.op.endswith("_K") else self.read_typed(instr.c, self.seen.c)
        if left is None or right is None or left.parts or right.parts or instr.x and self.kind_of(left) is list:
            return None
        if name == "ADD" and self.kind_of(left) is self.kind_of(right) and self.kind_of(left) in CONCATENATED:
            kind, how, more = self.kind_of(left), CONCATENATED[self.kind_of(left)], right
        elif name == "MUL" and self.kind_of(left) in SLICED and right.kind == "int":
            kind, how, more = self.kind_of(left), "rt_repeated", right
        else:
            return None
        self.secure()
        self.again()
        return self.made_by_call(kind, how, self.pointer(left), more.ssa if more.kind == "int" else self.pointer(more),
                                 container=kind in (list, tuple))

    def may_be_sequence(self, instr, name: str) -> bool:
        """Whether the left operand is a sequence, as far as it is known or was seen."""
        val = self.cx.frames[-1].regs[instr.b]
        kinds = {self.kind_of(val)} if val.kind != "mem" and self.kind_of(val) else self.seen.b
        return len(kinds) == 1 and next(iter(kinds)) in (CONCATENATED if name == "ADD" else SLICED)


__all__ = ["PlainCalls"]
