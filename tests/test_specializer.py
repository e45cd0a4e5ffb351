"""The specializer's class is put together of many: a name means one thing in all of them."""
import ast
import inspect
from pathlib import Path

import pytest

from firelang import specializer
from firelang.specializer.frameless import Frameless
from firelang.specializer.marked import MarkedFrameless, MarkedRegion
from firelang.specializer.region import Region

CLASSES = Region, Frameless, MarkedRegion, MarkedFrameless


def kept():
    """Names that some method keeps something by: {name: file}."""
    return {node.attr: file.name for file in Path(specializer.__file__).parent.glob("*.py")
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) == "self"}


def needs(method):
    """How many arguments a method has to be given; None: any number."""
    found = inspect.signature(method).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in found):
        return None
    return sum(one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD for one in found)


@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_kept_is_no_method(kind):
    """`self.result = ...` would hide a method `result` of another class."""
    methods = {name for name, held in inspect.getmembers(kind, inspect.isfunction)}
    assert not {name: file for name, file in kept().items() if name in methods}


@pytest.mark.parametrize("kind", CLASSES)
def test_methods_take_what_those_they_replace_take(kind):
    """Who calls a method knows one of the classes that have it."""
    for name in dir(kind):
        if not name.startswith("__"):
            versions = [vars(base)[name] for base in kind.__mro__ if inspect.isfunction(vars(base).get(name))]
            counts = {needs(version) for version in versions} - {None}
            assert len(counts) <= 1, f"{name}: {[version.__qualname__ for version in versions]}"
