"""What compiled code needs for calls: dicts of keyword arguments; what is done where a frameless call has given up.

    f(x=1)  for  def f(**more)      more = rt_dict(); rt_dict_put(more, "x", 1)
"""
from __future__ import annotations

from ..codegen.metal import metal
from .entry import *  # noqa: F403
from .spare import *  # noqa: F403


@metal
def rt_dict_put(d: Obj, key: Obj, value: Obj):
    """Put an owned object into a dict that was just made, by a string."""
    while unlikely(PyDict_SetItem(d, key, value) < 0):
        PyErr_Clear()
        use_spare()
    decref(value)


MOST_GIVEN_UP = 20              # times a frameless version may fail; what it did until then was for nothing


@metal(cold=True)
def rt_gave_up(code: VMCode):
    """A frameless call (specializer/frameless.py) has given up: the caller makes it with a frame. A version that does
    so again and again, though no signal or thread waits, is not used any more."""
    jit.gave_up = 0
    if state.eval_breaker[0] == 0:
        code.given_up = code.given_up + 1
        if code.given_up == MOST_GIVEN_UP:
            code.frameless_kinds = 0


CALL_RUNTIME = ["rt_dict_put", "rt_gave_up"]
