"""Priority queue in pure Python: a binary heap of tuples drives shortest paths on a grid, and a heap sort."""
from _harness import run


class Heap:
    def __init__(self):
        self.items = []

    def push(self, item):
        items = self.items
        items.append(item)
        index = len(items) - 1
        while index:
            parent = (index - 1) >> 1
            if items[parent] <= item:
                break
            items[index] = items[parent]
            index = parent
        items[index] = item

    def pop(self):
        items = self.items
        last = items.pop()
        if not items:
            return last
        smallest = items[0]
        size = len(items)
        index, child = 0, 1
        while child < size:
            if child + 1 < size and items[child + 1] < items[child]:
                child += 1
            if last <= items[child]:
                break
            items[index] = items[child]
            index = child
            child = 2 * index + 1
        items[index] = last
        return smallest

    def __len__(self):
        return len(self.items)


def shortest_paths(size):
    """Dijkstra from a corner; the cost of a cell depends on its place only."""
    distance = [None] * (size * size)
    heap = Heap()
    heap.push((0, 0))
    while len(heap):
        cost, cell = heap.pop()
        if distance[cell] is not None:
            continue
        distance[cell] = cost
        row, column = divmod(cell, size)
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= r < size and 0 <= c < size and distance[r * size + c] is None:
                heap.push((cost + 1 + (r * 37 + c * 61) % 23, r * size + c))
    return distance


def heap_sort(n):
    heap = Heap()
    seed = 3
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        heap.push(seed >> 4)
    return [heap.pop() for _ in range(n)]


def main(n):
    distance = shortest_paths(n)
    ordered = heap_sort(n * n // 2)
    if any(a > b for a, b in zip(ordered, ordered[1:])):
        raise AssertionError("heap sort: out of order")
    return "%d/%d/%d" % (distance[-1], sum(distance), sum(ordered[::7]))


if __name__ == "__main__":
    run("heap_queue", main, full=480, small=15)
