"""The two interpreters every test compares: the host CPython and fire, and how to run them.

    run(FIRE, "script.py", stats=True) -> Result(status=0, out="...", err="...", stats={...})

`FIRE_CMD` names the command under test (default: `sys.executable -m firelang`); `FIRE_HOST` names the host
(default: `sys.executable`).  `FIRE_CMD="/usr/bin/python3"` makes every comparison trivially true, which is
how the tests themselves are tested; `is_host(FIRE)` then answers True and options only fire knows are left
out.  Invariants: no command runs without a time limit, and a killed command takes its children with it.
"""

import dataclasses
import importlib.util
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent
REPO = TESTS.parent
HOST = shlex.split(os.environ.get("FIRE_HOST", "")) or [sys.executable]
FIRE = shlex.split(os.environ.get("FIRE_CMD", "")) or [sys.executable, "-m", "firelang"]
CACHE = pathlib.Path(os.environ.get("FIRE_TEST_CACHE", TESTS / ".cache"))
TIMED_OUT = 124


@dataclasses.dataclass
class Result:
    """What one command gave: exit status (negative: killed by that signal), both streams, fire's
    statistics.
    """

    status: int
    out: str
    err: str
    stats: dict | None = None

    @property
    def crashed(self):
        """Whether a signal nobody asked for ended the process."""
        return -self.status in CRASH_SIGNALS or self.status - 128 in CRASH_SIGNALS


CRASH_SIGNALS = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP}


def is_host(command):
    """True when `command` is a plain CPython and knows none of fire's own options."""
    return "python" in os.path.basename(command[0]) and "firelang" not in command


def fire_options(command, stats=False, packages=()):
    """fire's own options for `command`, none for a plain host."""
    if is_host(command):
        return []
    options = ["--stats=json"] if stats else []
    if packages:
        options.append("--vm-packages=" + ",".join(packages))
    return options


def environment(**changes):
    """This process's environment without PYTHON* and FIRE_* settings that would change results."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith("PYTHON") and (not k.startswith("FIRE_") or k in KEPT_VARIABLES)
    }
    if "PYTHONPATH" in os.environ and importlib.util.find_spec("firelang") is not None:
        kept["PYTHONPATH"] = os.environ["PYTHONPATH"]
    kept.update(PYTHONHASHSEED="0", COLUMNS="80", LC_ALL="C.UTF-8")
    for name, value in changes.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = str(value)
    return kept


KEPT_VARIABLES = {"FIRE_CACHE_DIR", "FIRE_TEST_CACHE", "FIRE_CMD", "FIRE_HOST", "FIRE_JIT"}


def kill_group(process):
    """End `process` and everything it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(
    command,
    *arguments,
    stats=False,
    packages=(),
    timeout=60,
    cwd=None,
    env=None,
    input=None,
    encoding="utf-8",
):
    """Run `command` on `arguments` to its end and return a Result; status is TIMED_OUT past `timeout`
    seconds.
    """
    whole = [*command, *fire_options(command, stats, packages), *map(str, arguments)]
    process = subprocess.Popen(
        whole,
        stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment() if env is None else env,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(input.encode(encoding) if isinstance(input, str) else input, timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        kill_group(process)
        out, err = process.communicate()
        status = TIMED_OUT
    out, err = out.decode(encoding, "backslashreplace"), err.decode(encoding, "backslashreplace")
    err, found = split_stats(err) if stats and not is_host(command) else (err, None)
    return Result(status, out, err, found)


def split_stats(err):
    """Take fire's `--stats=json` object, the last line of stderr, off `err`: (rest, object or None)."""
    rest, _, last = err.rstrip("\n").rpartition("\n")
    try:
        found = json.loads(last)
    except ValueError:
        return err, None
    if not isinstance(found, dict) or "functions_vm" not in found:
        return err, None
    return rest + "\n" if rest else "", found


TRACING_WORDS = ("settrace", "setprofile", "tracing", "profiling", "monitoring")


def twin_reasons(stats):
    """Why functions ran on the host twin, as {reason: count}, without those tracing or profiling demands."""
    reasons = stats.get("twin_reasons") or {}
    if not isinstance(reasons, dict):
        reasons = {str(reason): 1 for reason in reasons}
    return {reason: count for reason, count in reasons.items() if not any(w in reason for w in TRACING_WORDS)}


def twin_count(stats):
    """Functions that ran on the host twin for another reason than tracing; None where nothing was told."""
    if stats is None:
        return None
    excused = (
        {r: n for r, n in (stats.get("twin_reasons") or {}).items() if any(w in r for w in TRACING_WORDS)}
        if isinstance(stats.get("twin_reasons"), dict)
        else {}
    )
    return max(
        0, stats.get("functions_twin", 0) - sum(n if isinstance(n, int) else len(n) for n in excused.values())
    )


def load(path):
    """The module at `path` below tests/, which is not a package (two folders have a run.py)."""
    path = TESTS / path
    name = "fire_tests_" + path.relative_to(TESTS).with_suffix("").as_posix().replace("/", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
