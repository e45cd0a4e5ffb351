"""Run one command in a child process and measure it: CPU seconds, wall seconds, peak memory, its output.

    measure(["python3", "fib.py", "--small"], "fib", "610")
    -> Sample(status="ok", seconds=0.012, wall=0.013, rss_mb=8.5, kernels=[], reason="")

CPU seconds are user + system of the child and of its own waited-for children (the rusage of os.wait4): time
in background threads counts, time spent waiting for other processes does not. The kernel counts as a child's
peak memory at least the resident size of the process that spawned it, so a bare Python without imports
(about 8 MB) does the spawning, not this process.
"""
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

OK, FAIL, SKIP = "ok", "FAIL", "skip"


# Arguments: a file descriptor to report on, then the command. The report: wait status, CPU seconds, peak KB.
LAUNCHER = """
import os, sys
report = int(sys.argv[1])
os.set_inheritable(report, False)
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
os.write(report, b"%d %f %d" % (status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss))
"""


@dataclass
class Sample:
    status: str                            # ok, FAIL, or skip (an optional package is missing)
    seconds: float = 0.0                   # CPU seconds of the whole process
    wall: float = 0.0
    rss_mb: float = 0.0
    kernels: list = field(default_factory=list)     # CPU seconds of each in-process repetition
    reason: str = ""
    checksum: str = ""


def measure(command, name, expected=None, needs=None, timeout=300.0):
    """Run the command; it must exit with 0 and print `name expected` last (any checksum if None)."""
    status, sample, output, errors = spawn(command, timeout)
    if status == 0:
        return read_output(sample, output, name, expected)
    if needs and "No module named '%s'" % needs in errors:
        return Sample(SKIP, reason="needs " + needs)
    late = "timed out; " if sample.wall >= timeout else ""
    last = errors.strip().splitlines()[-1:] or [""]
    sample.status = FAIL
    sample.reason = "%sexit code %d: %s" % (late, status, last[0][:160])
    return sample


def spawn(command, timeout):
    """Run the command to its end: (exit code or minus the signal, Sample, stdout, stderr)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as told:
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(told.fileno())]
        start = time.perf_counter()
        child = subprocess.Popen(launcher + command, stdout=out, stderr=err, pass_fds=[told.fileno()],
                                 env=environment(), start_new_session=True)
        try:
            child.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        wall = time.perf_counter() - start
        output, errors, usage = read(out), read(err), read(told).split()
    if not usage:                          # killed, or the command could not be started
        return child.returncode, Sample(FAIL, wall=wall), output, errors
    sample = Sample(OK, float(usage[1]), wall, int(usage[2]) / 1024)
    return os.waitstatus_to_exitcode(int(usage[0])), sample, output, errors


def read_output(sample, output, name, expected):
    """Fill in what the program printed: `name kernel I SECONDS` lines, then `name checksum`."""
    lines = output.splitlines() or [""]
    for line in lines[:-1]:
        words = line.split()
        if words[:2] == [name, "kernel"]:
            sample.kernels.append(float(words[3]))
    printed_name, _, sample.checksum = lines[-1].partition(" ")
    if printed_name != name or expected is not None and sample.checksum != expected:
        sample.status = FAIL
        sample.reason = "wrong answer: %r, expected %r" % (lines[-1][:80], expected or "any")
    return sample


def read(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def environment():
    """The caller's environment with a fixed hash seed, so that the order of sets repeats.

    PyPy sizes its nursery by the cache of the machine, and with a very large cache it then loses a third
    of its speed to page faults on virtual machines: 4 MB, unless the caller has set something else, suits it.
    Without PYTHONDONTWRITEBYTECODE, which in a source tree has fire compile its own modules in each run: a tenth of
    a second.
    """
    found = dict({"PYPY_GC_NURSERY": "4M"}, **dict(os.environ, PYTHONHASHSEED="0"))
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def fire_command():
    """Command line of fire: the command installed beside this Python, which starts 3 ms faster than `-m firelang`."""
    command = os.path.join(os.path.dirname(sys.executable), "fire")
    return shlex.quote(command) if os.access(command, os.X_OK) else shlex.quote(sys.executable) + " -m firelang"


def machine():
    """What a reader needs to know of this computer."""
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = platform.system()
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "arch": platform.machine(), "os": system,
            "kernel": platform.release(), "commit": commit(), "date": time.strftime("%Y-%m-%d")}


def cpu_model():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def commit():
    here = os.path.dirname(os.path.abspath(__file__))
    return first_line(["git", "-C", here, "describe", "--always", "--dirty", "--exclude", "*"]) or "unknown"


def version(command):
    return first_line(command + ["--version"]) or "unknown"


def first_line(command):
    """What the command prints, in one line; empty when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment())
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return " ".join(done.stdout.split()) if done.returncode == 0 else ""
