"""Methods of strings, and conversions between ints and text, that the VM carries out itself.

    "ab".startswith("a"), "ab".find("b"), repr(5)       with exact strings and unboxed ints

Handlers of the rows in known.py: each takes over only for what it knows and falls back before anything has happened.
"""
from __future__ import annotations

from .consumers import *  # noqa: F403


@metal(inline=True)
def on_strings(base: Reg) -> bool:
    """Whether a method is called on an exact string with another as its first argument."""
    return (base.tag == OBJECT and base[1].tag == OBJECT and base[2].tag == OBJECT
            and base[1].object.ob_type == PyUnicode_Type and base[2].object.ob_type == PyUnicode_Type)


def define_tail_match(name: str, at_end: int) -> None:
    """startswith or endswith of one string."""
    @handler("KNOWN_" + name, 3)
    def tail_match():
        if unlikely(C != 1 or not on_strings(rb)):
            return tail("KNOWN_method_tuple")
        found = rt_tail_match(rb[1].object, rb[2].object, at_end)
        frame.pc = pc
        finish_known(rb, 1)
        set_bool(ra, found != 0)


define_tail_match("startswith", 0)
define_tail_match("endswith", 1)


@handler("KNOWN_find", 3)
def KNOWN_find():
    if unlikely(C != 1 or not on_strings(rb)):
        return tail("KNOWN_method_tuple")
    at = rt_find(rb[1].object, rb[2].object)
    if unlikely(at < -1):
        PyErr_Clear()
        return tail("KNOWN_method_tuple")
    frame.pc = pc
    finish_known(rb, 1)
    set_int(ra, at)


@handler("KNOWN_repr", 3)
def KNOWN_repr():
    if C == 1 and rb[2].tag == INT:
        text = rt_text_of_int(None, rb[2].payload, None)
        if likely(text):
            frame.pc = pc
            finish_known(rb, 1)
            set_object(ra, text)
            return
    return tail("KNOWN_function_one")
