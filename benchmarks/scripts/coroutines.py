"""A scheduler of generators with send, and coroutines that await."""
import types

class Task:
    n = 0
    def __init__(self, g):
        Task.n += 1
        self.id = Task.n
        self.g = g
        self.val = None
    def run(self):
        return self.g.send(self.val)

class Sched:
    def __init__(self):
        self.ready = []
        self.tasks = {}
        self.out = 0
    def new(self, g):
        t = Task(g)
        self.tasks[t.id] = t
        self.ready.append(t)
        return t.id
    def loop(self):
        from collections import deque
        q = deque(self.ready)
        while q:
            t = q.popleft()
            try:
                r = t.run()
            except StopIteration as e:
                self.out += e.value or 0
                del self.tasks[t.id]
                continue
            t.val = (r or 0) + t.id
            q.append(t)

def worker(k):
    s = 0
    for i in range(k):
        x = (yield i)
        s += x
        if i % 5 == 0:
            s += (yield from sub(3))
    return s

def sub(k):
    t = 0
    for i in range(k):
        t += (yield (i * 2))
    return t
s = Sched()
for i in range(60):
    s.new(worker(20000 + i))
s.loop()
print(s.out)

async def leaf(n):
    return n * 2

async def mid(n):
    t = 0
    for i in range(n):
        t += await leaf(i)
    return t

def drive(c):
    try:
        while True:
            c.send(None)
    except StopIteration as e:
        return e.value
print(sum((drive(mid(300)) for i in range(5000))))
