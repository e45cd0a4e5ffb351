"""Calls of every shape: closures, defaults, keywords, *args, **kwargs, methods, decorators, callables."""
from _harness import run


def plain(a, b):
    return a + b


def with_defaults(a, b=3, c=5):
    return a + b * c


def only_keywords(a, *, scale=2, offset=1):
    return a * scale + offset


def collect(*args):
    return len(args) + args[0]


def named(**kwargs):
    return kwargs["x"] - kwargs["y"]


def forward(*args, **kwargs):
    return with_defaults(*args, **kwargs)


def adder(amount):
    def add(value):
        return value + amount
    return add


def counter():
    count = 0

    def step(by=1):
        nonlocal count
        count += by
        return count
    return step


def doubled(function):
    def wrapper(*args):
        return function(*args) * 2
    return wrapper


@doubled
def decorated(a, b):
    return a - b


class Accumulator:
    def __init__(self, start):
        self.total = start

    def add(self, value):
        self.total += value
        return self

    def __call__(self, value):
        return self.total ^ value

    @staticmethod
    def square(value):
        return value * value

    @classmethod
    def fresh(cls, start):
        return cls(start)


def main(n):
    add_seven = adder(7)
    step = counter()
    accumulator = Accumulator(0)
    bound = accumulator.add
    total = 0
    for i in range(n):
        total += plain(i, 1) + with_defaults(i) + with_defaults(i, 4) + with_defaults(i, c=2)
        total += only_keywords(i, scale=3) + only_keywords(i, offset=i, scale=1)
        total += collect(i) + collect(i, i, i) + named(x=i, y=2)
        total += forward(i, c=1) + forward(*(i, 2, 3)) + named(**{"x": 9, "y": i})
        total += add_seven(i) + step() + step(by=2) + decorated(i, 3)
        bound(i).add(1)
        total += accumulator(i) & 255
        total += Accumulator.square(i & 15) + Accumulator.fresh(i).total
        total += (lambda x, y=i: x * y)(2)
        total %= 1000000007
    return "%d/%d/%d" % (total, step(), accumulator.total)


if __name__ == "__main__":
    run("calls", main, full=550000, small=1000)
