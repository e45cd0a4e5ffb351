"""Accounts with properties and inheritance; transfers fail by exceptions."""
import random

class Insufficient(Exception):
    def __init__(self, need, have):
        super().__init__(f'need {need} have {have}')
        self.need = need

class Account:
    interest = 0.01
    def __init__(self, owner, balance=0):
        self._owner = owner
        self._balance = balance
        self.history = []

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, v):
        if v < 0:
            raise Insufficient(-v, self._balance)
        self._balance = v
    def deposit(self, n):
        self.balance += n
        self.history.append(('d', n))
    def withdraw(self, n):
        self.balance -= n
        self.history.append(('w', n))
    def __hash__(self):
        return hash(self._owner)
    def __eq__(self, o):
        return isinstance(o, Account) and self._owner == o._owner

class Savings(Account):
    interest = 0.03
    def withdraw(self, n):
        fee = 1 if n > 50 else 0
        super().withdraw(n + fee)

class Bank:
    def __init__(self):
        self.accounts = {}
        self.failed = 0
    def open(self, a):
        self.accounts[a._owner] = a
    def transfer(self, a, b, n):
        try:
            with Lock(self, a, b):
                self.accounts[a].withdraw(n)
                self.accounts[b].deposit(n)
        except Insufficient as e:
            self.failed += e.need > 0
    def total(self):
        return sum((a.balance for a in self.accounts.values()))

class Lock:
    def __init__(self, bank, *names):
        self.bank = bank
        self.names = names
    def __enter__(self):
        return self
    def __exit__(self, t, v, tb):
        return False
b = Bank()
r = random.Random(5)
for i in range(200):
    b.open((Savings if i % 3 else Account)(f'acc{i}', r.randrange(500)))
for i in range(400000):
    b.transfer(f'acc{r.randrange(200)}', f'acc{r.randrange(200)}', r.randrange(1, 90))
print(b.total(), b.failed, sum((len(a.history) for a in b.accounts.values())))
