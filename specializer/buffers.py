"""Items of bytes, bytearray, array.array and numpy arrays, as raw loads and stores.

    x = a[i]; out[i] = x * 2.0    ->  load_f64; float_mul; store_f64     (type, dtype, bounds guarded)

An item of a numpy array is a scalar of numpy, which is not a float: Val("npfloat", parts=(the number,)) is one that
exists only in compiled code. Arithmetic of it gives such again; where numpy would warn (a result that is not finite,
a division by zero, an int beyond 64 bits) the interpreter does it.
"""
from __future__ import annotations

import sys

from ..tracer.arrays import DATA, DESCR, DESCRIPTION, DIMENSIONS, FLAGS, ITEMS, NDIM, STRIDES, Layout
from .direct import Direct
from .values import NO, NUMBERS, Val

FINITE = "0x7FF0000000000000"
ALIGNED, WRITEABLE = 0x100, 0x400
LOADS = {"b": "i8", "B": "u8", "h": "i16", "H": "u16", "i": "i32", "I": "u32", "l": "i64", "q": "i64",
         "L": "i64", "Q": "i64", "f": "f32", "d": "f64"}
SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "q": 8, "L": 8, "Q": 8, "f": 4, "d": 8}
RANGES = {"b": (128, 256), "B": (0, 256), "h": (1 << 15, 1 << 16), "H": (0, 1 << 16), "i": (1 << 31, 1 << 32),
          "I": (0, 1 << 32)}
SCALARS = {"npfloat": "float64", "npint": "int64"}
NAMES = {"array": "array", "numpy": "ndarray"}
SIGNS = {"LT": "lt", "LE": "le", "EQ": "eq", "NE": "ne", "GT": "gt", "GE": "ge"}
STARTS = {bytes: 32, bytearray: 40}     # bytes lie in the object, a bytearray points to them


def numpy_type(name: str):
    """A type of numpy's, if it is loaded."""
    return getattr(sys.modules.get("numpy"), name, None)


class Buffers(Direct):
    """Specializations of buffers."""

    # ----------------------------------------------------------------------------------------------- places
    def layout(self, val: Val) -> Layout | None:
        """The one layout that was seen at this instruction."""
        (found,) = self.seen.buffers if len(self.seen.buffers) == 1 else (None,)
        return found

    def guard_array(self, pointer: str, layout: Layout, writes: bool) -> None:
        """Go on only if an array's items lie as they did."""
        key = ("buffer", pointer, writes)
        if self.cx.facts.get(key) == layout:
            return
        if layout.kind == "array":
            descr = self.load("ptr", pointer, DESCRIPTION, "attr")
            self.guard(self.e("ptr_eq", descr, self.const_word(layout.descr)), "an array has other items")
        else:
            descr = self.load("ptr", pointer, DESCR, "attr")
            self.guard(self.e("ptr_eq", descr, self.const_object(layout.descr)), "an array has other items")
            wanted = ALIGNED | (WRITEABLE if writes else 0)
            flags = self.e("int_and", self.load("i32", pointer, FLAGS, "attr"), str(wanted))
            dims = self.load("i32", pointer, NDIM, "attr")
            usable, shaped = self.e("int_eq", flags, str(wanted)), self.e("int_eq", dims, str(layout.ndim))
            self.guard(self.e("bool_and", usable, shaped), "an array has another shape")
        self.cx.facts[key] = layout

    def place(self, val: Val, kind: type, layout: Layout | None, indices: list[Val], writes: bool) -> tuple | None:
        """(address, typecode) of an item; None: not such an array."""
        pointer = self.pointer(val)
        if kind in STARTS:
            at = self.checked_index(indices[0], self.load("i64", pointer, 16, "list"))
            start = self.e("offset", pointer, x=32) if kind is bytes else self.load("ptr", pointer, 40, "list")
            return self.e("index", start, at, x="i8"), "B"
        if layout is None or layout.ndim != len(indices) or kind.__name__ != NAMES[layout.kind]:
            return None
        self.guard_array(pointer, layout, writes)
        if layout.kind == "array":
            at = self.checked_index(indices[0], self.load("i64", pointer, 16, "attr"))
            start = self.load("ptr", pointer, ITEMS, "attr")
            return self.e("index", start, at, x=f"i{8 * SIZES[layout.code]}"), layout.code
        place = self.load("ptr", pointer, DATA, "attr")
        dims, strides = self.load("ptr", pointer, DIMENSIONS, "attr"), self.load("ptr", pointer, STRIDES, "attr")
        for number, index in enumerate(indices):
            at = self.checked_index(index, self.load("i64", dims, 8 * number, "attr"))
            stride = self.load("i64", strides, 8 * number, "attr")
            place = self.e("index", place, self.e("int_mul", at, stride), x="i8")
        return place, layout.code

    # ------------------------------------------------------------------------------------------- items
    def item_of_array(self, val: Val, kind: type, indices: list[Val]) -> Val | None:
        """a[i] or a[i, j]."""
        layout = self.layout(val)
        found = self.place(val, kind, layout, indices, False)
        if found is None:
            return None
        place, code = found
        number = self.e("load_" + LOADS[code], place, x=(0, ALIAS_DATA))
        if layout is not None and layout.kind == "numpy":
            return Val("npfloat" if code == "d" else "npint", parts=(Val("float" if code == "d" else "int", number),))
        if code in "fd":
            self.guard_ordered(Val("float", number))
            return Val("float", number)
        if code in "LQ":
            self.guard(self.e("int_ge", number, "0"), "an int grows beyond 64 bits")
        return Val("int", number)

    def other_item(self, instr, val, kind, index):
        if val is None or val.kind != "obj" or kind is None and not self.known_class(val):
            return super().other_item(instr, val, kind, index)
        kind = kind or self.known_class(val)
        if kind.__name__ not in ("bytes", "bytearray", "array", "ndarray"):
            return super().other_item(instr, val, kind, index)
        return self.item_of_array(val, kind, [index])

    def known_class(self, val: Val) -> type | None:
        """The type of an object: for good, or as a guard has just seen it."""
        return self.type_of(val) or self.class_of(val)

    def item_by_object(self, instr):
        found = self.array_indices(instr, instr.b, self.seen.b, instr.c) if instr.op == "ITEM_GET" else None
        value = self.item_of_array(*found) if found else None
        return super().item_by_object(instr) if value is None else self.finish_item(instr, value)

    def array_indices(self, instr, register: int, kinds: set, key: int) -> tuple | None:
        """An array, its type, and the indices of a tuple, or of a number of numpy's."""
        index = self.cx.frames[-1].regs[key]
        indices = [index] if index.kind == "npint" else index.parts if index.kind == "tuple" else ()
        if not indices or not self.seen.buffers:
            return None
        indices = [part.parts[0] if part.kind == "npint" else part for part in indices]
        if any(part.kind != "int" for part in indices):
            return None
        val = self.read_typed(register, kinds)
        kind = self.known_class(val) if val is not None and val.kind == "obj" else None
        return None if kind is None else (val, kind, indices)

    def store_by_object(self, instr):
        found = self.array_indices(instr, instr.a, self.seen.a, instr.b)
        return super().store_by_object(instr) if found is None else self.store_in_array(instr, *found)

    def store_other(self, instr, container, index):
        kind = self.known_class(container)
        if kind is None or kind.__name__ not in ("bytearray", "array", "ndarray"):
            return super().store_other(instr, container, index)
        return self.store_in_array(instr, container, kind, [index])

    def store_in_array(self, instr, container: Val, kind: type, indices: list[Val]):
        """a[i] = number."""
        value = self.scalar(instr.c, self.seen.c)
        layout = self.layout(container)
        if value is None or kind is not bytearray and layout is None:
            return self.step(instr)
        code = "B" if kind is bytearray else layout.code
        numpy = layout is not None and layout.kind == "numpy"
        number = value.parts[0] if value.parts else value
        if code not in "fd" and (number.kind == "float" or value.kind == "npfloat" or value.parts and not numpy):
            return self.step(instr)
        found = self.place(container, kind, layout, indices, True)
        if found is None:
            return self.step(instr)
        if code in "fd":
            if number.kind != "float":
                self.exact(self.as_int(number))
            text = self.as_float(number)
        else:
            text = self.as_int(number).ssa
            self.in_range(code, text)
        self.keep()
        store = LOADS[code].replace("u", "i")
        self.do("store_" + store, found[0], text, x=(0, ALIAS_DATA))
        return self.conclude(instr, ((2, instr.c), (1, instr.b), (0, instr.a)), None)

    def in_range(self, code: str, text: str) -> None:
        """Go on only if an int fits an item."""
        if code in RANGES:
            low, size = RANGES[code]
            moved = self.e("int_add", text, str(low))
            self.guard(self.e("int_ult", moved, str(size)), "an int does not fit the item")
        elif code in "LQ":
            self.guard(self.e("int_ge", text, "0"), "an int does not fit the item")

    # ------------------------------------------------------------------------------------- numpy's scalars
    def make_npfloat(self, val: Val) -> Val:
        return self.boxed_scalar(val, numpy_type("float64"), "rt_float_scalar")

    def make_npint(self, val: Val) -> Val:
        return self.boxed_scalar(val, numpy_type("int64"), "rt_int_scalar")

    def boxed_scalar(self, val: Val, kind, name: str) -> Val:
        """A scalar object of numpy's."""
        return Val("obj", self.e("call_p", self.const_object(kind), val.parts[0].ssa, x=self.api(name)), kind)

    def make_npbool(self, val: Val) -> Val:
        true, false = (self.const_object(numpy_type("bool_")(value)) for value in (True, False))
        made = self.e("ptr_select", val.parts[0].ssa, true, false)
        self.do("incref", made)
        return Val("obj", made, numpy_type("bool_"))

    def scalar(self, register: int, kinds: set) -> Val | None:
        """A number, or a number of numpy's, unboxed."""
        val = self.read(register)
        if val.kind in (*NUMBERS, "npfloat", "npint"):
            return val
        if val.kind != "obj" or val.const is not NO:
            return None
        kind = self.type_of(val)
        if kind is None and len(kinds) == 1:
            (kind,) = kinds
        if kind is None or kind not in (numpy_type("float64"), numpy_type("int64")) or isinstance(kind, str):
            return self.unboxed(val, kinds)
        self.guard_type(val, kind)
        if kind is numpy_type("float64"):
            return Val("npfloat", parts=(Val("float", self.load("f64", val.ssa, 16, "float")),))
        return Val("npint", parts=(Val("int", self.load("i64", val.ssa, 16, "float")),))

    def scalar_operands(self, left: tuple, known: Val | None, right: tuple) -> tuple | None:
        """Two numbers of which one is numpy's, and whether the result is a float; None: not so."""
        if not self.may_be_scalar(*left) and not (known is None and self.may_be_scalar(*right)):
            return None
        a = self.scalar(*left)
        b = known if known is not None else self.scalar(*right)
        if a is None or b is None or not (a.parts or b.parts) or not b.parts and b.kind not in NUMBERS or \
                "bool" in (a.kind, b.kind):
            return None
        x, y = (val.parts[0] if val.parts else val for val in (a, b))
        return x, y, "float" in (x.kind, y.kind)

    def may_be_scalar(self, register: int, kinds: set) -> bool:
        """Whether a register may hold a number of numpy's."""
        val = self.cx.frames[-1].regs[register]
        if val.kind in SCALARS:
            return True
        kind = self.type_of(val) if val.kind == "obj" else None
        scalars = {numpy_type(name) for name in SCALARS.values()} - {None}
        if kind is not None:
            return kind in scalars
        return val.kind in ("obj", "mem") and bool(kinds & scalars) and len(kinds) == 1

    def other_binary(self, instr, name: str, right):
        known = self.local_constant(instr.c) if instr.op.endswith("_K") else None
        found = self.scalar_operands((instr.b, self.seen.b), known, (instr.c, self.seen.c))
        if found is None or name not in ("ADD", "SUB", "MUL", "TRUEDIV"):
            return super().other_binary(instr, name, right)
        x, y, is_float = found
        if is_float or name == "TRUEDIV":
            for number in (x, y):
                if number.kind != "float":
                    self.exact(self.as_int(number))
            result = self.float_binary(name, Val("float", self.as_float(x)), Val("float", self.as_float(y)))
            self.guard(self.e("float_lt", self.e("float_abs", result.ssa), FINITE), "a result that numpy may warn of")
            return self.finish_binary(instr, name, Val("npfloat", parts=(result,)))
        return self.finish_binary(instr, name, Val("npint", parts=(self.int_binary(name, x, y),)))

    def compare_others(self, name: str, left: tuple, known: Val | None, right: tuple) -> str | None:
        found = self.scalar_operands(left, known, right)
        if found is None:
            return super().compare_others(name, left, known, right)
        x, y, is_float = found
        if not is_float:
            return self.e("int_" + SIGNS[name], x.ssa, y.ssa)
        for number in (x, y):
            if number.kind != "float":
                self.exact(self.as_int(number))
        return self.e("float_" + SIGNS[name], self.as_float(x), self.as_float(y))

    def finish_binary(self, instr, name: str, result: Val):
        """A comparison of numpy's numbers gives one of its bools."""
        if result.kind == "bool" and name in SIGNS and self.operand_kinds(instr) & set(SCALARS):
            result = Val("npbool", parts=(result,))
        return super().finish_binary(instr, name, result)

    def operand_kinds(self, instr) -> set:
        """Kinds of a comparison's operands."""
        registers = [instr.b] if instr.op.endswith("_K") else [instr.b, instr.c]
        values = [self.cx.frames[-1].regs[number] for number in registers]
        scalars = {numpy_type(name): kind for kind, name in SCALARS.items()}
        return {scalars.get(self.type_of(val), "obj") if val.kind == "obj" else val.kind for val in values}

    def truth(self, val: Val) -> str | None:
        if val.kind in ("npfloat", "npint", "npbool"):
            return super().truth(val.parts[0])
        return super().truth(val)

    def do_NEG(self, instr):
        val = self.scalar(instr.b, self.seen.b) if self.may_be_scalar(instr.b, self.seen.b) else None
        if val is None or val.kind != "npfloat":
            return super().do_NEG(instr)
        result = Val("npfloat", parts=(Val("float", self.e("float_neg", val.parts[0].ssa)),))
        self.consume(instr, 1, instr.b)
        self.write(instr.a, result)
        return instr.at + instr.length

    def numbers(self, registers: list[int]) -> list[Val] | None:
        """Where a function of the host takes any real number, one of numpy's will do."""
        if self.takes_scalars():
            frame = self.cx.frames[-1]
            values = [frame.regs[register] for register in registers]
            kinds = {val.kind for val in values}
            if "npfloat" in kinds and kinds <= {*NUMBERS, "npfloat"}:
                return [val.parts[0] if val.parts else val for val in values]
        return super().numbers(registers)

    def takes_scalars(self) -> bool:
        """Whether the function called gives a float whatever its argument's class: those of math, and float()."""
        frame, instr = self.cx.frames[-1], self.instr
        callables = [frame.regs[n].const for n in (instr.b, instr.b + 1) if frame.regs[n].kind == "obj"]
        return any(held is float or getattr(held, "__module__", None) == "math" for held in callables)


from ..ir.ops import ALIAS as _ALIAS  # noqa: E402

ALIAS_DATA = _ALIAS["data"]
__all__ = ["Buffers"]
