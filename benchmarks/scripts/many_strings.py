"""Methods of many short strings, at the top of the script."""
s = ''
out = []
for i in range(300000):
    s = str(i)
    if s == s[::-1]:
        out.append(s)
    t = s.zfill(7).replace('0', 'o').upper()
    if t.startswith('OO') and t.endswith('7'):
        out.append(t)
line = ', '.join(out)
vowels = 0
for ch in line:
    if ch in 'aeiouAEIOU':
        vowels += 1
words = line.split(', ')
longest = max(words, key=len)
caps = [w.title() for w in words if not w.isdigit()]
print(len(line), vowels, longest, len(caps), f'{len(words):>10,d}|{vowels / len(line):.3%}')
