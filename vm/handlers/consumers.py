"""Builtins that take in a generator, as functions of the VM: `sum(x * x for x in xs)` goes on without C recursion.

    CALL sum(g)     ->  CALL consumer(g), once the JIT has brought the functions (tracer/consumers.py)

So the loop over the generator is recorded and compiled like any other. Their frames are not seen by the program:
their code has the flag HIDDEN, see `link` and `add_traceback`.
"""
from __future__ import annotations

from .calls import *  # noqa: F403

CONSUMERS = ("sum", "any", "all", "min", "max")
consumers = Static("fire_consumers", struct("Consumers", "functions:Obj", 8 * len(CONSUMERS)))


@metal
def takes_generator(base: Reg, count: int, number: int) -> bool:
    """Put the function of the VM in the place of the builtin if the only argument is a generator of the VM."""
    if count != 1 or base.tag == OBJECT or base[2].tag != OBJECT or base[2].object.ob_type != FireGenerator_Type:
        return False
    function = field_address(consumers, "functions")[number]
    if not function:
        return False
    old = base[1].object
    base[1].object = new_ref(function)
    decref(old)
    return True


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
        if takes_generator(rb, C, number):
            return tail("CALL_GENERAL")
        return tail(otherwise)


define_consumer(0, "sum", "KNOWN_function_array_keywords")
define_consumer(1, "any", "KNOWN_function_one")
define_consumer(2, "all", "KNOWN_function_one")
