"""Dataclasses, an enum and a deque: workers take jobs from a queue."""
from dataclasses import dataclass, field
from collections import deque
from enum import Enum

class State(Enum):
    IDLE = 0
    BUSY = 1
    DONE = 2

@dataclass
class Job:
    ident: int
    need: int
    state: State = State.IDLE
    log: list = field(default_factory=list)

    @property
    def finished(self):
        return self.state is State.DONE

@dataclass
class Worker:
    name: str
    job: Job = None
    total: int = 0
    def tick(self, now):
        j = self.job
        if j is None:
            return False
        j.need -= 1
        self.total += 1
        if j.need <= 0:
            j.state = State.DONE
            j.log.append((self.name, now))
            self.job = None
        return True

class Shop:
    def __init__(self, n):
        self.workers = [Worker(f'w{i}') for i in range(n)]
        self.queue = deque()
        self.done = []
        self.now = 0
    def submit(self, j):
        self.queue.append(j)
    def run(self):
        active = []
        while self.queue or active:
            self.now += 1
            for w in self.workers:
                if w.job is None and self.queue:
                    j = self.queue.popleft()
                    j.state = State.BUSY
                    w.job = j
                    active.append(j)
                w.tick(self.now)
            still = []
            for j in active:
                if j.finished:
                    self.done.append(j)
                else:
                    still.append(j)
            active = still
s = Shop(8)
x = 3
for i in range(260000):
    x = x * 1103515245 + 12345 & 2147483647
    s.submit(Job(i, 1 + (x >> 16) % 13))
s.run()
print(s.now, len(s.done), [w.total for w in s.workers], s.done[-1].log)
