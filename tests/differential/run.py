"""Compares random programs on the host and on fire, and makes a program that differs small.

    python3 tests/differential/run.py --seed 1 --count 1000        1,000 programs, about 160,000 statements
    python3 tests/differential/run.py --statements 1000000         until that many statements were run
    python3 tests/differential/run.py --seed 17 --count 1 --print  show a program

A batch of programs runs in one process per interpreter; compared are output, exception type, message and
traceback of each.  For a difference, parts of the program are left out as long as it still differs, and
what is left is written to tests/.cache/differential/ together with both results.  Exit status 1 when
anything differed.
"""

import argparse
import copy
import json
import pathlib
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import generate  # noqa: E402
from interpreters import CACHE, FIRE, HOST, run  # noqa: E402


def results_of(command, sources, timeout, *how):
    """The result of each source; ["", "crash", why, ""] for one that ends the process, "timeout" for one
    that stays. `how`: more arguments for the driver.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="differential-") as folder:
        programs, results = pathlib.Path(folder, "programs"), pathlib.Path(folder, "results")
        programs.write_text(json.dumps(sources))
        while len(found) < len(sources):
            results.unlink(missing_ok=True)
            ended = run(command, HERE / "driver.py", programs, results, len(found), *how, timeout=timeout)
            lines = results.read_text().splitlines() if results.exists() else []
            found += [json.loads(line) for line in lines if line[:1] == "["]
            if len(found) < len(sources):
                kind = "timeout" if ended.status == 124 else "crash"
                found.append(["", kind, f"status {ended.status} {ended.err[-1500:]}", ""])
    return found


def difference(host, fire):
    """What kind of difference two results have, or None."""
    if fire[1] in ("crash", "timeout") and fire[1] != host[1]:
        return fire[1]
    names = ("output", "exception", "message", "traceback")
    return next((name for name, ours, theirs in zip(names, host, fire, strict=True) if ours != theirs), None)


def smaller(body):
    """Every program that `body` becomes by leaving out one statement, one clause, or a statement's head;
    big steps first.
    """
    half = len(body) // 2
    if half > 1:
        yield body[half:]
        yield body[:half]
    for index, statement in enumerate(body):
        before, after = body[:index], body[index + 1 :]
        yield before + after
        for number, (_, inner) in enumerate(statement.clauses or ()):
            yield [*before, *inner, *after]
            if number and (number > 1 or len(statement.clauses) > 2):
                clauses = statement.clauses[:number] + statement.clauses[number + 1 :]
                yield [*before, generate.Statement(clauses=clauses), *after]
            for shorter in smaller(inner):
                changed = copy.copy(statement)
                changed.clauses = list(statement.clauses)
                changed.clauses[number] = (statement.clauses[number][0], shorter)
                yield [*before, changed, *after]


def minimize(program, kind, timeout=20, rounds=60):
    """The smallest program found that still has this kind of difference."""
    deadline = time.monotonic() + 120
    while rounds and time.monotonic() < deadline:
        rounds -= 1
        candidates = [generate.Program(body) for body in smaller(program.body)]
        candidates.sort(key=generate.Program.size)
        for start in range(0, len(candidates), 40):
            group = [c for c in candidates[start : start + 40] if compiles(str(c))]
            sources = [str(candidate) for candidate in group]
            pairs = zip(
                group, results_of(HOST, sources, timeout), results_of(FIRE, sources, timeout), strict=True
            )
            found = next(
                (candidate for candidate, host, fire in pairs if difference(host, fire) == kind), None
            )
            if found:
                program = found
                break
        else:
            return program
    return program


def compiles(source):
    """Whether leaving something out kept the syntax valid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "candidate", "exec")
    except SyntaxError:
        return False
    return True


def write_report(seed, program, kind):
    """A file with the program and both results; its path."""
    host, fire = results_of(HOST, [str(program)], 60)[0], results_of(FIRE, [str(program)], 60)[0]
    folder = CACHE / "differential"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"seed_{seed}.py"
    said = "".join(
        f"# {name}\n" + "".join(f"#   {line}\n" for text in result for line in text.splitlines())
        for name, result in (("host", host), ("fire", fire))
    )
    path.write_text(f"# seed {seed}: {kind} differs\n{program}\n{said}")
    return path


def run_batch(seeds, size, timeout):
    """Compare the programs of some seeds: (statements, [(seed, program, kind of difference, host, fire)])."""
    programs = [generate.program(seed, size) for seed in seeds]
    sources = [str(program) for program in programs]
    host, fire = results_of(HOST, sources, timeout), results_of(FIRE, sources, timeout)
    rows = zip(seeds, programs, host, fire, strict=True)
    found = [(seed, program, difference(h, f), h, f) for seed, program, h, f in rows if difference(h, f)]
    return sum(map(generate.Program.size, programs)), found


def parse(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="number of the first program")
    parser.add_argument("--count", type=int, default=200, help="how many programs")
    parser.add_argument("--statements", type=int, help="how many statements, instead of --count")
    parser.add_argument("--size", type=int, default=150, help="statements a program has at least")
    parser.add_argument("--batch", type=int, default=200, help="programs in one process")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for a process")
    parser.add_argument("--stop", type=int, default=5, help="stop after so many differences")
    parser.add_argument("--print", action="store_true", help="print the programs, run nothing")
    parser.add_argument("--raw", action="store_true", help="do not make differing programs smaller")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Run until the count is reached or enough differences are found; 1 if there is one."""
    options = parse(arguments)
    if options.print:
        for seed in range(options.seed, options.seed + options.count):
            print(generate.program(seed, options.size))
        return 0
    began, statements, seed, differing = time.monotonic(), 0, options.seed, 0
    while differing < options.stop and (
        statements < options.statements if options.statements else seed < options.seed + options.count
    ):
        last = (
            seed + options.batch
            if options.statements
            else min(seed + options.batch, options.seed + options.count)
        )
        ran, found = run_batch(range(seed, last), options.size, options.timeout)
        statements, seed = statements + ran, last
        for number, program, kind, host, fire in found[: options.stop - differing]:
            differing += 1
            small = program if options.raw else minimize(program, kind)
            print(f"seed {number}: {kind} differs: {write_report(number, small, kind)}")
            print(f"    host {host[1]}: {host[2][:200]}\n    fire {fire[1]}: {fire[2][:200]}")
        print(
            f"{seed - options.seed} programs, {statements} statements, {differing} differences, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
