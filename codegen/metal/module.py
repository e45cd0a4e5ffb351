"""A whole program in the restricted subset -> one LLVM assembly text.

Lowers every registered function and handler, declares what they use, lays out statics, strings and the
dispatch tables (`main_table`: the interpreter's; `current_table` points to the one new entries use).
"""
from __future__ import annotations

from . import intrinsics  # registers the built-in forms
from .lang import CFunction, CGlobal, FUNCTIONS, HANDLERS, MetalFunction, STATICS, annotation_type
from .lower import CC, HANDLER_ARGS, Lowering, c_llvm
from .types import VOID, Struct


class Module:
    """Collects the text of one module; `handler_types` types pc, regs and frame in handlers."""

    def __init__(self, handler_types: dict, opcodes: list[str]):
        self.handler_types, self.opcodes = handler_types, opcodes
        self.declared: dict[str, str] = {}
        self.strings: dict[str, str] = {}
        self.globals: dict[str, str] = {}

    def declare(self, key: str, text: str) -> None:
        self.declared.setdefault(key, "declare " + text)

    def string(self, text: str) -> str:
        if text not in self.strings:
            self.strings[text] = f"@.str{len(self.strings)}"
        return self.strings[text]

    def use_global(self, item) -> None:
        if isinstance(item, CGlobal):
            self.globals[item.name] = f"@{item.name} = external global i8"

    def use_function(self, fn: CFunction) -> None:
        params = ", ".join([c_llvm(p) for p in fn.params] + (["..."] if fn.variadic else []))
        self.declare(fn.name, f"{c_llvm(fn.result)} @{fn.name}({params})")

    def function_address(self, fn) -> str:
        if isinstance(fn, CFunction):
            self.use_function(fn)
            return "@" + fn.name
        return ("@op_" if fn.kind == "handler" else "@") + fn.name

    def signature(self, fn: MetalFunction):
        """Parameter types and result type of a function of the subset."""
        if not hasattr(fn, "types"):
            probe = Lowering(self, fn)
            params = [annotation_type(probe.static(a.annotation)) for a in fn.node.args.args]
            result = annotation_type(probe.static(fn.node.returns)) if fn.node.returns is not None else VOID
            fn.types = (params, result)
        return fn.types

    def text(self) -> str:
        """The module's assembly."""
        defines = [Lowering(self, fn).run() for fn in [*FUNCTIONS.values(), *HANDLERS.values()]]
        missing = [name for name in self.opcodes if name not in HANDLERS]
        lines = ['target triple = "%s"' % self.triple() if self.triple() else ""]
        for name in missing:
            defines.append(f"define internal {CC} void @op_{name}({HANDLER_ARGS}) nounwind {{\n  call void @llvm.trap()\n  ret void\n}}")
        if missing:
            self.declare("llvm.trap", "void @llvm.trap()")
        table = ", ".join(f"ptr @op_{name}" for name in self.opcodes)
        lines.append(f"@main_table = internal constant [{len(self.opcodes)} x ptr] [{table}]")
        lines.append("@current_table = internal global ptr @main_table")
        for static in STATICS.values():
            size = static.layout.size * static.count
            lines.append(f"@{static.name} = internal global [{size} x i8] zeroinitializer, align 16")
        lines += self.globals.values()
        for text, name in self.strings.items():
            data = text.encode() + b"\0"
            quoted = "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in data)
            lines.append(f'{name} = private unnamed_addr constant [{len(data)} x i8] c"{quoted}"')
        return "\n".join([*lines, *self.declared.values(), *defines]) + "\n"

    def triple(self) -> str:
        import llvmlite.binding as llvm
        return llvm.get_default_triple()


__all__ = ["Module", "Struct", "intrinsics"]
