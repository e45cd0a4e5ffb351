"""The restricted Python subset that the virtual machine is written in, and its compiler to LLVM assembly.

In: functions decorated with `metal` or `handler` (lang.py), structs and pointers (types.py), built-in forms
(intrinsics.py). Out: LLVM assembly text of the whole program (module.py); codegen/build.py makes an object of
it. Lowering of one function: lower.py.
"""
from .lang import CFunction, CGlobal, HANDLERS, Static, define_metal, handler, metal
from .types import Struct, pointer_to, struct

__all__ = ["CFunction", "CGlobal", "HANDLERS", "Static", "Struct", "define_metal", "handler", "metal", "pointer_to",
           "struct"]
