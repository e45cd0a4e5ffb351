"""Items of lists and tuples, by direct load and store; tuples and lists as they are built and taken apart."""
from __future__ import annotations

from ..ir.ops import FIRST_SMALL_INT, SMALL_INTS
from .arith import literal
from .builder import Builder
from .values import EMPTY, NO, NUMBERS, Val


CALCULATING = {"ADD", "SUB", "MUL", "TRUEDIV", "LT", "LE", "EQ", "NE", "GT", "GE"}
OF_KIND = {"int": "an int is stored over something else", "float": "a float is stored over something else"}
UNSET = "an attribute that was not set is set"
NEGATIVE = "an index is out of range, or counts from the end"


class Items(Builder):
    """Specializations of item access."""

    def item_at(self, pointer: str, index: str, kind: type) -> str:
        """Address-free load of an item whose index is in range."""
        if kind is list:
            items = self.load("ptr", pointer, 24, "list")
            return self.load("ptr", self.e("index", items, index, x="ptr"), 0, "item")
        items = self.e("offset", pointer, x=24)
        return self.load("ptr", self.e("index", items, index, x="ptr"), 0, "tuple")

    def loaded_item(self, item: str, kinds: set) -> Val:
        """An object just loaded, unboxed if a number was seen here."""
        val = Val("obj", item)
        if len(kinds) != 1:
            return val
        kind = next(iter(kinds))
        if kind == "float":
            self.guard_type(val, float)
            number = self.load("f64", item, 16, "float")
            if not self.feeds_arithmetic():
                self.guard_ordered(Val("float", number))
            return Val("float", number)
        if kind == "int":
            self.guard_type(val, int)
            return Val("int", self.long_value(item))
        return val                      # other types are looked at where it matters

    def feeds_arithmetic(self) -> bool:
        """Whether what this instruction writes is only calculated with: then a NaN's identity does not matter."""
        instr, code = self.instr, self.cx.frames[-1].code
        wanted, at = instr.a, instr.at + instr.length
        if wanted < code.nlocals:
            return False
        for _ in range(8):
            following = code.instrs.get(at)
            if following is None or following.target >= 0:
                return False
            if following.op.removesuffix("_K") in CALCULATING:
                if (following.b == wanted and following.consumes(1)) or \
                        (following.c == wanted and following.consumes(2)):
                    return True
            elif following.a == wanted or wanted in (following.b, following.c):
                return False
            at += following.length
        return False

    def checked_index(self, index: Val, size: str) -> str:
        """An index in range, negative ones counted from the end; leaves if it is not."""
        known = literal(index)
        if known is not None:
            if known < 0:
                found = self.e("int_add", size, str(known))
                self.guard(self.e("int_ge", found, "0"), "an index is out of range")
                return found
            self.guard(self.e("int_lt", str(known), size), "an index is out of range")
            return index.ssa
        moved = index.ssa
        if (self.cx.frames[-1].path, self.at) in self.profile.negative:
            moved = self.e("int_select", self.e("int_lt", moved, "0"), self.e("int_add", moved, size), moved)
        self.guard(self.e("int_ult", moved, size), NEGATIVE)
        return moved

    def sequence_item(self, instr, index: Val):
        """R[A] = R[B][index] of a list or tuple; None: something else."""
        val = self.cx.frames[-1].regs[instr.b]
        if val.kind == "tuple" and literal(index) is not None:
            position = literal(index)
            if -len(val.parts) <= position < len(val.parts):
                return val.parts[position]
            return None
        val = self.read_typed(instr.b, self.seen.b)
        kind = self.type_of(val) if val is not None and val.kind == "obj" else None
        if kind not in (list, tuple):
            return self.other_item(instr, val, kind, index)
        pointer = self.pointer(val)
        size = self.load("i64", pointer, 16, "list" if kind is list else "tuple")
        return self.loaded_item(self.item_at(pointer, self.checked_index(index, size), kind), self.seen.result)

    def other_item(self, instr, val, kind, index):
        """Items of other containers; None: a single step."""
        return None

    def do_ITEM_GET(self, instr):
        index = self.number(instr.c, self.seen.c)
        if index is None or index.kind == "float":
            return self.item_by_object(instr)
        value = self.sequence_item(instr, self.as_int(index))
        if value is None:
            return self.step(instr)
        return self.finish_item(instr, value)

    def item_by_object(self, instr):
        """The index is no number."""
        return self.step(instr)

    def do_ITEM_GET_K(self, instr):
        index = self.local_constant(instr.c)
        if index.kind != "int":
            return self.item_by_object(instr)
        value = self.sequence_item(instr, index)
        if value is None:
            return self.step(instr)
        return self.finish_item(instr, value)

    def finish_item(self, instr, value: Val):
        """Write what was loaded, let the operands go."""
        self.keep()
        self.cx.hold(value)
        self.consume(instr, 1, instr.b)
        if instr.op == "ITEM_GET":
            self.consume(instr, 2, instr.c)
        self.write(instr.a, value)
        self.unhold(value)
        return instr.at + instr.length

    def boxed_new(self, val: Val) -> str:
        """An object for a value: a new reference that belongs to who stores it."""
        if val.kind == "int":
            return self.box_int(val.ssa)
        if val.kind == "float":
            return self.e("call_p", val.ssa, x=self.api("rt_box_float"))
        if val.kind == "bool":
            made = self.e("ptr_select", val.ssa, self.const_object(True), self.const_object(False))
        elif val.kind == "none":
            made = self.const_object(None)
        else:
            if val.parts and not any(old is val for frame in self.cx.all_frames() for old in frame.regs):
                return getattr(self, "make_" + val.kind)(val).ssa       # a part of another virtual object
            if val.parts:
                if not any(old is val for frame in self.cx.frames for old in frame.regs):
                    return getattr(self, "make_" + val.kind)(val).ssa
                val = self.materialized(val)
            made = self.pointer(val)
        self.do("incref", made)
        return made

    def materialized(self, val: Val) -> Val:
        """A virtual object made real wherever it is held."""
        made = getattr(self, "make_" + val.kind)(val)
        self.cx.owned[made.ssa] = self.cx.owned.get(made.ssa, 0) + 1
        for frame in self.cx.all_frames():
            for number, old in enumerate(frame.regs):
                if old is val:
                    self.cx.hold(made)
                    for part in old.parts:
                        self.unhold(part)
                    frame.regs[number] = made
        return made

    def do_ITEM_SET(self, instr):
        index = self.number(instr.b, self.seen.b)
        if index is None or index.kind == "float":
            return self.store_by_object(instr)
        self.read(instr.c)
        container = self.read_typed(instr.a, self.seen.a)
        if container is None or container.kind != "obj":
            return self.step(instr)
        if self.type_of(container) is not list:
            return self.store_other(instr, container, self.as_int(index))
        pointer = self.pointer(container)
        size = self.load("i64", pointer, 16, "list")
        position = self.checked_index(self.as_int(index), size)
        items = self.load("ptr", pointer, 24, "list")
        slot = self.e("index", items, position, x="ptr")
        value = self.cx.frames[-1].regs[instr.c]
        self.guard_ordered(value)
        self.keep()
        self.replace_slot(slot, value, "item")
        for operand, register in ((2, instr.c), (1, instr.b), (0, instr.a)):
            self.consume(instr, operand, register)
        return instr.at + instr.length

    def store_by_object(self, instr):
        """The index is no number."""
        return self.step(instr)

    def store_other(self, instr, container, index):
        """Items of other containers."""
        return self.step(instr)

    def replace_slot(self, slot: str, value: Val, alias: str, may_be_null: bool = False) -> None:
        """Put a value in a place that owns an object; a float's box is reused if nobody else has it."""
        if may_be_null:
            unset = self.e("is_null", self.load("ptr", slot, 0, alias))
            self.do("guard_not", unset, x=f"B{self.exit_for(UNSET).number}")
        if value.kind in OF_KIND and not self.left_before(OF_KIND[value.kind]):
            self.replace_number(slot, value, alias)
            return
        self.secure()
        if value.kind == "float":
            self.do("call_none", slot, value.ssa, x=self.api("rt_store_slot_float"))
            self.cx.facts.clear()
            return
        if value.kind in ("bool", "none"):
            self.replace_singleton(slot, value, alias)
        else:
            fresh = self.boxed_new(value)
            old = self.load("ptr", slot, 0, alias)
            self.store("ptr", slot, fresh, 0, alias)
            self.do("decref", old)
        self.cx.facts.clear()

    def replace_number(self, slot: str, value: Val, alias: str) -> None:
        """The same for a number where one of its kind is: what ends then is that at most, so nothing else changes."""
        leave = f"B{self.exit_for(OF_KIND[value.kind]).number}"
        old = self.load("ptr", slot, 0, alias)
        kind = self.const_object(int if value.kind == "int" else float)
        self.do("guard", self.e("ptr_eq", self.load("ptr", old, 8, "type"), kind), x=leave)
        self.secure()
        quick, other, on = (self.function.block() for _ in range(3))
        if value.kind == "float":
            test = self.e("int_eq", self.load("i64", old, 0, "refcnt"), "1")
        else:
            test = self.e("int_ult", self.e("int_sub", value.ssa, str(FIRST_SMALL_INT)), str(SMALL_INTS))
        self.block.end = ("branch", test, quick, other)
        self.block = quick
        if value.kind == "float":                       # nobody else has its box
            self.store("f64", old, value.ssa, 16, "float")
        else:                                           # there is an object
            self.store("ptr", slot, self.box_int(value.ssa), 0, alias)
            self.do("decref_plain", old)
        self.block = other
        self.do("call_none", slot, value.ssa, x=self.api("rt_replace_" + value.kind))
        for block in (quick, other):
            block.end = ("jump", on, [])
            on.incoming.append((block, []))
        self.block = on

    def replace_singleton(self, slot: str, value: Val, alias: str) -> None:
        """The same for True, False, None: nothing is counted where it is there already."""
        old = self.load("ptr", slot, 0, alias)
        made = self.const_object(None)
        if value.kind == "bool":
            made = self.e("ptr_select", value.ssa, self.const_object(True), self.const_object(False))
        same, other = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("ptr_eq", old, made), same, other)
        self.block = other
        self.do("incref", made)
        self.store("ptr", slot, made, 0, alias)
        self.do("decref", old)
        other.end = ("jump", same, [])
        same.incoming.append((other, []))
        self.block = same

    # ---------------------------------------------------------------------------------------------- tuples
    def do_BUILD_TUPLE(self, instr):
        frame = self.cx.frames[-1]
        if any(frame.regs[n].kind == "mem" for n in range(instr.b, instr.b + instr.c)) or instr.c == 0:
            return self.step(instr)
        for number in range(instr.b, instr.b + instr.c):
            self.guard_ordered(frame.regs[number])
        self.keep()
        for number in range(instr.b, instr.b + instr.c):
            self.settle(frame.regs[number])
        parts = tuple(self.take(n) for n in range(instr.b, instr.b + instr.c))
        made = Val("tuple", parts=parts)
        self.write(instr.a, made)
        for part in parts:
            self.release(part)
        return instr.at + instr.length

    def make_tuple(self, val: Val) -> Val:
        """A real tuple: its items are boxed."""
        made = self.e("call_p", str(len(val.parts)), x=self.api("rt_tuple"))
        for number, part in enumerate(val.parts):
            self.store("ptr", made, self.boxed_new(part), 24 + 8 * number, "tuple")
        return Val("obj", made, tuple)

    def do_UNPACK(self, instr):
        return self.unpack(instr, [instr.a + instr.c - 1 - number for number in range(instr.c)])

    def do_UNPACK_PAIR(self, instr):
        return self.unpack(instr, [instr.a, instr.c])

    def unpack(self, instr, registers):
        """The items of a sequence into registers."""
        val = self.cx.frames[-1].regs[instr.b]
        if val.kind == "tuple" and len(val.parts) == len(registers):
            return self.spread(instr, val.parts, registers)
        val = self.read_typed(instr.b, self.seen.b)
        kind = self.type_of(val) if val is not None and val.kind == "obj" else None
        if kind not in (list, tuple):
            return self.step(instr)
        pointer = self.pointer(val)
        size = self.load("i64", pointer, 16, "list" if kind is list else "tuple")
        self.guard(self.e("int_eq", size, str(len(registers))), "a sequence to unpack has another length")
        items = [Val("obj", self.item_at(pointer, str(n), kind)) for n in range(len(registers))]
        return self.spread(instr, items, registers)

    def spread(self, instr, items, registers):
        """Write the items of what is unpacked."""
        self.keep()
        for item in items:
            self.cx.hold(item)
        if instr.consumes(1):
            self.write(instr.b, EMPTY)
        for register, item in zip(registers, items, strict=True):
            self.write(register, item)
            self.unhold(item)
        return instr.at + instr.length


__all__ = ["Items", "NO", "NUMBERS"]
