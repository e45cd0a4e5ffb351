"""Game of life on an unbounded board: sets of tuples and a dict of neighbor counts."""
from _harness import run

R_PENTOMINO = {(0, 1), (0, 2), (1, 0), (1, 1), (2, 1)}
GLIDER = {(0, 1), (1, 2), (2, 0), (2, 1), (2, 2)}
AROUND = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def step(alive):
    neighbors = {}
    for row, column in alive:
        for down, right in AROUND:
            cell = (row + down, column + right)
            neighbors[cell] = neighbors.get(cell, 0) + 1
    return {cell for cell, count in neighbors.items() if count == 3 or count == 2 and cell in alive}


def main(n):
    alive = set(R_PENTOMINO)
    for i in range(5):
        alive |= {(row + 40 + 6 * i, column + 40 * i - 80) for row, column in GLIDER}
    population = 0
    for _ in range(n):
        alive = step(alive)
        population += len(alive)
    checksum = sum(row * 31 + column * 17 for row, column in alive)
    return "%d/%d/%d" % (population, len(alive), checksum)


if __name__ == "__main__":
    run("life", main, full=5500, small=40)
