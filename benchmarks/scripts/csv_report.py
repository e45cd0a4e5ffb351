"""Rows of text to namedtuples, grouped, summed and formatted."""
from collections import defaultdict, namedtuple, OrderedDict
Row = namedtuple('Row', 'id name dept salary year')

def gen(n):
    x = 5
    for i in range(n):
        x = x * 1103515245 + 12345 & 2147483647
        yield f"{i},name{x % 977},{['eng', 'ops', 'hr', 'law'][x >> 10 & 3]},{1000 + x % 5000},{1990 + (x >> 5) % 30}"

def parse(line):
    f = line.split(',')
    return Row(int(f[0]), f[1], f[2], float(f[3]), int(f[4]))
rows = [parse(l) for l in gen(400000)]
by = defaultdict(list)
for r in rows:
    by[r.dept].append(r)
rep = OrderedDict()
for d in sorted(by):
    rs = by[d]
    tot = sum((r.salary for r in rs))
    rep[d] = {'n': len(rs), 'avg': tot / len(rs), 'max': max(rs, key=lambda r: r.salary).name, 'years': sorted({r.year for r in rs})[:3]}
by_year = defaultdict(lambda: defaultdict(float))
for r in rows:
    by_year[r.year][r.dept] += r.salary
lines = []
for y in sorted(by_year):
    lines.append('{:>6} | {}'.format(y, ' '.join(('{}={:10.2f}'.format(k, v) for k, v in sorted(by_year[y].items())))))
out = []
for r in rows:
    if r.salary > 3000 and r.dept != 'hr':
        out.append('%s;%s;%.1f' % (r.name.upper(), r.dept, r._replace(salary=r.salary * 1.1).salary))
print(rep, len('\n'.join(lines)), len('|'.join(out)))
