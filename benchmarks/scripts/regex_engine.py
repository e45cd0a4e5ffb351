"""A backtracking regular expression engine: parser, nodes, matcher by continuations."""

class Node:
    def match(self, text, pos, cont):
        raise NotImplementedError

class Char(Node):
    def __init__(self, char):
        self.char = char

    def match(self, text, pos, cont):
        if pos < len(text) and text[pos] == self.char:
            return cont(pos + 1)
        return None

class AnyChar(Node):
    def match(self, text, pos, cont):
        if pos < len(text):
            return cont(pos + 1)
        return None

class CharClass(Node):
    def __init__(self, chars, negated):
        self.chars = chars
        self.negated = negated

    def match(self, text, pos, cont):
        if pos < len(text) and (text[pos] in self.chars) != self.negated:
            return cont(pos + 1)
        return None

class Sequence(Node):
    def __init__(self, items):
        self.items = items

    def match(self, text, pos, cont):
        def step(index, pos):
            if index == len(self.items):
                return cont(pos)
            return self.items[index].match(text, pos, lambda p: step(index + 1, p))
        return step(0, pos)

class Alternation(Node):
    def __init__(self, choices):
        self.choices = choices

    def match(self, text, pos, cont):
        for choice in self.choices:
            end = choice.match(text, pos, cont)
            if end is not None:
                return end
        return None

class Repeat(Node):
    def __init__(self, item, least, most):
        self.item = item
        self.least = least
        self.most = most

    def match(self, text, pos, cont):
        def attempt(count, pos):
            if self.most is None or count < self.most:
                def more(p):
                    if p == pos:
                        return None
                    return attempt(count + 1, p)
                end = self.item.match(text, pos, more)
                if end is not None:
                    return end
            if count >= self.least:
                return cont(pos)
            return None
        return attempt(0, pos)

class Parser:
    def __init__(self, pattern):
        self.pattern = pattern
        self.pos = 0

    def peek(self):
        return self.pattern[self.pos] if self.pos < len(self.pattern) else None

    def take(self):
        char = self.pattern[self.pos]
        self.pos += 1
        return char

    def parse(self):
        choices = [self.sequence()]
        while self.peek() == '|':
            self.take()
            choices.append(self.sequence())
        return choices[0] if len(choices) == 1 else Alternation(choices)

    def sequence(self):
        items = []
        while self.peek() not in (None, '|', ')'):
            items.append(self.repeated())
        return Sequence(items)

    def repeated(self):
        item = self.atom()
        while True:
            op = self.peek()
            if op == '*':
                item = Repeat(item, 0, None)
            elif op == '+':
                item = Repeat(item, 1, None)
            elif op == '?':
                item = Repeat(item, 0, 1)
            else:
                return item
            self.take()

    def atom(self):
        char = self.take()
        if char == '(':
            node = self.parse()
            if self.take() != ')':
                raise ValueError('missing )')
            return node
        if char == '[':
            negated = self.peek() == '^'
            if negated:
                self.take()
            chars = set()
            while self.peek() != ']':
                first = self.take()
                if self.peek() == '-':
                    self.take()
                    last = self.take()
                    chars.update(chr(c) for c in range(ord(first), ord(last) + 1))
                else:
                    chars.add(first)
            self.take()
            return CharClass(chars, negated)
        if char == '.':
            return AnyChar()
        if char == '\\':
            char = self.take()
        return Char(char)

def search(node, text):
    for start in range(len(text) + 1):
        end = node.match(text, start, lambda p: p)
        if end is not None:
            return start, end
    return None

words = 'the quick brown fox jumps over the lazy dog 2023-04-15 foo@bar.org x=17 "quoted string" aaaaab'.split(' ')
lines = [' '.join(words[(i * k + 3) % len(words)] for k in range(1, 9)) for i in range(700)]
patterns = ['[a-z]+@[a-z]+\\.(org|com|net)', '[0-9]+-[0-9]+-[0-9]+', '(quick|lazy) (fox|dog)', 'x=[0-9]+', 'a*b', '"[^"]*"', 'o.*o.*o', '(a|b|ab)+$?z']
total = 0
for pattern in patterns:
    node = Parser(pattern).parse()
    found = []
    for line in lines:
        m = search(node, line)
        if m:
            found.append(line[m[0]:m[1]])
    total += len(found)
    print(pattern, len(found), found[:2])
print(total)
