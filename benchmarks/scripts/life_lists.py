"""The game of life over lists of lists, at the top of the script."""
W, H = (120, 90)
grid = [[(x * 7 + y * 13 + x * y) % 5 == 0 for x in range(W)] for y in range(H)]
for gen in range(22):
    new = [[False] * W for _ in range(H)]
    for y in range(H):
        for x in range(W):
            n = 0
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if dx or dy:
                        if grid[(y + dy) % H][(x + dx) % W]:
                            n += 1
            new[y][x] = n == 3 or (n == 2 and grid[y][x])
    grid = new
print(sum(map(sum, grid)))
