"""Random programs give on fire what they give on the host; the generator keeps its promises.

The long run is `python3 tests/differential/run.py --statements 1000000`; here FIRE_FUZZ says how many
programs run, FIRE_SEED which.
"""

import json
import os
import subprocess
import sys

import hypothesis
import hypothesis.strategies as st
import pytest

import interpreters

differential = interpreters.load("differential/run.py")
FIRST = int(os.environ.get("FIRE_SEED", "0"))
PROGRAMS = 150                                   # in a batch
BATCHES = -(-int(os.environ.get("FIRE_FUZZ", "450")) // PROGRAMS)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated_programs(batch):
    """A batch of programs without a difference; what differs is made small and shown."""
    first = FIRST + batch * PROGRAMS
    statements, found = differential.run_batch(range(first, first + PROGRAMS), 150, timeout=60)
    assert statements > PROGRAMS * 100
    if found:
        seed, program, kind, *_ = found[0]
        small = differential.minimize(program, kind)
        path = differential.write_report(seed, small, kind)
        pytest.fail(
            f"{len(found)} of {PROGRAMS} programs differ; seed {seed}, {kind}:\n{path.read_text()}",
            pytrace=False,
        )


COMPILED = {"eager": (), "stress": ("-X", "fire.jit_verify=1", "-X", "fire.jit_stress=3")}


@pytest.mark.skipif(interpreters.is_host(interpreters.FIRE), reason="the command under test is a plain CPython")
@pytest.mark.parametrize("how", COMPILED)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated_programs_compiled(batch, how, monkeypatch):
    """The same with everything compiled at once, and with every third guard made to fail."""
    monkeypatch.setattr(differential, "FIRE", [*interpreters.FIRE, "--jit=eager", *COMPILED[how]])
    first = FIRST + 10**6 + batch * PROGRAMS
    _, found = differential.run_batch(range(first, first + PROGRAMS), 150, timeout=120)
    if found:
        seed, program, kind, *_ = found[0]
        small = differential.minimize(program, kind)
        path = differential.write_report(seed, small, kind)
        pytest.fail(f"{len(found)} of {PROGRAMS} differ; seed {seed}, {kind}:\n{path.read_text()}", pytrace=False)


@pytest.mark.skipif(interpreters.is_host(interpreters.FIRE), reason="the command under test is a plain CPython")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated_programs_in_later_runs(batch):
    """Runs that take machine code of earlier ones, of the same programs and of changed ones."""
    import later

    first = FIRST + 2 * 10**6 + batch * later.BATCH
    found = later.run_batch(range(first, first + later.BATCH))
    if found:
        path = later.write_report(*found[0])
        pytest.fail(f"{len(found)} results differ:\n{path.read_text()}", pytrace=False)


def test_generator_is_deterministic():
    """A seed gives the same program in another process."""
    import generate

    code = "import generate, json; print(json.dumps([str(generate.program(s)) for s in range(5)]))"
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=differential.HERE,
        env=interpreters.environment(PYTHONHASHSEED=77),
    )
    assert json.loads(other.stdout) == [str(generate.program(seed)) for seed in range(5)]


@hypothesis.settings(max_examples=40, deadline=None, derandomize=True, database=None)
@hypothesis.given(seed=st.integers(10**6, 10**9), size=st.integers(5, 80))
def test_generated_programs_compile(seed, size):
    """Every program is valid syntax and has the statements it was asked for."""
    import generate

    program = generate.program(seed, size)
    assert differential.compiles(str(program))
    assert program.size() >= size


def test_minimizer_keeps_what_differs(monkeypatch):
    """The minimizer leaves only the statements that make the difference."""
    import generate

    program = generate.program(5)
    program.body.insert(
        20,
        generate.Statement(
            clauses=[("if True:", [generate.Statement("marker = 1"), generate.Statement("x = 2")])]
        ),
    )

    def results(command, sources, timeout):
        return [
            ["", "crash" if command is differential.FIRE and "marker = 1" in source else "", "", ""]
            for source in sources
        ]

    monkeypatch.setattr(differential, "results_of", results)
    small = differential.minimize(program, "crash")
    assert [str(line) for s in small.body for line in s.lines()] == ["marker = 1"]


NUMBERS = st.one_of(
    st.integers(),
    st.integers(2**62, 2**64),
    st.integers(-(2**64), -(2**62)),
    st.floats(),
    st.booleans(),
    st.sampled_from([2**63, -(2**63), 2**63 - 1, 0, -0.0]),
)
OPERATORS = ["+", "-", "*", "/", "//", "%", "&", "|", "^", "<", "<=", "==", "!=", ">", ">=", "is"]


def test_arithmetic(tmp_path):
    """Every operator over pairs hypothesis chooses, in functions that see many types, in one process."""
    pairs = []

    @hypothesis.settings(max_examples=400, deadline=None, derandomize=True, database=None)
    @hypothesis.given(a=NUMBERS, b=NUMBERS)
    def collect(a, b):
        pairs.append((a, b))

    collect()
    lines = ["inf, nan = float('inf'), float('nan')", f"PAIRS = {pairs!r}"]
    for number, sign in enumerate(OPERATORS):
        lines += [
            f"def op{number}(a, b):",
            "    try: return a " + sign + " b",
            "    except Exception as e: return type(e).__name__, str(e)",
            f"for a, b in PAIRS: print(a, '{sign}', b, repr(op{number}(a, b)) if '{sign}' != 'is' else "
            f"op{number}(a, a))",
        ]
    path = tmp_path / "arithmetic.py"
    path.write_text("import sys\nsys.set_int_max_str_digits(0)\n" + "\n".join(lines))
    host, fire = (interpreters.run(command, path) for command in (interpreters.HOST, interpreters.FIRE))
    assert fire.status == host.status == 0, fire.err
    wrong = [
        pair for pair in zip(host.out.splitlines(), fire.out.splitlines(), strict=True) if pair[0] != pair[1]
    ]
    assert not wrong, wrong[:10]
