"""Functions that call themselves and have no effects, as machine code without frames.

    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)        f(calls left, n): jit.ret_* is its value

Nobody can see the frame of a function that stores nothing, makes nothing and calls none but such functions, unless it
fails: and then all it did can be forgotten and done again by code with frames. So its parameters are in registers, its
guards lead to one place, where it says so (`jit.gave_up`) and returns, and whoever called gives up in turn, until code
with a frame makes its call the usual way (native_calls.py). The same happens near the recursion limit and when a signal
or another thread waits.

It has the handlers' convention; in the place of pc, registers, frame and table come: the number of calls that may be
open at once, and up to three parameters. More parameters, and floats, are in `jit.parameters`.
"""
from __future__ import annotations

from ..ir.ops import ALIAS, GUARD, OPS, PURE, READS
from .builder import Abort
from .context import DIRTY, FrameState
from .native_calls import PARAMETERS, kind_names, kinds_word, may_be_frameless
from .region import Region
from .values import EMPTY, NONE, TAGS, Val, is_fixed

LEFT = "%pc"
COUNTED = {"incref", "decref", "decref_plain"}      # nothing ends meanwhile: no reference need be counted
MOST_VALUES = 900       # so that all of them would fit into the stack that a call may take (STACK_BITS)


class Frameless(Region):
    """Compiles a function without its frame. Raises Abort where it has effects."""

    def build(self, kinds: list, one_module: bool = True, optimized: bool = True):
        """As of Region."""
        if not one_module:
            raise Abort("functions with several modules' globals share the code")
        self.optimized = optimized
        code = self.profile.root
        self.returned = self.kind_returned(code)
        self.given_up = self.function.block()
        self.given_up.ops.append(("store_i64", "", (self.word_in(self.given_up, self.info["jit"]), "1"),
                                  (self.offset["Jit.gave_up"], ALIAS["jit"])))
        self.given_up.end = ("return",)
        frame = FrameState(code, (), None)
        frame.globals, frame.builtins = self.root.__globals__, self.root.__builtins__
        self.cx.frames.append(frame)
        self.begin(self.header)
        self.parameters = [self.given(number, kind) for number, kind in enumerate(kinds[:code.argcount])]
        for number, val in enumerate(self.parameters):
            frame.regs[number] = val
            self.cx.hold(val)
        self.look_around()
        self.goto(self.header)
        self.returns = 0
        self.follow_paths()
        if not self.returns:
            raise Abort("no path through it is without effects")
        self.check()
        return self.function

    def kind_returned(self, code) -> str:
        """The kind of a function's values: one of numbers, or objects and None."""
        names = kind_names(self.returned_kinds(code))
        if names == {"none", "obj"}:
            return "obj"
        if len(names) != 1:
            raise Abort("it returns values of several kinds")
        return names.pop()

    def word_in(self, block, word: int) -> str:
        """A known word in another block."""
        saved, self.block = self.block, block
        found = self.const_word(word)
        self.block = saved
        return found

    def given(self, number: int, kind) -> Val:
        """A parameter; what came as several kinds is expected to be any object."""
        jit, at = self.const_word(self.info["jit"]), self.offset["Jit.parameters"] + 8 * number
        if kind == "float":
            return Val("float", self.load("f64", jit, at, "jit"))
        if number < len(PARAMETERS):
            word = self.e("offset", PARAMETERS[number], x=0)
        else:
            word = self.load("ptr", jit, at, "jit")
        if kind in ("int", "bool"):
            bits = self.e("ptr_bits", word)
            return Val(kind, bits if kind == "int" else self.e("int_to_bool", bits))
        val = Val("obj", word)
        return self.guard_type(val, kind) if isinstance(kind, type) and kind is not object and is_fixed(kind) else val

    def look_around(self) -> None:
        """Give up where calls are too deep, or a signal or another thread waits."""
        left = self.e("ptr_bits", LEFT)
        self.guard(self.e("int_gt", left, "0"))
        self.guard_quiet()
        self.left = left

    def guard_quiet(self) -> None:
        """Give up if a signal, another thread or a pending call waits."""
        breaker = self.const_word(self.core.word(self.info["state"] + self.offset["State.eval_breaker"]))
        self.guard(self.e("int_eq", self.e("poll", breaker), "0"))

    def check(self) -> None:
        """Look whether the code has no effects but ours: those on the JIT's state, and its calls."""
        count, looks = len(self.function.consts), (self.api("rt_names_hold"), self.api("rt_names_lie"))
        for block in self.function.blocks:
            count += len(block.params)
            for name, result, args, x in block.ops:
                count += result != "" and not (self.optimized and name == "const")
                ours = name == "invoke" or (name.startswith("store_") and x[1] == ALIAS["jit"]) or \
                    (name == "call_i" and x in looks)
                if not ours and OPS[name].effects not in (PURE, READS, GUARD):
                    raise Abort(f"it has an effect ({name})")
                if "%frame" in args and name != "offset":
                    raise Abort("it looks at its frame")
        if count > MOST_VALUES:
            raise Abort("it is large")

    # ------------------------------------------------------------------------------- what is not needed
    def do(self, name: str, *args: str, x=None) -> None:
        if name not in COUNTED:
            super().do(name, *args, x=x)

    def secure(self) -> None:
        pass

    def keep(self) -> None:
        pass

    def guard_numbers(self) -> None:
        pass

    def guard_room(self) -> None:
        pass

    def guard_depth(self) -> None:
        pass

    def make_exit(self, cx, at: int, why: str, counted: bool = True, often: bool = False):
        """All exits are one."""
        return self.given_up

    def poll(self, instr) -> None:
        self.guard_quiet()

    def put_away(self, frame, number: int, val: Val) -> None:
        frame.regs[number], frame.homes[number] = EMPTY, DIRTY

    # ------------------------------------------------------------------------------- what is not to be had
    def frame_pointer(self, depth: int) -> str:
        raise Abort("it needs its frame")

    def step(self, instr, fails: bool = False):
        """What is left to the interpreter is so on this path alone."""
        self.leave("an operation needs the interpreter")

    # ------------------------------------------------------------------------------- calls and returns
    def call_native(self, instr, code, called: Val, values: list[Val], kind: str = "call", instance: Val | None = None):
        """The function calls itself."""
        kinds = kinds_word(values)
        if not kinds or kind != "call" or not may_be_frameless(code):
            self.leave("it calls a function that needs its frame")
            return None
        record, name = self.const_word(code.address), self.kind_returned(code)
        facts, self.cx.facts = self.cx.facts, {}        # these hold on: nothing changes what they are of
        if code is not self.profile.root or called.const is not self.root or kinds != kinds_word(self.parameters):
            self.give_up_unless(self.has_frameless(record, called, kinds))
        left = self.e("int_sub", self.left, str(len(self.cx.frames)))
        self.give_up_unless(self.call_frameless(record, left, values))
        result = self.borrowed_value(name, code is self.profile.root)
        self.cx.facts = facts
        for val in (*values, called):
            self.release(val)
        self.write(instr.a, result)
        return instr.at + instr.length

    def give_up_unless(self, condition: str) -> None:
        """Go on only if a condition holds; what was done before is no effect that counts."""
        on = self.function.block()
        self.block.end = ("branch", condition, on, self.given_up)
        self.block = on

    def borrowed_value(self, name: str, own: bool) -> Val:
        """What a call has returned. `own`: it was this function's code, so numbers are of the kind that it returns."""
        jit = self.const_word(self.info["jit"])
        if not own or name == "obj":
            tag = self.load("i64", jit, self.offset["Jit.ret_tag"], "jit")
        if name != "obj":
            if not own:
                self.give_up_unless(self.e("int_eq", tag, str(TAGS[name])))
            return self.returned_value(name)
        is_object = self.e("int_eq", tag, str(TAGS["obj"]))
        if not own:
            self.give_up_unless(self.e("bool_or", is_object, self.e("int_eq", tag, str(TAGS["none"]))))
        found = self.load("ptr", jit, self.offset["Jit.ret_payload"], "jit")
        return Val("obj", self.e("ptr_select", is_object, found, self.const_object(None)))

    def finish(self, instr) -> None:
        """RETURN of the root."""
        self.returns += 1
        val = self.cx.frames[-1].regs[instr.a]
        if val.kind != self.returned and (val.kind, self.returned) != ("none", "obj"):
            self.leave("a function returned another kind of value than before")
            return
        self.guard_ordered(val)
        jit, payload = self.const_word(self.info["jit"]), self.offset["Jit.ret_payload"]
        if val.kind == "float":
            self.store("f64", jit, val.ssa, payload, "jit")
        elif val.kind == "obj":
            self.store("ptr", jit, self.pointer(val), payload, "jit")
        elif val is not NONE:
            word = val.ssa if val.kind == "int" else self.e("bool_to_int", val.ssa)
            self.store("i64", jit, word, payload, "jit")
        self.store("i64", jit, str(TAGS[val.kind]), self.offset["Jit.ret_tag"], "jit")
        self.block.end = ("return",)

