"""A recursive descent parser over tokens of a regular expression; the tree is evaluated."""
import re
TOK = re.compile('\\s*(?:(\\d+\\.?\\d*)|(.))')

class Num:
    def __init__(self, v):
        self.v = v
    def eval(self, env):
        return self.v

class Var:
    def __init__(self, n):
        self.n = n
    def eval(self, env):
        return env[self.n]

class Bin:
    ops = {'+': lambda a, b: a + b, '-': lambda a, b: a - b, '*': lambda a, b: a * b, '/': lambda a, b: a / b if b else 0.0}
    def __init__(self, o, l, r):
        self.o = o
        self.l = l
        self.r = r
    def eval(self, env):
        return self.ops[self.o](self.l.eval(env), self.r.eval(env))

class Parser:
    def __init__(self, s):
        self.t = [m.groups() for m in TOK.finditer(s)]
        self.i = 0
    def peek(self):
        return self.t[self.i] if self.i < len(self.t) else (None, None)
    def take(self):
        t = self.peek()
        self.i += 1
        return t
    def expr(self):
        n = self.term()
        while self.peek()[1] in ('+', '-'):
            n = Bin(self.take()[1], n, self.term())
        return n
    def term(self):
        n = self.factor()
        while self.peek()[1] in ('*', '/'):
            n = Bin(self.take()[1], n, self.factor())
        return n
    def factor(self):
        num, ch = self.take()
        if num is not None:
            return Num(float(num))
        if ch == '(':
            n = self.expr()
            self.take()
            return n
        if ch == '-':
            return Bin('-', Num(0.0), self.factor())
        return Var(ch)
src = '(x+3.5)*(y-2)/(1+x*x)-y*(2+(x-(y*3+1)))+4*x/(y+10)'
tot = 0.0
for k in range(12000):
    tree = Parser(src).expr()
    for j in range(20):
        tot += tree.eval({'x': float(k % 17), 'y': float(j)})
print('%.6f' % tot)
