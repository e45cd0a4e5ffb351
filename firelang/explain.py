"""`fire explain FILE [args]`: run a program, then say of every hot loop and function whether it is
compiled, and why not.

    fire explain prog.py            report on stderr when the program has ended
    fire explain --html prog.py     and as a page, prog.py.explain.html
"""
import sys

from . import knobs

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
    report_at_exit(words[0] + ".explain.html" if html else "")
    return launch.run(options.parse(words))


def report_at_exit(page):
    """Report when the program has ended, to stderr and, if named, to a page."""
    import atexit

    def report():
        if "firelang.tracer.site" not in sys.modules:
            sys.stderr.write("fire explain: nothing became hot\n")
            return
        from . import runtime
        from .tracer import report as reports
        engine = runtime.engine()           # code of earlier runs may have done without
        sys.stderr.write(reports.text(engine) + "\n")
        if page:
            with open(page, "w", encoding="utf-8") as file:
                file.write(reports.page(engine))
            sys.stderr.write(f"written: {page}\n")

    atexit.register(report)
