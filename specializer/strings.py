"""Strings: characters that are numbers until somebody needs the object; comparisons, slices, joining, formatting.

    text[i] == "\\n"     ->  %c = load_u8 ...; int_eq %c, 10          the character's string is never touched

A character is Val("char", parts=(its code,)), Latin-1 only: those are objects of the host's table, one each, so that
nobody can tell when the object was fetched.
"""
from __future__ import annotations

from sys import maxunicode

from .arith import literal
from .builtins import row
from .context import DIRTY, IN_MEMORY
from .direct import Direct
from .values import NO, Val

WIDE = "an index is out of range, or a string has characters beyond Latin-1"
LATIN, ASCII, IS_LATIN = 0xBC, 0x40, 0xA4       # bits of a string's state: kind, compact, ready; ascii
MOST_TESTS, BEYOND = 6, 1 << 62
CLASSES = {name: bytes(getattr(chr(code), name)() for code in range(256)) for name in (
    "isalpha", "isdigit", "isalnum", "isspace", "isupper", "islower", "isdecimal", "isnumeric", "isidentifier",
    "isprintable")}
NOT_ASCII, ASCII_BITS = "a string has other than ASCII characters", 0xE0      # compact, ascii, ready
SIGNS = {"LT": "lt", "LE": "le", "EQ": "eq", "NE": "ne", "GT": "gt", "GE": "ge"}


def as_char(val: Val) -> str | None:
    """The code of a character, as an IR value."""
    if val.kind == "char":
        return val.parts[0].ssa
    if val.kind == "obj" and type(val.const) is str and len(val.const) == 1 and val.const < "\u0100":
        return str(ord(val.const))
    return None


class Strings(Direct):
    """Specializations of strings."""

    def make_char(self, val: Val) -> Val:
        """The string of a character."""
        return Val("obj", self.e("call_p", val.parts[0].ssa, x=self.api("rt_char")), str)

    # ------------------------------------------------------------------------------------------------ items
    def other_item(self, instr, val, kind, index):
        if kind is not str:
            return super().other_item(instr, val, kind, index)
        if val.kind != "obj":
            return None
        pointer = self.pointer(val)
        known = val.const if val.const is not NO else None
        size = str(len(known)) if known is not None else self.load("i64", pointer, 16, "str")
        if known is not None and not known.isascii() or self.left_before(WIDE):
            return self.made_by_call(str, "rt_str_item", pointer, self.checked_index(index, size))
        if known is not None:
            at, place = self.checked_index(index, size), self.e("offset", pointer, x=48)
        else:
            at, place = self.latin_place(pointer, index, size)
        return Val("char", parts=(Val("int", self.load("u8", self.e("index", place, at, x="i8"), 0, "str")),))

    def latin_place(self, pointer: str, index: Val, size: str) -> tuple[str, str]:
        """An index in range and the characters of a string that has one byte each: one guard for both."""
        at = index.ssa
        if literal(index) is None or literal(index) < 0:
            at = self.e("int_select", self.e("int_lt", at, "0"), self.e("int_add", at, size), at)
        state = self.load("u32", pointer, 32, "str")
        latin = self.e("int_eq", self.e("int_and", state, str(LATIN)), str(IS_LATIN))
        self.failing(self.e("bool_and", self.e("int_ult", at, size), latin), (), WIDE)
        ascii = self.e("int_ne", self.e("int_and", state, str(ASCII)), "0")
        return at, self.e("index", pointer, self.e("int_select", ascii, "48", "72"), x="i8")

    def item_by_object(self, instr):
        index = self.cx.frames[-1].regs[instr.c] if instr.op == "ITEM_GET" else None
        if index is None or index.kind != "slice":
            return super().item_by_object(instr)
        bounds = self.bounds(index.parts)
        val = self.read_typed(instr.b, self.seen.b)
        kind = self.kind_of(val) if val is not None else None
        if bounds is None or kind not in (str, list, tuple) or val.parts:
            return self.step(instr)
        self.secure()
        self.again()
        name = "rt_str_slice" if kind is str else "rt_sequence_slice"
        made = self.made_by_call(kind, name, self.pointer(val), *bounds, container=kind is not str)
        return self.finish_item(instr, made)

    def bounds(self, parts) -> list[str] | None:
        """Start and stop of a slice of step one, as numbers."""
        if len(parts) == 3 and parts[2].kind != "none":
            return None
        found = []
        for part, missing in zip(parts, ("0", str(BEYOND))):
            if part.kind not in ("none", "int"):
                return None
            found.append(missing if part.kind == "none" else part.ssa)
        return found

    def do_BUILD_SLICE(self, instr):
        frame = self.cx.frames[-1]
        if any(frame.regs[n].kind not in ("int", "none") for n in range(instr.b, instr.b + instr.c)):
            return self.step(instr)
        parts = tuple(self.take(n) for n in range(instr.b, instr.b + instr.c))
        self.write(instr.a, Val("slice", parts=parts))
        for part in parts:
            self.release(part)
        return instr.at + instr.length

    def make_slice(self, val: Val) -> Val:
        """A slice object."""
        parts = [self.boxed_new(part) for part in (*val.parts, Val("none"))[:3]]
        return Val("obj", self.e("call_p", *parts, x=self.api("rt_slice")), slice)

    # ------------------------------------------------------------------------------------------- comparing
    def compare_others(self, name: str, left: tuple, known: Val | None, right: tuple) -> str | None:
        a = self.read_typed(*left)
        b = known if known is not None else self.read_typed(*right)
        if a is None or b is None or "mem" in (a.kind, b.kind):
            return None
        kinds = self.kind_of(a), self.kind_of(b)
        if kinds == (str, str):
            return self.compare_strings(name, a, b)
        if name in ("EQ", "NE") and type(None) in kinds and None not in kinds and kinds[0] is not kinds[1] and \
                set(kinds) <= COMPARABLE:
            return "false" if name == "EQ" else "true"
        if name in ("EQ", "NE") and str in kinds and set(kinds) <= COMPARABLE:
            return "false" if name == "EQ" else "true"
        if kinds == (tuple, tuple):
            return self.compare_tuples(name, left[0], right[0] if known is None else None, b)
        if name in ("EQ", "NE") and self.are_compared_by_identity(a, b):
            same = self.e("ptr_eq", self.pointer(a), self.pointer(b))
            return self.e("bool_not", same) if name == "NE" else same
        return super().compare_others(name, left, known, right)

    def compare_tuples(self, name: str, left: int, right: int | None, known: Val) -> str:
        """Two tuples; what is not plain in them is found at run time."""
        self.secure()
        a, b = self.real(left), known if right is None else self.real(right)
        self.again()
        op = str(list(SIGNS).index(name))
        found = self.e("call_i", self.pointer(a), self.pointer(b), op, x=self.api("rt_tuple_compare"))
        self.failing(self.e("int_ne", found, "2"))
        return self.e("int_ne", found, "0")

    def compare_strings(self, name: str, a: Val, b: Val) -> str:
        """Two strings, each a character or an object."""
        x, y = as_char(a), as_char(b)
        if x is not None and y is not None:
            return self.e("int_" + SIGNS[name], x, y)
        if name in ("EQ", "NE"):
            equal = self.strings_equal(a, b, x, y)
            return self.e("bool_not", equal) if name == "NE" else equal
        order = self.e("call_i", self.string(a), self.string(b), x=self.api("rt_str_order"))
        return self.e("int_" + SIGNS[name], order, "0")

    def string(self, val: Val) -> str:
        """The object of a string; a character's is not counted: the host's table holds it."""
        if val.kind != "char":
            return self.pointer(val)
        return self.e("call_p", val.parts[0].ssa, x=self.api("rt_char_borrowed"))

    def strings_equal(self, a: Val, b: Val, x: str | None, y: str | None) -> str:
        """Whether two strings, not both known to be characters, are equal."""
        for val, text in (a, b.const), (b, a.const):
            if type(text) is str and val.kind == "obj" and (equal := self.equals_text(val, text)) is not None:
                return equal
        if x is None and y is None:
            return self.e("int_ne", self.e("call_i", self.pointer(a), self.pointer(b), x=self.api("rt_str_eq")), "0")
        code, other = (x, b) if x is not None else (y, a)
        if other.const is not NO:
            return "false"
        return self.e("int_eq", self.only_character(other), code)

    def only_character(self, val: Val) -> str:
        """The character that a string consists of, -1 if it has not just one; what is compared with one character is
        often compared with others, too."""
        name = val.ssa
        if name not in self.cx.ints:
            self.cx.ints[name] = self.e("call_i", self.pointer(val), x=self.api("rt_only_char"))
        return self.cx.ints[name]

    def guard_ascii(self, val: Val) -> None:
        """Go on only if a string is compact ASCII."""
        pointer = self.pointer(val)
        if ("ascii", pointer) not in self.cx.facts:
            bits = self.e("int_and", self.load("u32", pointer, 32, "str"), str(ASCII_BITS))
            self.do("guard", self.e("int_eq", bits, str(ASCII_BITS)), x=f"B{self.exit_for(NOT_ASCII).number}")
            self.cx.facts["ascii", pointer] = True

    def equals_text(self, val: Val, text: str) -> str | None:
        """Whether a string is a short ASCII text, by its length and the eight bytes where its characters begin: a
        string is never smaller. None: not that way."""
        if len(text) > 8 or not text.isascii() or val.const is not NO or self.left_before(NOT_ASCII):
            return None
        self.guard_ascii(val)
        pointer = self.pointer(val)
        equal = self.e("int_eq", self.load("i64", pointer, 16, "str"), str(len(text)))
        if text:
            found = self.e("int_and", self.load("i64", pointer, 48, "str"), str((1 << 8 * len(text)) - 1)) \
                if len(text) < 8 else self.load("i64", pointer, 48, "str")
            wanted = int.from_bytes(text.encode(), "little")
            equal = self.e("bool_and", equal, self.e("int_eq", found, str(wanted)))
        return equal

    def contains_other(self, instr, container: Val, kind):
        if kind is tuple and container.const is not NO:
            return self.one_of(self.read_typed(instr.b, self.seen.b), container.const)
        if kind is not str:
            return super().contains_other(instr, container, kind)
        val = self.read_typed(instr.b, self.seen.b)
        if val is None or self.kind_of(val) is not str:
            return None
        if val.kind != "char":
            found = self.e("call_i", self.string(val), self.string(container), x=self.api("rt_str_in"))
            self.failing(self.e("int_ge", found, "0"))
            return self.e("int_ne", found, "0")
        code = val.parts[0].ssa
        if container.const is not NO and len(container.const) > MOST_TESTS and container.const.isascii():
            return self.in_bitmap(code, container.const)
        if container.const is NO or len(container.const) > MOST_TESTS:
            return self.e("int_ne", self.e("call_i", code, self.string(container), x=self.api("rt_char_in")), "0")
        truth = "false"
        for character in container.const:
            truth = self.e("bool_or", truth, self.e("int_eq", code, str(ord(character))))
        return truth

    def in_bitmap(self, code: str, characters: str) -> str:
        """Whether a character is one of those of an ASCII string: a bit in one of two words."""
        bits = sum(1 << ord(character) for character in set(characters))
        low, high = (str(word - (word >> 63 << 64)) for word in (bits & (1 << 64) - 1, bits >> 64))
        word, limit = low, "64"
        if high != "0":
            word, limit = self.e("int_select", self.e("int_lt", code, "64"), low, high), "128"
        bit = self.e("int_and", self.e("int_lshr", word, self.e("int_and", code, "63")), "1")
        return self.e("bool_and", self.e("int_lt", code, limit), self.e("int_ne", bit, "0"))

    def one_of(self, val: Val | None, items: tuple) -> str | None:
        """`in` of a constant tuple of strings, or of ints."""
        if val is None or len(items) > MOST_TESTS:
            return None
        if self.kind_of(val) is str and all(type(item) is str for item in items):
            tests = [self.compare_strings("EQ", val, Val("obj", None, str, item)) for item in items]
        elif val.kind == "int" and all(type(item) is int and abs(item) < 1 << 62 for item in items):
            tests = [self.e("int_eq", val.ssa, str(item)) for item in items]
        else:
            return None
        truth = "false"
        for test in tests:
            truth = self.e("bool_or", truth, test)
        return truth

    def truth(self, val: Val) -> str | None:
        if val.kind == "char" or val.kind == "slice":
            return "true"
        if val.kind == "tuple":
            return "true" if val.parts else "false"
        kind = self.type_of(val) if val.kind == "obj" else None
        if kind in SIZED:
            size = self.load("i64", self.pointer(val), 16 if kind is bytes else 24, "list")
            return self.e("int_ne", size, "0")
        return super().truth(val)

    # ---------------------------------------------------------------------------------------- concatenation
    def other_binary(self, instr, name: str, right):
        left = self.read_typed(instr.b, self.seen.b) if name in ("ADD", "MOD") else None
        if left is None or self.kind_of(left) is not str:
            return super().other_binary(instr, name, right)
        if right is None:
            constant = instr.op.endswith("_K")
            right = self.local_constant(instr.c) if constant else self.read_typed(instr.c, self.seen.c)
        if name == "MOD":
            return self.percent(instr, left, right)
        if right is None or self.kind_of(right) is not str:
            return self.step(instr)
        in_place = instr.a == instr.b and (instr.op == "ADD_K" or instr.c != instr.b)
        if in_place and left.kind == "obj" and left.const is NO:
            return self.append(instr, name, right)
        made = self.made_by_call(str, "rt_concat", self.string(left), self.string(right))
        return self.finish_binary(instr, name, made)

    def append(self, instr, name: str, right: Val):
        """s += t: the result takes the place of s, whose reference is handed over so that it can grow where it is."""
        left = self.sole(instr.b)
        if left is None:
            made = self.made_by_call(str, "rt_concat", self.string(self.read(instr.b)), self.string(right))
            return self.finish_binary(instr, name, made)
        if right.kind == "char":
            made = self.e("call_p", left, right.parts[0].ssa, x=self.api("rt_append_char"))
        else:
            made = self.e("call_p", left, self.pointer(right), x=self.api("rt_append_str"))
        self.failing(self.e("ptr_ne", made, "null"))
        self.keep()
        self.cx.owned.pop(left)
        return self.finish_binary(instr, name, self.own(made, str))

    def sole(self, number: int) -> str | None:
        """The object of a register if it is the region's only use of it, with just one reference, the region's."""
        cx, frame = self.cx, self.cx.frames[-1]
        name = frame.regs[number].ssa
        if cx.uses.get(name, 0) + cx.anchors.get(name, 0) != 1 or frame.homes[number] not in (DIRTY, IN_MEMORY):
            return None
        self.write(number, frame.regs[number])          # which takes it out of memory
        owned = cx.owned.get(name, 0)
        for _ in range(owned - 1):
            self.do("decref_plain", name)
        if owned:
            cx.owned[name] = 1
        self.again()
        return name if owned else None

    def percent(self, instr, left: Val, right: Val | None):
        """format % values."""
        if right is None or not self.is_plain(right) or left.kind != "obj":
            return self.step(instr)
        self.secure()
        if not instr.op.endswith("_K"):
            right = self.real(instr.c)
        self.again()
        temps: list[str] = []
        value = self.object_of(right, temps)
        made = self.made_by_call(str, "rt_mod", self.pointer(left), value, temps=temps)
        return self.finish_binary(instr, "MOD", made)

    def do_FORMAT(self, instr):
        frame = self.cx.frames[-1]
        flags, spec = instr.c, None
        val = frame.regs[instr.b]
        if val.kind in ("mem", "obj"):
            val = self.read_typed(instr.b, self.seen.b)
        if flags & 4:
            spec = frame.regs[instr.b + 1]
        if val is None or not self.is_plain(val) or (spec is not None and self.kind_of(spec) is not str):
            return self.step(instr)
        self.secure()
        for register in range(instr.b, instr.b + (2 if flags & 4 else 1)):
            self.real(register)
        self.again()
        temps: list[str] = []
        value = self.object_in(instr.b, temps)
        how = self.object_in(instr.b + 1, temps) if flags & 4 else "null"
        made = self.made_by_call(str, "rt_format", value, how, str(flags & 3), temps=temps)
        self.cx.hold(made)
        self.empty_range(instr.b, 2 if flags & 4 else 1)
        self.write(instr.a, made)
        self.unhold(made)
        return instr.at + instr.length

    def do_BUILD_STRING(self, instr):
        frame = self.cx.frames[-1]
        registers = range(instr.b, instr.b + instr.c)
        if instr.c > 12 or any(self.kind_of(frame.regs[n]) is not str for n in registers):
            return self.step(instr)
        pointers = [self.string(frame.regs[n]) for n in registers]
        made = self.made_by_call(str, "rt_strings", str(instr.c), *pointers, *["null"] * (12 - instr.c))
        self.cx.hold(made)
        self.empty_range(instr.b, instr.c)
        self.write(instr.a, made)
        self.unhold(made)
        return instr.at + instr.length

    # --------------------------------------------------------------------------------------------- builtins
    @row(ord)
    def call_ord(self, instr, registers):
        val = self.argument(registers[0]) if len(registers) == 1 else None
        code = as_char(val) if val is not None else None
        if code is None and val is not None and self.kind_of(val) is str and val.const is NO:
            code = self.e("call_i", self.pointer(val), x=self.api("rt_ord"))
            self.failing(self.e("int_ge", code, "0"))
            self.bound(code, 0, maxunicode)
        return None if code is None else Val("int", code)

    @row(chr)
    def call_chr(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1 or found[0].kind != "int" or self.left_before(WIDE):
            return None
        self.failing(self.e("int_ult", found[0].ssa, "256"), (), WIDE)
        return Val("char", parts=(found[0],))

    def char_method(self, name: str, val: Val) -> Val | None:
        """A method of a character without arguments."""
        code = val.parts[0].ssa
        if name in CLASSES:
            table = self.e("index", self.const_object(CLASSES[name]), code, x="i8")
            return Val("bool", self.e("int_ne", self.load("u8", table, 32, "str"), "0"))
        if name in ASCII_MAPS and literal(val.parts[0]) is None:
            self.guard(self.e("int_ult", code, "128"), "a character is not ASCII")
            mapped = self.e("index", self.const_object(ASCII_MAPS[name]), code, x="i8")
            return Val("char", parts=(Val("int", self.load("u8", mapped, 32, "str")),))
        return None


ASCII_MAPS = {name: bytes(ord(getattr(chr(code), name)()) for code in range(128))
              for name in ("lower", "upper", "title", "swapcase", "capitalize", "casefold")}
COMPARABLE = {str, int, float, bool, type(None), list, tuple, dict, set, frozenset}
SIZED = (bytes, set, frozenset)
__all__ = ["Strings"]
