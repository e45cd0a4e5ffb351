"""Becomes another process: fire with options only a start of the host can apply, or the plain host.

    with_options(["-O"], rest)      python3 -O .../firelang/__main__.py rest...
    entry()                         [".../firelang/__main__.py", "--jit=off"]       for child processes
    as_host(...)                    python3 x.py        the host words an error of x.py's syntax

Invariant: nothing of the user's program has run when the process image is replaced.
"""
import os
import sys

from . import knobs

INSPECT = "FIRE_RESTARTED_INSPECT"          # carries PYTHONINSPECT past the start of the host
LIBRARIES = "FIRE_RESTARTED_LIBRARIES"      # where the core's imports lie, for -S


def host_options():
    """The options this process's own python3 was started with, but -i."""
    words, options = list(sys.orig_argv[1:]), []
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word.startswith("--"):
            options += [word, words.pop(0)]             # --check-hash-based-pycs
            continue
        for place, letter in enumerate(word[1:], 1):
            if letter in "mc":
                return options
            if letter in "WX":
                options += ["-" + letter, word[place + 1:] or words.pop(0)]
                break
            if letter != "i":
                options.append("-" + letter)
    return options


def replace(arguments, environment=None):
    """Become `sys.executable arguments...`."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.execve(sys.executable, [sys.executable, *arguments], environment or os.environ)


def main_file():
    """The path of firelang/__main__.py."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")


def entry():
    """What follows the host's options in a child process's command line."""
    given = {name.replace("_", "-"): value for name, value in knobs.given().items() if name != "stats"}
    return [main_file(), *(f"--{name}={value}" for name, value in given.items())]


def with_options(options, rest):
    """Start fire again as `python3 options... fire rest...`; PYTHONINSPECT and -i are left to us."""
    environment = dict(os.environ)
    if sys.flags.inspect:
        environment[INSPECT] = environment.pop("PYTHONINSPECT", "")
    if "-S" in options or "-I" in options or "-E" in options:
        environment[LIBRARIES] = libraries()
    replace([*host_options(), *options, main_file(), *rest], environment)


def libraries():
    """The folder with the packages that the core imports, or nothing."""
    from importlib.util import find_spec
    found = find_spec("_cffi_backend")
    return os.path.dirname(found.origin) if found and found.origin else ""


def as_host(mode, target, args, source, skip_line):
    """Let the plain host try to compile the main program: its words for the error are the right ones."""
    options = host_options() + ["-x"] * skip_line
    if mode == "command":
        replace([*options, "-c", target, *args])
    if mode == "file" and os.path.isfile(target):
        replace([*options, target, *args])
    if mode == "stdin":
        copy = os.memfd_create("stdin")
        with open(copy, "wb", closefd=False) as file:
            file.write(source)
        os.lseek(copy, 0, os.SEEK_SET)
        os.dup2(copy, 0)
        replace([*options, "-", *args])
