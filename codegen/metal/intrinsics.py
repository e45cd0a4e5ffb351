"""Built-in forms of the restricted subset, one emitter each.

Everywhere:   likely(x) unlikely(x) cast(kind, p) address_int(p) as_pointer(kind, n) float_of(n) int_of(f)
              bits_of_float(f) float_of_bits(n) add_overflow(a, b) ... sizeof(Struct) stack(kind, n)
              call_pointer(kind, function, args...) lshr(a, b) ult(a, b) byte_offset(p, n) byte_distance(p, q)
              insist(p, act) prefetch(p)
Handlers:     jump(pc) fall(n) go(frame) tail(handler name) leave() -- each ends the handler.
"""
from __future__ import annotations

from .lang import intrinsic
from .expressions import c_llvm
from .lower import CC, HANDLER_ARGS
from .types import BOOL, FLOAT, INT, VOID, VOIDP, Pointer, Storage, Struct, pointer_to, resolve_storage


def _int(lowering, node) -> str:
    operand, type_ = lowering.expr(node)
    return lowering.convert(operand, type_, INT, node)


def _stored_place(lowering, frame: str, type_) -> list[str]:
    """The pc and the registers that a frame has stored."""
    fields = type_.target.fields
    return [lowering.value(f"load ptr, ptr {lowering.value(f'getelementptr i8, ptr {frame}, i64 {fields[n][1]}')}")
            for n in ("pc", "regs")]


def _expect(lowering, test: str, wanted: str) -> str:
    lowering.module.declare("llvm.expect.i1", "i1 @llvm.expect.i1(i1, i1)")
    return lowering.value(f"call i1 @llvm.expect.i1(i1 {test}, i1 {wanted})")


@intrinsic("likely")
def _(lowering, args):
    return _expect(lowering, lowering.truth(*lowering.expr(args[0]), args[0]), "true"), BOOL


@intrinsic("unlikely")
def _(lowering, args):
    return _expect(lowering, lowering.truth(*lowering.expr(args[0]), args[0]), "false"), BOOL


def _kind(lowering, node):
    kind = lowering.static(node)
    return kind.pointer if isinstance(kind, Struct) else kind if isinstance(kind, Pointer) else resolve_storage(kind)


@intrinsic("cast")
def _(lowering, args):
    operand, type_ = lowering.expr(args[1])
    if type_ is INT:
        operand = lowering.value(f"inttoptr i64 {operand} to ptr")
    return operand, _kind(lowering, args[0])


@intrinsic("address_int")
def _(lowering, args):
    return lowering.value(f"ptrtoint ptr {lowering.expr(args[0])[0]} to i64"), INT


@intrinsic("float_of")
def _(lowering, args):
    return lowering.value(f"sitofp i64 {_int(lowering, args[0])} to double"), FLOAT


@intrinsic("int_of")
def _(lowering, args):
    return lowering.value(f"fptosi double {lowering.expr(args[0])[0]} to i64"), INT


@intrinsic("bits_of_float")
def _(lowering, args):
    return lowering.value(f"bitcast double {lowering.expr(args[0])[0]} to i64"), INT


@intrinsic("float_of_bits")
def _(lowering, args):
    return lowering.value(f"bitcast i64 {_int(lowering, args[0])} to double"), FLOAT


def _float_unary(name: str, llvm: str):
    @intrinsic(name)
    def _(lowering, args):
        lowering.module.declare(llvm, f"double @{llvm}(double)")
        return lowering.value(f"call double @{llvm}(double {lowering.expr(args[0])[0]})"), FLOAT


for _name, _llvm in [("float_floor", "llvm.floor.f64"), ("float_abs", "llvm.fabs.f64"),
                     ("float_sqrt", "llvm.sqrt.f64")]:
    _float_unary(_name, _llvm)


@intrinsic("float_rem")
def _(lowering, args):
    a, b = lowering.expr(args[0])[0], lowering.expr(args[1])[0]
    return lowering.value(f"frem double {a}, {b}"), FLOAT


def _overflow(name: str, llvm: str):
    @intrinsic(name)
    def _(lowering, args):
        a, b = _int(lowering, args[0]), _int(lowering, args[1])
        lowering.module.declare(llvm, f"{{i64, i1}} @{llvm}(i64, i64)")
        pair = lowering.value(f"call {{i64, i1}} @{llvm}(i64 {a}, i64 {b})")
        result = lowering.value(f"extractvalue {{i64, i1}} {pair}, 0")
        return ("", [(result, INT), (lowering.value(f"extractvalue {{i64, i1}} {pair}, 1"), BOOL)])


for _name, _llvm in [("add_overflow", "llvm.sadd.with.overflow.i64"), ("sub_overflow", "llvm.ssub.with.overflow.i64"),
                     ("mul_overflow", "llvm.smul.with.overflow.i64")]:
    _overflow(_name, _llvm)


@intrinsic("lshr")
def _(lowering, args):
    return lowering.value(f"lshr i64 {_int(lowering, args[0])}, {_int(lowering, args[1])}"), INT


@intrinsic("ult")
def _(lowering, args):
    return lowering.value(f"icmp ult i64 {_int(lowering, args[0])}, {_int(lowering, args[1])}"), BOOL


@intrinsic("sizeof")
def _(lowering, args):
    return str(lowering.static(args[0]).size), INT


@intrinsic("byte_offset")
def _(lowering, args):
    operand, type_ = lowering.expr(args[0])
    return lowering.value(f"getelementptr i8, ptr {operand}, i64 {_int(lowering, args[1])}"), type_


@intrinsic("byte_distance")
def _(lowering, args):
    a = lowering.value(f"ptrtoint ptr {lowering.expr(args[0])[0]} to i64")
    b = lowering.value(f"ptrtoint ptr {lowering.expr(args[1])[0]} to i64")
    return lowering.value(f"sub i64 {a}, {b}"), INT


@intrinsic("prefetch")
def _(lowering, args):
    """prefetch(pointer): have its cache line brought, to be written."""
    lowering.module.declare("llvm.prefetch.p0", "void @llvm.prefetch.p0(ptr, i32, i32, i32)")
    lowering.emit(f"call void @llvm.prefetch.p0(ptr {lowering.expr(args[0])[0]}, i32 1, i32 3, i32 1)")
    return "", VOID


@intrinsic("field_address")
def _(lowering, args):
    """field_address(pointer, "field"): pointer to the field's memory, typed as a pointer to its storage."""
    operand, type_ = lowering.expr(args[0])
    storage, at = type_.target.field(lowering.static(args[1]))
    return lowering.value(f"getelementptr i8, ptr {operand}, i64 {at}"), Pointer(storage)


@intrinsic("stack")
def _(lowering, args):
    """stack(kind, n): memory for n elements until the function returns; n may be dynamic."""
    kind = lowering.static(args[0])
    pointer = kind.pointer if isinstance(kind, Struct) else pointer_to(kind)
    size = kind.size if isinstance(kind, Struct) else (
        pointer.target.size if isinstance(pointer.target, Storage) else 8)
    known = lowering.static(args[1], None) if not _is_dynamic(lowering, args[1]) else None
    if known is not None:
        slot = lowering.fresh("stack")
        lowering.entry.append(f"  {slot} = alloca [{known * size} x i8], align 16")
        return slot, pointer
    count = lowering.value(f"mul i64 {_int(lowering, args[1])}, {size}")
    return lowering.value(f"alloca i8, i64 {count}, align 16"), pointer


def _is_dynamic(lowering, node) -> bool:
    try:
        lowering.static_value(node)
    except LookupError:
        return True
    return False


@intrinsic("stack_pointer")
def _(lowering, args):
    lowering.module.declare("llvm.frameaddress.p0", "ptr @llvm.frameaddress.p0(i32)")
    address = lowering.value("call ptr @llvm.frameaddress.p0(i32 0)")
    return lowering.value(f"ptrtoint ptr {address} to i64"), INT


@intrinsic("call_pointer")
def _(lowering, args):
    """call_pointer(result kind, function pointer, arguments...): arguments go as they are (i64, double, ptr)."""
    result = lowering.static(args[0])
    function, _ = lowering.expr(args[1])
    operands = [lowering.expr(arg) for arg in args[2:]]
    passed = ", ".join(f"{type_.llvm} {operand}" for operand, type_ in operands)
    text = f"call {c_llvm(result)} {function}({passed})"
    if result == "void":
        lowering.emit(text)
        return "", VOID
    storage, value = resolve_storage(result), lowering.value(text)
    if isinstance(storage, Pointer):
        return value, storage
    if storage.extend:
        value = lowering.value(f"{storage.extend} {storage.llvm} {value} to i64")
    return value, storage.value


@intrinsic("insist")
def _(lowering, args):
    """insist(pointer, act): the pointer; while it is NULL, `act` is carried out and the pointer asked for again."""
    again, missing, there = lowering.label("insist"), lowering.label("missing"), lowering.label("there")
    lowering.branch(again)
    lowering.start(again)
    made, type_ = lowering.expr(args[0])
    test = _expect(lowering, lowering.truth(made, type_, args[0]), "true")
    lowering.end(f"br i1 {test}, label %{there}, label %{missing}")
    lowering.start(missing)
    lowering.expr(args[1])
    lowering.branch(again)
    lowering.start(there)
    return made, type_


@intrinsic("zero")
def _(lowering, args):
    """zero(pointer, bytes): fill with zero bytes."""
    pointer, _ = lowering.expr(args[0])
    lowering.module.declare("llvm.memset.p0.i64", "void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
    lowering.emit(f"call void @llvm.memset.p0.i64(ptr {pointer}, i8 0, i64 {_int(lowering, args[1])}, i1 false)")
    return "", VOID


@intrinsic("copy")
def _(lowering, args):
    """copy(to, from, bytes)."""
    to, source = lowering.expr(args[0])[0], lowering.expr(args[1])[0]
    lowering.module.declare("llvm.memcpy.p0.p0.i64", "void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
    lowering.emit(f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {_int(lowering, args[2])}, i1 false)")
    return "", VOID


# ------------------------------------------------------------------------------------ handlers only
@intrinsic("jump")
def _(lowering, args):
    """Continue at another instruction of the same frame."""
    lowering.dispatch(lowering.expr(args[0])[0])
    return "", VOID


@intrinsic("fall")
def _(lowering, args):
    """Continue n words further."""
    lowering.dispatch(lowering.value(f"getelementptr i64, ptr %pc, i64 {_int(lowering, args[0])}"))
    return "", VOID


@intrinsic("go")
def _(lowering, args):
    """Continue in another frame, at the pc it has stored."""
    frame, type_ = lowering.expr(args[0])
    pc, regs = _stored_place(lowering, frame, type_)
    lowering.dispatch(pc, regs, frame)
    return "", VOID


@intrinsic("resume_at")
def _(lowering, args):
    """Continue in another frame at a given pc; its registers lie right behind it."""
    frame, type_ = lowering.expr(args[0])
    pc, _ = lowering.expr(args[1])
    regs = lowering.value(f"getelementptr i8, ptr {frame}, i64 {type_.target.size}")
    lowering.dispatch(pc, regs, frame)
    return "", VOID


@intrinsic("fail_in")
def _(lowering, args):
    """The exception that is set was raised by another frame's current instruction."""
    frame, type_ = lowering.expr(args[0])
    pc, regs = _stored_place(lowering, frame, type_)
    lowering.tail_call("@op_ERROR", pc, regs, frame)
    return "", VOID


@intrinsic("tail")
def _(lowering, args):
    """Continue in the named handler with the same state."""
    lowering.tail_call(f"@op_{lowering.static(args[0])}", "%pc", "%regs", "%frame")
    return "", VOID


@intrinsic("tail_to")
def _(lowering, args):
    """Continue in the handler at an address, with the same state."""
    lowering.tail_call(lowering.expr(args[0])[0], "%pc", "%regs", "%frame")
    return "", VOID


@intrinsic("leave")
def _(lowering, args):
    """Leave the interpreter loop: return to whoever entered it."""
    lowering.end("ret void")
    return "", VOID


@intrinsic("enter_loop")
def _(lowering, args):
    """enter_loop(frame): run handlers from frame.pc until one leaves (C code calls this)."""
    frame, type_ = lowering.expr(args[0])
    pc, regs = _stored_place(lowering, frame, type_)
    table = lowering.value("load ptr, ptr @current_table")
    target = lowering.target(pc, table)
    lowering.emit(f"call {CC} void {target}(ptr {pc}, ptr {regs}, ptr {frame}, ptr {table})")
    return "", VOID


@intrinsic("enter_traced")
def _(lowering, args):
    """enter_traced(frame): as enter_loop, every instruction passing the handler TRACE."""
    frame, type_ = lowering.expr(args[0])
    pc, regs = _stored_place(lowering, frame, type_)
    lowering.emit(f"call {CC} void @op_TRACE(ptr {pc}, ptr {regs}, ptr {frame}, ptr @trace_table)")
    return "", VOID


@intrinsic("go_traced")
def _(lowering, args):
    """go_traced(n): go on n words further, under a tracer."""
    pc = lowering.value(f"getelementptr i64, ptr %pc, i64 {_int(lowering, args[0])}")
    lowering.tail_call("@op_TRACE", pc, "%regs", "%frame", "@trace_table")
    return "", VOID


@intrinsic("traced_instruction")
def _(lowering, args):
    """Carry out the instruction at pc and come back to the present table."""
    lowering.tail_call(lowering.target("%pc", "@main_table"), "%pc", "%regs", "%frame")
    return "", VOID


@intrinsic("untraced")
def _(lowering, args):
    """Go on at pc in the main table."""
    lowering.dispatch("%pc", table="@main_table")
    return "", VOID


@intrinsic("go_recorded")
def _(lowering, args):
    """go_recorded(pc): go on at pc, every instruction passing the handler RECORD."""
    pc, _ = lowering.expr(args[0])
    lowering.tail_call("@op_RECORD", pc, "%regs", "%frame", "@record_table")
    return "", VOID


@intrinsic("enter_compiled")
def _(lowering, args):
    """enter_compiled(code, pc, frame): call the JIT's code; it returns through `step_table`."""
    code, pc, frame = (lowering.expr(arg)[0] for arg in args)
    size = lowering.expr(args[2])[1].target.size
    regs = lowering.value(f"getelementptr i8, ptr {frame}, i64 {size}")
    lowering.emit(f"call {CC} void {code}(ptr {pc}, ptr {regs}, ptr {frame}, ptr @step_table)")
    return "", VOID


@intrinsic("address_of_table")
def _(lowering, args):
    """address_of_table(name): a dispatch table's address as a number."""
    return lowering.value(f"ptrtoint ptr @{lowering.static(args[0])} to i64"), INT


@intrinsic("enter_error")
def _(lowering, args):
    """enter_error(frame): as enter_loop, but as if the frame's current instruction had raised what is set."""
    frame, type_ = lowering.expr(args[0])
    pc, regs = _stored_place(lowering, frame, type_)
    table = lowering.value("load ptr, ptr @current_table")
    lowering.emit(f"call {CC} void @op_ERROR(ptr {pc}, ptr {regs}, ptr {frame}, ptr {table})")
    return "", VOID


@intrinsic("enter_error_traced")
def _(lowering, args):
    """enter_error_traced(frame): as enter_traced, but as if the frame's current instruction had raised what is set."""
    frame, type_ = lowering.expr(args[0])
    pc, regs = _stored_place(lowering, frame, type_)
    lowering.emit(f"call {CC} void @op_ERROR(ptr {pc}, ptr {regs}, ptr {frame}, ptr @trace_table)")
    return "", VOID


__all__ = ["HANDLER_ARGS", "VOIDP"]
