"""Integrals and roots of functions that are passed in."""
import math

def integrate(f, a, b, n):
    h = (b - a) / n
    s = 0.5 * (f(a) + f(b))
    for i in range(1, n):
        s += f(a + i * h)
    return s * h
print(integrate(lambda x: math.sin(x) * math.exp(-x * x), 0, 3, 1000000))
print(integrate(math.cos, 0, 1, 500000))

def newton(f, df, x):
    for _ in range(50):
        x = x - f(x) / df(x)
    return x
print(sum((newton(lambda x: x * x - k, lambda x: 2 * x, k / 2) for k in range(1, 8000))))
