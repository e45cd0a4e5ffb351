"""fire inside an ordinary Python program: VM, jit, install.

    namespace = VM().run_file("app.py")         its globals, as runpy.run_path gives them
    VM().exec("x = 6 * 7", ns); VM().eval("x", ns)
    @jit
    def hot(n): ...

An exception of the code run here propagates to the caller as usual.
"""
import sys
from types import FunctionType

from . import importer, runtime


class VM:
    """The VM of this process: there is one, however many instances name it."""

    def __init__(self, packages=()):
        """`packages`: names of installed packages whose modules run on the VM once imported."""
        self._native = runtime.vm()
        install(packages)

    def run_file(self, path, run_name="__main__", argv=None):
        """Run a file and return its globals; `argv` stands in for sys.argv meanwhile.

        Modules beside the file run on the VM too.
        """
        from os import fspath
        from os.path import abspath, dirname
        path = fspath(path)
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        importer.beside(dirname(abspath(path)))
        namespace = {"__name__": run_name, "__file__": path, "__cached__": None, "__doc__": None,
                     "__loader__": None, "__package__": None, "__spec__": None,
                     "__builtins__": sys.modules["builtins"]}
        saved, sys.argv = sys.argv, [path] if argv is None else list(argv)
        try:
            self._native.exec_code(code, namespace)
        finally:
            sys.argv = saved
        return namespace

    def exec(self, source, namespace=None):
        """Run statements (text or a code object) in `namespace`, a new one by default; returns it."""
        namespace = {"__name__": "__main__"} if namespace is None else namespace
        self._native.exec_code(_code(source, "exec"), namespace)
        return namespace

    def eval(self, source, namespace=None):
        """The value of an expression (text or a code object)."""
        return self._native.exec_code(_code(source, "eval"), {} if namespace is None else namespace)

    def call(self, function, *args, **kwargs):
        """function(*args, **kwargs), a plain Python function on the VM."""
        return (self._native.adopt(function) if type(function) is FunctionType else function)(*args, **kwargs)


def _code(source, mode):
    if isinstance(source, (str, bytes)):
        return compile(source, "<string>", mode, dont_inherit=True)
    return source


def jit(target):
    """Decorator: put a function, a static or class method, or all functions of a class on the VM."""
    if isinstance(target, FunctionType):
        return runtime.vm().adopt(target)
    if isinstance(target, (staticmethod, classmethod)):
        return type(target)(jit(target.__func__))
    if isinstance(target, type):
        for name, value in list(vars(target).items()):
            if isinstance(value, (FunctionType, staticmethod, classmethod)):
                setattr(target, name, jit(value))
        return target
    raise TypeError(f"firelang.jit takes a Python function or class, not {type(target).__name__}")


def install(packages):
    """Run these packages' modules on the VM from their next import on: names, or ["all"]."""
    if isinstance(packages, str):
        raise TypeError("firelang.install takes a list of names")
    runtime.vm()
    importer.install(packages)
