"""Binding a call's registers to a VM function's parameters, by moving them.

    f(1, x, k=2)  for  def f(a, b, *rest, k=0, **more)      a, b = moved; rest = (); k = moved; more = {}

What does not fit (or needs a closer look) changes nothing and goes to `bind_registers`, which binds copies; if those
do not fit either, the host words the error.
"""
from __future__ import annotations

from .errors import *  # noqa: F403


@metal
def bind_registers(frame: Frame, caller: Frame, base: Reg, first: int, count: int, kwnames: Obj) -> bool:
    """Bind a call's registers to a new frame where they do not simply match; False with an exception set.

    base[first] is the callable; the count arguments behind it stay in place (the caller drops them)."""
    args = stack("Obj", count + 1)
    for i in range(count):
        o = boxed(base[first + 1 + i])
        if not o:
            return False
        args[i] = o
    positional = count
    if kwnames:
        positional = positional - VarObj(kwnames).ob_size
    return bind_array(frame.function, frame.code, frame.regs, args, positional, kwnames, None)


@metal
def keyword_index(code: VMCode, key: Obj) -> int:
    """Index of the parameter a keyword names, by identity (names are interned); -1: look closer."""
    names = field_address(Tuple(Code(code.code).co_localsplusnames), "ob_item")
    for i in range(code.posonly, code.argcount + code.kwonly):
        if names[i] == key:
            return i
    return -1


@metal
def place_keywords(code: VMCode, target: Reg, args: Reg, kwnames: Obj, extra: bool) -> bool:
    """Copy keyword arguments to the parameters they name; False: one is bound twice, or names none (and there is
    no ** parameter)."""
    for i in range(VarObj(kwnames).ob_size):
        at = keyword_index(code, field_address(Tuple(kwnames), "ob_item")[i])
        if at < 0:
            if not extra:
                return False
        elif target[at].tag != EMPTY:
            return False
        else:
            target[at].payload = args[i].payload
            target[at].tag = args[i].tag
    return True


@metal
def collect_rest(target: Reg, args: Reg, count: int) -> bool:
    """The * parameter: a tuple of the registers, moved; False with MemoryError."""
    made = PyTuple_New(count)
    if not made:
        return False
    items = field_address(Tuple(made), "ob_item")
    for i in range(count):
        o = as_owned(args[i])
        if not o:
            decref(made)
            return False
        items[i] = o
    target.object = made
    target.tag = OBJECT
    return True


@metal
def collect_keywords(code: VMCode, target: Reg, args: Reg, kwnames: Obj) -> bool:
    """The ** parameter: a dict of the keywords that name no parameter; False with an exception."""
    made = PyDict_New()
    if not made:
        return False
    target.object = made
    target.tag = OBJECT
    if not kwnames:
        return True
    for i in range(VarObj(kwnames).ob_size):
        key: Obj = field_address(Tuple(kwnames), "ob_item")[i]
        if keyword_index(code, key) < 0:
            value = boxed(args[i])
            if not value or PyDict_SetItem(made, key, value) < 0:
                return False
            drop(args[i])
    return True


@metal
def bind_moves(callee: Frame, args: Reg, count: int, kwnames: Obj) -> bool:
    """Bind arguments by moving the registers. False: nothing has happened, or an exception is set."""
    code = callee.code
    target = callee.regs
    named = VarObj(kwnames).ob_size if kwnames else 0
    positional = count - named
    rest = code.flags & CO_VARARGS != 0
    extra = code.flags & CO_VARKEYWORDS != 0
    if named == 0 and code.kwonly == 0 and not rest and not extra:
        return positional <= code.argcount and move_positional(callee.function, code, target, args, count)
    direct = positional if positional < code.argcount else code.argcount
    if positional > direct and not rest:
        return False
    for i in range(direct):
        target[i].payload = args[i].payload
        target[i].tag = args[i].tag
    fits = True
    if kwnames:
        fits = place_keywords(code, target, args + positional, kwnames, extra)
    if not fits or not has_defaults(callee.function, code, target):
        for i in range(code.argcount + code.kwonly):
            target[i].tag = EMPTY
        return False
    for i in range(direct):
        args[i].tag = EMPTY
    slot = target + (code.argcount + code.kwonly)
    done = True
    if rest:
        done = collect_rest(slot, args + direct, positional - direct)
        slot = slot + 1
    if done and extra:
        done = collect_keywords(code, slot, args + positional, kwnames)
    for i in range(named):
        if keyword_index(code, field_address(Tuple(kwnames), "ob_item")[i]) >= 0:
            args[positional + i].tag = EMPTY
    return done and fill_defaults(callee.function, code, target)


@metal(inline=True)
def move_positional(function: Function, code: VMCode, target: Reg, args: Reg, count: int) -> bool:
    """As bind_moves for positional arguments only: what is missing comes from the defaults' end."""
    missing = code.argcount - count
    if missing > 0:
        defaults = function.func_defaults
        if not defaults:
            return False
        spare = VarObj(defaults).ob_size - missing
        if spare < 0:
            return False
        values = field_address(Tuple(defaults), "ob_item") + spare
        for i in range(missing):
            target[count + i].object = new_ref(values[i])
            target[count + i].tag = OBJECT
    for i in range(count):
        target[i].payload = args[i].payload
        target[i].tag = args[i].tag
        args[i].tag = EMPTY
    return True


@metal
def has_defaults(function: Function, code: VMCode, regs: Reg) -> bool:
    """Whether every unbound parameter has a default."""
    first = code.argcount
    if function.func_defaults:
        first = first - VarObj(function.func_defaults).ob_size
    for i in range(code.argcount):
        if regs[i].tag == EMPTY and i < first:
            return False
    names = field_address(Tuple(Code(code.code).co_localsplusnames), "ob_item")
    for i in range(code.argcount, code.argcount + code.kwonly):
        if regs[i].tag == EMPTY:
            if not function.func_kwdefaults or PyDict_Contains(function.func_kwdefaults, names[i]) != 1:
                return False
    return True
