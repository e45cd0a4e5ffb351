"""Reads fire's command line: python3's own options, fire's, and what to run.

    parse(["-O", "--stats", "x.py", "-O"])
    -> host=["-O"], knobs={"stats": "text"}, mode="file", target="x.py", args=["-O"]

Options that CPython can only take at its start (`-O -W -X -u ...`) are collected in `host`: firelang.cli
starts the process again with them once.  Invariant: parse() changes nothing; wrong usage raises Usage, whose
text and exit status are python3's.
"""

START_UP = "bBdEIOPqRsSuv"          # python3's switches that only its start can apply
LONG_INFO = ("--help", "--version", "--help-env", "--help-xoptions", "--help-all")
HASH_MODES = ("always", "default", "never")
COMMANDS = ("dev", "explain")


class Usage(Exception):
    """The command line is wrong; the text says how."""


class Options:
    """What the command line asks for."""

    __slots__ = ("host", "knobs", "mode", "target", "args", "inspect", "skip_line", "info")

    def __init__(self):
        self.host = []              # options for a start of the host, in order
        self.knobs = {}             # fire's own settings, as text
        self.mode = "stdin"         # file | command | module | stdin | tool
        self.target = None          # path, code, module name or tool name
        self.args = []              # what the program finds in sys.argv[1:]
        self.inspect = None         # "option" for -i, "environment" for PYTHONINSPECT
        self.skip_line = False      # -x
        self.info = None            # one of -h -V -VV or LONG_INFO: print it and leave


def parse(argv):
    """Options from the arguments after the command's own name."""
    found = Options()
    words = list(argv)
    while words:
        word = words[0]
        if word == "-" or not word.startswith("-"):
            break
        del words[0]
        if word == "--":
            break
        if word.startswith("--"):
            long_option(found, word, words)
        elif short_options(found, word, words):
            return found
    if not words:
        return found
    found.target, found.args = words[0], words[1:]
    found.mode = "stdin" if found.target == "-" else "tool" if found.target in COMMANDS else "file"
    return found


def long_option(found, word, words):
    """One `--option`, which may take its value from `words`."""
    name, equals, value = word.partition("=")
    if word in LONG_INFO:
        found.info = found.info or word
    elif word == "--check-hash-based-pycs":
        if not words:
            raise Usage("Argument expected for the --check-hash-based-pycs options")
        if words[0] not in HASH_MODES:
            raise Usage("--check-hash-based-pycs must be one of 'default', 'always', or 'never'")
        found.host += [word, words.pop(0)]
    elif name == "--stats":
        found.knobs["stats"] = value if equals else "text"
    elif name in ("--jit", "--vm-packages"):
        if not value:
            raise Usage(f"Argument expected for the {name} option: {name}=...")
        found.knobs[name[2:].replace("-", "_")] = value
    else:
        raise Usage(f"unknown option {word}")


def short_options(found, word, words):
    """A group of one-letter options; True if it named the program, which ends the options."""
    rest = word[1:]
    while rest:
        letter, rest = rest[0], rest[1:]
        if letter in "cmWX":
            value = rest or (words.pop(0) if words else None)
            if value is None:
                raise Usage(f"Argument expected for the -{letter} option")
            if letter in "WX":
                found.host += ["-" + letter, value]
                return False
            found.mode = "command" if letter == "c" else "module"
            found.target, found.args = value, list(words)
            return True
        if letter in START_UP:
            found.host.append("-" + letter)
        elif letter == "i":
            found.inspect = "option"
        elif letter == "x":
            found.skip_line = True
        elif letter == "V":
            found.info = "-VV" if found.info == "-V" else found.info or "-V"
        elif letter in "h?":
            found.info = found.info or "-h"
        else:
            raise Usage(f"Unknown option: -{letter}")
    return False
