"""Generators and coroutines that are made and resumed in compiled code: calls, send, next, yield from, await.

    f(x)          of a generator function: rt_generator; the arguments are stored where its frame will look for them
    g.send(x)     a single step, which resumes the innermost frame that g delegates to; where that goes on in compiled
                  code (a RESUME behind its YIELD is a place of its own), that is called, and comes back with what it
                  yields (`Region.after_call`, `rt_continue`)

What a value is awaited or delegated to by needs no step where it is a generator or coroutine of the VM: it is that.
One that was made here and has not begun (FRESH) goes on in the region when it is awaited: generators.py.
"""
from __future__ import annotations

from .calls import is_simple
from .direct import Direct
from .values import NO, Val

CREATED = -2                    # FRAME_CREATED
GEN_HEAD = 80                   # bytes before the host's frame in a generator
GENERATOR, COROUTINE = "FireGenerator_Type", "FireCoroutine_Type"
KINDS = {0x20: GENERATOR, 0x80: COROUTINE}      # that a call makes, by the code's flags
AWAITED = 0x180                 # flags of coroutines, and of generators that types.coroutine has marked
FRESH = "fresh"                 # a fact: function and code of what was made here
ASYNC_YIELD = 2                 # in Frame.words


class Resuming(Direct):
    """Specializations of what makes and resumes generators."""

    def type_named(self, name: str) -> type:
        """A type of the core."""
        return self.core.object_at(self.info[name])

    # ------------------------------------------------------------------------------------------------ making
    def generator_code(self, function):
        """The code of a generator or coroutine function of the VM; None: it is something else."""
        address = id(function)
        if self.core.word(address + self.offset["FireFunction.vmcode_of"]) != self.core.word(address + 48):
            return None
        code = self.core.code_at(self.core.word(address + self.offset["FireFunction.vmcode"]))
        return code if code.flags & 0x2A0 in KINDS and code.flags & 3 == 3 and not self.core.is_twin(code) else None

    def make_by_call(self, call, code):
        """A call of a generator function; None: its arguments do not fit."""
        instr = call.instr
        self.escape_gathered(instr, code, call.positional, call.named)
        sources = self.bind(call, code)
        if sources is None:
            return None
        self.guard_maker(call.function, call.callable, code)
        self.read_sources(sources)
        self.guard_numbers()
        self.keep()
        values = self.take_sources(sources)
        called = self.take_source(call.callable if call.held is None else call.held)
        self.empty_call(instr)
        made = self.made_generator(called, code, values)
        self.release(called)
        return self.finish_made(instr, instr.a, call.function, code, made)

    def guard_maker(self, function, callable: Val, code) -> None:
        """Go on only if the function has its code, and coroutines do not note where they are made."""
        self.guard_code(function, callable)
        if code.flags & 0x80:
            thread = self.load("ptr", "%frame", self.offset["Frame.thread"], "frame")
            state = self.load("ptr", thread, self.offset["Thread.ts"], "frame")
            depth = self.load("i32", state, self.offset["ThreadState.coroutine_origin_tracking_depth"], "jit")
            self.guard(self.e("int_eq", depth, "0"), "it is noted where coroutines are made")

    def made_generator(self, called: Val, code, values: list[Val]) -> Val:
        """A new generator with these values, which are held, as parameters."""
        values = self.made_real(values)
        self.secure()
        function, code_word = self.pointer(called), self.const_word(code.address)
        made = self.e("call_p", "%frame", function, code_word, x=self.api("rt_generator"))
        self.cx.facts.clear()
        inner = self.frame_of(made, code)
        for number, val in enumerate(values):
            self.write_memory(inner, number, val)
        return self.own(made, self.type_named(KINDS[code.flags & 0x2A0]))

    def frame_of(self, made: str, code) -> str:
        """The frame of a generator."""
        return self.e("offset", made, x=GEN_HEAD + (87 + 8 * code.nlocals & -16))

    def finish_made(self, instr, register: int, function, code, made: Val):
        """Write a generator that was made."""
        self.write(register, made)
        self.cx.facts[FRESH, made.ssa] = function, code
        return instr.at + instr.length

    # ---------------------------------------------------------------------------------- methods that make them
    def coroutine_method(self, val: Val | None, kind: type | None, name: str):
        """A special method that is a coroutine function with self alone, and its code; the class is guarded."""
        if kind is None or val.const is not NO:
            return None, None
        method = self.core.class_attribute(kind, name)
        code = self.generator_code(method) if type(method) is self.core.function_type else None
        if code is None or not code.flags & 0x80 or not is_simple(code, 1) or not self.guard_version(val, kind):
            return None, None
        self.guard_maker(method, Val("obj", None, type(method), method), code)
        return method, code

    def do_ANEXT(self, instr):
        val, kind = self.object_kind(instr.b, self.seen.b)
        method, code = self.coroutine_method(val, kind, "__anext__")
        if code is None:
            return self.step(instr)
        self.keep()
        self.cx.hold(val)
        made = self.made_generator(Val("obj", None, type(method), method), code, [val])
        self.consume(instr, 1, instr.b)
        return self.finish_made(instr, instr.a, method, code, made)

    def do_BEFORE_ASYNC_WITH(self, instr):
        val, kind = self.object_kind(instr.a, self.seen.a)
        leave = self.core.class_attribute(kind, "__aexit__") if kind is not None else None
        method, code = (None, None)
        if type(leave) is self.core.function_type:
            method, code = self.coroutine_method(val, kind, "__aenter__")
        if code is None:
            return self.step(instr)
        self.keep()
        self.cx.hold(val)
        made = self.made_generator(Val("obj", None, type(method), method), code, [val])
        self.write(instr.a, Val("bound", parts=(Val("obj", None, type(leave), leave), val)))
        return self.finish_made(instr, instr.a + 1, method, code, made)

    # -------------------------------------------------------------------------------------------- delegation
    def resumes(self, target, first: int) -> bool:
        """Whether a call of a builtin resumes a generator of the VM."""
        generator = self.type_named(GENERATOR)
        if target is next:
            return self.expected(first + 1) == {generator}
        return target is generator.__dict__["send"] or target is self.type_named(COROUTINE).__dict__["send"]

    def hand_on(self, register: int, kinds) -> None:
        """A number goes to another frame, unboxed if it was so far: code there expects it as the interpreter has it."""
        val = self.cx.frames[-1].regs[register]
        number = self.unboxed(val, set(kinds)) if val.kind == "obj" and kinds in ({"int"}, {"float"}) else None
        if number is not None:
            self.guard_ordered(number)
        self.guard_numbers()
        self.keep()
        if number is not None:
            self.write(register, number)

    def do_YIELD_FROM_ITER(self, instr):
        return self.delegate(instr, GENERATOR)

    def do_AWAITABLE(self, instr):
        _, code = self.cx.facts.get((FRESH, self.cx.frames[-1].regs[instr.b].ssa), (None, None))
        if code is not None and code.flags & AWAITED:
            return self.finish_iter(instr, self.cx.frames[-1].regs[instr.b])
        return self.delegate(instr, COROUTINE)

    def delegate(self, instr, name: str):
        """An object that is sent to itself. A coroutine must not be awaited by another: who has not begun is not."""
        kind = self.type_named(name)
        if self.seen.b != {kind} or self.cx.frames[-1].regs[instr.b].kind not in ("obj", "mem"):
            return self.step(instr)
        val: Val = self.guard_type(self.read(instr.b), kind)
        if name == COROUTINE:
            status = self.load("i8", self.pointer(val), self.offset["Gen.gi_frame_state"], "frame")
            self.guard(self.e("int_eq", status, str(CREATED)), "a coroutine is awaited that has begun")
        return self.finish_iter(instr, val)

    def do_ASYNC_GEN_WRAP(self, instr):
        """The YIELD behind it is told."""
        frame = self.cx.frames[-1]
        if len(self.cx.frames) > 1 or self.read(instr.b).kind == "empty":
            return self.step(instr)
        self.guard_numbers()
        self.keep()
        val = frame.regs[instr.b]
        self.cx.hold(val)
        self.consume(instr, 1, instr.b)
        self.write(instr.a, val)
        self.unhold(val)
        self.store("i64", frame.frame, str(ASYNC_YIELD), self.offset["Frame.words"], "frame")
        return instr.at + instr.length


__all__ = ["FRESH", "Resuming"]
