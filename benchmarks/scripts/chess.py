"""Knight's tours, permutations and queens with generators."""
def moves(board, pos, n):
    r, c = pos
    for dr, dc in ((1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)):
        a, b = (r + dr, c + dc)
        if 0 <= a < n and 0 <= b < n and (board[a][b] == -1):
            yield (a, b)

def tour(n, start):
    board = [[-1] * n for _ in range(n)]
    pos = start
    board[pos[0]][pos[1]] = 0
    for k in range(1, n * n):
        best = None
        bd = 9
        for m in moves(board, pos, n):
            d = sum((1 for _ in moves(board, m, n)))
            if d < bd:
                bd = d
                best = m
        if best is None:
            return k
        pos = best
        board[pos[0]][pos[1]] = k
    return n * n

def perms(items):
    if len(items) <= 1:
        yield items
    else:
        for i in range(len(items)):
            for rest in perms(items[:i] + items[i + 1:]):
                yield ([items[i]] + rest)

def queens(n, row=0, cols=frozenset(), d1=frozenset(), d2=frozenset()):
    if row == n:
        return 1
    return sum((queens(n, row + 1, cols | {c}, d1 | {row + c}, d2 | {row - c}) for c in range(n) if c not in cols and row + c not in d1 and (row - c not in d2)))
print([tour(12, (i, j)) for i in range(0, 12) for j in range(0, 12)])
print(sum((p[0] * p[-1] for p in perms(list(range(8))))), queens(9))
