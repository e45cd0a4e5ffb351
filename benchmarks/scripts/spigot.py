"""Digits of pi by a spigot."""
def pi_digits(n):
    out = []
    a = [2] * (10 * n // 3 + 1)
    nines = 0
    pre = 0
    for j in range(n):
        q = 0
        for i in range(len(a) - 1, -1, -1):
            x = 10 * a[i] + q * (i + 1)
            a[i] = x % (2 * i + 1)
            q = x // (2 * i + 1)
        a[0] = q % 10
        q //= 10
        if q == 9:
            nines += 1
        elif q == 10:
            out.append(pre + 1)
            out.extend([0] * nines)
            pre = 0
            nines = 0
        else:
            out.append(pre)
            out.extend([9] * nines)
            nines = 0
            pre = q
    return out
print(''.join(map(str, pi_digits(900)))[:60])
