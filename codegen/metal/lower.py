"""Lowering of the restricted subset to LLVM assembly text: one Python function -> one `define`.

    def add(a: int, b: int) -> int:            define internal i64 @add(i64 %a.in, i64 %b.in) nounwind {
        return a + b                     ->      %t1 = add i64 ... ; ret i64 %t1 }

Locals are stack slots that LLVM promotes to registers. `if` over static values keeps only the taken arm, so
handlers can be stamped out of one template. A handler ends every path in a tail call to the next handler.
"""
from __future__ import annotations

import ast
import struct as _struct

from .lang import (CFUNCTIONS, CFunction, CGlobal, FUNCTIONS, HANDLERS, MetalFunction, Static,
                   annotation_type)
from .expressions import MISSING, NEVER_CHANGES, OPERANDS, Expressions
from .types import (BOOL, FLOAT, INT, VOID, VOIDP, Pointer, Type, element_size)

CC = "preserve_nonecc"
# Registers are cleared a few words at a time: a call of memset costs more than the stores.
# Tables for unwinding cost no code; profilers and debuggers walk through the core by them.
ATTRIBUTES = 'nounwind uwtable "no-builtin-memset"'
HANDLER_ARGS = "ptr %pc, ptr %regs, ptr %frame, ptr %table"
OPCODE_MASK = 1023        # of an instruction word as the VM runs it: the opcode or the number of a variant
OPERAND_BYTES = {"A": 2, "B": 4, "C": 6}


class MetalError(Exception):
    """Source outside the subset: file, line and reason."""


class Lowering(Expressions):
    """State of lowering one function: output lines, local slots, the current block."""

    def __init__(self, module, fn: MetalFunction, variant: Variant | None = None):
        self.module, self.fn, self.env = module, fn, fn.environment()
        self.variant = variant
        self.body: list[str] = []
        self.entry: list[str] = []
        self.slots: dict[str, tuple[str, Type]] = {}
        self.counter = 0
        self.loops: list[tuple[str, str]] = []
        self.ended = False
        self.handler = fn.kind == "handler"
        self.result: Type = VOID
        self.line = 0

    # ------------------------------------------------------------------------------- plumbing
    def error(self, reason: str, node=None) -> MetalError:
        line = self.fn.first_line + (getattr(node, "lineno", self.line) or 1) - 1
        return MetalError(f"{self.fn.filename}:{line}: in {self.fn.name}: {reason}")

    def fresh(self, prefix="t") -> str:
        self.counter += 1
        return f"%{prefix}{self.counter}"

    def emit(self, text: str) -> None:
        if not self.ended:
            self.body.append("  " + text)

    def value(self, text: str, prefix="t") -> str:
        name = self.fresh(prefix)
        self.emit(f"{name} = {text}")
        return name

    def label(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def start(self, label: str) -> None:
        self.body.append(f"{label}:")
        self.ended = False

    def branch(self, label: str) -> None:
        self.emit(f"br label %{label}")
        self.ended = True

    def end(self, text: str) -> None:
        self.emit(text)
        self.ended = True

    # ------------------------------------------------------------------------------- function
    def run(self) -> str:
        node, fn = self.fn.node, self.fn
        if self.handler:
            signature = self.handler_entry()
        else:
            signature = self.function_entry(node)
        self.block(node.body)
        if not self.ended:
            if self.handler:
                self.dispatch(self.value(f"getelementptr i64, ptr %pc, i64 {fn.length}"))
            elif self.result is VOID:
                self.end("ret void")
            else:
                self.end("unreachable")
        return "\n".join([signature, "entry:", *self.entry, *self.body, "}"])

    def handler_entry(self) -> str:
        types = self.module.handler_types
        for name in ("pc", "regs", "frame"):
            self.slots[name] = ("%" + name, types[name])
        name = self.variant.symbol if self.variant else f"op_{self.fn.name}"
        return f"define internal {CC} void @{name}({HANDLER_ARGS}) noinline {ATTRIBUTES} {{"

    def operand(self, name: str) -> tuple[str, Type]:
        """An operand of the instruction, read from its word: A B C, D (B and C as one), ra rb rc, ins, table."""
        if name == "table":
            return "%table", VOIDP
        if name == "ins":
            word = self.value("load i64, ptr %pc")
            if self.variant:            # the flags are known: LLVM folds what is asked of them
                word = self.value(f"and i64 {word}, {~self.variant.mask}")
                word = self.value(f"or i64 {word}, {self.variant.flags}")
            return word, INT
        if name == "D":
            address = self.value("getelementptr i8, ptr %pc, i64 4")
            return self.value(f"sext i32 {self.value(f'load i32, ptr {address}{NEVER_CHANGES}')} to i64"), INT
        at = OPERAND_BYTES[name[-1].upper()]
        address = self.value(f"getelementptr i8, ptr %pc, i64 {at}")
        number = self.value(f"zext i16 {self.value(f'load i16, ptr {address}{NEVER_CHANGES}')} to i64")
        if len(name) == 1:
            return number, INT
        regs = self.module.handler_types["regs"]
        offset = self.value(f"mul nuw nsw i64 {number}, {element_size(regs.target)}")
        return self.value(f"getelementptr i8, ptr %regs, i64 {offset}"), regs

    def function_entry(self, node) -> str:
        params = []
        for arg in node.args.args:
            if arg.annotation is None:
                raise self.error(f"parameter {arg.arg} needs a type")
            type_ = annotation_type(self.static(arg.annotation))
            params.append(f"{type_.llvm} %{arg.arg}.in")
            slot = self.new_slot(arg.arg, type_)
            self.entry.append(f"  store {type_.llvm} %{arg.arg}.in, ptr {slot}")
        if node.returns is not None:
            self.result = annotation_type(self.static(node.returns))
        linkage = "" if self.fn.export else "internal "
        attrs = ATTRIBUTES
        if self.fn.inline:
            attrs += " alwaysinline"
        else:                       # what is inlined is decided in the source: slow paths stay out of handlers
            attrs += " noinline cold" if self.fn.cold else " noinline"
        return f"define {linkage}{self.fn.convention}{self.result.llvm} @{self.fn.name}({', '.join(params)}) {attrs} {{"

    def new_slot(self, name: str, type_: Type) -> str:
        slot = f"%{name}.slot{len(self.slots)}"
        self.entry.append(f"  {slot} = alloca {type_.llvm}")
        self.slots[name] = (slot, type_)
        return slot

    def dispatch(self, pc: str, regs="%regs", frame="%frame", table="%table") -> None:
        self.tail_call(self.target(pc, table), pc, regs, frame, table)

    def target(self, pc: str, table: str) -> str:
        """Address of the handler of the instruction at `pc`."""
        word = self.value(f"zext i16 {self.value(f'load i16, ptr {pc}')} to i64")
        opcode = self.value(f"and i64 {word}, {OPCODE_MASK}")
        return self.value(f"load ptr, ptr {self.value(f'getelementptr ptr, ptr {table}, i64 {opcode}')}")

    def tail_call(self, target, pc, regs, frame, table="%table") -> None:
        self.emit(f"musttail call {CC} void {target}(ptr {pc}, ptr {regs}, ptr {frame}, ptr {table})")
        self.end("ret void")

    # ------------------------------------------------------------------------------ statements
    def block(self, statements) -> None:
        for statement in statements:
            if self.ended:
                return
            self.line = statement.lineno
            method = getattr(self, "st_" + type(statement).__name__, None)
            if method is None:
                raise self.error(f"statement {type(statement).__name__} is outside the subset", statement)
            method(statement)

    def st_Pass(self, node) -> None:
        pass

    def st_Expr(self, node) -> None:
        if not isinstance(node.value, ast.Constant):
            self.expr(node.value)

    def st_Return(self, node) -> None:
        if self.handler:
            if node.value is not None:
                self.expr(node.value)
            if not self.ended:
                self.dispatch(self.value(f"getelementptr i64, ptr %pc, i64 {self.fn.length}"))
            return
        if node.value is None:
            self.end("ret void")
            return
        operand, type_ = self.expr(node.value)
        if self.ended:
            return
        operand = self.convert(operand, type_, self.result, node)
        self.end(f"ret {self.result.llvm} {operand}")

    def st_Assign(self, node) -> None:
        target = node.targets[0]
        if isinstance(target, ast.Tuple):
            operand, type_ = self.expr(node.value)
            if not isinstance(type_, list):
                raise self.error("only an intrinsic with several results can be unpacked", node)
            for item, (op, ty) in zip(target.elts, type_):
                self.store_name(item.id, op, ty, node)
            return
        operand, type_ = self.expr(node.value)
        self.assign(target, operand, type_)

    def st_AnnAssign(self, node) -> None:
        type_ = annotation_type(self.static(node.annotation))
        if node.target.id not in self.slots:
            self.new_slot(node.target.id, type_)
        if node.value is not None:
            operand, given = self.expr(node.value)
            self.store_name(node.target.id, self.convert(operand, given, type_, node), type_, node)

    def st_AugAssign(self, node) -> None:
        read = ast.copy_location(ast.BinOp(left=_as_load(node.target), op=node.op, right=node.value), node)
        operand, type_ = self.expr(ast.fix_missing_locations(read))
        self.assign(node.target, operand, type_)

    def assign(self, target, operand: str, type_: Type) -> None:
        if isinstance(target, ast.Name):
            self.store_name(target.id, operand, type_, target)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            address, storage, memory = self.place(target)
            self.store(address, storage, memory, operand, type_, target)
        else:
            raise self.error("assignment target outside the subset", target)

    def store_name(self, name: str, operand: str, type_: Type, node) -> None:
        if name not in self.slots:
            self.new_slot(name, type_)
        slot, slot_type = self.slots[name]
        operand = self.convert(operand, type_, slot_type, node)
        self.emit(f"store {slot_type.llvm} {operand}, ptr {slot}")

    def st_If(self, node) -> None:
        known = self.static(node.test, MISSING)
        if known is not MISSING and isinstance(known, (bool, int, type(None), str)):
            self.block(node.body if known else node.orelse)
            return
        then, other, done = self.label("then"), self.label("else"), self.label("endif")
        self.condition(node.test, then, other if node.orelse else done)
        self.start(then)
        self.block(node.body)
        live = not self.ended
        if live:
            self.branch(done)
        if node.orelse:
            self.start(other)
            self.block(node.orelse)
            if not self.ended:
                live = True
                self.branch(done)
        else:
            live = True
        if live:
            self.start(done)

    def st_While(self, node) -> None:
        top, body, done = self.label("while"), self.label("body"), self.label("endwhile")
        self.branch(top)
        self.start(top)
        known = self.static(node.test, MISSING)
        forever = known is not MISSING and bool(known)
        if forever:
            self.branch(body)
        else:
            self.condition(node.test, body, done)
        self.start(body)
        self.loops.append((top, done))
        self.block(node.body)
        self.loops.pop()
        if not self.ended:
            self.branch(top)
        self.start(done)
        if forever and not any(f"label %{done}" in line for line in self.body):
            self.end("unreachable")

    def st_For(self, node) -> None:
        """`for i in range(...)` with a positive static step."""
        args = node.iter.args
        first = args[0] if len(args) > 1 else ast.Constant(0)
        last = args[1] if len(args) > 1 else args[0]
        step = self.static(args[2]) if len(args) > 2 else 1
        name = node.target.id
        self.store_name(name, *self.expr(first), node)
        limit, _ = self.expr(last)
        top, body, more, done = (self.label(x) for x in ("for", "body", "more", "endfor"))
        slot = self.slots[name][0]
        self.branch(top)
        self.start(top)
        now = self.value(f"load i64, ptr {slot}")
        test = self.value(f"icmp slt i64 {now}, {limit}")
        self.end(f"br i1 {test}, label %{body}, label %{done}")
        self.start(body)
        self.loops.append((more, done))
        self.block(node.body)
        self.loops.pop()
        if not self.ended:
            self.branch(more)
        self.start(more)
        now = self.value(f"load i64, ptr {slot}")
        self.emit(f"store i64 {self.value(f'add i64 {now}, {step}')}, ptr {slot}")
        self.branch(top)
        self.start(done)

    def st_Break(self, node) -> None:
        self.branch(self.loops[-1][1])

    def st_Continue(self, node) -> None:
        self.branch(self.loops[-1][0])

    # ----------------------------------------------------------------------------- conditions
    def condition(self, node, yes: str, no: str) -> None:
        """Branch on a test, short-circuiting."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.condition(node.operand, no, yes)
            return
        if isinstance(node, ast.BoolOp):
            for item in node.values[:-1]:
                rest = self.label("and" if isinstance(node.op, ast.And) else "or")
                if isinstance(node.op, ast.And):
                    self.condition(item, rest, no)
                else:
                    self.condition(item, yes, rest)
                self.start(rest)
            self.condition(node.values[-1], yes, no)
            return
        known = self.static(node, MISSING)
        if known is not MISSING and isinstance(known, (bool, int)):
            self.branch(yes if known else no)
            return
        test = self.truth(*self.expr(node), node)
        self.end(f"br i1 {test}, label %{yes}, label %{no}")

    def truth(self, operand: str, type_: Type, node=None) -> str:
        if type_ is BOOL:
            return operand
        if type_ is INT:
            return self.value(f"icmp ne i64 {operand}, 0")
        if isinstance(type_, Pointer):
            return self.value(f"icmp ne ptr {operand}, null")
        raise self.error(f"a {type_} is not a condition", node)

    # ----------------------------------------------------------------------------- static values
    def static(self, node, default=None):
        """The value of an expression known while lowering, or `default`."""
        try:
            return self.static_value(node)
        except LookupError:
            if default is MISSING:
                return MISSING
            raise self.error(f"not known while lowering: {ast.unparse(node)}", node) from None

    def static_value(self, node):
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id in self.slots or (self.handler and node.id in OPERANDS):
                raise LookupError
            if node.id in self.env:
                return self.env[node.id]
            if node.id in FUNCTIONS:            # functions of the subset may refer to later modules' ones
                return FUNCTIONS[node.id]
            if node.id in CFUNCTIONS:
                return CFUNCTIONS[node.id]
            if node.id.startswith("KNOWN_") and node.id in HANDLERS:
                return HANDLERS[node.id]
            if node.id in ("int", "float", "bool"):
                return {"int": int, "float": float, "bool": bool}[node.id]
            raise LookupError
        if isinstance(node, ast.Attribute):
            base = self.static_value(node.value)
            if isinstance(base, (Static, CGlobal)):
                raise LookupError
            try:
                return getattr(base, node.attr)
            except AttributeError:
                raise LookupError from None
        if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Subscript, ast.IfExp)):
            names = {n.id: self.static_value(n) for n in ast.walk(node) if isinstance(n, ast.Name)}
            if any(isinstance(n, ast.Call) for n in ast.walk(node)) or not all(
                    isinstance(v, (int, str, float, dict, tuple, type(None))) for v in names.values()):
                raise LookupError
            return eval(compile(ast.Expression(node), "<static>", "eval"), {}, names)  # constants only
        raise LookupError

    def static_operand(self, value, node) -> tuple[str, Type]:
        if value is None:
            return "null", VOIDP
        if isinstance(value, bool):
            return ("true" if value else "false"), BOOL
        if isinstance(value, int):
            return str(value - (1 << 64) if value >= 1 << 63 else value), INT
        if isinstance(value, float):
            return "0x%016X" % _struct.unpack("<Q", _struct.pack("<d", value))[0], FLOAT
        if isinstance(value, str):
            return self.module.string(value), VOIDP
        if isinstance(value, (CGlobal, Static)):
            self.module.use_global(value)
            return "@" + value.name, value.type
        if isinstance(value, (MetalFunction, CFunction)):
            return self.module.function_address(value), VOIDP
        raise self.error(f"{value!r} has no place in compiled code", node)


def _as_load(node):
    copy = ast.parse(ast.unparse(node), mode="eval").body
    return copy
