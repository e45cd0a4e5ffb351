"""Object code kept on disk, found again without LLVM.

    key(text, 3)                "9f86d081884c7d65..."       hash of all that the object code depends on
    load(key)                   object code, None if there is none
    store(key, obj, "; total.py:3")

One file an entry: <folder>/machine-code/<key>.  Layout: MAGIC, hash of the rest, length of the label, label,
object code.  The folder: FIRE_CACHE_DIR, else $XDG_CACHE_HOME/fire, else ~/.cache/fire.  A hit sets the file's
time, once an hour at most; one store in 32 looks whether the folder has outgrown its bound, and if so removes
what was not used for longest until a quarter is free.

Invariants: a file that is cut, damaged or foreign counts as absent; files appear whole, by renaming, so processes
do not disturb each other; where nothing can be read or written nothing is said.  Code is only taken from a folder
that nobody but its owner, who is this user or root, can write to.
"""
from __future__ import annotations

import os
import sys
from _imp import source_hash        # type: ignore[attr-defined]
from _thread import get_ident
from struct import pack, unpack_from
from time import time

try:
    from _sha256 import sha256      # not hashlib: that loads OpenSSL, 6 MB
except ImportError:
    from hashlib import sha256

MAGIC = b"fire-mc1"
_HASH_KEY = 0x6D63
_HEADER = len(MAGIC) + 8
_DIGITS = frozenset("0123456789abcdef")
_SOURCES = ("assemble.py", "llvm.py")       # what the object code of a text depends on
SWEEP_BELOW = "08"                          # a key that starts below this sweeps: 8 in 256
KEPT = 0.75                                 # of the bound, after a sweep
REFRESH = ABANDONED = 3600.0                # seconds: a used file gets a new time; a temporary file is garbage
CPU_LINES = (b"vendor_id", b"cpu family", b"model", b"flags", b"CPU implementer", b"CPU variant", b"CPU part",
             b"Features")

_enabled = True
_base = ""
_bound = 64 << 20
_identity: bytes | None = None


def configure(enabled: bool = True, base: str = "", bound: int = 64 << 20) -> None:
    """Whether to use the disk at all, the folder if not the default one, most bytes to keep."""
    global _enabled, _base, _bound
    _enabled, _base, _bound = enabled, base, bound


def folder() -> str:
    """Where the entries lie; the folder need not exist."""
    base = _base or os.environ.get("FIRE_CACHE_DIR")
    if not base:
        home = os.environ.get("XDG_CACHE_HOME") or ""
        base = os.path.join(home if os.path.isabs(home) else os.path.expanduser("~/.cache"), "fire")
    return os.path.join(base, "machine-code")


def key(text: str, level: int) -> str:
    """The name of an entry; "" if the cache cannot be used."""
    global _identity
    if not _enabled:
        return ""
    if _identity is None:
        _identity = identity()
    return sha256(b"%s\n%d\n%s" % (_identity, level, text.encode())).hexdigest() if _identity else ""


def identity() -> bytes:
    """All that object code depends on besides its text: CPU, versions; b"" if the CPU cannot be told."""
    processor = cpu()
    if not processor:
        return b""
    versions = [sys.version, getattr(sys.modules.get("firelang"), "__version__", ""), os.uname().machine]
    here = os.path.dirname(__file__)
    try:
        versions += [stamp(llvm_library()), *(stamp(os.path.join(here, name)) for name in _SOURCES)]
    except OSError:             # no LLVM here, or not installed as files: nothing new will be compiled
        return b""
    return repr(versions).encode() + processor


def llvm_library() -> str:
    """Where llvmlite's shared object lies, "" if it is not installed; llvmlite need not be imported."""
    imported = getattr(sys.modules.get("llvmlite"), "__path__", None) or []
    places = [*imported, *(os.path.join(place, "llvmlite") for place in sys.path)]
    if "FIRE_RESTARTED_LIBRARIES" in os.environ:        # the host runs without its site-packages
        places.append(os.path.join(os.environ["FIRE_RESTARTED_LIBRARIES"], "llvmlite"))
    for place in places:
        file = os.path.join(place, "binding", "libllvmlite.so")
        if os.path.isfile(file):
            return file
    return ""


def stamp(path: str) -> tuple:
    """(time, size) of a file: tells one build of a library from another without loading it."""
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size


def cpu() -> bytes:
    """What /proc/cpuinfo says of the first processor that decides which instructions it has."""
    try:
        file = os.open("/proc/cpuinfo", os.O_RDONLY)
        try:
            said = os.read(file, 8192)      # the first processor: reading all takes long on big machines
        finally:
            os.close(file)
    except OSError:
        return b""
    lines = [line for line in said.partition(b"\n\n")[0].splitlines() if line.startswith(CPU_LINES)]
    return b"\n".join(lines) if any(line.startswith((b"flags", b"Features")) for line in lines) else b""


def load(name: str) -> bytes | None:
    """The object code of an entry, None if there is none that is whole."""
    place = folder()
    if not name or not trusted(place):
        return None
    path = os.path.join(place, name)
    try:
        with open(path, "rb") as file:
            data = file.read()
            used = os.fstat(file.fileno()).st_mtime
    except OSError:
        return None
    found = contents(name, data)
    if found is not None and time() - used > REFRESH:
        try:
            os.utime(path)
        except OSError:             # a folder that can only be read
            pass
    return found and found[1]


def store(name: str, obj: bytes, label: str = "") -> None:
    """Keep object code; `label` is for people who list the cache."""
    place = folder()
    if not name:
        return
    note = label.encode("utf-8", "replace")[:200]
    body = pack("<I", len(note)) + note + obj
    temporary = os.path.join(place, f"{name}.{os.getpid()}.{get_ident():x}")
    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
        if not trusted(place):
            return
        with open(temporary, "wb") as file:
            file.write(MAGIC + checksum(name, body) + body)
        os.replace(temporary, os.path.join(place, name))
    except OSError:
        remove(temporary)
    else:
        if name[:2] < SWEEP_BELOW:
            sweep()


def contents(name: str, data: bytes) -> tuple[str, bytes] | None:
    """(label, object code) of a file's bytes, None if they are not what was written for this key."""
    body = data[_HEADER:]
    if data[:len(MAGIC)] != MAGIC or len(body) < 4 or checksum(name, body) != data[len(MAGIC):_HEADER]:
        return None
    size, = unpack_from("<I", body)
    return body[4:4 + size].decode("utf-8", "replace"), body[4 + size:]


def checksum(name: str, body: bytes) -> bytes:
    """Eight bytes that tell whether an entry is whole, and that of this key."""
    return source_hash(_HASH_KEY, name.encode() + body)


def trusted(place: str) -> bool:
    """Whether only this user or root can have written there: what lies there will be run."""
    try:
        status = os.stat(place)
    except OSError:
        return False
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & 0o002


def entries() -> list[tuple[float, int, str]]:
    """(time of last use, bytes on disk, file name) of every file there, oldest first."""
    found = []
    try:
        with os.scandir(folder()) as files:
            for file in files:
                if _DIGITS.issuperset(file.name[:64]) and len(file.name) >= 64:
                    try:
                        status = file.stat(follow_symlinks=False)
                    except OSError:         # another process removed it
                        continue
                    found.append((status.st_mtime, max(status.st_size, 512 * status.st_blocks), file.name))
    except OSError:
        return []
    return sorted(found)


def sweep() -> None:
    """Remove what writers that died left, and the oldest entries if there are more bytes than the bound."""
    files = entries()
    excess = sum(size for _, size, _ in files)
    excess = excess - int(_bound * KEPT) if excess > _bound else 0
    place, now = folder(), time()
    for used, size, name in files:
        abandoned = len(name) > 64 and now - used > ABANDONED
        if excess > 0 or abandoned:
            remove(os.path.join(place, name))
            excess -= size


def listed() -> list[tuple[str, int, float, str]]:
    """(key, bytes, time of last use, label) of each whole entry, oldest first."""
    rows = []
    for used, size, name in entries():
        try:
            with open(os.path.join(folder(), name), "rb") as file:
                found = contents(name, file.read())
        except OSError:
            continue
        if found is not None:
            rows.append((name, size, used, found[0]))
    return rows


def clear() -> int:
    """Remove all entries; how many there were."""
    files = entries()
    for _, _, name in files:
        remove(os.path.join(folder(), name))
    return len(files)


def remove(path: str) -> None:
    """Remove a file if that is possible."""
    try:
        os.unlink(path)
    except OSError:
        pass
