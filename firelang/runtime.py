"""Brings the VM up in this process, once, and connects what it needs: translator, imports, child processes.

    vm = runtime.vm()           the module firelang.vm, ready to run code
    vm.exec_code(code, namespace)

Invariant: nothing here imports the bytecode compiler or LLVM; the translator does, when the on-disk cache
has no entry.
"""
import gc
import os
import sys

_vm = _engine = None
loading = False             # whether the VM is being loaded just now


class NoCollections:
    """`with NoCollections():` what is made meanwhile sets off no collection of the program's objects."""

    def __enter__(self):
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *raised):
        if self.enabled:
            gc.enable()


class NoCore(Exception):
    """The native core cannot be loaded; the text says why and what to do."""


def vm():
    """The VM, started at the first call."""
    global _vm, loading
    if _vm is None:
        loading = True
        try:
            _vm = load()
        finally:
            loading = False
        connect(_vm)
    return _vm


def started():
    """The VM if it is up, else None."""
    return _vm


holders = sys.getrefcount(sys.modules)      # of which none is a loop's, when last looked
UNFOUND = 2                                 # of them the interpreter's own, and the argument here


def may_import():
    """Whether the program would not notice an import: sys.modules may not grow while it loops over that.

    A loop has a reference to the dict, in an iterator or, compiled, in a register, where nobody finds it. So all
    references but two have to be found in namespaces or containers."""
    global holders
    count = sys.getrefcount(sys.modules)
    if count > holders:
        found = gc.get_referrers(sys.modules)
        if count - len(found) > UNFOUND or any(type(one).__name__.endswith("iterator") for one in found):
            return False
    holders = count
    return True


def connect(loaded):
    """Give the core what it needs, and it to what runs code for the user."""
    loaded.set_translator(translate)
    loaded.set_poll(poll)
    from . import knobs
    if knobs.get("jit") != "off":
        loaded.set_hook(hot, *pace())
    from . import importer
    importer.connect(loaded)
    # runpy: `-m`, run_path, and the main module of a spawned process
    importer.after_import("runpy", lambda module: setattr(module, "exec", loaded.exec_code))
    importer.after_import("multiprocessing.util", extend_multiprocessing)
    importer.after_import("greenlet", lambda module: loaded._core.switch_stacks())
    importer.enable()


def arrange_memory():
    """The process is the program's: see vm/memory.py and vm/collector.py."""
    from . import knobs
    pages = knobs.get("huge_pages")
    if pages != "off":
        vm()._core.use_huge_pages(pages == "always")
    pace_collector()


def extend_library():
    """The same: functions that the host's library makes of the program's classes are the program's."""
    from . import importer
    importer.after_import("dataclasses", extend_dataclasses)


def pace_collector():
    """Let the heap of a program grow further than the host would until all of it is searched for cycles."""
    from . import knobs
    growth = knobs.get("gc_growth")
    if vm()._core.find_collector(gc.garbage, gc.callbacks, growth, knobs.Knob) and growth > 25:
        gc.callbacks.append(vm()._core.collected)


# mode: turns of a loop, calls of a function until it is recorded; rounds of the loop to record
HOT = {"on": (2500, 10000, 2), "eager": (2, 2, 2)}


def pace():
    """The mode that the settings ask for."""
    from . import knobs
    turns = knobs.get("jit_hot")
    return (turns, turns, 2) if turns else HOT[knobs.get("jit")]


def sent_here(error):
    """Whether another thread has sent this one an exception (`PyThreadState_SetAsyncExc`): a class of the
    program's, which has no arguments then. It is the program's to handle; the JIT's own errors are nobody's."""
    return not error.args and type(error).__module__.partition(".")[0] not in ("builtins", __name__.partition(".")[0])


def hot(why):
    """The first recording has ended: code of an earlier run takes its place, or the JIT is brought up."""
    if not may_import():
        return
    mode = pace()
    try:
        with NoCollections():
            if may_take_stored() and stored_code(mode):
                return
        hook = engine().hook
    except Exception as error:          # the program has broken what imports need; it goes on without
        if sent_here(error):
            raise
        vm().set_hook(lambda why: None, 1 << 62, 1 << 62, 1)
        return
    vm().set_hook(hook, *mode)
    hook(why)


def may_take_stored():
    """Whether the settings allow code that an earlier run has made."""
    from . import knobs
    plain = kept is None and knobs.get("jit_stress") == 0 and knobs.get("jit_level") < 0 \
        and not knobs.get("jit_verify") and knobs.get("jit_fuel") < 0 and not knobs.get("jit_oracle")
    return plain and knobs.get("jit") == "on" and knobs.get("cache") and not knobs.get("jit_dump")


def stored_code(mode):
    """Go on with code of earlier runs; False: there is none."""
    from . import knobs
    from .tracer import stored
    if not stored.start(vm()._core, mode[0], mode[1], knobs.get("jit_log")):
        return False
    vm().set_hook(stored.hook, *stored.warm(mode[0]), mode[2])
    stored.hook(stored.ASKED)
    return True


def engine():
    """The JIT, brought up if it is not."""
    global _engine
    if _engine is None:
        with NoCollections():
            _engine = bring_up()
    return _engine


def bring_up():
    """The JIT, told the settings."""
    from . import knobs
    from .tracer import engine as module
    module.start(vm()._core, knobs.get("jit_log"), knobs.get("jit_dump"), knobs.get("jit_level"),
                 knobs.get("jit_later") if knobs.get("cache") else "off",
                 knobs.get("jit") == "eager" or knobs.get("jit_hot") > 0)
    made = module.engine
    made.stress, made.verify = knobs.get("jit_stress"), knobs.get("jit_verify")
    if knobs.get("jit_oracle"):
        from .tracer import oracle
        made.oracle = oracle
    made.fuel = module.Fuel(knobs.get("jit_fuel"), knobs.get("jit_dump"))
    if may_take_stored():
        made.store()
    if made.share is not None:
        made.share = knobs.get("jit_share") / 100 if knobs.get("jit_share") < 100 else None
    return made


def poll():
    """Called by the core so that the host handles what is pending for this thread."""


def library(name):
    """Import an installed package the engine itself needs, under -S and -I too."""
    place = os.environ.get("FIRE_RESTARTED_LIBRARIES")
    saved = sys.path[:]
    sys.path.extend([place] if place else [])
    try:
        __import__(name)
    finally:
        sys.path[:] = saved
    return sys.modules[name]


def load():
    """The module firelang.vm; a failure becomes a sentence for the user."""
    try:
        loaded = library("firelang.vm")
        getattr(loaded, "_core")  # noqa: B009 (its native part is loaded when first asked for)
    except ImportError as error:
        raise NoCore(f"the VM core cannot be loaded: {error}\n"
                     f"  build it with: {sys.executable} -m firelang.codegen.build") from error
    return loaded


def translate(code):
    """The register program of a host code object, from the on-disk cache or made now; asked for the first."""
    from . import knobs
    from .bytecode import cache
    if not knobs.get("cache") or knobs.get("cache_dir"):
        cache.configure(knobs.get("cache"), knobs.get("cache_dir"))
    program = bringing(cache.program) if knobs.get("jit") == "off" else noting(cache.program)
    vm().set_translator(program)
    return program(code)


def bringing(program):
    """`program`, which at the first generator expression brings the functions that take in generators for builtins."""
    def brought(code):
        if code.co_name == "<genexpr>" and may_import():
            vm().set_translator(program)
            bring_consumers()
        return program(code)
    return brought


def bring_consumers():
    """Functions of the VM stand for the builtins that take in generators from now on."""
    from .tracer import consumers
    if not consumers.functions:
        consumers.install(vm()._core)


# Weak references to the code objects of functions that ran, by address (so that those of dead ones are
# replaced), for the JIT:
translated: dict[int, object] = {}      # not all if they are many
kept: list | None = None                # code objects that ran, for `fire explain`, which takes no code of earlier runs
MOST_NOTED = 20000


def noting(program):
    """`bringing`, which leaves a note of what it was asked for."""
    from _weakref import ref
    untrack = vm()._core.untrack            # programs count what the collector knows
    brings = True

    def noted(code):
        nonlocal brings
        if brings and code.co_name == "<genexpr>" and may_import():
            brings = False
            bring_consumers()
        if len(translated) < MOST_NOTED:
            translated[id(code)] = untrack(ref(code))
        if kept is not None:
            kept.append(code)
        return program(code)
    return noted


def code_generator():
    """The package codegen, told the settings; asked for when the first trace is compiled."""
    from . import codegen, knobs
    codegen.configure(knobs.get("cache"), knobs.get("cache_dir"), knobs.get("cache_size") << 20,
                      knobs.get("perf_map"))
    return codegen


def extend_dataclasses(module):
    """What the host's library writes for a dataclass of the program (`__init__`, `__eq__`, ...) runs on the VM, too."""
    from . import importer
    if importer.is_programs(vars(module)):          # --vm-packages: the library is on the VM, and what it makes
        return

    def execute(text, names, local):
        (vm().exec_code if importer.is_programs(names) else exec)(text, names, local)

    written = importer.host_code_with_exec(module._create_fn, execute)
    written.__kwdefaults__ = module._create_fn.__kwdefaults__
    module._create_fn = written


def extend_multiprocessing(module):
    """Spawned processes and fork servers run `python3 FLAGS .../firelang/__main__.py OPTIONS -c ...`."""
    flags = module._args_from_interpreter_flags

    def args_from_interpreter_flags():
        from .restart import entry
        return [*flags(), *entry()]

    module._args_from_interpreter_flags = args_from_interpreter_flags
