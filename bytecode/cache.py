"""Translations kept on disk, beside the host's own cache of compiled modules.

    program(code)    /app/tool.py's functions   ->   /app/__pycache__/tool.fire-cpython-311.bin

An entry is found by what the translation depends on: the bytes of the function's own code, its exception
table and its counts of names and registers.  So a stale or foreign entry cannot be taken for a function; time
and size of the source only decide when a file starts anew.  Layout: MAGIC, hash of the rest, marshalled
(stamp of this translator, source's time and size, its code object or None, {key: program without pool}).

Invariants: a file that is cut, damaged, old or of another version counts as absent; files are replaced whole,
by renaming; what other processes wrote meanwhile is kept; where nothing can be written nothing is said.
"""
import marshal
import os
import sys

from _frozen_importlib_external import cache_from_source
from _imp import _fix_co_filename, source_hash     # type: ignore[attr-defined]
from _thread import get_ident

from .program import Program, arguments, nlocalsplus

MAGIC = b"fire-bc1"
_HASH_KEY = 0x66697265
_SOURCES = ("ops", "emit", "flow", "shapes", "actions", "translation", "host311", "program")
_enabled = True
_folder = ""
_stamp: tuple | None = None
_entries: dict = {}         # source path -> CacheEntry or None
hits = misses = 0


def configure(enabled: bool = True, folder: str = "") -> None:
    """Whether to use the disk at all, and a folder to use instead of `__pycache__`."""
    global _enabled, _folder
    _enabled, _folder = enabled, folder
    _entries.clear()


def program(code) -> Program:
    """The translation of a code object, from its file's cache or made now; raises Untranslatable."""
    global hits, misses
    found = _entry(code.co_filename)
    if found is not None:
        row = found.programs.get(identity := key(code))
        if row is not None:
            hits += 1
            nregs, words, origin, extra, handlers = row
            return Program(nregs, words, origin, (*code.co_names, *code.co_consts, *extra), handlers)
    from . import translate
    made = translate(code)
    misses += 1
    if found is not None:
        extra = made.pool[len(code.co_names) + len(code.co_consts):]
        found.add(identity, (made.nregs, made.words, made.origin, extra, made.handlers))
    return made


def load(path: str):
    """The code object kept for the source file `path` as it is now, or None."""
    found = _entry(path)
    if found is None or found.code is None:
        return None
    if found.code.co_filename != path:
        _fix_co_filename(found.code, path)
    return found.code


def store(path: str, code, status) -> None:
    """Keep the code object of a source; `status` is the file's `os.stat` from before it was read."""
    found = _entry(path)
    if found is not None and found.source == _identity(status):
        found.keep(code)


def flush() -> None:
    """Write what is new; runs at exit once there is something."""
    for found in list(_entries.values()):
        if found is not None and found.fresh:
            found.write()


def key(code) -> tuple:
    """All that a translation depends on, its pool aside."""
    return (code.co_code, code.co_exceptiontable, arguments(code), nlocalsplus(code),
            len(code.co_names), len(code.co_consts), code.co_freevars)


class CacheEntry:
    """One source file's translations: those read and those added since."""

    __slots__ = ("target", "source", "code", "programs", "fresh")

    def __init__(self, target: str, source: tuple):
        self.target = target            # file of the cache
        self.source = source            # (time, size) of the source
        self.fresh = False
        self.code = None
        self.programs: dict = {}
        known = self.read()
        if known is not None:
            self.code, self.programs = known

    def add(self, identity: tuple, row: tuple) -> None:
        """Add a translation, to be written at exit."""
        self._touch()
        self.programs[identity] = row

    def keep(self, code) -> None:
        """Add the source's code object."""
        self._touch()
        self.code = code

    def _touch(self) -> None:
        if not self.fresh:
            self.fresh = True
            import atexit
            atexit.unregister(flush)
            atexit.register(flush)

    def read(self):
        """(code, programs) of the file, None if there is none for this source and translator."""
        try:
            with open(self.target, "rb") as file:
                data = file.read()
            start = len(MAGIC) + 8
            if data[:len(MAGIC)] != MAGIC or source_hash(_HASH_KEY, data[start:]) != data[len(MAGIC):start]:
                return None
            stamp, source, code, programs = marshal.loads(data[start:])
        except (OSError, ValueError, EOFError, TypeError):
            return None
        return (code, programs) if (stamp, source) == (_translator(), self.source) else None

    def write(self) -> None:
        """Replace the file by what it has now and what this process knows."""
        self.fresh = False
        if sys.dont_write_bytecode:
            return
        code, programs = self.read() or (None, {})
        body = marshal.dumps((_translator(), self.source, self.code or code, programs | self.programs))
        temporary = f"{self.target}.{os.getpid()}.{get_ident():x}"
        try:
            os.makedirs(os.path.dirname(self.target), exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(MAGIC + source_hash(_HASH_KEY, body) + body)
            os.replace(temporary, self.target)
        except OSError:
            try:
                os.unlink(temporary)
            except OSError:
                pass


def _entry(path: str) -> CacheEntry | None:
    """The entry of a source file; None where there is no such file or the cache is off."""
    try:
        return _entries[path]
    except KeyError:
        pass
    found = None
    if _enabled and path[:1] != "<":
        try:
            found = CacheEntry(target_of(path), _identity(os.stat(path)))
        except (OSError, ValueError, NotImplementedError):
            pass
    _entries[path] = found
    return found


def target_of(path: str) -> str:
    """Name of the cache file of a source file."""
    path = os.path.abspath(path)
    compiled = cache_from_source(path if path.endswith(".py") else path + ".py")
    stem, rest = compiled[:-len(".pyc")].rsplit("." + sys.implementation.cache_tag, 1)
    target = f"{stem}.fire-{sys.implementation.cache_tag}{rest}.bin"
    if not _folder:
        return target
    return os.path.join(_folder, os.path.dirname(path).lstrip(os.sep), os.path.basename(target))


def _identity(status) -> tuple:
    return status.st_mtime_ns, status.st_size


def _translator() -> tuple:
    """What tells this translator from others: host version, and time and size of its own sources."""
    global _stamp
    if _stamp is None:
        here = os.path.dirname(__file__)
        sources: list = []
        for name in _SOURCES:
            try:
                sources.append(_identity(os.stat(os.path.join(here, name + ".py"))))
            except OSError:             # not installed as files
                sources.append(name)
        _stamp = (sys.hexversion, sys.implementation.cache_tag, *sources)
    return _stamp
