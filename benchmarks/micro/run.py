"""Run the micro benchmarks on the host and on fire with pyperf, and print nanoseconds and ratios.

    python benchmarks/micro/run.py --host /usr/bin/python3 --fire "python -m firelang" --fast
    python benchmarks/micro/run.py --only attribute_get,call_method --out-dir results

Needs pyperf here and for the interpreters (pip install pyperf). pyperf's manager runs under this Python in
both cases and starts worker processes of the interpreter under test; calibration and warm-up are its own.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = os.path.join(HERE, "suite.py")
sys.path.insert(0, os.path.dirname(HERE))

try:
    import pyperf
except ImportError:
    raise SystemExit("pyperf is missing: pip install pyperf") from None
import report  # noqa: E402  (benchmarks/report.py)
import suite   # noqa: E402


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--host", default="/usr/bin/python3", help="command line of the Python to compare with")
    add("--fire", default=shlex.quote(sys.executable) + " -m firelang", help="command line of fire")
    add("--pypy", default="", help="command line of PyPy, if it has pyperf")
    add("--only", default="", help="benchmark names, separated by commas")
    add("--fast", action="store_true", help="fewer processes and values")
    add("--quick", action="store_true", help="one process, one value: does everything run?")
    add("--out-dir", help="keep pyperf's JSON files here, for `pyperf compare_to` and the like")
    return parser.parse_args(argv)


def run_suite(name, command, names, options, directory):
    """Run the benchmarks on one interpreter, each under its own pyperf; the pyperf.BenchmarkSuite or None."""
    interpreter = shutil.which(command[0])
    if interpreter is None:
        print("%s: no such command: %s" % (name, command[0]), file=sys.stderr)
        return None
    out = os.path.join(directory, name + ".json")
    if os.path.exists(out):
        os.remove(out)
    words = [sys.executable, SUITE, "--python", interpreter, "--append", out, "--quiet", "--copy-env"]
    if options.fast:
        words.append("--fast")
    if options.quick:
        words += ["-p1", "-n1", "-w1", "--min-time=0.005"]
    environment = dict(os.environ, MICRO_PREFIX="\n".join(command[1:]))
    for benchmark in names:
        done = subprocess.run(words + ["--only", benchmark], env=environment, capture_output=True, text=True)
        last = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1:]
        print("%s %s" % (name, last[0] if last else "no output"), file=sys.stderr, flush=True)
    return pyperf.BenchmarkSuite.load(out) if os.path.exists(out) else None


def table(suites, names):
    """Markdown: nanoseconds an operation on each interpreter, and how many times faster than the host."""
    found = {name: {row.get_name(): row.mean() * 1e9 for row in rows.get_benchmarks()} if rows else {}
             for name, rows in suites.items()}
    others = [name for name in suites if name != "host"]
    head = ["operation", "host ns"]
    for name in others:
        head += [name + " ns", "ratio"]
    rows = []
    for benchmark in names:
        host = found["host"].get(benchmark)
        row = [benchmark, nanoseconds(host)]
        for name in others:
            value = found[name].get(benchmark)
            row += [nanoseconds(value), report.times(host / max(value, 1e-3)) if host and value else ""]
        rows.append(row)
    return report.layout(head, rows)


def nanoseconds(value):
    return "FAIL" if value is None else "%.1f" % value


def main(argv):
    options = parse_arguments(argv)
    names = [function.__name__ for function in suite.choose(options.only)]
    commands = {"host": shlex.split(options.host), "fire": shlex.split(options.fire),
                "pypy": shlex.split(options.pypy)}
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.out_dir or scratch
        os.makedirs(directory, exist_ok=True)
        suites = {name: run_suite(name, command, names, options, directory)
                  for name, command in commands.items() if command}
    text = table(suites, names)
    print(text)
    return 1 if "FAIL" in text else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
