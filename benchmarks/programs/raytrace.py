"""Ray tracer: spheres over a checkered floor with shadows and mirrors; vector objects with operators."""
from math import sqrt

from _harness import run


class Vector:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def unit(self):
        return self * (1.0 / sqrt(self.dot(self)))

    def mirrored(self, normal):
        return self - normal * (2.0 * self.dot(normal))


class Ray:
    def __init__(self, origin, direction):
        self.origin = origin
        self.direction = direction.unit()

    def at(self, distance):
        return self.origin + self.direction * distance


class Sphere:
    def __init__(self, center, radius, color, mirror):
        self.center = center
        self.radius = radius
        self.color = color
        self.mirror = mirror

    def hit(self, ray):
        """The distance at which the ray meets the sphere, or None."""
        to_center = self.center - ray.origin
        along = to_center.dot(ray.direction)
        inside = self.radius * self.radius - to_center.dot(to_center) + along * along
        if inside < 0.0:
            return None
        half = sqrt(inside)
        distance = along - half if along - half > 1e-6 else along + half
        return distance if distance > 1e-6 else None

    def normal(self, point):
        return (point - self.center).unit()

    def color_at(self, point):
        return self.color


class Floor:
    mirror = 0.1

    def __init__(self, height, dark, light):
        self.height = height
        self.dark = dark
        self.light = light

    def hit(self, ray):
        if abs(ray.direction.y) < 1e-9:
            return None
        distance = (self.height - ray.origin.y) / ray.direction.y
        return distance if distance > 1e-6 else None

    def normal(self, point):
        return Vector(0.0, 1.0, 0.0)

    def color_at(self, point):
        return self.dark if (int(point.x // 1) + int(point.z // 1)) % 2 else self.light


class Scene:
    def __init__(self, things, lights):
        self.things = things
        self.lights = lights

    def nearest(self, ray):
        best, best_thing = 1e30, None
        for thing in self.things:
            distance = thing.hit(ray)
            if distance is not None and distance < best:
                best, best_thing = distance, thing
        return best, best_thing

    def lit(self, point, light):
        """Whether nothing stands between the point and the light."""
        ray = Ray(point, light - point)
        return all(thing.hit(ray) is None for thing in self.things)

    def color(self, ray, depth=3):
        distance, thing = self.nearest(ray)
        if thing is None:
            sky = 0.5 + 0.5 * ray.direction.y
            return Vector(0.3 * sky, 0.5 * sky, sky)
        point = ray.at(distance)
        normal = thing.normal(point)
        bright = 0.1
        for light in self.lights:
            slope = normal.dot((light - point).unit())
            if slope > 0.0 and self.lit(point, light):
                bright += slope * 0.6
        color = thing.color_at(point) * bright
        if depth and thing.mirror > 0.0:
            seen = self.color(Ray(point, ray.direction.mirrored(normal)), depth - 1)
            color = color * (1.0 - thing.mirror) + seen * thing.mirror
        return color


def make_scene():
    things = [Floor(0.0, Vector(0.1, 0.1, 0.1), Vector(0.9, 0.9, 0.9))]
    for i in range(6):
        color = Vector(0.2 + 0.12 * i, 0.9 - 0.12 * i, 0.4)
        center = Vector(i * 1.6 - 4.0, 0.7 + 0.2 * (i % 3), 3.0 + i % 2)
        things.append(Sphere(center, 0.7, color, 0.15 * (i % 4)))
    return Scene(things, [Vector(-5.0, 8.0, -4.0), Vector(6.0, 5.0, -2.0)])


def byte(value):
    return int(min(1.0, value) * 255.0)


def main(n):
    scene = make_scene()
    eye = Vector(0.0, 2.0, -5.0)
    checksum = 0
    for row in range(n):
        for column in range(n):
            ray = Ray(eye, Vector(2.0 * column / n - 1.0, 0.5 - 1.2 * row / n, 1.2))
            color = scene.color(ray)
            pixel = byte(color.x) << 16 | byte(color.y) << 8 | byte(color.z)
            checksum = (checksum * 31 + pixel) % 1000000007
    return checksum


if __name__ == "__main__":
    run("raytrace", main, full=280, small=8)
