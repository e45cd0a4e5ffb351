"""LLVM's library, straight from llvmlite's shared object and without its Python modules.

    library().LLVMPY_ContextCreate()        a C function, called without the host's lock held

`import llvmlite.binding` brings 110 modules of Python (typing, pathlib, shutil, llvmlite.ir ...), which take eight
times as long as loading the library itself.  A compile needs twenty C functions: they stand in a table here.

Invariants: every call has prototypes (a pointer cut to 32 bits crashes far away); a context belongs to one
compile, so threads never share LLVM objects, not even with a program that uses llvmlite itself.
"""
from __future__ import annotations

from ctypes import CDLL, POINTER, byref, c_char_p, c_int, c_size_t, c_ubyte, c_void_p, string_at

from .code_cache import llvm_library

P, S, N, OUT = c_void_p, c_char_p, c_int, POINTER(c_void_p)
FUNCTIONS = {
    #                                        arguments                        result
    "LLVMPY_InitializeNativeTarget":        ((),                              None),
    "LLVMPY_InitializeNativeAsmPrinter":    ((),                              None),
    "LLVMPY_GetDefaultTargetTriple":        ((OUT,),                          None),
    "LLVMPY_GetHostCPUName":                ((OUT,),                          None),
    "LLVMPY_GetHostCPUFeatures":            ((OUT,),                          N),
    "LLVMPY_GetTargetFromTriple":           ((S, OUT),                        P),
    "LLVMPY_CreateTargetMachine":           ((P, S, S, S, N, S, S, N, N, S),  P),
    "LLVMPY_DisposeTargetMachine":          ((P,),                            None),
    "LLVMPY_CreateTargetMachineData":       ((P,),                            P),
    "LLVMPY_CopyStringRepOfTargetData":     ((P, OUT),                        None),
    "LLVMPY_ContextCreate":                 ((),                              P),
    "LLVMPY_ContextDispose":                ((P,),                            None),
    "LLVMPY_ParseAssembly":                 ((P, S, OUT),                     P),
    "LLVMPY_SetTarget":                     ((P, S),                          None),
    "LLVMPY_SetDataLayout":                 ((P, S),                          None),
    "LLVMPY_VerifyModule":                  ((P, OUT),                        c_ubyte),
    "LLVMPY_DisposeModule":                 ((P,),                            None),
    "LLVMPY_CreatePipelineTuningOptions":   ((),                              P),
    "LLVMPY_PTOSetLoopVectorization":       ((P, c_ubyte),                    None),
    "LLVMPY_PTOSetSLPVectorization":        ((P, c_ubyte),                    None),
    "LLVMPY_PTOSetLoopInterleaving":        ((P, c_ubyte),                    None),
    "LLVMPY_PTOSetLoopUnrolling":           ((P, c_ubyte),                    None),
    "LLVMPY_DisposePipelineTuningOptions":  ((P,),                            None),
    "LLVMPY_CreatePassBuilder":             ((P, P),                          P),
    "LLVMPY_DisposePassBuilder":            ((P,),                            None),
    "LLVMPY_buildPerModuleDefaultPipeline": ((P, N),                          P),
    "LLVMPY_RunNewModulePassManager":       ((P, P, P),                       None),
    "LLVMPY_DisposeNewModulePassManger":    ((P,),                            None),
    "LLVMPY_TargetMachineEmitToMemory":     ((P, P, N, OUT),                  P),
    "LLVMPY_GetBufferStart":                ((P,),                            P),
    "LLVMPY_GetBufferSize":                 ((P,),                            c_size_t),
    "LLVMPY_DisposeMemoryBuffer":           ((P,),                            None),
    "LLVMPY_DisposeString":                 ((P,),                            None),
    "LLVMPY_SetCommandLine":                ((c_char_p, c_char_p),            None),
}
# Level 0 takes the register allocator of the other levels: values then stay in registers between blocks, which
# makes code 1.3 to 2 times faster for a tenth more of compile time.
OPTION = b"-optimize-regalloc"
_library: CDLL | None = None


class NoLlvm(Exception):
    """LLVM cannot be loaded; the text says why."""


class LlvmError(Exception):
    """LLVM refused its input; the text is LLVM's."""


def library() -> CDLL:
    """The shared object, loaded and ready to compile for this machine."""
    global _library
    if _library is None:
        path = llvm_library()
        if not path:
            raise NoLlvm("llvmlite is not installed")
        try:
            loaded = CDLL(path)
            for name, (arguments, result) in FUNCTIONS.items():
                function = getattr(loaded, name)
                function.argtypes, function.restype = arguments, result
        except (OSError, AttributeError) as error:
            raise NoLlvm(f"llvmlite's library cannot be used: {error}") from error
        core = getattr(loaded, "LLVMPY_InitializeCore", None)       # gone since llvmlite 0.45
        if core is not None:
            core.argtypes, core.restype = (P,), None
            loaded.LLVMPY_GetGlobalPassRegistry.restype = P
            core(loaded.LLVMPY_GetGlobalPassRegistry())
        loaded.LLVMPY_InitializeNativeTarget()
        loaded.LLVMPY_InitializeNativeAsmPrinter()
        loaded.LLVMPY_SetCommandLine(b"fire", OPTION)
        _library = loaded
    return _library


def text_of(function, *arguments) -> str:
    """Call a function whose last argument receives a string of LLVM's; the string."""
    out = c_void_p()
    function(*arguments, byref(out))
    return taken(out)


def taken(out: c_void_p) -> str:
    """The text of a string that LLVM gave away, which is freed; "" if it gave none."""
    if not out.value:
        return ""
    text = string_at(out.value).decode("utf-8", "replace")
    library().LLVMPY_DisposeString(out)
    return text
