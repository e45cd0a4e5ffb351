"""`fire dev dump [-s STAGES] [-o FILE] PROGRAM [args...]`: run a program, then show what its hot code became.

    fire dev dump prog.py                       bytecode, IR, LLVM text and machine code of each compiled region
    fire dev dump -s ir,asm -o prog.txt prog.py         some stages, to a file

Each stage stands under the lines of the source. Without -o it is written to stdout, behind what the program wrote.
Code of earlier runs is not used.
"""
import os
import sys

from . import dev, knobs, runtime

USAGE = "usage: fire dev dump [-s bytecode,ir,llvm,asm] [-o FILE] PROGRAM [args...]\n"
STAGES = ("bytecode", "ir", "llvm", "asm")


def main(words):
    """Run `fire dev dump words...`; the program's exit status."""
    stages, target = STAGES, ""
    while len(words) > 1 and words[0] in ("-s", "-o"):
        if words[0] == "-s":
            stages = tuple(words[1].split(","))
        else:
            target = os.path.abspath(words[1])
        words = words[2:]
    unknown = [stage for stage in stages if stage not in STAGES]
    if not words or words[0].startswith("-") or unknown:
        sys.stderr.write(f"fire: no stage {unknown[0]!r}\n{USAGE}" if unknown else USAGE)
        return 2
    from . import launch, options
    if knobs.get("jit") == "off":
        knobs.put("jit", "on")
    dev.apart(words[0], lambda: watch(stages, target))
    return launch.run(options.parse(words))


def watch(stages, target):
    """Keep what becomes of each region; show it when the program has ended."""
    import atexit
    runtime.kept = []
    engine = runtime.engine()
    from .tracer.dump import Texts, dump
    from .tracer.journal import Journal
    engine.journal, texts, process = Journal(stages=True), Texts(), os.getpid()
    runtime.code_generator().watch = texts.linked

    def ended():
        if os.getpid() == process:
            show(dump(engine, texts, stages) or "fire dev dump: nothing was compiled\n", target)

    atexit.register(ended)


def show(text, target):
    """Write it."""
    try:
        if target:
            with open(target, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
        elif sys.stdout is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"fire dev dump: {error}\n")
