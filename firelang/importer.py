"""Makes imports land on the VM: modules beside the script, and packages named by --vm-packages.

    beside("/home/me/app")          a path hook: modules in this tree get a VmLoader
    install(["mypkg"])              a meta-path finder: `mypkg` and its submodules get one, wherever they lie

A VmLoader is the host's SourceFileLoader (same .pyc files, same resources) whose module body runs on the VM.
Its exec_module is the host's own code with another `exec`: tracebacks and frames look as under the host.

Invariants: the standard library and site-packages stay on the host unless named; a module that nobody named
costs one Python call of a few hundred nanoseconds; what the host's finders would find is never hidden.
"""
import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import builtins
import os
import sys

from . import runtime

SUFFIXES = [".py", ".🔥", ".fire", ".mojo"]
NOT_BESIDE = ("site-packages", "dist-packages")
TRANSLATOR = "firelang.bytecode"
own_builtins = vars(builtins).copy()
_roots: list[str] = []


class VmLoader(external.SourceFileLoader):
    """A source loader whose module bodies run on the VM."""

    def exec_module(self, module):
        """Starts the VM; connect() puts the host's own code in this place. What the start itself imports
        (with --vm-packages=all) stays on the host."""
        if runtime.loading:
            super().exec_module(module)
        else:
            runtime.vm()
            self.exec_module(module)


class UncachedVmLoader(VmLoader):
    """For files that are not .py: their names would collide in __pycache__."""

    def get_code(self, fullname):
        """Compiled anew."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def loader_of(name, path):
    """The loader of a source file: fire's own modules stay on the host."""
    if name.partition(".")[0] == "firelang":
        return external.SourceFileLoader(name, path)
    return (VmLoader if path.endswith(".py") else UncachedVmLoader)(name, path)


class EngineLoader(external.SourceFileLoader):
    """For the translator, which runs amid a program: what that does to `builtins` is not to reach it."""

    def exec_module(self, module):
        """The module, in builtins of its own."""
        module.__dict__["__builtins__"] = own_builtins
        super().exec_module(module)


def host_code_with_exec(function, execute):
    """A copy of a host function that calls `execute` wherever it says exec."""
    return type(function)(function.__code__, {**function.__globals__, "exec": execute}, function.__name__)


def connect(vm):
    """Let module bodies run on `vm`."""
    body = host_code_with_exec(external.SourceFileLoader.exec_module, vm.exec_code)
    setattr(VmLoader, "exec_module", body)  # noqa: B010 (a method replaced on purpose)
    setattr(finder, "find_spec", unseen(finder.find_spec))  # noqa: B010 (a method replaced on purpose)


def unseen(function):
    """`function` as the import system calls it: no tracer or profiler of the program sees what it does."""
    vm = runtime.started()
    method: type = type(finder.extended)            # not from `types`: that is not imported yet
    return method(vm._core.untraced, function) if vm else function


def is_programs(names):
    """Whether this is the namespace of a module that runs on the VM, or of the program itself."""
    return names.get("__name__") == "__main__" or isinstance(names.get("__loader__"), VmLoader)


def beside(folder):
    """Modules below `folder`, which is where the script lies, run on the VM."""
    folder = os.path.join(os.path.abspath(folder), "")
    if folder in _roots:
        return
    if not _roots:
        sys.path_hooks.insert(0, unseen(path_hook))
    _roots.append(folder)
    for path in list(sys.path_importer_cache):
        if is_beside(path):
            del sys.path_importer_cache[path]


def is_beside(path):
    """Whether `path` is in the script's tree, neither in the host's library nor in an installation."""
    inside = os.path.join(os.path.abspath(path), "")
    if not any(inside.startswith(root) for root in _roots):
        return False
    return not inside.startswith(library()) and not any(name in inside for name in NOT_BESIDE)


def library():
    """The folder of the standard library, with its separator."""
    return os.path.join(getattr(sys, "_stdlib_dir", None) or os.path.dirname(os.__file__), "")


def path_hook(path):
    """A finder for a folder beside the script, ImportError for any other path."""
    if not is_beside(path) or not os.path.isdir(path):
        raise ImportError("not beside the script", path=path)
    return external.FileFinder(path, *loaders())


def loaders():
    """The host's loaders in its order, with ours for source."""
    for loader, suffixes in external._get_supported_file_loaders():
        yield (unseen(loader_of), SUFFIXES) if loader is external.SourceFileLoader else (loader, suffixes)


class Finder:
    """Meta-path finder: named packages get a VmLoader, host modules that we extend get their extension."""

    def __init__(self):
        self.packages = set()
        self.extensions = {}        # module name -> function(module), called after its import

    def find_spec(self, name, path=None, target=None):
        """As importlib.abc.MetaPathFinder."""
        if name in self.extensions:
            return self.extended(name, path, target)
        if name.startswith(TRANSLATOR):
            return self.sheltered(name, path)
        if not self.packages:
            return None
        if name.partition(".")[0] not in self.packages and "all" not in self.packages:
            return None
        spec = external.PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is external.SourceFileLoader:
            spec.loader = loader_of(spec.loader.name, spec.loader.path)
        return spec

    def sheltered(self, name, path):
        """The spec of a module of the translator."""
        spec = external.PathFinder.find_spec(name, path)
        if spec is not None and type(spec.loader) is external.SourceFileLoader:
            spec.loader = EngineLoader(spec.loader.name, spec.loader.path)
        return spec

    def extended(self, name, path, target):
        """The spec the other finders give, with an exec_module that applies the extension afterwards."""
        extension = self.extensions.pop(name)
        spec = bootstrap._find_spec(name, path, target)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = Extending(spec.loader, extension)
        return spec


class Extending:
    """Stands in for a loader during one import; the module keeps the loader it would have had."""

    def __init__(self, loader, extension):
        self.loader, self.extension = loader, extension

    def create_module(self, spec):
        """The loader's own, and the spec gets its loader back."""
        spec.loader = self.loader
        module = self.loader.create_module(spec)
        spec.loader = self
        return module

    def exec_module(self, module):
        """The loader's own, then the extension."""
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        self.extension(module)


finder = Finder()


def after_import(name, extension):
    """Call extension(module) once `name` is imported, now if it is."""
    if name in sys.modules:
        extension(sys.modules[name])
    else:
        finder.extensions[name] = extension
        enable()


def enable():
    """Put the finder first on sys.meta_path."""
    if finder not in sys.meta_path:
        sys.meta_path.insert(0, finder)


def install(packages):
    """Run these packages (names, or "all") on the VM from their next import on; what is loaded stays."""
    finder.packages.update(packages)
    enable()
