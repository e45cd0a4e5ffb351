"""Functions of the VM that stand for builtins which take in a generator (vm/handlers/consumers.py says when).

They give what the builtins give and raise what they raise; their frames are hidden from the program.
"""
from __future__ import annotations

HIDDEN = 1 << 27        # in co_flags, a bit that the host does not use
NAMES = ("sum", "any", "all", "min", "max", "tuple", "set", "join")       # of consumer_functions.py, numbered
functions: dict[int, object] = {}      # by the builtin's address
UNCOUNTED = (sum, tuple, set)           # calls of these are no level of recursion


def install(native) -> None:
    """Make the functions known to the core."""
    import builtins
    from . import consumer_functions as written
    namespace = {"__builtins__": builtins, "__name__": "builtins"}
    for number, name in enumerate(NAMES):
        code = getattr(written, name).__code__
        target = str.join if name == "join" else getattr(builtins, name)
        functions[id(target)] = native.set_consumer(number, code.replace(co_flags=code.co_flags | HIDDEN), namespace)


def kind_of(target) -> str:
    """What the frame of the function that stands for a builtin is called."""
    return "uncounted" if target in UNCOUNTED else "call"
