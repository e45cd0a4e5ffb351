"""`fire dev bisect FILE [args...]`: which compiled region makes a program's result another one.

    $ fire dev bisect prog.py
    prog.py: 31 compilations; with all of them the result differs from the interpreter's
      with 15: as it should be
      with 23: differs
      ...
    number 18 is the first: trace of f, prog.py:12 (word 5)
        line 3 of stdout: expected 499500, got 499501
        IR and LLVM text: /tmp/fire-bisect-x1/5.1.ir 5.1.ll

The program runs again and again, with an empty standard input and without the code of earlier runs, each
time with the first so many compilations alone (`jit_fuel`, tracer/fuel.py). Its result, both streams and the
exit status, has to depend on nothing else; addresses in it do not count.
Exit status: 0, nothing differs; 1, a compilation was found; 2, that is no program to do this with.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

from . import knobs, restart

ADDRESS = re.compile(rb"\b0x[0-9a-f]{6,}")
SETTINGS = {"jit_share": "100", "jit_later": "off", "jit_log": "off", "cache": "off", "stats": ""}
PATIENCE, AT_LEAST = 20, 20         # times what the interpreter takes, seconds: until a run counts as hanging
ALL = 1 << 40                       # more compilations than any program has


class Runs:
    """Runs a program with so many compilations; `unit` says what a compilation of the last run was."""

    def __init__(self, words, folder):
        self.words, self.folder = words, folder
        self.limit = None

    def result(self, fuel):
        """(status or "hangs", stdout, stderr) with the first `fuel` compilations; None: with the JIT off."""
        settings = {**SETTINGS, "jit_fuel": str(fuel or 0), "jit_dump": self.folder}
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        jit = "off" if fuel is None else "on" if knobs.get("jit") == "off" else knobs.get("jit")
        given = [word for name, text in settings.items() for word in ("-X", f"fire.{name}={text}")]
        command = [sys.executable, *restart.host_options(), *given, *restart.entry(), f"--jit={jit}", *self.words]
        environment = {"PYTHONHASHSEED": "0", **os.environ}
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment,
                                  timeout=self.limit)
        except subprocess.TimeoutExpired as error:
            return "hangs", seen(error.stdout), seen(error.stderr)
        return done.returncode, seen(done.stdout), seen(done.stderr)

    def units(self):
        """The lines of the last run's list of compilations."""
        try:
            with open(os.path.join(self.folder, "units"), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


def seen(stream):
    """Output without addresses."""
    return ADDRESS.sub(b"0x...", stream or b"")


def main(words):
    """Run `fire dev bisect words...`; the exit status."""
    folder = tempfile.mkdtemp(prefix="fire-bisect-")
    runs = Runs(words, folder)
    started = time.monotonic()
    expected = runs.result(None)
    runs.limit = max(PATIENCE * (time.monotonic() - started), AT_LEAST)
    for fuel, how in ((None, "in two runs"), (0, "with the JIT on but nothing compiled")):
        other = runs.result(fuel)
        if other != expected:
            sys.stderr.write(f"fire: {words[0]}: its result differs {how}: {difference(expected, other)}\n")
            return finish(folder, 2)
    found = runs.result(ALL)
    count = len(runs.units())
    if found == expected:
        print(f"{words[0]}: {count} compilations; the result is the interpreter's")
        return finish(folder, 0)
    print(f"{words[0]}: {count} compilations; with all of them the result differs from the interpreter's", flush=True)
    search(runs, expected, count)
    return 1


def search(runs, expected, count):
    """Find the first compilation with which the result differs, and say what it is; `count` has it among them."""
    fine, wrong = 0, count
    while wrong - fine > 1:
        middle = (fine + wrong) // 2
        same = runs.result(middle) == expected
        print(f"  with {middle}: {'as it should be' if same else 'differs'}", flush=True)
        fine, wrong = (middle, wrong) if same else (fine, middle)
    found = runs.result(wrong)
    if found == expected:
        print("The result is not the same in each run with the same compilations: there is nothing to find.")
        return
    last = next(line for line in runs.units() if line.startswith(f"{wrong} "))
    _, what, dump, place = last.split(" ", 3)
    name, _, where = place.partition(" word ")
    word, _, line = where.partition(" ")
    print(f"number {wrong} is the first: {what} of {name}, {line} (word {word})")
    print(f"    {difference(expected, found)}")
    print(f"    IR and LLVM text: {os.path.join(runs.folder, dump)}.ir {dump}.ll")


def difference(expected, found):
    """The first difference of two results as a sentence."""
    for name, ours, theirs in zip(("stdout", "stderr"), expected[1:], found[1:]):
        lines, others = ours.splitlines(), theirs.splitlines()
        for number in range(max(len(lines), len(others))):
            pair = [text[number].decode("utf-8", "backslashreplace") if number < len(text) else "(nothing)"
                    for text in (lines, others)]
            if pair[0] != pair[1]:
                return f"line {number + 1} of {name}: expected {pair[0]:.200}, got {pair[1]:.200}"
    return f"exit status: expected {expected[0]}, got {found[0]}"


def finish(folder, status):
    """Leave no folder behind that holds nothing of interest."""
    import shutil
    shutil.rmtree(folder, ignore_errors=True)
    return status
