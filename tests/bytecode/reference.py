"""A slow interpreter of Programs in plain Python: says what a translation means, without the native machine.

    reference.execute(compile("print(1 + 1)", "<t>", "exec"), {"__name__": "t"})       prints 2

`MAKE_FUNCTION` makes ordinary functions: the host binds the arguments, then a stub of a code object hands
them to `run`.  Each row of the op table has one entry in IMPLEMENTATION: it gets the values of its operands
(`w` left out, `base` as a register number) and returns what goes to `w`, or whether to jump.  Registers an
instruction takes are emptied before it runs and nothing empty may be read.  Not covered: tracebacks, frames
as `sys._getframe` shows them, async generators (these run on the host), except*.
"""
import builtins
import dis
import sys
import types
from array import array

from firelang.bytecode import translate
from firelang.bytecode.dis import PLACES, decode
from firelang.bytecode.effects import effects
from firelang.bytecode.program import nlocalsplus

EMPTY = type("Empty", (), {"__repr__": lambda self: "<empty>"})()
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200
_programs: dict = {}
_stubs: dict = {}
executed: set = set()           # names of the ops that ran


class Unsupported(Exception):
    """The case is outside what this interpreter covers."""


class Escape(Exception):
    """Carries an exception out of `run`, because a host generator may not raise StopIteration."""


class Frame:
    """Registers and environment of one call."""

    def __init__(self, code, arguments, closure, globals, locals):
        if code not in _programs:
            _programs[code] = _prepare(code)
        program, self.steps, self.handlers, self.origin = _programs[code]
        self.code, self.pool, self.closure = code, program.pool, closure
        self.globals, self.locals = globals, locals
        self.builtins = globals.get("__builtins__", builtins)
        self.builtins = getattr(self.builtins, "__dict__", self.builtins)
        self.nlocals = nlocalsplus(code)
        self.r = list(arguments) + [EMPTY] * (program.nregs - len(arguments))
        self.handled = None
        self.position = 0

    def take(self, first, count):
        """Values of a range of registers, left empty."""
        values, self.r[first:first + count] = self.r[first:first + count], [EMPTY] * count
        if any(value is EMPTY for value in values):
            raise AssertionError("machine", self.code, self.position, values)
        return values


def _prepare(code):
    program = translate(code)
    words = array("Q", program.words)
    steps = {}
    for position, row, values, _, x in decode(program):
        touched = effects(row, values, words[position])
        plain = [v for k, v in zip(row.operands, values, strict=True) if k == "r" and v in touched.takes]
        cache = words[position + 1] & 0xFFFFFFFF if row.name == "CALL" else 0
        steps[position] = row, values, plain, bool(x), position + row.length, cache
    handlers = list(zip(*[iter(array("I", program.handlers))] * 5, strict=True))
    return program, steps, handlers, array("i", program.origin)


# --------------------------------------------------------------------------------------- functions
def execute(code, globals, locals=None):
    """Run a module's or class body's code object."""
    return _finish(run(Frame(code, (), (), globals, globals if locals is None else locals)))


def _finish(running):
    try:
        next(running)
    except StopIteration as stop:
        return stop.value
    except Escape as escape:
        error = escape.args[0]
    raise error


def function(code, globals):
    """A function whose calls this module interprets."""
    if code.co_flags & ASYNC_GENERATOR or nlocalsplus(code) > 255 or len(code.co_consts) > 254:
        return types.FunctionType(code, globals, closure=None if not code.co_freevars else
                                  tuple(types.CellType() for _ in code.co_freevars))
    if code not in _stubs:
        _stubs[code] = _stub(code)
    closure = tuple(types.CellType() for _ in code.co_freevars) or None
    made = types.FunctionType(_stubs[code], globals, closure=closure)
    made.__doc__ = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    return made


def _stub(code):
    """Same signature, body: return enter(code, (arguments ...), (cells ...))."""
    count = code.co_argcount + code.co_kwonlyargcount + (code.co_flags >> 2 & 1) + (code.co_flags >> 3 & 1)
    free = len(code.co_freevars)
    names = {name: number for number, name in enumerate(dis.opname)}
    body = [("COPY_FREE_VARS", free)] if free else []
    body += [("RESUME", 0), ("PUSH_NULL", 0), ("LOAD_CONST", len(code.co_consts))]
    body += [("LOAD_CONST", len(code.co_consts) + 1)]
    body += [("LOAD_FAST", i) for i in range(count)] + [("BUILD_TUPLE", count)]
    body += [("LOAD_CLOSURE", code.co_nlocals + i) for i in range(free)] + [("BUILD_TUPLE", free)]
    body += [("PRECALL", 3), ("CACHE", 0), ("CALL", 3)] + [("CACHE", 0)] * 4 + [("RETURN_VALUE", 0)]
    raw = bytes(byte for name, arg in body for byte in (names[name], arg))
    nowhere = b"\xff" * (len(raw) // 16 + 1)
    return code.replace(co_code=raw, co_linetable=nowhere, co_consts=code.co_consts + (enter, code),
                        co_cellvars=(), co_exceptiontable=b"", co_stacksize=count + free + 8,
                        co_flags=code.co_flags & ~(GENERATOR | COROUTINE))


def enter(code, arguments, closure):
    """What a stub calls."""
    caller = sys._getframe(1)
    frame = Frame(code, arguments, closure, caller.f_globals, None if code.co_flags & 1 else caller.f_locals)
    kind = code.co_flags & (GENERATOR | COROUTINE)
    if not kind:
        return _finish(run(frame))
    made = _KINDS[code.co_flags & (GENERATOR | COROUTINE | 0x100)](frame)
    made.__name__, made.__qualname__ = code.co_name, code.co_qualname
    return made


# -------------------------------------------------------------------------------------------- loop
def run(frame):
    """Execute; a generator, because the program may yield."""
    error = None
    while True:
        if error is not None:
            error = _dispatch(frame, error)
        row, values, plain, x, following, cache = frame.steps[frame.position]
        executed.add(row.name)
        if row.name == "RETURN":
            return frame.take(values[0], 1)[0]
        if row.name == "YIELD":
            try:
                frame.r[values[0]] = yield frame.take(values[1], 1)[0]
                frame.position = following
            except BaseException as raised:
                error = raised
            if error is not None and x:
                error = _throw(frame, values, following, error)
            continue
        try:
            if frame.handled is None:
                _step(frame, row, values, plain, x, following, cache)
            else:
                _handling(frame, row, values, plain, x, following, cache)
        except AssertionError as raised:
            if raised.args and raised.args[0] == "machine":
                raise
            error = raised
        except BaseException as raised:
            error = raised


_KINDS = {}
for _flags in (GENERATOR, COROUTINE, GENERATOR | 0x100):
    _KINDS[_flags] = types.FunctionType(run.__code__.replace(co_flags=run.__code__.co_flags & ~0x20 | _flags),
                                        globals())


def _handling(frame, *step):
    """One step while an exception is being handled, so that what it calls sees that."""
    handled = frame.handled
    traceback, context = handled.__traceback__, handled.__context__
    try:
        raise handled
    except BaseException:
        handled.__traceback__, handled.__context__ = traceback, context
        _step(frame, *step)


def _dispatch(frame, error):
    for start, end, target, register, lasti in frame.handlers:
        if start <= frame.position < end:
            frame.r[register:] = [EMPTY] * (len(frame.r) - register)
            frame.r[register] = error
            if lasti:
                frame.r[register:register + 2] = frame.origin[frame.position], error
            frame.position = target
            return None
    raise error if frame.code.co_flags & (GENERATOR | COROUTINE) else Escape(error)


def _throw(frame, values, following, error):
    """An exception thrown in at a yield that delegates goes to the iterator delegated to."""
    receiver = frame.r[values[1] - 1]
    try:
        if isinstance(error, GeneratorExit):
            getattr(receiver, "close", lambda: None)()
            return error
        if not hasattr(receiver, "throw"):
            return error
        frame.r[values[0]] = receiver.throw(error)
        return None
    except StopIteration as stop:
        send = following + frame.steps[following][1][1]
        frame.position = send + frame.steps[send][1][1]
        frame.r[values[1] - 1:values[1] + 1] = stop.value, EMPTY
        return None
    except BaseException as raised:
        return raised


def _step(frame, row, values, plain, x, following, cache):
    inputs = []
    for kind, value in zip(row.operands, values, strict=True):
        if kind == "r":
            if frame.r[value] is EMPTY and row.name not in ("CHECK_BOUND", "DELETE_LOCAL"):
                raise AssertionError("machine", frame.code, frame.position, row.name, value)
            inputs.append(frame.r[value])
        elif kind in "kK" or kind == "name":
            inputs.append(frame.pool[value])
        elif kind != "w" or row.name in PLACES:
            inputs.append(value)
    if row.name in _NEEDS_REGISTER:
        inputs.append(values[-1])
    for register in plain:
        frame.r[register] = EMPTY
    frame.x, frame.cache = x, cache
    result = IMPLEMENTATION[row.name](frame, *inputs)
    del inputs
    frame.position = following if not row.effects & 4 or row.operands[0] == "w" or not result \
        else frame.position + values[-1]
    if row.operands[:1] == ("w",) and row.name not in PLACES:
        if row.name == "FOR_ITER" and result is EMPTY:
            frame.r[values[1]] = EMPTY
            frame.position += values[2] - row.length
        else:
            frame.r[values[0]] = result


from reference_ops import IMPLEMENTATION, _NEEDS_REGISTER  # noqa: E402  (needs the names above)
