"""f(*args, **kwargs): tuples and dicts of arguments that are never made.

    BUILD_MAP r3; DICT_MERGE r3 kwargs; CALL_EX f, args, r3     ->      f's parameters are the parts of args and kwargs

A virtual dict has a first part that says nothing, then keys and values by turns. It exists where only calls, other such
dicts and look-ups by constants use it; there is never a second register that holds it, for it is one object.
"""
from __future__ import annotations

from ..tracer.liveness import effects_of
from .binding import MARK, Binding, Gathered
from .values import EMPTY, NO, Val

LOOKS = {"ITEM_GET_K", "DICT_MERGE"}        # what a virtual dict may be the second operand of
OF_LIST = 1 << 32       # added to the length of a list, where lengths of tuples are recorded
LONGEST = 12                                # tuple that is spread to parameters


class Keywords(Binding):
    """Specializations of calls with tuples and dicts of arguments."""

    # ---------------------------------------------------------------------------------------- virtual dicts
    def make_dict(self, val: Val) -> Val:
        """A real dict."""
        made = self.e("call_p", x=self.api("rt_dict"))
        for key, value in zip(val.parts[1::2], val.parts[2::2]):
            self.do("call_none", made, self.pointer(key), self.part_object(value), x=self.api("rt_dict_put"))
        return Val("obj", made, dict)

    def settle(self, val: Val) -> Val:
        return self.materialized(val) if val.kind == "dict" else super().settle(val)

    def gathered(self, values: list[Val], names: tuple | None) -> Val:
        val = super().gathered(values, names)
        if val.kind == "dict" and not self.stays_virtual:
            self.secure()
            return self.materialize(val)
        return val

    def take_sources(self, sources) -> list[Val]:
        self.stays_virtual = bool(sources) and isinstance(sources[-1], Gathered) and self.only_looked_at
        return super().take_sources(sources)

    stays_virtual = only_looked_at = False

    @staticmethod
    def looked_at(code, register: int) -> bool:
        """Whether a variable that holds a dict is only looked at, so that it need not be made."""
        for instr in code.instrs.values():
            found = effects_of(instr)
            used = register in (*found.reads, *found.takes, *found.fills)
            if used and (instr.op not in LOOKS or instr.b != register):
                return False
        return True

    def merged_next(self, at: int, register: int) -> bool:
        """Whether a dict is made to be merged with others for a call."""
        code = self.cx.frames[-1].code
        while at in code.instrs and at not in code.merges:
            instr = code.instrs[at]
            if instr.op == "DICT_MERGE":
                if register in (instr.a, instr.b):
                    return True
            elif instr.target >= 0 or instr.op == "RETURN":
                return False
            at += instr.length
        return False

    def do_BUILD_MAP(self, instr):
        local = instr.a < self.cx.frames[-1].code.nlocals
        if instr.c or local or not self.merged_next(instr.at + instr.length, instr.a):
            return super().do_BUILD_MAP(instr)
        self.write(instr.a, Val("dict", parts=(MARK,)))
        return instr.at + instr.length

    def do_BUILD_CONST_MAP(self, instr):
        frame = self.cx.frames[-1]
        names, registers = frame.regs[instr.b + instr.c], range(instr.b, instr.b + instr.c)
        fits = type(names.const) is tuple and all(type(name) is str for name in names.const) and \
            len(set(names.const)) == len(names.const) and instr.a >= frame.code.nlocals
        known = all(frame.regs[n].kind != "mem" for n in registers)
        if not fits or not known or not self.merged_next(instr.at + instr.length, instr.a):
            return super().do_BUILD_CONST_MAP(instr)
        for register in registers:
            self.guard_ordered(frame.regs[register])
        self.keep()
        for register in registers:
            self.settle(frame.regs[register])
        values = [self.take(register) for register in registers]
        made = Binding.gathered(self, values, names.const)
        self.write(instr.b + instr.c, EMPTY)
        self.write(instr.a, made)
        for value in values:
            self.release(value)
        return instr.at + instr.length

    def do_DICT_MERGE(self, instr):
        regs = self.cx.frames[-1].regs
        into, more = regs[instr.a], regs[instr.b]
        if into.kind != "dict" or more.kind != "dict":
            return self.step(instr)
        keys = [key.const for key in into.parts[1::2] + more.parts[1::2]]
        if len(set(keys)) != len(keys):
            return self.step(instr)
        self.write(instr.a, Val("dict", parts=into.parts + more.parts[1:]))
        self.consume(instr, 1, instr.b)
        return instr.at + instr.length

    def do_ITEM_GET_K(self, instr):
        val, key = self.cx.frames[-1].regs[instr.b], self.local_constant(instr.c)
        if val.kind != "dict":
            return super().do_ITEM_GET_K(instr)
        found = [value for name, value in zip(val.parts[1::2], val.parts[2::2]) if name.const == key.const]
        if type(key.const) is not str or not found:
            return self.step(instr)
        return self.finish_item(instr, found[0])

    # ------------------------------------------------------------------------------------------------ calls
    def do_CALL_EX(self, instr):
        frame = self.cx.frames[-1]
        first = instr.b + 1
        if frame.regs[first].kind == "mem":
            self.load_register(frame, first, None)
        callable = frame.regs[first]
        named = self.named_parts(frame.regs[first + 2]) if instr.c & 1 else []
        positional = self.spread_tuple(first + 1) if callable.kind == "obj" and named is not None else None
        if positional is None:
            return self.step(instr)
        return self.call_function(instr, callable, first, positional, named)

    def named_parts(self, val: Val) -> list | None:
        """Names and values of a virtual dict."""
        if val.kind != "dict":
            return None
        return [(key.const, value) for key, value in zip(val.parts[1::2], val.parts[2::2])]

    def spread_tuple(self, register: int) -> list | None:
        """The items of a tuple whose length is known or was always the same."""
        frame = self.cx.frames[-1]
        if frame.regs[register].kind == "mem":
            self.load_register(frame, register, None)
        val = frame.regs[register]
        if val.kind == "tuple":
            return list(val.parts)
        if type(val.const) is tuple:
            return [self.known(one) for one in val.const]
        lengths = list(self.seen.shapes)
        if val.kind != "obj" or val.const is not NO or len(lengths) != 1 or lengths[0] < 0:
            return None
        kind, length = (list, lengths[0] - OF_LIST) if lengths[0] >= OF_LIST else (tuple, lengths[0])
        if length > LONGEST:
            return None
        val = self.guard_type(val, kind)
        size = self.load("i64", val.ssa, 16, kind.__name__)
        self.guard(self.e("int_eq", size, str(length)), "a tuple has another length")
        return [Val("obj", self.item_at(val.ssa, str(at), kind)) for at in range(length)]


__all__ = ["Keywords"]
