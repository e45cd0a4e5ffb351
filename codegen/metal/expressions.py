"""Expressions of the restricted subset: each method gives an operand and its type.

    a.b + f(x)      ->      %t1 = getelementptr ...; %t2 = load ...; %t3 = call @f(...); %t4 = add i64 %t2, %t3

Mixed into lower.Lowering, which has the names, the blocks and what is known statically.
"""
from __future__ import annotations

import ast

from .lang import CFunction, INTRINSICS, Intrinsic, MetalFunction
from .types import BOOL, FLOAT, INT, VOID, VOIDP, Pointer, Storage, Struct, Type, element_size, resolve_storage

MISSING = object()
INT_OPS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.FloorDiv: "sdiv", ast.Mod: "srem",
           ast.LShift: "shl", ast.RShift: "ashr", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
FLOAT_OPS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
INT_CMP = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge",
           ast.Is: "eq", ast.IsNot: "ne"}
FLOAT_CMP = {ast.Eq: "oeq", ast.NotEq: "une", ast.Lt: "olt", ast.LtE: "ole", ast.Gt: "ogt", ast.GtE: "oge"}
OPERANDS = frozenset(["A", "B", "C", "D", "ra", "rb", "rc", "ins", "table"])

# Our own structures lie in memory of their own: a store to one kind changes none of another, so LLVM need not load
# again. What is reached through other types (objects, arrays, host structures) may be anything. Numbered from !1.
MEMORIES = ("Reg", "Frame", "VMCode", "Thread", "State", "Jit")
NEVER_CHANGES = ", !invariant.load !0"


def memory_of(layout: Struct) -> str:
    """The note on a load or store of a field."""
    if layout.name not in MEMORIES:
        return ""
    return f", !tbaa !{2 * len(MEMORIES) + 1 - MEMORIES.index(layout.name)}"


def memory_notes() -> list[str]:
    """The module's metadata that those notes refer to."""
    kinds = len(MEMORIES)
    lines = ["!0 = !{}", f'!{2 * kinds + 2} = !{{!"memory"}}']
    for index, name in enumerate(MEMORIES):
        kind = index + 1
        lines.append(f'!{kind} = !{{!"{name}", !{2 * kinds + 2}, i64 0}}')
        lines.append(f"!{2 * kinds + 1 - index} = !{{!{kind}, !{kind}, i64 0}}")
    return lines


def c_llvm(kind: str) -> str:
    """LLVM spelling of a C parameter or result kind."""
    return "void" if kind == "void" else resolve_storage(kind).llvm


class Expressions:
    """The `ex_` methods of Lowering and what they share."""

    def expr(self, node) -> tuple[str, Type]:
        self.line = getattr(node, "lineno", self.line)
        if not isinstance(node, ast.Call):
            known = self.static(node, MISSING)
            if known is not MISSING:
                return self.static_operand(known, node)
        method = getattr(self, "ex_" + type(node).__name__, None)
        if method is None:
            raise self.error(f"expression {type(node).__name__} is outside the subset", node)
        return method(node)

    def ex_Name(self, node):
        if self.handler and node.id in OPERANDS:
            return self.operand(node.id)
        if node.id not in self.slots:
            raise self.error(f"unknown name {node.id}", node)
        slot, type_ = self.slots[node.id]
        if self.handler and node.id in ("pc", "regs", "frame"):
            return slot, type_
        return self.value(f"load {type_.llvm}, ptr {slot}"), type_

    def ex_NamedExpr(self, node):
        operand, type_ = self.expr(node.value)
        self.store_name(node.target.id, operand, type_, node)
        return operand, type_

    def ex_Attribute(self, node):
        return self.load(*self.place(node))

    def ex_Subscript(self, node):
        base, type_ = self.expr(node.value)
        if isinstance(type_, Pointer) and isinstance(type_.target, Struct):
            return self.offset(base, type_, node.slice), type_
        return self.load(*self.place(node))

    def offset(self, base: str, type_: Pointer, index) -> str:
        position, _ = self.expr(index)
        size = element_size(type_.target)
        return self.value(f"getelementptr i8, ptr {base}, i64 {self.value(f'mul i64 {position}, {size}')}")

    def place(self, node):
        """Address and storage of an attribute or item, and what LLVM is told of the memory it lies in."""
        base, type_ = self.expr(node.value)
        if not isinstance(type_, Pointer):
            raise self.error(f"{ast.unparse(node.value)} is a {type_}, not a pointer", node)
        if isinstance(node, ast.Subscript):
            if type_.target is None or isinstance(type_.target, Struct):
                raise self.error("items of this pointer cannot be stored to", node)
            return self.offset(base, type_, node.slice), type_.target, ""
        if not isinstance(type_.target, Struct) or node.attr not in type_.target.fields:
            raise self.error(f"{type_} has no field {node.attr}", node)
        storage, at = type_.target.field(node.attr)
        return self.value(f"getelementptr i8, ptr {base}, i64 {at}"), storage, memory_of(type_.target)

    def load(self, address: str, storage, memory: str = "") -> tuple[str, Type]:
        if isinstance(storage, Pointer):
            return self.value(f"load ptr, ptr {address}{memory}"), storage
        loaded = self.value(f"load {storage.llvm}, ptr {address}{memory}")
        if storage.extend:
            loaded = self.value(f"{storage.extend} {storage.llvm} {loaded} to i64")
        return loaded, storage.value

    def store(self, address: str, storage, memory: str, operand: str, type_: Type, node) -> None:
        value = storage if isinstance(storage, Pointer) else storage.value
        operand = self.convert(operand, type_, value, node)
        if isinstance(storage, Storage) and storage.extend:
            operand = self.value(f"trunc i64 {operand} to {storage.llvm}")
        self.emit(f"store {storage.llvm} {operand}, ptr {address}{memory}")

    def convert(self, operand: str, given: Type, wanted: Type, node) -> str:
        if given is wanted or (isinstance(given, Pointer) and isinstance(wanted, Pointer)):
            return operand
        if given is BOOL and wanted is INT:
            return self.value(f"zext i1 {operand} to i64")
        if given is INT and wanted is BOOL:
            return self.truth(operand, given)
        raise self.error(f"a {given} where a {wanted} is needed: {ast.unparse(node)}", node)

    def ex_BinOp(self, node):
        left, lt = self.expr(node.left)
        right, rt = self.expr(node.right)
        kind = type(node.op)
        if isinstance(lt, Pointer) and rt is INT and kind in (ast.Add, ast.Sub):
            size = element_size(lt.target)
            moved = self.value(f"mul i64 {right}, {size if kind is ast.Add else -size}")
            return self.value(f"getelementptr i8, ptr {left}, i64 {moved}"), lt
        if lt is FLOAT and rt is FLOAT and kind in FLOAT_OPS:
            return self.value(f"{FLOAT_OPS[kind]} double {left}, {right}"), FLOAT
        if lt is BOOL and rt is BOOL and kind in (ast.BitAnd, ast.BitOr, ast.BitXor):
            return self.value(f"{INT_OPS[kind]} i1 {left}, {right}"), BOOL
        left, right = self.convert(left, lt, INT, node), self.convert(right, rt, INT, node)
        if kind not in INT_OPS:
            raise self.error(f"operator {kind.__name__} is outside the subset", node)
        return self.value(f"{INT_OPS[kind]} i64 {left}, {right}"), INT

    def ex_UnaryOp(self, node):
        operand, type_ = self.expr(node.operand)
        if isinstance(node.op, ast.Not):
            return self.value(f"xor i1 {self.truth(operand, type_, node)}, true"), BOOL
        if isinstance(node.op, ast.USub):
            return (self.value(f"fneg double {operand}"), FLOAT) if type_ is FLOAT else (
                self.value(f"sub i64 0, {operand}"), INT)
        if isinstance(node.op, ast.Invert) and type_ is INT:
            return self.value(f"xor i64 {operand}, -1"), INT
        raise self.error("unary operator outside the subset", node)

    def ex_Compare(self, node):
        left, lt = self.expr(node.left)
        right, rt = self.expr(node.comparators[0])
        kind = type(node.ops[0])
        if lt is FLOAT:
            return self.value(f"fcmp {FLOAT_CMP[kind]} double {left}, {right}"), BOOL
        if isinstance(lt, Pointer) and isinstance(rt, Pointer):
            same = kind in (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
            test = INT_CMP[kind] if same else INT_CMP[kind].replace("s", "u")
            return self.value(f"icmp {test} ptr {left}, {right}"), BOOL
        if lt is BOOL and rt is BOOL:
            return self.value(f"icmp {INT_CMP[kind]} i1 {left}, {right}"), BOOL
        left, right = self.convert(left, lt, INT, node), self.convert(right, rt, INT, node)
        return self.value(f"icmp {INT_CMP[kind]} i64 {left}, {right}"), BOOL

    def ex_BoolOp(self, node):
        yes, no, done = self.label("yes"), self.label("no"), self.label("bool")
        self.condition(node, yes, no)
        self.start(yes)
        self.branch(done)
        self.start(no)
        self.branch(done)
        self.start(done)
        return self.value(f"phi i1 [ true, %{yes} ], [ false, %{no} ]"), BOOL

    def ex_IfExp(self, node):
        then, other, done = self.label("then"), self.label("else"), self.label("pick")
        self.condition(node.test, then, other)
        self.start(then)
        left, lt = self.expr(node.body)
        left_block = self.label("left")
        self.branch(left_block)
        self.start(left_block)
        self.branch(done)
        self.start(other)
        right, rt = self.expr(node.orelse)
        if not isinstance(lt, Pointer):
            right = self.convert(right, rt, lt, node)
        right_block = self.label("right")
        self.branch(right_block)
        self.start(right_block)
        self.branch(done)
        self.start(done)
        chosen = rt if lt is VOIDP and isinstance(rt, Pointer) else lt
        return self.value(f"phi {lt.llvm} [ {left}, %{left_block} ], [ {right}, %{right_block} ]"), chosen

    def ex_Call(self, node):
        target = self.static(node.func, MISSING)
        if target is MISSING and isinstance(node.func, ast.Name) and node.func.id in INTRINSICS:
            target = INTRINSICS[node.func.id]
        if isinstance(target, Intrinsic):
            return target.emit(self, node.args)
        if isinstance(target, (Struct, Pointer)):
            operand, type_ = self.expr(node.args[0])
            if type_ is INT:
                operand = self.value(f"inttoptr i64 {operand} to ptr")
            return operand, target.pointer if isinstance(target, Struct) else target
        if isinstance(target, MetalFunction):
            return self.call_metal(target, node)
        if isinstance(target, CFunction):
            return self.call_c(target, node)
        raise self.error(f"cannot call {ast.unparse(node.func)}", node)

    def call_metal(self, target: MetalFunction, node):
        params, result = self.module.signature(target)
        if len(params) != len(node.args):
            raise self.error(f"{target.name} takes {len(params)} arguments", node)
        args = []
        for wanted, arg in zip(params, node.args):
            operand, type_ = self.expr(arg)
            args.append(f"{wanted.llvm} {self.convert(operand, type_, wanted, arg)}")
        text = f"call {target.convention}{result.llvm} @{target.name}({', '.join(args)})"
        if result is VOID:
            self.emit(text)
            return "", VOID
        return self.value(text), result

    def call_c(self, target: CFunction, node):
        self.module.use_function(target)
        args = []
        for index, arg in enumerate(node.args):
            operand, type_ = self.expr(arg)
            if index < len(target.params):
                args.append(self.c_argument(target.params[index], operand, type_, arg))
            elif target.variadic:
                args.append(f"{type_.llvm} {operand}")
            else:
                raise self.error(f"{target.name} takes {len(target.params)} arguments", node)
        if len(node.args) < len(target.params):
            raise self.error(f"{target.name} takes {len(target.params)} arguments", node)
        storage = resolve_storage(target.result) if target.result != "void" else None
        llvm = storage.llvm if storage else "void"
        kind = f"{llvm} ({', '.join(c_llvm(p) for p in target.params)}, ...)" if target.variadic else llvm
        text = f"call {kind} @{target.name}({', '.join(args)})"
        if storage is None:
            self.emit(text)
            return "", VOID
        result = self.value(text)
        if isinstance(storage, Pointer):
            return result, storage
        if storage.extend:
            result = self.value(f"{storage.extend} {storage.llvm} {result} to i64")
        return result, storage.value

    def c_argument(self, kind: str, operand: str, type_: Type, node) -> str:
        storage = resolve_storage(kind)
        if isinstance(storage, Pointer):
            if not isinstance(type_, Pointer):
                raise self.error(f"a {type_} where a pointer is needed: {ast.unparse(node)}", node)
            return f"ptr {operand}"
        operand = self.convert(operand, type_, storage.value, node)
        if storage.extend:
            operand = self.value(f"trunc i64 {operand} to {storage.llvm}")
        return f"{storage.llvm} {operand}"
