"""Runs one module of CPython's own tests and appends one JSON line per event to a file.

    driver.py EVENTS MODULE [SKIPPED [TEXT]]     MODULE as `test.test_grammar`; SKIPPED: a file of test ids,
                                                 one a line; TEXT: only tests whose id contains it
    {"tests": ["test.test_grammar.TokenTests.test_backslash", ...]}
    {"start": "test.test_grammar.TokenTests.test_backslash"}
    {"end": "test.test_grammar.TokenTests.test_backslash", "outcome": "ok", "detail": ""}
    {"done": 43}

Both interpreters execute this same file.  An event is written with one open-append-close, so that nothing is
lost when the next test kills the process; a `start` without its `end` names the test that did.
"""

import json
import os
import sys
import time
import traceback
import unittest

NOT_OK = ("error", "fail", "unexpected success")


class Events(unittest.TestResult):
    """A result that writes each test's outcome as it is known; subtests count towards their test."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.ran = 0
        self.begin("")

    def begin(self, name):
        self.name = name
        self.outcome = "ok"
        self.detail = ""
        self.began = time.monotonic()

    def write(self, **event):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, json.dumps(event).encode() + b"\n")
        os.close(descriptor)

    def startTest(self, test):
        super().startTest(test)
        name = names.get(id(test)) or test.id()
        self.begin(name)
        self.ran += 1
        self.write(start=name)

    def stopTest(self, test):
        super().stopTest(test)
        self.finish()

    def finish(self):
        seconds = round(time.monotonic() - self.began, 3)
        self.write(end=self.name, outcome=self.outcome, detail=self.detail[-6000:], seconds=seconds)
        self.name = ""

    def note(self, outcome, test, error=None):
        detail = "".join(traceback.format_exception(*error)) if isinstance(error, tuple) else str(error or "")
        if not self.name:  # a failing setUpClass or module: no startTest came before
            self.begin(test.id())
            self.outcome, self.detail = outcome, detail
            self.finish()
            return
        if self.outcome not in NOT_OK:
            self.outcome = outcome
        self.detail += detail

    def addError(self, test, err):
        self.note("error", test, err)

    def addFailure(self, test, err):
        self.note("fail", test, err)

    def addSkip(self, test, reason):
        self.note("skip", test, reason)

    def addExpectedFailure(self, test, err):
        self.note("expected failure", test)

    def addUnexpectedSuccess(self, test):
        self.note("unexpected success", test)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            self.note("fail" if failed else "error", test, err)
            self.detail = "%s %s\n" % ("in", subtest._subDescription()) + self.detail


names = {}  # id(test) -> its name


def unique(test, seen):
    """The test's id, numbered from its second use on (doctests of one module may share theirs)."""
    name = test.id()
    seen[name] = seen.get(name, 0) + 1
    names[id(test)] = name if seen[name] == 1 else "%s#%d" % (name, seen[name])
    return names[id(test)]


def keep(suite, chosen, seen):
    """The tests of `suite` whose name is `chosen`, in the same nesting."""
    kept = type(suite)()
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            kept.addTest(keep(item, chosen, seen))
        elif chosen(unique(item, seen)):
            kept.addTest(item)
    return kept


def in_order(suite):
    """The names of a suite's tests as they will run."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from in_order(item)
        else:
            yield names[id(item)]


def main():
    """Run the module named on the command line."""
    events, module = sys.argv[1:3]
    skipped = set()
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8") as file:
            skipped.update(file.read().split("\n"))
    wanted = sys.argv[4] if len(sys.argv) > 4 else ""
    sys.argv[1:] = []
    from test import support

    support.use_resources = []  # as `python3 -m test` without -u: no network, no long cpu tests
    support.verbose = False
    result = Events(events)
    try:
        __import__(module)
        suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    except unittest.SkipTest as reason:
        result.write(end=module, outcome="skip", detail=str(reason), seconds=0)
    except Exception as error:
        detail = "".join(traceback.format_exception(error))
        result.write(end=module, outcome="error", detail=detail, seconds=0)
    else:
        chosen = keep(suite, lambda name: name not in skipped and wanted in name, {})
        result.write(tests=list(in_order(chosen)))
        chosen.run(result)
    result.write(done=result.ran)


if __name__ == "__main__":
    main()
