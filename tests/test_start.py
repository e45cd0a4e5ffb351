"""What a start costs: modules that no hello world may load, and memory.  Times are measured by benchmarks/.

    fire -c pass        loads neither LLVM nor argparse nor re, and at most 12 MB more than python3 -c pass
"""
import pytest
from interpreters import FIRE, HOST, is_host, run

HEAVY = {"argparse", "re", "typing", "dataclasses", "pathlib", "importlib.util", "inspect", "json",
         "subprocess", "runpy", "llvmlite", "llvmlite.binding", "numpy", "ctypes", "firelang.codegen",
         "firelang.embed"}
MORE_MEMORY = 12 * 1024         # KB
SHOW = """
import sys
print(*sys.modules)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def measured(command):
    """(names of loaded modules, peak memory in KB)."""
    lines = run(command, "-c", SHOW).out.splitlines()
    return set(lines[0].split()), int(lines[1])


@pytest.mark.skipif(is_host(FIRE), reason="FIRE_CMD names a plain host")
def test_a_start_is_light():
    run(FIRE, "-c", SHOW)                       # fills the caches
    host_modules, host_memory = measured(HOST)
    modules, memory = measured(FIRE)
    started_by_runpy = {"runpy", "importlib.util"} if "-m" in FIRE else set()
    assert not (modules - host_modules - started_by_runpy) & HEAVY
    assert memory - host_memory <= MORE_MEMORY


def test_core_from_an_object_file(tmp_path):
    """Without a C compiler the core is an object file, which LLVM loads."""
    program = """
import sys
from firelang.bytecode import translate
from firelang.codegen.build import assembly, compile_object
from firelang.vm.from_object import load
with open(sys.argv[1], "wb") as file: file.write(compile_object(assembly(), 1))
core = load(sys.argv[1])
core.set_translator(translate)
core.exec_code("print([i * i for i in range(5)])", {})
print(core.stats())
"""
    done = run(HOST, "-c", program, tmp_path / "core.o", timeout=300)
    assert done.out.startswith("[0, 1, 4, 9, 16]\n"), done.err
