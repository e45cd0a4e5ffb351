"""Builtins that take in a generator, as functions of the VM: `sum(x * x for x in xs)` goes on without C recursion.

    CALL sum(g)     ->  the frame of consumer(g), once the functions are there (tracer/consumers.py)

So the loop over the generator is recorded and compiled like any other. Their frames are not seen by the program:
their code has the flag HIDDEN, see `link` and `add_traceback`; nor do they count as a level of calls where the
builtin does not (KIND_UNCOUNTED).
"""
from __future__ import annotations

from .calls import *  # noqa: F403

CONSUMERS = ("sum", "any", "all", "min", "max", "tuple", "set", "join")     # in the order of tracer/consumers.py
SUM, ANY, ALL, MIN, MAX, TUPLE, SET, JOIN = range(len(CONSUMERS))
consumers = Static("fire_consumers", struct("Consumers", "functions:Obj", 8 * len(CONSUMERS)))


@metal(inline=True)
def is_generator(r: Reg) -> bool:
    return r.tag == OBJECT and r.object.ob_type == FireGenerator_Type


@metal
def consumer_frame(frame: Frame, pc: u64p, base: Reg, count: int, number: int) -> Frame:
    """The frame of the function of the VM that stands for the builtin or method in `base`, filled, if the only argument
    is a generator of the VM; NULL: nothing has happened."""
    first = 0 if number == JOIN else 1
    if count != 1 or (base.tag == OBJECT) != (first == 0) or not is_generator(base[2]):
        return None
    function = field_address(consumers, "functions")[number]
    if not function:
        return None
    code = code_of(cast(FireFunction, function))
    if not code:
        PyErr_Clear()
        return None
    count_run(code, False)
    callee = function_frame(frame, pc, function, 2 - first)
    if not callee:
        return None
    callee.words = CALL_WORDS
    if number == SUM or number == TUPLE or number == SET:
        callee.kind = KIND_UNCOUNTED
        ts = frame.thread.ts
        ts.recursion_remaining = ts.recursion_remaining + 1
    for i in range(2 - first):
        callee.regs[i].payload = base[1 + first + i].payload
        callee.regs[i].tag = base[1 + first + i].tag
        base[1 + first + i].tag = EMPTY
    drop(base[first])
    return callee


@metal
def core_set_consumer(module: Obj, args: obj_p, nargs: int) -> Obj:
    """set_consumer(number, code, globals): the function of the VM for a builtin of CONSUMERS; what it gives."""
    if nargs != 3:
        return None
    function = new_function(args[1], args[2])
    if function:
        copy_field(field_address(consumers, "functions") + PyLong_AsLong(args[0]), function)
    return function


def define_consumer(number: int, name: str, otherwise: str) -> None:
    """Handler of calls of one of them."""
    @handler("KNOWN_" + name, 3)
    def consumer():
        callee = consumer_frame(frame, pc, rb, C, number)
        if callee:
            return resume_at(callee, callee.code.entry)
        return tail(otherwise)


define_consumer(SUM, "sum", "KNOWN_function_array_keywords")
define_consumer(ANY, "any", "KNOWN_function_one")
define_consumer(ALL, "all", "KNOWN_function_one")
define_consumer(JOIN, "join", "KNOWN_method_one")
