"""Pratt parser for a small language and an evaluator with visitor classes."""
import re

TOKENS = re.compile(r'\s*(?:(\d+\.?\d*)|([A-Za-z_]\w*)|(\*\*|==|<=|>=|!=|[-+*/%<>=(){};,!]))')

class Token:
    __slots__ = ('kind', 'value', 'pos')
    def __init__(self, kind, value, pos):
        self.kind, self.value, self.pos = kind, value, pos
    def __repr__(self):
        return f'{self.kind}:{self.value}'

def lex(source):
    pos = 0
    source = source.rstrip()
    while pos < len(source):
        m = TOKENS.match(source, pos)
        if not m:
            raise SyntaxError(f'bad character {source[pos]!r}')
        number, name, punct = m.groups()
        if number:
            yield Token('num', float(number) if '.' in number else int(number), pos)
        elif name:
            yield Token('kw' if name in ('let', 'while', 'if', 'else', 'fn', 'return', 'print') else 'name', name, pos)
        else:
            yield Token('op', punct, pos)
        pos = m.end()
    yield Token('eof', None, pos)

class Num:
    def __init__(self, value): self.value = value
    def accept(self, visitor): return visitor.visit_num(self)
class Var:
    def __init__(self, name): self.name = name
    def accept(self, visitor): return visitor.visit_var(self)
class Unary:
    def __init__(self, op, operand): self.op, self.operand = op, operand
    def accept(self, visitor): return visitor.visit_unary(self)
class Binary:
    def __init__(self, op, left, right): self.op, self.left, self.right = op, left, right
    def accept(self, visitor): return visitor.visit_binary(self)
class Assign:
    def __init__(self, name, value): self.name, self.value = name, value
    def accept(self, visitor): return visitor.visit_assign(self)
class Call:
    def __init__(self, name, args): self.name, self.args = name, args
    def accept(self, visitor): return visitor.visit_call(self)
class Block:
    def __init__(self, body): self.body = body
    def accept(self, visitor): return visitor.visit_block(self)
class If:
    def __init__(self, test, then, other): self.test, self.then, self.other = test, then, other
    def accept(self, visitor): return visitor.visit_if(self)
class While:
    def __init__(self, test, body): self.test, self.body = test, body
    def accept(self, visitor): return visitor.visit_while(self)
class Function:
    def __init__(self, name, params, body): self.name, self.params, self.body = name, params, body
    def accept(self, visitor): return visitor.visit_function(self)
class Return:
    def __init__(self, value): self.value = value
    def accept(self, visitor): return visitor.visit_return(self)
class Print:
    def __init__(self, value): self.value = value
    def accept(self, visitor): return visitor.visit_print(self)

BINDING = {'=': 1, '==': 3, '!=': 3, '<': 4, '>': 4, '<=': 4, '>=': 4, '+': 5, '-': 5, '*': 6, '/': 6, '%': 6, '**': 8}

class Parser:
    def __init__(self, source):
        self.tokens = list(lex(source))
        self.i = 0
    @property
    def current(self):
        return self.tokens[self.i]
    def advance(self):
        token = self.tokens[self.i]
        self.i += 1
        return token
    def expect(self, value):
        token = self.advance()
        if token.value != value:
            raise SyntaxError(f'expected {value}, got {token}')
        return token
    def program(self):
        body = []
        while self.current.kind != 'eof':
            body.append(self.statement())
        return Block(body)
    def block(self):
        self.expect('{')
        body = []
        while self.current.value != '}':
            body.append(self.statement())
        self.expect('}')
        return Block(body)
    def statement(self):
        token = self.current
        if token.kind == 'kw':
            self.advance()
            if token.value == 'let':
                node = self.expression()
                self.expect(';')
                return node
            if token.value == 'while':
                test = self.expression()
                return While(test, self.block())
            if token.value == 'if':
                test = self.expression()
                then = self.block()
                other = None
                if self.current.value == 'else':
                    self.advance()
                    other = self.block()
                return If(test, then, other)
            if token.value == 'fn':
                name = self.advance().value
                self.expect('(')
                params = []
                while self.current.value != ')':
                    params.append(self.advance().value)
                    if self.current.value == ',':
                        self.advance()
                self.expect(')')
                return Function(name, params, self.block())
            value = self.expression()
            self.expect(';')
            return Return(value) if token.value == 'return' else Print(value)
        node = self.expression()
        self.expect(';')
        return node
    def expression(self, binding=0):
        token = self.advance()
        if token.kind == 'num':
            left = Num(token.value)
        elif token.kind == 'name':
            if self.current.value == '(':
                self.advance()
                args = []
                while self.current.value != ')':
                    args.append(self.expression())
                    if self.current.value == ',':
                        self.advance()
                self.expect(')')
                left = Call(token.value, args)
            else:
                left = Var(token.value)
        elif token.value in ('-', '!'):
            left = Unary(token.value, self.expression(7))
        elif token.value == '(':
            left = self.expression()
            self.expect(')')
        else:
            raise SyntaxError(str(token))
        while self.current.kind == 'op' and BINDING.get(self.current.value, 0) > binding:
            op = self.advance().value
            power = BINDING[op]
            right = self.expression(power - 1 if op in ('=', '**') else power)
            left = Assign(left.name, right) if op == '=' else Binary(op, left, right)
        return left

class ReturnValue(Exception):
    def __init__(self, value):
        self.value = value

class Visitor:
    pass

class Evaluator(Visitor):
    def __init__(self):
        self.scopes = [{}]
        self.functions = {}
        self.output = []
    def visit_num(self, node):
        return node.value
    def visit_var(self, node):
        for scope in reversed(self.scopes):
            if node.name in scope:
                return scope[node.name]
        raise NameError(node.name)
    def visit_unary(self, node):
        value = node.operand.accept(self)
        return -value if node.op == '-' else not value
    def visit_binary(self, node):
        left = node.left.accept(self)
        right = node.right.accept(self)
        op = node.op
        if op == '+': return left + right
        if op == '-': return left - right
        if op == '*': return left * right
        if op == '/': return left / right
        if op == '%': return left % right
        if op == '**': return left ** right
        if op == '<': return left < right
        if op == '>': return left > right
        if op == '<=': return left <= right
        if op == '>=': return left >= right
        if op == '==': return left == right
        if op == '!=': return left != right
        raise AssertionError(op)
    def visit_assign(self, node):
        value = self.scopes[-1][node.name] = node.value.accept(self)
        return value
    def visit_call(self, node):
        function = self.functions[node.name]
        args = [arg.accept(self) for arg in node.args]
        self.scopes.append(dict(zip(function.params, args)))
        try:
            function.body.accept(self)
        except ReturnValue as e:
            return e.value
        finally:
            self.scopes.pop()
        return None
    def visit_block(self, node):
        for statement in node.body:
            statement.accept(self)
    def visit_if(self, node):
        if node.test.accept(self):
            node.then.accept(self)
        elif node.other is not None:
            node.other.accept(self)
    def visit_while(self, node):
        while node.test.accept(self):
            node.body.accept(self)
    def visit_function(self, node):
        self.functions[node.name] = node
    def visit_return(self, node):
        raise ReturnValue(node.value.accept(self))
    def visit_print(self, node):
        self.output.append(node.value.accept(self))

class Counter(Visitor):
    def __init__(self):
        self.counts = {}
    def __getattr__(self, name):
        def visit(node):
            key = type(node).__name__
            self.counts[key] = self.counts.get(key, 0) + 1
            for child in vars(node).values():
                if hasattr(child, 'accept'):
                    child.accept(self)
                elif isinstance(child, list):
                    for c in child:
                        if hasattr(c, 'accept'):
                            c.accept(self)
        return visit

source = '''
fn fact(n) { if n < 2 { return 1; } return n * fact(n - 1); }
fn gcd(a, b) { while b != 0 { let t = a % b; a = b; b = t; } return a; }
fn collatz(n) { let steps = 0; while n != 1 { if n % 2 == 0 { n = (n - n % 2) / 2; } else { n = 3 * n + 1; } steps = steps + 1; } return steps; }
fn prime(n) { let i = 2; while i * i <= n { if n % i == 0 { return 0; } i = i + 1; } return 1; }
print fact(20);
let i = 1; let best = 0;
while i < 1500 { let c = collatz(i); if c > best { best = c; } i = i + 1; }
print best;
let count = 0; i = 2;
while i < 4000 { count = count + prime(i); i = i + 1; }
print count;
print gcd(1071, 462) + 2 ** 3 ** 2 - -4;
print gcd(fact(12), 3.0 * 7);
'''
tree = Parser(source).program()
ev = Evaluator()
tree.accept(ev)
print(ev.output)
for _ in range(150):
    tree = Parser(source).program()
    c = Counter()
    tree.accept(c)
print(sorted(c.counts.items()))
