"""OPTIONAL, needs numpy: the element loop over an array that numpy users are told never to write.

    for i in range(len(a)):
        out[i] = f(a[i])
"""
import numpy

from _harness import run


def f(x):
    if x < 0.25:
        return x * x - 3.0 * x
    return 2.0 / (1.0 + x)


def main(n):
    a = numpy.arange(n, dtype=numpy.float64) / n
    out = numpy.empty(n)
    for _ in range(4):
        for i in range(len(a)):
            out[i] = f(a[i])
        a, out = out, a
    total = 0.0
    for value in a.tolist():               # summed in order: the same on every machine
        total += value
    return repr(total)


if __name__ == "__main__":
    run("numpy_loop", main, full=1000000, small=1000)
