"""map, filter, reduce, partial, itertools and closures."""
from functools import reduce, partial, lru_cache
from itertools import product, combinations, chain, islice, groupby, accumulate, count, takewhile
import operator

def compose(*fs):
    return reduce(lambda f, g: lambda x: f(g(x)), fs)
inc = lambda x: x + 1
dbl = lambda x: x * 2
f = compose(inc, dbl, inc, partial(operator.add, 3))
t = sum(map(f, range(1500000)))
t += sum((1 for a, b, c in combinations(range(200), 3) if (a * b + c) % 7 == 0))
t += sum((x for x in takewhile(lambda v: v < 200000, accumulate(count(1)))))
t += sum((len(list(g)) for k, g in groupby(range(1000000), key=lambda v: v // 7)))

@lru_cache(maxsize=None)
def ways(n, k):
    return 1 if n == 0 else 0 if n < 0 or k == 0 else ways(n - k, k) + ways(n, k - 1)
t += ways(400, 30)
pipe = filter(lambda v: v % 3 == 0, map(lambda v: v * v, range(300000)))
t += max(pipe)
t += sum((x * y for x, y in product(range(300), repeat=2) if (x ^ y) & 1))
d = {}
for k, v in ((i % 977, i) for i in range(1000000)):
    d.setdefault(k, []).append(v)
t += sum(map(len, d.values()))
print(t)
