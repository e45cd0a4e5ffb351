"""LLVM assembly -> machine code in this process.

    code = codegen.compile_text(text, {"consts": [address, ...], "counters": 12}, level=2)
    code.entry                      address of the function `entry`
    code.tables["counters"]         address of twelve 64-bit slots, zero at first
    code.free()

The text has no addresses in it: what it needs of the process it reads from tables, which it declares
`@consts = external hidden global [0 x i64]`.  Levels: see assemble.py (0 at once, 3 with vectorizers).

| file             | what it does                                          |
| ---------------- | ----------------------------------------------------- |
| `assemble.py`    | text -> object code, by LLVM (`llvm.py`)              |
| `link.py`        | object code -> addresses; `elf.py`, `relocations.py`  |
| `arena.py`       | memory for code and tables                            |
| `build.py`       | the VM's core, compiled at installation from `metal/` |

Importing this package loads none of them.
"""
hits = misses = 0           # of the cache of object code
seconds = 0.0               # spent in compile_text
llvm_loaded = False


def compile_text(text: str, tables: dict, level: int = 2):
    """A link.Code of the text; raises llvm.NoLlvm, llvm.LlvmError, link.LinkError, MemoryError."""
    global misses, seconds, llvm_loaded
    from time import perf_counter
    started = perf_counter()
    from .link import link
    try:
        from .assemble import assemble
        misses += 1
        llvm_loaded = True
        return link(assemble(text, level), tables)
    finally:
        seconds += perf_counter() - started
