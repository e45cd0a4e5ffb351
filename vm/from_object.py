"""Loads the core from `_core.o` through LLVM, for installations without a C compiler.

    core = load(path)       the module firelang.vm._core

It starts slower (LLVM is imported) and runs the same code. Invariant: the execution engine lives as long as the
process, for the module's functions lie in its memory.
"""
from __future__ import annotations

engines: list = []


def load(path: str):
    """The extension module in an object file."""
    import ctypes
    import llvmlite.binding as llvm
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="default")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_path(path))
    engine.finalize_object()
    engines.append(engine)
    init = ctypes.PYFUNCTYPE(ctypes.py_object)(engine.get_function_address("PyInit__core"))
    return init()
