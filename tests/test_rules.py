"""The rules of ir/rules.py: each is right for all ints of 64 bits, by z3; each fires; none is for floats.

    proved(Rule("add_zero", "int_add x 0", "x"))        no x for which the sides differ
"""
import random
import re
import textwrap

import pytest

import golden_cases
from interpreters import FIRE, HOST, is_host, run

rules = pytest.importorskip("firelang.ir.rules", reason="firelang is not installed")

from firelang.ir import folding, ranges  # noqa: E402
from firelang.ir.function import Function  # noqa: E402
from firelang.ir.ops import OPS  # noqa: E402
from firelang.ir.semantics import MAX, MEANING, MIN, Undefined  # noqa: E402

WIDE = 8            # bits more than 64: the bounds of ranges are added without wrapping round


def z3_ops(z3):
    """What the operations of the rules mean to z3, a second time and in other words than semantics.py."""
    def pair(function):
        def made(a, b):
            far = function(z3.SignExt(64, a), z3.SignExt(64, b))
            return function(a, b), far != z3.SignExt(64, function(a, b))
        return made
    return {
        "int_add": lambda a, b: a + b, "int_sub": lambda a, b: a - b, "int_mul": lambda a, b: a * b,
        "int_and": lambda a, b: a & b, "int_or": lambda a, b: a | b, "int_xor": lambda a, b: a ^ b,
        "int_add_pair": pair(lambda a, b: a + b), "int_sub_pair": pair(lambda a, b: a - b),
        "int_mul_pair": pair(lambda a, b: a * b),
        "int_shl": lambda a, b: a << b, "int_shr": lambda a, b: a >> b,
        "int_lt": lambda a, b: a < b, "int_le": lambda a, b: a <= b, "int_gt": lambda a, b: a > b,
        "int_ge": lambda a, b: a >= b, "int_eq": lambda a, b: a == b, "int_ne": lambda a, b: a != b,
        "int_ult": z3.ULT, "int_select": z3.If, "bool_to_int": lambda a: z3.If(a, one(z3), one(z3) - 1),
        "bool_not": z3.Not, "bool_and": z3.And, "bool_or": z3.Or, "bool_xor": z3.Xor,
    }


def one(z3):
    return z3.BitVecVal(1, 64)


def letters(pattern):
    """The letters of a pattern in the order they come in."""
    found = []
    for part in pattern[1:] if type(pattern) is tuple else (pattern,):
        found += letters(part) if type(part) is tuple else [part] if len(part) == 1 and part.isalpha() else []
    return list(dict.fromkeys(found))


def value_of(z3, pattern, names, ops):
    """A side of a rule as z3 has it."""
    if type(pattern) is tuple:
        return ops[pattern[0]](*(value_of(z3, part, names, ops) for part in pattern[1:]))
    if pattern in names:
        return names[pattern]
    return z3.BoolVal(pattern == "true") if pattern in ("true", "false") else z3.BitVecVal(int(pattern), 64)


def widest(size):
    """The widest range of numbers of so many bits."""
    return max(-(1 << size), MIN) if size == 64 else 1 - (1 << size), min((1 << size) - 1, MAX)


def bounds_of(rule, z3):
    """For each way to look at a rule: the ranges of its letters, concrete where `when` calculates with bits."""
    names = letters(rule.before)
    if rule.name in ("product_fits", "shl_fits"):
        other = widest if rule.name == "product_fits" else lambda size: (size, size)
        for size in range(65):
            for more in range(64 if rule.name == "shl_fits" else 65):
                bounds = dict(zip(names, (widest(size), other(more))))
                if rule.when(*bounds.values()) and not rule.when(widest(size), other(more + 1)):
                    yield bounds        # less is true if the most is
        return
    if rule.name == "mask_fits":
        for size in range(64):
            number = (1 << size) - 1
            yield {"x": (0, number), "K": (number, number)}
        return
    yield {name: tuple(z3.SignExt(WIDE, z3.BitVec(f"{end}_{name}", 64)) for end in ("low", "high")) for name in names}


def proved(rule):
    """Nothing if the sides of a rule are the same for all values, else such values."""
    import z3
    if rule.name == "product_fits":
        return product_proved(rule, z3)
    ops = z3_ops(z3)
    names = {name: z3.Bool(name) if name == "c" else z3.BitVec(name, 64) for name in letters(rule.before)}
    before, after = (value_of(z3, side, names, ops) for side in (rule.before, rule.after))
    wanted = [before == after] if type(before) is not tuple else [before[0] == after, z3.Not(before[1])]
    ways = 0
    for bounds in bounds_of(rule, z3):
        ways += 1
        solver = z3.Solver()
        solver.set("timeout", 120000)
        for name, (low, high) in bounds.items():
            if name == "c":
                continue
            wide = z3.SignExt(WIDE, names[name])
            solver.add(wide >= low, wide <= high)
            if name.isupper():
                solver.add(wide == low, wide == high)
            if name == "K" and rule.name == "shl_fits":
                solver.add(low >= 0, low < 64)
        if rule.when is not None and ways == 1 and rule.name not in ("product_fits", "shl_fits", "mask_fits"):
            solver.add(rule.when(*bounds.values()))
        solver.add(z3.Not(z3.And(*wanted)))
        verdict = solver.check()
        assert verdict == z3.unsat, (rule.name, bounds, verdict, solver.model() if verdict == z3.sat else "")
    assert ways


def product_proved(rule, z3):
    """No product of numbers with so many bits leaves 64; of reals even, which z3 multiplies at once."""
    a, b = z3.Reals("a b")
    for bounds in bounds_of(rule, z3):
        (low, high), (least, most) = bounds.values()
        solver = z3.Solver()
        solver.add(a >= low, a <= high, b >= least, b <= most, z3.Or(a * b > MAX, a * b < MIN))
        assert solver.check() == z3.unsat, bounds


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
def test_rule_is_proved(rule):
    pytest.importorskip("z3")
    proved(rule)


WRONG = [rules.Rule("add_zero", "int_add x 0", "0"), rules.Rule("sum_fits", "int_add_pair x y", "int_add x y"),
         rules.Rule("lt_always", "int_lt x y", "true", lambda x, y: x[1] <= y[0]),
         rules.Rule("product_fits", "int_mul_pair x y", "int_mul x y", lambda x, y: rules.bits(x) + rules.bits(y) < 65),
         rules.Rule("shl_fits", "int_shr (int_shl x K) K", "x", lambda x, K: rules.bits(x) + K[0] < 65),
         rules.Rule("ult_always", "int_ult x y", "true", lambda x, y: x[1] < y[0])]


@pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.name)
def test_wrong_rules_are_found(rule):
    """The proof says no where it should."""
    pytest.importorskip("z3")
    with pytest.raises(AssertionError):
        proved(rule)


def test_order_does_not_matter():
    """Of operations that rules have with known ints on the right."""
    z3 = pytest.importorskip("z3")
    ops = z3_ops(z3)
    for name in rules.COMMUTATIVE:
        sort = z3.Bool if OPS[name].args[0] == "b" else lambda name: z3.BitVec(name, 64)
        a, b = sort("a"), sort("b")
        left, right = ops[name](a, b), ops[name](b, a)
        same = left == right if type(left) is not tuple else z3.And(left[0] == right[0], left[1] == right[1])
        solver = z3.Solver()
        solver.add(z3.Not(same))
        if name == "int_mul_pair":          # both sides are one product, which z3 would multiply out
            assert str(z3.simplify(left[0])) == str(z3.simplify(right[0]))
            continue
        assert solver.check() == z3.unsat, name


EDGES = [0, 1, -1, 2, 7, 63, 64, 255, -256, 1 << 31, -1 << 31, (1 << 60) - 1, 1 << 62, MAX - 1, MAX, MIN, MIN + 1]


def meant(name, args):
    """What semantics.py says, or None where there is no result."""
    try:
        return MEANING[name](*args)
    except Undefined:
        return None


def test_meaning_is_that_of_the_proofs():
    """z3 calculates what semantics.py does, so that what was proved is said of what is folded."""
    z3 = pytest.importorskip("z3")
    made = random.Random(1)
    for name, op in z3_ops(z3).items():
        for _ in range(60):
            args = [made.random() < 0.5 if kind == "b" else made.choice([*EDGES, made.getrandbits(64) + MIN])
                    for kind in OPS[name].args]
            wanted = meant(name, args)
            if wanted is None:
                continue
            values = [z3.BoolVal(arg) if type(arg) is bool else z3.BitVecVal(arg, 64) for arg in args]
            found = op(*values)
            found = [z3.simplify(part) for part in (found if type(found) is tuple else (found,))]
            found = [part.as_signed_long() if z3.is_bv(part) else z3.is_true(part) for part in found]
            assert found == list(wanted) if type(wanted) is tuple else found == [wanted], (name, args)


def test_ranges_hold():
    """Results of operations on numbers in their ranges are in the range that ranges.py gives."""
    made = random.Random(2)

    def number():
        return made.choice([*EDGES, made.getrandbits(made.randrange(1, 65)) - made.choice((0, 1 << 63))])

    for name in ranges.RANGES:
        if name not in MEANING:
            continue                # loads: tests/test_oracle.py
        for _ in range(4000):
            bounds, args = [], []
            for kind in OPS[name].args:
                low, high = sorted((max(min(number(), MAX), MIN), max(min(number(), MAX), MIN)))
                if made.random() < 0.3:
                    high = low
                bounds.append((low, high))
                args.append(made.random() < 0.5 if kind == "b" else made.choice((low, high, made.randint(low, high))))
            wanted = meant(name, args)
            low, high = ranges.RANGES[name](*bounds)
            assert MIN <= low <= high <= MAX
            assert wanted is None or low <= wanted <= high, (name, bounds, args)
            base = name + "_pair"
            if base in MEANING and not MEANING[base](*args)[1]:
                low, high = ranges.of_sum(name, *bounds)
                assert low <= wanted <= high, (name, bounds, args)


class Writer(folding.Folding):
    """A builder without the machine's state."""

    def __init__(self):
        super().__init__()
        self.function = Function("written")
        self.block = self.function.block()


LOADS = [(name, "%frame", (8, 3)) for name in ("load_u8", "load_i64", "load_f64")]
ONE = "0x3FF0000000000000"
WRITTEN = [
    # with %v1 an int of 8 bits, %v2 any int, %v3 a float
    (("int_add", "%v2", "0"), "%v2", []),
    (("int_add", "0", "%v2"), "%v2", []),
    (("int_add", "2", "3"), "5", []),
    (("int_add", str(MAX), "1"), str(MIN), []),
    (("int_shl", "1", "64"), "%v4", ["%v4 = int_shl 1, 64"]),
    (("int_sdiv", "7", "0"), "%v4", ["%v4 = int_sdiv 7, 0"]),
    (("int_lt", "%v1", "256"), "true", []),
    (("int_lt", "%v1", "255"), "%v4", ["%v4 = int_lt %v1, 255"]),
    (("int_add_pair", "%v2", "1"), "%v4", ["%v4 = int_add_pair %v2, 1"]),
    (("int_add_pair", str(MAX), "1"), "%v4", [f"%v4 = int_add_pair {MAX}, 1"]),
    (("int_add_pair", "%v1", "1"), "%v5", ["%v4 = int_add %v1, 1"]),
    (("float_add", "%v3", "0x0000000000000000"), "%v4", ["%v4 = float_add %v3, 0x0000000000000000"]),
    (("float_add", ONE, ONE), "%v4", [f"%v4 = float_add {ONE}, {ONE}"]),
    (("float_sub", "%v3", "%v3"), "%v4", ["%v4 = float_sub %v3, %v3"]),
    (("float_mul", "%v3", "0x0000000000000000"), "%v4", ["%v4 = float_mul %v3, 0x0000000000000000"]),
    (("float_mul", "%v3", "0x3FF0000000000000"), "%v4", ["%v4 = float_mul %v3, 0x3FF0000000000000"]),
    (("float_div", "%v3", "%v3"), "%v4", ["%v4 = float_div %v3, %v3"]),
    (("float_eq", "%v3", "%v3"), "%v4", ["%v4 = float_eq %v3, %v3"]),
    (("float_le", "%v3", "%v3"), "%v4", ["%v4 = float_le %v3, %v3"]),
    (("float_select", "true", "%v3", "%v3"), "%v4", ["%v4 = float_select true, %v3, %v3"]),
]


@pytest.mark.parametrize("operation, value, lines", WRITTEN, ids=[" ".join(row[0]) for row in WRITTEN])
def test_written(operation, value, lines):
    """What comes of an operation: the value, and what is written for it."""
    writer = Writer()
    for name, base, x in LOADS:
        writer.e(name, base, x=x)
    assert writer.e(*operation) == value
    writer.block.end = ("return",)
    assert [line.strip() for line in writer.function.show().splitlines()][4:-1] == lines


def test_no_rule_is_for_floats():
    for rule in rules.RULES:
        assert "f" not in OPS[rule.before[0]].args + OPS[rule.before[0]].result
    assert not any("f" in OPS[name].args + OPS[name].result for name in folding.FOLDED)


@pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it compiles nothing")
def test_every_rule_fires(tmp_path):
    """In the cases of jit_rules.test: a rule that does not is nobody's."""
    fired = set()
    for case in golden_cases.parse(golden_cases.GOLDEN / "jit_rules.test"):
        script = tmp_path / f"{case.name}.py"
        script.write_text(textwrap.dedent(case.source))
        done = run([*FIRE, "--jit=eager", "-X", "fire.jit_log=1", "-X", "fire.jit_verify=1"], script)
        assert (done.status, done.out) == (0, run(HOST, script).out)
        for line in done.err.splitlines():
            if line.startswith("jit: rules of "):
                fired.update(re.findall(r"(\w+)=\d", line))
    assert {rule.name for rule in rules.RULES} | {folding.KNOWN} == fired
