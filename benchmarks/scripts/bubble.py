"""Bubble sort, at the top of the script."""
import random
random.seed(2)
a = [random.randint(0, 10000) for _ in range(2000)]
n = len(a)
for i in range(n):
    for j in range(0, n - i - 1):
        if a[j] > a[j + 1]:
            a[j], a[j + 1] = (a[j + 1], a[j])
print(a[:5], a[-5:])
