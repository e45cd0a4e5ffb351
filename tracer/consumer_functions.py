"""What consumers.py lets stand for the builtins of these names; the functions are never called as they are here.

A module of its own, so that its compiled form and its translations are kept on disk.
"""


def sum(source):
    total = 0
    for item in source:
        total = total + item
    return total


def any(source):
    for item in source:
        if item:
            return True
    return False


def all(source):
    for item in source:
        if not item:
            return False
    return True


def min(source):
    for least in source:            # noqa: B007
        break
    else:
        raise ValueError("min() arg is an empty sequence")
    for item in source:
        if item < least:
            least = item
    return least


def max(source):
    for most in source:             # noqa: B007
        break
    else:
        raise ValueError("max() arg is an empty sequence")
    for item in source:
        if item > most:
            most = item
    return most


def tuple(source):
    made = []
    for item in source:
        made.append(item)
    return (*made,)


def set(source):
    made = {*()}
    for item in source:
        made.add(item)
    return made


def join(separator, source):
    made = []
    for item in source:
        made.append(item)
    return separator.join(made)
