"""Runs the main program: file, folder or zip, -c, -m or standard input, in a fresh `__main__`, on the VM.

    run(options) -> exit status

`__main__`, sys.argv, sys.path[0], tracebacks and exit statuses are those of python3.  A main program
that does not compile is handed to the plain host, which words the error; with -i or --stats we word it.
"""
import os
import sys

from . import outcome, runtime


def run(options):
    """Run what the command line names; the exit status."""
    runtime.vm()                # before sys.path names the user's modules
    runtime.arrange_memory()
    runtime.extend_library()
    path0 = None if sys.flags.safe_path else ""
    if options.inspect:
        from . import repl
        repl.mark_flags(interactive=options.inspect == "option")
    if options.mode == "file":
        return run_path(options, path0)
    if options.mode == "module":
        sys.argv[:] = ["-m", *options.args]
        set_path0(path0 if path0 is None else os.getcwd())
        return run_module(options, options.target, True)
    set_path0(path0)
    if options.mode == "command":
        sys.argv[:] = ["-c", *options.args]
        return finish(options, run_source(options, options.target, "<string>", fresh_main()))
    sys.argv[:] = ["-" if options.target else "", *options.args]
    if options.inspect == "option" or _is_terminal(sys.stdin):
        from . import repl
        return repl.run(fresh_main(), start_up=True, banner=not sys.flags.quiet)
    return run_stdin(options)


def run_path(options, path0):
    """A file, or a folder or zip with a `__main__.py`."""
    path = absolute(options.target)
    sys.argv[:] = [options.target, *options.args]
    if is_importable(path):
        sys.path[0:0 if path0 is None else 1] = [path]
        beside(path)
        return run_module(options, "__main__", False)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        outcome._write(f"fire: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n")
        return finish(options, None) if options.inspect else 2
    set_path0(path0 if path0 is None else os.path.dirname(os.path.realpath(path)))
    main = fresh_main()
    main.update(__loader__=loader("SourceFileLoader")("__main__", path), __file__=path, __cached__=None)
    if options.skip_line:
        source = b"\n" + source.partition(b"\n")[2]
    return finish_file(options, run_source(options, source, path, main), main)


def run_stdin(options):
    """The program is all of standard input."""
    source = sys.stdin.buffer.read() if sys.stdin is not None else b""
    main = fresh_main()
    main.update(__file__="<stdin>", __cached__=None)
    return finish_file(options, run_source(options, source, "<stdin>", main), main)


def run_module(options, name, alter_argv):
    """By the host's runpy, whose `exec` is the VM's."""
    fresh_main()
    import runpy
    return finish(options, outcome.run_outermost(runpy._run_module_as_main, name, alter_argv))


def run_source(options, source, name, main):
    """Compile and run the main program; the exception it ended with, or None."""
    try:
        code = compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, UnicodeError) as error:
        if not options.inspect and "stats" not in options.knobs:
            from . import restart
            restart.as_host(options.mode, options.target, options.args, source, options.skip_line)
        return error.with_traceback(None)
    del source
    return outcome.run_outermost(runtime.vm().exec_code, code, main)


def finish_file(options, error, main):
    """As finish(); __file__ is gone once the program is over, unless SystemExit ends the process at once."""
    if options.inspect or not isinstance(error, SystemExit):
        main.pop("__file__", None)
        main.pop("__cached__", None)
    return finish(options, error)


def finish(options, error):
    """The exit status; before that, with -i or PYTHONINSPECT, the REPL on what the program left."""
    main = sys.modules.get("__main__")
    if not options.inspect:
        status = outcome.leave(error)
        asked = os.environ.get("PYTHONINSPECT") and not sys.flags.ignore_environment      # by the program
        return prompt(main) if asked and _is_terminal(sys.stdin) else status
    if error is not None:
        outcome.report(error)
    if options.inspect == "option" or _is_terminal(sys.stdin):
        return prompt(main)
    return int(error is not None)


def prompt(main):
    """The REPL after a program."""
    from . import repl
    return repl.run(main.__dict__ if main is not None else fresh_main(), start_up=False, banner=False)


def fresh_main():
    """A new module `__main__`, as the host makes it; its namespace."""
    module = type(sys)("__main__")
    namespace = module.__dict__
    namespace.update(__loader__=sys.modules["_frozen_importlib"].BuiltinImporter, __annotations__={},
                     __builtins__=sys.modules["builtins"])
    sys.modules["__main__"] = module
    return namespace


def set_path0(path):
    """Replace python3's own sys.path[0], the folder of the command `fire`; None: there is none (-P, -I)."""
    if path is not None:
        sys.path[0] = path
        beside(path or os.getcwd())


def beside(folder):
    """Modules in the tree at `folder` run on the VM."""
    from . import importer
    importer.beside(folder)


def is_importable(path):
    """Whether a path hook takes this path as a place of modules: a folder or a zip."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


def absolute(path):
    """The path as the host spells it: the working directory in front, nothing normalized."""
    if path.startswith("/"):
        return path
    try:
        return os.getcwd() + "/" + path if path else os.getcwd()
    except OSError:
        return path


def loader(name):
    """One of the host's loaders, without importing importlib."""
    return getattr(sys.modules["_frozen_importlib_external"], name)


def _is_terminal(stream):
    try:
        return stream is not None and os.isatty(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return False
