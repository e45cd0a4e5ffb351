"""The collector goes over all objects less often than the host's (vm/collector.py); what it finds is the same."""
import textwrap

import pytest

from interpreters import FIRE, HOST, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython")
BUILDS = """
    import gc
    class Node: pass
    kept = []
    for i in range(200000):
        node = Node(); node.self = node
        kept.append(node)
    times = gc.get_stats()[2]["collections"]
    del kept, node
    print(gc.get_threshold(), gc.collect() > 100000, gc.garbage)
    print(times)
"""


@pytest.fixture
def counts(tmp_path):
    """Runs the program: (what it prints, how often all objects were gone over)."""
    script = tmp_path / "builds.py"
    script.write_text(textwrap.dedent(BUILDS))

    def counted(command):
        lines = run(command, script).out.splitlines()
        return lines[:-1], int(lines[-1])
    return counted


def test_fewer_collections(counts):
    """The same is found; all objects are gone over less often."""
    host, fire = counts(HOST), counts(FIRE)
    assert fire[0] == host[0] and 0 < fire[1] < host[1]


def test_as_the_host(counts):
    """With a growth of 25% it is as often."""
    assert abs(counts([*FIRE, "-X", "fire.gc_growth=25"])[1] - counts(HOST)[1]) <= 1
