"""The on-disk cache: found again, never wrong, never in the way."""
import os
import pathlib
import subprocess
import sys
import threading

import pytest

from firelang.bytecode import cache, translate

SOURCE = "def f(a):\n    class A:\n        x = a\n    return A.x + 1\ndef g(): return 2\n"


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A source file with a cache of its own."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    path = tmp_path / "tool.py"
    path.write_text(SOURCE)
    cache.configure()
    yield path
    cache.configure()


def compiled(path):
    """The file's code object."""
    return compile(path.read_text(), str(path), "exec", dont_inherit=True)


def use(path):
    """Ask for every program of a file as a new process would; the number found."""
    cache.configure()
    before = cache.hits
    codes = [compiled(path)]
    while codes:
        code = codes.pop()
        assert cache.program(code) == translate(code)
        codes += [constant for constant in code.co_consts if hasattr(constant, "co_code")]
    cache.flush()
    return cache.hits - before


def test_found_again(source):
    """What one run translated the next one finds, free variables' names included."""
    assert [use(source), use(source)] == [0, 4]
    assert os.listdir(source.parent / "__pycache__") == [f"tool.fire-{sys.implementation.cache_tag}.bin"]


def test_code_object(source):
    """The source's code object is kept, and follows the file to another path."""
    assert cache.load(str(source)) is None
    cache.store(str(source), compiled(source), os.stat(source))
    cache.flush()
    cache.configure()
    found = cache.load(str(source))
    assert found == compiled(source)
    assert found.co_consts[0].co_filename == str(source)
    other = os.path.join(source.parent, ".", "tool.py")
    cache.configure()
    assert cache.load(other).co_consts[0].co_filename == other


def test_code_of_a_changed_source(source):
    """A code object made from an older state of the file is not kept."""
    status = os.stat(source)
    source.write_text("x = 1\n")
    cache.store(str(source), compiled(source), status)
    cache.flush()
    cache.configure()
    assert cache.load(str(source)) is None


def test_stale(source):
    """A changed source starts a new file; programs of the old one are not taken."""
    use(source)
    source.write_text(SOURCE.replace("+ 1", "+ 22"))
    assert [use(source), use(source)] == [0, 4]


def test_same_time_and_size(source):
    """Even where time and size lie, a program is found by the function's own code."""
    use(source)
    status = os.stat(source)
    source.write_text(SOURCE.replace("+ 1", "- 1"))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert use(source) == 3


def test_damaged(source):
    """Cut or changed anywhere, the file counts as absent and is replaced."""
    use(source)
    target = cache.target_of(str(source))
    data = pathlib.Path(target).read_bytes()
    for damaged in (b"", data[:5], data[:-1], data[:40] + b"\0" + data[41:], b"x" * len(data), data + b"x"):
        with open(target, "wb") as file:
            file.write(damaged)
        assert [use(source), use(source)] == [0, 4]


def test_other_translator(source, monkeypatch):
    """Another version of the translator takes nothing of this one's."""
    use(source)
    monkeypatch.setattr(cache, "_stamp", ("other",))
    assert use(source) == 0


def test_nowhere_to_write(source, monkeypatch):
    """A folder that cannot be made, or bytecode writing switched off, is no error."""
    (source.parent / "__pycache__").write_text("a file")
    assert [use(source), use(source)] == [0, 0]
    os.unlink(source.parent / "__pycache__")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [use(source), use(source)] == [0, 0]
    assert os.listdir(source.parent) == ["tool.py"]


def test_switched_off(source):
    """`configure(enabled=False)` neither reads nor writes."""
    cache.configure(enabled=False)
    code = compiled(source)
    assert cache.program(code) == translate(code)
    cache.flush()
    assert os.listdir(source.parent) == ["tool.py"]


def test_places(source, monkeypatch, tmp_path):
    """`sys.pycache_prefix`, a folder of our own, files without .py, optimization levels."""
    tag = sys.implementation.cache_tag
    assert cache.target_of("/a/b.fire").startswith(f"/a/__pycache__/b.fire.fire-{tag}")
    assert cache.target_of("/a/b").startswith(f"/a/__pycache__/b.fire-{tag}")
    monkeypatch.setattr(sys, "pycache_prefix", "/prefix")
    assert cache.target_of("/a/b.py").startswith(f"/prefix/a/b.fire-{tag}")
    cache.configure(folder=str(tmp_path / "folder"))
    assert cache.target_of("/a/b.py") == str(tmp_path / "folder" / "a" / f"b.fire-{tag}.bin")
    program = "from firelang.bytecode import cache; print(cache.target_of('/a/b.py'))"
    command = [sys.executable, "-O", "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert printed == f"/a/__pycache__/b.fire-{tag}.opt-1.bin"


def test_without_a_file():
    """Code of no file is translated each time."""
    code = compile("1", "<string>", "exec")
    assert cache.program(code) == translate(code)


def test_merge_and_concurrent_writers(source):
    """What another process wrote meanwhile stays; many writers leave a whole file."""
    f, g = (constant for constant in compiled(source).co_consts if hasattr(constant, "co_code"))
    cache.configure()
    cache.program(f)
    first = dict(cache._entries)
    cache.configure()
    cache.program(g)
    cache.flush()
    cache._entries.update(first)
    cache.flush()
    cache.configure()
    before = cache.hits
    cache.program(f), cache.program(g)
    assert cache.hits == before + 2
    entries = []
    for _ in range(8):
        cache.configure()
        cache.program(compiled(source))
        entries += cache._entries.values()
    threads = [threading.Thread(target=entry.write) for entry in entries for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert use(source) == 3
    assert len(os.listdir(source.parent / "__pycache__")) == 1


def test_import_is_cheap():
    """Finding a program imports no part of the translator."""
    program = "import sys, firelang.bytecode.cache; print(*[n for n in sys.modules if 'bytecode.' in n])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    printed = " ".join(sorted(done.stdout.split()))
    assert printed.split() == ["firelang.bytecode.cache", "firelang.bytecode.program"]
