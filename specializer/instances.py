"""Virtual instances: objects of the program's classes that exist only as their attributes, until they escape.

    v = Vector(x, y)     no object; its __init__ stores into %v7, a name that stands for it
    v.x                  the value that was stored, a number in a machine register
    things.append(v)     %v7 = call_p Vector !rt_new_instance; its attributes are stored; it is as any object

A virtual instance is a name in `cx.virtuals`: its class and the values of its attributes, by place and in the
order of their first store. Registers hold it as they hold any object, `Val("obj", name)`, so that all of them
see what is stored. The name is that of the value it becomes when it is made real (`make_instance`); contexts
that go different ways have names of their own for it (`rename_instances`). It holds a reference of each
attribute, and nothing counts how many hold it: when no register does, its attributes are let go.

Only instances whose making and whose end nobody could notice are virtual: `plain_class`. Instructions that
know of them are those in AWARE; the others have them made real first, at the instruction's start.
"""
from __future__ import annotations

from ..tracer.liveness import effects_of
from .arith import METHODS
from .context import Context
from .direct import Direct
from .objects import MANAGED_DICT, MISSING, T_OBJECT_EX, MemberDescriptor
from .values import NO, Val, is_quiet

HEAP_TYPE, ABSTRACT = 1 << 9, 1 << 20
MOST_ATTRIBUTES = 12
AWARE = {"MOVE", "DROP", "ATTR_GET", "ATTR_SET", "METHOD_GET", "CALL", "IS", "JIS", "JNONE", "JIF", "NOT", *METHODS}


class Virtual:
    """Class and attributes of an instance that does not exist; never changed, but replaced."""

    __slots__ = ("kind", "parts")

    def __init__(self, kind: type, parts: dict):
        self.kind, self.parts = kind, parts


class Instances(Direct):
    """Making, using and joining of virtual instances."""

    # ---------------------------------------------------------------------------------------------- making
    def plain_class(self, kind: type) -> bool:
        """Whether neither the making nor the end of an instance can be noticed, and stores are what they seem."""
        if not is_quiet(type(kind)) or kind.__flags__ & ABSTRACT or kind.__itemsize__:
            return False
        if any(base is not object and not base.__flags__ & HEAP_TYPE for base in kind.__mro__):
            return False
        hooks = ("__new__", "__getattribute__", "__setattr__")
        return self.core.class_attribute(kind, "__del__") is MISSING and \
            all(self.core.class_attribute(kind, name) is object.__dict__[name] for name in hooks)

    def new_instance(self, kind: type) -> Val:
        """A virtual instance without attributes."""
        name = self.function.fresh()
        self.cx.virtuals[name] = Virtual(kind, {})
        return Val("obj", name)

    def virtual(self, val: Val) -> Virtual | None:
        """The virtual instance that a value is."""
        return self.cx.virtuals.get(val.ssa) if val.kind == "obj" and val.ssa else None

    def make_instance(self, name: str) -> None:
        """Make a virtual instance real, and before it those among its attributes. The collector may run."""
        for part in self.cx.virtuals[name].parts.values():
            if self.virtual(part):
                self.make_instance(part.ssa)
        self.secure()
        made = self.cx.virtuals.pop(name)
        self.block.ops.append(("call_p", name, (self.const_object(made.kind),), self.api("rt_new_instance")))
        self.cx.owned[name] = 1
        for place, part in made.parts.items():
            self.fill(name, str(place), part)
        self.cx.facts.clear()
        self.cx.facts["class", name] = made.kind
        self.changed_by = self.changed_by or "an instance that is made real"

    def fill(self, name: str, place: str, part: Val) -> None:
        """Store an attribute of a new instance, which takes over what the virtual one held."""
        if part.kind == "float":
            self.do("call_none", name, place, part.ssa, x=self.api("rt_fill_float"))
        elif part.kind == "int":
            self.do("call_none", name, place, part.ssa, x=self.api("rt_fill_int"))
        elif part.kind == "bool":
            self.do("call_none", name, place, self.e("bool_to_int", part.ssa), x=self.api("rt_fill_bool"))
        elif part.kind == "none":
            none = self.const_object(None)
            self.do("incref", none)
            self.do("call_none", name, place, none, x=self.api("rt_fill"))
        else:
            pointer = self.pointer(part)
            self.take_reference(part)
            self.do("call_none", name, place, pointer, x=self.api("rt_fill"))

    def escape_operands(self, instr, registers=None) -> None:
        """An instruction that does not know of virtual instances is about to use registers: they are made real, which
        nobody can see, so exits go back to behind that."""
        if not self.cx.virtuals:
            return
        if registers is None:
            found = effects_of(instr)
            registers = (*found.reads, *found.takes)
        frame = self.cx.frames[-1]
        made = False
        for number in registers:
            if self.virtual(frame.regs[number]):
                self.make_instance(frame.regs[number].ssa)
                made = True
        if made:
            self.again()

    # ------------------------------------------------------------------------------------------ attributes
    def place_in(self, kind: type, name: str, found) -> int | None:
        """Where instances of a class keep an attribute, as rt_fill wants it: 2 * offset, or 2 * index +
        1 for inline values."""
        if type(found) is MemberDescriptor:
            definition = self.core.word(id(found) + 40)
            if self.core.word(definition + 8) & 0xFFFFFFFF != T_OBJECT_EX:
                return None
            return 2 * self.core.word(definition + 16)
        if found is not MISSING and hasattr(type(found), "__set__") or not kind.__flags__ & MANAGED_DICT:
            return None
        index = self.core.key_index(self.core.word(id(kind) + 872), name)
        return None if index is None else 2 * index + 1

    def do_ATTR_GET(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        made = self.virtual(val)
        if made is None:
            return super().do_ATTR_GET(instr)
        name = self.cx.frames[-1].code.name_at(instr.c)
        found = self.core.class_attribute(made.kind, name)
        place = self.place_in(made.kind, name, found)
        if place in made.parts and self.guard_class(made.kind):
            return self.finish_item(instr, made.parts[place])
        if place not in made.parts and found is not MISSING and not hasattr(type(found), "__get__") and \
                self.guard_class(made.kind):
            return self.finish_item(instr, self.known(found))
        if type(found) is not property:
            self.escape_operands(instr)
        return super().do_ATTR_GET(instr)

    def do_ATTR_SET(self, instr):
        frame = self.cx.frames[-1]
        made = self.virtual(frame.regs[instr.a])
        if made is None:
            self.escape_operands(instr, [instr.b])
            return super().do_ATTR_SET(instr)
        value = self.read(instr.b)
        name = frame.code.name_at(instr.c)
        found = self.core.class_attribute(made.kind, name)
        place = self.place_in(made.kind, name, found)
        if type(found) is property and value.kind not in ("mem", "empty"):
            return super().do_ATTR_SET(instr)
        if place is None or value.kind in ("mem", "empty") or not self.guard_class(made.kind) or \
                (place not in made.parts and len(made.parts) >= MOST_ATTRIBUTES):
            self.escape_operands(instr)
            return super().do_ATTR_SET(instr)
        if self.virtual(value) and frame.regs[instr.a].ssa in self.reached(value.ssa):
            self.escape_operands(instr)             # it would hold itself
            return super().do_ATTR_SET(instr)
        if value.parts:
            self.ready(instr.b)
        value = frame.regs[instr.b]
        self.guard_ordered(value)
        return self.store_part(instr, frame.regs[instr.a].ssa, place, value)

    def store_part(self, instr, name: str, place: int, value: Val):
        """The attribute of a virtual instance is another value from now on."""
        self.keep()
        self.cx.hold(value)
        made = self.cx.virtuals[name]
        old = made.parts.get(place)
        self.cx.virtuals[name] = Virtual(made.kind, {**made.parts, place: value})
        if old is not None:
            self.unhold(old)
        self.consume(instr, 1, instr.b)
        self.consume(instr, 0, instr.a)
        return instr.at + instr.length

    def reached(self, name: str) -> set[str]:
        """Virtual instances that one holds, itself included."""
        found = {name}
        for part in self.cx.virtuals[name].parts.values():
            if self.virtual(part):
                found |= self.reached(part.ssa)
        return found

    def not_hidden(self, val: Val, kind: type, name: str) -> bool:
        made = self.virtual(val)
        if made is None:
            return super().not_hidden(val, kind, name)
        place = self.place_in(kind, name, self.core.class_attribute(kind, name))
        return place not in made.parts and self.guard_class(kind)

    # ----------------------------------------------------------------------------------------------- other uses
    def do_CALL(self, instr):
        regs = self.cx.frames[-1].regs
        self.escape_operands(instr, [instr.b + 1 if instr.x or regs[instr.b].kind == "empty" else instr.b])
        return super().do_CALL(instr)

    def call_builtin(self, instr, target, first: int, count: int):
        if target is not isinstance:
            self.escape_operands(instr, range(first + 1, first + 1 + count))
        return super().call_builtin(instr, target, first, count)

    def identical(self, instr, left: int, right: int) -> str | None:
        a, b = self.read(left), self.read(right)
        if self.virtual(a) or self.virtual(b):
            return "true" if a.kind == b.kind == "obj" and a.ssa == b.ssa else "false"
        return super().identical(instr, left, right)

    def none_test(self, val: Val) -> str | None:
        return "false" if self.virtual(val) else super().none_test(val)

    # -------------------------------------------------------------------------------------------- joining
    def fits_instance(self, val: Val, want: Val, other: Context) -> bool:
        """Whether a virtual instance can stand where a version has one, or any object: it is made real then.
        `self.pairs` says which one stands for which, None for those to be made real."""
        mine, theirs = self.cx.virtuals.get(val.ssa), other.virtuals.get(want.ssa)
        if mine is None:
            return False
        if theirs is None:
            plain = want.kind == "mem" or want.kind == "obj" and want.const is NO and want.type is None
            return plain and all(self.pairs.setdefault(name, None) is None for name in self.reached(val.ssa))
        if val.ssa in self.pairs or want.ssa in self.pairs.values():
            return self.pairs.get(val.ssa) == want.ssa
        self.pairs[val.ssa] = want.ssa
        return mine.kind is theirs.kind and list(mine.parts) == list(theirs.parts) and \
            all(self.fits_value(part, wanted, other)
                for part, wanted in zip(mine.parts.values(), theirs.parts.values()))

    def renamed_instance(self, block, val: Val, cx: Context) -> Val:
        """The same virtual instance in the context of a new block."""
        if val.ssa not in self.renames:
            self.renames[val.ssa] = name = self.function.fresh()
            made = self.cx.virtuals[val.ssa]
            parts = {place: self.renamed(block, part, cx) for place, part in made.parts.items()}
            for part in parts.values():
                cx.hold(part)
            cx.virtuals[name] = Virtual(made.kind, parts)
        return Val("obj", self.renames[val.ssa])

    def make_unpaired(self) -> None:
        """Make real what a version expects to be."""
        for name in [name for name, other in self.pairs.items() if other is None]:
            if name in self.cx.virtuals:
                self.make_instance(name)

    def rename_instances(self, cx: Context) -> Context:
        """A context that goes its own way has its own names."""
        names = {name: self.function.fresh() for name in cx.virtuals}
        if names:
            known: dict[Val, Val] = {}                      # one stays one
            for frame in cx.all_frames():
                for number, val in enumerate(frame.regs):
                    if val.ssa in names or val.parts:
                        frame.regs[number] = known.get(val) or known.setdefault(val, renamed(val, names))
                if frame.instance is not None:
                    frame.instance = renamed(frame.instance, names)
            for name, fresh in names.items():
                made = cx.virtuals.pop(name)
                parts = {place: renamed(val, names) for place, val in made.parts.items()}
                cx.virtuals[fresh] = Virtual(made.kind, parts)
                cx.uses[fresh] = cx.uses.pop(name, 0)
        return cx


def renamed(val: Val, names: dict[str, str]) -> Val:
    """A value in which virtual instances have other names."""
    if val.ssa in names:
        return Val(val.kind, names[val.ssa], val.type, val.const, val.parts)
    if val.parts:
        return Val(val.kind, val.ssa, val.type, val.const, tuple(renamed(part, names) for part in val.parts))
    return val


__all__ = ["Instances", "Virtual"]
