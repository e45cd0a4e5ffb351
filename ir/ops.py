"""The IR's operations, one row each: types of arguments and result, effects, and the LLVM it becomes.

    int_add      "ii>i"      PURE       "{r} = add i64 {0}, {1}"

Types: i int64, f float64, b one bit, p pointer (object or memory). In a template {r} is the result, {0} {1} ... the
arguments, {x} the row's immediate (an offset, a name), {n} a number of its own for labels and temporaries.
Lines of a template are separated by `;`. What needs control flow of its own has `label:` lines.

Effects say what may be moved or dropped: PURE depends on its arguments alone; READS and WRITES touch memory; GUARD may
leave the region; CALLS may run arbitrary code.
"""
from __future__ import annotations

PURE, READS, WRITES, GUARD, CALLS = 0, 1, 2, 4, 8


class IrOp:
    """One row."""

    __slots__ = ("name", "args", "result", "effects", "lines")

    def __init__(self, name: str, types: str, effects: int, template: str):
        self.name = name
        self.args, _, self.result = types.partition(">")
        self.effects = effects
        self.lines = [line.strip() for line in template.split(";")] if template else []


OPS: dict[str, IrOp] = {}
FIRST_SMALL_INT, SMALL_INTS = -5, 262       # from here on, so many: the host has an object for each
TURNS = 8192                # of its loops, 32 times, until a region is worth LLVM's optimizer; a power of two


def ir(name: str, types: str, effects: int, template: str = "") -> None:
    """Add a row."""
    OPS[name] = IrOp(name, types, effects, template)


# ------------------------------------------------------------------------------------------------ integers
for _name, _llvm in (("add", "add"), ("sub", "sub"), ("mul", "mul"), ("and", "and"), ("or", "or"), ("xor", "xor")):
    ir("int_" + _name, "ii>i", PURE, "{r} = %s i64 {0}, {1}" % _llvm)
for _name, _llvm in (("add", "sadd"), ("sub", "ssub"), ("mul", "smul")):
    ir(f"int_{_name}_pair", "ii>o", PURE, "{r} = call {{i64, i1}} @llvm.%s.with.overflow.i64(i64 {0}, i64 {1})" % _llvm)
ir("pair_value",   "o>i",  PURE, "{r} = extractvalue {{i64, i1}} {0}, 0")
ir("pair_over",    "o>b",  PURE, "{r} = extractvalue {{i64, i1}} {0}, 1")
ir("int_shl",      "ii>i", PURE, "{r} = shl i64 {0}, {1}")
ir("int_shr",      "ii>i", PURE, "{r} = ashr i64 {0}, {1}")
ir("int_lshr",     "ii>i", PURE, "{r} = lshr i64 {0}, {1}")
ir("int_sdiv",     "ii>i", PURE, "{r} = sdiv i64 {0}, {1}")
ir("int_srem",     "ii>i", PURE, "{r} = srem i64 {0}, {1}")
for _name, _llvm in (("lt", "slt"), ("le", "sle"), ("eq", "eq"), ("ne", "ne"), ("gt", "sgt"), ("ge", "sge"), ("ult", "ult")):
    ir("int_" + _name, "ii>b", PURE, "{r} = icmp %s i64 {0}, {1}" % _llvm)
ir("int_select",   "bii>i", PURE, "{r} = select i1 {0}, i64 {1}, i64 {2}")
ir("int_to_float", "i>f",  PURE, "{r} = sitofp i64 {0} to double")
ir("bool_to_int",  "b>i",  PURE, "{r} = zext i1 {0} to i64")
ir("int_to_bool",  "i>b",  PURE, "{r} = icmp ne i64 {0}, 0")
ir("bool_not",     "b>b",  PURE, "{r} = xor i1 {0}, true")
ir("bool_and",     "bb>b", PURE, "{r} = and i1 {0}, {1}")
ir("bool_or",      "bb>b", PURE, "{r} = or i1 {0}, {1}")
ir("bool_xor",     "bb>b", PURE, "{r} = xor i1 {0}, {1}")
# -------------------------------------------------------------------------------------------------- floats
for _name, _llvm in (("add", "fadd"), ("sub", "fsub"), ("mul", "fmul"), ("div", "fdiv")):
    ir("float_" + _name, "ff>f", PURE, "{r} = %s double {0}, {1}" % _llvm)
ir("float_neg",    "f>f",  PURE, "{r} = fneg double {0}")
ir("float_abs",    "f>f",  PURE, "{r} = call double @llvm.fabs.f64(double {0})")
ir("float_sqrt",   "f>f",  PURE, "{r} = call double @llvm.sqrt.f64(double {0})")
ir("float_floor",  "f>f",  PURE, "{r} = call double @llvm.floor.f64(double {0})")
for _name, _llvm in (("lt", "olt"), ("le", "ole"), ("eq", "oeq"), ("ne", "une"), ("gt", "ogt"), ("ge", "oge"), ("ordered", "ord")):
    ir("float_" + _name, "ff>b", PURE, "{r} = fcmp %s double {0}, {1}" % _llvm)
ir("float_to_int", "f>i",  PURE, "{r} = fptosi double {0} to i64")
ir("float_bits",   "f>i",  PURE, "{r} = bitcast double {0} to i64")
ir("float_select", "bff>f", PURE, "{r} = select i1 {0}, double {1}, double {2}")
ir("ptr_select",   "bpp>p", PURE, "{r} = select i1 {0}, ptr {1}, ptr {2}")
# -------------------------------------------------------------------------------------------------- memory
# {x} is (byte offset, alias class), {alias} what LLVM is told of the class
_WIDTHS = {"i8": "i8", "u8": "i8", "i16": "i16", "u16": "i16", "i32": "i32", "u32": "i32"}
for _kind, _result, _llvm in (("i64", "i", "i64"), ("f64", "f", "double"), ("ptr", "p", "ptr")):
    ir(f"load_{_kind}",  f"p>{_result}", READS,
       "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};{r} = load {W}, ptr %a{n}, align 8, {alias}".replace("{W}", _llvm))
    ir(f"store_{_kind}", f"p{_result}>", WRITES,
       "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};store {W} {1}, ptr %a{n}, align 8, {alias}".replace("{W}", _llvm))
for _kind, _llvm in _WIDTHS.items():
    _extend = "sext" if _kind[0] == "i" else "zext"
    ir(f"load_{_kind}", "p>i", READS,
       "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};%l{n} = load {W}, ptr %a{n}, align 1, {alias};"
       "{r} = {E} {W} %l{n} to i64".replace("{W}", _llvm).replace("{E}", _extend))
    ir(f"store_{_kind}", "pi>", WRITES,
       "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};%l{n} = trunc i64 {1} to {W};"
       "store {W} %l{n}, ptr %a{n}, align 1, {alias}".replace("{W}", _llvm))
# A register: payload and tag. Of bool the payload is the number it is as an int.
for _kind, _types, _held, _tag in (("int", "pi>", "i64", "1"), ("float", "pf>", "double", "0x0000000000000002"),
                                   ("bool", "pi>", "i64", "3")):
    ir(f"store_{_kind}", _types, WRITES,
       "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};%b{n} = insertelement <2 x {W}> <{W} undef, {W} {T}>, {W} {1}, i64 0;"
       "store <2 x {W}> %b{n}, ptr %a{n}, align 8, {alias}".replace("{W}", _held).replace("{T}", _tag))
ir("store_obj",    "pp>",  WRITES, "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};store ptr {1}, ptr %a{n}, align 8, {alias};"
                                   "%b{n} = getelementptr i8, ptr %a{n}, i64 8;store i64 -1, ptr %b{n}, align 8, {alias}")
REGISTER_TAGS = {"store_int": 1, "store_float": 2, "store_bool": 3, "store_obj": -1}
# Whether a signal, another thread or a pending call waits: never known from the turn before.
ir("poll",         "p>i",  READS,  "%l{n} = load volatile i32, ptr {0}, align 4;{r} = sext i32 %l{n} to i64")
ir("load_f32",     "p>f",  READS,  "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};"
                                   "%l{n} = load float, ptr %a{n}, align 4, {alias};{r} = fpext float %l{n} to double")
ir("store_f32",    "pf>",  WRITES, "%a{n} = getelementptr i8, ptr {0}, i64 {x[0]};%l{n} = fptrunc double {1} to float;"
                                   "store float %l{n}, ptr %a{n}, align 4, {alias}")
ir("index",        "pi>p", PURE,   "{r} = getelementptr {x}, ptr {0}, i64 {1}")     # {x}: LLVM element type
ir("index_in",     "pi>p", PURE,   "{r} = getelementptr inbounds {x}, ptr {0}, i64 {1}")    # what it points to is there
ir("scratch",      ">p",   PURE,   "{r} = getelementptr i8, ptr @counters, i64 {x}")
ir("copy_bytes",   "ppi>", WRITES, "call void @llvm.memcpy.p0.p0.i64(ptr {0}, ptr {1}, i64 {2}, i1 false)")
ir("offset",       "p>p",  PURE,   "{r} = getelementptr i8, ptr {0}, i64 {x}")
ir("ptr_eq",       "pp>b", PURE,   "{r} = icmp eq ptr {0}, {1}")
ir("ptr_ne",       "pp>b", PURE,   "{r} = icmp ne ptr {0}, {1}")
ir("is_null",      "p>b",  PURE,   "{r} = icmp eq ptr {0}, null")
ir("ptr_bits",     "p>i",  PURE,   "{r} = ptrtoint ptr {0} to i64")
ir("bits_ptr",     "i>p",  PURE,   "{r} = inttoptr i64 {0} to ptr")
ir("const",        ">p",   PURE,   "{r} = load ptr, ptr getelementptr inbounds ([0 x i64], ptr @consts, i64 0, i64 {x}),"
                                   " align 8, !invariant.load !99")
ir("const_word",   ">i",   PURE,   "{r} = load i64, ptr getelementptr inbounds ([0 x i64], ptr @consts, i64 0, i64 {x}),"
                                   " align 8, !invariant.load !99")
# ------------------------------------------------------------------------------------------- references
ir("incref",       "p>",   WRITES, "%c{n} = load i64, ptr {0}, align 8, !tbaa !2;%d{n} = add i64 %c{n}, 1;"
                                   "store i64 %d{n}, ptr {0}, align 8, !tbaa !2")
ir("decref",       "p>",   WRITES, "%c{n} = load i64, ptr {0}, align 8, !tbaa !2;%d{n} = add i64 %c{n}, -1;"
                                   "store i64 %d{n}, ptr {0}, align 8, !tbaa !2;%e{n} = icmp eq i64 %d{n}, 0;"
                                   "br i1 %e{n}, label %F{n}, label %G{n}, !prof !98;F{n}:;"
                                   "%z{n} = load ptr, ptr @consts, align 8, !invariant.load !99;"
                                   "call preserve_mostcc void %z{n}(ptr {0});br label %G{n};G{n}:")
# The same where the object holds no others, so that its end is no one else's business.
ir("decref_plain", "p>",   WRITES, "%c{n} = load i64, ptr {0}, align 8, !tbaa !2;%d{n} = add i64 %c{n}, -1;"
                                   "store i64 %d{n}, ptr {0}, align 8, !tbaa !2;%e{n} = icmp eq i64 %d{n}, 0;"
                                   "br i1 %e{n}, label %F{n}, label %G{n}, !prof !98;F{n}:;"
                                   "%z{n} = load ptr, ptr @consts, align 8, !invariant.load !99;"
                                   "call preserve_mostcc void %z{n}(ptr {0}) #1, !noalias !80;br label %G{n};G{n}:")
# ------------------------------------------------------------------------------------------ control, calls
ir("guard",        "b>",   GUARD,  "br i1 {0}, label %H{n}, label %{x}, !prof !97;H{n}:")
# Whether a call has done what it is for, and must not do it again: exit stress leaves it alone.
ir("guard_done",   "b>",   GUARD,  "br i1 {0}, label %H{n}, label %{x}, !prof !97;H{n}:")
ir("guard_not",    "b>",   GUARD,  "br i1 {0}, label %{x}, label %H{n}, !prof !98;H{n}:")
# {x} is the number of the constant that holds the address: the runtime's functions, CPython's C API, C functions.
ir("call_i",       "*>i",  CALLS,  "{r} = call i64 {x}({all})")
ir("call_f",       "*>f",  CALLS,  "{r} = call double {x}({all})")
ir("call_p",       "*>p",  CALLS,  "{r} = call ptr {x}({all})")
ir("call_i32",     "*>i",  CALLS,  "%l{n} = call i32 {x}({all});{r} = sext i32 %l{n} to i64")
ir("call_none",    "*>",   CALLS,  "call void {x}({all})")
# A loop turns: false now and then, which leads to the exit that has the region compiled better. Of baseline code.
ir("turns_left",   ">b",   WRITES, "%a{n} = load i64, ptr @counters, align 8, !tbaa !14;%b{n} = add i64 %a{n}, 1;"
                                   "store i64 %b{n}, ptr @counters, align 8, !tbaa !14;"
                                   "%c{n} = and i64 %b{n}, {TURNS};{r} = icmp ne i64 %c{n}, 0".replace("{TURNS}", str(TURNS - 1)))
ir("stack_place",  ">p",   PURE,   "{r} = call ptr @llvm.frameaddress.p0(i32 0)")
# Call of another region's code: entry, pc, registers, frame, table
ir("invoke",       "ppppp>", CALLS, "call preserve_nonecc void {0}(ptr {1}, ptr {2}, ptr {3}, ptr {4})")
ir("step",         "pppp>", CALLS, "call preserve_nonecc void {x}(ptr {0}, ptr {1}, ptr {2}, ptr {3})")
# An object for an int, a new reference. {1}: the object of -5, the first of the host's small ints, which lie one after
# another; {x}: the constant with the address of the function that makes others.
ir("box_int",      "ip>p", CALLS, (
    "%a{n} = sub i64 {0}, {FIRST};%b{n} = icmp ult i64 %a{n}, {MANY};br i1 %b{n}, label %I{n}, label %J{n};"
    "I{n}:;%c{n} = shl i64 %a{n}, 5;%d{n} = getelementptr i8, ptr {1}, i64 %c{n};%e{n} = load i64, ptr %d{n}, align 8, !tbaa !2;"
    "%g{n} = add i64 %e{n}, 1;store i64 %g{n}, ptr %d{n}, align 8, !tbaa !2;br label %K{n};"
    "J{n}:;%h{n} = call ptr {x}(i64 {0});br label %K{n};K{n}:;{r} = phi ptr [%d{n}, %I{n}], [%h{n}, %J{n}]"
).replace("{FIRST}", str(FIRST_SMALL_INT)).replace("{MANY}", str(SMALL_INTS)))
# One- and two-digit ints out of their objects; the type is known, larger ones leave through {x}.
ir("long_value",   "p>i",  GUARD,
   "%a{n} = getelementptr i8, ptr {0}, i64 16;%s{n} = load i64, ptr %a{n}, align 8, !tbaa !8;"
   "%b{n} = getelementptr i8, ptr {0}, i64 24;%d{n} = load i32, ptr %b{n}, align 8, !tbaa !8;%e{n} = zext i32 %d{n} to i64;"
   "%f{n} = add i64 %s{n}, 1;%g{n} = icmp ult i64 %f{n}, 3;br i1 %g{n}, label %I{n}, label %J{n}, !prof !97;"
   "J{n}:;%h{n} = add i64 %s{n}, 2;%i{n} = icmp ult i64 %h{n}, 5;br i1 %i{n}, label %K{n}, label %{x}, !prof !97;"
   "K{n}:;%j{n} = getelementptr i8, ptr {0}, i64 28;%k{n} = load i32, ptr %j{n}, align 4, !tbaa !8;"
   "%l{n} = zext i32 %k{n} to i64;%m{n} = shl i64 %l{n}, 30;%o{n} = or i64 %m{n}, %e{n};br label %I{n};"
   "I{n}:;%p{n} = phi i64 [%e{n}, %{before}], [%o{n}, %K{n}];%q{n} = icmp slt i64 %s{n}, 0;%r{n} = sub i64 0, %p{n};"
   "%t{n} = select i1 %q{n}, i64 %r{n}, i64 %p{n};%u{n} = icmp eq i64 %s{n}, 0;{r} = select i1 %u{n}, i64 0, i64 %t{n}")

FLOATS = {name for name, row in OPS.items() if row.result == "f"}
# Alias classes of memory: what is in one never overlaps what is in another (TBAA).
ALIAS = {name: number for number, name in enumerate(
    ("refcnt", "reg", "list", "item", "attr", "type", "long", "float", "iter", "dict", "frame", "data", "jit", "str",
     "tuple", "cell", "scratch"), start=2)}        # templates above name refcnt 2, long 8
# Functions that touch of the memory that compiled code knows nothing but what is in these classes; "" is the end of an
# object that holds no others (decref_plain). Any other call may touch everything.
TOUCHED = {"": ("refcnt", "long", "float", "str"), "rt_box_int": (), "rt_box_float": (), "rt_float_mod": (),
           "rt_float_floordiv": (), "rt_replace_float": ("refcnt", "float", "item", "attr"),
           "rt_replace_int": ("refcnt", "long", "item", "attr"), "rt_append": ("refcnt", "list", "item")}
