"""Attributes of instances that may have a dict of their own: somebody has asked for `__dict__`, or they were made so.

    r.seed = 1; vars(r)         r's values move from the instance to a dict, for good

That an instance has its values in line is what is expected at first. Where that was wrong often, in any place of the
region, the runtime looks where they are (vm/jit_instances.py).
"""
from __future__ import annotations

from .direct import Direct
from .values import NO, Val

DICTED = "an object has a dict of its own"
HIDDEN = "an object has an attribute by the name of its class's"
VALUES_AT = -32                         # in front of an instance
MANAGED_DICT = 1 << 4                   # in a class's flags
ABSENT = "0"


class OwnDicts(Direct):
    """Both ways to an instance's attributes."""

    def values_of(self, val: Val) -> str:
        """The inline values of an instance."""
        key = ("values", val.ssa)
        values = self.cx.facts.get(key)
        if values is None:
            values = self.load("ptr", val.ssa, VALUES_AT, "attr")
            self.do("guard", self.e("ptr_ne", values, "null"), x=f"B{self.exit_for(DICTED).number}")
            self.cx.facts[key] = values
        return values

    def may_have_dict(self, val: Val, kind: type) -> bool:
        """Whether an instance of a class may have one."""
        return bool(kind.__flags__ & MANAGED_DICT) and val.ssa not in self.cx.virtuals and \
            any(sentence == DICTED for _, _, sentence in self.profile.hot)

    def own_attribute(self, instr, val: Val, kind: type, name: str):
        """An attribute that the class has nothing to do with."""
        if not self.guard_version(val, kind):
            return self.step(instr)
        value = self.e("call_p", val.ssa, self.const_object(name), x=self.api("rt_own_item"))
        self.guard(self.e("ptr_ne", value, "null"), "an attribute is not set")
        return self.finish_item(instr, self.loaded_item(value, self.seen.result))

    def has_no_own(self, val: Val, name: str) -> bool:
        """Guard that an instance does not have an attribute of its own by a name; False: some were seen to have one."""
        if self.left_before(HIDDEN):
            return False
        has = self.e("call_i", val.ssa, self.const_object(name), x=self.api("rt_own_has"))
        self.do("guard", self.e("int_eq", has, ABSENT), x=f"B{self.exit_for(HIDDEN).number}")
        return True

    def are_compared_by_identity(self, *values: Val) -> bool:
        """Whether objects are of classes that define no `__eq__`, as members of enums are; guards that it stays so."""
        for val in values:
            kind = type(val.const) if val.const is not NO else self.class_of(val)
            if val.kind != "obj" or kind is None or val.ssa in self.cx.virtuals:
                return False
            if any(self.core.class_attribute(kind, name) is not object.__dict__[name] for name in ("__eq__", "__ne__")):
                return False
        for val in values:
            held = Val("obj", self.const_object(val.const)) if val.const is not NO else val
            if not self.guard_version(held, type(val.const) if val.const is not NO else self.class_of(val)):
                return False
        return True
