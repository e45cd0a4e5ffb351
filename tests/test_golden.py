"""Every golden case gives on fire what it gives on the host, runs on the VM and leaves nothing behind.

The cases of a topic run in one process per interpreter; golden_cases.py explains the notation,
golden_driver.py what happens in the process.  One pytest test per topic and mode; a failure lists every
case that differs.
"""

import functools
import importlib
import json
import os
import re
import shutil

import pytest

import golden_cases
from interpreters import FIRE, HOST, TESTS, environment, is_host, run, twin_count, twin_reasons

TOPICS = sorted(path.stem for path in golden_cases.GOLDEN.glob("*.test"))
ROUNDS = 2000 if os.environ.get("FIRE_SLOW") else 100
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


@functools.cache
def cases_of(topic):
    """The cases of a topic."""
    return golden_cases.parse(golden_cases.GOLDEN / f"{topic}.test")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with the driver and every case as a module beside it."""
    found = tmp_path_factory.mktemp("golden")
    shutil.copy(TESTS / "golden_driver.py", found)
    for topic in TOPICS:
        (found / topic).mkdir()
        shutil.copy(TESTS / "golden_driver.py", found / topic)
        for case in cases_of(topic):
            (found / topic / f"{case.module}.py").write_text(case.script() + "\n", encoding="utf-8")
    return found


def execute(command, cases, folder, *mode, timeout=120):
    """Events by case name, and fire's statistics; a case that ends the process gives {"died": ...}."""
    events, found, statistics = folder / "events", {}, []
    env = environment(
        PYTHONPYCACHEPREFIX=folder / f"pycache-{command is FIRE}"
    )  # a cached module warns no more
    waiting = list(cases)
    while waiting:
        events.unlink(missing_ok=True)
        (folder / "list").write_text("".join(f"{c.module} {folder / c.module}.py\n" for c in waiting))
        result = run(
            command,
            folder / "golden_driver.py",
            events,
            mode[0],
            folder / "list",
            *mode[1:],
            stats=True,
            timeout=timeout,
            cwd=folder,
            env=env,
        )
        statistics += [result.stats] if result.stats else []
        ended, begun = {}, None
        for line in events.read_text().splitlines() if events.exists() else ():
            event = json.loads(line)
            begun = event.get("start", begun)
            if "end" in event:
                ended[event["end"]] = event
        found.update(ended)
        waiting = [case for case in waiting if case.module not in ended]
        if waiting:
            died = waiting.pop(0)
            found[died.module] = {"died": f"status {result.status}, {result.err[-2000:]}"}
            if begun is None:
                found.update({case.module: found[died.module] for case in waiting})
                break
    return found, statistics


def first_difference(host, fire):
    """The first lines in which two texts differ."""
    ours, theirs = ADDRESS.sub("0x...", host).splitlines(), ADDRESS.sub("0x...", fire).splitlines()
    for number in range(max(len(ours), len(theirs))):
        pair = [lines[number] if number < len(lines) else "(nothing)" for lines in (ours, theirs)]
        if pair[0] != pair[1]:
            return f"line {number + 1}:\n        host {pair[0]}\n        fire {pair[1]}"
    return None


def differences(case, host, fire):
    """What is wrong with a case's two events, as lines."""
    if "died" in host or "died" in fire:
        yield from (
            f"{name} ended the process: {e['died']}"
            for name, e in (("host", host), ("fire", fire))
            if "died" in e
        )
        return
    for key, label in (("out", "output"), ("err", "stderr"), ("trace", "traceback")):
        found = first_difference(host[key], fire[key])
        if found:
            yield f"{label} {found}"
    if host["raised"] != fire["raised"]:
        yield f"raised on host {host['raised']}, on fire {fire['raised']}"
    wrong = list(unexpected(case, host, "the case is wrong, the host"))
    yield from wrong or unexpected(case, fire, "fire")


def unexpected(case, event, name):
    """Where one interpreter does not give what the case says."""
    for text, (_, found, expected, agree) in zip(case.runs, event["runs"], strict=False):
        if not agree:
            yield f"{name}: {text}: {found}, not {expected}"
    raised = event["raised"] and ": ".join(event["raised"]).rstrip(": ")
    if raised != case.raises:
        yield f"{name} raised {raised}, not {case.raises}\n{event['trace']}"
    if not event["raised"] and len(case.runs) != len(event["runs"]):
        yield f"{name}: {len(event['runs'])} of {len(case.runs)} runs"
    if case.output is not None and event["out"].rstrip("\n") != case.output:
        yield f"{name} {first_difference(case.output, event['out'].rstrip(chr(10)))}".replace(
            "host", "case", 1
        )


def report(problems):
    """Fail with all problems of a topic: {case: [lines]}."""
    problems = {case: lines for case, lines in problems.items() if lines}
    text = "".join(
        f"\n{case.topic}.test:{case.line} [{case.name}]\n" + "".join(f"    {line}\n" for line in lines)
        for case, lines in problems.items()
    )
    if problems:
        pytest.fail(f"{len(problems)} cases differ{text}", pytrace=False)


@pytest.mark.parametrize("mode", ["import", "exec"])
@pytest.mark.parametrize("topic", TOPICS)
def test_same_as_host(topic, mode, folder):
    """Output, exception, traceback and expected values of every case."""
    cases = cases_of(topic)
    host, _ = execute(HOST, cases, folder / topic, mode)
    fire, _ = execute(FIRE, cases, folder / topic, mode)
    found = {case: list(differences(case, host[case.module], fire[case.module])) for case in cases}
    for case in cases:
        if case.known and not is_host(FIRE):
            found[case] = [] if found[case] else [f"differs no more, take [known] out: {case.known}"]
    report(found)


INTERPRETER = FIRE if is_host(FIRE) else [*FIRE, "--jit=off"]      # test_compiled_leaves_nothing_behind has the JIT
STRESSED = {
    "eager": ["--jit=eager", "-X", "fire.jit_verify=1"],
    "stress": ["--jit=eager", "-X", "fire.jit_verify=1", "-X", "fire.jit_stress=3"],
}


OPTIMIZED, NUMERIC = ("-X", "fire.jit_level=2"), {"jit_fast_loops"}     # copies of loops are in optimized code alone


@pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
@pytest.mark.parametrize("how", STRESSED)
@pytest.mark.parametrize("topic", TOPICS)
def test_compiled(topic, how, folder):
    """The same with everything compiled at its second turn; `stress`: every third guard is made to fail."""
    cases = [case for case in cases_of(topic) if not case.known]
    host, _ = execute(HOST, cases, folder / topic, "exec")
    options = [*STRESSED[how], *(OPTIMIZED if topic in NUMERIC else ())]
    fire, statistics = execute([*FIRE, *options], cases, folder / topic, "exec")
    report({case: list(differences(case, host[case.module], fire[case.module])) for case in cases})
    assert sum(stats["traces"] for stats in statistics), "nothing was compiled"


LONG_IN_ORACLE = {"jit_builtins", "jit_fast_loops", "jit_iteration", "jit_strings"}        # half a minute each


@pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
@pytest.mark.parametrize("topic", [pytest.param(topic, marks=pytest.mark.slow) if topic in LONG_IN_ORACLE else topic
                                   for topic in TOPICS])
def test_in_the_oracle(topic, folder):
    """The same with the regions' IR run by the oracle: what it says is what machine code of it has to do."""
    cases = [case for case in cases_of(topic) if not case.known]
    host, _ = execute(HOST, cases, folder / topic, "exec")
    command = [*FIRE, "--jit=eager", "-X", "fire.jit_oracle=1", *(OPTIMIZED if topic in NUMERIC else ())]
    fire, statistics = execute(command, cases, folder / topic, "exec", timeout=300)
    report({case: list(differences(case, host[case.module], fire[case.module])) for case in cases})
    assert sum(stats["traces"] for stats in statistics), "nothing was compiled"


@pytest.mark.slow
@pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
@pytest.mark.parametrize("topic", TOPICS)
def test_compiled_leaves_nothing_behind(topic, folder):
    """As below, with everything compiled. Code that is made anew in each round stays: the JIT keeps what it
    compiled."""
    cases = [case for case in cases_of(topic) if not case.keeps and not MAKES_CODE.search(case.source)]
    balance([*FIRE, *STRESSED["eager"]], cases, folder / topic)


MAKES_CODE = re.compile(r"\b(exec|eval|compile|replace|namedtuple|dataclass|execfile|runpy|import_module)\(")


@pytest.mark.parametrize("topic", TOPICS)
def test_development_mode(topic, folder):
    """Under `-X dev`, whose allocator finds writes past a block's end, no case ends the process."""
    cases = cases_of(topic)
    fire, _ = execute([*FIRE, "-X", "dev"], cases, folder / topic, "exec")
    report({case: [event["died"]] if "died" in (event := fire[case.module]) else [] for case in cases})


@pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it has no host twin")
@pytest.mark.parametrize("topic", TOPICS)
def test_on_the_vm(topic, folder):
    """No function of a case runs on the host twin."""
    cases = [case for case in cases_of(topic) if not case.twin_ok]
    if not cases:
        pytest.skip("every case may run on the host twin")
    _, statistics = execute(FIRE, cases, folder / topic, "import")
    assert statistics, "fire printed no statistics"
    if not any(map(twin_count, statistics)):
        return
    guilty = {}
    for case in cases:
        for stats in execute(FIRE, [case], folder / topic, "import")[1]:
            if twin_count(stats):
                guilty[case] = [f"{twin_count(stats)} functions on the host twin: {twin_reasons(stats)}"]
    report(guilty)
    pytest.fail(f"functions on the host twin: {[twin_reasons(stats) for stats in statistics]}")


@pytest.mark.parametrize("topic", TOPICS)
def test_leaves_nothing_behind(topic, folder):
    """References, objects and memory blocks after many rounds of every case, beyond what the host leaves."""
    balance(INTERPRETER, [case for case in cases_of(topic) if not case.keeps], folder / topic)


def balance(command, cases, folder):
    """Fail if rounds of the cases leave more behind than on the host."""
    host, _ = execute(HOST, cases, folder, "leak", ROUNDS, timeout=300)
    fire, _ = execute(command, cases, folder, "leak", ROUNDS, timeout=300)
    problems = {}
    for case in cases:
        here, there = host[case.module], fire[case.module]
        if "died" in there:
            problems[case] = [f"ended the process: {there['died']}"]
            continue
        grown = {key: n for key, n in there["growth"].items() if n > here["growth"].get(key, 0) + ROUNDS // 2}
        problems[case] = [f"{key} grew by {n} in {ROUNDS} rounds" for key, n in grown.items()]
    report(problems)


LISTED = [case for topic in TOPICS for case in cases_of(topic) if case.bytecode]


@pytest.mark.parametrize("case", LISTED, ids=lambda case: case.name)
def test_bytecode(case):
    """The lines a case expects of `fire dev dis` are there, in order, and what it excludes is not."""
    bytecode = pytest.importorskip("firelang.bytecode", reason="firelang is not installed")
    dis = importlib.import_module("firelang.bytecode.dis").dis
    found = {}
    parts = [compile(case.source, case.name, "exec")]
    while parts:
        code = parts.pop()
        found[code.co_qualname] = [
            line.split(maxsplit=2)[-1] for line in dis(code, bytecode.translate(code)).splitlines()
        ]
        parts += [constant for constant in code.co_consts if hasattr(constant, "co_code")]
    for function, pattern in case.bytecode.items():
        listing = "\n".join(found[function])
        missing = golden_cases.find_fragment(pattern, found[function])
        assert missing is None, (
            f"{case.topic}.test:{case.line} {function} has no line `{missing}` there:\n{listing}"
        )
        present = [word for word in case.absent.get(function, ()) if find_words(word, found[function])]
        assert not present, f"{case.topic}.test:{case.line} {function} has {present}:\n{listing}"


def find_words(word, listing):
    """Whether a line begins with these words."""
    return any(golden_cases.matches(word, line) for line in listing)


def test_cases_are_many_and_named_once():
    """A case name is used once in a topic, and there are hundreds of cases."""
    names = [(topic, case.name) for topic in TOPICS for case in cases_of(topic)]
    assert len(set(names)) == len(names) >= 300
