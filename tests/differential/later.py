"""Compares generated programs in later runs, where machine code of earlier ones takes the place of what is hot.

    python3 tests/differential/later.py --seed 1 --count 1000

Some programs run in one process, each as a module of its own: on the host; on fire, which keeps what it has
compiled for the next run; on fire again, which takes it; then changed ones, twice (names mean something else,
defaults, attributes of classes and constants are others, statements are gone: the functions are mostly as they
were, so what was kept is found and must not be used where it is wrong), and at last as they were at first.
"""

import argparse
import ast
import pathlib
import random
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import generate  # noqa: E402
import run as differential  # noqa: E402
from interpreters import CACHE, FIRE, HOST  # noqa: E402

OPTIONS = ["--jit=on", "-X", "fire.jit_hot=2", "-X", "fire.jit_later=wait"]
BATCH, SIZE = 10, 90
BUILTINS = ("len", "abs", "max", "min", "sum", "range", "isinstance", "str", "sorted")
VALUES = ("3", "2.5", "'text'", "None", "[1, 2]", "2**63", "lambda *a, **k: 11", "True", "{'a': 1}", "(1, 2.0)")
SEVERAL = """\
for again in range({times}):
    try: print({name}({arguments}))
    except Exception as error: print(type(error).__name__, error)"""


def definitions(body):
    """Names of the functions and classes that statements define at module level, as nodes of the tree."""
    text = "".join(line + "\n" for statement in body for line in statement.lines())
    nodes = ast.parse(text).body
    return ([node for node in nodes if isinstance(node, ast.FunctionDef)],
            [node for node in nodes if isinstance(node, ast.ClassDef)])


def hotter(program, seed):
    """The program with its functions called often at the end."""
    chance = random.Random(seed)
    calls = []
    for node in definitions(program.body)[0]:
        arguments = ", ".join(chance.choice(["again", "3", "again * 0.5", "7", "'ab'"]) for _ in node.args.args)
        text = SEVERAL.format(times=chance.choice([5, 50]), name=node.name, arguments=arguments)
        calls.append(generate.Statement(text))
    return generate.Program([*program.body[:-1], *calls, program.body[-1]])


def rebound(chance, functions, classes):
    """A statement that makes something mean something else."""
    ways = [f"{chance.choice(BUILTINS)} = {chance.choice(VALUES)}"]
    if functions:
        name, other = chance.choice(functions).name, chance.choice(functions).name
        ways += [f"{name} = {chance.choice(VALUES)}", f"{name}.__code__ = {other}.__code__",
                 f"{name}.__defaults__ = {name}.__defaults__ and tuple(7 for _ in {name}.__defaults__)"]
    for node in classes:
        members = [inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)]
        members += [target.id for inner in node.body if isinstance(inner, ast.Assign)
                    for target in inner.targets if isinstance(target, ast.Name)]
        for member in members:
            ways += [f"{node.name}.{member} = {chance.choice(VALUES)}", f"del {node.name}.{member}",
                     f"{node.name}.{member} = property(lambda self: 5)"]
        ways += [f"{node.name}.{letter} = {chance.choice(VALUES)}" for letter in "ab"]
    return generate.Statement(f"try: {chance.choice(ways)}\nexcept Exception as error: print(error)")


def changed(program, seed):
    """The program with some things in it changed."""
    chance = random.Random(seed)
    body = list(program.body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        way = chance.randrange(6)
        if way == 0 and body[at].clauses is None and ":" not in body[at].text:
            del body[at]
        elif way == 1 and body[at].clauses is None:
            text = re.sub(r"(?<![\w.*'])\d(?![\w.])", lambda found: str((int(found[0]) + 1) % 10), body[at].text)
            body[at] = generate.Statement(text)
        else:
            body.insert(at, rebound(chance, *parsed(body[:at])))
    made = generate.Program(body)
    return made if differential.compiles(str(made)) else program


def parsed(body):
    """`definitions` of statements that may not be whole."""
    try:
        return definitions(body)
    except SyntaxError:
        return [], []


def results(sources, timeout, folder=None):
    """What the host makes of programs; with a folder for its cache, what fire makes of them."""
    command = HOST if folder is None else [*FIRE, *OPTIONS, "-X", "fire.cache_dir=" + folder]
    return differential.results_of(command, sources, timeout, "modules")


def run_batch(seeds, timeout=300):
    """Compare the programs of some seeds: [(seed, which run, kind of difference, source, host, fire)]."""
    first = [hotter(generate.program(seed, SIZE), seed) for seed in seeds]
    second = [changed(program, seed) for program, seed in zip(first, seeds, strict=True)]
    found = []
    with tempfile.TemporaryDirectory(prefix="later-") as folder:
        expected = {}
        for run, programs in enumerate((first, first, second, second, first)):
            sources = [str(program) for program in programs]
            if id(programs) not in expected:
                expected[id(programs)] = results(sources, timeout)
            rows = zip(seeds, sources, expected[id(programs)], results(sources, timeout, folder), strict=True)
            found += [(seed, run, differential.difference(host, fire), source, host, fire)
                      for seed, source, host, fire in rows if differential.difference(host, fire)]
    return found


def write_report(seed, run, kind, source, host, fire):
    """A file with a program and both results; its path."""
    folder = CACHE / "differential"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"later_{seed}_{run}.py"
    said = "".join(f"# {name}\n" + "".join(f"#   {line}\n" for text in result for line in text.splitlines())
                   for name, result in (("host", host), ("fire", fire)))
    path.write_text(f"# seed {seed}, run {run}: {kind} differs\n{source}\n{said}")
    return path


def main():
    """Run until the count is reached; 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    began, differing = time.monotonic(), 0
    for seed in range(options.seed, options.seed + options.count, BATCH):
        for row in run_batch(range(seed, seed + BATCH)):
            differing += 1
            print(f"seed {row[0]} run {row[1]}: {row[2]} differs: {write_report(*row)}")
        done = seed + BATCH - options.seed
        print(f"{done} programs, {differing} differences, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
