"""Time programs that nothing was tuned on: host against fire alone, in a first run and in later ones.

    python benchmarks/run_scripts.py                     all of benchmarks/scripts, three interleaved rounds
    python benchmarks/run_scripts.py --only trie,lzw --n 5

They are written as people write scripts: many of them do their work at the top of the module. What each prints has
to be what it prints on the host. The table has the host's CPU seconds for the whole process, and how many times as
fast fire is without the JIT, with an empty code cache, and with the code cache that two runs have left; the least of
n counts.
"""
import argparse
import math
import os
import shlex
import sys
import tempfile

from measure import fire_command, spawn

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "scripts")
COLUMNS = ("host", "off", "first", "later")


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--host", default="/usr/bin/python3", help="command line of the Python to compare with")
    parser.add_argument("--fire", default=fire_command(), help="command line of fire")
    parser.add_argument("--n", type=int, default=3, help="rounds")
    parser.add_argument("--only", default="", help="names, separated by commas")
    return parser.parse_args(argv)


def run(command, expected=None, **variables):
    """CPU seconds and output of a run; its failure, or another output than expected, ends the program."""
    os.environ.update(variables)
    status, sample, output, errors = spawn(command, 300)
    if status != 0 or expected not in (None, output):
        sys.exit(f"{' '.join(command)}: status {status}, {errors.strip() or 'another output than the host'}")
    return sample.seconds, output


def times_of(script, options):
    """The least CPU seconds of one script, by column."""
    host, fire = shlex.split(options.host), shlex.split(options.fire)
    times = {column: [] for column in COLUMNS}
    with tempfile.TemporaryDirectory() as kept:
        expected = run([*host, script])[1]
        for _ in range(2):
            run([*fire, script], expected, FIRE_CACHE_DIR=kept, FIRE_JIT_LATER="wait")
        for _ in range(options.n):
            times["host"].append(run([*host, script])[0])
            times["off"].append(run([*fire, "--jit=off", script], expected, FIRE_CACHE_DIR=kept)[0])
            with tempfile.TemporaryDirectory() as fresh:
                times["first"].append(run([*fire, script], expected, FIRE_CACHE_DIR=fresh, FIRE_JIT_LATER="off")[0])
            times["later"].append(run([*fire, script], expected, FIRE_CACHE_DIR=kept, FIRE_JIT_LATER="off")[0])
    return {column: min(seconds) for column, seconds in times.items()}


def main():
    options = parse_arguments(sys.argv[1:])
    os.environ.update(PYTHONHASHSEED="0")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    names = options.only.split(",") if options.only else sorted(f[:-3] for f in os.listdir(SCRIPTS) if f[-3:] == ".py")
    logs = {column: [] for column in COLUMNS[1:]}
    print(f"{'':20}{'host':>7} {'off':>7} {'first':>7} {'later':>7}")
    for name in names:
        times = times_of(os.path.join(SCRIPTS, name + ".py"), options)
        ratios = {column: times["host"] / times[column] for column in logs}
        for column, ratio in ratios.items():
            logs[column].append(math.log(ratio))
        print(f"{name:20}{times['host']:6.2f}s " + " ".join(f"{ratio:6.2f}x" for ratio in ratios.values()), flush=True)
    means = (math.exp(sum(found) / len(found)) for found in logs.values())
    print(f"{'geometric mean':20}{'':7} " + " ".join(f"{mean:6.2f}x" for mean in means))


if __name__ == "__main__":
    main()
