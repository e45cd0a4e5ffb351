"""Every setting of fire in one typed table: FIRE_<NAME> in the environment, `-X fire.<name>` as an option.

    fire dev knobs          prints the table with the values in force
    knobs.get("jit")        "on"

A command-line option (`--jit=off`) beats -X, -X beats the environment, the environment beats the default.
Invariant: get() returns a value of the row's kind or raises BadKnob, whose text is fit for the user.
"""
import sys

try:
    from posix import environ as _environ       # bytes to bytes; cheaper than importing os under -S
except ImportError:                             # not on this platform
    _environ = {}


class BadKnob(ValueError):
    """A setting has a value its kind does not allow."""


class Knob:
    """One row: name, kind (a tuple of words, or bool, int, str), default, meaning."""

    __slots__ = ("name", "kind", "default", "meaning")

    def __init__(self, name, kind, default, meaning):
        self.name, self.kind, self.default, self.meaning = name, kind, default, meaning


ON_OFF = {"1": True, "on": True, "yes": True, "true": True,
          "0": False, "off": False, "no": False, "false": False, "": False}

KNOBS = {row.name: row for row in (
    #    name           kind                   default meaning
    Knob("jit",         ("off", "on", "eager"), "on",  "when hot code is compiled: never, when hot, at once"),
    Knob("jit_log",     bool,                   False, "a line on stderr for each region compiled, and why others are not"),
    Knob("jit_hot",     int,                    0,     "turns of a loop, calls of a function until they are recorded; 0: as --jit says"),
    Knob("jit_later",   ("off", "on", "wait"),  "on",  "optimize for the next run when the program has ended; wait for it"),
    Knob("jit_level",   int,                    -1,    "0: the baseline compiler, 1 to 3: LLVM, at once; -1: LLVM where it is worth it"),
    Knob("jit_share",   int,                    10,    "percent of the CPU time that compiling may take; 100: no limit"),
    Knob("jit_dump",    str,                    "",    "folder for the IR and LLVM text of compiled regions"),
    Knob("jit_stress",  int,                    0,     "every so many guards of compiled code leave it though they need not"),
    Knob("jit_verify",  bool,                   False, "check the IR of each region; end the process if it is not in order"),
    Knob("jit_oracle",  bool,                   False, "regions are run by the oracle, operation by operation, not as machine code"),
    Knob("jit_fuel",    int,                    -1,    "compilations that there may be, in the order they come; -1: no limit"),
    Knob("gc_growth",   int,                    200,   "percent the heap may grow (or by 200,000 objects) until all of it is searched for cycles; python3: 25"),
    Knob("huge_pages",  ("off", "on", "always"), "on", "ask Linux for pages of 2 MiB: not, where they come quickly, always"),
    Knob("vm_packages", str,                    "",    "installed packages that run on the VM: a,b or all"),
    Knob("stats",       ("", "text", "json"),   "",    "report to stderr when the process ends"),
    Knob("cache",       bool,                   True,  "keep bytecode and machine code on disk"),
    Knob("cache_dir",   str,                    "",    "folder of the on-disk cache (default: __pycache__, ~/.cache)"),
    Knob("cache_size",  int,                    64,    "MiB of machine code kept on disk"),
    Knob("perf_map",    bool,                   False, "names of compiled code for perf, in /tmp/perf-PID.map"),
)}

_given: dict = {}


def put(name, text):
    """Give a knob a value from the command line; text as in the environment."""
    _given[name] = read(KNOBS[name], text, "--" + name.replace("_", "-"))


def given():
    """The settings made on the command line, {name: value}."""
    return dict(_given)


def get(name):
    """The value in force."""
    if name in _given:
        return _given[name]
    row = KNOBS[name]
    given = sys._xoptions.get("fire." + name.replace("_", "-"), sys._xoptions.get("fire." + name))
    if given is not None:
        return read(row, "on" if given is True else given, "-X fire." + name)
    given = _environ.get(b"FIRE_" + name.upper().encode())
    if given is None:
        return row.default
    return read(row, given.decode("utf-8", "surrogateescape"), "FIRE_" + name.upper())


def read(row, text, origin):
    """`text` as a value of the row's kind; `origin` names where it came from."""
    if row.kind is str:
        return text
    if row.kind is bool:
        if text.lower() in ON_OFF:
            return ON_OFF[text.lower()]
        raise BadKnob(f"{origin} must be on or off, not {text!r}")
    if row.kind is int:
        try:
            return int(text)
        except ValueError:
            raise BadKnob(f"{origin} must be a whole number, not {text!r}") from None
    if text in row.kind:
        return text
    words = ", ".join(word for word in row.kind if word)
    raise BadKnob(f"{origin} must be one of {words}, not {text!r}")


def table():
    """The rows with the values in force, for people to read."""
    lines = []
    for row in KNOBS.values():
        value = get(row.name)
        mark = "" if value == row.default else f"   [now {value}]"
        kind = "|".join(filter(None, row.kind)) if isinstance(row.kind, tuple) else row.kind.__name__
        lines.append(f"FIRE_{row.name.upper():<12} {kind:<14} {row.meaning} (default {row.default!r}){mark}")
    return "\n".join(lines)
