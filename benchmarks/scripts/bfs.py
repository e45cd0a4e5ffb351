"""A walk through a maze of pairs, breadth first, at the top of the script."""
from collections import deque
W = H = 420
walls = set(((x, y) for x in range(W) for y in range(H) if (x * x + 3 * y + x * y) % 7 == 0))
start = (1, 1)
q = deque([start])
dist = {start: 0}
while q:
    x, y = q.popleft()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        nx, ny = (x + dx, y + dy)
        if 0 <= nx < W and 0 <= ny < H and ((nx, ny) not in walls) and ((nx, ny) not in dist):
            dist[nx, ny] = dist[x, y] + 1
            q.append((nx, ny))
print(len(dist), max(dist.values()))
