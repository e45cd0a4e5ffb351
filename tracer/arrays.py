"""How the items of an array lie in memory: what compiled code guards and then relies on.

    layout_of(array("d", ...))       ->  Layout("array", "d", address of the description, 1)
    layout_of(numpy.zeros((2, 3)))   ->  Layout("numpy", "d", dtype, 2)

The fields of numpy's and array's structures are no public interface: at the first array of each kind they are compared
with what the objects say of themselves; where that differs, arrays of this kind are left alone (`None`).
"""
from __future__ import annotations

from _operator import itemgetter

from . import core

ARRAYS = {"ndarray", "array", "bytearray", "bytes", "memoryview"}
DATA, NDIM, DIMENSIONS, STRIDES, DESCR, FLAGS = 16, 24, 32, 40, 56, 64       # of numpy's PyArrayObject
ITEMS, DESCRIPTION = 24, 40                                                  # of array.array: ob_item, ob_descr
NUMPY_CODES = {"float64": "d", "int64": "q"}
ARRAY_CODES = "bBhHiIlLqQfd"
_checked: dict[str, bool] = {}


class Layout(tuple):
    """Kind of array, typecode of its items, the object or address that a guard compares, dimensions."""

    __slots__ = ()
    kind, code, descr, ndim = (property(itemgetter(place)) for place in range(4))

    def __new__(cls, *parts):
        return tuple.__new__(cls, parts)


def layout_of(array) -> Layout | None:
    """The layout of an array, or None: not a known one."""
    kind = type(array)
    if kind.__module__ == "array" and kind.__name__ == "array":
        if array.typecode not in ARRAY_CODES or not checked("array", check_array):
            return None
        return Layout("array", array.typecode, core.word(id(array) + DESCRIPTION), 1)
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray" and array.dtype.isnative:
        code = NUMPY_CODES.get(array.dtype.name)
        if code is None or not 1 <= array.ndim <= 4 or not checked("numpy", check_numpy):
            return None
        return Layout("numpy", code, array.dtype, array.ndim)
    return None


def recalled_layout(kind: str, code: str, ndim: int) -> Layout | None:
    """The layout of arrays like those that an earlier run has seen."""
    import sys
    module = sys.modules.get(kind)
    if module is None:
        return None
    if kind == "array":
        return layout_of(module.array(code))
    return layout_of(module.zeros((1,) * ndim, dtype=code))


def checked(kind: str, check) -> bool:
    """Whether the structures of a kind of array are as they are taken to be."""
    if kind not in _checked:
        try:
            _checked[kind] = check()
        except Exception:       # an unknown version of numpy
            _checked[kind] = False
    return _checked[kind]


def check_array() -> bool:
    """array.array against buffer_info()."""
    from array import array
    for code in ARRAY_CODES:
        made = array(code, [1, 2, 3])
        address, count = made.buffer_info()
        if core.word(id(made) + ITEMS) != address or core.word(id(made) + 16) != count or \
                core.peek(core.word(id(made) + DESCRIPTION), 1) != code.encode() or \
                core.word(id(made) + DESCRIPTION) != core.word(id(array(code)) + DESCRIPTION):
            return False
    return True


def check_numpy() -> bool:
    """ndarray and its scalars against what they say."""
    import sys
    from struct import unpack
    numpy = sys.modules["numpy"]
    for made in (numpy.zeros((3, 5))[::2], numpy.arange(7, dtype=numpy.int64)):
        head = id(made)
        dims, strides = core.word(head + DIMENSIONS), core.word(head + STRIDES)
        if core.word(head + DATA) != made.__array_interface__["data"][0] or \
                core.word(head + DESCR) != id(made.dtype) or \
                core.word(head + NDIM) & 0xFFFFFFFF != made.ndim or \
                core.word(head + FLAGS) & 0xFFFFFFFF != made.flags.num or \
                [core.word(dims + 8 * n) for n in range(made.ndim)] != list(made.shape) or \
                [core.word(strides + 8 * n) for n in range(made.ndim)] != list(made.strides):
            return False
    number, whole = numpy.float64(1.25), numpy.int64(-77)
    return numpy.geterr()["under"] == "ignore" and unpack("<d", core.peek(id(number) + 16, 8))[0] == 1.25 and \
        core.word(id(whole) + 16) == -77 and numpy.float64.__basicsize__ == numpy.int64.__basicsize__ == 24 and \
        numpy.dtype("float64") is numpy.zeros(1).dtype and numpy.ndarray.__flags__ & 1 << 9 == 0
