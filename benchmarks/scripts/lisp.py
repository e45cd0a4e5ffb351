"""A Lisp interpreter after Norvig, with environments and tail calls."""
import math
import operator as op

Symbol = str

class Env(dict):
    def __init__(self, parms=(), args=(), outer=None):
        self.update(zip(parms, args))
        self.outer = outer

    def find(self, var):
        if var in self:
            return self
        if self.outer is None:
            raise LookupError(var)
        return self.outer.find(var)

class Procedure(object):
    def __init__(self, parms, body, env):
        self.parms, self.body, self.env = parms, body, env

    def __call__(self, *args):
        return evaluate(self.body, Env(self.parms, args, self.env))

def tokenize(s):
    return s.replace('(', ' ( ').replace(')', ' ) ').split()

def parse(program):
    return read_from_tokens(tokenize(program))

def read_from_tokens(tokens):
    if len(tokens) == 0:
        raise SyntaxError('unexpected EOF')
    token = tokens.pop(0)
    if token == '(':
        lst = []
        while tokens[0] != ')':
            lst.append(read_from_tokens(tokens))
        tokens.pop(0)
        return lst
    elif token == ')':
        raise SyntaxError('unexpected )')
    else:
        return atom(token)

def atom(token):
    try:
        return int(token)
    except ValueError:
        try:
            return float(token)
        except ValueError:
            return Symbol(token)

def standard_env():
    env = Env()
    env.update({name: getattr(math, name) for name in ('sin', 'cos', 'sqrt', 'pi')})
    env.update({
        '+': op.add, '-': op.sub, '*': op.mul, '/': op.truediv, '>': op.gt, '<': op.lt, '>=': op.ge, '<=': op.le,
        '=': op.eq, 'abs': abs, 'append': op.add, 'begin': lambda *x: x[-1], 'car': lambda x: x[0],
        'cdr': lambda x: x[1:], 'cons': lambda x, y: [x] + y, 'eq?': op.is_, 'length': len, 'list': lambda *x: list(x),
        'list?': lambda x: isinstance(x, list), 'map': lambda f, xs: [f(x) for x in xs], 'max': max, 'min': min,
        'not': op.not_, 'null?': lambda x: x == [], 'number?': lambda x: isinstance(x, (int, float)), 'mod': op.mod,
        'quotient': op.floordiv,
    })
    return env

global_env = standard_env()

def evaluate(x, env=global_env):
    while True:
        if isinstance(x, Symbol):
            return env.find(x)[x]
        elif not isinstance(x, list):
            return x
        elif x[0] == 'quote':
            _, exp = x
            return exp
        elif x[0] == 'if':
            _, test, conseq, alt = x
            x = conseq if evaluate(test, env) else alt
        elif x[0] == 'define':
            _, var, exp = x
            env[var] = evaluate(exp, env)
            return None
        elif x[0] == 'set!':
            _, var, exp = x
            env.find(var)[var] = evaluate(exp, env)
            return None
        elif x[0] == 'lambda':
            _, parms, body = x
            return Procedure(parms, body, env)
        else:
            exps = [evaluate(exp, env) for exp in x]
            proc = exps.pop(0)
            if isinstance(proc, Procedure):
                x = proc.body
                env = Env(proc.parms, exps, proc.env)
            else:
                return proc(*exps)

def lispstr(exp):
    if isinstance(exp, list):
        return '(' + ' '.join(map(lispstr, exp)) + ')'
    return str(exp)

programs = """
(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))
(fib 21)
(define range (lambda (a b) (if (= a b) (quote ()) (cons a (range (+ a 1) b)))))
(define filter (lambda (p xs) (if (null? xs) xs (if (p (car xs)) (cons (car xs) (filter p (cdr xs))) (filter p (cdr xs))))))
(define sort (lambda (xs) (if (null? xs) xs ((lambda (p rest) (append (sort (filter (lambda (x) (< x p)) rest)) (cons p (sort (filter (lambda (x) (>= x p)) rest))))) (car xs) (cdr xs)))))
(sort (map (lambda (x) (mod (* x 37) 101)) (range 1 60)))
(define loop (lambda (n acc) (if (= n 0) acc (loop (- n 1) (+ acc (* n n))))))
(loop 40000 0)
(define make-counter (lambda (n) (lambda () (begin (set! n (+ n 1)) n))))
(define c (make-counter 10))
(begin (c) (c) (c))
(define compose (lambda (f g) (lambda (x) (f (g x)))))
((compose (lambda (x) (* x 2)) (lambda (x) (+ x 1))) 20)
(map (compose sqrt abs) (list 4 9 16 25))
(define ack (lambda (m n) (if (= m 0) (+ n 1) (if (= n 0) (ack (- m 1) 1) (ack (- m 1) (ack m (- n 1)))))))
(ack 2 17)
(undefined-function 3)
"""
for line in programs.strip().split('\n'):
    try:
        val = evaluate(parse(line))
        if val is not None:
            print(lispstr(val))
    except LookupError as e:
        print('error:', e)
