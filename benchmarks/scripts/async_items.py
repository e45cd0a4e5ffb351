"""Async iterators, generators and context managers over a small event loop."""
import types

@types.coroutine
def switch(x=None):
    return (yield x)

class Count:
    def __init__(self, n):
        self.i = 0
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.i >= self.n:
            raise StopAsyncIteration
        self.i += 1
        return self.i

class Pool:
    def __init__(self):
        self.open = 0
        self.most = 0

class Resource:
    def __init__(self, pool):
        self.pool = pool

    async def __aenter__(self):
        self.pool.open += 1
        self.pool.most = max(self.pool.most, self.pool.open)
        return self

    async def __aexit__(self, *exc):
        self.pool.open -= 1
        return False

    async def read(self, i):
        if i % 10 == 0:
            await switch(i)
        return i * 2

async def numbers(n):
    for i in range(n):
        if i & 15 == 0:
            await switch(i)
        yield i

async def squares(source):
    async for x in source:
        yield x * x

async def work(n, pool):
    total = 0
    async for x in Count(n):
        total += x
    async for x in squares(numbers(n)):
        total += x & 7
    for i in range(n):
        async with Resource(pool) as r:
            total += await r.read(i)
    return total + sum([x async for x in numbers(n) if x % 3])

def run(coroutines):
    results, switches = [], 0
    tasks = list(coroutines)
    while tasks:
        waiting = []
        for c in tasks:
            try:
                c.send(None)
            except StopIteration as e:
                results.append(e.value)
            else:
                waiting.append(c)
            switches += 1
        tasks = waiting
    return results, switches

pool = Pool()
results, switches = run(work(4000, pool) for _ in range(120))
print(sum(results), switches, pool.open, pool.most)
