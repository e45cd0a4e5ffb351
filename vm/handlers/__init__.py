"""Handlers of the register machine, one module per family; `load` imports them all for the build."""
from __future__ import annotations

MODULES = ("moves", "scalars", "complexes", "arith", "compare", "operators", "containment", "names", "tracebacks",
           "errors", "binding", "calls", "call_host", "instances", "call_types", "call_bound",
           "call_forms", "known_texts", "native", "known", "super_calls", "iterate", "attr_cache", "attr_table",
           "attrs", "build", "slices", "grow", "unpack", "items", "imports", "context", "matching",
           "groups", "generators", "tracing", "recording")


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


# Ops whose handlers are compiled once per combination of the consume bits (and of X, in the second group), so that
# a handler does not test them: they are known when code is loaded.
BY_CONSUMED = """MOVE ATTR_GET METHOD_GET ATTR_SET ITEM_GET ITEM_GET_K ITEM_SET GET_ITER UNPACK UNPACK_PAIR
    LIST_APPEND NOT CELL_SET
    ADD SUB MUL TRUEDIV FLOORDIV MOD LSHIFT RSHIFT AND OR XOR LT LE EQ NE GT GE"""
BY_CONSUMED_AND_X = "CALL JLT JLE JEQ JNE JGT JGE JIF JNONE JIS IS CONTAINS"


def flag_masks() -> dict[str, int]:
    """Op name -> the flag bits that its variants differ in."""
    from ...bytecode.ops import CONSUME_A, OPS, X_BIT
    masks = {}
    for names, extra in ((BY_CONSUMED, 0), (BY_CONSUMED_AND_X, X_BIT)):
        for name in names.split():
            for row in (OPS[name], OPS.get(name + "_K")):
                if row is not None:
                    consumed = sum(CONSUME_A << i for i, kind in enumerate(row.operands) if kind == "r")
                    masks[row.name] = consumed | extra
    masks["LOOP"] = X_BIT
    return masks


def pointer_to_struct(name: str):
    from ...codegen.metal.types import STRUCTS
    return STRUCTS[name].pointer
