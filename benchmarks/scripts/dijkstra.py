"""Shortest paths in a random graph with heapq."""
import heapq, random

def graph(n, m):
    r = random.Random(1)
    g = {i: [] for i in range(n)}
    for _ in range(m):
        a, b, w = (r.randrange(n), r.randrange(n), r.random())
        g[a].append((b, w))
        g[b].append((a, w))
    return g

def dijkstra(g, s):
    dist = {s: 0.0}
    done = set()
    q = [(0.0, s)]
    while q:
        d, u = heapq.heappop(q)
        if u in done:
            continue
        done.add(u)
        for v, w in g[u]:
            nd = d + w
            if v not in dist or nd < dist[v]:
                dist[v] = nd
                heapq.heappush(q, (nd, v))
    return dist
g = graph(6000, 30000)
t = 0
for s in range(40):
    t += sum(dijkstra(g, s).values())
print('%.6f' % t)
