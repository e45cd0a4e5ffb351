"""Arithmetic: unboxed fast paths, stamped out of one template per operator; the host's for everything else.

    ADD r1 = r2 + r3     int + int -> int, leaving int64 only into a real Python int; float; int mixed with float
"""
from __future__ import annotations

from ..growing import *  # noqa: F403
from .complexes import *  # noqa: F403

# operator: (host function, host in-place function), in the order of the ops
BINARY = {
    "ADD": (PyNumber_Add, PyNumber_InPlaceAdd), "SUB": (PyNumber_Subtract, PyNumber_InPlaceSubtract),
    "MUL": (PyNumber_Multiply, PyNumber_InPlaceMultiply), "TRUEDIV": (PyNumber_TrueDivide, PyNumber_InPlaceTrueDivide),
    "FLOORDIV": (PyNumber_FloorDivide, PyNumber_InPlaceFloorDivide),
    "MOD": (PyNumber_Remainder, PyNumber_InPlaceRemainder), "POW": (None, None),
    "LSHIFT": (PyNumber_Lshift, PyNumber_InPlaceLshift), "RSHIFT": (PyNumber_Rshift, PyNumber_InPlaceRshift),
    "AND": (PyNumber_And, PyNumber_InPlaceAnd), "OR": (PyNumber_Or, PyNumber_InPlaceOr),
    "XOR": (PyNumber_Xor, PyNumber_InPlaceXor), "MATMUL": (PyNumber_MatrixMultiply, PyNumber_InPlaceMatrixMultiply),
}
OVERFLOWS = {"ADD": "add", "SUB": "sub", "MUL": "mul"}
@metal(inline=True)
def floor_mod(a: int, b: int) -> int:
    """a % b with Python's sign rule; b not 0 or -1."""
    r = a % b
    return r + b if r != 0 and (r ^ b) < 0 else r


@metal(inline=True)
def floor_div(a: int, b: int) -> int:
    q = a // b
    return q - 1 if q * b != a and (a ^ b) < 0 else q


@metal
def float_mod(a: float, b: float) -> float:
    """a % b as Python defines it for floats; b not 0."""
    m = fmod(a, b)
    if m != 0.0:
        if (b < 0.0) != (m < 0.0):
            m = m + b
        return m
    return float_of_bits((bits_of_float(b) & (1 << 63)) | 0)


@metal
def float_floordiv(a: float, b: float) -> float:
    """a // b as Python defines it for floats; b not 0."""
    m = fmod(a, b)
    div = (a - m) / b
    if m != 0.0:
        if (b < 0.0) != (m < 0.0):
            div = div - 1.0
    if div != 0.0:
        floored = float_floor(div)
        if div - floored > 0.5:
            floored = floored + 1.0
        return floored
    return float_of_bits(bits_of_float(a / b) & (1 << 63))


@metal(inline=True)
def number_result(ra: Reg, r: float) -> bool:
    """Float result into `ra`; False for a NaN, which the host boxes: which one it is counts (`x in [x]`)."""
    if unlikely(r != r):
        return False
    set_float(ra, r)
    return True


def define(name: str, constant: bool) -> None:
    """The fast int and float functions, the slow function and the handler of one operator and operand form."""
    plain, in_place = BINARY[name]
    opcode = name + ("_K" if constant else "")
    overflow = OVERFLOWS.get(name)
    number = list(BINARY).index(name)

    @metal(name=f"int_{opcode}", inline=True)
    def int_case(ra: Reg, a: int, b: int) -> bool:
        """Int result into `ra`; False where the host must do it."""
        if overflow == "add":
            r, over = add_overflow(a, b)
        elif overflow == "sub":
            r, over = sub_overflow(a, b)
        elif overflow == "mul":
            r, over = mul_overflow(a, b)
        if overflow:
            if unlikely(over):
                return False
            set_int(ra, r)
            return True
        elif name == "AND":
            set_int(ra, a & b)
            return True
        elif name == "OR":
            set_int(ra, a | b)
            return True
        elif name == "XOR":
            set_int(ra, a ^ b)
            return True
        elif name == "MOD":
            if b & (b - 1) == 0 and b > 0:                 # a power of two: dividing takes twenty times as long
                set_int(ra, a & (b - 1))
                return True
            if unlikely(ult(b + 1, 2)):
                return False
            set_int(ra, floor_mod(a, b))
            return True
        elif name == "FLOORDIV":
            if b == 2:
                set_int(ra, a >> 1)
                return True
            if unlikely(ult(b + 1, 2)):
                return False
            set_int(ra, floor_div(a, b))
            return True
        elif name == "RSHIFT":
            if unlikely(b < 0):
                return False
            set_int(ra, a >> (b if b < 63 else 63))
            return True
        elif name == "LSHIFT":
            if unlikely(b < 0 or b > 62):
                return False
            r2 = a << b
            if unlikely(r2 >> b != a):
                return False
            set_int(ra, r2)
            return True
        elif name == "TRUEDIV":
            if unlikely(b == 0 or not ult(a + EXACT, 2 * EXACT) or not ult(b + EXACT, 2 * EXACT)):
                return False
            set_float(ra, float_of(a) / float_of(b))
            return True
        elif name == "POW":
            return int_power(ra, a, b)
        else:
            return False

    @metal(name=f"float_{opcode}", inline=True)
    def float_case(ra: Reg, a: float, b: float) -> bool:
        """Float result into `ra`; False where the host must do it."""
        if name == "ADD":
            return number_result(ra, a + b)
        elif name == "SUB":
            return number_result(ra, a - b)
        elif name == "MUL":
            return number_result(ra, a * b)
        elif name == "TRUEDIV":
            if unlikely(b == 0.0):
                return False
            return number_result(ra, a / b)
        elif name == "MOD":
            if unlikely(b == 0.0):
                return False
            return number_result(ra, float_mod(a, b))
        elif name == "FLOORDIV":
            if unlikely(b == 0.0):
                return False
            return number_result(ra, float_floordiv(a, b))
        elif name == "POW":
            return float_power(ra, a, b)
        else:
            return False

    @metal(name=f"of_longs_{opcode}", inline=True)
    def of_longs(a: Obj, b: Obj) -> Obj:
        """The result for two ints of any size; NULL: the host must do it. See jit_longs.py."""
        if name == "ADD":
            return rt_long_ADD(a, b)
        elif name == "SUB":
            return rt_long_SUB(a, b)
        elif name == "MUL":
            return rt_long_MUL(a, b)
        else:
            return rt_long_FLOORDIV(a, b)

    @metal(name=f"complex_{opcode}")
    def complex_case(ins: int, left: Reg, right: Reg) -> Obj:
        """A complex number, of two of which one is such; NULL: the host must do it."""
        a = stack("f64", 2)
        b = stack("f64", 2)
        if not complex_parts(left, a) or not complex_parts(right, b):
            return None
        if name == "ADD":
            return complex_result(left, ins, a[0] + b[0], a[1] + b[1])
        elif name == "SUB":
            return complex_result(left, ins, a[0] - b[0], a[1] - b[1])
        else:
            return complex_result(left, ins, a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0])

    @metal(name=f"scalar_{opcode}", inline=True)
    def scalar_case(left: Reg, right: Reg) -> Obj:
        """A number of numpy's, of two of which one is such; NULL: the host must do it."""
        x = stack("f64", 1)
        y = stack("f64", 1)
        if not scalar_operands(left, right, x, y):
            return None
        if name == "ADD":
            return scalar_result(x[0] + y[0], False)
        elif name == "SUB":
            return scalar_result(x[0] - y[0], False)
        elif name == "MUL":
            return scalar_result(x[0] * y[0], True)
        else:
            return scalar_result(x[0] / y[0], True)

    @metal(name=f"host_{opcode}")
    def host(frame: Frame, pc: u64p, ins: int, ra: Reg, rb: Reg, rc: Reg) -> bool:
        """Any operands, by the host's number protocol."""
        result: Obj = None
        if name in ("ADD", "SUB", "MUL"):
            if is_complex(rb) or is_complex(rc):
                result = complex_case(ins, rb, rc)
        if name in ("ADD", "SUB", "MUL", "TRUEDIV"):
            if not result:
                result = scalar_case(rb, rc)
        elif name == "MOD":
            if rb.tag == OBJECT and rb.object.ob_type == PyUnicode_Type and rc.tag == INT:
                result = text_with_int(rb.object, rc.payload)
        if not result:
            sync(frame, pc)
            left = boxed(rb)
            right = constant_object(frame, rc) if constant else boxed(rc)
            if not left or not right:
                return False
            if name == "ADD":
                if left.ob_type == PyBytes_Type and right.ob_type == PyBytes_Type:
                    result = bytes_together(left, right)
            if name in ("ADD", "SUB", "MUL", "FLOORDIV"):
                if left.ob_type == PyLong_Type and right.ob_type == PyLong_Type:
                    result = of_longs(left, right)
            if name == "POW":
                if ins & X_BIT != 0:
                    result = PyNumber_InPlacePower(left, right, Py_None)
                else:
                    result = PyNumber_Power(left, right, Py_None)
            elif not result:
                result = in_place(left, right) if ins & X_BIT != 0 else plain(left, right)
            if not result:
                return False
            meet_scalar(result)
        ob = take(rb, ins, CONSUME_B)
        oc: Obj = None
        if not constant:
            oc = take(rc, ins, CONSUME_C)
        set_object(ra, result)
        xdecref(ob)
        xdecref(oc)
        return True

    @handler(opcode)
    def run():
        if constant:
            right = pool_at(frame, C)
        else:
            right = rc
        if likely(rb.tag == INT and right.tag == INT):
            if name != "MATMUL" and name != "POW":
                if likely(int_case(ra, rb.payload, right.payload)):
                    return
        elif name in ("ADD", "SUB", "MUL", "TRUEDIV"):
            if rb.tag == FLOAT and right.tag == FLOAT:
                if likely(float_case(ra, rb.number, right.number)):
                    return
        return tail(opcode + "_BOXED")

    @handler(opcode + "_BOXED")
    def boxed_operands():
        """Operands that are not both unboxed alike."""
        if constant:
            right = pool_at(frame, C)
        else:
            right = rc
        if name == "ADD" and rb.tag == OBJECT and right.tag == OBJECT:
            if both_strings(rb.object, right.object):
                if unlikely(not add_strings(ra, rb, right, ins, constant)):
                    sync(frame, pc)
                    return tail("ERROR")
                return
        a = stack("i64", 1)
        b = stack("i64", 1)
        x = stack("f64", 1)
        y = stack("f64", 1)
        t = stack(Reg, 1)
        t.tag = EMPTY
        done = False
        if as_whole(rb, a) and as_whole(right, b):
            done = int_case(t, a[0], b[0])
            if name in ("AND", "OR", "XOR"):
                if is_truth(rb) and is_truth(right):
                    t.tag = BOOL
        elif name in ("ADD", "SUB", "MUL", "TRUEDIV", "MOD", "FLOORDIV", "POW"):
            if as_float(rb, x) and as_float(right, y) and not int_operands(rb, right):
                done = float_case(t, x[0], y[0])
        if likely(done):
            ob = take(rb, ins, CONSUME_B)
            oc: Obj = None
            if not constant:
                oc = take(rc, ins, CONSUME_C)
            set_raw(ra, t.payload, t.tag)
            xdecref(ob)
            xdecref(oc)
            return
        if name != "POW" and has_class_of_python(rb):
            callee = operator_frame(frame, pc, ins, rb, right, number)
            if callee:
                return resume_at(callee, callee.code.entry)
        if unlikely(not host(frame, pc, ins, ra, rb, right)):
            return tail("ERROR")


@metal(inline=True)
def int_operands(rb: Reg, rc: Reg) -> bool:
    """Whether both operands are ints (so that a float result would be wrong)."""
    b = rb.tag == INT or (rb.tag == OBJECT and rb.object.ob_type == PyLong_Type)
    c = rc.tag == INT or (rc.tag == OBJECT and rc.object.ob_type == PyLong_Type)
    return b and c


@metal(inline=True)
def both_strings(a: Obj, b: Obj) -> bool:
    return a.ob_type == PyUnicode_Type and b.ob_type == PyUnicode_Type


@metal
def bytes_together(a: Obj, b: Obj) -> Obj:
    """a + b of exact bytes; NULL: no memory."""
    first = VarObj(a).ob_size
    second = VarObj(b).ob_size
    if first == 0:
        return new_ref(b)
    if second == 0:
        return new_ref(a)
    if first + second < first:
        return None
    made = PyBytes_FromStringAndSize(None, first + second)
    if made:
        data = field_address(Bytes(made), "ob_sval")
        memcpy(data, field_address(Bytes(a), "ob_sval"), first)
        memcpy(data + first, field_address(Bytes(b), "ob_sval"), second)
    return made


@metal
def add_strings(ra: Reg, rb: Reg, right: Reg, ins: int, constant: bool) -> bool:
    """r = s + t. Where s is not needed any more, being a temporary or because r takes its place, the host lets it
    grow in place if it has one reference."""
    joined = stack("Obj", 1)
    if (ra == rb or ins & CONSUME_B != 0) and rb.object != right.object:
        joined[0] = append_ascii(rb.object, right.object)
        if not joined[0]:
            joined[0] = rb.object
            PyUnicode_Append(joined, right.object)
        rb.tag = EMPTY
    else:
        joined[0] = PyUnicode_Concat(rb.object, right.object)
    if unlikely(not joined[0]):
        return False
    first = take(rb, ins, CONSUME_B) if rb.tag != EMPTY else None       # of s + s nothing has grown
    second: Obj = None
    if not constant:
        second = take(right, ins, CONSUME_C)
    set_object(ra, joined[0])
    xdecref(first)
    xdecref(second)
    return True


@metal
def int_power(ra: Reg, a: int, b: int) -> bool:
    """a ** b for b >= 0 while it fits int64."""
    if b < 0 or b > 64:
        return False
    result = 1
    while b > 0:
        if b & 1 != 0:
            r, over = mul_overflow(result, a)
            if over:
                return False
            result = r
        b = b >> 1
        if b > 0:
            s, over2 = mul_overflow(a, a)
            if over2:
                return False
            a = s
    set_int(ra, result)
    return True


@metal
def float_power(ra: Reg, a: float, b: float) -> bool:
    """a ** b for finite positive a and finite b, where C's pow is Python's."""
    if a > 0.0 and a < 1e300 and b > -300.0 and b < 300.0:
        r = pow(a, b)
        if r < 1.7e308:
            set_float(ra, r)
            return True
    return False


for _name in BINARY:
    define(_name, False)
    define(_name, True)


def define_unary(name: str, host_function) -> None:
    """Handler of a unary operator."""
    @metal(name=f"unary_{name}")
    def slow(frame: Frame, pc: u64p, ins: int, ra: Reg, rb: Reg) -> bool:
        sync(frame, pc)
        operand = boxed(rb)
        if not operand:
            return False
        result = host_function(operand)
        if not result:
            return False
        ob = take(rb, ins, CONSUME_B)
        set_object(ra, result)
        xdecref(ob)
        return True

    @handler(name)
    def run():
        if name == "NEG":
            if likely(rb.tag == INT) and rb.payload != -(1 << 63):
                set_int(ra, -rb.payload)
                return
            if rb.tag == FLOAT:
                set_float(ra, -rb.number)
                return
        elif name == "INVERT":
            if likely(rb.tag == INT):
                set_int(ra, ~rb.payload)
                return
        if unlikely(not slow(frame, pc, ins, ra, rb)):
            return tail("ERROR")


define_unary("NEG", PyNumber_Negative)
define_unary("POS", PyNumber_Positive)
define_unary("INVERT", PyNumber_Invert)
