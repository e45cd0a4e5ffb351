"""The command line every benchmark program shares.

    PROGRAM.py                 the full size (about one second on CPython 3.11)
    PROGRAM.py 500             this size
    PROGRAM.py --small         the tiny size of the test suite
    PROGRAM.py --kernel 10     ten repetitions in one process, the CPU seconds of each printed first

The last line printed is always `name checksum`. With --kernel, lines `name kernel I SECONDS` precede it.
"""
import sys
import time


def run(name, main, full, small):
    """Run main(n) as the command line asks and print its checksum."""
    n, repetitions = full, 0
    arguments = sys.argv[1:]
    while arguments:
        word = arguments.pop(0)
        if word == "--small":
            n = small
        elif word == "--kernel" and arguments:
            repetitions = int(arguments.pop(0))
        elif word.isdigit():
            n = int(word)
        else:
            sys.exit("usage: %s.py [N | --small] [--kernel K]" % name)
    checksum = repeat(name, main, n, repetitions) if repetitions else main(n)
    print(name, checksum)


def repeat(name, main, n, repetitions):
    """Run main(n) several times, print the CPU seconds of each, return the one checksum they all gave."""
    seen = set()
    for i in range(repetitions):
        start = time.process_time()
        checksum = main(n)
        print(name, "kernel", i, "%.6f" % (time.process_time() - start))
        seen.add(checksum)
    if len(seen) != 1:
        sys.exit("%s: repetitions disagree: %s" % (name, sorted(map(str, seen))))
    return checksum
