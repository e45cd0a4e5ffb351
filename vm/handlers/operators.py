"""Binary operators that classes define by functions of the VM: `a + b` goes on in the frame of `__add__`,
without C in between.

    ADD r1 = r2 + r3    r2: Vector   ->   the frame of Vector.__add__, kind KIND_OPERATOR; its RETURN writes r1

The operands stay in their registers until then: where the function returns NotImplemented, the right one may
still know what to do. Taken are only pairs where that is simple: two objects of one class, or a number on the
right; a subclass's reflected method would come first. Not while the JIT records: for it the operator is one
instruction, and the region calls the function.
"""
from __future__ import annotations

from ...codegen.metal import Static, define_metal, struct
from .special import *  # noqa: F403

# In the order of the ops: method, words of its slots in NumberMethods (plain, in place), sign.
OPERATORS = [("__add__", 0, 19, "+"), ("__sub__", 1, 20, "-"), ("__mul__", 2, 21, "*"), ("__truediv__", 30, 32, "/"),
             ("__floordiv__", 29, 31, "//"), ("__mod__", 3, 22, "%"), ("", 0, 0, ""), ("__lshift__", 11, 24, "<<"),
             ("__rshift__", 12, 25, ">>"), ("__and__", 13, 26, "&"), ("__or__", 15, 28, "|"), ("__xor__", 14, 27, "^"),
             ("__matmul__", 34, 35, "@")]
CONCAT, REPEAT = 1, 2            # words in SequenceMethods
FIRST_OPERATOR = OPS["ADD"].code
Operator = struct("Operator", "name:Obj slot:i64 in_place:i64 sign:ptr in_place_sign:ptr", 40)
operators = Static("fire_operators", Operator, len(OPERATORS))


def _init_operators() -> None:
    lines = ["@metal(name='init_operators')", "def init_operators() -> bool:"]
    for i, (name, slot, in_place, sign) in enumerate(OPERATORS):
        lines.append(f"    o{i} = operators[{i}]\n    o{i}.name = PyUnicode_InternFromString({name!r})\n"
                     f"    o{i}.slot = {slot}\n    o{i}.in_place = {in_place}\n    o{i}.sign = {sign!r}\n"
                     f"    o{i}.in_place_sign = {sign + '='!r}\n    if not o{i}.name:\n        return False")
    lines.append("    return True")
    define_metal("\n".join(lines), "init_operators", globals())


_init_operators()


@metal(inline=True)
def slots_of(methods: VOID_P) -> ptr_p:
    return cast(ptr_p, methods)


@metal(inline=True)
def is_simple_partner(left: Obj, right: Reg) -> bool:
    """Whether the right operand has no say before the left one's method: of the same class, or a number."""
    if right.tag != OBJECT:
        return right.tag != EMPTY
    kind = right.object.ob_type
    return kind == left.ob_type or kind == PyFloat_Type or kind == PyLong_Type


@metal
def operator_frame(frame: Frame, pc: u64p, ins: int, left: Reg, right: Reg, number: int) -> Frame:
    """The frame of the left operand's method for an operator; NULL: not so, nothing has happened."""
    o = left.object
    kind = o.ob_type
    if jit.recording != 0 or not is_simple_partner(o, right):
        return None
    row = operators[number]
    if ins & X_BIT != 0 and slots_of(cast(VOID_P, kind.tp_as_number))[row.in_place] != None:
        return None
    sequence = slots_of(cast(VOID_P, kind.tp_as_sequence))
    if sequence[CONCAT] != None or sequence[REPEAT] != None:
        return None
    callee = special_frame(frame, pc, o, row.name, 2)
    if callee:
        callee.kind = KIND_OPERATOR
        callee.words = 1
        pass_operand(callee.regs, left, 0, 0)
        pass_operand(callee.regs + 1, right, 0, 0)
    return callee


@metal
def right_operand(frame: Frame, word: int) -> Reg:
    """The register, or the constant, on the right of the operator."""
    at = lshr(word, 48) & 65535
    if is_constant_form(word):
        return frame.pool[at]
    return frame.regs[at]


@metal(inline=True)
def is_constant_form(word: int) -> bool:
    return (op_bases[word & OPCODE_MASK] - FIRST_OPERATOR) & 1 != 0


@metal
def finish_operator(frame: Frame, value: Reg) -> bool:
    """The method has returned `value`: write it, let the operands go. False with an exception."""
    pc = frame.pc
    word = pc[0]
    left = frame.regs[lshr(word, 32) & 65535]
    if value.tag == OBJECT and value.object == Py_NotImplemented:
        if not ask_partner(frame, word, left, value):
            return False
    ob = take(left, word, CONSUME_B)
    oc: Obj = None
    if not is_constant_form(word):
        oc = take(frame.regs[lshr(word, 48) & 65535], word, CONSUME_C)
    set_raw(frame.regs[lshr(word, 16) & 65535], value.payload, value.tag)
    xdecref(ob)
    xdecref(oc)
    frame.pc = pc + 1
    return True


@metal(cold=True)
def ask_partner(frame: Frame, word: int, left: Reg, value: Reg) -> bool:
    """The method has returned NotImplemented: what the right operand, a number, makes of it; else TypeError."""
    sync(frame, frame.pc)
    drop(value)
    row = operators[(op_bases[word & OPCODE_MASK] - FIRST_OPERATOR) >> 1]
    constant = right_operand(frame, word)
    a = boxed(left)
    b = constant_object(frame, constant) if is_constant_form(word) else boxed(constant)
    if not a or not b:
        return False
    methods = cast(VOID_P, b.ob_type.tp_as_number)
    if a.ob_type != b.ob_type and methods:
        slot = slots_of(methods)[row.slot]
        if slot:
            made = call_pointer("Obj", slot, a, b)
            if made != Py_NotImplemented:
                if made:
                    value.object = made
                    value.tag = OBJECT
                return cast(VOID_P, made) != None
            decref(made)
    PyErr_Format(PyExc_TypeError[0], "unsupported operand type(s) for %.100s: '%.100s' and '%.100s'",
                 row.in_place_sign if word & X_BIT != 0 else row.sign, a.ob_type.tp_name, b.ob_type.tp_name)
    return False
