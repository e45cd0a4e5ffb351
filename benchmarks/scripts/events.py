"""Discrete event simulation of a shop: classes, heapq, queues, statistics."""
import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

class State(Enum):
    WAITING = auto()
    SERVED = auto()
    DONE = auto()
    LEFT = auto()

@dataclass(order=True)
class Event:
    time: float
    seq: int
    action: object = field(compare=False)
    args: tuple = field(compare=False, default=())

@dataclass
class Customer:
    number: int
    arrived: float
    patience: float
    state: State = State.WAITING
    started: float = 0.0

    @property
    def waited(self):
        return self.started - self.arrived

class Simulation:
    def __init__(self):
        self.now = 0.0
        self.events = []
        self.counter = itertools.count()

    def schedule(self, delay, action, *args):
        heapq.heappush(self.events, Event(self.now + delay, next(self.counter), action, args))

    def run(self, until):
        while self.events and self.events[0].time <= until:
            event = heapq.heappop(self.events)
            self.now = event.time
            event.action(*event.args)

class Shop(Simulation):
    def __init__(self, clerks, rng):
        super().__init__()
        self.free = clerks
        self.rng = rng
        self.line = deque()
        self.served = []
        self.lost = 0
        self.numbers = itertools.count(1)
        self.schedule(0, self.arrive)

    def arrive(self):
        customer = Customer(next(self.numbers), self.now, self.rng.uniform(5, 20))
        self.line.append(customer)
        self.schedule(customer.patience, self.leave, customer)
        self.schedule(self.rng.expovariate(1.0), self.arrive)
        self.dispatch()

    def leave(self, customer):
        if customer.state is State.WAITING:
            customer.state = State.LEFT
            self.line.remove(customer)
            self.lost += 1

    def dispatch(self):
        while self.free and self.line:
            customer = self.line.popleft()
            customer.state = State.SERVED
            customer.started = self.now
            self.free -= 1
            self.schedule(self.rng.gauss(3, 0.5), self.finish, customer)

    def finish(self, customer):
        customer.state = State.DONE
        self.served.append(customer)
        self.free += 1
        self.dispatch()

for clerks in (2, 3, 4):
    shop = Shop(clerks, random.Random(clerks))
    shop.run(20000)
    waits = sorted(c.waited for c in shop.served)
    mean = sum(waits) / len(waits)
    print(f'{clerks} clerks: served {len(waits)}, lost {shop.lost}, mean {mean:.3f}, median {waits[len(waits) // 2]:.3f}, worst {waits[-1]:.3f}')
