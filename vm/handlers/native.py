"""Native functions called by their own convention, without a tuple where they take none.

    math.hypot(x, y)      KNOWN_quiet_array: what gets numbers alone calls nothing back, so no frame need be linked
"""
from __future__ import annotations

from ...codegen.metal import define_metal
from .known_texts import *  # noqa: F403

METHODS = {"append": "PyList_Type", "get": "PyDict_Type", "startswith": "PyUnicode_Type", "endswith": "PyUnicode_Type",
           "find": "PyUnicode_Type", "join": "PyUnicode_Type"}
ROWS = ("len", "isinstance", "min", "max", "abs", "ord", "chr", "sum", "any", "all", "repr", "next", *METHODS)

# How a native function may be called: (convention, flags); each gets a handler for methods and one for functions.
CONVENTIONS = {"one": 8, "none": 4, "array": 0x80, "array_keywords": 0x82, "tuple": 1, "tuple_keywords": 3}
CONVENTION_FLAGS = 1 | 2 | 4 | 8 | 0x20 | 0x200      # VARARGS KEYWORDS NOARGS O STATIC METHOD
FIRST_NATIVE, len_conventions = len(ROWS) + 1, len(CONVENTIONS)
NATIVE = [(kind, convention) for kind in ("method", "function") for convention in CONVENTIONS]
NATIVE += [("quiet", "one"), ("quiet", "array")]     # functions that call nothing if all they get are numbers
MATH = {        # of the module math: what it is of floats, where that is all there is to it
    "sqrt": ("x >= 0.0", "float_sqrt(x)"),
    "sin": ("x - x == 0.0", "sin(x)"), "cos": ("x - x == 0.0", "cos(x)"),
    "exp": ("x < 700.0 and x > -700.0", "exp(x)"),
    "log": ("x > 0.0 and x - x == 0.0", "log(x)"),
}
FIRST_OF_MATH = FIRST_NATIVE + len(NATIVE)
ROW_OF_SEND = FIRST_OF_MATH + len(MATH)


@metal(inline=True)
def are_numbers(args: Reg, count: int) -> bool:
    """Whether registers hold numbers, unboxed."""
    for i in range(count):
        if args[i].tag != FLOAT and args[i].tag != INT:
            return False
    return True


@metal
def call_with_tuple(function: ptr_t, self: Obj, args: obj_p, count: int, keywords: bool) -> Obj:
    """Call a native function that takes its arguments as a tuple, with or without a dict of keywords behind it."""
    made = new_ref(state.empty_tuple) if count == 0 else PyTuple_New(count)
    if not made:
        return None
    items = field_address(Tuple(made), "ob_item")
    for i in range(count):
        items[i] = new_ref(args[i])
    if keywords:
        result = call_pointer("Obj", function, self, made, cast(VOID_P, 0))
    else:
        result = call_pointer("Obj", function, self, made)
    decref(made)
    return result


def define_native(kind: str, convention: str) -> None:
    """Handler of calls of method descriptors or builtin functions of one convention, with positional arguments."""
    counted = not convention.startswith("array")
    @handler(f"KNOWN_{kind}_{convention}", 3)
    def native():
        ts = frame.thread.ts
        if convention == "one":                             # counted, as by the host's specialized calls
            if unlikely(ts.recursion_remaining <= 0 or C != 1):
                return tail("CALL_GENERAL")
        elif convention == "none":
            if unlikely(ts.recursion_remaining <= 0 or C != 0):
                return tail("CALL_GENERAL")
        elif counted:
            if unlikely(ts.recursion_remaining <= 0):
                return tail("CALL_GENERAL")
        args = stack("Obj", MOST_ARGUMENTS)
        if kind == "method":
            definition = MethodDescr(rb.object).d_method
            self = boxed(rb[1])
        else:
            definition = CFunctionObject(rb[1].object).m_ml
            self = CFunctionObject(rb[1].object).m_self
        quiet = kind == "quiet" and are_numbers(rb + 2, C)
        if unlikely(C > MOST_ARGUMENTS or not self or not box_arguments(args, rb + 2, C)):
            return tail("CALL_GENERAL")
        if quiet:
            frame.pc = pc
            sync_to_allocate(frame, pc)
        else:
            sync(frame, pc)
        if counted:
            ts.recursion_remaining = ts.recursion_remaining - 1
        if convention == "one":
            result = call_pointer("Obj", definition.ml_meth, self, args[0])
        elif convention == "none":
            result = call_pointer("Obj", definition.ml_meth, self, cast(VOID_P, 0))
        elif convention == "array":
            result = call_pointer("Obj", definition.ml_meth, self, args, C)
        elif convention == "array_keywords":
            result = call_pointer("Obj", definition.ml_meth, self, args, C, cast(VOID_P, 0))
        else:
            result = call_with_tuple(definition.ml_meth, self, args, C, convention == "tuple_keywords")
        if counted:
            ts.recursion_remaining = ts.recursion_remaining + 1
        if unlikely(not result):
            check_failed(ts, rb)
            return tail("ERROR")
        if kind == "method":
            drop(rb)
        drop(rb[1])
        if convention == "one":
            drop(rb[2])
        elif convention != "none":
            drop_range(rb + 2, C)
        set_result(ra, result)
        if unlikely(state.eval_breaker[0] != 0):
            if not poll(frame, pc):
                return tail("ERROR")
        if kind != "method" and convention not in ("none", "array"):      # sys.settrace(f), breakpoint()
            if unlikely(traced(ts)):
                return go_traced(CALL_WORDS)


@metal(cold=True)
def check_failed(ts: ThreadState, base: Reg):
    """A native function gave NULL: SystemError if it set no exception."""
    if not cast(VOID_P, ts.curexc_type):
        _Py_CheckFunctionResult(ts, base.object if base.tag == OBJECT else base[1].object, None, None)


def define_row_of_math() -> None:
    """row_of_math(callable, otherwise): the row for a function of the module math."""
    lines = ["@metal(name='row_of_math')", "def row_of_math(callable: Obj, otherwise: int) -> int:",
             "    name = CFunctionObject(callable).m_ml.ml_name"]
    for index, name in enumerate(MATH, FIRST_OF_MATH):
        lines.append(f"    if strcmp(name, {name!r}) == 0:\n        return {index}")
    lines.append("    return otherwise")
    define_metal("\n".join(lines), "row_of_math", globals())


def define_math(name: str) -> None:
    """Handler of calls of one of MATH."""
    domain, value = MATH[name]
    otherwise = "KNOWN_function_tuple" if name == "log" else "KNOWN_quiet_one"
    define_metal(f"""
@metal(name="math_{name}", inline=True)
def math_{name}(ra: Reg, arg: Reg) -> bool:
    if arg.tag != FLOAT:
        return False
    x = arg.number
    if not ({domain}):
        return False
    set_float(ra, {value})
    return True
""", f"math_{name}", globals())
    calculate = globals()[f"math_{name}"]
    @handler(f"KNOWN_math_{name}", 3)
    def run():
        if C == 1 and calculate(rb[2], rb[2]):
            frame.pc = pc
            number = rb[2].number
            drop(rb[1])
            rb[2].tag = EMPTY
            set_float(ra, number)
            return
        return tail(otherwise)


define_row_of_math()
for _name in MATH:
    define_math(_name)


@metal
def is_of_math(callable: Obj) -> bool:
    """Whether a builtin function is one of the module math's."""
    module = CFunctionObject(callable).m_module
    if not module:
        return False
    return is_ascii(module) and Ascii(module).length == 4 and memcmp(ascii_data(module), "math", 4) == 0


@metal
def native_row(callable: Obj) -> int:
    """Number of the row for a native function's kind and convention; 0: none fits."""
    if callable.ob_type == PyCFunction_Type:
        flags = CFunctionObject(callable).m_ml.ml_flags & (CONVENTION_FLAGS | 0x80)
        if (flags == 8 or flags == 0x80) and is_of_math(callable):
            return row_of_math(callable, FIRST_NATIVE + 2 * len_conventions + (0 if flags == 8 else 1))
        if flags == 1 and is_of_math(callable):
            return row_of_math(callable, FIRST_NATIVE + len_conventions + 4)
        if CFunctionObject(callable).m_ml.ml_meth == generator_send:
            return ROW_OF_SEND
        first = FIRST_NATIVE + len_conventions
    elif MethodDescr(callable).d_method.ml_meth == generator_send:
        return ROW_OF_SEND
    else:
        flags = MethodDescr(callable).d_method.ml_flags & (CONVENTION_FLAGS | 0x80)
        first = FIRST_NATIVE
    if flags == 8:
        return first
    if flags == 4:
        return first + 1
    if flags == 0x80:
        return first + 2
    if flags == 0x82:
        return first + 3
    if flags == 1:
        return first + 4
    if flags == 3:
        return first + 5
    return 0


for _kind, _convention in NATIVE:
    define_native(_kind, _convention)
