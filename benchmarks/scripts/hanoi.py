"""The towers of Hanoi with a global counter, and Ackermann's function."""
moves = 0

def hanoi(n, a, b, c):
    global moves
    if n == 0:
        return
    hanoi(n - 1, a, c, b)
    moves += 1
    hanoi(n - 1, c, b, a)
hanoi(20, 'A', 'B', 'C')
print(moves)

def ack(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ack(m - 1, 1)
    return ack(m - 1, ack(m, n - 1))
import sys
sys.setrecursionlimit(20000)
print(ack(2, 700))
