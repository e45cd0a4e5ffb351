"""Minimum spanning trees: Kruskal with union-find, Prim with heapq, Boruvka by dicts."""
import heapq
import random
from collections import defaultdict

class DisjointSet:
    def __init__(self, items):
        self.parent = {item: item for item in items}
        self.rank = {item: 0 for item in items}

    def find(self, item):
        if self.parent[item] != item:
            self.parent[item] = self.find(self.parent[item])
        return self.parent[item]

    def union(self, a, b):
        ra, rb = self.find(a), self.find(b)
        if ra == rb:
            return False
        if self.rank[ra] < self.rank[rb]:
            ra, rb = rb, ra
        self.parent[rb] = ra
        if self.rank[ra] == self.rank[rb]:
            self.rank[ra] += 1
        return True

class Graph:
    def __init__(self):
        self.adjacency = defaultdict(dict)

    def add_edge(self, u, v, weight):
        self.adjacency[u][v] = weight
        self.adjacency[v][u] = weight

    @property
    def nodes(self):
        return list(self.adjacency)

    def edges(self):
        for u, nbrs in self.adjacency.items():
            for v, w in nbrs.items():
                if u < v:
                    yield u, v, w

def kruskal(graph):
    forest = DisjointSet(graph.nodes)
    tree = []
    for u, v, w in sorted(graph.edges(), key=lambda e: (e[2], e[0], e[1])):
        if forest.union(u, v):
            tree.append((u, v, w))
    return tree

def prim(graph, start):
    visited = {start}
    heap = [(w, start, v) for v, w in graph.adjacency[start].items()]
    heapq.heapify(heap)
    tree = []
    while heap:
        w, u, v = heapq.heappop(heap)
        if v in visited:
            continue
        visited.add(v)
        tree.append((u, v, w))
        for nxt, weight in graph.adjacency[v].items():
            if nxt not in visited:
                heapq.heappush(heap, (weight, v, nxt))
    return tree

def boruvka(graph):
    forest = DisjointSet(graph.nodes)
    total = 0
    components = len(graph.nodes)
    while components > 1:
        best = {}
        for u, v, w in graph.edges():
            ru, rv = forest.find(u), forest.find(v)
            if ru == rv:
                continue
            edge = (w, u, v)
            if ru not in best or edge < best[ru]:
                best[ru] = edge
            if rv not in best or edge < best[rv]:
                best[rv] = edge
        for w, u, v in best.values():
            if forest.union(u, v):
                total += w
                components -= 1
    return total

random.seed(3)
for size in (200, 1000, 4500):
    g = Graph()
    for i in range(1, size):
        g.add_edge(random.randrange(i), i, random.randint(1, 1000))
    for _ in range(size * 8):
        a, b = random.sample(range(size), 2)
        g.add_edge(a, b, random.randint(1, 1000))
    k, p = kruskal(g), prim(g, 0)
    print(size, len(k), sum(w for _, _, w in k), sum(w for _, _, w in p), boruvka(g))
