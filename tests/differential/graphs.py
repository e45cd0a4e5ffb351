"""A program that makes graphs of objects, lets go of most, and says what the collector of cycles has found.

    python3 graphs.py SEED [STEPS]

Odd seeds collect by hand, generation by generation, and print what was found; even ones leave it to the collector,
and only the end counts, since nobody may rely on when it comes. Seeds that 3 divides make no finalizers and no weak
references. Forty witnesses are held by many objects each: how many is seen in their reference counts, without
anybody watching.
"""
import collections
import gc
import random
import sys
import weakref

SEED, STEPS = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 12
EXPLICIT, WATCHED = SEED % 2 == 1, SEED % 3 != 0
rng = random.Random(SEED)
witnesses = [object() for _ in range(40)]
dead = collections.Counter()
kept = []


def counts():
    return [sys.getrefcount(witness) for witness in witnesses]


class Plain:
    def __init__(self):
        self.witness, self.links = rng.choice(witnesses), []


class WithDict(Plain):
    def __init__(self):
        super().__init__()
        self.__dict__["more"] = [self]


class Slots:
    __slots__ = ("witness", "links", "__weakref__")

    def __init__(self):
        self.witness, self.links = rng.choice(witnesses), {}


class SlotsAndDict(Slots):
    pass


class Finalized(Plain):
    def __del__(self):
        dead["finalized"] += 1
        if EXPLICIT and rng.random() < 0.1:
            kept.append(self)                       # it lives again


class Number(int):
    pass


class Items(list):
    __hash__ = object.__hash__


def closure():
    witness, links = rng.choice(witnesses), []

    def inner():
        return inner, witness, links
    inner.links = links
    return inner


class Walked:
    def __init__(self):
        self.links = []
        self.walk = self.steps(rng.choice(witnesses))
        next(self.walk)

    def steps(self, witness):
        yield self
        yield witness


def made():
    """A new object, one of all kinds."""
    kind = rng.random()
    if kind < 0.25: return Plain()
    if kind < 0.35: return WithDict()
    if kind < 0.5: return Slots()
    if kind < 0.55: return SlotsAndDict()
    if kind < 0.57 and WATCHED: return Finalized()
    if kind < 0.6: return closure()
    if kind < 0.63 and WATCHED: return Walked()
    if kind < 0.66:
        number = Number(5)
        number.links, number.me = [], number
        return number
    if kind < 0.7:
        items = Items()
        items.links = items
        return items
    o = Plain()
    o.set, o.frozen, o.tuple, o.method = {o}, frozenset([o]), (o, (1, 2), o.links), o.__init__
    return o


def link(a, b):
    """Have a hold b, in one of many ways."""
    links, way = a.links, rng.random()
    if isinstance(links, dict):
        links[rng.randrange(8) if way < 0.5 else str(rng.randrange(8))] = b
    elif way < 0.3: links.append((b, 1))
    elif way < 0.4: links.append({b: 1})
    elif way < 0.45: links.append({1: b, "x": 2.5})
    elif way < 0.5: links.append(collections.deque([b]))
    elif way < 0.55: links.append(collections.OrderedDict(x=b))
    elif way < 0.56 and WATCHED and not isinstance(b, (Number, SlotsAndDict)):
        links.append(weakref.ref(b, lambda gone: dead.update(["reference"])))
    else: links.append(b)


def reached():
    """How many objects are left."""
    seen, todo = set(), list(kept)
    while todo:
        o = todo.pop()
        if id(o) not in seen:
            seen.add(id(o))
            todo += [held for held in gc.get_referents(o)
                     if isinstance(held, (Plain, Slots, Walked, list, dict, tuple)) and held is not globals()]
    return len(seen)


if EXPLICIT:
    gc.disable()
before = gc.get_stats()
for _ in range(STEPS):
    fresh = [made() for _ in range(rng.randrange(50, 1500))]
    everything = fresh + kept[-200:]
    for _ in range(len(fresh) * 2):
        link(rng.choice(everything), rng.choice(everything))
    kept += rng.sample(fresh, len(fresh) // 20)
    del kept[:rng.randrange(len(kept) + 1) // 4]
    fresh = everything = None
    if EXPLICIT:
        generation = rng.randrange(3)
        print(generation, gc.collect(generation), counts(), sorted(dead.items()))
if EXPLICIT:
    print([now["collected"] - then["collected"] for now, then in zip(gc.get_stats(), before)])
gc.enable()
gc.collect()
if not EXPLICIT:
    del dead["reference"]                           # whether its callback outlives an object is chance
print(sorted(dead.items()), len(kept), counts(), reached())
