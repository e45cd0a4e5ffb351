"""A binary search tree, gone through by recursive generators in several orders."""
import random

class Node:
    def __init__(self, key):
        self.key = key
        self.left = self.right = None

    def insert(self, key):
        if key < self.key:
            if self.left is None:
                self.left = Node(key)
            else:
                self.left.insert(key)
        elif self.right is None:
            self.right = Node(key)
        else:
            self.right.insert(key)

    def walk(self):
        if self.left:
            yield from self.left.walk()
        yield self.key
        if self.right:
            yield from self.right.walk()

    def __iter__(self):
        if self.left is not None:
            for key in self.left:
                yield key
        yield self.key
        if self.right is not None:
            for key in self.right:
                yield key

def depths(node, depth=0):
    if node is not None:
        yield depth
        yield from depths(node.left, depth + 1)
        yield from depths(node.right, depth + 1)

random.seed(5)
root = Node(500000)
for _ in range(5000):
    root.insert(random.randrange(1000000))
total = 0
for _ in range(100):
    last = -1
    for key in root.walk():
        assert key >= last
        last = key
        total += key & 15
for _ in range(40):
    total += sum(key & 7 for key in root)
    total += max(depths(root)) + sum(depths(root))
print(total)
