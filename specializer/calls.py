"""Calls: functions of the VM go on in a frame that exists only in the region, until something has to see it.

    CALL f(x)  ->  a FrameState whose parameters are the caller's values; RETURN hands its value back

Guards: what is called has the code it had; there is room for the frames; recursion stays below its limit.
"""
from __future__ import annotations

from .builder import Builder
from .context import DIRTY, IN_MEMORY, FrameState
from .values import EMPTY, MEM, NO, TAGS, Val, is_fixed

ENOUGH_BLOCKS, TINY = 400, 10   # a region with so many blocks inlines only tiny functions
MethodDescriptor = type(list.append)
SPECIAL = 0x4 | 0x8 | 0x20 | 0x80 | 0x200       # *args, **kwargs, generators, coroutines
DEEPEST = 4
LARGEST = 32            # instructions of a function that is inlined; larger ones are called


class Calls(Builder):
    """Specializations of calls and returns."""

    def do_CALL(self, instr):
        frame = self.cx.frames[-1]
        base = instr.b
        if frame.regs[base].kind == "mem" and not instr.x and len(self.seen.b) == 1:
            self.load_register(frame, base, next(iter(self.seen.b)))
        if frame.regs[base].kind not in ("obj", "empty") and not instr.x:
            return self.step(instr)
        first = base + 1 if instr.x or frame.regs[base].kind == "empty" else base
        if frame.regs[first].kind == "mem":
            kinds = self.seen.c if first == base + 1 else self.seen.b
            if len(kinds) != 1:
                return self.step(instr)
            self.load_register(frame, first, next(iter(kinds)))
        callable = frame.regs[first]
        if callable.kind != "obj":
            return self.step(instr)
        if callable.const is NO:
            callable = self.known_descriptor(callable)
        count = base + 2 + instr.c - first - 1
        if callable.const is NO:
            return self.call_variable(instr, callable, first, count)
        target = callable.const
        if type(target) is self.core.function_type:
            return self.inline(instr, target, callable, first, count)
        if isinstance(target, type):
            return self.call_type(instr, target, first, count)
        at = self.consume_generator(instr, target, first, count)
        return self.call_builtin(instr, target, first, count) if at is None else at

    def known_descriptor(self, callable: Val) -> Val:
        """A method of a builtin type that was forgotten where paths joined: it is again what it was."""
        found = list(self.seen.callables.values())
        if len(found) != 1 or type(found[0]) is not MethodDescriptor:
            return callable
        self.guard(self.e("ptr_eq", callable.ssa, self.const_object(found[0])), "another method is called")
        return Val("obj", None, MethodDescriptor, found[0])

    def call_variable(self, instr, callable: Val, first: int, count: int):
        """A callable that is not known but by what was seen."""
        functions = {id(f.__code__): f for f in self.seen.callables.values() if type(f) is self.core.function_type}
        if len(functions) != 1 or len(functions) != len({id(getattr(f, "__code__", f)) for f in self.seen.callables.values()}):
            return self.step(instr)
        (function,) = functions.values()
        self.guard_type(callable, self.core.function_type)
        globals_found = self.load("ptr", callable.ssa, 16, "attr")
        self.guard(self.e("ptr_eq", globals_found, self.const_object(function.__globals__)))
        return self.inline(instr, function, callable, first, count)

    # ------------------------------------------------------------------------------------------- inlining
    def inline(self, instr, function, callable: Val, first: int, count: int):
        """Go on in the callee."""
        at = self.call_generator(instr, function, callable, first, count)
        if at is not None:
            return at
        code = self.callee_code(function, instr)
        if code is None:
            return self.call_compiled(instr, function, callable, first, count)
        arguments = self.bind(instr, function, callable, code, first, count)
        if arguments is None:
            return self.step(instr)
        self.guard_code(function, callable)
        self.guard_depth()
        for source in arguments:
            if isinstance(source, int):
                self.read(source)
        self.keep()
        values = self.take_sources(arguments)
        called = self.take(first)
        self.empty_call(instr)
        return self.enter(instr, function, code, called, values)

    def take_sources(self, sources) -> list[Val]:
        """The values of parameters, out of registers or known, each held by the caller of this."""
        values = []
        for source in sources:
            if isinstance(source, int):
                values.append(self.take(source))
            else:
                self.cx.hold(source)
                values.append(source)
        return values

    def empty_call(self, instr) -> None:
        """Empty the registers of a call that are not yet."""
        regs = self.cx.frames[-1].regs
        for number in range(instr.b, instr.b + 2 + instr.c):
            if regs[number].kind != "empty":
                self.write(number, EMPTY)

    def enter(self, instr, function, code, called: Val, values: list[Val], kind: str = "call"):
        """Push the callee's state; the values and the function are held already."""
        caller = self.cx.frames[-1]
        callee = FrameState(code, (*caller.path, (instr.at, code.address)), None)
        callee.function, callee.call_at, callee.target, callee.kind = called, instr.at, instr.a, kind
        callee.globals, callee.builtins = function.__globals__, function.__builtins__
        for number, val in enumerate(values):
            callee.regs[number], callee.homes[number] = val, DIRTY
        self.cx.frames.append(callee)
        return self.entry_of(code)

    def simple_code(self, function, count: int):
        """The callee's code if it takes just these positional arguments."""
        address = id(function)
        if self.core.word(address + self.offset["FireFunction.vmcode_of"]) != self.core.word(address + 48):
            return None
        code = self.core.code_at(self.core.word(address + self.offset["FireFunction.vmcode"]))
        if code.flags & (SPECIAL | 0x20) or code.flags & 3 != 3 or self.core.is_twin(code):
            return None
        if not code.instrs[0].op.startswith("RESUME"):          # what comes before it (cells) would be left out
            return None
        return code if code.argcount == count and not code.host.co_kwonlyargcount else None

    def call_compiled(self, instr, function, callable: Val, first: int, count: int):
        """Make the call here: push the callee's frame, run its code if it is compiled; else the interpreter goes on."""
        code = self.simple_code(function, count)
        frame = self.cx.frames[-1]
        sources = range(first + 1, first + 1 + count)
        if code is None or instr.keywords or any(frame.regs[n].kind == "mem" for n in sources):
            return self.step(instr)
        self.guard_code(function, callable)
        self.guard_numbers()
        self.keep()
        snapshot = self.snapshot
        arguments = [self.take(n) for n in sources]
        called = self.take(first)
        self.empty_call(instr)
        arguments = [self.materialize(val) if val.parts else val for val in arguments]
        self.secure()
        self.flush()
        pointer = self.pointer(called)
        pc = self.const_word(frame.code.address_of(instr.at))
        words = self.const_word(code.address)
        callee = self.e("call_p", frame.frame, words, pointer, pc, x=self.api("rt_frame"))
        self.no_room(snapshot, callee, called, arguments, instr)
        for number, val in enumerate(arguments):
            self.cx.uses[val.ssa] = self.cx.uses.get(val.ssa, 0) if val.ssa else 0
            self.write_memory(callee, number, val)
        self.take_reference(called)
        return self.invoke(instr, frame, callee, code)

    def no_room(self, snapshot, callee: str, called: Val, arguments: list, instr) -> None:
        """Where the frame cannot be pushed the interpreter makes the call: arguments go back to their registers."""
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("is_null", callee), off, on)
        saved, self.cx = self.cx, self.cx.copy()
        self.block = off
        frame = self.cx.frames[-1]
        before = snapshot.frames[-1]
        place = next(n for n in (instr.b, instr.b + 1) if before.regs[n].kind == "obj" and
                     (before.regs[n].ssa == called.ssa and before.regs[n].const is called.const))
        for number, val in ((place, called), *zip(range(place + 1, place + 1 + len(arguments)), arguments)):
            self.write_memory(frame.frame, number, val)
        leave = self.const_word(frame.code.address_of(instr.at))
        self.block.end = ("leave", leave, frame.frame)
        self.block, self.cx = on, saved

    def invoke(self, instr, frame, callee: str, code):
        """Run the callee's code; its value is in the JIT's state if it came back."""
        jit = self.const_word(self.info["jit"])
        native = self.load("ptr", self.const_word(code.address), self.offset["VMCode.native"], "jit")
        run, absent = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("is_null", native), absent, run)
        self.block = absent
        entry = self.const_word(code.address_of(self.entry_of(code)))
        absent.end = ("tail", self.function.const(self.info["op_LEAVE"]), entry, callee)
        self.block = run
        self.store("ptr", jit, "null", self.offset["Jit.out_frame"], "jit")
        self.do("invoke", native, entry_pc := self.const_word(code.words), self.register(callee, 0), callee,
                self.const_word(self.info["step_table"]))
        del entry_pc
        self.cx.facts.clear()
        out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
        out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
        came = self.e("bool_and", self.e("ptr_eq", out_frame, frame.frame), self.e("is_null", out_pc))
        back, away = self.function.block(), self.function.block()
        self.block.end = ("branch", came, back, away)
        self.came_otherwise(away, instr, frame, out_pc, out_frame)
        self.block = back
        return self.returned(instr, frame, code)

    def came_otherwise(self, away, instr, frame, out_pc: str, out_frame: str) -> None:
        """The callee was left: perhaps it returned in the interpreter's way, else something else goes on."""
        self.block = away
        same = self.e("ptr_eq", out_frame, frame.frame)
        following = self.const_word(frame.code.address_of(instr.at + instr.length))
        hit = self.e("bool_and", same, self.e("ptr_eq", out_pc, following))
        cx = self.cx.copy()
        state = cx.frames[-1]
        state.regs[instr.a], state.homes[instr.a] = MEM, IN_MEMORY
        on, off = self.edge(instr.at + instr.length, cx), self.function.block()
        self.block.end = ("branch", hit, on, off)
        self.block = off
        gone, other = self.function.block(), self.function.block()
        off.end = ("branch", self.e("is_null", out_frame), gone, other)
        gone.end = ("return",)
        other.end = ("tail", self.function.const(self.info["op_LEAVE"]), out_pc, out_frame)

    def returned(self, instr, frame, code):
        """The callee's value, of the kind its returns were seen with."""
        jit = self.const_word(self.info["jit"])
        payload, tag_at = self.offset["Jit.ret_payload"], self.offset["Jit.ret_tag"]
        kinds = self.returned_kinds(code)
        names = {kind if isinstance(kind, str) else "obj" for kind in kinds}
        if len(names) != 1:
            word, tag = self.load("i64", jit, payload, "jit"), self.load("i64", jit, tag_at, "jit")
            self.write(instr.a, EMPTY)              # may run a destructor, and that other calls
            base = self.info["sizeof.Frame"] + 16 * instr.a
            self.store("i64", frame.frame, word, base, "reg")
            self.store("i64", frame.frame, tag, base + 8, "reg")
            frame.regs[instr.a], frame.homes[instr.a] = MEM, IN_MEMORY
            return instr.at + instr.length
        (name,) = names
        tag = self.load("i64", jit, tag_at, "jit")
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("int_eq", tag, str(TAGS[name])), on, off)
        saved, self.cx = self.cx, self.cx.copy()
        self.block = off
        word = self.load("i64", jit, payload, "jit")
        self.write_in(self.cx.frames[-1], instr.a, EMPTY)
        other = self.cx.frames[-1]
        base = self.info["sizeof.Frame"] + 16 * instr.a
        self.store("i64", other.frame, word, base, "reg")
        self.store("i64", other.frame, tag, base + 8, "reg")
        other.regs[instr.a], other.homes[instr.a] = MEM, IN_MEMORY
        follow = self.edge(instr.at + instr.length)
        self.block.end = ("jump", follow, [])
        self.block, self.cx = on, saved
        val = {"int": lambda: Val("int", self.load("i64", jit, payload, "jit")),
               "float": lambda: Val("float", self.load("f64", jit, payload, "jit")),
               "bool": lambda: Val("bool", self.e("int_to_bool", self.load("i64", jit, payload, "jit"))),
               "none": lambda: Val("none")}.get(name, lambda: Val("obj", self.load("ptr", jit, payload, "jit")))()
        if val.kind == "obj":
            self.cx.owned[val.ssa] = 1
        self.write(instr.a, val)
        return instr.at + instr.length

    def returned_kinds(self, code) -> set:
        """Kinds that returns of a function were seen with, anywhere in the profile."""
        kinds: set = set()
        for path, other in self.profile.codes.items():
            if other is code:
                for at, instr in code.instrs.items():
                    seen = self.profile.at.get((path, at)) if instr.op == "RETURN" else None
                    kinds |= seen.a if seen is not None else set()
        return kinds

    def entry_of(self, code) -> int:
        """The word where calls enter."""
        return (self.core.word(code.address + self.offset["VMCode.entry"]) - code.words) >> 3

    def callee_code(self, function, instr):
        """The callee's decoded code if it may be inlined."""
        address = id(function)
        if self.core.word(address + self.offset["FireFunction.vmcode_of"]) != self.core.word(address + 48):
            return None
        code = self.core.code_at(self.core.word(address + self.offset["FireFunction.vmcode"]))
        frames = self.cx.frames
        if code.flags & SPECIAL or code.flags & 3 != 3 or len(frames) > DEEPEST or self.core.is_twin(code):
            return None
        if any(frame.code is code for frame in frames) or code.loops or len(code.instrs) > LARGEST:
            return None
        if len(self.function.blocks) > ENOUGH_BLOCKS and len(code.instrs) > TINY:
            return None
        path = (*frames[-1].path, (instr.at, code.address))
        return code if (path, self.entry_of(code)) in self.profile.at else None

    def bind(self, instr, function, callable: Val, code, first: int, count: int):
        """Where each parameter comes from: a register or a value; None: the call does not fit."""
        keywords = ()
        if instr.keywords:
            keywords = self.cx.frames[-1].code.constant(instr.keywords - 1)[2]
        names = code.host.co_varnames[:code.argcount + code.host.co_kwonlyargcount]
        positional = count - len(keywords)
        if positional > code.argcount:
            return None
        sources: list = [first + 1 + n for n in range(positional)] + [None] * (len(names) - positional)
        for offset, name in enumerate(keywords):
            if name not in names:
                return None
            at = names.index(name)
            if sources[at] is not None or at < code.host.co_posonlyargcount:
                return None
            sources[at] = first + 1 + positional + offset
        if None in sources and not self.fill_defaults(function, callable, code, sources, names):
            return None
        return sources

    def fill_defaults(self, function, callable: Val, code, sources: list, names) -> bool:
        """Defaults for what is not given, guarded to be those the function has now."""
        defaults, more = function.__defaults__ or (), function.__kwdefaults__
        for at in range(len(names)):
            if sources[at] is None:
                if at >= code.argcount:
                    if not more or names[at] not in more:
                        return False
                    self.guard_dict(more)
                    sources[at] = self.known(more[names[at]])
                else:
                    index = at - (code.argcount - len(defaults))
                    if index < 0:
                        return False
                    sources[at] = self.known(defaults[index])
        pointer = self.pointer(callable)
        for offset, value in ((56, function.__defaults__), (64, more)):
            if value is not None:
                found = self.load("ptr", pointer, offset, "attr")
                self.guard(self.e("ptr_eq", found, self.const_object(value)), "a function's defaults were changed")
        return True

    def guard_code(self, function, callable: Val) -> None:
        """Go on only if the function still has its code."""
        key = ("code", id(function) if callable.const is not NO else callable.ssa)
        if key not in self.cx.facts:
            found = self.load("ptr", self.pointer(callable), 48, "attr")
            self.guard(self.e("ptr_eq", found, self.const_object(function.__code__)), "a function has other code")
            self.cx.facts[key] = True

    def guard_depth(self) -> None:
        """Go on only if the recursion limit is far."""
        if "depth" not in self.cx.facts:
            thread = self.load("ptr", "%frame", self.offset["Frame.thread"], "frame")
            state = self.load("ptr", thread, self.offset["Thread.ts"], "frame")
            left = self.load("i32", state, 32, "jit")
            self.guard(self.e("int_gt", left, str(DEEPEST + 4)), "recursion is near its limit")
            self.cx.facts["depth"] = True

    def return_inlined(self, instr):
        """Hand the value to the caller, end the callee's state."""
        callee = self.cx.frames[-1]
        if callee.regs[instr.a].kind == "mem":
            if len(self.seen.a) != 1:
                self.leave("a function returns values of several kinds")
                return None
            self.read(instr.a)
        if callee.kind == "init" and callee.regs[instr.a].kind != "none":
            self.leave("__init__ returns something")
            return None
        self.guard_unseen(callee)
        truth = self.tested(callee, instr) if callee.kind == "truth" else None
        if callee.kind == "truth" and truth is None:
            self.leave("the truth of what a special method returns is not known")
            return None
        result = self.take(instr.a)
        for number in range(callee.code.nregs):
            if callee.regs[number].kind != "empty" or callee.homes[number] != DIRTY:
                self.write(number, EMPTY)
        if callee.frame is not None:
            self.secure()
            self.do("call_none", callee.frame, x=self.api("rt_end_init" if callee.kind == "init" else "rt_pop"))
        else:
            self.release(callee.function)
        if callee.kind == "init":
            result = callee.instance
            if callee.frame is not None:
                self.cx.hold(result)
                self.cx.owned[result.ssa] = self.cx.owned.get(result.ssa, 0) + 1
        self.cx.frames.pop()
        if callee.kind not in ("truth", "dropped"):
            self.write(callee.target, result)
        self.release(result)
        if truth is not None:
            self.write(callee.target, Val("bool", truth))
        caller = self.cx.frames[-1]
        return callee.call_at + caller.code.instrs[callee.call_at].length

    # -------------------------------------------------------------------------------------------- property
    def call_property(self, instr, val: Val, kind: type, found: property):
        """A property whose getter is a function of the VM."""
        getter = found.fget
        if type(getter) is not self.core.function_type:
            return self.step(instr)
        code = self.callee_code(getter, instr)
        if code is None or code.argcount != 1 or code.host.co_kwonlyargcount or not self.guard_version(val, kind):
            return self.step(instr)
        known = Val("obj", None, type(getter), getter)
        self.guard_code(getter, known)
        self.guard_depth()
        self.keep()
        self.cx.hold(val)
        self.consume(instr, 1, instr.b)
        return self.enter(instr, getter, code, known, [val], "property")

    # ---------------------------------------------------------------------------------------- special methods
    def call_special(self, instr, name: str, registers: list[int]):
        """An operator that the class of its first operand defines by a function of the VM; None: not this way."""
        frame = self.cx.frames[-1]
        found = [self.object_kind(n, kinds) if frame.regs[n].kind in ("mem", "obj") else (frame.regs[n], None)
                 for n, kinds in zip(registers, (self.seen.b, self.seen.c))]
        val, kind = found[0]
        if kind is None or is_fixed(kind) or val.const is not NO:
            return None
        method = self.core.class_attribute(kind, name)
        if type(method) is not self.core.function_type or "NotImplemented" in method.__code__.co_names:
            return None
        if len(found) == 2 and found[1][1] not in (None, kind) and issubclass(found[1][1], kind):
            return None                         # a subclass's reflected method would come first
        code = self.callee_code(method, instr)
        if code is None or code.argcount != len(registers) or code.host.co_kwonlyargcount or \
                not self.guard_version(val, kind):
            return None
        if len(found) == 2 and found[1][1] is not None and not self.guard_version(*found[1]):
            return None
        known = Val("obj", None, type(method), method)
        self.guard_code(method, known)
        self.guard_depth()
        self.keep()
        values = []
        for operand, number in enumerate(registers, start=1):
            value = frame.regs[number]
            self.cx.hold(value)
            values.append(value)
            self.consume(instr, operand, number)
        return self.enter(instr, method, code, known, values, "operator")

    # ------------------------------------------------------------------------------------------- instances
    def call_type(self, instr, kind: type, first: int, count: int):
        """A class: its instance is made, __init__ goes on inlined; or a builtin type."""
        if not kind.__flags__ & (1 << 9) or type(kind) is not type or kind.__flags__ & (1 << 20):
            return self.call_builtin(instr, kind, first, count)
        if self.core.class_attribute(kind, "__new__") is not object.__dict__["__new__"]:
            return self.step(instr)
        init = self.core.class_attribute(kind, "__init__")
        if type(init) is not self.core.function_type:
            return self.step(instr)
        code = self.callee_code(init, instr)
        known = Val("obj", None, type(init), init)
        if code is None or code.argcount == 0 or not self.guard_class(kind):
            return self.step(instr)
        sources = self.bind_self(instr, init, known, code, first, count)
        if sources is None:
            return self.step(instr)
        self.guard_code(init, known)
        self.guard_depth()
        for source in sources[1:]:
            if isinstance(source, int):
                self.read(source)
        self.keep()
        self.secure()
        made = self.e("call_p", self.const_object(kind), x=self.api("rt_new_instance"))
        self.cx.facts.clear()
        instance = Val("obj", made)
        self.cx.facts[("class", made)] = kind
        self.cx.owned[made] = 1
        self.cx.hold(instance)              # the frame's
        values = [instance]
        self.cx.hold(instance)              # the parameter's
        values += self.take_sources(sources[1:])
        self.empty_call(instr)
        at = self.enter(instr, init, code, known, values, "init")
        self.cx.frames[-1].instance = instance
        return at

    def bind_self(self, instr, init, known: Val, code, first: int, count: int):
        """As `bind`, with the instance before the arguments, in the place of the class."""
        return self.bind(instr, init, known, code, first - 1, count + 1)


__all__ = ["Calls"]
