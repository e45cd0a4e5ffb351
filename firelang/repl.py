"""The REPL: reads a statement, runs it on the VM, as python3's prompt does.

    >>> x = 3
    >>> x * 2
    6

Plain: lines come through `input()` (readline where the host has it) on a terminal, else from sys.stdin with
the prompt on stderr.  Each statement is the outermost frame of what it runs.
"""
import os
import sys
from codeop import PyCF_ALLOW_INCOMPLETE_INPUT, PyCF_DONT_IMPLY_DEDENT, CommandCompiler  # type: ignore

from . import __version__, outcome, runtime

PARTIAL = PyCF_ALLOW_INCOMPLETE_INPUT | PyCF_DONT_IMPLY_DEDENT
FLAG_PLACES = (1, 2)        # of inspect and interactive in sys.flags, in every supported version


def run(namespace, start_up, banner):
    """Read and run until the input ends; the exit status. `start_up`: read PYTHONSTARTUP first."""
    if banner:
        show(f"fire {__version__} on Python {sys.version} on {sys.platform}\n"
             'Type "help", "copyright", "credits" or "license" for more information.\n')
    if start_up and not sys.flags.ignore_environment and os.environ.get("PYTHONSTARTUP"):
        run_start_up(os.environ["PYTHONSTARTUP"], namespace)
    prepare_terminal()
    for name, prompt in (("ps1", ">>> "), ("ps2", "... ")):
        if not hasattr(sys, name):
            setattr(sys, name, prompt)
    try:
        return loop(namespace)
    finally:
        os.environ.pop("PYTHONINSPECT", None)       # else the host would start its own prompt after ours


def loop(namespace):
    """One statement after another."""
    compiler = CommandCompiler()
    lines: list[str] = []
    while True:
        try:
            line = read_line(str(sys.ps2 if lines else sys.ps1))
        except KeyboardInterrupt:
            show("\nKeyboardInterrupt\n")
            lines = []
            continue
        if line is None:
            show("\n")
            if not lines:
                return 0
            statement(compiler, "\n".join([*lines, ""]), namespace, last=True)
            lines = []
            continue
        lines.append(line)
        if statement(compiler, "\n".join(lines), namespace):
            lines = []


def statement(compiler, source, namespace, last=False):
    """Run `source` if it is whole; whether it was."""
    try:
        code = whole(compiler, source, last)
    except (SyntaxError, OverflowError, ValueError) as error:
        end_or_go_on(error.with_traceback(None))
        return True
    if code is None:
        return False
    end_or_go_on(outcome.run_outermost(runtime.vm().exec_code, code, namespace))
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return True


def whole(compiler, source, last):
    """The code of `source`, None if it needs more lines and is not the last; raises what is wrong with it."""
    try:
        code = compiler(source, "<stdin>", "single")
        if code is not None or not last:
            return code
    except SyntaxError:             # worded for incomplete input
        pass
    return compile(source + "\n", "<stdin>", "single", compiler.compiler.flags & ~PARTIAL, True)


def end_or_go_on(error):
    """SystemExit ends the process; anything else is shown."""
    if error is None:
        return
    ending = error if isinstance(error, SystemExit) else outcome.report(error)
    if ending is not None:
        os.environ.pop("PYTHONINSPECT", None)
        raise ending


def read_line(prompt):
    """The next line without its end, or None at the end of input."""
    if sys.stdin is None:
        return None
    if is_terminal(sys.stdin, 0) and is_terminal(sys.stdout, 1):
        try:
            return input(prompt)
        except EOFError:
            return None
    show(prompt)
    line = sys.stdin.readline()
    return line.removesuffix("\n") if line else None


def is_terminal(stream, number):
    """Whether `stream` is the process's own and a terminal."""
    try:
        return stream is not None and stream.fileno() == number and os.isatty(number)
    except (OSError, ValueError, AttributeError):
        return False


def run_start_up(path, namespace):
    """PYTHONSTARTUP, in the REPL's own namespace."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        show("Could not open PYTHONSTARTUP\n")
        sys.__excepthook__(type(error), error.with_traceback(None), None)
        return
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        end_or_go_on(error.with_traceback(None))
        return
    end_or_go_on(outcome.run_outermost(runtime.vm().exec_code, code, namespace))


def prepare_terminal():
    """What site prepared for interactive use: readline, completion, history."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return
    sys.audit("cpython.run_interactivehook", hook)
    error = outcome.run_outermost(hook)
    if error is not None:
        show("Failed calling sys.__interactivehook__\n")
        end_or_go_on(error)


def mark_flags(interactive):
    """Set sys.flags.inspect, with -i also .interactive: a host that knew would prompt after us."""
    from ctypes import c_ssize_t, py_object, pythonapi
    one = py_object(1)
    for place in FLAG_PLACES[:1 + interactive]:
        pythonapi.Py_IncRef(one)
        pythonapi.PyStructSequence_SetItem(py_object(sys.flags), c_ssize_t(place), one)


def show(text):
    """To stderr, at once."""
    outcome._write(text)
