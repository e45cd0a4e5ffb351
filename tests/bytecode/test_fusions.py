"""Each case of fusions.test: its listing, the verifier's verdict, its runs on the reference interpreter."""
import pathlib
import re

import golden_cases
import pytest
import reference

from firelang.bytecode import translate
from firelang.bytecode.dis import dis
from firelang.bytecode.verify import verify

CASES = golden_cases.parse(pathlib.Path(__file__).with_name("fusions.test"))


def codes(code):
    """A code object and those within, by qualified name."""
    found = {code.co_qualname: code}
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            found |= codes(constant)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    """The lines expected are there, those excluded are not, and the runs give what they say."""
    found = codes(compile(case.source, case.name, "exec", dont_inherit=True))
    listings = {}
    for name, code in found.items():
        program = translate(code)
        verify(code, program)
        listings[name] = [re.sub(r"^ *\d+: +\d* *", "", line) for line in dis(code, program).splitlines()]
    for name, pattern in case.bytecode.items():
        missing = golden_cases.find_fragment(pattern, listings[name])
        assert missing is None, f"no line `{missing}`:\n" + "\n".join(listings[name])
    for name, absent in case.absent.items():
        for word in absent:
            present = [line for line in listings[name] if golden_cases.matches(word, line)]
            assert not present, (word, listings[name])
    namespace = {"__name__": case.module, "__builtins__": __builtins__}
    reference.execute(compile(case.script(), case.name, "exec", dont_inherit=True), namespace)
    for kind, left, right in namespace.get("_golden_runs", ()):
        check_run(kind, left, right)


def check_run(kind, left, right):
    """One `[run]` line."""
    if kind == "raises":
        with pytest.raises(Exception) as caught:
            left()
        assert f"{type(caught.value).__name__}: {caught.value}" == right()
    else:
        assert left() == right()
