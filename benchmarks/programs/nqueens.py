"""N queens by backtracking: recursion, list flags, integer index arithmetic."""
from _harness import run


def place(row, n, columns, rising, falling):
    """The number of ways to fill rows row..n-1 given the columns and diagonals taken."""
    if row == n:
        return 1
    ways = 0
    for column in range(n):
        up, down = row + column, row - column + n
        if columns[column] or rising[up] or falling[down]:
            continue
        columns[column] = rising[up] = falling[down] = True
        ways += place(row + 1, n, columns, rising, falling)
        columns[column] = rising[up] = falling[down] = False
    return ways


def main(n):
    return place(0, n, [False] * n, [False] * (2 * n), [False] * (2 * n + 1))


if __name__ == "__main__":
    run("nqueens", main, full=12, small=6)
