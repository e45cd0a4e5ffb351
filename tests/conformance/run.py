"""Runs CPython's own tests on the host and on fire and compares them test by test.

    python3 tests/conformance/run.py                          the modules of language.txt
    python3 tests/conformance/run.py --only test_dict,test_set --jobs 2 --timeout 300
    python3 tests/conformance/run.py --only test_dict --test test_init --show

    module            tests   host ok   fire ok   differ   known   twins   seconds
    test_dict           109       105       104        1       0       0       2.1
    DIFFERS test.test_dict.DictTest.test_init: host ok, fire crash (SIGSEGV)

Each module runs in a process of its own per interpreter.  Where the process dies or stands still, the test it
was in is given the outcome `crash` or `timeout` and the rest of the module runs in a new process.  Host
outcomes are kept in a file per host version.  A difference is a test that is ok on the host and not on fire;
known.toml names those that are understood, and an entry there that passes again is an error.  Exit status 1
for any difference, any function on the host twin, or any stale entry that is not named there.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from interpreters import (  # noqa: E402
    CACHE,
    FIRE,
    HOST,
    environment,
    fire_options,
    kill_group,
    split_stats,
    twin_count,
    twin_reasons,
)

PASSED = ("ok", "expected failure")
MAX_RESTARTS = 100


def read_list(path):
    """Module names of a list file, without comments."""
    lines = (line.split("#")[0].strip() for line in pathlib.Path(path).read_text().splitlines())
    return [line for line in lines if line]


def read_known(path=HERE / "known.toml"):
    """({test id: reason}, {module: reason for functions on the twin})."""
    known = tomllib.loads(pathlib.Path(path).read_text())
    return known.get("differences", {}), known.get("twins", {})


def read_events(path):
    """({test: (outcome, detail, seconds)}, the test it stopped in or None, whether it came to the end)."""
    outcomes, begun, done, order = {}, None, False, []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if "start" in event:
            begun = event["start"]
        elif "end" in event:
            outcomes[event["end"]] = (event["outcome"], event["detail"], event["seconds"])
            begun = None
        done = done or "done" in event
        order = event.get("tests", order)
    if begun is None:  # stopped between tests: the next one is to blame
        begun = next((name for name in order if name not in outcomes), None)
    return outcomes, begun, done


def watch(process, events, deadline, still):
    """Wait for `process`; end it past `deadline` or after `still` seconds without an event. True if it
    ended itself.
    """
    size, changed = -1, time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        new = events.stat().st_size if events.exists() else 0
        if new != size:
            size, changed = new, now
        if now > deadline or now - changed > still:
            kill_group(process)
            process.wait()
            return False
        time.sleep(0.02)
    kill_group(process)  # whatever a test left running
    return True


def ending(status):
    """How a process ended, in words."""
    if status < 0:
        return "crash", signal.Signals(-status).name
    return "crash", "process ended with status %d" % status


def run_module(command, module, options):
    """All outcomes of `module` under `command`: {"tests": {id: [outcome, detail, seconds]}, "stats": ...,
    "seconds": s}.
    """
    began = time.monotonic()
    deadline = began + options.timeout
    tests, statistics = {}, []
    for _ in range(MAX_RESTARTS):
        with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as folder:
            found, stats = run_once(command, module, options, deadline, tests, pathlib.Path(folder))
        statistics += [stats] if stats else []
        if found:
            break
        if time.monotonic() > deadline:
            tests["test." + module] = ("timeout", "module over %d seconds" % options.timeout, 0)
            break
    else:
        tests["test." + module] = ("crash", "given up after %d restarts" % MAX_RESTARTS, 0)
    return {"tests": tests, "stats": statistics, "seconds": round(time.monotonic() - began, 2)}


def run_once(command, module, options, deadline, tests, folder):
    """One process over what `tests` lacks; adds its outcomes there. (True if the module is done,
    statistics).
    """
    events, skipped, errors = folder / "events", folder / "skipped", folder / "stderr"
    skipped.write_text("\n".join(tests))
    (folder / "cwd").mkdir()
    whole = [
        *command,
        *fire_options(command, True, ["test"]),
        str(HERE / "driver.py"),
        str(events),
        "test." + module,
        str(skipped),
        options.test or "",
    ]
    with open(errors, "wb") as stderr:
        process = subprocess.Popen(
            whole,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=folder / "cwd",
            env=environment(),
            start_new_session=True,
        )
        ended = watch(process, events, deadline, options.test_timeout)
    outcomes, begun, done = read_events(events)
    tests.update(outcomes)
    err, stats = split_stats(errors.read_bytes().decode("utf-8", "backslashreplace"))
    if done and ended and process.returncode >= 0:
        return True, stats
    if done:  # all tests have run, but not the end of the process
        outcome, detail = ending(process.returncode) if ended else ("timeout", "did not end")
        tests["test." + module] = (outcome, "at exit: " + detail + "\n" + err[-3000:], 0)
        return True, stats
    outcome, detail = ending(process.returncode) if ended else ("timeout", "no progress")
    tests[begun or "test." + module] = (outcome, detail + "\n" + err[-3000:], 0)
    return begun is None, stats  # outside any test: no use to try again


def host_key():
    """A short name for the host's version and its copy of the tests."""
    probe = "import sys, test; print(sys.version, test.__file__, sys.prefix)"
    version = subprocess.run(
        [*HOST, "-c", probe], capture_output=True, text=True, check=True, env=environment()
    )
    driver = (HERE / "driver.py").read_text()
    return hashlib.sha256((version.stdout + driver).encode()).hexdigest()[:12]


def host_outcomes(module, options, key):
    """The host's outcomes of `module`, from the cache where it has them."""
    path = CACHE / "conformance" / key / (module + ".json")
    if path.exists() and not options.fresh and not options.test:
        return json.loads(path.read_text())
    result = run_module(HOST, module, options)
    if not options.test and not any(test[0] == "timeout" for test in result["tests"].values()):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".%d" % os.getpid())
        temporary.write_text(json.dumps(result))
        temporary.replace(path)
    return result


def compare(module, host, fire, known, twins):
    """One row of the table, with each difference in full."""
    differences, named, stale = [], [], []
    theirs = fire["tests"]
    whole = theirs.get("test." + module, ("missing", "", 0))
    for name, (outcome, _, _) in host["tests"].items():
        got = theirs.get(name, ("not run", whole[1], 0))
        if outcome in PASSED and got[0] not in PASSED:
            row = {"test": name, "host": outcome, "fire": got[0], "detail": got[1]}
            (named if name in known else differences).append(row)
        elif name in known:
            stale.append(name)
    extra = [
        name for name, got in theirs.items() if name not in host["tests"] and got[0] not in (*PASSED, "skip")
    ]
    differences += [
        {"test": n, "host": "not run", "fire": theirs[n][0], "detail": theirs[n][1]}
        for n in extra
        if n not in known
    ]
    counts = [twin_count(stats) for stats in fire["stats"]]
    reasons = {reason: n for stats in fire["stats"] for reason, n in twin_reasons(stats).items()}
    return {
        "module": module,
        "tests": len(host["tests"]),
        "host_ok": passed(host),
        "fire_ok": passed(fire),
        "differences": differences,
        "known": named,
        "stale": stale,
        "twins": sum(counts) if counts else None,
        "twin_reasons": reasons,
        "twins_known": module in twins,
        "seconds": fire["seconds"],
        "host_seconds": host["seconds"],
    }


def passed(result):
    """How many tests were ok."""
    return sum(test[0] in PASSED for test in result["tests"].values())


def run_both(module, options, key, known, twins):
    """Host (or its cached outcomes) and fire over one module, compared."""
    host = host_outcomes(module, options, key)
    fire = run_module(FIRE, module, options)
    return compare(module, host, fire, known, twins)


def good(row):
    """Whether a row of the table leaves nothing to explain."""
    return not row["differences"] and not row["stale"] and (not row["twins"] or row["twins_known"])


HEAD = "%-28s %6s %8s %8s %7s %6s %6s %8s" % (
    "module",
    "tests",
    "host ok",
    "fire ok",
    "differ",
    "known",
    "twins",
    "seconds",
)


def line(row):
    """A row of the table as text."""
    twins = "-" if row["twins"] is None else row["twins"]
    return "%-28s %6d %8d %8d %7d %6d %6s %8.1f" % (
        row["module"],
        row["tests"],
        row["host_ok"],
        row["fire_ok"],
        len(row["differences"]),
        len(row["known"]),
        twins,
        row["seconds"],
    )


def explain(row, show):
    """Each difference of a row, known ones included, as lines; with `show` its traceback too."""
    absent = [found for found in row["differences"] if found["fire"] == "not run"]
    if len(absent) > 3:
        yield "DIFFERS %s: %d tests not run: %s ..." % (row["module"], len(absent), absent[0]["test"])
    for kind in ("differences", "known"):
        for found in row[kind]:
            if found["fire"] == "not run" and len(absent) > 3:
                continue
            last = (found["detail"].strip().splitlines() or [""])[0 if found["fire"] == "crash" else -1]
            word = "DIFFERS" if kind == "differences" else "known  "
            yield "%s %s: host %s, fire %s: %s" % (
                word,
                found["test"],
                found["host"],
                found["fire"],
                last[:300],
            )
            if show and kind == "differences":
                yield "    " + found["detail"].strip().replace("\n", "\n    ")
    for name in row["stale"]:
        yield "STALE   %s is in known.toml and does not differ any more" % name
    if row["twins"]:
        yield "TWINS   %s: %d functions on the host twin: %s" % (
            row["module"],
            row["twins"],
            row["twin_reasons"],
        )


def parse(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", default=HERE / "language.txt", help="file of module names")
    parser.add_argument("--only", help="module names, separated by commas, instead of the list")
    parser.add_argument("--test", help="only tests whose id contains this text")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=900, help="seconds for a module")
    parser.add_argument("--test-timeout", type=float, default=120, help="seconds for a test")
    parser.add_argument("--fresh", action="store_true", help="run the host again instead of using its cache")
    parser.add_argument("--show", action="store_true", help="print the traceback of each difference")
    parser.add_argument("--json", default=CACHE / "conformance.json", help="where to write all results")
    return parser.parse_args(arguments)


def run_all(options):
    """Compare every module asked for; yields rows as they are done."""
    known, twins = read_known()
    modules = options.only.split(",") if options.only else read_list(options.list)
    key = host_key()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(run_both, module, options, key, known, twins) for module in modules]
        for task in concurrent.futures.as_completed(tasks):
            yield task.result()


def main(arguments=None):
    """Print the table and the differences; 1 where something is not explained."""
    options = parse(arguments)
    rows = []
    print(HEAD)
    for row in run_all(options):
        rows.append(row)
        print(line(row), flush=True)
        for text in explain(row, options.show):
            print(text, flush=True)
    total = {key: sum(row[key] for row in rows) for key in ("tests", "host_ok", "fire_ok", "seconds")}
    total.update(module="total of %d" % len(rows), twins=sum(row["twins"] or 0 for row in rows))
    total.update({key: [d for row in rows for d in row[key]] for key in ("differences", "known")})
    print(line(total))
    path = pathlib.Path(options.json)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1))
    return 0 if rows and all(map(good, rows)) else 1


if __name__ == "__main__":
    sys.exit(main())
