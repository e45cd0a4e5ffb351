"""Mandelbrot set: float arithmetic in three nested loops, no allocation that has to escape."""
from _harness import run


def main(n):
    limit = 100
    inside = escaped = 0
    for row in range(n):
        ci = 2.0 * row / n - 1.0
        for column in range(n):
            cr = 2.0 * column / n - 1.5
            zr = zi = 0.0
            for step in range(limit):
                rr = zr * zr
                ii = zi * zi
                if rr + ii > 4.0:
                    escaped += step
                    break
                zi = 2.0 * zr * zi + ci
                zr = rr - ii + cr
            else:
                inside += 1
    return "%d/%d" % (inside, escaped)


if __name__ == "__main__":
    run("mandelbrot", main, full=600, small=20)
