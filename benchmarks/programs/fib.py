"""Fibonacci by double recursion: calls of a global function with integers, and nothing else."""
from _harness import run


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def main(n):
    return fib(n)


if __name__ == "__main__":
    run("fib", main, full=35, small=15)
