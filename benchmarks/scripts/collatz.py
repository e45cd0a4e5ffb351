"""The longest Collatz sequence, at the top of the script."""
best = 0
arg = 0
for n in range(1, 120000):
    x = n
    c = 0
    while x != 1:
        x = x // 2 if x % 2 == 0 else 3 * x + 1
        c += 1
    if c > best:
        best = c
        arg = n
print(best, arg)
