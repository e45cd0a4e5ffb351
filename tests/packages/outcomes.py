"""pytest plugin: appends one JSON line per event to the file in FIRE_OUTCOMES, leaves out the tests in
FIRE_SKIPPED.

{"start": "tests/test_x.py::test_y"}     {"end": "tests/test_x.py::test_y", "outcome": "passed", "detail": ""}
"""

import json
import os


def write(**event):
    """Append an event; nothing is lost when the process dies in the next test."""
    descriptor = os.open(os.environ["FIRE_OUTCOMES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, json.dumps(event).encode() + b"\n")
    os.close(descriptor)


def pytest_collection_modifyitems(items):
    """Leave out what already has an outcome."""
    with open(os.environ["FIRE_SKIPPED"], encoding="utf-8") as file:
        skipped = set(file.read().split("\n"))
    items[:] = [item for item in items if item.nodeid not in skipped]


def pytest_collectreport(report):
    """A module that cannot be imported is an outcome of its own."""
    if report.failed:
        write(end=report.nodeid, outcome="collection failed", detail=str(report.longrepr)[-2000:])


def pytest_runtest_logstart(nodeid):
    """A test begins."""
    write(start=nodeid)


def pytest_runtest_logreport(report):
    """A phase of a test ended; what decides is a failing phase, else the call."""
    if report.when == "call" or not report.passed:
        write(end=report.nodeid, outcome=report.outcome, detail=str(report.longrepr or "")[-2000:])


def pytest_sessionfinish():
    """The end was reached."""
    write(done=True)
