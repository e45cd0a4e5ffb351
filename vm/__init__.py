"""The virtual machine. `_core` is its native part, made from the restricted-subset sources in this folder.

    exec_code(code, globals, locals=None)   call_outermost(f, *args)   adopt(function)
    set_translator(f)   set_poll(f)   stats()

They are looked up in `_core` when first used, since the build of `_core` imports this package too.
"""
from __future__ import annotations


def __getattr__(name: str):
    if name.startswith("__"):
        raise AttributeError(name)
    core = _load()
    if name == "_core":
        return core
    return getattr(core, name)


def _load():
    """`_core`, linked or, where there was no C compiler, as an object file."""
    import sys
    name = __name__ + "._core"
    try:
        __import__(name)                # importlib brings warnings, half a millisecond
        return sys.modules[name]
    except ModuleNotFoundError:
        place = __path__[0] + "/_core.o"
        try:
            open(place, "rb").close()
        except OSError:
            pass
        else:
            from .from_object import load
            core = sys.modules[name] = load(place)
            return core
        raise
