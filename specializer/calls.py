"""Calls: functions of the VM go on in a frame that exists only in the region, until something has to see it.

    CALL f(x)  ->  a FrameState whose parameters are the caller's values; RETURN hands its value back

Guards: what is called has the code it had; there is room for the frames; recursion stays below its limit.
"""
from __future__ import annotations

from types import BuiltinFunctionType, MethodType

from .builtins import RECEIVER
from .context import DIRTY, FrameState
from .builder import Split
from .binding import Call
from .native_calls import COLLECTS, ROOM, NativeCalls
from .values import EMPTY, HEAP_TYPE, NO, NUMBERS, Val, is_fixed, is_quiet

ENOUGH_BLOCKS, TINY = 400, 10   # a region with so many blocks inlines only tiny functions
MethodDescriptor = type(list.append)
MOST_CALLEES = 4        # at a call that each get their own code
DEEPEST = 4             # calls in each other that are inlined, generators that go on not counted
SMALL, RECURSIONS = 20, (2, 1)  # a function of so few instructions is inlined into itself so often: by LLVM, at once
METHOD_FUNCTION, METHOD_SELF = 16, 24       # offsets in a bound method
ABSTRACT = 1 << 20
ENDS = {"init": "rt_end_init", "object": "rt_end_init", "uncounted": "rt_end_uncounted"}    # of frames of a kind
LARGEST = 32            # instructions of a function that is inlined; larger ones are called
UNSURE = "a method of an operator returns NotImplemented"
PLAIN_RESULTS = set("""ADD SUB MUL TRUEDIV FLOORDIV MOD POW AND OR XOR LSHIFT RSHIFT MATMUL LT LE EQ NE GT GE IS NOT IN
    NEG LOADK BUILD_TUPLE BUILD_LIST BUILD_MAP BUILD_SET""".split())    # of operators NotImplemented never comes out


class Calls(NativeCalls):
    """Specializations of calls and returns."""

    def do_CALL(self, instr):
        frame = self.cx.frames[-1]
        base = instr.b
        if frame.regs[base].kind == "mem" and not instr.x:
            self.load_callable(frame, base, self.seen.b)
        if frame.regs[base].kind not in ("obj", "empty") and not instr.x:
            return self.step(instr)
        first = base + 1 if instr.x or frame.regs[base].kind == "empty" else base
        if frame.regs[first].kind == "mem":
            self.load_callable(frame, first, self.seen.c if first == base + 1 else self.seen.b)
        callable = frame.regs[first]
        if callable.kind != "obj":
            return self.step(instr)
        self.split_callable(callable, self.seen.c if first == base + 1 else self.seen.b)
        count = base + 2 + instr.c - first - 1
        if callable.const is NO and self.callable_type(callable, first) is BuiltinFunctionType:
            return self.call_bound(instr, callable, first, count)
        if callable.const is NO:
            callable = self.known_descriptor(callable)
        if callable.const is NO or type(callable.const) is self.core.function_type or is_program_class(callable.const):
            return self.call_function(instr, callable, first, *self.arguments_of(instr, first, count))
        if self.resumes(callable.const, first):
            return self.resume_by_call(instr, first + 1, callable.const)
        at = self.consume_generator(instr, callable.const, first, count)
        return self.call_builtin(instr, callable.const, first, count) if at is None else at

    def load_callable(self, frame, number: int, kinds) -> None:
        """Load what is called, if it was an object each time."""
        if kinds and (len(kinds) == 1 or all(isinstance(kind, type) for kind in kinds)):
            self.load_register(frame, number, next(iter(kinds)))

    def split_callable(self, callable: Val, kinds) -> None:
        """Functions, and objects of other types that are called here too, each go their own way."""
        if 1 < len(kinds) <= MOST_CALLEES and callable.const is NO and self.core.function_type in kinds and \
                not (self.type_of(callable) or self.class_of(callable)) and \
                all(isinstance(kind, type) for kind in kinds):
            self.split_type(callable, sorted(kinds, key=lambda kind: kind.__name__))

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
        if self.resumes(method, first):
            return self.single_step(instr)
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

    def call_function(self, instr, callable: Val, first: int, positional: list, named: list):
        """A call of what the program has written: its callable is in a register, and known or of what was seen."""
        kind = "call" if instr.op == "CALL" else "operator"         # they have other lengths
        target, held, bound = callable.const, first, []
        if target is NO:
            shape = self.callable_type(callable, first)
            if shape is MethodType:
                self.guard_type(callable, MethodType)
                bound = [Val("obj", self.load("ptr", callable.ssa, METHOD_SELF, "tuple"))]
                callable, held = Val("obj", self.load("ptr", callable.ssa, METHOD_FUNCTION, "tuple")), None
            elif shape is not None and is_quiet(shape):
                target = self.seen_class(callable)
            elif shape is not None and shape is not self.core.function_type:
                return self.call_instance(instr, callable, shape, [first] + positional, named)
            if target is NO:
                target = self.seen_function(callable)
        if is_program_class(target) and kind == "call":
            return self.call_type(instr, target, positional, named)
        if type(target) is not self.core.function_type:
            return self.step(instr)
        return self.inline(Call(instr, target, callable, held, bound + positional, named, kind))

    def callable_type(self, callable: Val, first: int) -> type | None:
        """The type of what is called, as far as it is known or was seen."""
        kind = self.type_of(callable) or self.class_of(callable)
        if kind is not None:
            return kind
        if self.instr.op == "CALL_EX":
            kinds = self.seen.a
        else:
            kinds = self.seen.c if first == self.instr.b + 1 else self.seen.b
        return next(iter(kinds)) if len(kinds) == 1 and isinstance(next(iter(kinds)), type) else None

    def seen_class(self, callable: Val):
        """The only class that was called; NO: there were several."""
        found = list(self.seen.callables.values())
        if len(found) != 1 or not is_program_class(found[0]):
            return None
        self.guard(self.e("ptr_eq", callable.ssa, self.const_object(found[0])), "another class is called")
        return found[0]

    def call_instance(self, instr, callable: Val, kind: type, positional: list, named: list):
        """An object whose class has a `__call__`."""
        method = self.core.class_attribute(kind, "__call__")
        if is_fixed(kind) or type(method) is not self.core.function_type or not self.guard_version(callable, kind):
            return self.step(instr)
        function = Val("obj", None, type(method), method)
        return self.inline(Call(instr, method, function, None, positional, named, "object"))

    def seen_function(self, callable: Val):
        """One of the functions that were seen, guarded to have its globals; None: there are too many."""
        functions = {id(f.__code__): f for f in self.seen.callables.values() if type(f) is self.core.function_type}
        several = len({id(getattr(f, "__code__", f)) for f in self.seen.callables.values()})
        if self.core.function_type in (self.type_of(callable), self.class_of(callable)):
            several = len(functions)
        function = self.cx.facts.get(("code is", callable.ssa))
        if function is None and 1 < several == len(functions) <= MOST_CALLEES:
            self.split_callee(callable, functions)
        if function is None and several == len(functions) == 1:
            (function,) = functions.values()
        if function is None:
            return None
        self.guard_type(callable, self.core.function_type)
        globals_found = self.load("ptr", callable.ssa, 16, "attr")
        self.guard(self.e("ptr_eq", globals_found, self.const_object(function.__globals__)))
        return function

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
    def inline(self, call: Call):
        """Go on in the callee."""
        instr, function = call.instr, call.function
        made = self.generator_code(function) if call.kind in ("call", "operator") else None
        if made is not None:
            at = self.make_by_call(call, made)
            return self.step(instr) if at is None else at
        inlined = self.callee_code(function, instr, collects=True)
        code = inlined or self.plain_code(function)
        self.escape_gathered(instr, code, call.positional, call.named)
        sources = self.bind(call, code) if code is not None else None
        if sources is None:
            return self.step(instr)
        self.guard_code(function, call.callable)
        self.guard_call(inlined, sources)
        self.only_looked_at = inlined is not None and self.looked_at(code, len(sources) - 1)
        values = self.take_sources(sources)
        called = self.take_source(call.callable if call.held is None else call.held)
        self.empty_call(instr)
        if inlined is None:
            return self.call_native(instr, code, called, values, call.kind)
        return self.enter(instr, function, code, called, values, call.kind)

    def guard_call(self, inlined, sources) -> None:
        """The guards of any call, and the parameters' values, before its first effect."""
        self.read_sources(sources)
        if inlined is None:
            self.guard_numbers()
            self.guard_room()
        else:
            self.guard_depth()
        self.keep()

    def empty_call(self, instr) -> None:
        """Empty the registers of a call that are not yet."""
        regs = self.cx.frames[-1].regs
        count = 2 + instr.c if instr.op == "CALL" else 3 + (instr.c & 1)
        for number in range(instr.b, instr.b + count):
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

    def callee_code(self, function, instr, collects: bool = False):
        """The callee's decoded code if it may be inlined. `collects`: it may have * and ** parameters."""
        code = self.known_code(function)
        frames = self.cx.frames
        calls = sum(frame.kind != "gen" for frame in frames)
        if code is None or calls > DEEPEST or (code.flags & COLLECTS and not collects):
            return None
        times = RECURSIONS[not self.optimized] if len(code.instrs) <= SMALL else 0
        if sum(frame.code is code for frame in frames) > times:
            return None
        if code.loops or len(code.instrs) > LARGEST:
            return None
        if len(self.function.blocks) > ENOUGH_BLOCKS and len(code.instrs) > TINY:
            return None
        path = (*frames[-1].path, (instr.at, code.address))
        if (path, self.entry_of(code)) in self.profile.at or self.profile.adopt(path, code, self.entry_of(code)):
            return code
        return None

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
            deep = self.e("int_gt", left, str(ROOM))
            self.do("guard", deep, x=f"B{self.exit_for('recursion is near its limit').number}")
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
        if callee.kind == "unsure" and not self.guard_implemented(callee.regs[instr.a]):
            self.leave(UNSURE)
            return None
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
            self.do("call_none", callee.frame, x=self.api(ENDS.get(callee.kind, "rt_pop")))
        else:
            self.release(callee.function)
        if callee.kind == "init":
            result = callee.instance
            if callee.frame is not None:
                self.cx.hold(result)
                self.cx.owned[result.ssa] = self.cx.owned.get(result.ssa, 0) + 1
        self.cx.frames.pop()
        if callee.kind == "unsure":
            operator = self.cx.frames[-1].code.instrs[callee.call_at]
            self.consume(operator, 1, operator.b)
            self.consume(operator, 2, operator.c)
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
        if code is None or not is_simple(code, 1) or not self.guard_version(val, kind):
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
        """An operator that the class of its first operand defines by a function of the VM; None: not this way. Where
        that may return NotImplemented, the operands stay in their registers for who asks the other one: `unsure`."""
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
        if code is None or not is_simple(code, len(registers)):
            return None
        unsure = not self.returns_plainly(method, code)
        if unsure and (inlined is None or not self.may_be_unsure(kind, found, (instr.at, code.address))):
            return None
        if not self.guard_version(val, kind):
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
            if not unsure:
                self.consume(instr, operand, number)
        if inlined is None:
            return self.call_native(instr, code, known, values, "operator")
        return self.enter(instr, method, code, known, values, "unsure" if unsure else "operator")

    def may_be_unsure(self, kind: type, found: list, call: tuple) -> bool:
        """Whether a binary operator is one that the VM goes on with behind NotImplemented (vm/handlers/operators.py):
        of two objects of one class, or a number on the right. Not where it was seen to have to."""
        right, other = found[-1]
        number = right.kind in NUMBERS or (self.type_of(right) or other) in (int, float)
        plain = all(base is object or not is_fixed(base) for base in kind.__mro__)
        path = (*self.cx.frames[-1].path, call)
        return len(found) == 2 and plain and (number or other is kind) and \
            not any(where == path and why == UNSURE for where, _, why in self.profile.hot)

    def guard_implemented(self, val: Val) -> bool:
        """Go on only if a method has not returned NotImplemented; False: it has."""
        if val.kind != "obj" or val.ssa in self.cx.virtuals:
            return True
        if val.const is not NO:
            return val.const is not NotImplemented
        kind = self.type_of(val) or self.class_of(val)
        if kind is None or kind is type(NotImplemented):
            sure = self.e("ptr_ne", self.pointer(val), self.const_object(NotImplemented))
            self.do("guard", sure, x=f"B{self.exit_for(UNSURE).number}")
        return True

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
                if not is_program_class(made) or \
                        self.core.class_attribute(made, "__new__") is not object.__dict__["__new__"]:
                    return False
            elif before.a != instr.a or before.op.removesuffix("_K") not in PLAIN_RESULTS or \
                    (before.op == "LOADK" and code.constant(before.d)[2] is NotImplemented):
                return False
        return True

    # ------------------------------------------------------------------------------------------- instances
    def call_type(self, instr, kind: type, positional: list, named: list):
        """A class of the program: its instance is made, __init__ goes on inlined."""
        if not self.adds_nothing(kind):
            return self.step(instr)
        init = self.core.class_attribute(kind, "__init__")
        if type(init) is not self.core.function_type:
            return self.step(instr)
        inlined = self.callee_code(init, instr, collects=True)
        code = inlined or self.plain_code(init)
        known = Val("obj", None, type(init), init)
        if code is None or code.argcount == 0 or not self.guard_class(kind) or not self.guard_metaclass(kind):
            return self.step(instr)
        self.escape_gathered(instr, code, positional, named)
        sources = self.bind(Call(instr, init, known, None, [EMPTY, *positional], named), code)
        if sources is None:
            return self.step(instr)
        self.guard_code(init, known)
        self.guard_call(inlined, sources[1:])
        self.only_looked_at = inlined is not None and self.looked_at(code, len(sources) - 1)
        instance = self.instance_of_call(kind, inlined is not None, positional)
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

    def adds_nothing(self, kind: type) -> bool:
        """Whether `instance_of_call` makes what `__new__` would."""
        return self.core.class_attribute(kind, "__new__") is object.__dict__["__new__"]

    def instance_of_call(self, kind: type, inlined: bool, positional: list) -> Val:
        """A new instance, before its `__init__`."""
        instance = self.new_instance(kind)
        if not inlined or not self.plain_class(kind):
            self.make_instance(instance.ssa)
        return instance


def is_simple(code, count: int) -> bool:
    """Whether a function has so many parameters, all of them plain."""
    return code.argcount == count and not code.host.co_kwonlyargcount and not code.flags & COLLECTS


def is_program_class(held) -> bool:
    """Whether this is a class, made by a class statement, whose instances the JIT may make."""
    return is_quiet(type(held)) and bool(held.__flags__ & HEAP_TYPE) and not held.__flags__ & ABSTRACT


__all__ = ["Calls"]
