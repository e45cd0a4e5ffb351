"""Runs pure Python packages' own test suites on the host and on fire (`--vm-packages`), test by test.

    python3 tests/packages/run.py                     every package of the table below that is installed
    python3 tests/packages/run.py click attrs --show  some, with the failures' tracebacks

The tests of networkx and sympy are installed with them; those of the others come with the source archive of
the installed version, which pip downloads once into tests/.cache/packages/.  A test that ends the process
counts as `crash` and the rest runs in a new one.  Exit status 1 when a test that passes on the host does
not pass on fire.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from interpreters import (  # noqa: E402
    CACHE,
    FIRE,
    HOST,
    environment,
    fire_options,
    run,
    split_stats,
    twin_count,
    twin_reasons,
)

INSTALLED = ["--pyargs", "-c", os.devnull]      # tests that are installed; this project's settings are not theirs
#            distribution  import name  tests, as arguments of pytest       further arguments
PACKAGES = {
    "jinja2": (
        "Jinja2",
        "jinja2",
        ["tests"],
        ["--ignore=tests/test_async.py", "--ignore=tests/test_async_filters.py"],
    ),
    "click": ("click", "click", ["tests"], []),
    "attrs": ("attrs", "attr", ["tests"], ["--ignore=tests/test_mypy.yml", "-p", "no:pytest-mypy-plugins"]),
    "pyparsing": ("pyparsing", "pyparsing", ["tests/test_unit.py", "tests/test_simple_unit.py"], []),
    "networkx": ("networkx", "networkx", ["networkx"], INSTALLED),
    "sympy": ("sympy", "sympy", ["sympy.core"], INSTALLED),
}
MAX_RESTARTS = 30


def source_of(distribution):
    """The folder of the source archive of the installed version, downloaded once."""
    version = importlib.metadata.version(distribution)
    folder = CACHE / "packages" / f"{distribution.lower()}-{version}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *HOST,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--no-binary",
                distribution,
                "--dest",
                folder.parent,
                f"{distribution}=={version}",
            ],
            check=True,
        )
        archive = next(folder.parent.glob(f"{distribution.lower()}-{version}.tar.gz"))
        with tarfile.open(archive) as opened:
            opened.extractall(
                folder.parent, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {})
            )
    return folder


def test_modules(folder, name):
    """What runs on the VM: the package and the modules of its tests."""
    modules = {path.stem for path in folder.glob("tests/**/*.py")} | {"tests", "conftest", name}
    return sorted(modules | ({"attrs"} if name == "attr" else set()))


def run_suite(command, package, timeout):
    """{test: (outcome, detail)} of a package's suite and fire's statistics."""
    distribution, name, tests, more = PACKAGES[package]
    with_source = "--pyargs" not in more
    folder = source_of(distribution) if with_source else CACHE / "packages" / "empty"
    folder.mkdir(parents=True, exist_ok=True)
    options = fire_options(command, True, test_modules(folder, name) if with_source else [name])
    events, skipped = CACHE / "packages" / "events", CACHE / "packages" / "skipped"
    paths = os.pathsep.join([str(HERE), *filter(None, [environment().get("PYTHONPATH")])])
    env = environment(PYTHONPATH=paths, FIRE_OUTCOMES=events, FIRE_SKIPPED=skipped)
    found, statistics = {}, []
    for _ in range(MAX_RESTARTS):
        events.unlink(missing_ok=True)
        skipped.write_text("\n".join(found))
        ended = run(
            [*command, *options],
            "-m",
            "pytest",
            "-q",
            "--assert=plain",
            "-p",
            "outcomes",
            "-p",
            "no:cacheprovider",
            "--continue-on-collection-errors",
            *more,
            *tests,
            timeout=timeout,
            cwd=folder,
            env=env,
        )
        stats = split_stats(ended.err)[1]
        statistics += [stats] if stats else []
        begun, done = read_events(events, found)
        if done:
            break
        if not begun:
            found["(start)"] = ("crash", f"status {ended.status}\n{ended.out[-1500:]}\n{ended.err[-1500:]}")
            break
        found[begun] = ("crash", f"status {ended.status}\n{ended.err[-1500:]}")
    return found, statistics


def read_events(path, found):
    """Add the outcomes in the file to `found`: (the test that did not end or None, whether the end was
    reached).
    """
    begun, done = None, False
    for line in path.read_text().splitlines() if path.exists() else ():
        event = json.loads(line)
        begun = event.get("start", begun)
        done = done or "done" in event
        if "end" in event:
            if found.get(event["end"], ("passed",))[0] == "passed":
                found[event["end"]] = (event["outcome"], event["detail"])
            begun = None if event["end"] == begun else begun
    return begun, done


def main():
    """Print the table and the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", help=f"of {', '.join(PACKAGES)}")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for a package's suite")
    parser.add_argument("--show", action="store_true", help="print the details of each difference")
    options = parser.parse_args()
    if unknown := set(options.packages) - set(PACKAGES):
        parser.error(f"unknown packages: {', '.join(sorted(unknown))}")
    worst = 0
    print(f"{'package':<12}{'version':>9}{'tests':>8}{'host ok':>9}{'fire ok':>9}{'differ':>8}{'twins':>7}")
    for package in options.packages or PACKAGES:
        try:
            version = importlib.metadata.version(PACKAGES[package][0])
        except importlib.metadata.PackageNotFoundError:
            print(f"{package:<12}not installed")
            continue
        host, _ = run_suite(HOST, package, options.timeout)
        fire, statistics = run_suite(FIRE, package, options.timeout)
        passed = [sum(outcome == "passed" for outcome, _ in results.values()) for results in (host, fire)]
        differing = [
            test for test in host if host[test][0] == "passed" and fire.get(test, ("not run",))[0] != "passed"
        ]
        differing += [test for test in fire if test not in host and fire[test][0] != "passed"]
        twins = sum(map(twin_count, statistics)) if statistics else "-"
        print(
            f"{package:<12}{version:>9}{len(host):>8}{passed[0]:>9}{passed[1]:>9}{len(differing):>8}{twins:>7}",
            flush=True,
        )
        for test in differing[:50]:
            outcome, detail = fire.get(test, ("not run", ""))
            print(f"    {test}: fire {outcome}: {(detail.strip().splitlines() or [''])[-1][:200]}")
            if options.show:
                print("        " + detail.replace("\n", "\n        "))
        for stats in statistics:
            if twin_count(stats):
                print(f"    on the host twin: {twin_reasons(stats)}")
        worst = worst or bool(differing) or not passed[0] or bool(twins not in ("-", 0))
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
