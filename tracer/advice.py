"""What a user can do about an exit or an abort, by a part of its sentence: one row each, the first that fits counts.

    advice("an int grows beyond 64 bits")  ->  "Ints of more than 64 bits are Python's own, at Python's speed."
"""
from __future__ import annotations

ROWS = (
    # a part of the sentence             what to do
    ("handlers: GLOBAL_SET",             "Keep what changes in a local variable or an attribute, not in a global."),
    ("handlers: IMPORT_NAME",            "Import at the top of the module."),
    ("left to the interpreter",          "This instruction is no faster than without the JIT."),
    ("share of the CPU time",            "A longer run compiles it, and the next run begins with what this one has "
                                         "learnt; -X fire.jit_share=50 lets the JIT take more."),
    ("global name was bound again",      "Keep what changes in a local variable or an attribute, not in a global."),
    ("global name was deleted",          "Keep what comes and goes in a dict or an attribute, not in a global."),
    ("another kind of value",            "Give a variable values of one type: 0.0 instead of 0 where floats follow. Ints "
                                         "of more than 64 bits are another kind, too."),
    ("another type",                     "Let one loop work on objects of few classes, and change classes only while "
                                         "setting up."),
    ("another class",                    "Let one loop work on objects of few classes."),
    ("another method",                   "Let one loop work on objects of few classes."),
    ("class was changed",                "Change classes only while setting up."),
    ("got more attributes",              "Set all attributes in __init__, in one order."),
    ("attribute is not set",             "Set all attributes in __init__."),
    ("dict of its own",                  "Set attributes by name in __init__; avoid vars(x) and x.__dict__ in hot code."),
    ("other code",                       "Call one function, or few: each lambda and inner def that is made anew counts."),
    ("other globals",                    "Do not run one code object with several namespaces."),
    ("another generator",                "Let one loop go over generators of one function."),
    ("beyond 64 bits",                   "Ints of more than 64 bits are Python's own, at Python's speed."),
    ("60 bits",                          "Ints of more than 60 bits are Python's own, at Python's speed."),
    ("64 bits",                          "Keep numbers below 2**63: what is larger is Python's own, at Python's speed."),
    ("too large",                        "Keep numbers below 2**63: what is larger is Python's own, at Python's speed."),
    ("other items",                      "Use arrays of one item type in one loop."),
    ("another shape",                    "Use arrays with the same number of dimensions in one loop."),
    ("does not fit the item",            "Use an array whose items are large enough for the values."),
    ("an index is out of range",         "Index from the start of the sequence where you can."),
    ("changed its size",                 "Do not add or remove keys while looping over a dict."),
    ("keys of a dict changed",           "Do not add or remove keys while looping over a dict."),
    ("ASCII",                            "Text of ASCII characters alone is compiled; the rest is Python's own work."),
    ("not finite",                       "Keep infinities and NaNs out of hot code: the interpreter does what they need."),
    ("not a number",                     "Keep NaNs out of hot code: the interpreter does what they need."),
    ("division by zero",                 "Test for zero before dividing, rather than catching ZeroDivisionError."),
    ("a frame object exists",            "Do not keep frames: sys._getframe(), tracebacks, inspect.currentframe()."),
    ("recursion is near its limit",      "Use a loop with a stack of your own, or sys.setrecursionlimit()."),
    ("another length",                   "Unpack sequences of one length in one place."),
    ("most of it is work of",            "Its time is spent in library code or in operations that are not compiled yet."),
    ("large enough",                     "Split very large functions, or move rare cases into functions of their own."),
)


# Ways out that are no loss: what is taken often among them is recorded and compiled too.
FINE = ("a loop ends", "at its end", "a signal or another thread", "the way it never had",
        "not been taken while recording", "a loop that had been empty")


def advice(sentence: str) -> str:
    """What a user can do about a sentence; "" where nothing is known."""
    return next((text for part, text in ROWS if part in sentence), "")


def is_fine(sentence: str) -> bool:
    """Whether a way out of compiled code is as it should be."""
    return any(part in sentence for part in FINE)
