"""The virtual machine. `_core` is its native part, made from the restricted-subset sources in this folder.

    exec_code(code, globals, locals=None)   call_outermost(f, *args)   adopt(function)
    set_translator(f)   set_poll(f)   stats()

They are looked up in `_core` when first used, since the build of `_core` imports this package too.
"""
from __future__ import annotations


def __getattr__(name: str):
    if name.startswith("__"):
        raise AttributeError(name)
    from importlib import import_module
    core = import_module("._core", __name__)
    if name == "_core":
        return core
    return getattr(core, name)
