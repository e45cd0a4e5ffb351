"""Dicts and sets with plain keys: look-ups, stores, deletions, membership, as calls of the runtime (vm/jit_dicts.py).

    d[i, j]     ->  rt_dict_item_pair(d, i, 1, j, 1): the tuple is not made to look it up

A missing key leaves before anything has happened, and the interpreter raises KeyError.
"""
from __future__ import annotations

from .builtins import row
from .direct import Direct
from .values import EMPTY, NO, NONE, Val

KEY_TYPES = {str, int, float, bool, bytes, tuple, type(None), "int", "float", "bool", "none"}
SETS = (set, frozenset)
PAIRS = {("int", "int"): "ints", ("int", "obj"): "pair", ("obj", "int"): "pair", ("obj", "obj"): "pair"}
NOT_PLAIN = "a key is missing, or not of a builtin type"
MADE_OF_NOTHING = "a key is missing in a dict that makes what is missing"


class Dicts(Direct):
    """Specializations of dicts and sets."""

    # ------------------------------------------------------------------------------------------------- keys
    def key_form(self, register: int, kinds: set) -> str | None:
        """How a key is handed over: int, ints, pair, any; None: it is not plain. May go different ways by its type."""
        val = self.argument(register) or EMPTY if self.instr.op == "CALL" else self.read(register)
        if val.kind in ("mem", "empty") or self.left_before(NOT_PLAIN):
            return None
        if val.kind == "int":                   # a box whose int was only looked at stays an object
            return "int" if self.cx.frames[-1].regs[register].kind == "int" else "any"
        if val.kind == "tuple":
            if not all(part.kind in ("int", "char") or part.kind == "obj" and self.may_be_plain(part)
                       for part in val.parts):
                return "any" if self.is_plain(val) else None
            return PAIRS.get(tuple(part.kind for part in val.parts), "any")
        if val.kind != "obj" or self.type_of(val) in KEY_TYPES:
            return "any" if val.kind in ("float", "bool", "none", "char", "obj") else None
        return "any" if val.const is NO and self.may_be_plain(val) and kinds <= KEY_TYPES else None

    def may_be_plain(self, val: Val) -> bool:
        """Unknown objects may be; those of known classes are not, but for the builtin ones."""
        kind = self.type_of(val) or self.class_of(val)
        return kind is None or kind in KEY_TYPES

    def key_words(self, form: str, register: int, temps: list) -> list[str]:
        """Arguments for a key."""
        val = self.cx.frames[-1].regs[register]
        if form == "int":
            return [val.ssa]
        if form == "any":
            return [self.object_in(register, temps)]
        if form == "ints":
            return [part.ssa for part in val.parts]
        words = []
        for part in val.parts:
            words += [part.ssa, "1"] if part.kind == "int" else [self.e("ptr_bits", self.pointer(part)), "-1"]
        return words

    def prepare(self, form: str, register: int) -> None:
        """A key that is handed over as an object becomes one; exits know."""
        if form == "any" and self.cx.frames[-1].regs[register].parts:
            self.secure()
            self.real(register)
            self.again()

    # --------------------------------------------------------------------------------------------- look-ups
    def item_by_object(self, instr):
        if instr.op == "ITEM_GET_K":
            return self.constant_key(instr)
        container = self.read_typed(instr.b, self.seen.b)
        if container is None or not self.acts_as_dict(container, "__getitem__"):
            return super().item_by_object(instr)
        form = self.key_form(instr.c, self.seen.c)
        return self.step(instr) if form is None else self.dict_item(instr, container, form)

    def acts_as_dict(self, val: Val, *methods: str) -> bool:
        """Whether an object is a dict, or of a subclass that has these methods of it, as defaultdict and Counter have;
        guards that it stays so."""
        kind = self.type_of(val) or self.class_of(val) if val.kind == "obj" else None
        if kind is dict or kind is None:
            return kind is dict
        return issubclass(kind, dict) and not self.left_before(MADE_OF_NOTHING) and \
            all(self.core.class_attribute(kind, name) is dict.__dict__[name] for name in methods) and \
            self.guard_version(val, kind)

    def other_item(self, instr, val, kind, index):
        if val is None or instr.op == "ITEM_GET_K" or not self.acts_as_dict(val, "__getitem__"):
            return super().other_item(instr, val, kind, index)
        return self.dict_value(val, "int", [index.ssa], ())

    def constant_key(self, instr):
        """d["name"]."""
        container = self.read_typed(instr.b, self.seen.b)
        key = self.local_constant(instr.c)
        if container is None or key.kind != "obj" or type(key.const) not in (str, bytes) or \
                not self.acts_as_dict(container, "__getitem__"):
            return super().item_by_object(instr)
        return self.finish_item(instr, self.dict_value(container, "any", [self.pointer(key)], ()))

    def dict_item(self, instr, container: Val, form: str):
        """R[A] = R[B][R[C]]."""
        self.prepare(form, instr.c)
        temps: list[str] = []
        words = self.key_words(form, instr.c, temps)
        return self.finish_item(instr, self.dict_value(container, form, words, temps))

    def dict_value(self, container: Val, form: str, words: list[str], temps) -> Val:
        """The value of a key that is there."""
        found = self.e("call_p", self.pointer(container), *words, x=self.api("rt_dict_item_" + form))
        raises = self.type_of(container) is dict
        self.failing(self.e("ptr_ne", found, "null"), temps, NOT_PLAIN if raises else MADE_OF_NOTHING)
        self.drop_temps(temps)
        return self.loaded_item(found, self.value_kinds(self.seen.result))

    def value_kinds(self, kinds: set) -> set:
        """Boxed or not, a number is a number; unboxed only where it was seen so."""
        named = {"int": int, "float": float, "bool": bool}
        types = {named.get(kind, kind) for kind in kinds} - {"empty"}
        return types if len(types) == 1 and None not in types and isinstance(next(iter(types)), type) else set()

    def do_CONTAINS(self, instr):
        container = self.read_typed(instr.c, self.seen.c)
        if container is None or container.kind == "mem":
            return self.step(instr)
        kind = self.kind_of(container)
        if kind is dict or kind in SETS:
            return self.contains_key(instr, container, "rt_dict_has_" if kind is dict else "rt_set_has_")
        truth = self.contains_other(instr, container, kind)
        if truth is None:
            return self.step(instr)
        return self.finish_contains(instr, truth)

    def contains_other(self, instr, container: Val, kind):
        """`in` of other containers; None: a single step."""
        return None

    def contains_key(self, instr, container: Val, name: str):
        """`in` of a dict or set."""
        form = self.key_form(instr.b, self.seen.b)
        if form is None:
            return self.step(instr)
        self.prepare(form, instr.b)
        temps: list[str] = []
        words = self.key_words(form, instr.b, temps)
        found = self.e("call_i", self.pointer(container), *words, x=self.api(name + form))
        self.failing(self.e("int_ne", found, "2"), temps, NOT_PLAIN)
        self.drop_temps(temps)
        return self.finish_contains(instr, self.e("int_ne", found, "0"))

    def finish_contains(self, instr, truth: str):
        """Write what `in` gives."""
        if instr.x:
            truth = self.e("bool_not", truth)
        return self.conclude(instr, ((1, instr.b), (2, instr.c)), Val("bool", truth))

    # --------------------------------------------------------------------------------------------- changing
    def store_by_object(self, instr):
        container = self.read_typed(instr.a, self.seen.a)
        form = self.key_form(instr.b, self.seen.b)
        if container is None or form is None or not self.acts_as_dict(container, "__setitem__"):
            return super().store_by_object(instr)
        return self.dict_store(instr, container, form)

    def store_other(self, instr, container, index):
        if self.cx.frames[-1].regs[instr.b].kind not in ("int", "obj") or \
                not self.acts_as_dict(container, "__setitem__"):
            return super().store_other(instr, container, index)
        return self.dict_store(instr, container, "int" if self.cx.frames[-1].regs[instr.b].kind == "int" else "any")

    def dict_store(self, instr, container: Val, form: str):
        """R[A][R[B]] = R[C]."""
        if form in ("pair", "ints") and self.shared(instr, instr.b):
            form = "any"                # the key in the dict and the value of the name are one object
        self.read(instr.c)
        self.put(container, form, instr.b, instr.c)
        return self.conclude(instr, ((2, instr.c), (1, instr.b), (0, instr.a)), None)

    def shared(self, instr, register: int) -> bool:
        """Whether a register's virtual object may be read again after this instruction, from whatever register."""
        frames = self.cx.frames
        val, live = frames[-1].regs[register], frames[-1].code.live(instr.at + instr.length)
        return any(old is val for frame in frames[:-1] for old in frame.regs) or \
            any(old is val and live >> number & 1 for number, old in enumerate(frames[-1].regs))

    def put(self, container: Val, form: str, key: int, value: int) -> None:
        """Store under a plain key; what was there may end."""
        self.ready(value, *([key] if form == "any" else []))
        temps: list[str] = []
        words = self.key_words(form, key, temps)
        number = self.cx.frames[-1].regs[value]
        plain = number.kind == "int"
        words.append(number.ssa if plain else self.object_in(value, temps))
        name = f"rt_dict_{'put' if plain else 'set'}_{form}"
        done = self.e("call_i", self.pointer(container), *words, x=self.api(name))
        self.failing(self.e("int_ne", done, "0"), temps, NOT_PLAIN)
        self.drop_temps(temps)
        self.cx.facts.clear()

    def do_ITEM_DELETE(self, instr):
        container = self.read_typed(instr.a, self.seen.a)
        if container is not None and container.kind == "obj" and self.type_of(container) is list:
            return self.delete_list_item(instr, container)
        form = self.key_form(instr.b, self.seen.b)
        if container is None or container.kind != "obj" or self.type_of(container) is not dict or form is None:
            return self.step(instr)
        self.ready(*([instr.b] if form == "any" else []))
        temps: list[str] = []
        words = self.key_words(form, instr.b, temps)
        done = self.e("call_i", self.pointer(container), *words, x=self.api("rt_dict_del_" + form))
        self.failing(self.e("int_ne", done, "0"), temps, NOT_PLAIN, done=True)
        self.drop_temps(temps)
        self.cx.facts.clear()
        return self.conclude(instr, ((1, instr.b), (0, instr.a)), None)

    def delete_list_item(self, instr, container: Val):
        """del list[index]"""
        index = self.number(instr.b, self.seen.b)
        if index is None or index.kind != "int":
            return self.step(instr)
        pointer = self.pointer(container)
        position = self.checked_index(index, self.load("i64", pointer, 16, "list"))
        self.keep()
        self.secure()
        self.e("call_i32", pointer, position, self.e("int_add", position, "1"), "null", x=self.api("PyList_SetSlice"))
        self.cx.facts.clear()
        return self.conclude(instr, ((1, instr.b), (0, instr.a)), None)

    # ---------------------------------------------------------------------------------------------- methods
    def container(self, registers: list[int], kind: type) -> Val | None:
        """The receiver of a method, if it is exactly of the type."""
        val = self.argument(registers[0])
        known = val is not None and val.kind == "obj" and val.const is NO and self.type_of(val) is kind
        return val if known else None

    @row(dict.get)
    def call_get(self, instr, registers):
        container = self.container(registers, dict) if len(registers) in (2, 3) else None
        form = self.key_form(registers[1], set()) if container else None
        if form is None:
            return None
        default = self.cx.frames[-1].regs[registers[2]] if len(registers) == 3 else NONE
        if default.kind == "mem" or default.parts:
            return None
        self.prepare(form, registers[1])
        temps: list[str] = []
        boxes: list[str] = []
        words = self.key_words(form, registers[1], temps)
        words.append(self.object_of(default, boxes))
        found = self.e("call_p", self.pointer(container), *words, x=self.api("rt_dict_get_" + form))
        self.failing(self.e("ptr_ne", found, "null"), temps + boxes, NOT_PLAIN)
        self.drop_temps(temps)
        if boxes:
            self.do("incref", found)
            self.drop_temps(boxes)
            return self.own(found)
        val = self.loaded_item(found, self.value_kinds(self.seen.result))
        if val.kind == "obj" and default.kind == "obj" and default.const is NO:
            self.do("incref", found)            # it may be the default, which may be nobody else's
            return self.own(found)
        return val

    @row(dict.pop)
    def call_dict_pop(self, instr, registers):
        container = self.container(registers, dict) if len(registers) == 2 else None
        form = self.key_form(registers[1], set()) if container else None
        if form is None:
            return None
        self.ready(*([registers[1]] if form == "any" else []))
        temps: list[str] = []
        words = [self.pointer(container), *self.key_words(form, registers[1], temps)]
        found = self.e("call_p", *words, x=self.api("rt_dict_pop_" + form))
        self.failing(self.e("ptr_ne", found, "null"), temps, NOT_PLAIN, done=True)
        self.drop_temps(temps)
        self.cx.facts.clear()
        return self.own(found)

    @row(set.add)
    def call_add(self, instr, registers):
        container = self.container(registers, set) if len(registers) == 2 else None
        form = self.key_form(registers[1], set()) if container else None
        if form is None:
            return None
        self.add(container, form, registers[1])
        return NONE

    def add(self, container: Val, form: str, register: int) -> None:
        """Put a plain key into a set."""
        if form in ("pair", "ints") and self.shared(self.instr, register):
            form = "any"
        self.ready(*([register] if form == "any" else []))
        temps: list[str] = []
        words = self.key_words(form, register, temps)
        done = self.e("call_i", self.pointer(container), *words, x=self.api("rt_set_add_" + form))
        self.failing(self.e("int_ne", done, "0"), temps, NOT_PLAIN)
        self.drop_temps(temps)

    def do_SET_ADD(self, instr):
        container = self.read_typed(instr.a, self.seen.a)
        form = self.key_form(instr.b, self.seen.b)
        if container is None or container.kind != "obj" or self.type_of(container) is not set or form is None:
            return self.step(instr)
        self.add(container, form, instr.b)
        return self.conclude(instr, ((1, instr.b),), None)

    def do_MAP_ADD(self, instr):
        container = self.read_typed(instr.a, self.seen.a)
        form = self.key_form(instr.b, self.seen.b)
        if container is None or container.kind != "obj" or self.type_of(container) is not dict or form is None:
            return self.step(instr)
        if form in ("pair", "ints"):
            form = "any"
        self.put(container, form, instr.b, instr.b + 1)
        self.empty_range(instr.b, 2)
        return instr.at + instr.length
