"""The layout table against the running interpreter's own headers: every offset and size, by a compiled probe."""
from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from firelang.cpython_bridge import layouts

HEADERS = ["frame", "code", "dict", "list", "tuple", "interp", "runtime", "moduleobject", "gc"]
IN_C = {("PyMethodDescrObject", "d_type"): "d_common.d_type",      # fields kept in a struct within the struct
        ("PyComplexObject", "real"): "cval.real", ("PyComplexObject", "imag"): "cval.imag"}
INCLUDE = Path(sysconfig.get_path("include"))


def rows():
    """(our name, C name, size, {field: offset}) of the rows that stand in headers."""
    text = layouts.TABLES[layouts.sys.version_info[:2]].replace("\n    ", " ")
    for line in text.strip().splitlines():
        name, c_name, size, fields = (part.strip() for part in line.split("|"))
        if not c_name.startswith("private"):
            offsets = {f.split(":")[0]: int(f.split("@")[1]) for f in fields.split()}
            yield name, c_name, int(size), offsets


def probe_source() -> str:
    """A C program that prints each size and offset on a line of its own."""
    lines = ["#define Py_BUILD_CORE 1", "#include <Python.h>", "#include <structmember.h>", "#include <stddef.h>"]
    lines += [f'#include "internal/pycore_{header}.h"' for header in HEADERS]
    lines.append("int main(void) {")
    for name, c_name, _, offsets in rows():
        lines.append(f'printf("{name} size %zu\\n", sizeof({c_name}));')
        lines += [f'printf("{name} {field} %zu\\n", offsetof({c_name}, {IN_C.get((c_name, field), field)}));'
                  for field in offsets]
    return "\n".join([*lines, "return 0; }"])


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What the headers say: {(row, field): number}."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not (INCLUDE / "internal").is_dir():
        pytest.skip("a C compiler and the interpreter's headers are needed")
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text(probe_source())
    subprocess.run([compiler, f"-I{INCLUDE}", f"-I{INCLUDE}/internal", "-o", str(folder / "probe"),
                    str(folder / "probe.c")], check=True)
    printed = subprocess.run([str(folder / "probe")], check=True, capture_output=True, text=True).stdout
    return {(row, field): int(number) for row, field, number in map(str.split, printed.splitlines())}


def test_every_offset(measured):
    expected = {}
    for name, _, size, offsets in rows():
        expected[name, "size"] = size
        expected.update({(name, field): offset for field, offset in offsets.items()})
    assert measured == expected
