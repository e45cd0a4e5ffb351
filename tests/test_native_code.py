"""The JIT's back end: LLVM text to machine code that runs, and the cache of object code.

    call(CHAIN, [c_long, c_long], c_long)(20, 1)      text -> assemble -> link -> ctypes -> a number
"""
import ctypes
import os
import subprocess
import sys
import threading
from ctypes import c_double, c_long, c_void_p

import pytest
from firelang import codegen
from firelang.codegen import arena, code_cache
from firelang.codegen.assemble import assemble
from firelang.codegen.elf import AARCH64, X86_64
from firelang.codegen.link import BadObject, LinkError, link
from firelang.codegen.llvm import LlvmError
from firelang.codegen.relocations import apply, needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ELF only")
LEVELS = (0, 1, 2, 3)
TABLES = """; tables
@consts = external hidden global [0 x i64]
@counters = external hidden global [0 x i64]
define i64 @entry(i64 %n) {
  %c = load i64, ptr getelementptr (i8, ptr @consts, i64 8)
  %old = load i64, ptr getelementptr (i8, ptr @counters, i64 16)
  %new = add i64 %old, %n
  store i64 %new, ptr getelementptr (i8, ptr @counters, i64 16)
  %sum = add i64 %new, %c
  ret i64 %sum
}
"""
LIBM = """
declare double @pow(double, double)
define double @entry(double %x, double %y) {
  %rest = frem double %x, %y
  %power = call double @pow(double %rest, double 2.5)
  %sum = fadd double %power, 0x3FB999999999999A
  ret double %sum
}
"""
CALLS = """
@consts = external hidden global [0 x i64]
@weights = internal constant [4 x i64] [i64 1, i64 10, i64 100, i64 1000]
@handlers = internal constant [2 x ptr] [ptr @twice, ptr @thrice]
define internal preserve_nonecc i64 @twice(i64 %n) noinline { %r = mul i64 %n, 2
  ret i64 %r }
define internal preserve_nonecc i64 @thrice(i64 %n) noinline { %r = mul i64 %n, 3
  ret i64 %r }
define i64 @other(i64 %n) { ret i64 7 }
define i64 @entry(i64 %n, i64 %i) {
  %place = getelementptr ptr, ptr @handlers, i64 %i
  %f = load ptr, ptr %place
  %r = call preserve_nonecc i64 %f(i64 %n)
  %w = getelementptr i64, ptr @weights, i64 %i
  %v = load i64, ptr %w
  %m = mul i64 %r, %v
  %g = load ptr, ptr @consts
  %s = call i64 %g(i64 %m)
  ret i64 %s
}
"""
ARRAY = """
define void @entry(ptr %a, ptr %out, i64 %n) {
start: br label %loop
loop:
  %i = phi i64 [0, %start], [%next, %body]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %body, label %done
body:
  %p = getelementptr double, ptr %a, i64 %i
  %x = load double, ptr %p
  %y = fmul double %x, %x
  %q = getelementptr double, ptr %out, i64 %i
  store double %y, ptr %q
  %next = add nsw i64 %i, 1
  br label %loop
done: ret void
}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path):
    """A cache of this test's own."""
    codegen.configure(folder=str(tmp_path / "cache"))
    yield tmp_path / "cache" / "machine-code"
    codegen.configure()


def call(code, arguments, result=c_long):
    return ctypes.CFUNCTYPE(result, *arguments)(code.entry)


@pytest.mark.parametrize("level", LEVELS)
def test_tables(level):
    code = link(assemble(TABLES, level), {"consts": [1, 1000], "counters": 3})
    assert [call(code, [c_long])(n) for n in (5, 6)] == [1005, 1011]
    assert (c_long * 3).from_address(code.tables["counters"])[:] == [0, 0, 11]
    (c_long * 2).from_address(code.tables["consts"])[1] = -1
    assert call(code, [c_long])(0) == 10
    code.free()
    code.free()


@pytest.mark.parametrize("level", LEVELS)
def test_functions_of_the_process_and_constants(level):
    code = link(assemble(LIBM, level), {})
    assert call(code, [c_double, c_double], c_double)(11.0, 7.0) == 4.0 ** 2.5 + 0.1
    code.free()


@pytest.mark.parametrize("level", LEVELS)
def test_calls_within_and_through_tables(level):
    negate = ctypes.CFUNCTYPE(c_long, c_long)(lambda n: -n)
    code = link(assemble(CALLS, level), {"consts": [ctypes.cast(negate, c_void_p).value]})
    assert [call(code, [c_long, c_long])(5, i) for i in (0, 1)] == [-10, -150]
    assert ctypes.CFUNCTYPE(c_long, c_long)(code.symbols["other"])(1) == 7
    code.free()


def test_array_loops_become_vector_code():
    if os.uname().machine != "x86_64":
        vectors = (".2d",)
    elif b" avx2 " in code_cache.cpu():
        vectors = ("ymm", "zmm")                # LLVM prefers 512 bits on some processors that have them
    else:
        vectors = ("mulpd",)

    def is_vector_code(level):
        return any(vector in assemble(ARRAY, level, "assembly").decode() for vector in vectors)
    assert not is_vector_code(1)
    for level in (2, 3):
        assert is_vector_code(level)
        code = link(assemble(ARRAY, level), {})
        numbers, out = (c_double * 103)(*range(103)), (c_double * 103)()
        call(code, [c_void_p, c_void_p, c_long], None)(ctypes.addressof(numbers), ctypes.addressof(out), 102)
        assert out[:] == [float(i * i) for i in range(102)] + [0.0]
        code.free()


def test_errors_are_exceptions():
    with pytest.raises(LlvmError, match="undefined value"):
        assemble("define i64 @entry() { ret i64 %nothing }")
    with pytest.raises(LlvmError, match="dominate"):
        assemble("define i64 @entry() { %b = add i64 %a, 1\n %a = add i64 1, 1\n ret i64 %b }")
    obj = assemble(TABLES, 1)
    with pytest.raises(LinkError, match="counters"):
        link(obj, {"consts": 2})
    missing = assemble("declare i64 @no_such_function()\n"
                       "define i64 @entry() { %r = call i64 @no_such_function()\n ret i64 %r }")
    with pytest.raises(LinkError, match="no_such_function"):
        link(missing, {})
    for damaged in (b"", b"#!/bin/sh\n" * 50, obj[:100], obj[:-40]):
        with pytest.raises(BadObject):
            link(damaged, {"consts": 2, "counters": 3})
    with pytest.raises(LinkError, match="not known"):
        needs(X86_64, 77)


def test_memory_is_never_writable_and_executable():
    codes = [link(assemble(TABLES, 1), {"consts": 2, "counters": 3}) for _ in range(5)]
    rights = {}
    with open("/proc/self/maps") as maps:
        for line in maps:
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            rights |= {code.entry: line.split()[1] for code in codes if low <= code.entry < high}
            rights |= {code.tables["consts"]: line.split()[1] for code in codes
                       if low <= code.tables["consts"] < high}
    assert {rights[code.entry] for code in codes} == {"r-xp"}
    assert {rights[code.tables["consts"]] for code in codes} == {"rw-p"}
    for code in codes:
        code.free()


def test_freed_memory_is_used_again():
    tables = {"consts": [1, 2], "counters": 1000}
    obj = assemble(TABLES, 1)
    kept = link(obj, tables)
    places = set()
    for _ in range(300):
        code = link(obj, tables)
        places.add((code.entry, code.tables["counters"]))
        assert call(code, [c_long])(1) == 3
        code.free()
    assert len(places) == 1
    large = link(obj, {"consts": [1, 2], "counters": 3 << 20})     # more than a chunk's share of data
    assert call(large, [c_long])(1) == 3
    large.free()
    kept.free()


def test_free_ranges_join():
    space = arena.Space(0, 1000, 10)
    places = [space.take(95) for _ in range(10)]
    assert places == list(range(0, 1000, 100)) and space.take(1) is None
    for place in (300, 100, 200):
        space.give_back(place, 95)
    assert space.free == [(100, 400)] and space.take(300) == 100


def test_threads_compile_at_the_same_time():
    wrong = []

    def work(number):
        for turn in range(8):
            code = codegen.compile_text(TABLES + f"; {number} {turn}", {"consts": [0, number], "counters": 3}, 2)
            if call(code, [c_long])(1) != number + 1:
                wrong.append(number)
            code.free()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert not wrong


@pytest.mark.parametrize("machine, kind, before, place, symbol, addend, after", [
    (X86_64, 2, 0, 0x1000A, 0x20000, -4, 0xFFF2),
    (X86_64, 11, 0, 0x10000, -8, 0, 0xFFFFFFF8),
    (AARCH64, 275, 0x90000000, 0x400123, 0x803456, 0, 0xF0002000),      # adrp x0: 0x403 pages on
    (AARCH64, 277, 0x91000000, 0x400000, 0x803456, 0, 0x91115800),      # add x0, x0, #0x456
    (AARCH64, 286, 0xF9400000, 0x400000, 0x803458, 0, 0xF9422C00),      # ldr x0, [x0, #0x458]
    (AARCH64, 283, 0x94000000, 0x400000, 0x3FFFF0, 0, 0x97FFFFFC),      # bl back by 16
    (AARCH64, 280, 0x54000000, 0x400000, 0x400010, 0, 0x54000080),      # b.eq on by 16
])
def test_relocations(machine, kind, before, place, symbol, addend, after):
    code = bytearray(before.to_bytes(4, "little"))
    apply(machine, code, 0, kind, place, symbol, addend, "x")
    assert int.from_bytes(code, "little") == after


@pytest.mark.parametrize("machine, kind, symbol", [
    (X86_64, 2, 1 << 33), (X86_64, 11, 1 << 31), (AARCH64, 283, 1 << 28), (AARCH64, 275, 1 << 34), (AARCH64, 286, 4)])
def test_out_of_reach(machine, kind, symbol):
    with pytest.raises(LinkError, match="out of reach"):
        apply(machine, bytearray(4), 0, kind, 0, symbol, 0, "x")


ONE_RUN = """
import ctypes, sys
from firelang import codegen
text = sys.argv[1]
code = codegen.compile_text(text, {"consts": [0, 50], "counters": 3}, 2)
print(ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(code.entry)(5), codegen.hits, codegen.misses,
      codegen.llvm_loaded, any(name.startswith("llvmlite") for name in sys.modules),
      any("libllvmlite" in line for line in open("/proc/self/maps")))
"""


def start(folder):
    """A process that compiles TABLES with the cache in `folder`."""
    environment = os.environ | {"FIRE_CACHE_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", ONE_RUN, TABLES], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def said(process):
    out, errors = process.communicate(timeout=120)
    assert not errors
    return out.split()


def test_a_hit_needs_no_llvm(tmp_path):
    assert said(start(tmp_path)) == ["55", "0", "1", "True", "False", "True"]
    assert said(start(tmp_path)) == ["55", "1", "0", "False", "False", "False"]


def test_two_processes_at_once(tmp_path):
    running = [start(tmp_path) for _ in range(4)]
    assert {said(process)[0] for process in running} == {"55"}
    assert len(os.listdir(tmp_path / "machine-code")) == 1
    assert said(start(tmp_path))[1] == "1"


def test_damaged_entries_are_ignored(cache):
    name = code_cache.key(TABLES, 2)
    whole = codegen.object_code(TABLES, 2)
    good = (cache / name).read_bytes()
    assert code_cache.load(name) == whole
    other = code_cache.key(TABLES, 3)
    damaged = [b"", good[:20], good[:-1], good + b"x", good[:60] + b"\0\1" + good[62:], b"x" + good]
    for content in damaged:
        (cache / name).write_bytes(content)
        assert code_cache.load(name) is None
    (cache / other).write_bytes(good)               # another key's
    assert code_cache.load(other) is None
    misses = codegen.misses
    codegen.object_code(TABLES, 2)
    assert codegen.misses == misses + 1 and code_cache.load(name) == whole


def test_a_folder_that_cannot_be_written(cache, monkeypatch):
    codegen.configure(folder="/proc/no/such/place")
    codegen.compile_text(TABLES, {"consts": 2, "counters": 3}).free()
    codegen.configure(folder=str(cache.parent))
    codegen.object_code(TABLES, 2)
    name = code_cache.key(TABLES, 2)
    os.utime(cache / name, (1, 1))

    def refuse(*_, **__):
        raise PermissionError

    for function in ("utime", "replace", "unlink", "makedirs"):
        monkeypatch.setattr(code_cache.os, function, refuse)
    assert code_cache.load(name)
    code_cache.store("0" * 64, b"object")
    assert code_cache.load("0" * 64) is None


def test_a_folder_others_can_write_to_is_not_trusted(cache):
    codegen.object_code(TABLES, 2)
    os.chmod(cache, 0o777)
    assert code_cache.load(code_cache.key(TABLES, 2)) is None


def test_size_is_bounded(cache):
    codegen.configure(folder=str(cache.parent), cache_bytes=40 * 4096)
    names = [f"{number:02x}" * 32 for number in range(8, 58)]
    for age, name in enumerate(names):
        code_cache.store(name, b"x" * 3000)
        os.utime(cache / name, (1e9 + age, 1e9 + age))
    assert code_cache.load(names[0])                # used just now, so kept
    abandoned = cache / (names[1] + ".1.2")
    abandoned.write_bytes(b"")
    os.utime(abandoned, (1e9, 1e9))
    code_cache.store("00" * 32, b"x" * 3000)        # such a key sweeps
    left = set(os.listdir(cache))
    assert {names[0], names[-1], "00" * 32} <= left and not {names[1], names[20], abandoned.name} & left
    assert 25 <= len(left) <= 30


def test_the_key_depends_on_all(monkeypatch):
    keys = {code_cache.key(TABLES, 2), code_cache.key(TABLES, 3), code_cache.key(TABLES + " ", 2)}
    monkeypatch.setattr(code_cache, "_identity", None)
    monkeypatch.setattr(code_cache, "cpu", lambda: b"flags: other")
    keys.add(code_cache.key(TABLES, 2))
    monkeypatch.setattr(code_cache, "_identity", None)
    monkeypatch.setattr(code_cache, "stamp", lambda path: (0, 0))
    assert len(keys | {code_cache.key(TABLES, 2)}) == 5
    monkeypatch.setattr(code_cache, "_identity", None)
    monkeypatch.setattr(code_cache, "cpu", lambda: b"")
    assert code_cache.key(TABLES, 2) == "" and code_cache.load("") is None


def test_dev_cache(cache):
    codegen.object_code(TABLES, 2)

    def dev(*arguments):
        return subprocess.run([sys.executable, "-m", "firelang", "dev", "cache", *arguments], text=True,
                              capture_output=True, env=os.environ | {
                                  "FIRE_CACHE_DIR": str(cache.parent), "PYTHONPATH": os.pathsep.join(sys.path)}).stdout

    listing = dev().splitlines()
    assert listing[0].endswith("tables (level 2)") and "1 entries" in listing[1]
    assert dev("--clear").endswith(": 1 removed\n")
    assert os.listdir(cache) == [] and "0 entries" in dev()


def test_perf_map(cache):
    codegen.configure(folder=str(cache.parent), perf_map=True)
    code = codegen.compile_text(TABLES, {"consts": 2, "counters": 3})
    path = f"/tmp/perf-{os.getpid()}.map"
    with open(path) as file:
        assert f"{code.start:x} {code.size:x} fire: tables\n" in file
    os.unlink(path)
    code.free()


@pytest.mark.parametrize("level", LEVELS)
def test_traces_end_in_a_jump(level):
    """What a trace is: a function of the VM's calling convention that jumps to where a table says."""
    text = """
@consts = external hidden global [0 x i64]
define preserve_nonecc void @entry(ptr %pc, ptr %regs, ptr %frame, ptr %table) {
  %v = load i64, ptr %regs
  %w = mul i64 %v, 3
  store i64 %w, ptr %regs
  %next = load ptr, ptr @consts
  musttail call preserve_nonecc void %next(ptr %pc, ptr %regs, ptr %frame, ptr %table)
  ret void
}
define preserve_nonecc void @next(ptr %pc, ptr %regs, ptr %frame, ptr %table) {
  store i64 99, ptr %pc
  call void @llvm.memset.p0.i64(ptr %frame, i8 1, i64 4096, i1 false)
  ret void
}
define void @run(ptr %pc, ptr %regs, ptr %frame, ptr %table) {
  call preserve_nonecc void @entry(ptr %pc, ptr %regs, ptr %frame, ptr %table)
  ret void
}
"""
    code = link(assemble(text, level), {"consts": 1})
    c_long.from_address(code.tables["consts"]).value = code.symbols["next"]
    state = (c_long * 520)(5, 6)
    place = ctypes.addressof(state)
    ctypes.CFUNCTYPE(None, *[c_void_p] * 4)(code.symbols["run"])(place + 8, place, place + 64, place)
    assert state[:2] == [15, 99] and state[8] == state[519] == 0x0101010101010101
    code.free()
