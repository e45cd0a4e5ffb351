"""match statements over dataclasses, tuples and dicts: simplify, differentiate, run commands, route requests."""
from dataclasses import dataclass
from enum import Enum
from typing import Any

@dataclass(frozen=True)
class Num:
    value: int
@dataclass(frozen=True)
class Var:
    name: str
@dataclass(frozen=True)
class Add:
    left: Any
    right: Any
@dataclass(frozen=True)
class Mul:
    left: Any
    right: Any
@dataclass(frozen=True)
class Pow:
    base: Any
    exp: int

class Suit(Enum):
    HEARTS = 1
    SPADES = 2

def simplify(e):
    match e:
        case Add(left, right):
            match simplify(left), simplify(right):
                case Num(0), r:
                    return r
                case l, Num(0):
                    return l
                case Num(a), Num(b):
                    return Num(a + b)
                case l, r if l == r:
                    return simplify(Mul(Num(2), l))
                case l, r:
                    return Add(l, r)
        case Mul(left, right):
            match simplify(left), simplify(right):
                case (Num(0), _) | (_, Num(0)):
                    return Num(0)
                case (Num(1), x) | (x, Num(1)):
                    return x
                case Num(a), Num(b):
                    return Num(a * b)
                case Num(a), Mul(Num(b), x):
                    return Mul(Num(a * b), x)
                case l, r:
                    return Mul(l, r)
        case Pow(_, 0):
            return Num(1)
        case Pow(b, 1):
            return simplify(b)
        case _:
            return e

def diff(e, x):
    match e:
        case Num():
            return Num(0)
        case Var(name):
            return Num(1 if name == x else 0)
        case Add(l, r):
            return Add(diff(l, x), diff(r, x))
        case Mul(l, r):
            return Add(Mul(diff(l, x), r), Mul(l, diff(r, x)))
        case Pow(b, n):
            return Mul(Mul(Num(n), Pow(b, n - 1)), diff(b, x))
    raise TypeError(e)

def text(e):
    match e:
        case Num(v): return str(v)
        case Var(n): return n
        case Add(l, r): return f'({text(l)} + {text(r)})'
        case Mul(l, r): return f'{text(l)}*{text(r)}'
        case Pow(b, n): return f'{text(b)}^{n}'

def evaluate(e, env):
    match e:
        case Num(v): return v
        case Var(n): return env[n]
        case Add(l, r): return evaluate(l, env) + evaluate(r, env)
        case Mul(l, r): return evaluate(l, env) * evaluate(r, env)
        case Pow(b, n): return evaluate(b, env) ** n

def command(line, state):
    match line.split():
        case ['push', n]:
            state.append(int(n))
        case ['pop']:
            return state.pop() if state else None
        case ['add' | 'sum']:
            state.append(state.pop() + state.pop())
        case ['mul', *rest] if len(state) > 1:
            state.append(state.pop() * state.pop() + len(rest))
        case ['dup', ('all' | 'top') as what]:
            state.extend(state if what == 'all' else state[-1:])
        case []:
            return 'empty'
        case [verb, *_]:
            return f'unknown {verb}'

def route(request):
    match request:
        case {'method': 'GET', 'path': ['users', int(n)]}:
            return f'user {n}'
        case {'method': 'GET', 'path': ['users', str(name), 'posts', *rest]}:
            return f'posts of {name}: {len(rest)}'
        case {'method': 'POST' | 'PUT', 'body': {'id': n, **extra}}:
            return f'stored {n} with {sorted(extra)}'
        case {'suit': Suit.HEARTS}:
            return 'hearts'
        case {'path': [] | ['index']}:
            return 'home'
        case None | {}:
            return 'nothing'
        case _:
            return 'bad'

x = Var('x')
e = Add(Mul(Num(3), Pow(x, 3)), Add(Mul(Num(2), x), Num(7)))
for k in range(3):
    print(text(simplify(e)))
    e = diff(e, 'x')
big = Num(1)
for i in range(1, 10):
    big = Mul(Add(x, Num(i)), Add(big, Mul(Num(i % 3), Pow(x, i % 4))))
d = big
total = 0
for k in range(2):
    d = simplify(diff(d, 'x'))
    total += evaluate(d, {'x': k + 2})
for k in range(200):
    total += evaluate(d, {'x': k}) % 1009
print(total, len(text(d)))
state, answers = [1, 2], {}
for i in range(20000):
    for line in ('push 3', 'dup top', 'add', 'mul x y', 'pop', '', 'frob 1', 'push %d' % i, 'dup top', 'sum'):
        r = command(line, state)
        if isinstance(r, str):
            answers[r] = answers.get(r, 0) + 1
    del state[4:]
    state[:] = [v % 1000 for v in state]
print(state, answers)
requests = [{'method': 'GET', 'path': ['users', 7]}, {'method': 'GET', 'path': ['users', 'ann', 'posts', 1, 2]}, {'method': 'PUT', 'body': {'id': 3, 'b': 1, 'a': 2}},
            {'suit': Suit.HEARTS}, {'suit': Suit.SPADES, 'path': ['index']}, {'path': []}, {}, 17, None]
counts = {}
for i in range(14000):
    for r in requests:
        a = route(r)
        counts[a] = counts.get(a, 0) + 1
print(counts)
