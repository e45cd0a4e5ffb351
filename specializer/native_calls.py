"""Calls of functions that are not inlined: the callee's frame is pushed here and its compiled code is run.

    CALL f(x)  ->  guard on the stacks' room; %f = rt_frame(...); its parameters are stored; invoke f's code;
                   guard on jit.out_frame

The value is in the JIT's state. Where the callee is not compiled, or is left before it returns, the
interpreter goes on in its frame. What the callee's return does is said by its frame, as in the interpreter:
`init` gives the instance, an operator's and a property's instructions have other lengths than a call's.
"""
from __future__ import annotations

from .builder import Builder
from .context import IN_MEMORY
from .values import EMPTY, IR_KIND, MEM, NONE, TAGS, Val

PARAMETERS = "%regs", "%frame", "%table"        # of a frameless function, in the place of what handlers get
MOST_PARAMETERS = 6                             # the rest, and floats, are in the JIT's state
KINDS = {"int": 1, "bool": 2, "float": 3, "obj": 4, "none": 4}      # in VMCode.frameless_kinds
KIND_BITS = 3
STACK_BITS = 13                                 # of the stack that one of its calls takes, at most
EFFECTS = {"ATTR_SET", "ITEM_SET", "GLOBAL_SET", "YIELD", "MAKE_FUNCTION", "BUILD_LIST", "BUILD_MAP", "BUILD_SET"}
SPECIAL = 0x20 | 0x80 | 0x200      # generators, coroutines
COLLECTS = 0x4 | 0x8                # *args, **kwargs

OTHER_KIND = "a function returned another kind of value than before"
ROOM = 16                                       # of the recursion limit: what a region inlines, and one call


def may_be_frameless(code) -> bool:
    """Whether a function may be worth a frameless version (frameless.py): it mentions its own name, has few parameters
    and no effects at first sight."""
    host = code.host
    plain = not host.co_kwonlyargcount and not code.flags & (COLLECTS | SPECIAL)
    return plain and 1 <= code.argcount <= MOST_PARAMETERS and host.co_name in host.co_names \
        and not EFFECTS & {instr.op for instr in code.instrs.values()}


def kind_names(kinds: set) -> set[str]:
    """Kinds with one name for all objects."""
    return {kind if isinstance(kind, str) else "obj" for kind in kinds}


def kinds_word(values: list[Val]) -> int:
    """The kinds of all parameters in one word; 0: one of them cannot be passed."""
    word = 0
    for val in reversed(values):
        bits = KINDS.get(val.kind)
        if bits is None:
            return 0
        word = word << KIND_BITS | bits
    return word


class NativeCalls(Builder):
    """Specializations of calls that push a frame."""

    def known_code(self, function):
        """The code of a function that a call may go on in: no generator, nothing but cells before
        its RESUME; or None."""
        address = id(function)
        if self.core.word(address + self.offset["FireFunction.vmcode_of"]) != self.core.word(address + 48):
            return None
        code = self.core.code_at(self.core.word(address + self.offset["FireFunction.vmcode"]))
        if code.flags & SPECIAL or code.flags & 3 != 3 or self.core.is_twin(code) or code.begin is None:
            return None
        return code

    def plain_code(self, function):
        """The callee's code if nothing comes before its RESUME; None: not that way."""
        code = self.known_code(function)
        if code is None:
            return None
        first = code.instrs[1 if self.is_closure(code) else 0]
        return code if first.op.startswith("RESUME") else None      # no MAKE_CELL

    @staticmethod
    def is_closure(code) -> bool:
        """Whether a function begins with the cells of its closure."""
        return code.instrs[0].op == "COPY_FREE_VARS"

    def guard_room(self) -> None:
        """Go on only if a call can be made and no signal, thread or pending call waits: else the interpreter
        makes it, or raises."""
        thread = self.load("ptr", "%frame", self.offset["Frame.thread"], "frame")
        state = self.load("ptr", thread, self.offset["Thread.ts"], "frame")
        left = self.e("int_gt", self.load("i32", state, 32, "jit"), str(ROOM))
        lowest = self.load("i64", thread, self.offset["Thread.c_stack_limit"], "frame")
        room = self.e("bool_and", left, self.e("int_gt", self.e("ptr_bits", self.e("stack_place")), lowest))
        breaker = self.const_word(self.core.word(self.info["state"] + self.offset["State.eval_breaker"]))
        room = self.e("bool_and", room, self.e("int_eq", self.e("poll", breaker), "0"))
        leave = self.another_exit("recursion is near its limit", counted=False)
        self.do("guard", room, x=f"B{leave.number}")

    def call_native(self, instr, code, called: Val, values: list[Val], kind: str = "call", instance: Val | None = None):
        """Make the call here. The values and the function are held, the instruction's operands are consumed."""
        frame = self.cx.frames[-1]
        self.secure()
        values = self.made_real(values)
        self.flush()
        quick = self.try_frameless(code, called, values) if kind == "call" and may_be_frameless(code) else None
        pc = self.const_word(frame.code.address_of(instr.at))
        code_word, function = self.const_word(code.address), self.pointer(called)
        callee = self.e("call_p", frame.frame, code_word, function, pc, x=self.api("rt_frame"))
        for number, val in enumerate(values):
            self.write_memory(callee, number, val)
        self.take_reference(called)
        if self.is_closure(code):
            self.do("call_none", callee, x=self.api("rt_free_vars"))
        self.frame_kind(callee, kind, instance, instr.length)
        self.invoke(instr, frame, callee, code, instance, quick)
        return instr.at + instr.length

    def call_frameless(self, record: str, left: str, values: list[Val]) -> str:
        """Call a frameless version; whether it has done its work."""
        jit, given = self.const_word(self.info["jit"]), ["null"] * len(PARAMETERS)
        for number, val in enumerate(values):
            if val.kind == "float":
                self.store("f64", jit, val.ssa, self.offset["Jit.parameters"] + 8 * number, "jit")
            elif number < len(PARAMETERS):
                given[number] = self.passed(val)
            else:
                self.store("ptr", jit, self.passed(val), self.offset["Jit.parameters"] + 8 * number, "jit")
        entry = self.load("ptr", record, self.offset["VMCode.frameless"], "jit")
        self.do("invoke", entry, self.e("bits_ptr", left), *given)
        self.cx.facts = {}
        return self.e("int_eq", self.load("i64", jit, self.offset["Jit.gave_up"], "jit"), "0")

    def passed(self, val: Val) -> str:
        """A value as a parameter that is a word."""
        if val.kind in ("obj", "none"):
            return self.pointer(val) if val.kind == "obj" else self.const_object(None)
        return self.e("bits_ptr", self.e("bool_to_int", val.ssa) if val.kind == "bool" else val.ssa)

    def try_frameless(self, code, called: Val, values: list[Val]):
        """Call the callee's frameless version if there is one for values of these kinds. The block where it has done
        its work; the code goes on where it has not, and nothing has happened then."""
        kinds = kinds_word(values)
        if not kinds:
            return None
        record = self.const_word(code.address)
        there, absent, failed, done = (self.function.block() for _ in range(4))
        self.block.end = ("branch", self.has_frameless(record, called, kinds), there, absent)
        saved, self.cx, self.block = self.cx, self.cx.copy(), there
        self.block.end = ("branch", self.call_frameless(record, self.calls_left(), values), done, failed)
        self.block = failed
        self.do("call_none", record, x=self.api("rt_gave_up"))
        self.block = done
        self.own_result()
        for val in (*values, called):
            self.release(val)
        done, self.cx, self.block = self.block, saved, self.function.block()
        for block in (absent, failed):
            block.end = ("jump", self.block, [])
            self.block.incoming.append((block, []))
        return done

    def has_frameless(self, record: str, called: Val, kinds: int) -> str:
        """Whether a function has a frameless version for parameters of these kinds."""
        found = self.load("i64", record, self.offset["VMCode.frameless_kinds"], "jit")
        whose = self.load("ptr", record, self.offset["VMCode.frameless_function"], "jit")
        return self.e("bool_and", self.e("int_eq", found, str(kinds)), self.e("ptr_eq", whose, self.pointer(called)))

    def own_result(self) -> None:
        """A frameless call has borrowed the object that it returned, if it is one; the caller of a function owns it.
        None may have come as an object."""
        jit, tag = self.const_word(self.info["jit"]), self.offset["Jit.ret_tag"]
        held, none, some, join = (self.function.block() for _ in range(4))
        is_object = self.e("int_eq", self.load("i64", jit, tag, "jit"), str(TAGS["obj"]))
        self.block.end = ("branch", is_object, held, join)
        self.block = held
        found = self.load("ptr", jit, self.offset["Jit.ret_payload"], "jit")
        held.end = ("branch", self.e("ptr_eq", found, self.const_object(None)), none, some)
        self.block = none
        self.store("i64", jit, str(TAGS["none"]), tag, "jit")
        self.block = some
        self.do("incref", found)
        for block in (none, some):
            block.end = ("jump", join, [])
            join.incoming.append((block, []))
        self.block = join

    def calls_left(self) -> str:
        """How many calls the recursion limit and the stack have room for."""
        thread = self.load("ptr", "%frame", self.offset["Frame.thread"], "frame")
        state = self.load("ptr", thread, self.offset["Thread.ts"], "frame")
        calls = self.e("int_sub", self.load("i32", state, 32, "jit"), str(ROOM))
        lowest = self.load("i64", thread, self.offset["Thread.c_stack_limit"], "frame")
        room = self.e("int_sub", self.e("ptr_bits", self.e("stack_place")), lowest)
        room = self.e("int_shr", room, str(STACK_BITS))
        return self.e("int_select", self.e("int_lt", calls, room), calls, room)

    def made_real(self, values: list[Val]) -> list[Val]:
        """Parameters' values, virtual ones made, each once."""
        made: dict[int, Val] = {}
        for val in values:
            if val.parts and id(val) not in made:
                made[id(val)] = self.materialize(val)
                self.share(val, made[id(val)], "", -1)
            elif val.parts:
                self.cx.hold(made[id(val)])
                for part in val.parts:
                    self.unhold(part)
        return [made.get(id(val), val) for val in values]

    def invoke(self, instr, frame, callee: str, code, instance: Val | None, quick) -> None:
        """Run the callee's code; its value is in the JIT's state if it came back, as in the block `quick`."""
        jit = self.const_word(self.info["jit"])
        native = self.load("ptr", self.const_word(code.address), self.offset["VMCode.native"], "jit")
        run, absent = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("is_null", native), absent, run)
        self.block = absent
        entry = self.const_word(code.address_of(self.entry_of(code) + self.is_closure(code)))
        absent.end = ("tail", self.function.const(self.info["op_LEAVE"]), entry, callee)
        self.block = run
        self.store("ptr", jit, "null", self.offset["Jit.out_frame"], "jit")
        self.do("invoke", native, self.const_word(code.words), self.register(callee, 0), callee,
                self.const_word(self.info["step_table"]))
        self.cx.facts.clear()
        self.came_back(instr, frame, code, instance, quick)

    def came_back(self, instr, frame, code, instance: Val | None, quick) -> None:
        """Behind the call: the value to its register, whether the callee returned natively or in the interpreter's way.
        Where something else goes on, this code ends."""
        jit = self.const_word(self.info["jit"])
        out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
        out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
        same = self.e("ptr_eq", out_frame, frame.frame)
        following = self.const_word(frame.code.address_of(instr.at + instr.length))
        native, away, odd = self.function.block(), self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("bool_and", same, self.e("is_null", out_pc)), native, away)
        if quick is not None:
            quick.end = ("jump", native, [])
            native.incoming.append((quick, []))
        self.block = away
        hit, off = self.e("bool_and", same, self.e("ptr_eq", out_pc, following)), self.function.block()
        self.block.end = ("branch", hit, odd, off)
        gone, other = self.function.block(), self.function.block()
        catcher = self.catcher(instr.at)
        if catcher is not None:
            self.block = off
            self.caught(self.cx, catcher, instr, out_pc, out_frame)
            off = self.block
        off.end = ("branch", self.e_in(off, "is_null", out_frame), gone, other)
        gone.end = ("return",)
        other.end = ("tail", self.function.const(self.info["op_LEAVE"]), out_pc, out_frame)
        names = kind_names(self.returned_kinds(code))
        if instance is not None:
            names = {"obj"}
        if len(names) != 1 or (frame.path, instr.at + instr.length, OTHER_KIND) in self.profile.hot:
            self.join_any(instr, native, odd)
        else:
            self.join_kind(instr, native, odd, names.pop(), instance)

    def e_in(self, block, name: str, *args: str) -> str:
        """Emit in another block."""
        saved, self.block = self.block, block
        result = self.e(name, *args)
        self.block = saved
        return result

    def join_any(self, instr, native, odd) -> None:
        """The value is in the register's memory, of whatever kind."""
        self.block = native
        self.returned_any(instr)
        join = self.function.block()
        native, self.block = self.block, join
        for block in (native, odd):
            block.end = ("jump", join, [])
            join.incoming.append((block, []))

    def join_kind(self, instr, native, odd, name: str, instance: Val | None) -> None:
        """The value is of the kind its returns were seen with; others leave."""
        join, number = self.function.block(), instr.a
        before = self.cx.copy()
        self.block = native
        if instance is None:
            self.other_kind(instr, name)
        val = self.returned_value(name) if instance is None else Val("obj", instance.ssa)
        self.write(number, EMPTY)                       # may run a destructor
        pairs = [(self.block, val)]
        saved, self.cx, self.block = self.cx, before, odd
        frame = self.cx.frames[-1]
        old = frame.regs[number]
        if old.kind == "obj" and old.ssa is not None:
            self.cx.anchors[old.ssa] -= 1
        frame.regs[number], frame.homes[number] = MEM, IN_MEMORY
        base = self.info["sizeof.Frame"] + 16 * number
        tag = self.load("i64", frame.frame, base + 8, "reg")
        self.leave_behind(instr, self.e("int_eq", tag, str(TAGS[name])))
        pairs.append((self.block, self.load_kind(frame, base, name)))
        self.store("i64", frame.frame, "0", base + 8, "reg")
        self.cx, self.block = saved, join
        if val.ssa is not None:
            val = Val(val.kind, self.parameter(join, IR_KIND[val.kind]))
        for block, given in pairs:
            arguments = [given.ssa] if given.ssa is not None else []
            block.end = ("jump", join, arguments)
            join.incoming.append((block, arguments))
        if val.kind == "obj":
            self.cx.owned[val.ssa] = 1
        self.write(number, val)

    def other_kind(self, instr, name: str) -> None:
        """The callee's value is of another kind than before: the interpreter goes on with it, behind the call."""
        jit = self.const_word(self.info["jit"])
        tag = self.load("i64", jit, self.offset["Jit.ret_tag"], "jit")
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("int_eq", tag, str(TAGS[name])), on, off)
        saved, self.cx, self.block = self.cx, self.cx.copy(), off
        self.returned_any(instr)
        self.leave_behind(instr)
        self.cx, self.block = saved, on

    def leave_behind(self, instr, condition: str | None = None) -> None:
        """The interpreter goes on behind the call, always or unless a condition holds."""
        target = self.make_exit(self.cx, instr.at + instr.length, OTHER_KIND)
        if condition is not None:
            self.do("guard", condition, x=f"B{target.number}")
            return
        self.block.end = ("jump", target, [])
        target.incoming.append((self.block, []))

    def returned_any(self, instr) -> None:
        """The callee's value to the register's memory."""
        jit = self.const_word(self.info["jit"])
        frame = self.cx.frames[-1]
        word = self.load("i64", jit, self.offset["Jit.ret_payload"], "jit")
        tag = self.load("i64", jit, self.offset["Jit.ret_tag"], "jit")
        self.write(instr.a, EMPTY)                      # may run a destructor, and that other calls
        base = self.info["sizeof.Frame"] + 16 * instr.a
        self.store("i64", frame.frame, word, base, "reg")
        self.store("i64", frame.frame, tag, base + 8, "reg")
        frame.regs[instr.a], frame.homes[instr.a] = MEM, IN_MEMORY

    def returned_value(self, name: str) -> Val:
        """The callee's value, whose tag is known."""
        jit, payload = self.const_word(self.info["jit"]), self.offset["Jit.ret_payload"]
        if name == "none":
            return NONE
        if name == "float":
            return Val("float", self.load("f64", jit, payload, "jit"))
        if name == "obj":
            return Val("obj", self.load("ptr", jit, payload, "jit"))
        word = self.load("i64", jit, payload, "jit")
        return Val("int", word) if name == "int" else Val("bool", self.e("int_to_bool", word))

    def returned_kinds(self, code) -> set:
        """Kinds that returns of a function were seen with, anywhere in the profile or by itself."""
        kinds: set = set()
        returns = [at for at, instr in code.instrs.items() if instr.op == "RETURN"]
        for profile, places in ((self.profile, [path for path, other in self.profile.codes.items() if other is code]),
                                (self.profile.alone(code), [()])):
            for path in places if profile is not None else ():
                for at in returns:
                    seen = profile.at.get((path, at))
                    kinds |= seen.a if seen is not None else set()
        return kinds

    def entry_of(self, code) -> int:
        """The word where calls enter."""
        return (self.core.word(code.address + self.offset["VMCode.entry"]) - code.words) >> 3


__all__ = ["NativeCalls"]
