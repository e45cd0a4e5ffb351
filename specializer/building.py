"""Lists, dicts and sets as they are built, and grown by comprehensions.

    [x, y]    ->  %l = call_p 2 !rt_list; its items are stored
"""
from __future__ import annotations

from .dicts import NOT_PLAIN
from .direct import FAILS, Direct
from .values import NONE, Val


class Building(Direct):
    """Specializations of building."""

    def new_item(self, register: int) -> str:
        """A register's value as an object: a new reference."""
        frame = self.cx.frames[-1]
        val = frame.regs[register]
        if val.kind == "mem":
            return self.e("call_p", self.register(frame.frame, register), x=self.api("rt_own_register"))
        return self.boxed_new(val)

    def finish_built(self, instr, made: str, kind: type, used: int):
        """Write what was built, empty the range."""
        result = self.own(made, kind)
        self.cx.hold(result)
        self.empty_range(instr.b, used)
        self.write(instr.a, result)
        self.unhold(result)
        return instr.at + instr.length

    def before_building(self, registers) -> None:
        """The collector may run."""
        self.ready(*registers)
        self.keep()

    def do_BUILD_TUPLE(self, instr):
        frame = self.cx.frames[-1]
        registers = range(instr.b, instr.b + instr.c)
        if instr.c == 0 or all(frame.regs[n].kind != "mem" for n in registers):
            return super().do_BUILD_TUPLE(instr)
        self.before_building(registers)
        made = self.e("call_p", str(instr.c), x=self.api("rt_tuple"))
        self.cx.facts.clear()
        for number, register in enumerate(registers):
            self.store("ptr", made, self.new_item(register), 24 + 8 * number, "tuple")
        return self.finish_built(instr, made, tuple, instr.c)

    def do_BUILD_LIST(self, instr):
        registers = range(instr.b, instr.b + instr.c)
        self.before_building(registers)
        made = self.e("call_p", str(instr.c), x=self.api("rt_list"))
        self.cx.facts.clear()
        if instr.c:
            items = self.load("ptr", made, 24, "list")
            for number, register in enumerate(registers):
                self.store("ptr", items, self.new_item(register), 8 * number, "item")
        return self.finish_built(instr, made, list, instr.c)

    def do_BUILD_MAP(self, instr):
        frame = self.cx.frames[-1]
        keys = range(instr.b, instr.b + 2 * instr.c, 2)
        if instr.c > 5 or not all(self.is_plain(frame.regs[n]) for n in keys):
            return self.step(instr)
        self.before_building(range(instr.b, instr.b + 2 * instr.c))
        made = self.e("call_p", x=self.api("rt_dict"))
        self.cx.facts.clear()
        for register in keys:
            self.put_new(made, "rt_put_item", register, register + 1)
        return self.finish_built(instr, made, dict, 2 * instr.c)

    def put_new(self, made: str, name: str, *registers: int) -> None:
        """Put plain things into something that was just made."""
        temps: list[str] = []
        words = [self.object_in(register, temps) for register in registers]
        self.do("call_none", made, *words, x=self.api(name))
        self.drop_temps(temps)

    def do_BUILD_CONST_MAP(self, instr):
        frame = self.cx.frames[-1]
        names = frame.regs[instr.b + instr.c]
        if instr.c > 12 or type(names.const) is not tuple or any(type(name) is not str for name in names.const):
            return self.step(instr)
        self.before_building(range(instr.b, instr.b + instr.c))
        made = self.e("call_p", x=self.api("rt_dict"))
        self.cx.facts.clear()
        for number, name in enumerate(names.const):
            temps: list[str] = []
            value = self.object_in(instr.b + number, temps)
            self.do("call_none", made, self.const_object(name), value, x=self.api("rt_put_item"))
            self.drop_temps(temps)
        return self.finish_built(instr, made, dict, instr.c + 1)

    def do_BUILD_SET(self, instr):
        frame = self.cx.frames[-1]
        registers = range(instr.b, instr.b + instr.c)
        if instr.c > 6 or not all(self.is_plain(frame.regs[n]) for n in registers):
            return self.step(instr)
        self.before_building(registers)
        made = self.e("call_p", x=self.api("rt_set"))
        self.cx.facts.clear()
        for register in registers:
            self.put_new(made, "rt_put_key", register)
        return self.finish_built(instr, made, set, instr.c)

    def do_LIST_APPEND(self, instr):
        container = self.read_typed(instr.a, self.seen.a)
        if container is None or container.kind != "obj" or self.type_of(container) is not list:
            return self.step(instr)
        self.read(instr.b)
        self.before_building([instr.b])
        self.add_item(container, instr.b)
        return self.conclude(instr, ((1, instr.b),), None)

    def add_item(self, container: Val, register: int) -> None:
        """Append a register's value to a list. Without memory the item is gone again and all is as it was."""
        item = self.new_item(register)
        self.again()
        done = self.e("call_i", self.pointer(container), item, x=self.api("rt_append"))
        self.do("guard_done", self.e("int_ne", done, "0"), x=f"B{self.exit_for(FAILS).number}")

    def append_to(self, registers) -> Val | None:
        """list.append, of whatever value."""
        container = self.argument(registers[0])
        if len(registers) != 2 or container is None or container.kind != "obj" or self.type_of(container) is not list:
            return None
        self.before_building([registers[1]])
        self.add_item(container, registers[1])
        return NONE


__all__ = ["Building", "NOT_PLAIN"]
