"""Comparison, truth, identity and containment, as values and fused with jumps."""
from __future__ import annotations

from .special import *  # noqa: F403

# operator: host's rich comparison number
UNDECIDED = 2            # of the look-ups in jit_dicts.py: the host must do it
RICH = {"LT": 0, "LE": 1, "EQ": 2, "NE": 3, "GT": 4, "GE": 5}


@metal(inline=True)
def sense(ins: int) -> bool:
    """The X bit: which outcome jumps."""
    return ins & X_BIT != 0


@metal(inline=True)
def jump16(pc: u64p, ins: int) -> u64p:
    """Target of a signed 16-bit jump in operand C."""
    return pc + (ins >> 48)


@metal
def truth_of_object(frame: Frame, pc: u64p, o: Obj) -> int:
    """bool(o): 1, 0, or -1 with an exception set."""
    if o == Py_True:
        return 1
    if o == Py_False or o == Py_None:
        return 0
    kind = o.ob_type
    if kind == PyLong_Type or kind == PyTuple_Type or kind == PyList_Type or kind == PyBytes_Type:
        return 1 if VarObj(o).ob_size != 0 else 0
    if kind == PyUnicode_Type:
        return 1 if Ascii(o).length != 0 else 0
    if kind == PyDict_Type:
        return 1 if Dict(o).ma_used != 0 else 0
    sync(frame, pc)
    return PyObject_IsTrue(o)


@metal(inline=True)
def truth_of(frame: Frame, pc: u64p, r: Reg) -> int:
    """bool(register): 1, 0, or -1 with an exception set."""
    tag = r.tag
    if likely(tag == BOOL or tag == INT):
        return 1 if r.payload != 0 else 0
    if tag == OBJECT:
        return truth_of_object(frame, pc, r.object)
    if tag == FLOAT:
        return 1 if r.number != 0.0 else 0
    return 0


@metal(inline=True)
def drop_operands(ra: Reg, rb: Reg, ins: int, bit_a: int, bit_b: int):
    """Consume two operands where their bits say so."""
    oa = take(ra, ins, bit_a)
    ob = take(rb, ins, bit_b)
    xdecref(oa)
    xdecref(ob)


@metal(inline=True)
def strings(left: Reg, right: Reg) -> int:
    """Whether two exact strings are equal: 1, 0, or 2 if they are not both strings."""
    if left.tag != OBJECT or right.tag != OBJECT:
        return 2
    a = left.object
    b = right.object
    if a.ob_type != PyUnicode_Type or b.ob_type != PyUnicode_Type:
        return 2
    if a == b:
        return 1
    length = Ascii(a).length
    if length != Ascii(b).length:
        return 0
    if Ascii(a).state & Ascii(b).state & 0xE0 == 0xE0:              # both compact ASCII
        if ascii_data(a)[0] != ascii_data(b)[0]:
            return 0
        return 1 if length == 1 or memcmp(ascii_data(a), ascii_data(b), length) == 0 else 0
    return 1 if _PyUnicode_EQ(a, b) != 0 else 0


@metal(inline=True)
def is_known_kind(o: Obj) -> bool:
    """Whether an object is of a type whose objects are never equal to None."""
    t = o.ob_type
    return (t == PyUnicode_Type or t == PyLong_Type or t == PyFloat_Type or t == PyBool_Type or t == PyList_Type
            or t == PyTuple_Type or t == PyDict_Type or o == Py_None)


def define(name: str, constant: bool) -> None:
    """Value form and jump form of one comparison."""
    rich = RICH[name]
    suffix = "_K" if constant else ""

    @metal(name=f"compare_int_{name}{suffix}", inline=True)
    def ints(a: int, b: int) -> bool:
        if rich == 0:
            return a < b
        elif rich == 1:
            return a <= b
        elif rich == 2:
            return a == b
        elif rich == 3:
            return a != b
        elif rich == 4:
            return a > b
        else:
            return a >= b

    @metal(name=f"compare_float_{name}{suffix}", inline=True)
    def floats(a: float, b: float) -> bool:
        if rich == 0:
            return a < b
        elif rich == 1:
            return a <= b
        elif rich == 2:
            return a == b
        elif rich == 3:
            return a != b
        elif rich == 4:
            return a > b
        else:
            return a >= b

    @metal(name=f"compare_numbers_{name}{suffix}", inline=True)
    def numbers(left: Reg, right: Reg) -> int:
        """Ints or floats, boxed or not: 1, 0, or 2 where it is for the host."""
        a = stack("i64", 1)
        b = stack("i64", 1)
        x = stack("f64", 1)
        y = stack("f64", 1)
        if as_whole(left, a) and as_whole(right, b):
            return 1 if ints(a[0], b[0]) else 0
        if as_float(left, x) and as_float(right, y):
            return 1 if floats(x[0], y[0]) else 0
        return 2

    @metal(name=f"compare_slow_{name}{suffix}")
    def slow(frame: Frame, pc: u64p, left: Reg, right: Reg) -> int:
        """1, 0, -1 with an exception, or 2: the result is an object, left in thread.compared."""
        lo = boxed(left)
        ro = constant_object(frame, right) if constant else boxed(right)
        if not lo or not ro:
            return -1
        if rich == 2 or rich == 3:
            if ro == Py_None and is_known_kind(lo) or lo == Py_None and is_known_kind(ro):
                return 1 if (lo == ro) == (rich == 2) else 0
        if lo.ob_type == PyTuple_Type and ro.ob_type == PyTuple_Type:
            outcome = rt_tuple_compare(lo, ro, rich)
            if likely(outcome != UNDECIDED):
                return outcome
        sync(frame, pc)
        result = PyObject_RichCompare(lo, ro, rich)
        if not result:
            return -1
        if result == Py_True or result == Py_False:
            decref(result)
            return 1 if result == Py_True else 0
        frame.thread.compared = result
        return 2

    @metal(name=f"compare_text_{name}{suffix}", inline=True)
    def text_order(left: Reg, right: Reg) -> int:
        """ASCII strings: 1, 0, or 2 if they are not both such."""
        if left.tag == OBJECT and right.tag == OBJECT:
            if is_ascii(left.object) and is_ascii(right.object):
                return 1 if ints(order_ascii(left.object, right.object), 0) else 0
        return 2

    @handler(name + suffix)
    def value():
        if constant:
            right = pool_at(frame, C)
        else:
            right = rc
        if likely(rb.tag == INT and right.tag == INT):
            set_bool(ra, ints(rb.payload, right.payload))
            return
        if rb.tag == FLOAT and right.tag == FLOAT:
            set_bool(ra, floats(rb.number, right.number))
            return
        return tail(name + suffix + "_BOXED")

    @handler(f"{name}{suffix}_BOXED")
    def boxed_value():
        if constant:
            right = pool_at(frame, C)
        else:
            right = rc
        outcome = 2
        if rich == 2 or rich == 3:
            outcome = strings(rb, right)
            if outcome != 2 and rich == 3:
                outcome = 1 - outcome
        else:
            outcome = text_order(rb, right)
        if outcome == 2:
            outcome = numbers(rb, right)
        if outcome == 2:
            outcome = slow(frame, pc, rb, right)
            if unlikely(outcome < 0):
                return tail("ERROR")
        ob = take(rb, ins, CONSUME_B)
        oc: Obj = None
        if not constant:
            oc = take(rc, ins, CONSUME_C)
        if outcome == 2:
            set_object(ra, frame.thread.compared)
        else:
            set_bool(ra, outcome != 0)
        xdecref(ob)
        xdecref(oc)

    @metal(name=f"jump_slow_{name}{suffix}")
    def jump_slow(frame: Frame, pc: u64p, left: Reg, right: Reg) -> int:
        """The host's outcome 1, 0, or -1."""
        x = stack("f64", 1)
        y = stack("f64", 1)
        if scalar_operands(left, right, x, y):
            return 1 if floats(x[0], y[0]) else 0
        outcome = slow(frame, pc, left, right)
        if outcome == 2:
            o = frame.thread.compared
            outcome = truth_of_object(frame, pc, o)
            decref(o)
        return outcome

    @handler(f"J{name}{suffix}")
    def fused():
        if constant:
            right = pool_at(frame, B)
        else:
            right = rb
        if likely(ra.tag == INT and right.tag == INT):
            if ints(ra.payload, right.payload) == sense(ins):
                return jump(jump16(pc, ins))
            return
        if ra.tag == FLOAT and right.tag == FLOAT:
            if floats(ra.number, right.number) == sense(ins):
                return jump(jump16(pc, ins))
            return
        return tail("J" + name + suffix + "_BOXED")

    @handler(f"J{name}{suffix}_BOXED")
    def boxed_jump():
        if constant:
            right = pool_at(frame, B)
        else:
            right = rb
        outcome = 2
        if rich == 2 or rich == 3:
            outcome = strings(ra, right)
            if outcome != 2 and rich == 3:
                outcome = 1 - outcome
        else:
            outcome = text_order(ra, right)
        if outcome == 2:
            outcome = numbers(ra, right)
        if outcome == 2:
            outcome = jump_slow(frame, pc, ra, right)
            if unlikely(outcome < 0):
                return tail("ERROR")
        oa = take(ra, ins, CONSUME_A)
        xdecref(oa)
        if not constant:
            ob = take(rb, ins, CONSUME_B)
            xdecref(ob)
        if (outcome != 0) == sense(ins):
            return jump(jump16(pc, ins))


for _name in RICH:
    define(_name, False)
    define(_name, True)


# ------------------------------------------------------------------------------------- identity
@metal(inline=True)
def canonical(r: Reg) -> int:
    """A tag under which None, True and False are the same boxed and unboxed."""
    if r.tag == OBJECT:
        o = r.object
        if o == Py_None:
            return NONE
        if o == Py_True or o == Py_False:
            return BOOL
    return r.tag


@metal(inline=True)
def truth_payload(r: Reg) -> int:
    if r.tag == OBJECT:
        return 1 if r.object == Py_True else 0
    return r.payload


@metal
def identical(a: Reg, b: Reg) -> bool:
    """`is`: objects by address, unboxed numbers by value and kind."""
    if a.tag == OBJECT and b.tag == OBJECT:
        return a.object == b.object
    kind = canonical(a)
    if kind != canonical(b):
        return mixed_identity(a, b)
    if kind == NONE or kind == EMPTY:
        return True
    if kind == BOOL:
        return truth_payload(a) == truth_payload(b)
    return a.payload == b.payload


@metal(cold=True)
def mixed_identity(a: Reg, b: Reg) -> bool:
    """One side boxed: a number that was boxed for a container or a call is still the one it was boxed from."""
    if a.tag == OBJECT:
        return b.tag != OBJECT and mixed_identity(b, a)
    if b.tag != OBJECT:
        return False
    if a.tag == INT:
        return is_small_long(b.object) and long_value(b.object) == a.payload
    return a.tag == FLOAT and b.object.ob_type == PyFloat_Type and bits_of_float(Float(b.object).ob_fval) == a.payload


@handler("IS")
def IS():
    same = identical(rb, rc)
    ob = take(rb, ins, CONSUME_B)
    oc = take(rc, ins, CONSUME_C)
    set_bool(ra, same != sense(ins))
    if ob or oc:
        frame.pc = pc
        xdecref(ob)
        xdecref(oc)


@handler("JIS")
def JIS():
    same = identical(ra, rb)
    drop_operands(ra, rb, ins, CONSUME_A, CONSUME_B)
    if same == sense(ins):
        return jump(jump16(pc, ins))


# ---------------------------------------------------------------------------------------- jumps
@handler("JUMP")
def JUMP():
    return jump(pc + D)


@handler("JIF")
def JIF():
    tag = ra.tag
    if tag == OBJECT:
        o = ra.object
        if likely(o == Py_True or o == Py_False):
            if ins & CONSUME_A != 0:
                drop(ra)
            if (o == Py_True) == sense(ins):
                return jump(pc + D)
            return
        return tail("JIF_OTHER")
    if likely(tag == BOOL or tag == INT):
        if (ra.payload != 0) == sense(ins):
            return jump(pc + D)
        return
    return tail("JIF_OTHER")


@handler("JIF_OTHER")
def JIF_OTHER():
    truth = truth_of(frame, pc, ra)
    if unlikely(truth < 0):
        return tail("ERROR")
    o = take(ra, ins, CONSUME_A)
    xdecref(o)
    if (truth != 0) == sense(ins):
        return jump(pc + D)


@handler("JNONE")
def JNONE():
    none = is_none(ra)
    o = take(ra, ins, CONSUME_A)
    xdecref(o)
    if none == sense(ins):
        return jump(pc + D)


@handler("NOT")
def NOT():
    tag = rb.tag
    if likely(tag == BOOL or tag == INT):
        set_bool(ra, rb.payload == 0)
        return
    if tag == OBJECT:
        o = rb.object
        if o == Py_True or o == Py_False:
            if ins & CONSUME_B != 0:
                drop(rb)
            set_bool(ra, o == Py_False)
            return
    return tail("NOT_OTHER")


@handler("NOT_OTHER")
def NOT_OTHER():
    truth = truth_of(frame, pc, rb)
    if unlikely(truth < 0):
        return tail("ERROR")
    o = take(rb, ins, CONSUME_B)
    set_bool(ra, truth == 0)
    xdecref(o)


# ---------------------------------------------------------------------------------------- polling
@metal(cold=True)
def poll(frame: Frame, pc: u64p) -> bool:
    """Signals, pending calls, another thread's turn, exceptions sent to this thread. False: one is raised."""
    sync(frame, pc)
    if PyErr_CheckSignals() < 0:
        return False
    if Py_MakePendingCalls() < 0:
        return False
    PyEval_RestoreThread(PyEval_SaveThread())
    if state.eval_breaker[0] != 0:
        return host_poll()
    return True


@metal(cold=True)
def host_poll() -> bool:
    """What is left (asynchronous exceptions) the host handles when it enters a function of its own."""
    held = hold_signals(PyThreadState_Get())
    result = PyObject_CallNoArgs(state.poll_function)
    let_signals(held)
    if result:
        decref(result)
        return True
    return raised_here()
