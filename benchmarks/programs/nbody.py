"""N-body: the five outer bodies of the solar system under gravity; float arithmetic on attributes of lists.

Units: astronomical units, years, and masses in which the Sun has 4 pi^2. A symplectic Euler step is used.
"""
from math import pi, sqrt

from _harness import run

SUN_MASS = 4.0 * pi * pi
YEAR = 365.24

# x y z (AU), vx vy vz (AU a day), mass (of the Sun)
BODIES = [
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    (4.84143, -1.16032, -0.10362, 0.00166007, 0.00769901, -0.0000690460, 0.000954791),
    (8.34337, 4.12480, -0.403523, -0.00276742, 0.00499852, 0.0000230417, 0.000285885),
    (12.8943, -15.1111, -0.223307, 0.00296460, 0.00237847, -0.0000296589, 0.0000436624),
    (15.3796, -25.9193, 0.179258, 0.00268067, 0.00162824, -0.0000951592, 0.0000515138),
]
X, Y, Z, VX, VY, VZ, MASS = range(7)


def make_system():
    system = []
    for x, y, z, vx, vy, vz, mass in BODIES:
        system.append([x, y, z, vx * YEAR, vy * YEAR, vz * YEAR, mass * SUN_MASS])
    sun = system[0]
    for body in system[1:]:                # the whole system has no momentum
        for axis in (VX, VY, VZ):
            sun[axis] -= body[axis] * body[MASS] / SUN_MASS
    return system


def energy(system):
    total = 0.0
    for i, a in enumerate(system):
        total += 0.5 * a[MASS] * (a[VX] * a[VX] + a[VY] * a[VY] + a[VZ] * a[VZ])
        for b in system[i + 1:]:
            dx, dy, dz = a[X] - b[X], a[Y] - b[Y], a[Z] - b[Z]
            total -= a[MASS] * b[MASS] / sqrt(dx * dx + dy * dy + dz * dz)
    return total


def advance(system, pairs, dt):
    for a, b in pairs:
        dx = a[0] - b[0]
        dy = a[1] - b[1]
        dz = a[2] - b[2]
        square = dx * dx + dy * dy + dz * dz
        pull = dt / (square * sqrt(square))
        of_b = b[6] * pull
        of_a = a[6] * pull
        a[3] -= dx * of_b
        a[4] -= dy * of_b
        a[5] -= dz * of_b
        b[3] += dx * of_a
        b[4] += dy * of_a
        b[5] += dz * of_a
    for body in system:
        body[0] += dt * body[3]
        body[1] += dt * body[4]
        body[2] += dt * body[5]


def main(n):
    system = make_system()
    pairs = [(a, b) for i, a in enumerate(system) for b in system[i + 1:]]
    before = energy(system)
    for _ in range(n):
        advance(system, pairs, 0.01)
    return "%r/%r" % (before, energy(system))


if __name__ == "__main__":
    run("nbody", main, full=270000, small=500)
