"""Memo tables: dicts keyed by ints and by tuples, looked up far more often than filled."""
from _harness import run


def collatz_lengths(n):
    """The start below n with the longest Collatz chain, and that length."""
    known = {1: 1}
    best = best_start = 1
    for start in range(2, n):
        chain = []
        value = start
        while value not in known:
            chain.append(value)
            value = value // 2 if value % 2 == 0 else 3 * value + 1
        length = known[value]
        for value in reversed(chain):
            length += 1
            known[value] = length
        if known[start] > best:
            best, best_start = known[start], start
    return best_start, best


def partitions(total, largest, memo):
    """The number of ways to write total as a sum of parts no larger than largest."""
    if total == 0:
        return 1
    if total < 0 or largest == 0:
        return 0
    key = (total, largest)
    found = memo.get(key)
    if found is None:
        found = partitions(total - largest, largest, memo) + partitions(total, largest - 1, memo)
        memo[key] = found
    return found


def grid_paths(size):
    """Monotone paths through a grid with holes, one table entry a cell."""
    paths = {(0, 0): 1}
    for row in range(size):
        for column in range(size):
            if (row * 7 + column * 5) % 11 == 3:
                paths[row, column] = 0
            elif row or column:
                above = paths.get((row - 1, column), 0)
                paths[row, column] = (above + paths.get((row, column - 1), 0)) % 1000000007
    return paths[size - 1, size - 1]


def main(n):
    start, length = collatz_lengths(n * 300)
    return "%d:%d/%d/%d" % (start, length, partitions(n // 4, n // 4, {}), grid_paths(n // 4))


if __name__ == "__main__":
    run("memo_tables", main, full=1900, small=64)
