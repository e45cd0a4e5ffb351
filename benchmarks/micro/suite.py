"""The micro benchmarks: one operation of the language each, timed by pyperf.

Run through benchmarks/micro/run.py, which names the interpreter under test. A function takes the number of
loops and returns elapsed seconds; its loop holds INNER copies of the operation, so the loop weighs little.
Results are used, but a compiler may still see through a loop: read these as bounds, judge by programs/.
"""
import os
from time import perf_counter

import pyperf

INNER = 5
LIMIT = 7


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def moved(self, by):
        return self.x + by

    @property
    def twice(self):
        return self.y


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


def identity(value):
    return value


def with_keywords(a, b=2, *, c=3):
    return c


def counted(n):
    for i in range(n):
        yield i


def for_range(loops):
    start = perf_counter()
    total = 0
    for i in range(loops * INNER):
        total += i
    return perf_counter() - start


def attribute_get(loops):
    point, total = Point(1, 2), 0
    start = perf_counter()
    for _ in range(loops):
        total += point.x
        total += point.y
        total += point.x
        total += point.y
        total += point.x
    return perf_counter() - start


def attribute_set(loops):
    point = Point(1, 2)
    start = perf_counter()
    for i in range(loops):
        point.x = i
        point.y = i
        point.x = i
        point.y = i
        point.x = i
    return perf_counter() - start


def slot_get(loops):
    thing, total = Slotted(3), 0
    start = perf_counter()
    for _ in range(loops):
        total += thing.x
        total += thing.x
        total += thing.x
        total += thing.x
        total += thing.x
    return perf_counter() - start


def property_get(loops):
    point, total = Point(1, 2), 0
    start = perf_counter()
    for _ in range(loops):
        total += point.twice
        total += point.twice
        total += point.twice
        total += point.twice
        total += point.twice
    return perf_counter() - start


def global_load(loops):
    total = 0
    start = perf_counter()
    for _ in range(loops):
        total += LIMIT
        total += LIMIT
        total += LIMIT
        total += LIMIT
        total += LIMIT
    return perf_counter() - start


def call_function(loops):
    value = 0
    start = perf_counter()
    for i in range(loops):
        value = identity(i)
        value = identity(value)
        value = identity(value)
        value = identity(value)
        value = identity(value)
    return perf_counter() - start


def call_keywords(loops):
    value = 0
    start = perf_counter()
    for i in range(loops):
        value = with_keywords(i, c=value)
        value = with_keywords(i, b=i)
        value = with_keywords(i, c=value)
        value = with_keywords(i, b=i)
        value = with_keywords(i, c=value)
    return perf_counter() - start


def call_method(loops):
    point, value = Point(1, 2), 0
    start = perf_counter()
    for i in range(loops):
        value = point.moved(i)
        value = point.moved(value)
        value = point.moved(value)
        value = point.moved(value)
        value = point.moved(value)
    return perf_counter() - start


def call_builtin(loops):
    items, total = [1, 2, 3], 0
    start = perf_counter()
    for _ in range(loops):
        total += len(items)
        total += len(items)
        total += len(items)
        total += len(items)
        total += len(items)
    return perf_counter() - start


def make_object(loops):
    point = None
    start = perf_counter()
    for i in range(loops):
        point = Point(i, point and 1)
        point = Point(i, 2)
        point = Point(i, 3)
        point = Point(i, 4)
        point = Point(i, 5)
    return perf_counter() - start


def list_index(loops):
    items, index = [3, 4, 1, 0, 2], 0
    start = perf_counter()
    for _ in range(loops):
        index = items[index]
        index = items[index]
        index = items[index]
        index = items[index]
        index = items[index]
    return perf_counter() - start


def list_append(loops):
    items = []
    start = perf_counter()
    for i in range(loops):
        items.append(i)
        items.append(i)
        items.append(i)
        items.append(i)
        items.append(i)
        if len(items) > 1000:
            items.clear()
    return perf_counter() - start


def dict_get(loops):
    table, key = {"a": "b", "b": "c", "c": "d", "d": "e", "e": "a"}, "a"
    start = perf_counter()
    for _ in range(loops):
        key = table[key]
        key = table[key]
        key = table[key]
        key = table[key]
        key = table[key]
    return perf_counter() - start


def dict_set(loops):
    table = {}
    start = perf_counter()
    for i in range(loops):
        table["a"] = i
        table["b"] = i
        table["c"] = i
        table["d"] = i
        table["e"] = i
    return perf_counter() - start


def float_math(loops):
    x = 0.5
    start = perf_counter()
    for _ in range(loops):
        x = x * 1.5 - 0.25
        x = x * 0.5 + 0.25
        x = x * 1.5 - 0.25
        x = x * 0.5 + 0.25
        x = x * 0.5 + 0.125
    return perf_counter() - start


def generator_next(loops):
    total = 0
    start = perf_counter()
    for i in counted(loops * INNER):
        total += i
    return perf_counter() - start


def try_no_raise(loops):
    total = 0
    start = perf_counter()
    for i in range(loops * INNER):
        try:
            total += i
        except ValueError:
            total = 0
    return perf_counter() - start


def raise_and_catch(loops):
    caught = 0
    start = perf_counter()
    for _ in range(loops * INNER):
        try:
            raise ValueError
        except ValueError:
            caught += 1
    return perf_counter() - start


def string_format(loops):
    total = 0
    start = perf_counter()
    for i in range(loops * INNER):
        total += len(f"{i}:{total:x}")
    return perf_counter() - start


def string_concat(loops):
    text = ""
    start = perf_counter()
    for _ in range(loops):
        text += "a"
        text += "b"
        text += "c"
        text += "d"
        text += "e"
        if len(text) > 1000:
            text = ""
    return perf_counter() - start


def tuple_unpack(loops):
    a, b = 1, 2
    start = perf_counter()
    for _ in range(loops):
        a, b = b, a
        pair = (a, b)
        b, a = pair
        pair = (b, a)
        a, b = pair
    return perf_counter() - start


def list_comprehension(loops):
    items = list(range(20))
    start = perf_counter()
    for _ in range(loops * INNER):
        items = [19 - i for i in items]
    return perf_counter() - start


SUITE = [
    for_range, global_load, float_math,
    attribute_get, attribute_set, slot_get, property_get,
    call_function, call_keywords, call_method, call_builtin, make_object,
    list_index, list_append, list_comprehension, dict_get, dict_set, tuple_unpack,
    generator_next, try_no_raise, raise_and_catch, string_format, string_concat,
]


def choose(only):
    names = [name for name in only.split(",") if name]
    return [function for function in SUITE if not names or function.__name__ in names]


def pass_on(command, options):
    """Give the workers the option of ours that they need too."""
    command.extend(["--only", options.only])


def main():
    # micro/run.py says here what stands between the interpreter and this file: `-m firelang`, for instance.
    prefix = os.environ.get("MICRO_PREFIX", "").split("\n") if os.environ.get("MICRO_PREFIX") else []
    runner = pyperf.Runner(program_args=prefix + [os.path.abspath(__file__)], add_cmdline_args=pass_on)
    runner.argparser.add_argument("--only", default="", help="benchmark names, separated by commas")
    options = runner.parse_args()
    for function in choose(options.only):
        runner.bench_time_func(function.__name__, function, inner_loops=INNER)


if __name__ == "__main__":
    main()
