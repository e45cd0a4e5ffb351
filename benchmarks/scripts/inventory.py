"""An inventory of items; what fails is counted."""
class Item:
    def __init__(self, name, price, qty):
        self.name = name
        self.price = price
        self.qty = qty
    def total(self):
        return self.price * self.qty

class Inventory:
    def __init__(self):
        self.items = {}
    def add(self, item):
        if item.name in self.items:
            self.items[item.name].qty += item.qty
        else:
            self.items[item.name] = item
    def remove(self, name, q):
        it = self.items.get(name)
        if it is None:
            raise KeyError(name)
        if it.qty < q:
            raise ValueError('not enough')
        it.qty -= q
    def value(self):
        return sum((i.total() for i in self.items.values()))
inv = Inventory()
errors = 0
for i in range(400000):
    inv.add(Item('item%d' % (i % 100), i % 13 + 0.5, i % 7))
    if i % 3 == 0:
        try:
            inv.remove('item%d' % (i % 120), i % 5)
        except (KeyError, ValueError) as e:
            errors += 1
print(round(inv.value(), 2), errors)
