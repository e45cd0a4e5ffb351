"""Huffman codes: Counter, heapq over objects, a tree that is walked bit by bit."""
from collections import Counter
import heapq

class Node:
    def __init__(self, freq, ch=None, left=None, right=None):
        self.freq = freq
        self.ch = ch
        self.left = left
        self.right = right
    def __lt__(self, o):
        return self.freq < o.freq

def build(text):
    h = [Node(f, c) for c, f in sorted(Counter(text).items())]
    heapq.heapify(h)
    while len(h) > 1:
        a = heapq.heappop(h)
        b = heapq.heappop(h)
        heapq.heappush(h, Node(a.freq + b.freq, None, a, b))
    return h[0]

def codes(n, pre='', out=None):
    if out is None:
        out = {}
    if n.ch is not None:
        out[n.ch] = pre or '0'
    else:
        codes(n.left, pre + '0', out)
        codes(n.right, pre + '1', out)
    return out

def encode(t, c):
    return ''.join([c[x] for x in t])

def decode(bits, root):
    out = []
    n = root
    for b in bits:
        n = n.left if b == '0' else n.right
        if n.ch is not None:
            out.append(n.ch)
            n = root
    return ''.join(out)
seed = 12345
words = []
for i in range(26000):
    seed = seed * 1103515245 + 12345 & 2147483647
    words.append('abcdefghijklmnopqrstuvwxyz'[seed % 26 % (1 + seed // 65536 % 26)] * (1 + seed // 1000 % 3))
text = ' '.join(words)
for k in range(60):
    r = build(text)
    c = codes(r)
    e = encode(text, c)
    assert decode(e, r) == text
print(len(e), len(text))
