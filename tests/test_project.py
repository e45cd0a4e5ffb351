"""The shape of the project: which folder may import which, how long files are, what they say first.

    bytecode/translate.py imports ..vm      ->  fails: `bytecode` may import syntax
"""
import ast
import pathlib
import re
import subprocess

import pytest

REPO = pathlib.Path(__file__).resolve().parent.parent

# Data flows one way: a unit may import those on its right, and itself.
ALLOWED = {
    "syntax":         set(),
    "bytecode":       {"syntax"},
    "codegen/metal":  {"bytecode"},         # the language of the native core: knows the flag bits of an instruction
    "cpython_bridge": {"codegen/metal"},
    "objects":        {"codegen/metal", "cpython_bridge", "bytecode", "vm"},     # functions enter the VM
    "vm":             {"codegen/metal", "cpython_bridge", "objects", "bytecode"},
    "ir":             set(),
    "specializer":    {"ir", "bytecode", "tracer"},                # of the tracer: liveness, a program's instructions
    "tracer":         {"ir", "bytecode", "specializer", "codegen", "firelang"},    # its engine drives the whole way
    "codegen":        {"codegen/metal", "ir", "bytecode", "cpython_bridge", "objects", "vm"},
    "gpu":            {"ir", "codegen"},
    "stdlib":         set(),
    "firelang":       {"bytecode", "vm", "codegen", "tracer", "syntax"},
}
LONGEST = 600
TABLES = ("bytecode/ops.py", "bytecode/actions.py", "codegen/metal/lower.py", "benchmarks/programs")
FRONT_PAGE = 30


def tracked(pattern):
    """Files of the repository that match, as git knows them, new ones included."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern],
                            cwd=REPO, capture_output=True, text=True)
    if listed.returncode:
        names = [path.relative_to(REPO).as_posix() for path in REPO.rglob(pattern)
                 if not {".venv", "build"} & set(path.parts)]
    else:
        names = listed.stdout.splitlines()
    return sorted(name for name in names if (REPO / name).is_file())


def unit_of(parts):
    """The row of ALLOWED that a path or dotted name below `firelang` belongs to."""
    joined = "/".join(parts[:2])
    return joined if joined in ALLOWED else parts[0] if parts and parts[0] in ALLOWED else "firelang"


def imported(name):
    """(line, unit) for each import from this project in a file, with relative imports resolved."""
    package = name.split("/")[:-1]
    for node in ast.walk(ast.parse((REPO / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = [absolute(node, package) + [alias.name] for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "firelang":
                yield node.lineno, unit_of(target[1:])


def absolute(node, package):
    """The dotted name an ImportFrom starts from, as a list."""
    module = node.module.split(".") if node.module else []
    if not node.level:
        return module
    base = package if package[0] == "firelang" else ["firelang", *package]
    return base[:len(base) - node.level + 1] + module


SOURCES = [name for name in tracked("*.py") if name.split("/")[0] in {unit.split("/")[0] for unit in ALLOWED}]


@pytest.mark.parametrize("name", SOURCES)
def test_imports_follow_the_table(name):
    unit = unit_of(name.split("/")[:-1])
    wrong = [f"{name}:{line}: {unit} may not import {other}" for line, other in imported(name)
             if other != unit and other not in ALLOWED[unit]]
    assert not wrong, "\n".join(wrong)


def test_files_are_short():
    lengths = {name: len((REPO / name).read_text(encoding="utf-8").splitlines()) for name in tracked("*.py")
               if not any(name.startswith(table) for table in TABLES)}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def test_files_say_what_they_do():
    trees = {name: ast.parse((REPO / name).read_text(encoding="utf-8")) for name in SOURCES}
    assert not [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)]


def test_no_merge_is_left_half_done():
    mark = "<" * 7 + " "
    assert not [name for pattern in ("*.py", "*.md", "*.test", "*.toml") for name in tracked(pattern)
                if any(line.startswith(mark) for line in (REPO / name).read_text(encoding="utf-8").splitlines())]


def test_front_pages_are_short():
    for name in SOURCES:
        if name.endswith("__init__.py"):
            text = ast.get_docstring(ast.parse((REPO / name).read_text(encoding="utf-8"))) or ""
            assert len(text.splitlines()) <= FRONT_PAGE, name


def test_links_in_documents_lead_somewhere():
    missing = []
    for name in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (REPO / name).read_text(encoding="utf-8")):
            if not (REPO / name).parent.joinpath(target).exists():
                missing.append(f"{name}: {target}")
    assert not missing
