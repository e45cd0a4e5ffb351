"""The rules by which operations become simpler as they are written: one a line, with a name.

    %v9 = int_add_pair %v7, 1           with %v7 = load_u8 ...          sum_fits: there is no overflow to look at
    %v10 = pair_over %v9                ->  false                       and so no guard

`Folding.e` (folding.py), which the specializer writes all of its operations by, goes through this table. A row: the name,
the operation as it would be, what stands for it instead, and when. In a pattern `x y z` are any values (one
twice is the same twice), `K L` known ints, other words themselves; operations whose order does not matter have known ints
on the right. `when` gets the ranges (ranges.py) of x, y, z, K, L in the order they come in; a known int's is (K, K).
What stands for a `_pair` is the value that it has, and it does not overflow.

Laws:
1. A rule holds for all ints of 64 bits in the ranges that `when` allows: proved by z3 in tests/test_rules.py.
2. Each rule fires in a golden case (jit_rules.test), or a test fails: no rule that nobody needs.
3. Operations whose arguments are all known are folded by semantics.py, not by rules; not if they are Undefined.
4. There are no rules for floats. x + 0.0 is not x (-0.0 + 0.0 is 0.0); x * 0.0 is not 0.0 (nan, inf, -0.0); x - x,
   x / x and x == x are not 0.0, 1.0 and true (nan, inf); x * 1.0 and x - 0.0 are x but for a signalling nan;
   -(x - y) is not y - x (0.0); (x + y) + z is not x + (y + z); x / y is not x * (1 / y).
"""
from __future__ import annotations

from .semantics import MAX, MIN


NOTHING = ("", ())
LETTERS = set("abcdefghijklmnopqrstuvwxyz")     # of patterns: any value


class Rule:
    """One row, its patterns as nested tuples."""

    __slots__ = ("name", "before", "after", "when")

    def __init__(self, name: str, before: str, after: str, when=None):
        self.name, self.before, self.after, self.when = name, read(before), read(after), when

    def fits(self, args, made: dict, ranges) -> dict | None:
        """What the letters of the pattern stand for, if the rule applies. `made`: the operations that
        values are made by; `ranges`: gives a value's range."""
        found: dict[str, str] = {}
        for pattern, arg in zip(self.before[1:], args):
            if not fit(pattern, arg, made, found):
                return None
        if self.when is not None and not self.when(*map(ranges, found.values())):
            return None
        return found


def fit(pattern, arg: str, made: dict, found: dict[str, str]) -> bool:
    """Whether a value is what a part of a pattern says; notes what the letters stand for."""
    if type(pattern) is tuple:
        name, args = made.get(arg, NOTHING)
        return name == pattern[0] and all(fit(*pair, made, found) for pair in zip(pattern[1:], args))
    if len(pattern) > 1 or not pattern.isalpha():
        return pattern == arg
    if pattern.isupper() and arg[0] == "%":
        return False
    return found.setdefault(pattern, arg) == arg


def read(text: str):
    """`int_add (int_and x K) 0` -> ("int_add", ("int_and", "x", "K"), "0")"""
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    found = group(words)
    return found if len(found) > 1 else found[0]


def group(words: list[str]) -> tuple:
    """What comes until a parenthesis closes."""
    found: list = []
    while words:
        word = words.pop(0)
        if word == ")":
            break
        found.append(group(words) if word == "(" else word)
    return tuple(found)


def bits(a) -> int:
    """How many bits a number of this range has at most, but for its sign."""
    return max(abs(a[0]), abs(a[1])).bit_length()


COMMUTATIVE = {"int_add", "int_mul", "int_and", "int_or", "int_xor", "int_add_pair", "int_mul_pair", "int_eq", "int_ne",
               "bool_and", "bool_or", "bool_xor"}
RULES = [
    #    name                  before                       after                    when
    Rule("mul_one_checked",    "int_mul_pair x 1",          "x"),
    Rule("mul_zero_checked",   "int_mul_pair x 0",          "0"),
    Rule("sub_itself_checked", "int_sub_pair x x",          "0"),
    Rule("sum_fits",           "int_add_pair x y",          "int_add x y",           lambda x, y: (x[0] + y[0] >= MIN) & (x[1] + y[1] <= MAX)),
    Rule("difference_fits",    "int_sub_pair x y",          "int_sub x y",           lambda x, y: (x[0] - y[1] >= MIN) & (x[1] - y[0] <= MAX)),
    Rule("product_fits",       "int_mul_pair x y",          "int_mul x y",           lambda x, y: bits(x) + bits(y) < 64),
    Rule("add_zero",           "int_add x 0",               "x"),
    Rule("add_twice",          "int_add (int_add x K) L",   "int_add x (int_add K L)"),
    Rule("sub_zero",           "int_sub x 0",               "x"),
    Rule("mul_one",            "int_mul x 1",               "x"),
    Rule("and_ones",           "int_and x -1",              "x"),
    Rule("and_zero",           "int_and x 0",               "0"),
    Rule("and_itself",         "int_and x x",               "x"),
    Rule("and_twice",          "int_and (int_and x K) L",   "int_and x (int_and K L)"),
    Rule("mask_fits",          "int_and x K",               "x",                     lambda x, K: is_mask(K[0]) and (x[0] >= 0) & (x[1] <= K[0])),
    Rule("or_zero",            "int_or x 0",                "x"),
    Rule("or_itself",          "int_or x x",                "x"),
    Rule("xor_zero",           "int_xor x 0",               "x"),
    Rule("xor_itself",         "int_xor x x",               "0"),
    Rule("xor_twice",          "int_xor (int_xor x y) y",   "x"),
    Rule("shl_zero",           "int_shl x 0",               "x"),
    Rule("shr_zero",           "int_shr x 0",               "x"),
    Rule("shl_fits",           "int_shr (int_shl x K) K",   "x",                     lambda x, K: bits(x) + K[0] < 64),
    Rule("lt_itself",          "int_lt x x",                "false"),
    Rule("le_itself",          "int_le x x",                "true"),
    Rule("gt_itself",          "int_gt x x",                "false"),
    Rule("ge_itself",          "int_ge x x",                "true"),
    Rule("eq_itself",          "int_eq x x",                "true"),
    Rule("ne_itself",          "int_ne x x",                "false"),
    Rule("lt_always",          "int_lt x y",                "true",                  lambda x, y: x[1] < y[0]),
    Rule("lt_never",           "int_lt x y",                "false",                 lambda x, y: x[0] >= y[1]),
    Rule("le_always",          "int_le x y",                "true",                  lambda x, y: x[1] <= y[0]),
    Rule("le_never",           "int_le x y",                "false",                 lambda x, y: x[0] > y[1]),
    Rule("gt_always",          "int_gt x y",                "true",                  lambda x, y: x[0] > y[1]),
    Rule("gt_never",           "int_gt x y",                "false",                 lambda x, y: x[1] <= y[0]),
    Rule("ge_always",          "int_ge x y",                "true",                  lambda x, y: x[0] >= y[1]),
    Rule("ge_never",           "int_ge x y",                "false",                 lambda x, y: x[1] < y[0]),
    Rule("ult_always",         "int_ult x y",               "true",                  lambda x, y: (x[0] >= 0) & (x[1] < y[0])),
    Rule("eq_never",           "int_eq x y",                "false",                 lambda x, y: (x[1] < y[0]) | (x[0] > y[1])),
    Rule("ne_always",          "int_ne x y",                "true",                  lambda x, y: (x[1] < y[0]) | (x[0] > y[1])),
    Rule("truth_of_bool",      "int_ne (bool_to_int c) 0",  "c"),
    Rule("select_false",       "int_select false x y",      "y"),
    Rule("and_true",           "bool_and c true",           "c"),
    Rule("and_false",          "bool_and c false",          "false"),
    Rule("or_true",            "bool_or c true",            "true"),
    Rule("or_false",           "bool_or c false",           "c"),
    Rule("not_twice",          "bool_not (bool_not c)",     "c"),
]
BY_OP: dict[str, list[Rule]] = {}
for _rule in RULES:
    BY_OP.setdefault(_rule.before[0], []).append(_rule)
OF_UNKNOWN = {name: [rule for rule in rules if all(type(part) is tuple or part in LETTERS for part in rule.before[1:])]
              for name, rules in BY_OP.items()}             # those that may fit where no argument is known


def is_mask(number: int) -> bool:
    """Whether a number is one less than a power of two."""
    return number & number + 1 == 0
