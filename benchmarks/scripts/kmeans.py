"""Clusters of points: min with a key, sums over generator expressions."""
import random, math

class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y
        self.cluster = None
    def dist(self, o):
        return math.hypot(self.x - o.x, self.y - o.y)

class Cluster:
    def __init__(self, c):
        self.center = c
        self.points = []
    def update(self):
        if not self.points:
            return 0.0
        nx = sum((p.x for p in self.points)) / len(self.points)
        ny = sum((p.y for p in self.points)) / len(self.points)
        new = Point(nx, ny)
        moved = new.dist(self.center)
        self.center = new
        return moved
r = random.Random(3)
pts = [Point(r.gauss(k % 5, 1), r.gauss(k // 5 % 4, 1)) for k in range(4000)]
cl = [Cluster(p) for p in r.sample(pts, 10)]
for it in range(120):
    for c in cl:
        c.points.clear()
    for p in pts:
        best = min(cl, key=lambda c: p.dist(c.center))
        best.points.append(p)
        p.cluster = best
    mv = max((c.update() for c in cl))
print(['%.4f' % c.center.x for c in cl], '%.6f' % mv)
