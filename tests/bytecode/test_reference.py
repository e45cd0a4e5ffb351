"""Translations mean what the host's code means: CPython's own tests pass on the reference interpreter.

A few modules by default, all of the list with FIRE_FULL=1 (minutes).  Modules that look at frames, tracebacks
or the text of errors are left out: they would test the reference interpreter.
"""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

SHORT = [
    "test_augassign", "test_binop", "test_compare", "test_contains", "test_dictcomps", "test_global",
    "test_iter", "test_opcodes", "test_patma", "test_slice", "test_string_literals", "test_subclassinit",
]
LONG = [
    "test_abc", "test_argparse", "test_bisect", "test_calendar", "test_class", "test_configparser",
    "test_copy", "test_csv", "test_dataclasses", "test_deque", "test_dict", "test_difflib",
    "test_fractions", "test_fstring", "test_heapq", "test_htmlparser", "test_isinstance",
    "test_keywordonlyarg", "test_list", "test_property", "test_random", "test_richcmp", "test_set",
    "test_shlex", "test_statistics", "test_string", "test_textwrap", "test_tuple", "test_userdict",
]
MODULES = SHORT + LONG if os.environ.get("FIRE_FULL") else SHORT
DRIVER = pathlib.Path(__file__).with_name("on_reference.py")


@pytest.mark.parametrize("module", MODULES)
def test_module(module):
    """Every test of the module passes, and there are some."""
    if importlib.util.find_spec("test") is None or importlib.util.find_spec(f"test.{module}") is None:
        pytest.skip("the host has no package `test`")
    done = subprocess.run([sys.executable, DRIVER, module], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["ran"] and not outcome["bad"], outcome
