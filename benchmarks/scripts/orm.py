"""A small ORM: metaclass, descriptors, managers, queries by kwargs, __getattr__, events."""
import itertools

class Field:
    counter = itertools.count()
    def __init__(self, kind, default=None, unique=False):
        self.kind, self.default, self.unique = kind, default, unique
        self.order = next(Field.counter)
    def __set_name__(self, owner, name):
        self.name = name
    def __get__(self, obj, owner):
        if obj is None:
            return self
        return obj.__dict__.get(self.name, self.default)
    def __set__(self, obj, value):
        if value is not None and not isinstance(value, self.kind):
            raise TypeError(f'{self.name} needs {self.kind.__name__}, got {type(value).__name__}')
        obj.__dict__[self.name] = value
        obj.__dict__['_dirty'] = True

class Query:
    OPS = {'eq': lambda a, b: a == b, 'lt': lambda a, b: a < b, 'gt': lambda a, b: a > b, 'in': lambda a, b: a in b, 'contains': lambda a, b: b in a}
    def __init__(self, rows, filters=()):
        self.rows, self.filters = rows, tuple(filters)
    def filter(self, **kwargs):
        more = []
        for key, value in kwargs.items():
            name, _, op = key.partition('__')
            more.append((name, self.OPS[op or 'eq'], value))
        return Query(self.rows, self.filters + tuple(more))
    def __iter__(self):
        for row in self.rows:
            if all(op(getattr(row, name), value) for name, op, value in self.filters):
                yield row
    def order_by(self, key):
        reverse = key.startswith('-')
        return sorted(self, key=lambda row: getattr(row, key.lstrip('-')), reverse=reverse)
    def count(self):
        return sum(1 for _ in self)
    def first(self):
        return next(iter(self), None)

class ModelMeta(type):
    def __new__(mcls, name, bases, namespace):
        cls = super().__new__(mcls, name, bases, namespace)
        fields = {}
        for base in reversed(cls.__mro__):
            for key, value in vars(base).items():
                if isinstance(value, Field):
                    fields[key] = value
        cls._fields = dict(sorted(fields.items(), key=lambda kv: kv[1].order))
        cls._rows = []
        return cls
    @property
    def objects(cls):
        return Query(cls._rows)
    def __len__(cls):
        return len(cls._rows)
    def __call__(cls, *args, **kwargs):
        obj = super().__call__(*args, **kwargs)
        cls._rows.append(obj)
        return obj

class Model(metaclass=ModelMeta):
    def __init__(self, **kwargs):
        for name in self._fields:
            if name in kwargs:
                setattr(self, name, kwargs.pop(name))
        if kwargs:
            raise AttributeError(', '.join(kwargs))
        self._dirty = False
    def __getattr__(self, name):
        if name.startswith('get_'):
            return lambda: getattr(self, name[4:])
        raise AttributeError(f'{type(self).__name__!r} object has no attribute {name!r}')
    def __repr__(self):
        return f'{type(self).__name__}({", ".join(f"{k}={getattr(self, k)!r}" for k in self._fields)})'

class Person(Model):
    name = Field(str)
    age = Field(int, 0)
    @property
    def adult(self):
        return self.age >= 18

class Employee(Person):
    salary = Field((int, float).__class__ and int, 1000)
    team = Field(str, 'none')

for i in range(6000):
    Person(name=f'p{i}', age=i * 7 % 90)
    if i % 5 == 0:
        Employee(name=f'e{i}', age=20 + i % 40, salary=1000 + i, team=('red', 'blue', 'green')[i % 3])
print(len(Person), len(Employee), Employee._fields.keys())
print(Person.objects.filter(age__lt=30, name__contains='12').count(), Employee.objects.filter(team='red', salary__gt=2500).order_by('-age')[:1])
total = 0
for k in range(120):
    total += Person.objects.filter(age=k * 7 % 90).count() + Employee.objects.filter(age__in=(20, 30, 40), team__contains='e').count()
    for e in Employee.objects.filter(team='blue'):
        e.salary = e.salary + k
        total += e._dirty + e.get_age() % 3 + e.adult
print(total, sum(e.salary for e in Employee.objects))
for bad in (dict(name=3), dict(nope=1)):
    try:
        Person(**bad)
    except (TypeError, AttributeError) as error:
        print(type(error).__name__, error)
try:
    Person.objects.first().missing
except AttributeError as error:
    print(error)
