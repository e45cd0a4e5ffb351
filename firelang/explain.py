"""`fire explain FILE [args]`: run a program, then say line by line where its time went, what was compiled, where
compiled code was left and what was not compiled, and what can be done about it.

    fire explain prog.py            report on stderr when the program has ended
    fire explain --html prog.py     and as a page, prog.py.explain.html

The program does what it does without. Code of earlier runs is not used, so that all can be explained.
"""
import os
import sys

from . import dev, knobs, runtime

USAGE = "usage: fire explain [--html] FILE [args...]\n"


def main(words):
    """Run `fire explain words...`; the program's exit status."""
    html = words[:1] == ["--html"]
    words = words[1:] if html else words
    if not words or words[0].startswith("-"):
        sys.stderr.write(USAGE)
        return 2
    from . import launch, options
    if knobs.get("jit") == "off":
        knobs.put("jit", "on")
    dev.apart(words[0], lambda: watch(words[0] + ".explain.html" if html else ""))
    return launch.run(options.parse(words))


def watch(page):
    """Take notes and samples from now on; report when the program has ended, to stderr and, if named, to a page."""
    import atexit
    from time import process_time
    runtime.kept = []
    vm, engine = runtime.vm(), runtime.engine()
    from .tracer import report_page, report_text
    from .tracer.journal import Journal
    from .tracer.report import Report
    from .tracer.sampling import Sampler
    engine.journal = Journal()
    sampler = Sampler(vm._core, runtime.kept)
    runtime.code_generator().watch = sampler.linked
    started, process, page = process_time(), os.getpid(), page and os.path.abspath(page)

    def ended():
        if os.getpid() == process:
            sampler.stop()
            found = Report(engine, sampler, process_time() - started)
            colours = sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            say(report_text.text(found, colours), page, lambda: report_page.page(found))

    atexit.register(ended)
    sampler.start()


def say(text, file, page):
    """Write the report, and the page if it has a file."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.stderr.write(text + "\n")
        if file:
            with open(file, "w", encoding="utf-8", errors="surrogateescape") as out:
                out.write(page())
            sys.stderr.write(f"written: {file}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError) as error:
        if sys.stderr is not None and not sys.stderr.closed:
            sys.stderr.write(f"fire explain: {error}\n")
