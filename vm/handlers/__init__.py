"""Handlers of the register machine, one module per family; `load` imports them all for the build."""
from __future__ import annotations

MODULES = ("moves", "arith", "compare", "names", "errors", "calls", "known", "iterate", "attrs",
           "build", "grow", "unpack", "items", "imports", "context", "matching", "groups", "generators")


def load() -> dict:
    """Import every module that defines compiled code; the types of a handler's pc, regs and frame."""
    import importlib
    from ...codegen.metal import pointer_to
    for name in MODULES:
        importlib.import_module(f".{name}", __name__)
    for name in ("firelang.objects.function", "firelang.objects.frame", "firelang.objects.host_generators",
                 "firelang.vm.module"):
        importlib.import_module(name)
    return {"pc": pointer_to("u64"), "regs": pointer_to_struct("Reg"), "frame": pointer_to_struct("Frame")}


def pointer_to_struct(name: str):
    from ...codegen.metal.types import STRUCTS
    return STRUCTS[name].pointer
