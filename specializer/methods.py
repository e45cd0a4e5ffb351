"""Methods and functions of the host written in C that run no code of the program when their arguments are plain.

    text.split(",")    ->  rt_call_array(unicode_split, text, ",", null, null, 1), a list

SAFE is the table: type, result, names. What fails leaves first, see direct.py.
"""
from __future__ import annotations

import math

from .arith import literal
from .builtins import row
from .direct import FIXED_KINDS, Direct
from .values import EMPTY, NO, NONE, Val, is_quiet

SAFE: dict[tuple[type, str], type] = {}


def safe(kind: type, result: type, names: str) -> None:
    """A row: methods of a type and what they return."""
    for name in names.split():
        SAFE[kind, name] = result


safe(str, str, "lower upper strip lstrip rstrip title capitalize swapcase casefold replace join zfill ljust rjust "
               "center expandtabs removeprefix removesuffix format")
safe(str, list, "split rsplit splitlines")
safe(str, tuple, "partition rpartition")
safe(str, int, "find rfind index rindex count")
safe(str, bool, "startswith endswith isalpha isdigit isalnum isspace isupper islower isdecimal isnumeric "
                "isidentifier isprintable istitle isascii")
safe(bytes, bytes, "lower upper strip lstrip rstrip replace join")
safe(bytes, list, "split")
safe(bytes, int, "find rfind index count")
safe(bytes, bool, "startswith endswith isalpha isdigit isalnum isspace")
safe(bytes, str, "hex")
safe(int, int, "bit_length bit_count conjugate")
safe(float, bool, "is_integer")
safe(float, str, "hex")
safe(list, list, "copy")
safe(list, type(None), "extend insert reverse")
safe(dict, dict, "copy")
NOARGS, ONE, TUPLE, KEYWORDS, ARRAY = 4, 8, 1, 2, 128       # METH_* of the host
SEQUENCES = (list, tuple)
MOST_ARGUMENTS = 3
FINITE = "0x7FF0000000000000"
ALL_FLOATS = "sin cos atan tanh asinh"          # defined for every finite number
CHECKED = "tan exp expm1 sinh cosh log log2 log10 log1p asin acos acosh atanh"
POSITIVE = {"log", "log2", "log10"}


class Methods(Direct):
    """Specializations of calls of C functions."""

    def call_method(self, instr, target, registers: list[int]):
        val = self.argument(registers[0]) if registers and hasattr(target, "__objclass__") else None
        if val is None or SAFE.get((target.__objclass__, target.__name__)) is None:
            return super().call_method(instr, target, registers)
        result = None
        if val.kind == "char" and len(registers) == 1:
            result = self.char_method(target.__name__, val)
        if result is None:
            result = self.safe_method(target, registers)
        return self.step(instr) if result is None else self.finish_call(instr, result)

    def safe_method(self, target, registers: list[int]) -> Val | None:
        """A row of SAFE; None: the arguments are not plain."""
        frame = self.cx.frames[-1]
        values = [self.argument(register) or frame.regs[register] for register in registers]
        if self.kind_of(values[0]) is not target.__objclass__ or len(values) > 1 + MOST_ARGUMENTS:
            return None
        if not all(self.is_plain(val) or self.kind_of(val) in SEQUENCES for val in values[1:]):
            return None
        if target.__name__ == "insert" and values[1].kind != "int":
            return None
        kind = SAFE[target.__objclass__, target.__name__]
        container = kind in (list, tuple, dict, type(None))
        if container or any(val.parts for val in values):
            self.ready(*registers)
        temps: list[str] = []
        pointers = [self.object_in(register, temps) for register in registers]
        made = self.call_c(id(target) + 40, pointers, temps)
        if container:
            self.cx.facts.clear()
        return self.result_of(made, kind)

    def call_c(self, definition_at: int, pointers: list[str], temps) -> str:
        """Call the C function of a descriptor or builtin function: `pointers`, self first."""
        definition = self.core.word(definition_at)
        function = self.const_word(self.core.word(definition + 8))
        flags = self.core.word(definition + 16) & 0xFF
        self_, *arguments = pointers
        count, padded = len(arguments), (arguments + ["null"] * 3)[:3]
        if flags & (NOARGS | ONE):
            if count != (1 if flags & ONE else 0):
                count = -1
            made = self.e("call_p", function, self_, padded[0], x=self.api("rt_call_one")) if count >= 0 else \
                self.e("bits_ptr", "0")
        else:
            name = "rt_call_array" if flags & ARRAY else "rt_call_tuple"
            made = self.e("call_p", function, self_, *padded, str(count), x=self.api(name))
        self.failing(self.e("ptr_ne", made, "null"), temps)
        self.drop_temps(temps)
        return made

    def result_of(self, made: str, kind: type) -> Val:
        """A new reference as a value: small results unboxed at once."""
        if kind is int:
            return Val("int", self.e("call_i", made, x=self.api("rt_int_of")))
        if kind is bool:
            return Val("bool", self.e("int_ne", self.e("call_i", made, x=self.api("rt_truth_of")), "0"))
        if kind is type(None):
            self.do("decref", made)
            return NONE
        return self.own(made, kind)

    # --------------------------------------------------------------------------------------------- numbers
    @row(int)
    def call_int(self, instr, registers):
        frame = self.cx.frames[-1]
        if registers and len(registers) <= 2 and self.kind_of(self.argument(registers[0]) or EMPTY) is str:
            base = frame.regs[registers[1]] if len(registers) == 2 else Val("int", "0")
            if base.kind != "int" or len(registers) == 2 and (literal(base) or 0) not in range(2, 37):
                return None
            text = self.string(frame.regs[registers[0]])
            return self.made_by_call(int, "rt_int", text, base.ssa)
        return super().call_int(instr, registers)

    @row(float)
    def call_float(self, instr, registers):
        frame = self.cx.frames[-1]
        if len(registers) == 1 and self.kind_of(self.argument(registers[0]) or EMPTY) is str:
            return self.made_by_call(float, "rt_float", self.string(frame.regs[registers[0]]))
        return super().call_float(instr, registers)

    def text_of(self, registers, name: str) -> Val | None:
        """str or repr of a plain value."""
        val = self.argument(registers[0]) if len(registers) == 1 else None
        if val is None or val.kind == "tuple" or not self.is_plain(val):
            return None
        temps: list[str] = []
        self.real(registers[0])
        self.again()
        return self.made_by_call(str, name, self.object_in(registers[0], temps), temps=temps)

    @row(str)
    def call_str(self, instr, registers):
        return self.text_of(registers, "rt_str")

    @row(repr)
    def call_repr(self, instr, registers):
        return self.text_of(registers, "rt_repr")

    @row(bool)
    def call_bool(self, instr, registers):
        val = self.argument(registers[0]) if len(registers) == 1 else None
        truth = self.truth(val) if val is not None else None
        return None if truth is None else Val("bool", truth)

    @row(isinstance)
    def call_isinstance(self, instr, registers):
        if len(registers) != 2:
            return None
        val, wanted = self.argument(registers[0]), self.cx.frames[-1].regs[registers[1]]
        if val is None:
            return None
        kinds = wanted.const if type(wanted.const) is tuple else (wanted.const,)
        if wanted.kind == "tuple":
            kinds = tuple(part.const for part in wanted.parts)
        if not all(type(kind) is type for kind in kinds):
            return None
        kind = self.kind_of(val)
        if kind is None:
            kind = self.class_of(val) if val.kind == "obj" else None
            if kind is None or self.has_class_property(kind) or not self.guard_version(val, kind):
                return None
        return Val("bool", "true" if issubclass(kind, kinds) else "false")

    def has_class_property(self, kind: type) -> bool:
        """Whether __class__ is anything but object's."""
        return any("__class__" in base.__dict__ for base in kind.__mro__[:-1]) or not is_quiet(type(kind))

    @row(divmod)
    def call_divmod(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 2 or any(val.kind == "float" for val in found):
            return None
        a, b = map(self.as_int, found)
        return Val("tuple", parts=(self.int_division("FLOORDIV", a, b), self.int_division("MOD", a, b)))

    @row(round)
    def call_round(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        if found[0].kind != "float":
            return self.as_int(found[0])
        self.fits_int(found[0].ssa)
        return Val("int", self.e("float_to_int", self.e("call_f", found[0].ssa, x=self.api("rint"))))

    def fits_int(self, number: str) -> None:
        """Go on only if a float's whole part fits an int."""
        small = self.e("float_lt", self.e("float_abs", number), "0x43D0000000000000")
        self.guard(small, "a float is too large for 64 bits")

    @row(hash)
    def call_hash(self, instr, registers):
        val = self.cx.frames[-1].regs[registers[0]] if len(registers) == 1 else None
        if val is None or val.kind != "obj" or self.type_of(val) not in (str, bytes):
            return None
        return Val("int", self.e("call_i", self.pointer(val), x=self.api("PyObject_Hash")))

    @row(list.pop)
    def call_pop(self, instr, registers):
        val = self.argument(registers[0])
        if len(registers) != 1 or val is None or val.kind != "obj" or self.type_of(val) is not list:
            return None
        self.guard(self.e("int_gt", self.load("i64", self.pointer(val), 16, "list"), "0"), "a list is empty")
        self.secure()               # what was loaded from the list lived by the list's references
        self.again()
        return self.own(self.e("call_p", self.pointer(val), x=self.api("rt_list_pop")))

    # ------------------------------------------------------------------------------------------------- math
    def float_function(self, registers, name: str) -> Val | None:
        """A function of libm; results that are not finite are for the interpreter, which knows which are errors."""
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        if found[0].kind != "float":
            self.exact(self.as_int(found[0]))
        number = self.as_float(found[0])
        if name in POSITIVE:
            self.guard(self.e("float_gt", number, "0x0000000000000000"), "a logarithm of what is not positive")
        result = self.e("call_f", number, x=self.api(name))
        self.guard(self.e("float_lt", self.e("float_abs", result), FINITE), "a result that is not finite")
        return Val("float", result)

    @row(math.floor)
    def call_floor(self, instr, registers):
        return self.rounded(registers, "floor")

    @row(math.ceil)
    def call_ceil(self, instr, registers):
        return self.rounded(registers, "ceil")

    def rounded(self, registers, name: str) -> Val | None:
        """floor and ceil: ints."""
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        if found[0].kind != "float":
            return self.as_int(found[0])
        number = found[0].ssa
        self.fits_int(number)
        whole = self.e("float_floor", number) if name == "floor" else \
            self.e("float_neg", self.e("float_floor", self.e("float_neg", number)))
        return Val("int", self.e("float_to_int", whole))

    @row(math.fabs)
    def call_fabs(self, instr, registers):
        found = self.numbers(registers)
        if found is None or len(found) != 1:
            return None
        if found[0].kind != "float":
            self.exact(self.as_int(found[0]))
        return Val("float", self.e("float_abs", self.as_float(found[0])))

    @row(math.atan2, math.pow, math.fmod)
    def call_float_pair(self, instr, registers):
        target = self.cx.frames[-1].regs[registers[0] - 1].const
        found = self.numbers(registers)
        if found is None or len(found) != 2 or target is NO:
            return None
        for val in found:
            if val.kind != "float":
                self.exact(self.as_int(val))
        a, b = map(self.as_float, found)
        for number in (a, b):
            if number[0] == "%":
                self.guard(self.e("float_lt", self.e("float_abs", number), FINITE), "a number that is not finite")
        result = self.e("call_f", a, b, x=self.api(target.__name__))
        self.guard(self.e("float_lt", self.e("float_abs", result), FINITE), "a result that is not finite")
        return Val("float", result)


def define(name: str) -> None:
    """A function of math that libm has."""
    def call(self, instr, registers):
        return self.float_function(registers, name)
    call.__name__ = "call_math_" + name
    setattr(Methods, call.__name__, row(getattr(math, name))(call))


for _name in (ALL_FLOATS + " " + CHECKED).split():
    define(_name)
__all__ = ["Methods", "FIXED_KINDS"]
