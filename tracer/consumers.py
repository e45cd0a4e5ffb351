"""Functions of the VM that stand for builtins which take in a generator (vm/handlers/consumers.py says when).

They give what the builtins give and raise what they raise; their frames are hidden from the program.
"""
from __future__ import annotations

HIDDEN = 1 << 27        # in co_flags, a bit that the host does not use
SOURCE = '''
def sum(source):
    total = 0
    for item in source:
        total = total + item
    return total

def any(source):
    for item in source:
        if item:
            return True
    return False

def all(source):
    for item in source:
        if not item:
            return False
    return True

def min(source):
    for least in source:
        break
    else:
        raise ValueError("min() arg is an empty sequence")
    for item in source:
        if item < least:
            least = item
    return least

def max(source):
    for most in source:
        break
    else:
        raise ValueError("max() arg is an empty sequence")
    for item in source:
        if item > most:
            most = item
    return most

def tuple(source):
    made = []
    for item in source:
        made.append(item)
    return (*made,)

def set(source):
    made = {*()}
    for item in source:
        made.add(item)
    return made

def join(separator, source):
    made = []
    for item in source:
        made.append(item)
    return separator.join(made)
'''
functions: dict[int, object] = {}      # by the builtin's address
UNCOUNTED = (sum, tuple, set)           # calls of these are no level of recursion


def install(native) -> None:
    """Make the functions known to the core."""
    import builtins
    module = compile(SOURCE, __file__, "exec")         # so that their translations are kept on disk
    namespace = {"__builtins__": builtins, "__name__": "builtins"}
    codes = [held for held in module.co_consts if hasattr(held, "co_code")]
    for number, code in enumerate(codes):
        hidden = code.replace(co_flags=code.co_flags | HIDDEN)
        target = str.join if code.co_name == "join" else getattr(builtins, code.co_name)
        functions[id(target)] = native.set_consumer(number, hidden, namespace)


def kind_of(target) -> str:
    """What the frame of the function that stands for a builtin is called."""
    return "uncounted" if target in UNCOUNTED else "call"
