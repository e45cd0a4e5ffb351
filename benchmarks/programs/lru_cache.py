"""LRU cache: dict plus doubly linked list of slotted nodes, item protocol, properties and inheritance."""
from _harness import run


class Link:
    __slots__ = ("key", "value", "before", "after")

    def __init__(self, key=None, value=None):
        self.key = key
        self.value = value
        self.before = self.after = self

    def unlink(self):
        self.before.after = self.after
        self.after.before = self.before

    def insert_after(self, other):
        self.before = other
        self.after = other.after
        other.after.before = self
        other.after = self


class Cache:
    def __init__(self, capacity):
        self._capacity = capacity
        self._links = {}
        self._ends = Link()                # its after is the newest entry, its before the oldest

    @property
    def capacity(self):
        return self._capacity

    @capacity.setter
    def capacity(self, capacity):
        self._capacity = capacity
        self.trim()

    @property
    def full(self):
        return len(self._links) > self._capacity

    def __len__(self):
        return len(self._links)

    def __contains__(self, key):
        return key in self._links

    def __getitem__(self, key):
        link = self._links[key]
        link.unlink()
        link.insert_after(self._ends)
        return link.value

    def __setitem__(self, key, value):
        link = self._links.get(key)
        if link is None:
            link = self._links[key] = Link(key, value)
        else:
            link.unlink()
            link.value = value
        link.insert_after(self._ends)
        self.trim()

    def __iter__(self):
        link = self._ends.after
        while link is not self._ends:
            yield link.key
            link = link.after

    def trim(self):
        while self.full:
            oldest = self._ends.before
            oldest.unlink()
            del self._links[oldest.key]


class CountingCache(Cache):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.hits = self.misses = 0

    def get_or_make(self, key, make):
        if key in self:
            self.hits += 1
            return self[key]
        self.misses += 1
        value = self[key] = make(key)
        return value

    @property
    def hit_rate(self):
        return self.hits / (self.hits + self.misses)


def main(n):
    cache = CountingCache(500)
    seed = 17
    total = 0
    for i in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        key = (seed >> 12) % 1000
        total += cache.get_or_make(key * key // 1000, lambda k: k * 3 + 1)
        if i % 5000 == 4999:
            cache.capacity = 400 + cache.capacity % 300
    newest = list(cache)[:5]
    return "%d/%d/%d/%.6f/%s" % (total, cache.hits, len(cache), cache.hit_rate, newest)


if __name__ == "__main__":
    run("lru_cache", main, full=1700000, small=2000)
