"""A template engine: compiled to nodes, filters, loops, conditions, escapes."""
import re

class TemplateError(Exception):
    pass

FILTERS = {
    'upper': str.upper, 'lower': str.lower, 'title': lambda s: s.title(), 'length': len,
    'money': lambda v: f'${v:,.2f}', 'join': lambda v: ', '.join(map(str, v)), 'pad': lambda s: str(s).rjust(8),
}

def escape(text):
    return str(text).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;').replace('"', '&quot;')

class Text:
    def __init__(self, text):
        self.text = text
    def render(self, context, out):
        out.append(self.text)

class Expr:
    def __init__(self, source):
        path, *filters = [p.strip() for p in source.split('|')]
        self.path = path.split('.')
        self.raw = 'raw' in filters
        self.filters = [FILTERS[f] for f in filters if f != 'raw']
    def value(self, context):
        value = context
        for part in self.path:
            try:
                value = value[part]
            except (KeyError, TypeError):
                value = getattr(value, part, '')
            if callable(value):
                value = value()
        for f in self.filters:
            value = f(value)
        return value
    def render(self, context, out):
        value = self.value(context)
        out.append(str(value) if self.raw else escape(value))

class For:
    def __init__(self, name, expr, body):
        self.name, self.expr, self.body = name, expr, body
    def render(self, context, out):
        items = list(self.expr.value(context))
        for index, item in enumerate(items):
            scope = dict(context, **{self.name: item, 'index': index + 1, 'last': index == len(items) - 1})
            for node in self.body:
                node.render(scope, out)

class If:
    def __init__(self, expr, body, other):
        self.expr, self.body, self.other = expr, body, other
    def render(self, context, out):
        for node in self.body if self.expr.value(context) else self.other:
            node.render(context, out)

class Template:
    TOKEN = re.compile(r'(\{\{.*?\}\}|\{%.*?%\})', re.S)

    def __init__(self, source):
        self.tokens = self.TOKEN.split(source)
        self.pos = 0
        self.nodes, end = self.parse(())
        if end:
            raise TemplateError(end)

    def parse(self, until):
        nodes = []
        while self.pos < len(self.tokens):
            token = self.tokens[self.pos]
            self.pos += 1
            if token.startswith('{{'):
                nodes.append(Expr(token[2:-2].strip()))
            elif token.startswith('{%'):
                words = token[2:-2].split()
                if words[0] in until:
                    return nodes, words[0]
                if words[0] == 'for':
                    body, _ = self.parse(('endfor',))
                    nodes.append(For(words[1], Expr(' '.join(words[3:])), body))
                elif words[0] == 'if':
                    body, end = self.parse(('else', 'endif'))
                    other = self.parse(('endif',))[0] if end == 'else' else []
                    nodes.append(If(Expr(' '.join(words[1:])), body, other))
                else:
                    raise TemplateError(words[0])
            elif token:
                nodes.append(Text(token))
        return nodes, None

    def render(self, **context):
        out = []
        for node in self.nodes:
            node.render(context, out)
        return ''.join(out)

class Product:
    def __init__(self, name, price, tags):
        self.name, self.price, self.tags = name, price, tags
    @property
    def cheap(self):
        return self.price < 20
    def slug(self):
        return self.name.lower().replace(' ', '-')

page = Template('''<h1>{{ title | upper }}</h1>
{% if user %}<p>Hello {{ user.name | title }}, {{ user.address.city }}</p>{% else %}<p>Hello</p>{% endif %}
<ul>{% for p in products %}
  <li class="{{ index }}"><a href="/{{ p.slug }}">{{ p.name }}</a> {{ p.price | money }}{% if p.cheap %} <b>cheap!</b>{% endif %}
  {% for t in p.tags %}<i>{{ t }}</i>{% if last %}.{% else %}, {% endif %}{% endfor %}</li>{% endfor %}
</ul><p>{{ products | length }} items {{ note | raw }}</p>''')
products = [Product(f'Item <{i}> & co', i * 3.75 + 1, ['new', 'x"y', f't{i % 4}'][:i % 4]) for i in range(25)]
size = 0
for k in range(1500):
    html = page.render(title='shop & more', products=products[k % 5:], note='<hr>', user={'name': 'ann lee', 'address': {'city': 'Köln'}} if k % 3 else None)
    size += len(html)
print(html[:600])
print(size)
