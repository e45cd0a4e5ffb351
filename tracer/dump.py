"""What each compiled region was on its way, stage by stage, under the lines of the source: `fire dev dump`.

    ==== loop in work, total.py:7: level 3, 960 bytes at 7f3c2a400000
    ---- ir
    B1(%v7: i, %v9: i):
      ; total.py:8  total += i
      %v12 = int_add_pair %v9, %v7
    ---- asm
    # total.py:8  total += i
        addq    %rcx, %rax

The stages: `bytecode` of its functions; `ir`; `llvm`, the text that LLVM compiles; `asm`, its listing of the machine
code. Of code that the baseline compiler has made there is no text, and its instructions are listed by objdump.
"""
from __future__ import annotations

import re
from linecache import getline
from subprocess import CalledProcessError, run
from tempfile import NamedTemporaryFile

from ..bytecode import translate
from ..bytecode.dis import dis
from . import core
from .site import FRAMELESS, LOOP

STAGES = ("bytecode", "ir", "llvm", "asm")
LOCATION = re.compile(r"!(\d+) = !DILocation\(line: (\d+), scope: !(\d+)\)")
SCOPE = re.compile(r"!(\d+) = !DILexicalBlockFile\(scope: !\d+, file: !(\d+)")
FILE = re.compile(r'!(\d+) = !DIFile\(filename: "([^"]*)"')
MARK = re.compile(r", !dbg !(\d+)$")
ROW = re.compile(r" *\d+: (\d+) ")
ASM_PLACE = re.compile(r"\s+\.loc\s+(\d+) (\d+)")
ASM_FILE = re.compile(r'\s+\.file\s+(\d+) (?:"([^"]*)" )?"([^"]*)"')
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(.*?)\s*$", re.M)
# Lines of a listing that are neither instructions nor labels that are jumped to.
NOISE = re.compile(r"\s+\.(?!byte|long|quad|short|zero|asci)|\.L(tmp|func|sec|info|line|debug)|\s*#")


class Texts:
    """What each machine code was made of; `linked` is for `codegen.watch`."""

    def __init__(self):
        self.known: dict[int, tuple] = {}

    def linked(self, code, lines, text: str, level: int) -> None:
        """Code has been linked."""
        self.known[code.start] = lines, text, level


def dump(engine, texts: Texts, stages) -> str:
    """All regions in place, in the order they became hot."""
    parts = []
    for site in engine.sites.values():
        made = engine.journal.stages.get(site.number)
        if site.native is not None and made is not None:
            parts += region(site, made, texts, stages)
    return "\n".join(parts)


def region(site, made, texts: Texts, stages) -> list[str]:
    """The lines of one region."""
    rows, text, level = texts.known[site.native.start]
    code = site.code
    what, line = ("loop in", code.line(site.header)) if site.kind == LOOP else ("function", code.host.co_firstlineno)
    what += " without frames" if site.kind == FRAMELESS else ""
    compiler = f"level {level}" if text else "baseline"
    lines = [f"==== {what} {code.name}, {code.host.co_filename}:{line}: {compiler}, {site.native.size} bytes at "
             f"{site.native.start:x}"]
    for stage in stages:
        lines.append(f"---- {stage}")
        if stage == "bytecode":
            lines += [row for one in made.codes for row in bytecode(one)]
        elif stage == "ir":
            lines.append(made.ir)
        elif stage == "llvm":
            lines += llvm(text) if text else ["(compiled without LLVM)"]
        else:
            lines += listing(text, level) if text else disassembled(site.native, rows())
    return [*lines, ""]


def heading(sign: str, file: str, line: int) -> str:
    """A line of the source above what was made of it."""
    return f"{sign} {file.rpartition('/')[2]}:{line}  {getline(file, line).strip()}".rstrip()


def bytecode(code) -> list[str]:
    """A function's instructions."""
    lines, shown = [f"{code.name}:"], ""
    for row in dis(code.host, translate(code.host)).splitlines():
        found = ROW.match(row)
        if found and found[1] != shown:
            shown = found[1]
            lines.append("  " + heading(";", code.host.co_filename, int(shown)))
        lines.append("  " + row)
    return lines


def llvm(text: str) -> list[str]:
    """The text that LLVM compiles, its marks as lines of the source."""
    body, _, table = text.partition("!llvm.dbg.cu")
    files = dict(FILE.findall(table))
    scopes = {scope: files[file] for scope, file in SCOPE.findall(table)}
    places = {number: (scopes[scope], int(line)) for number, line, scope in LOCATION.findall(table)}
    lines, shown = [], None
    for line in body.splitlines():
        found = MARK.search(line)
        if found and places[found[1]] != shown:
            shown = places[found[1]]
            lines.append("  " + heading(";", *shown))
        lines.append(MARK.sub("", line))
    return lines


def listing(text: str, level: int) -> list[str]:
    """LLVM's own listing of the machine code, which is the same as what runs."""
    from ..codegen.assemble import assemble
    lines, files, shown = [], {}, None
    for line in assemble(text, level, "assembly").decode("utf-8", "replace").splitlines():
        file, place = ASM_FILE.match(line), ASM_PLACE.match(line)
        if file:
            files[file[1]] = f"{file[2]}/{file[3]}" if file[2] and not file[3].startswith("/") else file[3]
        elif place:
            if int(place[2]) and place.groups() != shown:
                lines.append(heading("#", files[place[1]], int(place[2])))
            shown = place.groups()
        elif line.lstrip().startswith(".section") and "debug" in line:
            break
        elif line.strip() and not NOISE.match(line):
            lines.append(line.partition("#")[0].rstrip().expandtabs(8))
    return lines


def disassembled(code, rows: list) -> list[str]:
    """Instructions of machine code, by objdump."""
    with NamedTemporaryFile() as file:
        file.write(core.peek(code.start, code.size))
        file.flush()
        try:
            done = run(["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn",
                        f"--adjust-vma={code.start:#x}", file.name], capture_output=True, text=True, check=True)
        except (OSError, CalledProcessError) as error:
            return [f"(no listing: this needs objdump, a part of binutils: {error})"]
    places = {code.start + offset: (file, line) for offset, file, line in rows}
    lines = []
    for found in INSTRUCTION.finditer(done.stdout):
        place = places.get(int(found[1], 16))
        if place is not None:
            lines.append(heading("#", *place) if place[1] else "# leaving")
        lines.append(f"{found[1]:>16}  {found[2].expandtabs(8)}")
    return lines
