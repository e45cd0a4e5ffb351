"""Pi by random points, at the top of the script."""
import random
random.seed(1)
inside = 0
n = 2000000
for _ in range(n):
    x = random.random()
    y = random.random()
    if x * x + y * y <= 1.0:
        inside += 1
print(4 * inside / n)
