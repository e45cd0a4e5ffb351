"""The collector goes over all objects less often than the host's (vm/collector.py) and finds what lives its own way
(vm/cycles.py); what it finds is the same."""
import os
import textwrap

import pytest

from interpreters import FIRE, HOST, TESTS, is_host, run

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


SEEDS = range(1, 7 + int(os.environ.get("FIRE_FUZZ", "0")) // 100)


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_graphs(seed):
    """The same objects die in each collection; those that live are whole."""
    graphs = TESTS / "differential" / "graphs.py"
    wanted = run(HOST, graphs, str(seed)).out
    assert "[" in wanted
    for mode in ("off", "eager"):
        assert run([*FIRE, f"--jit={mode}"], graphs, str(seed)).out == wanted


WHO_FINDS = """
    import gc, sys
    class Node: pass
    class Watched(Node):
        def __del__(self): died.append(1)
    died = []
    def garbage(kind, n):
        for i in range(n):
            node = kind(); node.me = node
    {before}
    gc.collect(); old = gc.get_stats()
    garbage({kind}, 5000)
    new = gc.get_stats()
    print(new[0]["collected"] - old[0]["collected"] >= 4000, len(died) > 4000)
    print(gc.collect() < 1000)
"""


@pytest.mark.parametrize("kind, before", [
    ("Node", "pass"),                                       # cleared without the host
    ("Watched", "pass"),                                    # left to the host
    ("Node", "gc.callbacks.append(lambda *info: None)"),    # somebody looks: all is
])
def test_garbage_is_counted(tmp_path, kind, before):
    """Whoever breaks the cycles of garbage, the statistics are the host's."""
    script = tmp_path / "who.py"
    script.write_text(textwrap.dedent(WHO_FINDS.format(kind=kind, before=before)))
    assert run(FIRE, script).out == run(HOST, script).out == f"True {kind == 'Watched'}\nTrue\n"


def test_asked_for(tmp_path):
    """gc.collect() tells how much garbage there was, however much was made since."""
    script = tmp_path / "asked.py"
    script.write_text(textwrap.dedent("""
        import gc
        class Node: pass
        def garbage(n):
            for i in range(n):
                node = Node(); node.me = node
        gc.collect(); gc.disable()
        garbage(5000); print(gc.collect())
        garbage(3000); gc.enable(); print(gc.collect())
        gc.set_threshold(0); garbage(2000); print(gc.collect(0))
        gc.set_threshold(700); gc.set_debug(gc.DEBUG_SAVEALL)
        garbage(1000); print(gc.collect() + len(gc.garbage) > 1000, type(gc.garbage[0]).__name__)
    """))
    assert run(FIRE, script).out == run(HOST, script).out


def test_untracked(tmp_path):
    """Tuples and dicts that can be in no cycle are forgotten by the collector, as by the host's."""
    script = tmp_path / "untracked.py"
    script.write_text(textwrap.dedent("""
        import gc
        def shown():
            return [gc.is_tracked(o) for o in (nested, deep, holds, mixed, table, numbers)]
        gc.collect()
        nested, deep = (int("1"), (str(2), 3.5)), ((((int("7"),),),),)
        holds, mixed = ([1], 2), ("a", (1, []))
        table = {1: []}; table[1] = 2
        numbers = {}; numbers["x"] = (1, 2, int("5"))
        print(shown())
        for generation in 0, 1, 2, 2:
            gc.collect(generation); print(shown())
    """))
    assert run(FIRE, script).out == run(HOST, script).out


def test_callback_taken_away(tmp_path):
    """What lives is not lost if the collector's callback goes while it collects."""
    script = tmp_path / "away.py"
    script.write_text(textwrap.dedent("""
        import gc
        class Node: pass
        class Last(Node):
            def __del__(self):
                taken[:] = gc.callbacks
                gc.callbacks.clear()
        taken, kept = [], []
        for i in range(3000):
            node = Node(); node.me = node; kept.append(node)
        for round in range(3):
            last = Last(); last.me = last; del last
            gc.collect()
            gc.callbacks[:] = taken
        del kept[::2], node
        print(len(kept), gc.collect(), gc.collect())
    """))
    assert run(FIRE, script).out == run(HOST, script).out == "1500 1500 0\n"
