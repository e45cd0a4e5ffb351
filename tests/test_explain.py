"""`fire explain`: shares of the time by line, what was compiled, exits and aborts with what can be done, the page.

The program runs as without: its output, its exit status, its signals and what it executes are compared with the host's.
"""
import pathlib
import re
import subprocess
import textwrap
import threading
import time

import pytest

from interpreters import FIRE, HOST, environment, is_host, run

pytestmark = pytest.mark.skipif(is_host(FIRE), reason="the command under test is a plain CPython, it explains nothing")


def explain(folder, program, *arguments, options=(), env=None, compare=True):
    """What is said of a program; its output and status are the host's."""
    file = folder / "program.py"
    file.write_text(textwrap.dedent(program).lstrip("\n"))
    settings = environment(FIRE_CACHE_DIR=str(folder / "cache"), **(env or {}))
    done = run([*FIRE, "explain", *options], file, *arguments, env=settings)
    if compare:
        host = run(HOST, file, *arguments)
        assert (done.status, done.out) == (host.status, host.out), done.err
    return done.err


def share(said, name):
    """The share of a function."""
    return float(re.search(rf"^{re.escape(name)}  \S.* +([\d.]+) %$", said, re.M)[1])


def notes(said, line):
    """What stands under a source line."""
    after = re.split(rf"(?m)^.* {line} \|.*\n", said, maxsplit=1)[1]
    found = []
    for row in after.splitlines():
        if not row.startswith(" " * 38):
            break
        found.append(row.strip())
    return " ".join(found)


LOOPS = """
    import sys
    def light(n):
        total = 0
        for i in range(n):
            total = (total * 3 + i) % 1000003
        return total
    def heavy(n):
        total = 0
        for i in range(n):
            total = (total * 3 + i) % 1000003
        return total
    print(light(int(sys.argv[1])), heavy(3 * int(sys.argv[1])))
    sys.exit(3)
"""


def test_shares_follow_the_work(tmp_path):
    said = explain(tmp_path, LOOPS, 40_000_000, compare=False)
    # Three times the work; of the shorter loop a larger part is in baseline code, and there are 200 samples or so.
    assert 1.6 < share(said, "heavy") / share(said, "light") < 5, said
    assert share(said, "heavy") + share(said, "light") > 60
    assert re.search(r"[\d.]+ %  compiled +10 \|", said), said


def test_the_interpreter_is_told_from_compiled_code(tmp_path):
    said = explain(tmp_path, LOOPS, 2_000_000, env={"FIRE_JIT_HOT": 1 << 40})
    assert re.search(r"[\d.]+ %  interpreter +10 \|", said) and "machine code of the JIT" not in said, said
    assert 1.6 < share(said, "heavy") / share(said, "light") < 5, said


def test_time_in_libraries_is_of_the_line_that_calls(tmp_path):
    said = explain(tmp_path, """
        import json
        def work(n):
            data = list(range(20000))
            for _ in range(n):
                json.loads(json.dumps(data))
            return n
        print(work(150))
    """)
    assert re.search(r"[\d.]+ %  (library|step|called)\S* +5 \|", said), said
    assert share(said, "work") > 60, said


def test_a_builtin_over_a_generator(tmp_path):
    program = """
        import sys
        def work(n):
            return sum(i % 3
                       for i in range(n))
        print(work(int(sys.argv[1])))
    """
    said = explain(tmp_path, program, 15_000_000, env={"FIRE_JIT_HOT": 1 << 40})
    assert share(said, "work") > 80 and re.search(r"[\d.]+ %  interpreter +3 \|", said), said
    said = explain(tmp_path, program, 300_000_000, compare=False)
    assert share(said, "work") + share(said, "sum") > 60, said
    assert "loop in sum: compiled" in said.split("sum  (builtin, over a generator)")[1], said


def test_work_of_threads_counts_where_it_is(tmp_path):
    said = explain(tmp_path, """
        from threading import Thread
        found = []
        def work(n):
            total = 0
            for i in range(n):
                total = (total * 3 + i) % 1000003
            found.append(total)
        threads = [Thread(target=work, args=(20_000_000,)) for _ in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(found)
    """, compare=False)
    assert share(said, "work") > 50, said


CHANGING = """
    step, names = 1, globals()
    def changing(n):
        total = 0
        for i in range(n):
            names["step"] = max(1, i - 100_000)
            total += step
        return total
    def noting(n):
        global a, b
        for i in range(n):
            a = i
            del a
            b = i
            del b
    print(changing(200_000), noting(400_000))
"""


def test_exits_and_aborts_stand_at_their_lines(tmp_path):
    said = explain(tmp_path, CHANGING)
    assert re.search(r"> left [\d,]+ times: a global name was bound again.*Keep what changes in a local",
                     notes(said, 5)), said
    assert re.search(r"\+ loop in changing: compiled.*total is int", notes(said, 4)), said
    assert "- left once: a loop ends" in notes(said, 4), said
    assert re.search(r"! noting: not compiled: most of it is work of the interpreter's handlers.*library code",
                     notes(said, 10)), said


def test_what_is_left_to_the_interpreter_is_named(tmp_path):
    said = explain(tmp_path, """
        def f(n):
            total = 0
            for i in range(n):
                import sys
                total += i * 2 - (i & 3)
            return total
        print(f(300_000))
    """)
    assert "~ left to the interpreter's handlers: IMPORT_NAME" in notes(said, 4), said


def test_the_page_has_all_of_it_and_needs_nothing(tmp_path):
    said = explain(tmp_path, CHANGING, options=["--html"])
    page = (tmp_path / "program.py.explain.html").read_text()
    assert f"written: {tmp_path / 'program.py.explain.html'}" in said
    for text in ("a costly way out", "a global name was bound again", "Keep what changes in a local variable",
                 "total += step", "changing",
                 "most of it is work of the interpreter&#x27;s handlers", "<style>", "total is int", "ms for it"):
        assert text in page, text
    assert not re.search(r"(?i)src=|href=|url\(|@import|<script|https?:", page)


def test_the_program_has_its_signals_and_timers(tmp_path):
    explain(tmp_path, """
        import signal, time
        seen = []
        signal.signal(signal.SIGPROF, lambda number, frame: seen.append(number))
        signal.setitimer(signal.ITIMER_PROF, 0.005, 0.005)
        total = 0
        while len(seen) < 20: total += 1
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(set(seen), signal.getsignal(signal.SIGPROF) is not None)
    """)


def test_what_it_executes_and_forks_is_left_alone(tmp_path):
    said = explain(tmp_path, """
        import os, sys
        total = 0
        for i in range(500_000): total += i & 3
        if os.fork() == 0:
            for i in range(500_000): total += i & 3
            sys.exit(0)
        os.wait()
        print("now", flush=True)
        if len(sys.argv) > 1:
            os.execv(sys.executable, [sys.executable, "-c", "print(sum(i & 3 for i in range(500_000)))"])
    """, "x")
    assert said == ""                       # the process that would report has become another program
    assert explain(tmp_path, (tmp_path / "program.py").read_text()).count("fire explain:") == 1


STORM = """
    import os, sys, threading, time
    sys.setrecursionlimit(5000)
    def keep(source):
        for item in source:
            if item % 3: yield item
    def fails(n):
        try: return 7 // (n % 2)
        except ZeroDivisionError: return sorted([n, 1], key=lambda x: -x)[0]
    def deep(n): return 1 if n == 0 else max([1], key=lambda _: deep(n - 1)) + (n & 1)
    class Dies:
        def __del__(self): dead.append(1)
    dead, found = [], []
    def work(n):
        total = 0
        for i in keep(range(n)):
            total += fails(i) + len(str(i)) + sum(x * 2 for x in (i, 1))
            if i % 1000 == 0:
                Dies(); total += deep(20)
        found.append(total)
    threads = [threading.Thread(target=work, args=(120_000,)) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(found, len(dead), flush=True)
"""


def test_samples_at_any_moment(tmp_path):
    """Some thousand samples a second, wherever the program is: it does what it does without."""
    (tmp_path / "program.py").write_text(textwrap.dedent(STORM))
    host = run(HOST, tmp_path / "program.py")
    command = [*FIRE, "explain", str(tmp_path / "program.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment(FIRE_CACHE_DIR=str(tmp_path / "cache"))) as process:
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while process.poll() is None and not int(re.search(r"SigCgt:\s*(\w+)", status.read_text())[1], 16) >> 57 & 1:
            time.sleep(0.002)
        reader = threading.Thread(target=lambda: results.append(process.communicate()))
        results = []
        reader.start()
        while process.poll() is None:
            for _ in range(5):
                process.send_signal(58)
            time.sleep(0.001)
        reader.join()
    out, err = results[0]
    assert (process.returncode, out) == (0, host.out), err
    assert int(re.search(r"([\d,]+) samples", err)[1].replace(",", "")) > 300, err
    unknown = re.search(r"([\d.]+) %  of it at no known line", err)
    assert not unknown or float(unknown[1]) < 5, err


def test_a_program_that_takes_the_signal_is_told(tmp_path):
    said = explain(tmp_path, """
        import signal
        signal.signal(58, lambda number, frame: None)
        total = 0
        for i in range(1_000_000): total += i & 3
        print(total)
    """)
    assert "times are not known: the program has a handler of its own for signal 58" in said, said


def test_modules_beside_the_program_are_its_own(tmp_path):
    names = ("html", "bisect", "platform", "linecache", "textwrap", "ctypes", "itertools_more", "journal")
    for name in names:
        (tmp_path / f"{name}.py").write_text(f"print({name!r}, 'of the program')\ndef getline(*a): return ''\n")
    said = explain(tmp_path, f"""
        import {", ".join(names)}
        total = 0
        for i in range(1_000_000): total += i & 3
        print(total, linecache.getline("x", 1))
    """)
    assert "total += i & 3" in said, said


@pytest.mark.parametrize("option", ["-Xfire.jit_share=50", "-O"])
def test_with_options(tmp_path, option):
    (tmp_path / "program.py").write_text(textwrap.dedent("""
        def f(n):
            t = 0
            for i in range(n): t += i & 3
            return t
        print(f(300_000), __debug__)
    """))
    done = run([*FIRE, option, "explain"], tmp_path / "program.py", env=environment(FIRE_CACHE_DIR=tmp_path / "cache"))
    assert (done.status, done.out) == (0, f"450000 {option != '-O'}\n") and "loop in f: compiled" in done.err


def test_without_a_file(tmp_path):
    done = run(FIRE, "explain")
    assert (done.status, done.out) == (2, "") and "usage: fire explain" in done.err


# ------------------------------------------------------------------------------------------------ its parts
def test_advice_is_about_sentences_that_exist():
    from interpreters import REPO
    from firelang.tracer.advice import FINE, ROWS
    folders = ("specializer", "tracer")
    source = "".join(path.read_text() for folder in folders for path in (REPO / folder).glob("*.py")
                     if path.name != "advice.py")
    from firelang.bytecode.ops import OPS
    source += " ".join(f"handlers: {op}" for op in OPS)
    assert [part for part in (*FINE, *(part for part, _ in ROWS)) if part not in source] == []


MARKED = """
    from firelang import runtime
    from firelang.tracer.journal import Journal
    import sys, firelang.codegen as codegen
    texts = []
    compile_text = codegen.compile_text
    def noted(text, tables, level):
        texts.append(text)
        return compile_text(text, tables, level)
    codegen.compile_text = noted
    runtime.kept = []
    runtime.engine().journal = Journal()
    def square(x):
        return x * x
    def f(n):
        a = [0.5] * 300
        total = 0
        for i in range(n):
            total += square(i) % 7
            for j in range(300):
                a[j] = a[j] * 1.5 + i
        return total
    square = runtime.vm().adopt(square)
    runtime.vm().adopt(f)(3000)
    sys.stdout.write("\\0".join(texts))
"""


def test_marked_code_is_the_same_code_with_lines(tmp_path):
    from firelang.codegen.assemble import assemble
    from firelang.codegen.elf import Elf
    from firelang.codegen.lines import lines_of
    program = textwrap.dedent(MARKED)
    (tmp_path / "marked.py").write_text(program)
    command = [part for part in FIRE if part not in ("-m", "firelang")]
    done = run(command, tmp_path / "marked.py", env=environment(FIRE_CACHE="off", FIRE_JIT_HOT="20", FIRE_JIT_LEVEL=2))
    assert done.status == 0 and done.out, done.err
    lines = program.splitlines()
    for text in done.out.split("\0"):
        plain = re.sub(r", !dbg !\d+|(?<=#0) !dbg !\d+", "", text.split("!llvm.dbg.cu")[0])
        assert "!dbg" in text and "!dbg" not in plain
        for level in (0, 3):
            marked, bare = (Elf(assemble(one, level)) for one in (text, plain))
            assert code_of(marked) == code_of(bare)
            named = {lines[line - 1].strip() for _, file, line in lines_of(assemble(text, level)) if line}
            assert named & {"total += square(i) % 7", "a[j] = a[j] * 1.5 + i"}, named


IR = """
    B0():
      %v1 = load_i64 %frame !(56, 12)
      %v2 = int_lt %v1, 10
      guard %v2 !B2
      %v3 = int_add %v1, 1
      store_i64 %frame, %v3 !(56, 12)
      jump B1()
    B1():
      return
    B2():
      exit 0 %frame
"""


def test_the_baseline_compiler_is_told_lines_and_nothing_else():
    from firelang.codegen.baseline import Encoder
    from firelang.codegen.marked import MarkedEncoder
    from firelang.ir.marks import MarkedFunction
    from firelang.ir.parse import parse
    from firelang.vm.baseline_format import LINE_SHIFT
    plain = parse(IR)
    marked = MarkedFunction("marked")
    for block in plain.blocks:
        copy = marked.block()
        copy.params, copy.incoming = block.params, block.incoming
        for at, op in enumerate(block.ops):
            marked.place = ("x.py", 3 + at // 2)
            copy.ops.append(op)
    for block, copy in zip(plain.blocks, marked.blocks):
        copy.end = tuple(marked.blocks[part.number] if part in plain.blocks else part for part in block.end)
    plain.exits = marked.exits = [(0, 0)]
    plain.consts = marked.consts = []
    words = []
    for function, encoder in ((plain, Encoder), (marked, MarkedEncoder)):
        made = encoder(function, 0, 0)
        made.run()
        words.append(made.words)
    lines = [word >> LINE_SHIFT for word in words[1] if word > 1 << LINE_SHIFT]
    assert [word & (1 << LINE_SHIFT) - 1 if word > 0 else word for word in words[1]] == words[0]
    assert sorted(set(lines)) == [1, 2, 3], lines


def code_of(elf):
    """The machine code of an object."""
    return [section.data for section in elf.sections if section.name == ".text"]
