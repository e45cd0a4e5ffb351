"""What compiled code needs for calls: dicts of keyword arguments.

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


CALL_RUNTIME = ["rt_dict_put"]
