"""How a program ends: runs it as the outermost frame and treats what it raises as the host's own main does.

    error = run_outermost(vm.exec_code, code, namespace)
                        None, or the exception; its traceback begins in user code
    report(error)       what PyErr_Print does: sys.last_*, sys.excepthook
    leave(error)        the process's exit status, or raises what the host ends with

Invariants: no frame of fire is seen in tracebacks, nor by sys._getframe; SystemExit is left to the host.
"""
import sys

from . import runtime


def run_outermost(function, *args):
    """Call function(*args) with no Python frame below it; the exception it raises, or None."""
    call = runtime.vm().call_outermost
    try:
        call(function, *args)
    except BaseException as error:
        return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
    return None


def report(error):
    """Show an exception that nobody caught; returns a SystemExit that the hook itself raised, or None."""
    kind, trace = type(error), error.__traceback__
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    hook = getattr(sys, "excepthook", None)
    sys.audit("sys.excepthook", hook, kind, error, trace)
    if hook is None:
        _write("sys.excepthook is missing\n")
        sys.__excepthook__(kind, error, trace)
        return None
    failure = run_outermost(hook, kind, error, trace)
    if isinstance(failure, SystemExit):
        return failure
    if failure is not None:
        _write("Error in sys.excepthook:\n")
        sys.__excepthook__(type(failure), failure, failure.__traceback__)
        _write("\nOriginal exception was:\n")
        sys.__excepthook__(kind, error, trace)
    return None


def leave(error):
    """The exit status of a program that ended with `error` (None: at its end)."""
    if error is None:
        return 0
    if not isinstance(error, SystemExit):
        error_of_hook = report(error)
        if error_of_hook is None and not isinstance(error, KeyboardInterrupt):
            return 1
        if error_of_hook is None:
            sys.excepthook = _shown_already     # the host ends the process by SIGINT, after its finalization
        error = error_of_hook or error
    raise error


def _shown_already(*_):
    """The hook of an exception that only ends the process."""


def _write(text):
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()
