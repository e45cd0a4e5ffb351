"""C extensions called from VM code and calling back into it, and pure Python packages, host against fire.

The programs stand in packages/extensions.test and packages/pure.test, named after the module they need.  The
packages' own test suites are a slow target: FIRE_SLOW=1, or `python3 tests/packages/run.py`.
"""
import importlib.util
import os
import subprocess
import sys

import pytest

import golden_cases
from interpreters import FIRE, TESTS, environment, run
from test_cli import compare, same, script


def programs(name):
    """Test parameters for the cases of a file."""
    return [pytest.param(case, id=case.name) for case in golden_cases.parse(TESTS / "packages" / name)]


def need(package):
    """Skip where an optional package is not installed."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@pytest.mark.parametrize("case", programs("extensions.test"))
def test_extension(case, tmp_path):
    """Values, callbacks and exceptions through C code are the host's; nothing crashes."""
    need(case.name.split(".")[0])
    same([script(tmp_path, case.source)], tmp_path, timeout=120)


@pytest.mark.parametrize("case", programs("pure.test"))
def test_pure_package(case, tmp_path):
    """A pure Python package does the same on the host and, by --vm-packages, on the VM."""
    need(case.name)
    name = script(tmp_path, case.source)
    host = same([name], tmp_path, timeout=120)
    compare(host, run(FIRE, name, packages=[case.name], cwd=tmp_path, timeout=120))


@pytest.mark.slow
@pytest.mark.parametrize("package", ["jinja2", "click", "attrs", "pyparsing", "networkx", "sympy"])
def test_own_suite(package):
    """A package's own tests: what passes on the host passes on the VM."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("FIRE_")}
    done = subprocess.run(
        [sys.executable, TESTS / "packages" / "run.py", package],
        capture_output=True,
        text=True,
        env={**environment(), **settings},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
