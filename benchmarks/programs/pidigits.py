"""Digits of pi by an unbounded spigot (Gibbons 2006): arithmetic on integers of thousands of digits."""
from _harness import run


def digits(n):
    """The first n decimal digits of pi, from a stream of linear fractional transformations."""
    found = []
    q, r, t, k = 1, 0, 1, 1
    while len(found) < n:
        digit = (3 * q + r) // t
        if (4 * q + r) // t == digit:
            found.append(digit)
            q, r = 10 * q, 10 * (r - digit * t)
        else:
            odd = 2 * k + 1
            q, r, t = q * k, (2 * q + r) * odd, t * odd
            k += 1
    return found


def main(n):
    found = digits(n)
    checksum = 0
    for digit in found:
        checksum = (checksum * 31 + digit) % 1000000007
    return "%s.../%d" % ("".join(map(str, found[:10])), checksum)


if __name__ == "__main__":
    run("pidigits", main, full=5000, small=50)
