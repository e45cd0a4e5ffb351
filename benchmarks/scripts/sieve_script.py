"""The sieve of Eratosthenes, at the top of the script."""
N = 3000000
flags = [True] * (N + 1)
flags[0] = flags[1] = False
i = 2
while i * i <= N:
    if flags[i]:
        for j in range(i * i, N + 1, i):
            flags[j] = False
    i += 1
primes = [k for k in range(N + 1) if flags[k]]
print(len(primes), sum(primes))
