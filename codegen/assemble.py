"""LLVM assembly -> ELF object for this machine.

    define i64 @entry(i64 %n) { ... }   ->   assemble(text, level=2)   ->   b"\\x7fELF..."

Compile time is of regions of object programs, 200 to 4,000 lines; run time is relative to level 3, of a loop over ints
with ten exits and of one over arrays.  One core of a Xeon server:

| level | passes                             | code generator           | ms per 100 lines | ints | arrays |
| ----- | ---------------------------------- | ------------------------ | ---------------- | ---- | ------ |
| 0     | none                               | FastISel, O2's registers | 0.7              | 1.2  | 3.0    |
| 1     | LLVM's O1                          | O2                       | 2.8              |      |        |
| 2     | LLVM's O2 with loop vectorizer     | O2                       | 4.1              | 1.0  | 1.05   |
| 3     | LLVM's O3: also SLP and unrolling  | O3                       | 4.4              | 1    | 1      |

Level 1 is no list of passes of our own: NewGVN, the only value numbering that llvmlite has by itself, ends
the process on some regions.

A loop that becomes vector code costs levels 2 and 3 another 4 and 15 ms.

Position independent, small code model: data that the text declares `hidden` is reached relative to the
program counter, so it has to lie within 2 GB of the code; see link.py.

Invariants: calls that run at the same time share no LLVM object, so threads may compile at the same time, and the
host's lock is free while LLVM works.  Text that is not valid LLVM assembly raises LlvmError, it never crashes.
"""
from __future__ import annotations

from ctypes import byref, c_void_p, string_at
from threading import Lock

from .llvm import LlvmError, library, taken, text_of

CODE_GENERATOR = (0, 2, 2, 3)         # LLVM's level for instruction selection, by ours
_host: tuple | None = None
_switching, _schedules = Lock(), [True]
_idle: dict[int, list[int]] = {level: [] for level in CODE_GENERATOR}   # code generators nobody uses, by LLVM's level


def host() -> tuple[bytes, bytes, bytes, bytes]:
    """(triple, CPU name, its features, data layout) of this machine."""
    global _host
    if _host is None:
        llvm = library()
        triple = text_of(llvm.LLVMPY_GetDefaultTargetTriple).encode()
        cpu = text_of(llvm.LLVMPY_GetHostCPUName).encode()
        features = text_of(llvm.LLVMPY_GetHostCPUFeatures).encode()
        machine = target_machine(triple, cpu, features, 0)
        layout = text_of(llvm.LLVMPY_CopyStringRepOfTargetData, llvm.LLVMPY_CreateTargetMachineData(machine))
        _host = (triple, cpu, features, layout.encode())
    return _host


def target_machine(triple: bytes, cpu: bytes, features: bytes, level: int) -> int:
    """A code generator of LLVM's."""
    llvm = library()
    error = c_void_p()
    target = llvm.LLVMPY_GetTargetFromTriple(triple, byref(error))
    machine = target and llvm.LLVMPY_CreateTargetMachine(target, triple, cpu, features, level, b"pic", b"small",
                                                         0, 0, b"")
    if not machine:
        raise LlvmError(f"no code generator for {triple.decode()}: {taken(error)}")
    return machine


def borrowed(level: int) -> int:
    """A code generator that is nobody else's now: a new one takes a millisecond longer for its first module."""
    try:
        return _idle[level].pop()
    except IndexError:
        triple, cpu, features, _ = host()
        return target_machine(triple, cpu, features, level)


def schedule(wanted: bool) -> None:
    """Whether LLVM orders instructions for the processor's units from now on: an eighth of the time of level
    0. The switch is the process's: another thread that compiles meanwhile gets code that is as right."""
    with _switching:
        if _schedules[0] != wanted:
            library().LLVMPY_SetCommandLine(b"fire", b"-enable-misched=" + str(wanted).lower().encode())
            _schedules[0] = wanted


def assemble(text: str, level: int = 2, form: str = "object") -> bytes:
    """LLVM assembly -> an ELF object, or its listing with form="assembly"; raises LlvmError."""
    llvm = library()
    triple, _, _, layout = host()
    context, module, machine, error = llvm.LLVMPY_ContextCreate(), None, None, c_void_p()
    try:
        module = llvm.LLVMPY_ParseAssembly(context, text.encode(), byref(error))
        if not module:
            raise LlvmError(taken(error))
        llvm.LLVMPY_SetTarget(module, triple)
        llvm.LLVMPY_SetDataLayout(module, layout)
        if llvm.LLVMPY_VerifyModule(module, byref(error)):
            raise LlvmError(taken(error))
        taken(error)
        machine = borrowed(CODE_GENERATOR[level])
        schedule(level > 0)
        if level:
            optimize(module, machine, level)
        return emitted(module, machine, form)
    finally:
        if module:
            llvm.LLVMPY_DisposeModule(module)
        if machine:
            _idle[CODE_GENERATOR[level]].append(machine)
        llvm.LLVMPY_ContextDispose(context)


def optimize(module: int, machine: int, level: int) -> None:
    """Run the passes of a level over a module."""
    llvm = library()
    options = llvm.LLVMPY_CreatePipelineTuningOptions()
    llvm.LLVMPY_PTOSetLoopVectorization(options, level >= 2)
    for switch in (llvm.LLVMPY_PTOSetSLPVectorization, llvm.LLVMPY_PTOSetLoopInterleaving,
                   llvm.LLVMPY_PTOSetLoopUnrolling):
        switch(options, level >= 3)
    builder = llvm.LLVMPY_CreatePassBuilder(machine, options)
    passes = llvm.LLVMPY_buildPerModuleDefaultPipeline(builder, level)
    llvm.LLVMPY_RunNewModulePassManager(passes, module, builder)
    llvm.LLVMPY_DisposeNewModulePassManger(passes)
    llvm.LLVMPY_DisposePassBuilder(builder)
    llvm.LLVMPY_DisposePipelineTuningOptions(options)


def emitted(module: int, machine: int, form: str) -> bytes:
    """The module as object code or listing."""
    llvm = library()
    error = c_void_p()
    buffer = llvm.LLVMPY_TargetMachineEmitToMemory(machine, module, int(form == "object"), byref(error))
    if not buffer:
        raise LlvmError(taken(error))
    try:
        return string_at(llvm.LLVMPY_GetBufferStart(buffer), llvm.LLVMPY_GetBufferSize(buffer))
    finally:
        llvm.LLVMPY_DisposeMemoryBuffer(buffer)
