"""Calls: functions of the VM go on in a frame that exists only in the region, until something has to see it.

    CALL f(x)  ->  a FrameState whose parameters are the caller's values; RETURN hands its value back

Guards: what is called has the code it had; there is room for the frames; recursion stays below its limit.
"""
from __future__ import annotations

from types import BuiltinFunctionType

from .builtins import RECEIVER
from .context import DIRTY, FrameState
from .builder import Split
from .native_calls import NativeCalls
from .values import EMPTY, NO, Val, is_fixed

ENOUGH_BLOCKS, TINY = 400, 10   # a region with so many blocks inlines only tiny functions
MethodDescriptor = type(list.append)
MOST_CALLEES = 4        # at a call that each get their own code
DEEPEST = 4
SMALL, RECURSIONS = 20, 1       # a function of so few instructions is inlined into itself so many times
LARGEST = 32            # instructions of a function that is inlined; larger ones are called
PLAIN_RESULTS = set("""ADD SUB MUL TRUEDIV FLOORDIV MOD POW AND OR XOR LSHIFT RSHIFT MATMUL LT LE EQ NE GT GE IS NOT IN NEG
    LOADK BUILD_TUPLE BUILD_LIST BUILD_MAP BUILD_SET""".split())        # of operators NotImplemented never comes out


class Calls(NativeCalls):
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
        count = base + 2 + instr.c - first - 1
        if callable.const is NO and self.expected(first) == {BuiltinFunctionType}:
            return self.call_bound(instr, callable, first, count)
        if callable.const is NO:
            callable = self.known_descriptor(callable)
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

    def call_bound(self, instr, callable: Val, first: int, count: int):
        """A method of a builtin object that was fetched before: `append = xs.append`."""
        found = list(self.seen.callables.values())
        if len(found) != 1 or type(found[0]) is not MethodDescriptor or instr.keywords:
            return self.step(instr)
        (method,) = found
        self.guard_type(callable, BuiltinFunctionType)
        key = ("method of", callable.ssa)
        if self.cx.facts.get(key) is not method:
            definition = self.load("ptr", callable.ssa, 16, "attr")
            known = self.const_word(self.core.word(id(method) + 40))
            self.guard(self.e("ptr_eq", definition, known), "another method is called")
            self.cx.facts[key] = method
        held = Val("obj", self.load("ptr", callable.ssa, 24, "attr"))
        self.receiver = self.guard_type(held, method.__objclass__)
        return self.call_method(instr, method, [RECEIVER, *range(first + 1, first + 1 + count)])

    def call_variable(self, instr, callable: Val, first: int, count: int):
        """A callable that is not known but by what was seen."""
        functions = {id(f.__code__): f for f in self.seen.callables.values() if type(f) is self.core.function_type}
        several = len({id(getattr(f, "__code__", f)) for f in self.seen.callables.values()})
        known = self.cx.facts.get(("code is", callable.ssa))
        if known is None and 1 < several == len(functions) <= MOST_CALLEES:
            self.split_callee(callable, functions)
        if known is None and (len(functions) != 1 or several != 1):
            return self.step(instr)
        function = known if known is not None else next(iter(functions.values()))
        self.guard_type(callable, self.core.function_type)
        globals_found = self.load("ptr", callable.ssa, 16, "attr")
        self.guard(self.e("ptr_eq", globals_found, self.const_object(function.__globals__)))
        return self.inline(instr, function, callable, first, count)

    def split_callee(self, callable: Val, functions: dict) -> None:
        """Go different ways by the code of the function that is called."""
        self.guard_type(callable, self.core.function_type)
        found = self.load("ptr", callable.ssa, 48, "attr")
        ways = []
        for function in functions.values():
            cx = self.cx.copy()
            cx.facts["code is", callable.ssa] = function
            ways.append((self.e("ptr_eq", found, self.const_object(function.__code__)), cx))
        raise Split(ways)

    # ------------------------------------------------------------------------------------------- inlining
    def inline(self, instr, function, callable: Val, first: int, count: int):
        """Go on in the callee."""
        at = self.call_generator(instr, function, callable, first, count)
        if at is not None:
            return at
        inlined = self.callee_code(function, instr)
        code = inlined or self.plain_code(function)
        arguments = self.bind(instr, function, callable, code, first, count) if code is not None else None
        if arguments is None:
            return self.step(instr)
        self.guard_code(function, callable)
        self.guard_call(inlined, arguments)
        values = self.take_sources(arguments)
        called = self.take(first)
        self.empty_call(instr)
        if inlined is None:
            return self.call_native(instr, code, called, values)
        return self.enter(instr, function, code, called, values)

    def guard_call(self, inlined, sources) -> None:
        """The guards of any call, and the parameters' values, before its first effect."""
        for source in sources:
            if isinstance(source, int):
                self.read(source)
        if inlined is None:
            self.guard_numbers()
            self.guard_room()
        else:
            self.guard_depth()
        self.keep()

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

    def callee_code(self, function, instr):
        """The callee's decoded code if it may be inlined."""
        code = self.plain_code(function)
        frames = self.cx.frames
        if code is None or len(frames) > DEEPEST:
            return None
        if sum(frame.code is code for frame in frames) > (RECURSIONS if len(code.instrs) <= SMALL else 0):
            return None
        if code.loops or len(code.instrs) > LARGEST:
            return None
        if len(self.function.blocks) > ENOUGH_BLOCKS and len(code.instrs) > TINY:
            return None
        path = (*frames[-1].path, (instr.at, code.address))
        if (path, self.entry_of(code)) in self.profile.at or self.profile.adopt(path, code, self.entry_of(code)):
            return code
        return None

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
        inlined = self.callee_code(getter, instr)
        code = inlined or self.plain_code(getter)
        if code is None or code.argcount != 1 or code.host.co_kwonlyargcount or not self.guard_version(val, kind):
            return self.step(instr)
        known = Val("obj", None, type(getter), getter)
        self.guard_code(getter, known)
        self.guard_call(inlined, ())
        self.cx.hold(val)
        self.consume(instr, 1, instr.b)
        if inlined is None:
            return self.call_native(instr, code, known, [val], "property")
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
        if type(method) is not self.core.function_type:
            return None
        if len(found) == 2 and found[1][1] not in (None, kind) and issubclass(found[1][1], kind):
            return None                         # a subclass's reflected method would come first
        inlined = self.callee_code(method, instr)
        code = inlined or self.plain_code(method)
        if code is None or code.argcount != len(registers) or code.host.co_kwonlyargcount or \
                not self.returns_plainly(method, code) or not self.guard_version(val, kind):
            return None
        if len(found) == 2 and found[1][1] is not None and not self.guard_version(*found[1]):
            return None
        known = Val("obj", None, type(method), method)
        self.guard_code(method, known)
        self.guard_call(inlined, registers)
        values = []
        for operand, number in enumerate(registers, start=1):
            value = frame.regs[number]
            self.cx.hold(value)
            values.append(value)
            self.consume(instr, operand, number)
        if inlined is None:
            return self.call_native(instr, code, known, values, "operator")
        return self.enter(instr, method, code, known, values, "operator")

    def returns_plainly(self, function, code) -> bool:
        """Whether what a function returns is never NotImplemented, as far as its instructions show: results of
        operators and of classes, constants, what was built."""
        order = sorted(code.instrs)
        if "NotImplemented" in code.host.co_names:
            return False
        for place, at in enumerate(order):
            instr = code.instrs[at]
            if instr.op != "RETURN":
                continue
            if at in code.merges:
                return False
            before = code.instrs[order[place - 1]]
            if before.op == "CALL" and before.a == instr.a:
                maker = next((i for i in (code.instrs[k] for k in reversed(order[:place]))
                              if i.a == before.b + 1 and i.op == "GLOBAL_GET"), None)
                made = function.__globals__.get(code.name_at(maker.b)) if maker is not None else None
                if type(made) is not type or self.core.class_attribute(made, "__new__") is not object.__dict__["__new__"]:
                    return False
            elif before.a != instr.a or before.op.removesuffix("_K") not in PLAIN_RESULTS or \
                    (before.op == "LOADK" and code.constant(before.d)[2] is NotImplemented):
                return False
        return True

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
        inlined = self.callee_code(init, instr)
        code = inlined or self.plain_code(init)
        known = Val("obj", None, type(init), init)
        if code is None or code.argcount == 0 or not self.guard_class(kind):
            return self.step(instr)
        sources = self.bind_self(instr, init, known, code, first, count)
        if sources is None:
            return self.step(instr)
        self.guard_code(init, known)
        self.guard_call(inlined, sources[1:])
        instance = self.new_instance(kind)
        if inlined is None or not self.plain_class(kind):
            self.make_instance(instance.ssa)
        self.cx.hold(instance)              # the frame's
        values = [instance]
        self.cx.hold(instance)              # the parameter's
        values += self.take_sources(sources[1:])
        self.empty_call(instr)
        if inlined is None:
            return self.call_native(instr, code, known, values, "init", instance)
        at = self.enter(instr, init, code, known, values, "init")
        self.cx.frames[-1].instance = instance
        return at

    def bind_self(self, instr, init, known: Val, code, first: int, count: int):
        """As `bind`, with the instance before the arguments, in the place of the class."""
        return self.bind(instr, init, known, code, first - 1, count + 1)


__all__ = ["Calls"]
