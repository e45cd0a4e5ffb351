"""Operations of the host's objects as direct calls of the host, in the place of single steps.

    c = w + bytes([b])  ->  frames to memory; rt_sync; %o = call_p %w, %t !PyNumber_Add; branch on %o != null
                            failed: the interpreter's handler of errors, as behind a step

What is called may do anything: look at frames, free objects, raise. So the frames are in memory, but for the operands
that the instruction consumes, and nothing is known of memory afterwards. An exception that is set is not made again:
ERROR adds to its traceback and finds who handles it. That comes after effects, so such an instruction has no guard
behind its call; where control goes on is found by `edge`.
"""
from __future__ import annotations

from types import BuiltinFunctionType

from .arith import METHODS
from .direct import Direct
from .objects import MISSING, MethodDescriptor
from .raising import Wrapper
from .strings import SIGNS
from .values import EMPTY, NO, Val, is_fixed

NUMBER = {"ADD": "Add", "SUB": "Subtract", "MUL": "Multiply", "TRUEDIV": "TrueDivide", "FLOORDIV": "FloorDivide",
          "MOD": "Remainder", "LSHIFT": "Lshift", "RSHIFT": "Rshift", "AND": "And", "OR": "Or", "XOR": "Xor",
          "MATMUL": "MatrixMultiply"}
UNARY = {"NEG": "Negative", "POS": "Positive", "INVERT": "Invert"}
SPECIAL = {"ITEM_GET": "__getitem__", "ITEM_GET_K": "__getitem__", "ITEM_SET": "__setitem__",
           "CONTAINS": "__contains__", "GET_ITER": "__iter__", "JIF": "__bool__", "NOT": "__bool__"}
ATTRIBUTES = {"ATTR_GET": "fget", "ATTR_SET": "fset", "METHOD_GET": "method"}
BY_ATTRIBUTE = property, type(type.__dict__["__name__"]), type(dict.__dict__["fromkeys"])    # no methods of the class
MOST_ARGUMENTS = 6
HIDDEN_MODULES = {"sys", "_thread"}         # they have functions that concern the frame that calls them
WATCHED = (exec, eval, locals, vars, dir, globals, breakpoint, __import__, __build_class__)
NOT_SO = object()


class Outcalls(Direct):
    """What `step` asks first."""

    def by_call(self, instr):
        """Carry an instruction out by a call of the host; NOT_SO: it has to be a single step."""
        way = WAYS.get(instr.op)
        if way is None or self.changed_by or not self.is_of_host(instr):
            return NOT_SO
        return getattr(self, way)(instr)

    def is_of_host(self, instr) -> bool:
        """Whether no function of the VM is called: the interpreter enters such by a frame, which compiled code goes
        on in."""
        seen = self.seen
        if instr.op in ATTRIBUTES:
            name, accessor = self.cx.frames[-1].code.name_at(instr.c), ATTRIBUTES[instr.op]
            kinds = seen.a if accessor == "fset" else seen.b
            return not any(self.has_accessor(kind, name, accessor) for kind in kinds)
        if instr.op in SPECIAL or instr.op.removesuffix("_K") in METHODS:
            name = SPECIAL.get(instr.op) or METHODS[instr.op.removesuffix("_K")]
            kinds = {"ITEM_SET": seen.a, "JIF": seen.a, "CONTAINS": seen.c}.get(instr.op, seen.b)
            return not any(self.has_own(kind, name) for kind in kinds)
        return True

    def has_own(self, kind, name: str) -> bool:
        """Whether a class defines a special method by a function of the VM."""
        return isinstance(kind, type) and not is_fixed(kind) and \
            type(self.core.class_attribute(kind, name)) is self.core.function_type

    def has_accessor(self, kind, name: str, accessor: str) -> bool:
        """Whether an attribute of a class is a property whose function is one of the VM, or a method that is."""
        if not isinstance(kind, type) or is_fixed(kind):
            return False
        found = self.core.class_attribute(kind, name)
        if accessor == "method":
            return found is not MISSING and type(found) not in BY_ATTRIBUTE
        return type(found) is property and type(getattr(found, accessor)) is self.core.function_type

    # ------------------------------------------------------------------------------------------ there and back
    def go_out(self, instr, operands) -> tuple[list[str], list[str], list[Val]] | None:
        """Before the call: pointers of the operands, (number, register) each, number None for what is consumed;
        boxes made for them; values that are held for them. None: an operand is not there."""
        frame = self.cx.frames[-1]
        if any(frame.regs[register].kind == "empty" for _, register in operands):
            return None
        self.must_be_quiet()
        self.guard_numbers()
        self.keep()
        held: dict[int, Val] = {}
        for number, register in operands:
            consumed = number is None or instr.consumes(number)
            if consumed and register not in held and frame.regs[register].kind != "mem":
                held[register] = self.take(register)
        self.secure()
        held = dict(zip(held, self.made_real(list(held.values()))))
        self.flush()
        self.secure()
        temps: list[str] = []
        pointers = [self.host_object(frame, register, held, temps) for _, register in operands]
        return pointers, temps, list(held.values())

    def host_object(self, frame, register: int, held: dict[int, Val], temps: list[str]) -> str:
        """An operand as an object; all of them are real."""
        val = held.get(register) or frame.regs[register]
        if val.kind == "mem":
            return self.e("call_p", self.register(frame.frame, register), x=self.api("rt_boxed"))
        return self.object_of(val, temps)

    def sync(self, instr) -> tuple[str, str]:
        """The innermost frame and where it is, for who looks."""
        frame = self.cx.frames[-1]
        return frame.frame, self.const_word(frame.code.address_of(instr.at))

    def come_back(self, instr, ok: str, temps: list[str], held: list[Val], operands) -> None:
        """Behind the call: operands are let go; if it has failed the interpreter goes on with the exception."""
        self.cx.facts.clear()
        for name in temps:
            self.do("decref_plain", name)
        for val in held:
            self.release(val)
        on, failed = self.function.block(), self.function.block()
        self.block.end = ("branch", ok, on, failed)
        saved = self.cx
        self.block, self.cx = failed, saved.copy()
        self.have_it_handled(instr)
        self.block, self.cx = on, saved
        for number, register in operands:
            if (number is None or instr.consumes(number)) and self.cx.frames[-1].regs[register].kind == "mem":
                self.write(register, EMPTY)

    def have_it_handled(self, instr) -> None:
        """An exception is set: the interpreter adds to its traceback and finds its handler."""
        frame, jit = self.cx.frames[-1], self.const_word(self.info["jit"])
        self.store("ptr", jit, "null", self.offset["Jit.out_frame"], "jit")
        pc = self.const_word(frame.code.address_of(instr.at))
        self.do("step", pc, self.register(frame.frame, 0), frame.frame, self.const_word(self.info["step_table"]),
                x=self.function.const(self.info["op_ERROR"]))
        out_pc = self.load("ptr", jit, self.offset["Jit.out_pc"], "jit")
        out_frame = self.load("ptr", jit, self.offset["Jit.out_frame"], "jit")
        catcher = self.catcher(instr.at)
        if catcher is not None:
            self.caught(self.cx, catcher, instr, out_pc, out_frame)
        gone, other = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("is_null", out_frame), gone, other)
        gone.end = ("return",)
        other.end = ("tail", self.function.const(self.info["op_LEAVE"]), out_pc, out_frame)

    def result(self, instr, made: str):
        """Write a new reference."""
        self.write(instr.a, self.own(made))
        return instr.at + instr.length

    def called(self, instr, operands, name: str, *more: str, synced: bool = False, known: tuple[str, ...] = ()):
        """R[A] = name(operands, known, more); `synced`: the function does that itself."""
        out = self.go_out(instr, operands)
        if out is None:
            return NOT_SO
        pointers, temps, held = out
        where = self.sync(instr)
        if not synced:
            self.do("call_none", *where, x=self.api("rt_sync"))
        made = self.e("call_p", *(where if synced else ()), *pointers, *known, *more, x=self.api(name))
        self.come_back(instr, self.e("ptr_ne", made, "null"), temps, held, operands)
        return self.result(instr, made)

    def asked(self, instr, operands, name: str, *more: str, own_sync: bool = False, word: str = "call_i"):
        """What a function returns that is an int, -1 with an exception, in a tuple; None if it is not called."""
        out = self.go_out(instr, operands)
        if out is None:
            return None
        pointers, temps, held = out
        where = self.sync(instr)
        if not own_sync:
            self.do("call_none", *where, x=self.api("rt_sync"))
        found = self.e(word, *(where if own_sync else ()), *pointers, *more, x=self.api(name))
        self.come_back(instr, self.e("int_ge", found, "0"), temps, held, operands)
        return (found,)

    # ---------------------------------------------------------------------------------------------- operators
    def out_binary(self, instr):
        name, constant = instr.op.removesuffix("_K"), instr.op.endswith("_K")
        operands = ((1, instr.b),) if constant else ((1, instr.b), (2, instr.c))
        known = (self.constant_pointer(instr.c),) if constant else ()
        if name == "POW":
            return self.called(instr, operands, "rt_out_power", str(int(instr.x)), known=known)
        if name in SIGNS:
            return self.called(instr, operands, "PyObject_RichCompare", str(list(SIGNS).index(name)), known=known)
        return self.called(instr, operands, f"PyNumber_{'InPlace' * instr.x}{NUMBER[name]}", known=known)

    def constant_pointer(self, index: int) -> str:
        """A constant of the pool as an object."""
        code = self.cx.frames[-1].code
        return self.const_object(code.constant(index)[2])

    def out_unary(self, instr):
        return self.called(instr, ((1, instr.b),), "PyNumber_" + UNARY[instr.op])

    def out_compare_jump(self, instr):
        name, constant = instr.op[1:].removesuffix("_K"), instr.op.endswith("_K")
        operands = ((0, instr.a),) if constant else ((0, instr.a), (1, instr.b))
        more = (self.constant_pointer(instr.b),) if constant else ()
        found = self.asked(instr, operands, "rt_out_test", *more, str(list(SIGNS).index(name)), own_sync=True)
        return NOT_SO if found is None else self.two_ways(instr, *found)

    def out_jump(self, instr):
        found = self.asked(instr, ((0, instr.a),), "rt_out_truth", own_sync=True)
        return NOT_SO if found is None else self.two_ways(instr, *found)

    def two_ways(self, instr, found: str) -> None:
        """Go on where a truth leads; a way that was never seen ends behind it."""
        true_at, false_at = instr.target, instr.at + instr.length
        if not instr.x:
            true_at, false_at = false_at, true_at
        self.block.end = ("branch", self.e("int_ne", found, "0"), self.edge(true_at), self.edge(false_at))

    def out_not(self, instr):
        found = self.asked(instr, ((1, instr.b),), "rt_out_truth", own_sync=True)
        if found is None:
            return NOT_SO
        self.write(instr.a, Val("bool", self.e("int_eq", *found, "0")))
        return instr.at + instr.length

    def out_contains(self, instr):
        found = self.asked(instr, ((2, instr.c), (1, instr.b)), "PySequence_Contains", word="call_i32")
        if found is None:
            return NOT_SO
        self.write(instr.a, Val("bool", self.e("int_eq" if instr.x else "int_ne", *found, "0")))
        return instr.at + instr.length

    # -------------------------------------------------------------------------------------- items, attributes
    def out_item(self, instr):
        if instr.op == "ITEM_GET_K":
            return self.called(instr, ((1, instr.b),), "PyObject_GetItem", known=(self.constant_pointer(instr.c),))
        return self.called(instr, ((1, instr.b), (2, instr.c)), "PyObject_GetItem")

    def out_attribute(self, instr):
        name = self.const_object(self.cx.frames[-1].code.name_at(instr.c))
        return self.called(instr, ((1, instr.b),), "PyObject_GetAttr", known=(name,))

    def out_method(self, instr):
        """What is called is an attribute like any other."""
        out = self.go_out(instr, ((1, instr.b),))
        if out is None:
            return NOT_SO
        pointers, temps, held = out
        self.do("call_none", *self.sync(instr), x=self.api("rt_sync"))
        name = self.const_object(self.cx.frames[-1].code.name_at(instr.c))
        made = self.e("call_p", *pointers, name, x=self.api("PyObject_GetAttr"))
        self.come_back(instr, self.e("ptr_ne", made, "null"), temps, held, ((1, instr.b),))
        self.write(instr.a, EMPTY)
        self.write(instr.a + 1, self.own(made))
        return instr.at + instr.length

    def out_store_attribute(self, instr):
        """A store by the host."""
        operands = ((0, instr.a), (1, instr.b))
        out = self.go_out(instr, operands)
        if out is None:
            return NOT_SO
        (holder, value), temps, held = out
        self.do("call_none", *self.sync(instr), x=self.api("rt_sync"))
        name = self.const_object(self.cx.frames[-1].code.name_at(instr.c))
        done = self.e("call_i32", holder, name, value, x=self.api("PyObject_SetAttr"))
        self.come_back(instr, self.e("int_ge", done, "0"), temps, held, operands)
        return instr.at + instr.length

    def out_store_item(self, instr):
        operands = ((0, instr.a), (1, instr.b), (2, instr.c))
        found = self.asked(instr, operands, "PyObject_SetItem", word="call_i32")
        return NOT_SO if found is None else instr.at + instr.length

    def out_delete_item(self, instr):
        found = self.asked(instr, ((0, instr.a), (1, instr.b)), "PyObject_DelItem", word="call_i32")
        return NOT_SO if found is None else instr.at + instr.length

    def out_extend(self, instr):
        """[*xs, ...]"""
        found = self.asked(instr, ((0, instr.a), (1, instr.b)), "rt_out_extend")
        return NOT_SO if found is None else instr.at + instr.length

    def out_tuple(self, instr):
        """(*xs, ...), what a generator has given to tuple()"""
        return self.called(instr, ((1, instr.b),), "PyList_AsTuple")

    # ------------------------------------------------------------------------------------------------ loops
    def out_iterator(self, instr):
        return self.called(instr, ((1, instr.b),), "PyObject_GetIter")

    def out_next(self, instr):
        """A step of an iterator of the host."""
        generator = self.core.object_at(self.info["FireGenerator_Type"])
        if not self.seen.b or any(not isinstance(kind, type) or kind is generator or self.has_own(kind, "__next__")
                                  for kind in self.seen.b):
            return NOT_SO
        out = self.go_out(instr, ((0, instr.b),))
        if out is None:
            return NOT_SO
        ((pointer,), temps, held) = out
        item = self.e("call_p", *self.sync(instr), pointer, x=self.api("rt_out_next"))
        self.come_back(instr, self.e("ptr_ne", item, self.const_word(1)), temps, held, ())
        self.snapshot = None
        on, off = self.function.block(), self.function.block()
        self.block.end = ("branch", self.e("ptr_ne", item, "null"), on, off)
        self.block, saved = off, self.cx
        self.cx = saved.copy()
        self.write(instr.b, EMPTY)
        follow = self.edge(instr.target)
        self.block.end = ("jump", follow, [])
        follow.incoming.append((self.block, []))
        self.block, self.cx = on, saved
        return self.result(instr, item)

    # ------------------------------------------------------------------------------------------------ calls
    def out_call(self, instr):
        """A callable that is of C."""
        frame = self.cx.frames[-1]
        bound = not (instr.x or frame.regs[instr.b].kind == "empty")
        first = instr.b if bound else instr.b + 1
        registers = range(first + 1, instr.b + 2 + instr.c)
        callable = frame.regs[first]
        if len(registers) > MOST_ARGUMENTS or callable.kind != "obj" or \
                any(frame.regs[register].kind in ("mem", "empty") for register in registers) or \
                any(self.may_be_generator(register) for register in registers):
            return NOT_SO
        if not self.is_native(callable, first):
            return NOT_SO
        if callable.const is NO and self.type_of(callable) is None:
            self.guard_type(callable, BuiltinFunctionType)
        names = frame.code.constant(instr.keywords - 1)[2] if instr.keywords else None
        operands = [(None, register) for register in range(first, instr.b + 2 + instr.c)]
        out = self.go_out(instr, operands)
        if out is None:
            return NOT_SO
        (function, *pointers), temps, held = out
        count, padding = str(len(pointers)), ["null"] * (MOST_ARGUMENTS - len(pointers))
        named = self.const_object(names) if names else "null"
        made = self.e("call_p", *self.sync(instr), function, named, count, *pointers, *padding,
                      x=self.api("rt_out_call"))
        self.come_back(instr, self.e("ptr_ne", made, "null"), temps, held, operands)
        return self.result(instr, made)

    def may_be_generator(self, register: int) -> bool:
        """Whether an argument may be a generator, which is gone over in frames of the VM."""
        val = self.cx.frames[-1].regs[register]
        generator = self.core.object_at(self.info["FireGenerator_Type"])
        return self.type_of(val) is generator or self.hints.get(val.ssa) is generator or \
            generator in self.expected(register)

    def is_native(self, callable: Val, first: int) -> bool:
        """Whether a callable is a function, method or type of C, and calls nothing that the VM should know of."""
        held = callable.const
        if held is NO:
            return self.type_of(callable) is BuiltinFunctionType or self.expected(first) == {BuiltinFunctionType}
        if type(held) is BuiltinFunctionType:
            return held.__module__ not in HIDDEN_MODULES and held not in WATCHED
        if type(held) in (MethodDescriptor, Wrapper):
            return True
        if not isinstance(held, type) or held in (super, type):
            return False
        return not any(self.has_own(held, name) for name in ("__new__", "__init__")) and \
            not self.has_own(type(held), "__call__")


WAYS = {"NEG": "out_unary", "POS": "out_unary", "INVERT": "out_unary", "NOT": "out_not", "JIF": "out_jump",
        "CONTAINS": "out_contains", "ITEM_GET": "out_item", "ITEM_GET_K": "out_item", "ITEM_SET": "out_store_item",
        "ITEM_DELETE": "out_delete_item", "GET_ITER": "out_iterator", "FOR_ITER": "out_next", "CALL": "out_call",
        "LIST_EXTEND": "out_extend", "LIST_TO_TUPLE": "out_tuple",
        "ATTR_GET": "out_attribute", "ATTR_SET": "out_store_attribute", "METHOD_GET": "out_method"}
for _name in (*NUMBER, "POW", *SIGNS):
    WAYS[_name] = WAYS[_name + "_K"] = "out_binary"
for _name in SIGNS:
    WAYS["J" + _name] = WAYS[f"J{_name}_K"] = "out_compare_jump"
__all__ = ["Outcalls"]
