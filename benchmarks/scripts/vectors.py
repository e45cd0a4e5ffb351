"""Bodies that attract each other, with a vector class."""
import math

class Vec:
    __slots__ = ('x', 'y', 'z')
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z
    def __add__(self, o):
        return Vec(self.x + o.x, self.y + o.y, self.z + o.z)
    def __sub__(self, o):
        return Vec(self.x - o.x, self.y - o.y, self.z - o.z)
    def __mul__(self, k):
        return Vec(self.x * k, self.y * k, self.z * k)
    __rmul__ = __mul__
    def dot(self, o):
        return self.x * o.x + self.y * o.y + self.z * o.z
    def __abs__(self):
        return math.sqrt(self.dot(self))
    def __eq__(self, o):
        return self.x == o.x and self.y == o.y and (self.z == o.z)
    def __neg__(self):
        return Vec(-self.x, -self.y, -self.z)
    def __repr__(self):
        return f'<{self.x:.4f} {self.y:.4f} {self.z:.4f}>'

class Body:
    def __init__(self, m, p, v):
        self.m = m
        self.p = p
        self.v = v
        self.f = Vec(0, 0, 0)

def step(bodies, dt):
    for b in bodies:
        b.f = Vec(0.0, 0.0, 0.0)
    for i, a in enumerate(bodies):
        for b in bodies[i + 1:]:
            d = b.p - a.p
            r = abs(d) + 0.01
            f = d * (a.m * b.m / (r * r * r))
            a.f = a.f + f
            b.f = b.f - f
    for b in bodies:
        b.v = b.v + b.f * (dt / b.m)
        b.p = b.p + dt * b.v
bodies = [Body(1.0 + i * 0.1, Vec(math.sin(i), math.cos(i * 2), i * 0.3), Vec(0.0, 0.0, 0.1 * i)) for i in range(12)]
for _ in range(5000):
    step(bodies, 0.01)
print(bodies[0].p, bodies[5].v)
