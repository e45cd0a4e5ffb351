"""Runs modules of CPython's own tests with every function interpreted by the reference interpreter.

    on_reference.py test_binop        {"module": "test_binop", "ran": 12, "bad": []}   one line a module
"""
import importlib.machinery
import importlib.util
import io
import json
import sys
import unittest
import warnings

import reference


class Loader(importlib.machinery.SourceFileLoader):
    """Executes the module's body on the reference interpreter."""

    def exec_module(self, module):
        """Functions it defines follow by themselves."""
        reference.execute(self.source_to_code(self.get_data(self.path), self.path), module.__dict__)


def no_tracing(*arguments):
    """A trace function would see this interpreter's stubs."""
    raise unittest.SkipTest("no tracing")


def run(name):
    """Number of tests run and ids of those not passed."""
    found = importlib.util.find_spec(f"test.{name}")
    found.loader = Loader(found.name, found.origin)
    module = sys.modules[found.name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    result = unittest.TextTestRunner(stream=io.StringIO()).run(
        unittest.defaultTestLoader.loadTestsFromModule(module))
    bad = [f"{test}: {text.strip().splitlines()[-1]}" for test, text in result.failures + result.errors]
    return {"module": name, "ran": result.testsRun, "bad": bad}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20000)
    sys.settrace = sys.setprofile = no_tracing
    for each in sys.argv[1:]:
        print(json.dumps(run(each)), flush=True)
