"""Runs golden cases inside the interpreter under test and appends one JSON line per event to a file.

    golden_driver.py EVENTS MODE CASES     CASES: one "MODULE PATH" a line; MODE: import | exec | leak ROUNDS

`import` imports each case as a module beside this script, `exec` compiles it and executes the code object
in a fresh module, `leak` does the latter ROUNDS times and measures what is left.  A case gives

    {"start": "case_add"}
    {"end": "case_add", "out": "3\\n", "err": "", "raised": ["TypeError", "message"], "trace": "Trace...",
     "runs": [["==", "499500", "499500", true]]}
"""

import builtins
import contextlib
import gc
import importlib
import io
import json
import os
import sys
import time
import traceback
import types


def attempt(function, *arguments, **keywords):
    """Print what a call gives, or the exception it raises, in one line."""
    try:
        print(repr(function(*arguments, **keywords)))
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


def write(path, **event):
    """Append one event; nothing of it is lost when the process dies next."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, json.dumps(event).encode() + b"\n")
    os.close(descriptor)


def by_import(name, path):
    """The case as a module beside the script."""
    return importlib.import_module(name)


compiled = {}                                   # path -> code


def by_exec(name, path):
    """The case as a code object executed in a new module."""
    if path not in compiled:
        with open(path, encoding="utf-8") as file:
            compiled[path] = compile(file.read(), path, "exec")
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    exec(compiled[path], module.__dict__)
    return module


def own_traceback(error, path):
    """The exception's traceback as text, from the first frame of the case on."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != path:
        step = step.tb_next
    return "".join(traceback.format_exception(type(error), error, step))


def check(kind, left, right):
    """One `run` expression: [kind, what it gave, what it should give, whether they agree]."""
    expected = right()
    try:
        found = left()
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        return [kind, found, str(expected), kind == "raises" and found == expected]
    if kind == "raises":
        return [kind, repr(found), expected, False]
    agree = bool(found) if kind == "true" else type(found) is type(expected) and found == expected
    return [kind, repr(found), repr(expected), agree]


def run_case(start, name, path):
    """The event a case gives."""
    out, err = io.StringIO(), io.StringIO()
    event = {"runs": [], "raised": None, "trace": ""}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            module = start(name, path)
            event["runs"] = [check(*row) for row in getattr(module, "_golden_runs", ())]
        except BaseException as error:
            event["raised"] = [type(error).__name__, str(error)]
            event["trace"] = own_traceback(error, path)
            error.__traceback__ = None
        module = None
        sys.modules.pop(name, None)
        gc.collect()
    return {**event, "out": out.getvalue(), "err": err.getvalue()}


class Nowhere(io.TextIOBase):
    """A stream that keeps nothing."""

    def write(self, text):
        return len(text)


def round_of(name, path):
    """Run a case once and drop everything."""
    try:
        module = by_exec(name, path)
        for row in getattr(module, "_golden_runs", ()):
            check(*row)
    except BaseException as error:
        error.__traceback__ = None
    sys.modules.pop(name, None)


SENTINELS = {
    "None": None,
    "True": True,
    "False": False,
    "()": (),
    "''": "",
    "b''": b"",
    "0": 0,
    "1": 1,
    "int": int,
    "object": object,
    "type": type,
    "Exception": Exception,
    "len": len,
    "builtins": vars(builtins),
}


def fill_free_list():
    """The VM keeps some freed ints for reuse: with that list full, freed ones are freed blocks."""
    for _ in range(1000):
        int.from_bytes(b"\x01\x02", "little")


def measure():
    """What a leak would make grow."""
    gc.collect()
    fill_free_list()
    found = {f"refcount of {name}": sys.getrefcount(value) for name, value in SENTINELS.items()}
    found["objects"] = len(gc.get_objects())
    found["blocks"] = sys.getallocatedblocks()
    return found


def growth_over(name, path, rounds):
    """What grew by more than half of `rounds` over that many rounds of a case."""
    before = measure()
    for _ in range(rounds):
        round_of(name, path)
    after = measure()
    return {key: after[key] - before[key] for key in before if after[key] - before[key] > rounds // 2}


def run_leak(name, path, rounds):
    """What grows with the rounds, after some to warm up; measured again, as caches grow until full, ever slower."""
    began = time.monotonic()
    with contextlib.redirect_stdout(Nowhere()), contextlib.redirect_stderr(Nowhere()):
        for _ in range(10):
            round_of(name, path)
        growth = growth_over(name, path, rounds)
        for _ in range(24):
            if growth:
                again = growth_over(name, path, rounds)
                growth = {key: min(growth[key], again[key]) for key in growth if key in again}
    return {"growth": growth, "seconds": round(time.monotonic() - began, 3)}


def main():
    """Run the cases named on the command line."""
    events, mode, cases = sys.argv[1:4]
    builtins.attempt = attempt
    with open(cases, encoding="utf-8") as file:
        rows = [line.split(" ", 1) for line in file.read().splitlines()]
    ran = 0
    for name, path in rows:
        write(events, start=name)
        if mode == "leak":
            write(events, end=name, **run_leak(name, path, int(sys.argv[4])))
        else:
            write(events, end=name, **run_case(by_import if mode == "import" else by_exec, name, path))
        ran += 1
    write(events, done=ran)


if __name__ == "__main__":
    main()
