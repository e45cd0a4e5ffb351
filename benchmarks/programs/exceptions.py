"""Exceptions: raised and caught near and far, by class, with finally, chaining and with statements."""
from _harness import run


class ParseError(Exception):
    def __init__(self, position, reason):
        super().__init__(reason)
        self.position = position


class Retry(Exception):
    pass


class Guard:
    """A context manager that swallows Retry and counts."""

    def __init__(self):
        self.entered = self.swallowed = 0

    def __enter__(self):
        self.entered += 1
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and issubclass(kind, Retry):
            self.swallowed += 1
            return True
        return False


def parse_digit(character, position):
    if character not in "0123456789":
        raise ParseError(position, "not a digit")
    return ord(character) - 48


def parse_number(text):
    value = 0
    for position, character in enumerate(text):
        value = value * 10 + parse_digit(character, position)
    return value


def dive(depth):
    """Raise from a depth of calls, each with a finally clause."""
    if depth == 0:
        raise Retry
    try:
        return dive(depth - 1)
    finally:
        depth -= 1


def lookups(n):
    table = {i: i * i for i in range(0, 100, 2)}
    items = [1, 2, 3]
    found = missing = 0
    for i in range(n):
        try:
            found += table[i % 100]
            found += items[i % 8]
        except KeyError:
            missing += 1
        except IndexError as error:
            missing += len(error.args)
    return found, missing


def main(n):
    found, missing = lookups(n)
    good = positions = chained = 0
    for i in range(n // 2):
        text = "%dx" % i if i % 3 == 0 else "%d" % i
        try:
            try:
                good += parse_number(text)
            except ParseError as error:
                positions += error.position
                raise ValueError(text) from error
        except ValueError as error:
            chained += error.__cause__ is error.__context__
    guard = Guard()
    for i in range(n // 4):
        with guard:
            dive(i % 6)
    iterator = iter(range(n))
    steps = 0
    while True:
        try:
            steps += next(iterator) & 1
        except StopIteration:
            break
    return "%d/%d/%d/%d/%d/%d/%d" % (found, missing, good, positions, chained, guard.swallowed, steps)


if __name__ == "__main__":
    run("exceptions", main, full=1000000, small=1000)
