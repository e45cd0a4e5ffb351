"""CPython's own tests of the language: what is ok on the host is ok on fire, on the VM, module by module.

`python3 tests/conformance/run.py` prints the whole table; here every module of language.txt is one test
with a short time limit, and the rest of CPython's tests of pure Python modules (FIRE_SLOW=1) is listed in
more.txt.
"""

import importlib.util
import time

import pytest

import interpreters

conformance = interpreters.load("conformance/run.py")
HERE = interpreters.TESTS / "conformance"
OPTIONS = ["--timeout", "90", "--test-timeout", "30"]
BUDGET = 300  # seconds for all modules of language.txt together


@pytest.fixture(scope="module")
def shared():
    """What the runner needs once: known differences, the host's key, the end of the time budget."""
    known, twins = conformance.read_known()
    return known, twins, conformance.host_key(), time.monotonic() + BUDGET


def check(module, shared, options):
    known, twins, key, _ = shared
    row = conformance.run_both(module, options, key, known, twins)
    report = "\n".join(conformance.explain(row, show=True))
    assert row["host_ok"], "no test of %s is ok on the host" % module
    assert conformance.good(row), "%s\n%s\n%s" % (conformance.HEAD, conformance.line(row), report[:20000])


@pytest.mark.parametrize("module", conformance.read_list(HERE / "language.txt"))
def test_language(module, shared):
    """Every module of language.txt."""
    if importlib.util.find_spec("test." + module) is None:
        pytest.skip("the tests of the host are not installed (Debian: libpython3-testsuite)")
    assert time.monotonic() < shared[3], "the %d seconds for all modules are spent" % BUDGET
    check(module, shared, conformance.parse(OPTIONS))


@pytest.mark.slow
@pytest.mark.parametrize("module", conformance.read_list(HERE / "more.txt"))
def test_more(module, shared):
    """Modules beyond the language: pure Python libraries whose tests exercise the VM."""
    check(module, shared, conformance.parse([]))


def test_known_entries_name_listed_modules():
    """An entry of known.toml belongs to a module that is run, so that it cannot go stale unseen."""
    listed = {
        name.split(".")[0]
        for file in ("language.txt", "more.txt")
        for name in conformance.read_list(HERE / file)
    }
    known, twins = conformance.read_known()
    assert {name.split(".")[1] for name in known} <= listed
    assert set(twins) <= listed
    assert all(len(reason) > 10 for reason in (*known.values(), *twins.values()))
