"""Runs generated programs one after the other inside the interpreter under test.

    driver.py PROGRAMS RESULTS FIRST             PROGRAMS: sources as a JSON list; starts with number FIRST
    driver.py PROGRAMS RESULTS FIRST modules     each is a module, which stays: what is compiled of it can be kept

Appends to RESULTS, per program, its number before it runs and one JSON line after it: [output, exception
type, message, traceback].  Everything printed is kept, addresses are replaced, so that both interpreters
write the same bytes.
"""

import gc
import io
import json
import os
import re
import resource
import sys
import traceback
import types
import warnings

ADDRESS = re.compile("0x[0-9a-f]{6,}")


def run(source, number, stays=False):
    """[output, exception type, message, traceback lines] of one program."""
    name = f"<program {number}>"
    out, kind, message, trace = io.StringIO(), "", "", ""
    namespace = {"__name__": "generated", "__builtins__": __builtins__}
    if stays:
        module = sys.modules[f"generated{number}"] = types.ModuleType(f"generated{number}")
        namespace = module.__dict__
        namespace["__builtins__"] = __builtins__
    sys.stdout = out
    try:
        exec(compile(source, name, "exec"), namespace)
    except BaseException as error:
        kind, message = type(error).__name__, str(error)
        step = error.__traceback__
        while step is not None and step.tb_frame.f_code.co_filename != name:
            step = step.tb_next
        trace = "".join(traceback.format_exception(type(error), error, step, limit=20))
        error = step = None
    if not stays:
        namespace.clear()
    gc.collect()  # at the same place in both, so that finalizers print at the same place
    sys.stdout = sys.__stdout__
    return [ADDRESS.sub("0x...", text) for text in (out.getvalue(), kind, message, trace)]


def main():
    """Run all programs from FIRST on."""
    programs, results, first, *how = sys.argv[1:]
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))  # 'a' * 2**31 is a MemoryError, not a gigabyte
    sys.unraisablehook = lambda problem: print(
        "unraisable", type(problem.exc_value).__name__, problem.exc_value
    )
    with open(programs, encoding="utf-8") as file:
        sources = json.load(file)
    gc.disable()
    gc.freeze()
    descriptor = os.open(results, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number in range(int(first), len(sources)):
        os.write(descriptor, b"%d\n" % number)
        os.write(descriptor, json.dumps(run(sources[number], number, bool(how))).encode() + b"\n")
    os.close(descriptor)


if __name__ == "__main__":
    main()
