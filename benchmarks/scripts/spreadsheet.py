"""A spreadsheet with formulas, references, ranges and dependencies."""
import re

CELL = re.compile(r'([A-Z]+)(\d+)$')

def col_name(n):
    s = ''
    while n >= 0:
        s = chr(ord('A') + n % 26) + s
        n = n // 26 - 1
    return s

class CircularReference(Exception):
    pass

class Cell:
    def __init__(self, name):
        self.name = name
        self.formula = None
        self.value = 0
        self.inputs = set()
        self.outputs = set()
        self.dirty = False

    def __repr__(self):
        return f'<{self.name}={self.value!r}>'

class Sheet:
    functions = {'SUM': sum, 'MAX': max, 'MIN': min, 'AVG': lambda xs: sum(xs) / len(xs), 'COUNT': len}

    def __init__(self):
        self.cells = {}
        self.recalculated = 0

    def cell(self, name):
        try:
            return self.cells[name]
        except KeyError:
            cell = self.cells[name] = Cell(name)
            return cell

    def set(self, name, content):
        cell = self.cell(name)
        for other in cell.inputs:
            other.outputs.discard(cell)
        cell.inputs = set()
        if isinstance(content, str) and content.startswith('='):
            cell.formula = self.parse(content[1:], cell)
        else:
            cell.formula = None
            cell.value = content
        self.recalculate(cell)

    def get(self, name):
        return self.cell(name).value

    def parse(self, text, owner):
        tokens = re.findall(r'[A-Z]+\d+:[A-Z]+\d+|[A-Z]+\d+|[A-Z]+|\d+(?:\.\d+)?|[-+*/()]', text)
        position = 0

        def peek():
            return tokens[position] if position < len(tokens) else ''

        def take():
            nonlocal position
            token = tokens[position]
            position += 1
            return token

        def reference(name):
            cell = self.cell(name)
            owner.inputs.add(cell)
            cell.outputs.add(owner)
            return cell

        def expression():
            left = term()
            while peek() in ('+', '-'):
                op, right = take(), term()
                if op == '+':
                    left = (lambda l, r: lambda: l() + r())(left, right)
                else:
                    left = (lambda l, r: lambda: l() - r())(left, right)
            return left

        def term():
            left = factor()
            while peek() in ('*', '/') and peek():
                op, right = take(), factor()
                if op == '*':
                    left = (lambda l, r: lambda: l() * r())(left, right)
                else:
                    left = (lambda l, r: lambda: l() / r())(left, right)
            return left

        def factor():
            token = take()
            if token == '(':
                inner = expression()
                take()
                return inner
            if token == '-':
                inner = factor()
                return lambda: -inner()
            if token[0].isdigit():
                number = float(token) if '.' in token else int(token)
                return lambda: number
            if token in self.functions:
                function = self.functions[token]
                take()
                cells = [reference(name) for name in self.expand(take())]
                take()
                return lambda: function([c.value for c in cells])
            cell = reference(token)
            return lambda: cell.value

        return expression()

    @staticmethod
    def expand(spec):
        a, b = spec.split(':')
        (ca, ra), (cb, rb) = CELL.match(a).groups(), CELL.match(b).groups()
        columns = [col_name(i) for i in range(26 * 3)]
        for c in columns[columns.index(ca):columns.index(cb) + 1]:
            for r in range(int(ra), int(rb) + 1):
                yield f'{c}{r}'

    def order(self, start):
        seen, result, active = set(), [], set()

        def visit(cell):
            if cell in active:
                raise CircularReference(cell.name)
            if cell in seen:
                return
            active.add(cell)
            for out in sorted(cell.outputs, key=lambda c: c.name):
                visit(out)
            active.discard(cell)
            seen.add(cell)
            result.append(cell)

        visit(start)
        return reversed(result)

    def recalculate(self, start):
        for cell in self.order(start):
            if cell.formula is not None:
                self.recalculated += 1
                try:
                    cell.value = cell.formula()
                except (ZeroDivisionError, TypeError) as e:
                    cell.value = type(e).__name__

sheet = Sheet()
for row in range(1, 31):
    for col in range(5):
        sheet.set(f'{col_name(col)}{row}', (row * 7 + col * 13) % 29)
    sheet.set(f'F{row}', f'=SUM(A{row}:E{row})*2-A{row}')
    sheet.set(f'G{row}', f'=(F{row}+{row})/(B{row}-3)')
    sheet.set(f'H{row}', f'=H{row - 1}+F{row}' if row > 1 else '=F1')
for i, f in enumerate(('SUM', 'MAX', 'AVG')):
    sheet.set(f'J{i + 1}', f'={f}(F1:F30)')
sheet.set('J4', '=J1/J2+H30-AVG(H1:H30)*0.5')
for k in range(12000):
    sheet.set(f'{col_name(k % 5)}{k * 17 % 30 + 1}', k * k % 41)
print([sheet.get(f'J{i}') for i in range(1, 5)])
print([sheet.get(f'G{r}') for r in (1, 5, 9, 13)], sheet.recalculated)
try:
    sheet.set('A1', '=J4')
except CircularReference as e:
    print('circular:', e)
