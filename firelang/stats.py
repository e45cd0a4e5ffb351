"""The report of --stats, to stderr, as the last thing a process says.

    --stats         functions_vm       12
                    functions_twin      0
    --stats=json    {"functions_vm": 12, "functions_twin": 0, ...}      one line
"""
import sys

FIELDS = ("functions_vm", "functions_twin", "twin_reasons", "stored", "traces", "bridges", "exits", "aborts",
          "compile_ms", "llvm_loaded", "cache_hits", "cache_misses", "code_hits", "code_misses")


def at_exit(form):
    """Report when the process ends: registered first, so said last."""
    import atexit
    from os import getpid
    process = getpid()
    atexit.register(lambda: getpid() == process and say(form))


def collect():
    """What the VM counted, every field of FIELDS there."""
    from . import runtime
    counted = runtime.started().stats() if runtime.started() else {}
    cache = sys.modules.get("firelang.bytecode.cache")
    if cache is not None:
        counted |= {"cache_hits": cache.hits, "cache_misses": cache.misses}
    llvm_loaded = "llvmlite.binding" in sys.modules
    codegen = sys.modules.get("firelang.codegen")
    if codegen is not None:
        llvm_loaded |= codegen.llvm_loaded
        counted |= {"compile_ms": codegen.seconds * 1000, "code_hits": codegen.hits, "code_misses": codegen.misses}
    site = sys.modules.get("firelang.tracer.site")
    if site is not None:
        counted["exits"] = sum(sum(one.taken()) for one in site.sites.values())
    tracer, stored = (sys.modules.get("firelang.tracer." + name) for name in ("engine", "stored"))
    if tracer is not None:
        counted |= tracer.engine.counted()
    if stored is not None:
        counted["stored"] = stored.counts["stored"]
        counted["compile_ms"] = stored.counts["compile_ms"] + (tracer.engine.counts["compile_ms"] if tracer else 0)
    empty = {"twin_reasons": {}, "llvm_loaded": llvm_loaded}
    return {**{field: empty.get(field, 0) for field in FIELDS}, **counted}


def say(form):
    """Write the report, if stderr still takes it."""
    numbers = collect()
    if form == "json":
        import json
        text = json.dumps(numbers, default=str)
    else:
        text = "\n".join(f"{name:<16} {row(value)}" for name, value in numbers.items())
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass


def row(value):
    """A value for people to read."""
    if isinstance(value, dict):
        return ", ".join(f"{reason}: {count}" for reason, count in value.items()) or "-"
    return f"{value:.1f}" if isinstance(value, float) else f"{value}"
