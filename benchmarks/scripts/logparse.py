"""Lines of a log by a regular expression, summed up in dicts."""
import re
lines = []
for i in range(60000):
    lines.append('2024-%02d-%02d %02d:%02d:%02d %s server%d: request id=%d took %dms' % (i % 12 + 1, i % 28 + 1, i % 24, i % 60, i * 7 % 60, ('INFO', 'WARN', 'ERROR')[i % 3], i % 9, i, i * 37 % 1000))
pat = re.compile('^(\\S+) (\\S+) (\\w+) (\\w+): request id=(\\d+) took (\\d+)ms$')
stats = {}
slow = []
for line in lines:
    m = pat.match(line)
    if not m:
        continue
    day, time, level, server, rid, ms = m.groups()
    ms = int(ms)
    e = stats.setdefault((server, level), {'n': 0, 'total': 0, 'max': 0})
    e['n'] += 1
    e['total'] += ms
    if ms > e['max']:
        e['max'] = ms
    if ms > 990:
        slow.append((ms, rid))
    parts = line.split(' ', 3)
    if parts[2] == 'ERROR' and 'took' in parts[3]:
        e['last'] = parts[0]
slow.sort(reverse=True)
for k in sorted(stats)[:3]:
    print(k, stats[k])
print(len(slow), slow[:3])
