"""What a profile remembers keeps no class of the program alive."""
import gc
import weakref

import pytest

profile = pytest.importorskip("firelang.tracer.profile", reason="firelang is not installed")

from firelang.tracer import loose  # noqa: E402


def test_a_class_dies():
    """Whether it was seen now or is known from an earlier run, and whether a region was built meanwhile."""
    class Seen:
        pass

    class Known:
        pass
    at, living = profile.Seen(), [weakref.ref(Seen), weakref.ref(Known)]
    at.note("a", loose.loose(Seen))
    at.note("b", Known)
    at.note("b", int)
    at.call(id(Known), Known)
    loose.hold(at)
    assert (at.a, at.b, list(at.callables.values())) == ({Seen}, {Known, int}, [Known])
    loose.let_go(at)
    del Seen, Known
    gc.collect()
    assert [one() for one in living] == [None, None]
    loose.hold(at)
    assert (at.a, at.b, at.callables) == (set(), {int}, {})


def test_numbers_alone():
    """A place without classes is not gone over."""
    at = profile.Seen()
    at.note("a", "int")
    at.note("result", int)
    assert not at.classes
