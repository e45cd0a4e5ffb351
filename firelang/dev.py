"""Tools for looking inside: `fire dev dis FILE`, `fire dev knobs`, `fire dev cache`, `fire dev bisect FILE`,
`fire dev dump FILE`.

Wrong usage ends with status 2, a file that cannot be read or compiled with status 1.
"""
import sys
from os.path import dirname, isdir, isfile, join, realpath

from . import knobs

USAGE = """usage: fire dev dis FILE        register bytecode of a file and of every function in it
       fire dev knobs           settings, their meaning and their values
       fire dev cache           machine code kept on disk; --clear removes it
       fire dev dump FILE ...   bytecode, IR, LLVM text and machine code of each compiled region; -s STAGES, -o FILE
       fire dev bisect FILE ... the first compiled region that makes a program's result another one
"""


def main(tool, args):
    """Run `fire TOOL args...`; the exit status."""
    own = dirname(__file__)
    if sys.path and sys.path[0] in (own, dirname(realpath(__file__))):
        sys.path[0] = own + "/no folder"        # started by path: modules here must not stand for python3's own
    if tool == "explain":
        from . import explain
        return explain.main(args)
    if args == ["knobs"]:
        print(knobs.table())
        return 0
    if args in (["cache"], ["cache", "--clear"]):
        return show_cache(clear=len(args) == 2)
    if len(args) > 1 and args[0] == "bisect":
        from . import bisect
        return bisect.main(args[1:])
    if len(args) > 1 and args[0] == "dump":
        from . import dump
        return dump.main(args[1:])
    if len(args) == 2 and args[0] == "dis":
        return disassemble(args[1])
    if args in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    sys.stderr.write(USAGE)
    return 2


def apart(script, load):
    """load(), which imports what a tool needs while it watches a program: python3's own modules, and where the
    program's folder has modules of these names, it imports its own after all."""
    before, path = set(sys.modules), sys.path[:]
    del sys.path[0]
    try:
        loaded = load()
    finally:
        sys.path[:] = path
    for name in set(sys.modules) - before:
        beside = join(dirname(script), name.partition(".")[0])
        if isfile(beside + ".py") or isdir(beside):
            del sys.modules[name]
    return loaded


def show_cache(clear):
    """List the machine code kept on disk, last used first, or remove it."""
    from time import localtime, strftime
    from .runtime import code_generator
    code_generator()
    from .codegen import code_cache
    if clear:
        print(f"{code_cache.folder()}: {code_cache.clear()} removed")
        return 0
    rows = code_cache.listed()[::-1]
    for name, size, used, label in rows:
        print(f"{name[:12]}  {size:8}  {strftime('%Y-%m-%d %H:%M', localtime(used))}  {label}")
    total = sum(row[1] for row in rows) / (1 << 20)
    print(f"{code_cache.folder()}: {len(rows)} entries, {total:.1f} of {knobs.get('cache_size')} MiB")
    return 0


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
