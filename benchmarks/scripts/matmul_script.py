"""A product of matrices, at the top of the script."""
n = 130
A = [[i * j % 7 for j in range(n)] for i in range(n)]
B = [[i + j for j in range(n)] for i in range(n)]
C = [[0] * n for _ in range(n)]
for i in range(n):
    for j in range(n):
        s = 0
        for k in range(n):
            s += A[i][k] * B[k][j]
        C[i][j] = s
print(sum(map(sum, C)))
