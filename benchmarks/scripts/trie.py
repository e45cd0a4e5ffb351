"""A trie of dicts: insert, find, generate in order."""
class Trie:
    def __init__(self):
        self.children = {}
        self.end = False
    def insert(self, w):
        n = self
        for ch in w:
            if ch not in n.children:
                n.children[ch] = Trie()
            n = n.children[ch]
        n.end = True
    def find(self, w):
        n = self
        for ch in w:
            n = n.children.get(ch)
            if n is None:
                return False
        return n.end
    def words(self, pre=''):
        if self.end:
            yield pre
        for ch, n in sorted(self.children.items()):
            yield from n.words(pre + ch)
x = 7
ws = []
for i in range(30000):
    x = x * 69069 + 1 & 4294967295
    w = ''
    y = x >> 4
    for k in range(3 + x % 5):
        w += 'abcdefgh'[y & 7]
        y >>= 3
    ws.append(w)
t = Trie()
for w in ws:
    t.insert(w)
c = 0
for k in range(60):
    for w in ws:
        if t.find(w[::-1]):
            c += 1
print(c, sum((len(w) for w in t.words())))
