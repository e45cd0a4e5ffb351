"""Pages for machine code, which codegen/arena.py keeps the books of; ctypes would take 1.5 ms to import.

    core.reserve_pages(4096) -> address     address space without memory and without rights
    core.set_rights(address, 4096, 3)       `mprotect`; False: the system does not allow it
    core.discard_pages(address, 4096)       what they hold is given back to the system
    core.clear_memory(address, 64)          zeros
    core.symbol("malloc") -> address        of a function of the process, 0: there is none
"""
from __future__ import annotations

from ..codegen.metal import metal
from .state import *  # noqa: F403

RESERVED = 0x4022               # private, anonymous, nothing set aside for it
MADV_DONTNEED = 4


@metal
def core_reserve_pages(module: Obj, size: Obj) -> Obj:
    """reserve_pages(size): the address of fresh pages that cannot be touched yet, -1: no address space."""
    return PyLong_FromLong(address_int(mmap(None, PyLong_AsLong(size), 0, RESERVED, -1, 0)))


@metal
def core_set_rights(module: Obj, args: obj_p, nargs: int) -> Obj:
    """set_rights(address, size, rights): whether the pages have these rights of `mprotect` now."""
    if nargs == 3 and mprotect(cast(VOID_P, PyLong_AsLong(args[0])), PyLong_AsLong(args[1]),
                               PyLong_AsLong(args[2])) == 0:
        return new_ref(Py_True)
    return new_ref(Py_False)


@metal
def core_discard_pages(module: Obj, args: obj_p, nargs: int) -> Obj:
    """discard_pages(address, size): the memory behind the pages is the system's again."""
    if nargs == 2:
        madvise(cast(VOID_P, PyLong_AsLong(args[0])), PyLong_AsLong(args[1]), MADV_DONTNEED)
    return new_ref(Py_None)


@metal
def core_clear_memory(module: Obj, args: obj_p, nargs: int) -> Obj:
    """clear_memory(address, size): write zeros."""
    if nargs == 2:
        memset(cast(VOID_P, PyLong_AsLong(args[0])), 0, PyLong_AsLong(args[1]))
    return new_ref(Py_None)


@metal
def core_symbol(module: Obj, name: Obj) -> Obj:
    """symbol(name): where the process has a function or an object of the C library, the host or itself, or 0."""
    text = PyUnicode_AsUTF8(name)
    if not text:
        return None
    return PyLong_FromLong(address_int(dlsym(None, text)))
