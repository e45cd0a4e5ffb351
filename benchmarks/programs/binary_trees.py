"""Binary trees: allocate, walk and drop many short-lived nodes while a long-lived tree stays."""
from _harness import run


class Node:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


def build(depth):
    if depth == 0:
        return Node(None, None)
    return Node(build(depth - 1), build(depth - 1))


def count(node):
    if node.left is None:
        return 1
    return 1 + count(node.left) + count(node.right)


def main(n):
    stretch = count(build(n + 1))
    long_lived = build(n)
    total = 0
    for depth in range(4, n + 1, 4):
        for _ in range(1 << (n - depth)):
            total += count(build(depth))
    return "%d/%d/%d" % (stretch, total, count(long_lived))


if __name__ == "__main__":
    run("binary_trees", main, full=17, small=6)
