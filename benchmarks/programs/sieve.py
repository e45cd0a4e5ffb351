"""Sieve of Eratosthenes, element by element: list stores in a while loop."""
from _harness import run


def primes_below(n):
    composite = [False] * n
    found = []
    for i in range(2, n):
        if composite[i]:
            continue
        found.append(i)
        multiple = i * i
        while multiple < n:
            composite[multiple] = True
            multiple += i
    return found


def main(n):
    found = primes_below(n)
    return "%d/%d/%d" % (len(found), found[-1], sum(found))


if __name__ == "__main__":
    run("sieve", main, full=9000000, small=20000)
