"""Dataclasses with properties, inheritance, abstract classes, descriptors, slots and operators."""
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import List, Optional

class Positive:
    def __set_name__(self, owner, name):
        self.name = '_' + name
    def __get__(self, obj, owner=None):
        return self if obj is None else getattr(obj, self.name)
    def __set__(self, obj, value):
        if value <= 0:
            raise ValueError(f'{self.name[1:]} must be positive, not {value}')
        setattr(obj, self.name, value)

@dataclass(frozen=True)
class Vec:
    x: float
    y: float
    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)
    def __sub__(self, other):
        return Vec(self.x - other.x, self.y - other.y)
    def __mul__(self, k):
        return Vec(self.x * k, self.y * k)
    def dot(self, other):
        return self.x * other.x + self.y * other.y
    @property
    def length(self):
        return math.hypot(self.x, self.y)

class Shape(ABC):
    registry = {}
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Shape.registry[cls.__name__.lower()] = cls
    @abstractmethod
    def area(self) -> float: ...
    @property
    @abstractmethod
    def center(self) -> Vec: ...
    def describe(self):
        return f'{type(self).__name__} at ({self.center.x:.2f}, {self.center.y:.2f}) area {self.area():.3f}'

class Circle(Shape):
    radius = Positive()
    def __init__(self, center, radius):
        self._center = center
        self.radius = radius
    @property
    def center(self):
        return self._center
    def area(self):
        return math.pi * self.radius ** 2

class Polygon(Shape):
    def __init__(self, *points):
        self.points = list(points)
    def area(self):
        total = 0.0
        for p, q in zip(self.points, self.points[1:] + self.points[:1]):
            total += p.x * q.y - q.x * p.y
        return abs(total) / 2
    @property
    def center(self):
        total = Vec(0.0, 0.0)
        for p in self.points:
            total = total + p
        return total * (1 / len(self.points))

class Rect(Polygon):
    width = Positive()
    height = Positive()
    def __init__(self, corner, width, height):
        self.width, self.height = width, height
        super().__init__(corner, corner + Vec(width, 0), corner + Vec(width, height), corner + Vec(0, height))
    def area(self):
        return self.width * self.height

@dataclass
class Layer:
    name: str
    shapes: List[Shape] = field(default_factory=list)
    visible: bool = True
    parent: Optional['Layer'] = None
    def __iter__(self):
        return iter(self.shapes)
    def __len__(self):
        return len(self.shapes)
    @property
    def path(self):
        return f'{self.parent.path}/{self.name}' if self.parent else self.name

def build(n):
    root = Layer('root')
    child = Layer('child', parent=root)
    for i in range(n):
        kind = ('circle', 'rect', 'polygon')[i % 3]
        at = Vec(i % 17 * 1.5, i % 23 * 2.0)
        if kind == 'polygon':
            shape = Shape.registry[kind](at, at + Vec(2, 0), at + Vec(1, 3))
        elif kind == 'circle':
            shape = Shape.registry[kind](at, i % 5 + 0.5)
        else:
            shape = Shape.registry[kind](at, i % 4 + 1, i % 6 + 1)
        (root if i % 2 else child).shapes.append(shape)
    return root, child

total = 0.0
for k in range(60):
    root, child = build(400)
    for layer in (root, child):
        for shape in layer:
            total += shape.area() + shape.center.length
            if isinstance(shape, Circle) and shape.radius > 4:
                shape.radius = shape.radius / 2
print(round(total, 6), child.path, len(root), root.shapes[3].describe())
near = sum(1 for a in root for b in child if (a.center - b.center).length < 3)
print(near)
try:
    Circle(Vec(0, 0), -1)
except ValueError as e:
    print(e)
try:
    Shape()
except TypeError as e:
    print(e)
v = Vec(3.0, 4.0)
try:
    v.x = 1
except Exception as e:
    print(type(e).__name__, e)
print(replace(v, y=1.0), v.length, v == Vec(3.0, 4.0), hash(v) == hash(Vec(3.0, 4.0)), str(child)[:20])
