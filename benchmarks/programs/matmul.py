"""Matrix product on lists of lists of floats: list indexing inside a float accumulation."""
from _harness import run


def make(n, seed):
    matrix = []
    for _ in range(n):
        row = []
        for _ in range(n):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            row.append((seed >> 8) / 8388608.0 - 0.5)
        matrix.append(row)
    return matrix


def multiply(a, b, n):
    result = [[0.0] * n for _ in range(n)]
    for i in range(n):
        row = a[i]
        out = result[i]
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += row[k] * b[k][j]
            out[j] = total
    return result


def main(n):
    product = multiply(make(n, 7), make(n, 11), n)
    trace = 0.0
    for i in range(n):
        trace += product[i][i]
    return "%r/%r" % (trace, product[n // 2][n // 3])


if __name__ == "__main__":
    run("matmul", main, full=295, small=20)
