"""Packages of the distribution, the `fire` command, and the native core as a build step.

The engine's folders stand at the top of the tree and install as `firelang.<folder>`; only those that exist
are listed.  The core is built by `firelang.codegen.build`, imported from this tree, into the build folder or,
for an editable install, into vm/.  The command is a script and not an entry point, because the wrapper that
pip writes for those imports `re`, which costs 5 ms at every start.
"""
import pathlib
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import _StaticPth, editable_wheel

ROOT = pathlib.Path(__file__).resolve().parent
FOLDERS = ("syntax", "bytecode", "vm", "objects", "cpython_bridge", "tracer", "ir", "specializer", "codegen",
           "gpu", "stdlib")


def packages():
    """{package name: folder} of firelang and of every engine folder with Python files, at any depth."""
    found = {"firelang": "firelang"}
    for folder in FOLDERS:
        for init in sorted((ROOT / folder).glob("**/__init__.py")):
            place = init.parent.relative_to(ROOT)
            found["firelang." + ".".join(place.parts)] = str(place)
    return found


def build_core(folder):
    """Compile the VM core into `folder` (the place of the package firelang.vm); what it wrote."""
    sys.path.insert(0, str(ROOT))
    try:
        from firelang.codegen.build import build_core as build
    except ModuleNotFoundError as error:
        if error.name not in ("firelang.codegen", "firelang.codegen.build"):
            raise
        print("no VM core in this tree: nothing to compile", file=sys.stderr)
        return []
    finally:
        sys.path.remove(str(ROOT))
    folder.mkdir(parents=True, exist_ok=True)
    return [str(build(folder))]


class BuildCore(build_ext):
    """build_ext whose one extension is made by our own builder, not by setuptools' compiler."""

    written = ()

    def run(self):
        here = self.inplace or self.editable_mode
        self.written = build_core(ROOT / "vm" if here else pathlib.Path(self.build_lib, "firelang", "vm"))

    def get_outputs(self):
        return [] if self.inplace or self.editable_mode else list(self.written)

    def get_output_mapping(self):
        return {}


class BuildPython(build_py):
    """build_py that leaves the tree's own build products out."""

    def find_data_files(self, package, src_dir):
        files = super().find_data_files(package, src_dir)
        return [path for path in files if not path.endswith((".so", ".o"))]


class EditableWheel(editable_wheel):
    """An editable install is one link to firelang/, in a folder of its own that a .pth file names.

    setuptools' own way for a layout like ours is an import hook that costs every python3 there 9 ms.
    The engine's folders are found from the link's target, see firelang/__init__.py.
    """

    def _select_strategy(self, name, tag, build_lib):
        place = ROOT / "build" / "editable"
        place.mkdir(parents=True, exist_ok=True)
        link = place / "firelang"
        if not link.is_symlink():
            link.symlink_to(pathlib.Path("..", "..", "firelang"))
        return _StaticPth(self.distribution, name, [place])


found = packages()
setup(
    packages=list(found),
    package_dir=found,
    package_data={name: ["*.h", "*.c", "*.toml", "*.txt", "py.typed"] for name in found},
    ext_modules=[Extension("firelang.vm._core", sources=[])],
    scripts=["firelang/bin/fire"],
    cmdclass={"build_ext": BuildCore, "build_py": BuildPython, "editable_wheel": EditableWheel},
    zip_safe=False,
)
