"""Comparisons, truth, jumps, loops."""
from __future__ import annotations

from .arith import literal
from .builder import Builder
from .values import NO, NUMBERS, Val

MOST_TYPES = 5          # of an operand that each get their own code
PROMOTE = "it has run often enough to be compiled better"
SIGNS = {"LT": "lt", "LE": "le", "EQ": "eq", "NE": "ne", "GT": "gt", "GE": "ge"}


class Control(Builder):
    """Specializations of comparisons and jumps."""

    # -------------------------------------------------------------------------------------------- comparing
    def compared(self, name: str, left: Val | None, right: Val | None) -> str | None:
        """The truth of a comparison of numbers; None: not numbers."""
        if left is None or right is None:
            return None
        if left.kind == right.kind == "float":
            return self.e("float_" + SIGNS[name], left.ssa, right.ssa)
        if "float" in (left.kind, right.kind):
            for val in (left, right):
                if val.kind != "float":
                    self.exact(self.as_int(val))
            return self.e("float_" + SIGNS[name], self.as_float(left), self.as_float(right))
        return self.e("int_" + SIGNS[name], self.as_int(left).ssa, self.as_int(right).ssa)

    def compare(self, instr, name: str, right: Val | None, truth: str | None):
        """R[A] = R[B] ? right."""
        if truth is None:
            truth = self.compared(name, self.number(instr.b, self.seen.b), right)
        if truth is None:
            known = self.local_constant(instr.c) if instr.op.endswith("_K") else None
            truth = self.compare_others(name, (instr.b, self.seen.b), known, (instr.c, self.seen.c))
        if truth is None:
            return self.step(instr)
        return self.finish_binary(instr, name, Val("bool", truth))

    def compare_jump(self, instr, name: str, right: Val | None, truth: str | None, registers: bool):
        """if (R[A] ? right) is X: jump."""
        if truth is None:
            truth = self.compared(name, self.number(instr.a, self.seen.a), right)
        if truth is None:
            known = None if registers else self.local_constant(instr.b)
            truth = self.compare_others(name, (instr.a, self.seen.a), known, (instr.b, self.seen.b))
        if truth is None:
            return self.step(instr)
        self.drop_after = [instr.a] if instr.consumes(0) else []
        if registers and instr.consumes(1):
            self.drop_after.append(instr.b)
        return self.branch(instr, truth)

    def compare_others(self, name: str, left: tuple, known: Val | None, right: tuple) -> str | None:
        """The truth of a comparison of other known types, operands as (register, kinds seen); `known`: the right one is
        a constant. None: a single step."""
        return None

    # --------------------------------------------------------------------------------------------- branching
    def branch(self, instr, truth: str):
        """Go on both ways that were seen; the other one is an exit. `truth` decides with the X bit."""
        ways = {instr.target: instr.x, instr.at + instr.length: not instr.x}
        if truth in ("true", "false"):
            self.drop_operands()
            return instr.target if (truth == "true") == instr.x else instr.at + instr.length
        seen = [at for at in ways if at in self.seen.next] or list(ways)
        if len(seen) == 1 and len(ways) == 2:
            wanted = ways[seen[0]]
            why = "a condition went the way it never had"
            self.do("guard" if wanted else "guard_not", truth, x=f"B{self.exit_for(why).number}")
            self.drop_operands()
            return seen[0]
        if len(ways) == 1:
            self.drop_operands()
            return seen[0]
        self.drop_operands()
        true_at = next(at for at, sense in ways.items() if sense)
        false_at = next(at for at, sense in ways.items() if not sense)
        self.block.end = ("branch", truth, self.edge(true_at), self.edge(false_at))
        return None

    drop_after: list = []

    def drop_operands(self) -> None:
        """Empty the registers the jump consumes."""
        from .values import EMPTY
        for number in self.drop_after:
            if self.cx.frames[-1].regs[number].kind != "empty":
                self.write(number, EMPTY)
        self.drop_after = []

    def truth(self, val: Val) -> str | None:
        """Whether a value is true; None: unknown type."""
        if val.kind == "bool":
            return val.ssa
        if val.kind == "none":
            return "false"
        if val.kind == "int":
            return self.e("int_ne", val.ssa, "0")
        if val.kind == "float":
            return self.e("float_ne", val.ssa, "0x0000000000000000")
        kind = self.type_of(val) if val.kind == "obj" else None
        if kind in (list, tuple, str):
            return self.e("int_ne", self.load("i64", self.pointer(val), 16, "list" if kind is list else "str"), "0")
        if kind is dict:
            return self.e("int_ne", self.load("i64", self.pointer(val), 16, "dict"), "0")
        if kind is bool:
            return self.e("ptr_eq", self.pointer(val), self.const_object(True))
        if kind is type(None):
            return "false"
        if val.kind == "obj" and val.ssa is not None:
            kind = self.class_of(val)
            if kind is not None and always_true(kind) and self.guard_version(val, kind):
                return "true"
        return None

    def do_JIF(self, instr):
        val = self.read_typed(instr.a, self.seen.a)
        truth = self.truth(val) if val is not None else None
        if truth is None:
            return self.step(instr)
        self.drop_after = [instr.a] if instr.consumes(0) else []
        return self.branch(instr, truth)

    def read_typed(self, register: int, kinds: set) -> Val | None:
        """A register, its type guarded as seen; with several types, each goes its own way."""
        val = self.read(register)
        if val.kind == "obj" and val.const is NO and self.type_of(val) is None and \
                self.class_of(val) is None:
            types = [kind for kind in kinds if isinstance(kind, type)]
            types += [{"int": int, "float": float, "bool": bool, "none": type(None)}[kind] for kind in kinds
                      if kind in ("int", "float", "bool", "none")]
            if not types or len(types) > MOST_TYPES:
                return None
            if len(types) > 1:
                self.split_type(val, sorted(types, key=lambda t: t.__name__))
            if types[0] is float or types[0] is int:
                return self.unboxed(val, set(types))
            val = self.guard_type(val, types[0])
        elif val.kind == "obj" and self.type_of(val) in (int, float):
            return self.unboxed(val, kinds)
        return val

    def do_NOT(self, instr):
        val = self.read_typed(instr.b, self.seen.b)
        truth = self.truth(val) if val is not None else None
        if truth is None:
            return self.step(instr)
        result = Val("bool", self.e("bool_not", truth))
        self.consume(instr, 1, instr.b)
        self.write(instr.a, result)
        return instr.at + instr.length

    def none_test(self, val: Val) -> str | None:
        """Whether a value is None."""
        if val.kind == "none":
            return "true"
        if val.kind != "obj":
            return "false" if val.kind in NUMBERS or val.parts else None
        if val.const is not NO:
            return "false"
        return self.e("ptr_eq", val.ssa, self.const_object(None))

    def do_JNONE(self, instr):
        val = self.read(instr.a)
        truth = self.none_test(val)
        if truth is None:
            return self.step(instr)
        self.drop_after = [instr.a] if instr.consumes(0) else []
        return self.branch(instr, truth)

    def identical(self, instr, left: int, right: int) -> str | None:
        """`is` of two registers, numbers by value."""
        a, b = self.read(left), self.read(right)
        if a.kind == "none":
            return self.none_test(b)
        if b.kind == "none":
            return self.none_test(a)
        if a.kind == b.kind == "obj":
            return self.e("ptr_eq", self.pointer(a), self.pointer(b))
        if a.kind == b.kind == "bool":
            return self.e("bool_not", self.e("bool_xor", a.ssa, b.ssa))
        if a.kind == b.kind == "int":
            return self.e("int_eq", a.ssa, b.ssa)
        for val, other in ((a, b), (b, a)):
            if val.kind == "bool" and other.kind == "obj":
                box = self.e("ptr_select", val.ssa, self.const_object(True), self.const_object(False))
                return self.e("ptr_eq", self.pointer(other), box)
            if val.kind == "bool" and other.kind in ("int", "float", "char", "tuple"):
                return "false"
        return None

    def do_JIS(self, instr):
        truth = self.identical(instr, instr.a, instr.b)
        if truth is None:
            return self.step(instr)
        self.drop_after = [instr.a] if instr.consumes(0) else []
        if instr.consumes(1):
            self.drop_after.append(instr.b)
        return self.branch(instr, truth)

    def do_IS(self, instr):
        truth = self.identical(instr, instr.b, instr.c)
        if truth is None:
            return self.step(instr)
        if instr.x:
            truth = self.e("bool_not", truth)
        return self.finish_binary(instr, "IS", Val("bool", truth))

    # ------------------------------------------------------------------------------------------------ loops
    def do_JUMP(self, instr):
        return instr.target

    def poll(self, instr) -> None:
        """Leave if a signal, another thread or a pending call waits."""
        pointer = self.const_word(self.core.word(self.info["state"] + self.offset["State.eval_breaker"]))
        self.guard(self.e("int_eq", self.e("poll", pointer), "0"), "a signal or another thread's turn")
        self.keep()
        if not self.optimized:
            self.do("guard", self.e("turns_left"), x=f"B{self.another_exit(PROMOTE).number}")

    def do_LOOP(self, instr):
        self.poll(instr)
        self.goto(instr.target)
        return None

    do_LOOP_COMPILED = do_LOOP

    def do_RESUME(self, instr):
        return instr.at + instr.length

    do_RESUME_COMPILED = do_RESUME

    def do_RETURN(self, instr):
        if len(self.cx.frames) == 1:
            self.finish(instr)
            return None
        if self.cx.frames[-1].kind == "gen":
            return self.return_generator(instr)
        return self.return_inlined(instr)


def always_true(kind: type) -> bool:
    """Whether objects of a class are true without being asked."""
    return not any("__bool__" in base.__dict__ or "__len__" in base.__dict__ for base in kind.__mro__)


def define(name: str) -> None:
    """The four forms of a comparison."""
    def registers(self, instr):
        truth = self.wide_truth(name, instr.b, instr.c)
        return self.compare(instr, name, None if truth else self.number(instr.c, self.seen.c), truth)

    def with_constant(self, instr):
        val = self.local_constant(instr.c)
        truth = self.wide_truth(name, instr.b, val)
        return self.compare(instr, name, val if val.kind in NUMBERS else None, truth)

    def jump(self, instr):
        truth = self.wide_truth(name, instr.a, instr.b)
        return self.compare_jump(instr, name, None if truth else self.number(instr.b, self.seen.b), truth, True)

    def jump_constant(self, instr):
        val = self.local_constant(instr.b)
        truth = self.wide_truth(name, instr.a, val)
        return self.compare_jump(instr, name, val if val.kind in NUMBERS else None, truth, False)

    setattr(Control, "do_" + name, registers)
    setattr(Control, f"do_{name}_K", with_constant)
    setattr(Control, f"do_J{name}", jump)
    setattr(Control, f"do_J{name}_K", jump_constant)


for _name in SIGNS:
    define(_name)

__all__ = ["Control", "literal"]
