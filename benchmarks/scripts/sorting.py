"""Quick, merge, heap and shell sort over a list of ints."""
def quick(a, lo, hi):
    while lo < hi:
        p = a[(lo + hi) // 2]
        i, j = (lo, hi)
        while i <= j:
            while a[i] < p:
                i += 1
            while a[j] > p:
                j -= 1
            if i <= j:
                a[i], a[j] = (a[j], a[i])
                i += 1
                j -= 1
        if j - lo < hi - i:
            quick(a, lo, j)
            lo = i
        else:
            quick(a, i, hi)
            hi = j

def merge(a):
    if len(a) < 2:
        return a
    m = len(a) // 2
    l = merge(a[:m])
    r = merge(a[m:])
    out = []
    i = j = 0
    while i < len(l) and j < len(r):
        if l[i] <= r[j]:
            out.append(l[i])
            i += 1
        else:
            out.append(r[j])
            j += 1
    out.extend(l[i:])
    out.extend(r[j:])
    return out

def heap(a):
    n = len(a)
    def down(i, n):
        while True:
            c = 2 * i + 1
            if c >= n:
                return
            if c + 1 < n and a[c + 1] > a[c]:
                c += 1
            if a[c] <= a[i]:
                return
            a[c], a[i] = (a[i], a[c])
            i = c
    for i in range(n // 2 - 1, -1, -1):
        down(i, n)
    for k in range(n - 1, 0, -1):
        a[0], a[k] = (a[k], a[0])
        down(0, k)

def shell(a):
    g = len(a) // 2
    while g:
        for i in range(g, len(a)):
            t = a[i]
            j = i
            while j >= g and a[j - g] > t:
                a[j] = a[j - g]
                j -= g
            a[j] = t
        g //= 2
x = 9
data = []
for i in range(120000):
    x = x * 1103515245 + 12345 & 2147483647
    data.append(x >> 8)
s = sorted(data)
a = data[:]
quick(a, 0, len(a) - 1)
assert a == s
assert merge(data) == s
a = data[:]
heap(a)
assert a == s
a = data[:]
shell(a)
assert a == s
a = sorted(data, key=lambda v: (v % 1000, -v))
print(a[0], a[-1])
