"""A whole program in the restricted subset -> one LLVM assembly text.

Lowers every registered function and handler, declares what they use, lays out statics, strings and the
dispatch tables (`main_table`: the interpreter's; those of UNIFORM_TABLES: one handler for every opcode;
`current_table` points to the one new entries use).
"""
from __future__ import annotations

from . import intrinsics  # registers the built-in forms
from .lang import CFunction, CGlobal, FUNCTIONS, HANDLERS, MetalFunction, STATICS, annotation_type
from ...bytecode.ops import FLAG_BITS, FLAG_SHIFT
from .expressions import c_llvm, memory_notes
from .lower import CC, HANDLER_ARGS, Lowering
from .types import VOID, Struct


# Tables that send every instruction to one handler: tracers, the JIT's recorder, and single steps for compiled code.
UNIFORM_TABLES = {"trace_table": "TRACE", "record_table": "RECORD", "step_table": "STEPPED"}
# What the JIT puts in the place of an instruction counts as that instruction.
STANDS_FOR = {"LOOP_COMPILED": "LOOP", "RESUME_COMPILED": "RESUME"}


class Variant:
    """A handler compiled for known flag bits: `flags` of those in `mask` are set; `number` is its opcode."""

    def __init__(self, name: str, opcode: int, mask: int, flags: int, number: int):
        self.name, self.opcode, self.mask, self.flags, self.number = name, opcode, mask, flags, number
        self.symbol = f"op_{name}.{flags >> FLAG_SHIFT}"


def variants(flag_masks: dict[str, int], opcodes: list[str]) -> list[Variant]:
    """A variant for every combination of an opcode's flag bits, numbered behind the opcodes."""
    found: list[Variant] = []
    for opcode, name in enumerate(opcodes):
        mask = flag_masks.get(name, 0)
        flags = mask
        while mask:
            found.append(Variant(name, opcode, mask, flags, len(opcodes) + len(found)))
            if flags == 0:
                break
            flags = (flags - 1) & mask
    return found


def mark(name: str) -> str:
    """A function for its address: code lies in the order of the text."""
    return f"define internal void @{name}() noinline {{\n  ret void\n}}"


class Module:
    """Collects the text of one module; `handler_types` types pc, regs and frame in handlers."""

    def __init__(self, handler_types: dict, opcodes: list[str], flag_masks: dict[str, int], lengths: list[int]):
        self.handler_types, self.opcodes, self.lengths = handler_types, opcodes, lengths
        self.variants = variants(flag_masks, opcodes)
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
        if isinstance(item, CGlobal) and item.name not in ("op_lengths", "op_variants", "op_bases"):
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
        defines = [Lowering(self, fn).run() for fn in FUNCTIONS.values()]
        defines += [mark("handlers_begin"), *(Lowering(self, fn).run() for fn in HANDLERS.values())]
        missing = [name for name in self.opcodes if name not in HANDLERS]
        lines = ['target triple = "%s"' % self.triple() if self.triple() else ""]
        for name in missing:
            defines.append(f"define internal {CC} void @op_{name}({HANDLER_ARGS}) nounwind {{\n"
                           "  call void @llvm.trap()\n  ret void\n}")
        if missing:
            self.declare("llvm.trap", "void @llvm.trap()")
        defines += [Lowering(self, HANDLERS[v.name], v).run() for v in self.variants] + [mark("handlers_end")]
        symbols = [f"op_{name}" for name in self.opcodes] + [v.symbol for v in self.variants]
        table = ", ".join(f"ptr @{symbol}" for symbol in symbols)
        lines.append(f"@main_table = internal constant [{len(symbols)} x ptr] [{table}]")
        lines += self.load_tables()
        for table, name in UNIFORM_TABLES.items():
            if name in HANDLERS:
                same = ", ".join([f"ptr @op_{name}"] * len(symbols))
                lines.append(f"@{table} = internal constant [{len(symbols)} x ptr] [{same}]")
        lines.append("@current_table = internal global ptr @main_table")
        for static in STATICS.values():
            size = static.layout.size * static.count
            lines.append(f"@{static.name} = internal global [{size} x i8] zeroinitializer, align 16")
        lines += self.globals.values()
        for text, name in self.strings.items():
            data = text.encode() + b"\0"
            quoted = "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in data)
            lines.append(f'{name} = private unnamed_addr constant [{len(data)} x i8] c"{quoted}"')
        return "\n".join([*lines, *self.declared.values(), *defines, *memory_notes()]) + "\n"

    def load_tables(self) -> list[str]:
        """What loading code needs: length of each op, and its variant by opcode and flags (0: none)."""
        lengths = ", ".join(f"i8 {n}" for n in self.lengths)
        numbers = [0] * (len(self.opcodes) << FLAG_BITS)
        for v in self.variants:
            for flags in range(1 << FLAG_BITS):
                if (flags << FLAG_SHIFT) & v.mask == v.flags:
                    numbers[(v.opcode << FLAG_BITS) + flags] = v.number
        text = ", ".join(f"i16 {n}" for n in numbers)
        plain = [self.opcodes.index(STANDS_FOR.get(name, name)) for name in self.opcodes]
        bases = [*plain, *(v.opcode for v in self.variants)]
        base_text = ", ".join(f"i8 {n}" for n in bases)
        return [f"@op_bases = internal constant [{len(bases)} x i8] [{base_text}]",
                f"@op_lengths = internal constant [{len(self.lengths)} x i8] [{lengths}]",
                f"@op_variants = internal constant [{len(numbers)} x i16] [{text}]"]

    def triple(self) -> str:
        import llvmlite.binding as llvm
        return llvm.get_default_triple()


__all__ = ["Module", "Struct", "intrinsics"]
