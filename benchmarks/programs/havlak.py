"""Havlak: find the nested loops of a control flow graph (Havlak 1997), reducible or not.

Depth-first numbering, union-find with path compression, sets and lists of block objects.
"""
from _harness import run

PLAIN, SELF, REDUCIBLE, IRREDUCIBLE = range(4)


class Block:
    def __init__(self, number):
        self.number = number
        self.sources = []
        self.targets = []


class Graph:
    def __init__(self):
        self.blocks = []

    def block(self):
        block = Block(len(self.blocks))
        self.blocks.append(block)
        return block

    def edge(self, source, target):
        source.targets.append(target)
        target.sources.append(source)


class Entry:
    """What the search knows of one reachable block; also its union-find node."""

    def __init__(self, block, number):
        self.block = block
        self.number = number
        self.last = number                 # the highest number below this block in the search tree
        self.parent = self
        self.loop = None
        self.kind = PLAIN
        self.back_edges = []
        self.other_edges = set()

    def find(self):
        root = self
        while root.parent is not root:
            root = root.parent
        node = self
        while node.parent is not root:
            node.parent, node = root, node.parent
        return root


class Loop:
    def __init__(self, header, kind):
        self.header = header
        self.kind = kind
        self.outer = None
        self.inner = []
        self.blocks = [header]

    def enclose(self, loop):
        loop.outer = self
        self.inner.append(loop)


def number_blocks(start):
    """Depth-first search from start: the entries in preorder and a map from block number to entry."""
    first = Entry(start, 0)
    entries, by_block = [first], {start.number: first}
    stack = [(first, iter(start.targets))]
    while stack:
        entry, targets = stack[-1]
        for target in targets:
            if target.number not in by_block:
                found = Entry(target, len(entries))
                entries.append(found)
                by_block[target.number] = found
                stack.append((found, iter(target.targets)))
                break
        else:
            entry.last = len(entries) - 1
            stack.pop()
    return entries, by_block


def split_edges(entries, by_block):
    for entry in entries:
        for source in entry.block.sources:
            origin = by_block.get(source.number)
            if origin is None:
                continue
            if entry.number <= origin.number <= entry.last:
                entry.back_edges.append(origin)
            else:
                entry.other_edges.add(origin.number)


def loop_body(header, entries):
    """The entries (as union-find roots) in the loop headed by this entry, its kind set on the way."""
    body = []
    for source in header.back_edges:
        if source is header:
            header.kind = SELF
        else:
            body.append(source.find())
    if body:
        header.kind = REDUCIBLE
    seen = set(node.number for node in body)
    todo = list(body)
    while todo:
        node = todo.pop()
        for number in node.other_edges:
            source = entries[number].find()
            if not header.number <= source.number <= header.last:
                header.kind = IRREDUCIBLE
                header.other_edges.add(source.number)
            elif source is not header and source.number not in seen:
                seen.add(source.number)
                body.append(source)
                todo.append(source)
    return body


def find_loops(graph):
    entries, by_block = number_blocks(graph.blocks[0])
    split_edges(entries, by_block)
    loops = []
    for header in reversed(entries):
        body = loop_body(header, entries)
        if header.kind == PLAIN:
            continue
        loop = header.loop = Loop(header.block, header.kind)
        for node in body:
            node.parent = header
            if node.loop is not None:
                loop.enclose(node.loop)
            else:
                loop.blocks.append(node.block)
        loops.append(loop)
    return loops


def depth(loop):
    level = 1
    while loop.outer is not None:
        loop = loop.outer
        level += 1
    return level


def diamond(graph, top):
    left, right, bottom = graph.block(), graph.block(), graph.block()
    graph.edge(top, left)
    graph.edge(top, right)
    graph.edge(left, bottom)
    graph.edge(right, bottom)
    return bottom


def nest(graph, top, levels, irreducible):
    """A loop of this many levels hung below top; return the block control leaves it by."""
    header = graph.block()
    graph.edge(top, header)
    bottom = diamond(graph, header)
    if levels > 1:
        bottom = nest(graph, bottom, levels - 1, irreducible)
        bottom = nest(graph, bottom, levels - 1, False)
    else:
        graph.edge(bottom, bottom)
    graph.edge(bottom, header)
    if irreducible:
        graph.edge(top, bottom)            # a second way into the loop
    leave = graph.block()
    graph.edge(bottom, leave)
    return leave


def main(n):
    graph = Graph()
    last = graph.block()
    for i in range(n):
        last = diamond(graph, last)
        last = nest(graph, last, 1 + i % 4, i % 5 == 0)
    counts = [0, 0, 0, 0]
    depths = blocks = 0
    for _ in range(3):
        for loop in find_loops(graph):
            counts[loop.kind] += 1
            depths += depth(loop)
            blocks += len(loop.blocks)
    return "%d/%d/%d/%d/%d/%d" % (len(graph.blocks), counts[1], counts[2], counts[3], depths, blocks)


if __name__ == "__main__":
    run("havlak", main, full=2000, small=20)
