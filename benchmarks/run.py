"""Time the benchmark programs on the host Python, on fire and on PyPy, and check every answer.

    python benchmarks/run.py                              all programs, five interleaved rounds, a table
    python benchmarks/run.py --only fib,nbody --n 3       some of them
    python benchmarks/run.py --fire-args "--jit=off"      the interpreter alone
    python benchmarks/run.py --kernel                     steady state: repetitions inside each process
    python benchmarks/run.py --check --scale small        no timing: is every answer right on host and fire?

The exit code is 1 if any program failed or gave a wrong answer. See benchmarks/README.md for the method.
"""
import argparse
import json
import os
import shlex
import shutil
import sys
from dataclasses import asdict

import report
from measure import FAIL, OK, SKIP, Sample, fire_command, machine, measure, version

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
EXPECTED = os.path.join(HERE, "expected.json")
SHELL_VALUES = ("--fire-args", "--fire", "--host", "--pypy")       # their value may begin with a dash


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--host", default="/usr/bin/python3", help="command line of the Python to compare with")
    add("--fire", default=fire_command(),
        help='command line of fire; "" for none')
    add("--fire-args", default="", help="more arguments of fire, for instance --jit=off")
    add("--pypy", default="pypy3", help='command line of PyPy, left out where not installed; "" for none')
    add("--n", type=int, default=5, help="rounds; the minimum counts")
    add("--only", default="", help="program names, separated by commas")
    add("--scale", choices=("full", "small"), help="the size (default full, with --check small)")
    add("--kernel", type=int, nargs="?", const=5, default=0, metavar="K",
        help="measure the best of K repetitions inside each process (5 if K is not given)")
    add("--timeout", type=float, default=300.0, help="seconds after which a run counts as failed")
    add("--out", help="write the results as JSON, the input of chart.py")
    add("--update-readme", action="store_true", help="put the table into benchmarks/README.md")
    add("--check", action="store_true", help="run each program once on host and fire and compare answers")
    add("--update-expected", action="store_true", help="rewrite expected.json from the host's answers")
    options = parser.parse_args(join_values(argv))
    options.scale = options.scale or ("small" if options.check else "full")
    return options


def join_values(argv):
    """`--fire-args --jit=off` to `--fire-args=--jit=off`, which argparse does not take for two options."""
    joined, rest = [], list(argv)
    while rest:
        word = rest.pop(0)
        joined.append(word + "=" + rest.pop(0) if word in SHELL_VALUES and rest else word)
    return joined


def interpreters(options):
    """Name to command line, in the order in which they take turns."""
    commands = {"host": shlex.split(options.host)}
    if options.fire:
        commands["fire"] = shlex.split(options.fire) + shlex.split(options.fire_args)
    pypy = shlex.split(options.pypy)
    if pypy and shutil.which(pypy[0]) and not options.check:
        commands["pypy"] = pypy
    return commands


def load_expected():
    with open(EXPECTED, encoding="utf-8") as file:
        return json.load(file)


def choose(table, only):
    names = [name for name in only.split(",") if name] or sorted(table)
    unknown = [name for name in names if name not in table]
    if unknown:
        raise SystemExit("no such program: " + ", ".join(unknown))
    return names


def run_once(command, name, row, options):
    words = command + [os.path.join(PROGRAMS, name + ".py")]
    if options.scale == "small":
        words.append("--small")
    if options.kernel:
        words += ["--kernel", str(options.kernel)]
    return measure(words, name, row.get(options.scale), row.get("needs"), options.timeout)


def best(samples, kernel):
    """One table cell from the rounds of one program on one interpreter."""
    for sample in samples:
        if sample.status != OK:
            return asdict(sample)
    values = [min(sample.kernels) if kernel else sample.seconds for sample in samples]
    cell = {"status": OK, "seconds": min(values), "samples": values, "reason": ""}
    cell["wall"] = min(sample.wall for sample in samples)
    cell["rss_mb"] = max(sample.rss_mb for sample in samples)
    if kernel:
        cell["first"] = min(sample.kernels[0] for sample in samples)
    return cell


def time_program(name, row, commands, options):
    """All rounds of one program, the interpreters taking turns."""
    samples = {interpreter: [] for interpreter in commands}
    for _ in range(options.n):
        for interpreter, command in commands.items():
            done = samples[interpreter]
            if not done or done[-1].status == OK:
                done.append(run_once(command, name, row, options))
                if options.kernel and done[-1].status == OK and not done[-1].kernels:
                    done[-1] = Sample(FAIL, reason="no kernel times printed")
    return {interpreter: best(done, options.kernel) for interpreter, done in samples.items()}


def time_all(names, table, options):
    commands = interpreters(options)
    results = {"machine": machine(),
               "settings": {"rounds": options.n, "scale": options.scale, "kernel": options.kernel},
               "interpreters": {}, "programs": {}}
    for name, command in commands.items():
        results["interpreters"][name] = {"command": command, "version": version(command)}
    for name in names:
        cells = results["programs"][name] = time_program(name, table[name], commands, options)
        told = ", ".join("%s %s" % (who, report.seconds(cells, who)) for who in cells)
        print("%s: %s" % (name, told), file=sys.stderr, flush=True)
    results["summary"] = report.summarize(results["programs"], results["interpreters"])
    return results


def check(names, table, options):
    """Answers only: each program once, host and fire in turn; returns the exit code."""
    bad = skipped = 0
    for name in names:
        for interpreter, command in interpreters(options).items():
            sample = run_once(command, name, table[name], options)
            if sample.status == SKIP:
                skipped += 1
            elif sample.status == FAIL:
                bad += 1
                print("FAIL %s on %s: %s" % (name, interpreter, sample.reason))
    print("%d programs on %s: %d failures, %d skipped"
          % (len(names), " and ".join(interpreters(options)), bad, skipped))
    return 1 if bad else 0


def update_expected(options):
    """Ask the host for every checksum; a program that lacks its package keeps the one it had."""
    table = load_expected() if os.path.exists(EXPECTED) else {}
    programs = sorted(file[:-3] for file in os.listdir(PROGRAMS) if file.endswith(".py") and file[0] != "_")
    command = shlex.split(options.host)
    rows = {}
    for name in programs:
        row = rows[name] = dict(table.get(name, {}))
        for options.scale in ("small", "full"):
            sample = run_once(command, name, {"needs": row.get("needs")}, options)
            if sample.status == OK:
                row[options.scale] = sample.checksum
            elif sample.status == FAIL:
                raise SystemExit("%s: %s" % (name, sample.reason))
    with open(EXPECTED, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=2, sort_keys=True)
        file.write("\n")


def main(argv):
    options = parse_arguments(argv)
    if options.update_expected:
        return update_expected(options)
    table = load_expected()
    names = choose(table, options.only)
    if options.check:
        return check(names, table, options)
    results = time_all(names, table, options)
    print(report.caption(results), report.table(results), sep="\n\n")
    failed = report.failures(results)
    if failed:
        print("\n" + "\n".join(failed))
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    if options.update_readme:
        report.update_readme(os.path.join(HERE, "README.md"), results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
