"""Generators: a pipeline, recursive yield from, a coroutine fed by send, generator expressions."""
from _harness import run


def numbers(n, seed):
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        yield seed >> 8


def keep(predicate, source):
    for item in source:
        if predicate(item):
            yield item


def change(function, source):
    for item in source:
        yield function(item)


def window(size, source):
    recent = []
    for item in source:
        recent.append(item)
        if len(recent) == size:
            yield tuple(recent)
            del recent[0]


def take(limit, source):
    for index, item in enumerate(source):
        if index == limit:
            return
        yield item


def walk(low, high):
    """The numbers low..high-1 in order, as the walk of a balanced tree would give them."""
    if low < high:
        middle = (low + high) // 2
        yield from walk(low, middle)
        yield middle
        yield from walk(middle + 1, high)


def averager():
    total = count = 0
    average = None
    while True:
        value = yield average
        total += value
        count += 1
        average = total // count


def main(n):
    source = change(lambda x: x % 1009, keep(lambda x: x % 3, numbers(n, 5)))
    total = 0
    for a, b, c in take(n // 2, window(3, source)):
        total += (a - b) * c
    in_order = sum(x * (i & 3) for i, x in enumerate(walk(0, n // 4)))
    average = averager()
    next(average)
    sent = 0
    for value in numbers(n // 2, 9):
        sent += average.send(value)
    squares = sum(x * x for x in (y % 17 for y in range(n)) if x & 1)
    return "%d/%d/%d/%d" % (total, in_order, sent, squares)


if __name__ == "__main__":
    run("gen_pipeline", main, full=2000000, small=2000)
