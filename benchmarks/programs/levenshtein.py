"""Dynamic programming on lists: edit distance, longest common subsequence and a knapsack."""
from _harness import run


def make_string(n, seed):
    letters = []
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        letters.append("acgt"[seed >> 16 & 3])
    return "".join(letters)


def edit_distance(a, b):
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a):
        current = [i + 1]
        for j, y in enumerate(b):
            cost = min(previous[j + 1], current[j]) + 1
            change = previous[j] + (x != y)
            current.append(change if change < cost else cost)
        previous = current
    return previous[-1]


def common_subsequence(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a)):
        for j in range(len(b)):
            if a[i] == b[j]:
                table[i + 1][j + 1] = table[i][j] + 1
            else:
                table[i + 1][j + 1] = max(table[i][j + 1], table[i + 1][j])
    return table[len(a)][len(b)]


def knapsack(items, room):
    best = [0] * (room + 1)
    for weight, value in items:
        for left in range(room, weight - 1, -1):
            candidate = best[left - weight] + value
            if candidate > best[left]:
                best[left] = candidate
    return best[room]


def main(n):
    a, b = make_string(n, 1), make_string(n + n // 7, 2)
    items = [(i * 7 % 23 + 1, i * 13 % 37 + 5) for i in range(n // 4)]
    return "%d/%d/%d" % (edit_distance(a, b), common_subsequence(a, b), knapsack(items, n))


if __name__ == "__main__":
    run("levenshtein", main, full=1800, small=40)
