"""LLVM assembly -> machine code in this process.

    code = codegen.compile_text(text, {"consts": [address, ...], "counters": 12}, level=3)
    code.entry                      address of the function `entry`
    code.tables["counters"]         address of twelve 64-bit slots, zero at first
    code.free()

The text has no addresses in it: what it needs of the process it reads from tables, which it declares
`@consts = external hidden global [0 x i64]`.  A first line `; total.py:3` names it in listings and profiles.

| file             | what it does                                              |
| ---------------- | --------------------------------------------------------- |
| `baseline.py`    | IR -> machine code without LLVM, at once, slow            |
| `assemble.py`    | text -> object code, by LLVM (`llvm.py`); the levels      |
| `code_cache.py`  | object code on disk: a hit needs no LLVM                  |
| `later.py`       | a process of its own for work after the program's end      |
| `link.py`        | object code -> addresses; `elf.py`, `relocations.py`      |
| `arena.py`       | memory for code and tables                                |
| `perf_map.py`    | names for `perf`                                          |
| `build.py`       | the VM's core, compiled at installation from `metal/`     |

Importing this package loads none of them.
"""
hits = misses = 0           # texts found in the cache of object code, texts that LLVM compiled
seconds = 0.0               # spent in compile_text, on all threads
llvm_loaded = False
_perf_map = False
watch = None                # told of code that is made, what gives its lines, its text and level: `fire explain`


def configure(cache: bool = True, folder: str = "", cache_bytes: int = 64 << 20, perf_map: bool = False) -> None:
    """Settings: whether and where object code is kept, how much of it, whether `perf` learns names."""
    global _perf_map
    from . import code_cache
    code_cache.configure(cache, folder, cache_bytes)
    _perf_map = perf_map


def compile_text(text: str, tables: dict, level: int = 2):
    """A link.Code of the text; raises llvm.NoLlvm, llvm.LlvmError, link.LinkError, MemoryError."""
    global seconds
    from time import perf_counter
    started = perf_counter()
    try:
        from .link import link
        obj = object_code(text, level)
        code = link(obj, tables)
        named(code, label(text))
        watched(code, lambda: lines_of(obj), text, level)
        return code
    finally:
        seconds += perf_counter() - started


def compile_at_once(function, *args):
    """Code of a function of the IR by the baseline compiler; see baseline.compile_function."""
    from .baseline import compile_function
    return compile_function(function, *args)


def cached(key: str, tables: dict):
    """A link.Code of object code in the cache, None if it is not there."""
    global hits
    from . import code_cache
    obj = code_cache.load(key)
    if obj is None:
        return None
    hits += 1
    from .link import link
    code = link(obj, tables)
    named(code, key[:12])
    return code


def object_code(text: str, level: int) -> bytes:
    """The text as object code, from the cache if it is there."""
    global hits, misses, llvm_loaded
    from . import code_cache
    key = code_cache.key(text, level)
    found = code_cache.load(key)
    if found is not None:
        hits += 1
        return found
    from .assemble import assemble
    misses += 1
    llvm_loaded = True
    made = assemble(text, level)
    code_cache.store(key, made, f"{label(text)} (level {level})")
    return made


def watched(code, lines, text: str, level: int) -> None:
    """Tell a tool of code that was made; `lines()`: which source line each address is of, see lines.lines_of."""
    if watch is not None:
        watch(code, lines, text, level)


def lines_of(obj: bytes) -> list:
    """The table of source lines of object code."""
    from .lines import lines_of
    return lines_of(obj)


def named(code, name: str) -> None:
    """Tell `perf` what code is."""
    if _perf_map:
        from .perf_map import add
        add(code, name)


def label(text: str) -> str:
    """What the text calls itself in its first line."""
    first = text.partition("\n")[0]
    return first.lstrip("; ") if first.startswith(";") else "code"
