"""The allocators of a program (vm/memory.py): what asks for huge pages, and that memory goes back to the system."""
import textwrap

import pytest

from interpreters import FIRE, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython")
MEASURES = """
    def mib(wanted):
        # MiB of mappings that ask for huge pages, of resident memory
        asks = size = 0
        for line in open('/proc/self/smaps'):
            name, _, rest = line.partition(':')
            if name == 'Size': size = int(rest.split()[0])
            if name == 'VmFlags' and 'hg' in rest.split(): asks += size
        if wanted == 'asks': return asks >> 10
        return int(open('/proc/self/statm').read().split()[1]) >> 8
"""
OBJECTS = MEASURES + """
    before = mib('resident')
    for i in range(3):
        kept = [(i, str(i)) for i in range(500000)]
        full = mib('resident')
        asks = mib('asks')
        del kept
    print(full - before > 50, mib('resident') - before < 32, asks > 50)
"""
BLOCKS = MEASURES + """
    before = mib('asks')
    grown = []
    for i in range(3000000): grown.append(None)
    zeros = bytearray(20000000)
    lists = [[None] * 1000 for i in range(2000)]
    print(mib('asks') - before > 50)
    d = {i: i for i in range(1000000)}
    assert len(grown) == 3000000 and sum(zeros) == 0 and d[999999] == 999999
    del grown, zeros, lists, d
    print(mib('asks') < 60)
"""


def printed(tmp_path, program, *options):
    script = tmp_path / "memory.py"
    script.write_text(textwrap.dedent(program))
    result = run([*FIRE, *options], script)
    assert result.status == 0, result.err
    return result.out.split()


def test_arenas(tmp_path):
    """Many small objects lie in memory that asks for huge pages, and it is given back when they die.
    Without the JIT: in a first run LLVM's memory is resident too."""
    assert printed(tmp_path, OBJECTS, "--jit=off", "-X", "fire.huge_pages=always") == ["True", "True", "True"]


def test_blocks(tmp_path):
    """So do large blocks that grow and the heap of blocks between."""
    assert printed(tmp_path, BLOCKS, "-X", "fire.huge_pages=always") == ["True", "True"]


def test_switched_off(tmp_path):
    """Nothing asks where the setting, or the allocator, says so."""
    program = MEASURES + "    kept = [(i, str(i)) for i in range(500000)]\n    print(mib('asks'))\n"
    assert printed(tmp_path, program, "-X", "fire.huge_pages=off") == ["0"]
    assert printed(tmp_path, program, "-X", "dev") == ["0"]
