"""Text processing: shifted letters, palindromes, counts, runs of characters."""
import re
text = 'The quick brown fox jumps over the lazy dog. ' * 400

def caesar(s, k):
    out = []
    for ch in s:
        if ch.isalpha():
            base = ord('a') if ch.islower() else ord('A')
            out.append(chr((ord(ch) - base + k) % 26 + base))
        else:
            out.append(ch)
    return ''.join(out)

def is_pal(s):
    i, j = (0, len(s) - 1)
    while i < j:
        if s[i] != s[j]:
            return False
        i += 1
        j -= 1
    return True

def wc(s):
    d = {}
    for w in s.lower().split():
        w = w.strip('.,!?')
        d[w] = d.get(w, 0) + 1
    return sorted(d.items(), key=lambda kv: (-kv[1], kv[0]))

def title(s):
    return ' '.join((w[0].upper() + w[1:] for w in s.split(' ') if w))

def rle(s):
    out = ''
    i = 0
    while i < len(s):
        j = i
        while j < len(s) and s[j] == s[i]:
            j += 1
        out += s[i] + (str(j - i) if j - i > 1 else '')
        i = j
    return out
n = 0
for k in range(260):
    c = caesar(text, k)
    n += len(c) + sum((is_pal(w) for w in c.split()))
    n += len(wc(c)) + len(title(c)) + len(rle(c[:3000]))
    n += len(re.findall('[a-z]+o[a-z]*', c))
print(n)
