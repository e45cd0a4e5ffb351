"""Words and letters counted, at the top of the script."""
text = 'the quick brown fox jumps over the lazy dog and runs away from the very angry bear ' * 6000
counts = {}
for w in text.split():
    counts[w] = counts.get(w, 0) + 1
for w in text.split():
    if w in counts:
        counts[w] += 1
    else:
        counts[w] = 1
letters = {}
for ch in text:
    if ch.isalpha():
        if ch not in letters:
            letters[ch] = 0
        letters[ch] += 1
print(sorted(counts.items(), key=lambda kv: -kv[1])[:5], sorted(letters.items())[:5])
