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


def test_objects_of_the_jit(tmp_path):
    """What the JIT makes is in the permanent generation: the collector runs as often as without it."""
    script = tmp_path / "hot.py"
    script.write_text(textwrap.dedent("""
        import gc
        class Node:
            def __init__(self, rest): self.rest = rest
            def last(self): return self if self.rest is None else self.rest
        def build(n):
            kept = []
            for i in range(n):
                kept.append(Node(kept[-1] if kept else None).last())
            return kept
        for round in range(20): build(5000)
        print(gc.get_stats()[0]["collections"], len(gc.get_objects()) < 30000, gc.get_freeze_count() > 0)
    """))
    plain = run([*FIRE, "--jit=off"], script).out.split()
    hot = run([*FIRE, "--jit=eager"], script).out.split()
    assert abs(int(plain[0]) - int(hot[0])) <= 3 and hot[1:] == ["True", "True"]


def test_first_calls(tmp_path):
    """What is noted of a function when it is translated is not among the program's objects."""
    script = tmp_path / "calls.py"
    script.write_text(textwrap.dedent("""
        import gc
        class G:
            def __eq__(self, other): return True
        def warm(): return 1
        warm(), len(gc.get_objects())
        g = G()
        before = len(gc.get_objects())
        g == g
        print(len(gc.get_objects()) - before)
    """))
    run([*FIRE, "--jit=off"], script)           # its bytecode is on disk from now on
    assert run([*FIRE, "--jit=on"], script).out == run(HOST, script).out
