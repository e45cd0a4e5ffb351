"""The command `fire`: reads the command line, starts again if the host must take options, runs the program.

    fire script.py a b      ->  the program's exit status
    fire -O script.py       ->  python3 -O .../firelang/__main__.py script.py, in this process's place
    fire dev dis script.py  ->  a tool, see firelang.dev

Wrong usage ends with status 2 and a sentence.  Start-up is counted in milliseconds: what is imported here
is imported for every program, so nothing heavy is (tests/test_start.py).
"""
import os
import sys

from . import knobs, options

USAGE = """usage: fire [option] ... [-c cmd | -m mod | file | -] [arg] ...
       fire explain FILE       where its time goes, what was compiled, what can be done
       fire dev TOOL ...       look inside: dis FILE, dump FILE, bisect FILE, cache, knobs
       fire                    the REPL

Runs Python programs on fire's VM. Options of python3 are taken as python3 takes them
(-b -B -c -d -E -i -I -m -O -P -q -s -S -u -v -W -x -X --check-hash-based-pycs), and:

--jit=off|on|eager      when hot code is compiled: never, when hot, at once
--vm-packages=a,b|all   these installed packages run on the VM too, not on the host
--stats[=json]          report to stderr when the process ends
-h, --help              this text                 --version   fire's and the host's version

Modules beside the script run on the VM; the standard library and site-packages on the host.
Settings in the environment: fire dev knobs.
"""


def main():
    """Run the command line in sys.argv; the exit status."""
    try:
        found = options.parse(sys.argv[1:])
        for name, text in found.knobs.items():
            knobs.put(name, text)
        for name in knobs.KNOBS:
            knobs.get(name)
    except options.Usage as error:
        return complain(f"{error}\nusage: fire [option] ... [-c cmd | -m mod | file | -] [arg] ...\n"
                        "Try `fire -h' for more information.")
    except knobs.BadKnob as error:
        return complain(f"fire: {error}")
    if found.info:
        return inform(found.info)
    if found.host or sys.flags.inspect:
        start_again(found)
    take_marks(found)
    from . import runtime
    try:
        return run(found)
    except runtime.NoCore as error:
        sys.stderr.write(f"fire: {error}\n")
        return 1


def run(found):
    """Run the program or tool."""
    if knobs.get("stats"):
        from . import stats
        stats.at_exit(knobs.get("stats"))
    if found.mode == "tool":
        from . import dev
        return dev.main(found.target, found.args)
    if knobs.get("vm_packages"):
        from . import importer
        importer.install(knobs.get("vm_packages").split(","))
    from . import launch
    return launch.run(found)


def start_again(found):
    """Take another start of the host, with the options it must take; does not return."""
    from . import restart
    rest, words = [], sys.argv[1:]
    rest += [f"--{name.replace('_', '-')}={text}" for name, text in found.knobs.items()]
    rest += ["-i"] * (found.inspect == "option") + ["-x"] * found.skip_line
    if found.mode in ("command", "module"):
        rest += ["-c" if found.mode == "command" else "-m", found.target]
    elif found.target is not None:
        rest += ["--"] * (found.target.startswith("-") and found.target != "-") + [found.target]
    restart.with_options(found.host, [*rest, *words[len(words) - len(found.args):]])


def take_marks(found):
    """What a process before this one left in the environment: PYTHONINSPECT, which its host must not see."""
    environment = os.environ
    if "FIRE_RESTARTED_INSPECT" in environment:
        text = environment.pop("FIRE_RESTARTED_INSPECT")
        found.inspect = found.inspect or ("environment" if text else None)
        if text:
            environment["PYTHONINSPECT"] = text


def inform(wanted):
    """--help and its kin."""
    if wanted in ("-h", "--help", "--help-all"):
        sys.stdout.write(USAGE)
    if wanted in ("--help-env", "--help-xoptions", "--help-all"):
        import subprocess
        sys.stdout.flush()
        return subprocess.call([sys.executable, wanted])
    if wanted in ("-V", "-VV"):
        sys.stdout.write("Python " + (sys.version if wanted == "-VV" else sys.version.split()[0]) + "\n")
    if wanted == "--version":
        from . import __version__
        sys.stdout.write(f"fire {__version__} (Python {sys.version.split()[0]})\n")
    return 0


def complain(text):
    """Wrong usage."""
    sys.stderr.write(text + "\n")
    return 2
