"""Decorators, closures, lru_cache, singledispatch, partial, context managers, exceptions as control flow."""
import contextlib
import functools
import operator

calls = {}

def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls[function.__name__] = calls.get(function.__name__, 0) + 1
        return function(*args, **kwargs)
    return wrapper

def retry(times, *errors):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(times):
                try:
                    return function(*args, attempt=attempt, **kwargs)
                except errors as e:
                    last = e
            raise last
        return wrapper
    return decorate

def memoize(function):
    cache = {}
    def wrapper(*args):
        if args not in cache:
            cache[args] = function(*args)
        return cache[args]
    wrapper.cache = cache
    return wrapper

class Stopwatch:
    depth = 0
    def __enter__(self):
        Stopwatch.depth += 1
        return self
    def __exit__(self, kind, value, tb):
        Stopwatch.depth -= 1
        return kind is KeyError

@contextlib.contextmanager
def transaction(store):
    saved = dict(store)
    try:
        yield store
    except ValueError:
        store.clear()
        store.update(saved)

@functools.singledispatch
def show(value):
    return str(value)

@show.register
def _(value: int):
    return f'int({value})'

@show.register(list)
@show.register(tuple)
def _(value):
    return '[' + ' '.join(show(v) for v in value) + ']'

@show.register(dict)
def _(value):
    return '{' + ' '.join(f'{show(k)}={show(v)}' for k, v in value.items()) + '}'

@counted
@retry(3, RuntimeError)
def flaky(n, attempt):
    if (n + attempt) % 3 != 0:
        raise RuntimeError(n)
    return n * 10 + attempt

@functools.lru_cache(maxsize=None)
def partitions(n, k):
    if n == 0:
        return 1
    if n < 0 or k == 0:
        return 0
    return partitions(n, k - 1) + partitions(n - k, k)

@memoize
def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)

def compose(*functions):
    return functools.reduce(lambda f, g: lambda x: g(f(x)), functions)

def make_account():
    balance = 0
    def deposit(n):
        nonlocal balance
        balance += n
        return balance
    def withdraw(n):
        nonlocal balance
        if n > balance:
            raise ValueError(n)
        balance -= n
        return balance
    return deposit, withdraw

class Found(Exception):
    pass

def find(tree, wanted, path=()):
    for key, value in tree.items():
        if value == wanted:
            raise Found(path + (key,))
        if isinstance(value, dict):
            find(value, wanted, path + (key,))

print(sum(flaky(i) for i in range(60000)), calls)
print(partitions(220, 220), partitions.cache_info().hits, binomial(40, 20), len(binomial.cache))
data = {'a': [1, 2, (3, 4.5)], 'b': {'c': None}}
print(show(data), sum(len(show([i, {i: str(i)}])) for i in range(100000)))
pipeline = compose(functools.partial(operator.add, 3), lambda x: x * x, str, len)
print(sum(pipeline(i) for i in range(100000)))
deposit, withdraw = make_account()
failed = 0
for i in range(100000):
    deposit(i % 7)
    try:
        withdraw(i % 11)
    except ValueError:
        failed += 1
print(deposit(0), failed)
store = {'x': 0}
for i in range(60000):
    with transaction(store) as s, Stopwatch():
        s['x'] += 1
        if i % 10 == 3:
            raise KeyError
        if i % 10 == 7:
            raise ValueError
print(store, Stopwatch.depth)
tree = {'l%d' % i: {'m%d' % j: {'n': i * 100 + j} for j in range(25)} for i in range(25)}
paths = []
for w in range(0, 2500, 2):
    try:
        find(tree, w)
    except Found as e:
        paths.append(e.args[0])
print(len(paths), paths[-1])
