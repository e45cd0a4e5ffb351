"""Spectral norm of the infinite matrix 1/((i+j)(i+j+1)/2+i+1): power iteration, one small call an element."""
from math import sqrt

from _harness import run


def element(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector):
    size = range(len(vector))
    result = []
    for i in size:
        total = 0.0
        for j in size:
            total += element(i, j) * vector[j]
        result.append(total)
    return result


def times_transposed(vector):
    size = range(len(vector))
    return [sum(element(j, i) * vector[j] for j in size) for i in size]


def main(n):
    u = [1.0] * n
    v = u
    for _ in range(5):
        v = times_transposed(times(u))
        u = times_transposed(times(v))
    uv = vv = 0.0
    for a, b in zip(u, v):
        uv += a * b
        vv += b * b
    return "%.12f" % sqrt(uv / vv)


if __name__ == "__main__":
    run("spectral_norm", main, full=650, small=20)
