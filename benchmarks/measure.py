"""Run one command in a child process and measure it: CPU seconds, wall seconds, peak memory, its output.

    measure(["python3", "fib.py", "--small"], "fib", "610")
    -> Sample(status="ok", seconds=0.012, wall=0.013, rss_mb=8.5, kernels=[], reason="")

CPU seconds are user + system of the child and of its own waited-for children (the rusage of os.wait4), so time
in background threads counts and time waiting for other processes does not. The kernel's peak memory of
a child starts at the resident size of the process that spawned it: this module stays small on purpose.
"""
import os
import platform
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field

OK, FAIL, SKIP = "ok", "FAIL", "skip"


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
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdout=out, stderr=err, env=environment())
        except OSError as error:
            return Sample(FAIL, reason=str(error))
        timer = threading.Timer(timeout, child.kill)
        timer.start()
        _, wait_status, usage = os.wait4(child.pid, 0)
        timer.cancel()
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(wait_status)
        output, errors = (read(file) for file in (out, err))
    seconds = usage.ru_utime + usage.ru_stime
    sample = Sample(OK, seconds, wall, usage.ru_maxrss / 1024)
    if child.returncode:
        if needs and "No module named '%s'" % needs in errors:
            return Sample(SKIP, reason="needs " + needs)
        late = "timed out; " if wall >= timeout else ""
        last = errors.strip().splitlines()[-1:] or [""]
        sample.reason = "%sexit code %d: %s" % (late, child.returncode, last[0][:160])
        sample.status = FAIL
        return sample
    return read_output(sample, output, name, expected)


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
        sample.reason = "wrong answer: %r, expected %r" % (lines[-1][:80], "%s %s" % (name, expected or "..."))
    return sample


def read(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def environment():
    """The caller's environment with a fixed hash seed, so that set and dict order repeat."""
    return dict(os.environ, PYTHONHASHSEED="0")


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
