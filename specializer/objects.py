"""Attributes, by layout: guards on versions, then direct loads and stores.

    ATTR_GET o.x       the type's version is what it was  ->  inline value or slot at a known place
"""
from __future__ import annotations

from types import ModuleType

from .items import OF_KIND, UNSET
from .names import KNOWN_KINDS, MethodDescriptor, Names
from .own_dicts import MANAGED_DICT, OwnDicts
from .values import EMPTY, NO, Val, is_fixed

MemberDescriptor = type(type("_", (), {"__slots__": ("a",)}).a)        # type: ignore[attr-defined]
HEAP_TYPE, VALID_VERSION = 1 << 9, 1 << 19
GETATTRO = 144          # in a class: what finds the attributes of its instances
NAME = 848              # and its name
T_OBJECT_EX = 16
MISSING = object()
MOST_TYPES = 6


class Objects(Names, OwnDicts):
    """Specializations of attributes."""

    # ------------------------------------------------------------------------------------------- attributes
    def guard_version(self, val: Val, kind: type) -> bool:
        """Go on only if the object's type is `kind` and that is unchanged; False: cannot be guarded."""
        if is_fixed(kind):
            self.guard_type(val, kind)
            return True
        if val.ssa in self.cx.virtuals:
            return self.guard_class(kind)
        key = ("version", val.ssa)
        if self.cx.facts.get(key) is kind:
            return True
        version = self.core.type_version(kind)
        if not version:
            return False
        found = self.load("ptr", val.ssa, 8, "type")
        self.guard(self.e("int_eq", self.load("u32", found, 384, "type"), self.version(version, "type", kind)),
                   "an object has another type, or its class was changed")
        self.cx.facts[key] = kind
        self.cx.facts[("class", val.ssa)] = kind
        return True

    def object_kind(self, register: int, kinds: set):
        """The object in a register and its only type; (None, None) if there is none. Several types go several ways."""
        val, types = self.object_kinds(register, kinds)
        if len(types) > 1:
            self.split_type(val, types)
        return (val, types[0]) if types else (None, None)

    def object_kinds(self, register: int, kinds: set) -> tuple[Val | None, list]:
        """The object in a register and the types it may have."""
        val = self.read(register)
        if val.kind != "obj":
            return None, []
        kind = self.type_of(val) or self.class_of(val)
        if kind is not None:
            return val, [kind]
        types = sorted((k for k in kinds if isinstance(k, type)), key=lambda k: (k.__name__, id(k)))
        return (val, types) if 0 < len(types) <= MOST_TYPES else (None, [])

    def same_place(self, val: Val, types: list, name: str):
        """As `place_of` for an attribute that objects of several types keep at the same place, or None."""
        indices = set()
        if any(self.may_have_dict(val, kind) for kind in types):
            return None
        for kind in types:
            if self.core.class_attribute(kind, name) is not MISSING or not kind.__flags__ & MANAGED_DICT:
                return None
            if not self.gets_plainly(kind) or kind.__setattr__ is not object.__setattr__:
                return None
            indices.add(self.core.key_index(self.core.word(id(kind) + 872), name))
        versions = [self.core.type_version(kind) for kind in types]
        if len(indices) != 1 or None in indices or 0 in versions:
            return None
        key = ("versions", val.ssa)
        if self.cx.facts.get(key) != versions:
            found = self.load("u32", self.load("ptr", val.ssa, 8, "type"), 384, "type")
            tests = [self.e("int_eq", found, self.version(version, "type", kind))
                     for version, kind in zip(versions, types)]
            test = tests[0]
            for another in tests[1:]:
                test = self.e("bool_or", test, another)
            self.guard(test, "an object has another type, or its class was changed")
            self.cx.facts[key] = versions
        return self.values_of(val), 8 * indices.pop()

    def do_ATTR_GET(self, instr):
        val, types = self.object_kinds(instr.b, self.seen.b)
        if val is None:
            return self.step(instr)
        name = self.cx.frames[-1].code.name_at(instr.c)
        if val.const is not NO:
            return self.constant_attribute(instr, val, name)
        place = self.same_place(val, types, name) if len(types) > 1 else None
        if place is None:
            if len(types) > 1:
                self.split_type(val, types)
            (kind,) = types
            if not self.gets_plainly(kind):
                return self.step(instr)
            found = self.core.class_attribute(kind, name)
            if isinstance(found, property):
                return self.call_property(instr, val, kind, found)
            if found is MISSING and self.may_have_dict(val, kind):
                return self.own_attribute(instr, val, kind, name)
            place = self.place_of(val, kind, name, found)
            if place is None:
                return self.class_value(instr, val, kind, name, found)
        value = self.load("ptr", place[0], place[1], "attr")
        self.guard(self.e("ptr_ne", value, "null"), "an attribute is not set")
        return self.finish_item(instr, self.loaded_item(value, self.seen.result))

    def gets_plainly(self, kind: type) -> bool:
        """Whether attributes of instances are found as `object` finds them: neither `super` nor a class with a
        `__getattribute__` of its own."""
        if self.core.word(id(kind) + GETATTRO) == self.core.word(id(object) + GETATTRO):
            return True
        return self.core.class_attribute(kind, "__getattribute__") is object.__dict__["__getattribute__"]

    def place_of(self, val: Val, kind: type, name: str, found):
        """Where an instance keeps an attribute: (base, offset), or None; the version is guarded then."""
        if type(found) is MemberDescriptor:
            definition = self.core.word(id(found) + 40)
            if self.core.word(definition + 8) & 0xFFFFFFFF != T_OBJECT_EX or not self.guard_version(val, kind):
                return None
            return val.ssa, self.core.word(definition + 16)
        if found is not MISSING and hasattr(type(found), "__set__"):
            return None
        if not kind.__flags__ & MANAGED_DICT or self.may_have_dict(val, kind):
            return None
        index = self.core.key_index(self.core.word(id(kind) + 872), name)
        if index is None or not self.guard_version(val, kind):
            return None
        values = self.values_of(val)
        return values, 8 * index

    def class_value(self, instr, val: Val, kind: type, name: str, found):
        """An attribute of the class that the instance does not hide."""
        if found is MISSING or hasattr(type(found), "__get__") or not self.not_hidden(val, kind, name):
            return self.step(instr)
        return self.finish_item(instr, self.known(found))

    def not_hidden(self, val: Val, kind: type, name: str) -> bool:
        """Guard that the instance has no attribute of its own by this name; False: cannot be guarded."""
        if not self.gets_plainly(kind) or not self.guard_version(val, kind):
            return False
        if self.may_have_dict(val, kind):
            return self.has_no_own(val, name)
        if kind.__flags__ & MANAGED_DICT:
            keys = self.core.word(id(kind) + 872)
            if self.core.key_index(keys, name) is not None:
                return False
            version = self.core.keys_version(keys)
            if not version:
                return False
            self.values_of(val)
            key = ("instance keys", kind)
            if key not in self.cx.facts:
                place = self.e("const", x=self.function.mark(keys, "instance keys at", kind))
                found = self.load("u32", place, 12, "dict")
                self.guard(self.e("int_eq", found, self.version(version, "instance keys", kind)),
                           "instances of a class got more attributes")
                self.cx.facts[key] = True
            return True
        return kind.__dictoffset__ == 0

    def constant_attribute(self, instr, val: Val, name: str):
        """An attribute of a known module or class."""
        value = self.constant_member(val.const, name)
        if value is None:
            return self.step(instr)
        return self.finish_item(instr, value)

    def constant_member(self, held, name: str) -> Val | None:
        """Attribute of a module by its dict, of a class by its version."""
        if type(held) is ModuleType:
            table = held.__dict__
            if name in table:
                self.guard_names(table, name)
                return self.known(table[name])
            return None
        if name == "__name__" and type(held) is type and held.__flags__ & HEAP_TYPE:
            return Val("obj", self.load("ptr", self.const_object(held), NAME, "type"), str)
        if self.is_plain_class(held, name):
            found = self.core.class_attribute(held, name)
            if found is MISSING or hasattr(type(found), "__get__") or name in ("__class__", "__dict__", "__name__"):
                return None
            return self.known(found) if self.guard_class(held) and self.guard_metaclass(held) else None
        return None

    def is_plain_class(self, held, name: str) -> bool:
        """Whether this is a class whose metaclass has nothing to do with an attribute that the class has. What a
        `__getattr__` of the metaclass says, as that of Enum's, counts for others alone."""
        meta = type(held)
        if meta is type or not issubclass(meta, type) or self.core.class_attribute(meta, name) is not MISSING:
            return meta is type
        return self.core.class_attribute(meta, "__getattribute__") is type.__dict__["__getattribute__"]

    def guard_class(self, kind: type) -> bool:
        """Go on only if a class is unchanged; False: cannot be guarded."""
        if is_fixed(kind) or ("class version", kind) in self.cx.facts:
            return True
        version = self.core.type_version(kind)
        if not version:
            return False
        found = self.load("u32", self.const_object(kind), 384, "type")
        self.guard(self.e("int_eq", found, self.version(version, "type", kind)), "a class was changed")
        self.cx.facts[("class version", kind)] = True
        return True

    def guard_metaclass(self, kind: type) -> bool:
        """Go on only if a class has its metaclass, and that is unchanged; False: cannot be guarded."""
        return type(kind) is type or self.guard_version(Val("obj", self.const_object(kind)), type(kind))

    def do_METHOD_GET(self, instr):
        name = self.cx.frames[-1].code.name_at(instr.c)
        text = self.read(instr.b)
        if text.kind == "char" or type(text.const) is str:
            found = self.core.class_attribute(str, name)
            return self.step(instr) if type(found) is not MethodDescriptor else self.finish_method(instr, text, found)
        val, kind = self.object_kind(instr.b, self.seen.b)
        if val is None:
            return self.step(instr)
        if val.const is not NO and isinstance(val.const, (ModuleType, type)):
            if self.is_plain_class(val.const, name) and \
                    type(self.core.class_attribute(val.const, name)) in (staticmethod, classmethod):
                return self.class_method(instr, val, name)
            value = self.constant_member(val.const, name)
            if value is None:
                return self.step(instr)
            self.consume(instr, 1, instr.b)
            self.write(instr.a, EMPTY)
            self.write(instr.a + 1, value)
            return instr.at + instr.length
        if val.const is not NO:
            return self.step(instr)
        found = self.core.class_attribute(kind, name)
        if type(found) is not MethodDescriptor and type(found) is not self.core.function_type:
            return self.step(instr)
        if not self.not_hidden(val, kind, name):
            return self.step(instr)
        return self.finish_method(instr, val, found)

    def class_method(self, instr, val: Val, name: str):
        """A static or class method of a class that is known."""
        found = self.core.class_attribute(val.const, name)
        function = found.__func__
        if type(function) is not self.core.function_type or not self.guard_class(val.const) or \
                not self.guard_metaclass(val.const):
            return self.step(instr)
        if type(found) is classmethod:
            return self.finish_method(instr, val, function)
        self.consume(instr, 1, instr.b)
        self.write(instr.a, EMPTY)
        self.write(instr.a + 1, self.known(function))
        return instr.at + instr.length

    def finish_method(self, instr, val: Val, found):
        """Write the function and the object it is called on."""
        self.keep()
        self.cx.hold(val)
        self.consume(instr, 1, instr.b)
        self.write(instr.a, Val("obj", None, type(found), found))
        self.write(instr.a + 1, val)
        self.unhold(val)
        return instr.at + instr.length

    def do_ATTR_SET(self, instr):
        val, types = self.object_kinds(instr.a, self.seen.a)
        frame = self.cx.frames[-1]
        if val is None or val.const is not NO or any(k.__setattr__ is not object.__setattr__ for k in types):
            return self.step(instr)
        self.read(instr.b)
        name = frame.code.name_at(instr.c)
        place = self.same_place(val, types, name) if len(types) > 1 else None
        if place is None:
            if len(types) > 1:
                self.split_type(val, types)
            (kind,) = types
            place = self.place_of(val, kind, name, self.core.class_attribute(kind, name))
        if place is None:
            return self.step(instr)
        base, offset = place
        value = frame.regs[instr.b]
        self.guard_ordered(value)
        self.keep()
        if self.takes_a_place(value) and not self.left_before(UNSET):
            self.replace_slot(self.e("offset", base, x=offset), value, "attr", may_be_null=True)
        else:
            self.secure()
            if base == val.ssa:
                self.store_attribute("slot", (self.e("offset", base, x=offset),), value)
            else:
                self.store_attribute("value", (base, str(offset // 8)), value)
            self.cx.facts.clear()
        self.consume(instr, 1, instr.b)
        self.consume(instr, 0, instr.a)
        return instr.at + instr.length

    def takes_a_place(self, value: Val) -> bool:
        """Whether a number can be expected to be stored over another: in an `__init__` hardly any is."""
        return value.kind in OF_KIND and self.cx.frames[-1].code.host.co_name != "__init__"

    def store_attribute(self, what: str, place: tuple[str, ...], value: Val) -> None:
        """Store into a slot or among the inline values; a number into the box that is there, if it can."""
        if value.kind in ("int", "float"):
            self.do("call_none", *place, value.ssa, x=self.api(f"rt_store_{what}_{value.kind}"))
        else:
            self.do("call_none", *place, self.boxed_new(value), x=self.api("rt_store_" + what))


__all__ = ["KNOWN_KINDS", "MethodDescriptor", "Objects"]
