"""A matrix class with operators and subscripts by pairs."""
class Matrix:
    def __init__(self, rows):
        self.rows = rows
        self.n = len(rows)
        self.m = len(rows[0])

    @classmethod
    def identity(cls, n):
        return cls([[1.0 if i == j else 0.0 for j in range(n)] for i in range(n)])
    def __getitem__(self, ij):
        i, j = ij
        return self.rows[i][j]
    def __setitem__(self, ij, v):
        i, j = ij
        self.rows[i][j] = v
    def __matmul__(self, o):
        return Matrix([[sum((a * b for a, b in zip(r, c))) for c in zip(*o.rows)] for r in self.rows])
    def det(self):
        a = Matrix([r[:] for r in self.rows])
        d = 1.0
        for k in range(a.n):
            p = max(range(k, a.n), key=lambda i: abs(a[i, k]))
            if a[p, k] == 0:
                return 0.0
            if p != k:
                a.rows[p], a.rows[k] = (a.rows[k], a.rows[p])
                d = -d
            d *= a[k, k]
            for i in range(k + 1, a.n):
                f = a[i, k] / a[k, k]
                for j in range(k, a.n):
                    a[i, j] -= f * a[k, j]
        return d
    def transpose(self):
        return Matrix([list(c) for c in zip(*self.rows)])
m = Matrix([[(i * 7 + j * 13) % 11 + (5 if i == j else 0) + 0.5 for j in range(60)] for i in range(60)])
for k in range(25):
    q = m @ m.transpose()
    d = q.det()
    e = m.det()
print('%.6e %.6e' % (d, e))
