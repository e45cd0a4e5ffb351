"""Tools for looking inside: `fire dev dis FILE`, `fire dev knobs`.

Wrong usage ends with status 2, a file that cannot be read or compiled with status 1.
"""
import sys

from . import knobs

USAGE = """usage: fire dev dis FILE        register bytecode of a file and of every function in it
       fire dev knobs           settings, their meaning and their values
"""


def main(tool, args):
    """Run `fire TOOL args...`; the exit status."""
    if tool == "explain":
        sys.stderr.write("fire: `fire explain` needs the tracing JIT, which this version does not have\n")
        return 2
    if args == ["knobs"]:
        print(knobs.table())
        return 0
    if len(args) == 2 and args[0] == "dis":
        return disassemble(args[1])
    if args in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    sys.stderr.write(USAGE)
    return 2


def disassemble(path):
    """Print the register programs of a file."""
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError) as error:
        sys.stderr.write(f"fire: {path}: {error}\n")
        return 1
    from .bytecode import Untranslatable, translate
    from .bytecode.dis import dis
    for part in with_nested(code):
        try:
            print(dis(part, translate(part)))
        except Untranslatable as error:
            print(f"{part.co_qualname}: {error}")
    return 0


def with_nested(code):
    """A code object and those among its constants, outermost first."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from with_nested(constant)
