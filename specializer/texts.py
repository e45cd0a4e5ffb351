"""Texts of numbers, numbers of texts, and methods of strings that take a detour in the host (vm/jit_text.py).

    "t%d" % i    ->   rt_text_of_int("t", i, null)          f"{i:06d}"   ->   rt_format_int(i, 6, '0', 10)
"""
from __future__ import annotations

from .builtins import RECEIVER, row
from .direct import Direct
from .values import EMPTY, NO, Val

UNUSUAL = "a text is not a plain number"
NO_INT = str(-(1 << 63))
WIDEST = 60
TAILS = {"startswith": "0", "endswith": "1"}


class Texts(Direct):
    """Specializations of formatting and of methods of strings."""

    def owned_text(self, name: str, *args: str) -> Val:
        """A string that a function of the runtime has made."""
        return self.made_by_call(str, name, *args)

    # ------------------------------------------------------------------------------------- numbers as text
    def percent(self, instr, left: Val, right: Val | None):
        text = left.const if left.const is not NO and left.const.isascii() else ""
        before, found, behind = text.partition("%d")
        number = right.parts[0] if right is not None and right.kind == "tuple" and len(right.parts) == 1 else right
        if not found or "%" in before + behind or number is None or number.kind != "int":
            return super().percent(instr, left, right)
        around = [self.const_object(text) if text else "null" for text in (before, behind)]
        made = self.owned_text("rt_text_of_int", around[0], number.ssa, around[1])
        return self.finish_binary(instr, "MOD", made)

    def do_FORMAT(self, instr):
        frame = self.cx.frames[-1]
        val = frame.regs[instr.b]
        if val.kind == "mem" or val.kind == "obj" and val.const is NO:
            val = self.read_typed(instr.b, self.seen.b)
        made = self.formatted(instr, val, frame.regs[instr.b + 1] if instr.c & 4 else None) if val else None
        if made is None:
            return super().do_FORMAT(instr)
        self.keep()
        self.cx.hold(made)
        self.empty_range(instr.b, 2 if instr.c & 4 else 1)
        self.write(instr.a, made)
        self.unhold(made)
        return instr.at + instr.length

    def formatted(self, instr, val: Val, spec: Val | None) -> Val | None:
        """The text of a number; None: another way."""
        how = "" if spec is None else spec.const
        if type(how) is not str or how and instr.c & 3:
            return None
        if val.kind == "float":
            digits = how[1:-1]
            plain = how[:1] == "." and how[-1:] == "f" and is_small(digits)
            return self.owned_text("rt_format_float", val.ssa, str(int(digits))) if plain else None
        filler, width, base = how[:1] == "0", how.removeprefix("0"), "10"
        if width[-1:] in ("d", "x"):
            width, base = width[:-1], "16" if width[-1] == "x" else "10"
        if val.kind != "int" or width and (width[0] == "0" or not is_small(width) or int(width) > WIDEST):
            return None
        if not width and base == "10":
            return self.owned_text("rt_text_of_int", "null", val.ssa, "null")
        return self.owned_text("rt_format_int", val.ssa, width or "0", "48" if filler else "32", base)

    def text_of(self, registers, name: str) -> Val | None:
        val = self.argument(registers[0]) if len(registers) == 1 else None
        if val is not None and val.kind == "int":
            return self.owned_text("rt_text_of_int", "null", val.ssa, "null")
        return super().text_of(registers, name)

    # -------------------------------------------------------------------------------------- text as numbers
    @row(int)
    def call_int(self, instr, registers):
        frame = self.cx.frames[-1]
        if 1 <= len(registers) <= 2 and self.kind_of(self.argument(registers[0]) or EMPTY) is str:
            base = frame.regs[registers[1]].ssa if len(registers) == 2 else "10"
            if base in ("10", "16") and not self.left_before(UNUSUAL):
                number = self.e("call_i", self.string(frame.regs[registers[0]]), base, x=self.api("rt_parse_int"))
                self.failing(self.e("int_ne", number, NO_INT), (), UNUSUAL)
                return Val("int", number)
        return super().call_int(instr, registers)

    # ---------------------------------------------------------------------------------------------- methods
    def safe_method(self, target, registers: list[int]) -> Val | None:
        found = None
        if target.__objclass__ is str:
            values = [self.argument(register) or EMPTY for register in registers]
            kinds = [self.kind_of(val) for val in values]
            if kinds[0] is str:
                found = self.text_method(target.__name__, values, kinds[1:], registers)
        return super().safe_method(target, registers) if found is None else found

    def text_method(self, name: str, values: list[Val], kinds: list, registers) -> Val | None:
        """A method of a string; None: another way."""
        if name == "find" and kinds == [str]:
            return Val("int", self.e("call_i", *map(self.string, values), x=self.api("rt_find")))
        if name in TAILS and kinds == [str]:
            found = self.e("call_i", *map(self.string, values), TAILS[name], x=self.api("rt_tail_match"))
            return Val("bool", self.e("int_ne", found, "0"))
        if name == "split" and kinds in ([str], [type(None)], []):
            self.ready(*registers)
            regs = self.cx.frames[-1].regs
            separator = self.pointer(regs[registers[1]]) if kinds == [str] else "null"
            text = self.receiver if registers[0] == RECEIVER else regs[registers[0]]
            return self.made_by_call(list, "rt_split", self.pointer(text), separator, container=True)
        return None


def is_small(text: str) -> bool:
    """Whether a text is a number of one or two digits."""
    return len(text) < 3 and text.isascii() and text.isdigit()


__all__ = ["Texts"]
