"""Dynamic programming over lists: knapsack, longest common subsequence, Floyd and Warshall."""
def knap(w, v, cap):
    dp = [0] * (cap + 1)
    for i in range(len(w)):
        for c in range(cap, w[i] - 1, -1):
            x = dp[c - w[i]] + v[i]
            if x > dp[c]:
                dp[c] = x
    return dp[cap]

def lcs(a, b):
    n, m = (len(a), len(b))
    dp = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n):
        for j in range(m):
            if a[i] == b[j]:
                dp[i + 1][j + 1] = dp[i][j] + 1
            else:
                dp[i + 1][j + 1] = max(dp[i][j + 1], dp[i + 1][j])
    i, j = (n, m)
    out = []
    while i and j:
        if a[i - 1] == b[j - 1]:
            out.append(a[i - 1])
            i -= 1
            j -= 1
        elif dp[i - 1][j] >= dp[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return ''.join(reversed(out))

def floyd(n):
    INF = float('inf')
    d = [[INF] * n for _ in range(n)]
    for i in range(n):
        d[i][i] = 0
        for k in (1, 3, 7):
            d[i][(i * k + k) % n] = k
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if d[i][k] + d[k][j] < d[i][j]:
                    d[i][j] = d[i][k] + d[k][j]
    return sum(map(sum, d))
w = [i * 37 % 91 + 5 for i in range(100)]
v = [i * 53 % 97 + 3 for i in range(100)]
print(knap(w, v, 40000))
a = ''.join(('ACGT'[(i * i + i // 3) % 4] for i in range(1200)))
b = ''.join(('ACGT'[(i * 3 + i * i // 5) % 4] for i in range(1000)))
print(len(lcs(a, b)), floyd(110))
