"""The REPL on a terminal: what a user sees at `fire` is what a user sees at `python3`, banner aside.

A session is typed line by line into a pseudo terminal; each line is sent when the prompt is there.
Compared is the text after each line, without colours, so that the order of prompts, values and tracebacks
is checked too.
"""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from interpreters import FIRE, HOST, environment, kill_group, run

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r")
PROMPT = re.compile(r"(^|\n)(>>> |\.\.\. )$")


class Terminal:
    """A process whose standard streams are a pseudo terminal."""

    def __init__(self, command, folder):
        self.fd, child = pty.openpty()
        self.process = subprocess.Popen(
            [*command, "-q"],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=folder,
            start_new_session=True,
            env=environment(TERM="dumb", HOME=folder, PYTHON_BASIC_REPL=1),
        )
        os.close(child)

    def read(self, timeout=15.0):
        """Everything up to the next prompt or the end."""
        text, end = "", time.monotonic() + timeout
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return text
            if not data:
                return text
            text = ESCAPES.sub("", text + data.decode("utf-8", "replace"))
            if PROMPT.search(text):
                return text
        return text + "(no prompt)"

    def type(self, line):
        """Send a line, give what comes up to the next prompt."""
        os.write(self.fd, line.encode() + b"\n")
        return self.read()

    def close(self):
        """End the process; its status."""
        try:
            os.write(self.fd, b"\x04")
            status = self.process.wait(10)
        except (subprocess.TimeoutExpired, OSError):
            status = None
        kill_group(self.process)
        self.process.wait()
        os.close(self.fd)
        return status


def talk(command, lines, folder):
    """What each line of a session gives: [(line, text)], and the exit status."""
    terminal = Terminal(command, folder)
    answers = [("(start)", terminal.read())]
    for line in lines:
        answers.append((line, terminal.type(line)))
    return answers, terminal.close()


SESSIONS = {
    "values": [
        "1 + 1",
        "None",
        "'text'",
        "_",
        "x = 5",
        "x",
        "_ * 2",
        "_",
        "[1, 2]",
        "print(3)",
        "_",
        "x; x + 1",
        "",
        "...",
        "1.5e300 * 1e300",
    ],
    "blocks": [
        "def f(n):",
        "    return n * 2",
        "",
        "f(21)",
        "for i in range(3):",
        "    i",
        "    print(i * i)",
        "",
        "class C:",
        "    x = 1",
        "",
        "C.x",
        "if 1: print('one line')",
        "",
        "while True:",
        "    break",
        "else: pass",
        "",
        "try:",
        "    1 / 0",
        "except ZeroDivisionError:",
        "    'caught'",
        "",
    ],
    "errors": [
        "1 / 0",
        "undefined",
        "def f():",
        "    return [][1]",
        "",
        "f()",
        "raise ValueError('x')",
        "x = = 1",
        "def g(:",
        "f(",
        ")",
        "'unterminated",
        "  indented",
        "import nope_module",
        "raise KeyError from ValueError()",
        "_",
    ],
    "statements": [
        "import math",
        "math.pi",
        "from os import path",
        "a, b = 1, 2",
        "a, b",
        "del a",
        "a",
        "x: int = 3",
        "x",
        "__annotations__",
        "lambda: 1 and None",
        "with open('/dev/null') as f: f.read()",
        "",
        "@staticmethod",
        "def s(): return 9",
        "",
        "s()",
        "match 5:",
        "    case int(): 'int'",
        "",
    ],
    "continuation": [
        "x = (1 +",
        "2)",
        "x",
        "s = '''a",
        "b'''",
        "s",
        "y = \\",
        "7",
        "y",
        "d = {",
        "'k': 1,",
        "}",
        "d['k']",
        "# comment",
        "",
        "[i for i in",
        "range(3)]",
    ],
    "hooks": [
        "import sys",
        "sys.ps1",
        "sys.displayhook = lambda v: print('shown', v)",
        "5",
        "sys.displayhook = sys.__displayhook__",
        "6",
        "import builtins",
        "builtins._",
        "__name__",
        "__doc__",
        "sorted(k for k in globals() if k[0] != '_')",
        "sys.argv",
        "sys.flags.interactive",
    ],
    "async_and_generators": [
        "def g():",
        "    yield 1",
        "",
        "list(g())",
        "async def c(): return 7",
        "",
        "import asyncio",
        "asyncio.run(c())",
        "await c()",
    ],
    "unicode": ["'é🔥'", "é = 1", "é", "'\\ud800'", "print('日本')"],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name, tmp_path):
    """Every line of a session gives the same text and prompt."""
    host, host_status = talk(HOST, SESSIONS[name], tmp_path)
    fire, fire_status = talk(FIRE, SESSIONS[name], tmp_path)
    for (line, ours), (_, theirs) in zip(host[1:], fire[1:], strict=True):
        assert clean(theirs) == clean(ours), f"after {line!r}"
    assert fire_status == host_status


def clean(text):
    """Without addresses."""
    return re.sub("at 0x[0-9a-f]+", "at 0x...", text)


def test_leaving(tmp_path):
    """exit(), SystemExit and end of input."""
    for line, status in (
        ("exit()", 0),
        ("exit(3)", 3),
        ("raise SystemExit('bye')", 1),
        ("import os; os._exit(4)", 4),
    ):
        terminal = Terminal(FIRE, tmp_path)
        terminal.read()
        os.write(terminal.fd, line.encode() + b"\n")
        terminal.read(5)
        assert terminal.process.wait(10) == status
        terminal.close()


def test_interrupt(tmp_path):
    """Ctrl-C stops a statement and an unfinished line, not the REPL."""
    terminal = Terminal(FIRE, tmp_path)
    terminal.read()
    os.write(terminal.fd, b"while True: pass\n\n")
    time.sleep(0.5)
    terminal.process.send_signal(signal.SIGINT)
    text = ""
    while "KeyboardInterrupt" not in text:
        more = terminal.read(10)
        assert more
        assert "(no prompt)" not in more
        text += more
    assert "7" in terminal.type("3 + 4")
    assert terminal.close() == 0


def test_not_a_terminal(tmp_path):
    """-i with a pipe: prompts on stderr or stdout as the host has them, values on stdout."""
    text = "1 + 1\ndef f():\n    return 5\n\nf()\n1/0\n"
    results = [run(command, "-i", "-q", input=text, cwd=tmp_path) for command in (HOST, FIRE)]
    assert results[1].out == results[0].out
    assert results[1].status == results[0].status
    assert results[1].err == results[0].err
