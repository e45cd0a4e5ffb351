"""Scripts as people write them (benchmarks/scripts) print on fire what they print on the host, compiled at once.

With FIRE_SLOW=1 they run three times as usual, too: the later runs begin with the code of earlier ones.
"""
import os

import pytest

from interpreters import FIRE, HOST, REPO, environment, run

SCRIPTS = sorted((REPO / "benchmarks" / "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_prints_what_the_host_prints(script, tmp_path):
    modes = [["--jit=eager"]] + 3 * [["--jit=on"]] * bool(os.environ.get("FIRE_SLOW"))
    expected = run(HOST, script, env=environment(PYTHONHASHSEED="0"))
    assert expected.status == 0 and expected.out
    for mode in modes:
        settings = {"FIRE_CACHE_DIR": str(tmp_path), "FIRE_JIT_LATER": "wait", "PYTHONHASHSEED": "0"}
        assert run(FIRE, *mode, script, env=environment(**settings)) == expected
