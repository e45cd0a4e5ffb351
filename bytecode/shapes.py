"""The shapes most host instructions have: factories of actions, by what is popped, pushed and encoded.

    binary("ADD", "ADD_K")(t, arg)      pops b and a, emits ADD or ADD_K into a fresh slot, pushes the slot

An action is called as action(translation, argument).  Operands in slots are consumed; operands that the host
leaves on its stack are not.
"""
from __future__ import annotations

from .emit import MASK16
from .ops import CONSUME_A, CONSUME_B, CONSUME_C, OPS, X_BIT
from .program import Untranslatable


def row(name: str) -> tuple:
    """Opcode and zeroed cache words of an op."""
    return OPS[name].code, (0,) * OPS[name].cache


def counted(number: int) -> int:
    if number > MASK16:
        raise Untranslatable("operand above 65535")
    return number


def unary(name: str):
    """[a] -> [result]."""
    op, cache = row(name)

    def action(t, arg):
        stack = t.stack
        a = stack.pop()
        if a < 0:
            a = t.reg(a, len(stack))
        t.push(op | (CONSUME_B if a >= t.nlocals else 0) | a << 32, cache)
    return action


def unary_number(name: str):
    """[a] -> [result], the argument in C."""
    op, cache = row(name)

    def action(t, arg):
        a = t.reg(t.stack.pop(), len(t.stack))
        t.push(op | (CONSUME_B if a >= t.nlocals else 0) | a << 32 | counted(arg) << 48, cache)
    return action


def binary(name: str, name_k: str | None = None, x: int = 0):
    """[a, b] -> [result]; with a constant on the right the _K form."""
    op, cache = row(name)
    op |= x and X_BIT
    op_k = OPS[name_k].code | (x and X_BIT) if name_k else 0

    def action(t, arg):
        stack = t.stack
        b = stack.pop()
        a = stack.pop()
        nlocals = t.nlocals
        if a < 0:
            a = t.reg(a, len(stack), b)
        if b < 0:
            if name_k and ~b <= MASK16:
                t.push(op_k | (CONSUME_B if a >= nlocals else 0) | a << 32 | ~b << 48, cache)
                return
            b = t.reg(b, len(stack) + 1, a)
        consume = (CONSUME_B if a >= nlocals else 0) | (CONSUME_C if b >= nlocals else 0)
        t.push(op | consume | a << 32 | b << 48, cache)
    return action


def by_argument(actions):
    """The argument chooses among several actions."""
    def action(t, arg):
        actions[arg](t, arg)
    return action


def peek(name: str):
    """[a] -> [a, result]."""
    op, cache = row(name)

    def action(t, arg):
        t.push(op | peeked(t, 1) << 32, cache)
    return action


def peeked(t, back: int) -> int:
    """Register of the entry `back` from the top, which stays."""
    if t.stack[-back] < 0:
        depth = len(t.stack) - back
        t.own(depth, depth + 1)
    return t.stack[-back]


def held(t, back: int) -> int:
    """The same where the host always has an object of its own; nothing is emitted."""
    if t.stack[-back] < 0:
        raise Untranslatable("constant where a container belongs")
    return t.stack[-back]


def build(name: str, extra: int = 0, fixed: int = -1, times: int = 1):
    """[v1 ... vn] -> [result]: `fixed` values, or the argument's number `times` and `extra` more."""
    op, cache = row(name)

    def action(t, arg):
        stack = t.stack
        count = fixed if fixed >= 0 else arg * times + extra
        depth = len(stack) - count
        if depth < 0:
            raise Untranslatable("stack underflow")
        t.own(depth, len(stack))
        del stack[depth:]
        t.push(op | t.nlocals + depth << 32 | counted(arg) << 48, cache)
    return action


def in_place(name: str, popped: int, pushed: int, cost: int = 0):
    """[v1 ... popped] -> [w1 ... pushed] in the same slots, operand A the first of them."""
    op, cache = row(name)

    def action(t, arg):
        stack = t.stack
        depth = len(stack) - popped
        if depth < 0:
            raise Untranslatable("stack underflow")
        t.own(depth, len(stack))
        del stack[depth:]
        t.claim(depth, max(popped, pushed))
        base = t.nlocals + depth
        t.emit_cached(op | base << 16, cache)
        stack.extend(range(base, base + pushed))
    return action


def produce(name: str):
    """[] -> [result]."""
    op, cache = row(name)

    def action(t, arg):
        t.push(op, cache)
    return action


def named(name: str):
    """[] -> [result] of the name in the argument, operand B."""
    op, cache = row(name)

    def action(t, arg):
        t.push(op | arg << 32, cache)
    return action


def named_unary(name: str):
    """[a] -> [result] of the value and the name, operand C."""
    op, cache = row(name)

    def action(t, arg):
        stack = t.stack
        a = stack.pop()
        if a < 0:
            a = t.reg(a, len(stack))
        t.push(op | (CONSUME_B if a >= t.nlocals else 0) | a << 32 | arg << 48, cache)
    return action


def eat(name: str):
    """[a] -> []; operand B is the argument, a name or nothing."""
    op, cache = row(name)

    def action(t, arg):
        a = t.reg(t.stack.pop(), len(t.stack))
        t.emit_cached(op | (CONSUME_A if a >= t.nlocals else 0) | a << 16 | arg << 32, cache)
    return action


def plain(name: str, shift: int = 32):
    """No stack effect; the argument in operand A (16) or B (32)."""
    op, cache = row(name)

    def action(t, arg):
        t.emit_cached(op | arg << shift, cache)
    return action


def add_to(name: str):
    """[... container ... a] -> [... container ...]; the container is the argument's entry from the top."""
    op, cache = row(name)

    def action(t, arg):
        stack = t.stack
        a = stack.pop()
        container = held(t, arg)
        if a < 0:
            a = t.reg(a, len(stack), container)
        t.emit_cached(op | (CONSUME_B if a >= t.nlocals else 0) | container << 16 | a << 32, cache)
    return action
