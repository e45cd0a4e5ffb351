"""fire, a fast runtime for Python: what a user touches.

    fire script.py                      the command, see firelang.cli
    firelang.VM().run_file(path)        embedding
    @firelang.jit                       one function of an ordinary program on the VM
    firelang.install(["mypkg"])         modules of these packages run on the VM once imported

The engine's folders (vm, bytecode, ...) are subpackages: installed ones lie inside this package, those of a
source tree lie beside it and are found through `__path__`.  Importing this package loads none of them.
"""
import os

__version__ = "0.1.0"
__all__ = ["VM", "jit", "install", "__version__"]

_TREE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
if os.path.isfile(os.path.join(_TREE, "pyproject.toml")):
    __path__.append(_TREE)


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import embed
    globals().update({public: getattr(embed, public) for public in ("VM", "jit", "install")})
    return globals()[name]
