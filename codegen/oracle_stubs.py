"""Machine code at the border between a region that the oracle runs (tracer/oracle.py) and the VM.

    entry(tables, ...)  code that stands for a region: it calls a function of Python's, then goes where that says
    border()            functions that call the VM's from Python: entry, floats, enter, stack

Python's own frames lie between the VM and the functions that a region calls. So that these find the thread as compiled
code would leave it, a call exchanges the thread's chain of frames, its pending exception and the calls that it has left
until the recursion limit for the VM's, and back, and the collector, which rests while Python is at work, may come if
the VM would let it.
A call's words, a block of CALL_WORDS: function, thread, the VM's chain, exception (3), result, the address of the
collector's switch, whether it is on for the VM, calls left, ints, floats.
"""
from __future__ import annotations

from ..cpython_bridge.layouts import LAYOUTS
from . import compile_text

ROOM = 100                      # calls that Python makes here
INTS, FLOATS = 40, 8            # that a call may have as arguments: it gets all of them, and takes what it wants
FUNCTION, THREAD, CHAIN, ERROR, RESULT, SWITCH, COLLECTS, REMAINING, FIRST_INT = 0, 1, 2, 3, 6, 7, 8, 9, 10
FIRST_FLOAT = FIRST_INT + INTS
CALL_WORDS = FIRST_FLOAT + FLOATS
OUT_PC, OUT_FRAME, OUT_ERROR, OUT_REMAINING, OUT_COLLECTS, OUT_WORDS = 0, 1, 2, 5, 6, 7


def offset(name: str) -> int:
    """Where a field of the host's thread state is."""
    return LAYOUTS["ThreadState"].field(name)[1]


def field(result: str, base: str, at: int, kind: str = "ptr") -> list[str]:
    """Lines that load from an address with an offset."""
    return [f"{result}.at = getelementptr i8, ptr {base}, i64 {at}", f"{result} = load {kind}, ptr {result}.at"]


def moved(name: str, source: str, source_at: int, target: str, target_at: int) -> list[str]:
    """Lines that move an owned pointer from one place to another."""
    return [*field(f"%{name}", source, source_at), f"store ptr null, ptr %{name}.at",
            f"%{name}.to = getelementptr i8, ptr {target}, i64 {target_at}", f"store ptr %{name}, ptr %{name}.to"]


def error_moved(name: str, source: str, source_at: int, target: str, target_at: int) -> list[str]:
    """The same for the three parts of an exception."""
    return [line for part in range(3)
            for line in moved(f"{name}{part}", source, source_at + 8 * part, target, target_at + 8 * part)]


def crossing(call: list[str]) -> str:
    """The body of a function that makes a call as the VM would."""
    current, chain = offset("curexc_type"), offset("cframe")
    lines = [*field("%ts", "%b", 8 * THREAD), *field("%own", "%ts", chain), *field("%vm", "%b", 8 * CHAIN),
             "store ptr %vm, ptr %own.at", *error_moved("in", "%b", 8 * ERROR, "%ts", current),
             *field("%f", "%b", 8 * FUNCTION), *field("%switch", "%b", 8 * SWITCH),
             *field("%on", "%b", 8 * COLLECTS, "i32"), "store i32 %on, ptr %switch",
             *field("%here", "%ts", offset("recursion_remaining"), "i32"),
             *field("%there", "%b", 8 * REMAINING, "i32"), "store i32 %there, ptr %here.at", *call,
             "%after = load i32, ptr %here.at", "store i32 %after, ptr %there.at", "store i32 %here, ptr %here.at",
             "%left = load i32, ptr %switch", "store i32 %left, ptr %on.at", "store i32 0, ptr %switch",
             *error_moved("out", "%ts", current, "%b", 8 * ERROR), "store ptr %own, ptr %own.at", "ret void"]
    return "\n".join("  " + line for line in lines)


def call_of(kind: str) -> list[str]:
    """Lines of a call with all arguments there may be."""
    ints = [line for at in range(INTS) for line in field(f"%i{at}", "%b", 8 * (FIRST_INT + at), "i64")]
    floats = [line for at in range(FLOATS) for line in field(f"%d{at}", "%b", 8 * (FIRST_FLOAT + at), "double")]
    words = [f"i64 %i{at}" for at in range(6)] + [f"double %d{at}" for at in range(FLOATS)]
    words += [f"i64 %i{at}" for at in range(6, INTS)]          # on the stack, where who wants none sees none
    return [*ints, *floats, f"%result = call {kind} %f({', '.join(words)})",
            f"%result.at = getelementptr i8, ptr %b, i64 {8 * RESULT}", f"store {kind} %result, ptr %result.at"]


def border():
    """The linked code; `symbols` has its functions, each takes the address of a block."""
    words = [line for at in range(4) for line in field(f"%p{at}", "%b", 8 * (FIRST_INT + at))]
    entered = [*words, "call preserve_nonecc void %f(ptr %p0, ptr %p1, ptr %p2, ptr %p3)"]
    return compile_text("\n".join((
        "; the border of the oracle", "declare ptr @llvm.frameaddress.p0(i32)",
        "define void @entry(ptr %b) {", crossing(call_of("i64")), "}",
        "define void @floats(ptr %b) {", crossing(call_of("double")), "}",
        "define void @enter(ptr %b) {", crossing(entered), "}",
        "define ptr @stack() {", "  %p = call ptr @llvm.frameaddress.p0(i32 0)", "  ret ptr %p", "}", "")), {}, 1)


def entry(tables: dict, callback: int, switch: int, offsets: dict[str, int]):
    """Code in the place of a region's, with its tables. Where it goes on is written to words on its stack: threads may
    be in it at the same time. `switch`: the collector's."""
    def out(at: int, kind: str = "i32") -> list[str]:
        return field(f"%out{at}", "%out", 8 * at, kind)
    lines = [f"%out = alloca [{OUT_WORDS} x i64], align 8",
             *field("%thread", "%frame", offsets["Frame.thread"]), *field("%ts", "%thread", offsets["Thread.ts"]),
             *field("%callback", "@known", 0), *field("%switch", "@known", 8), "%region = load i64, ptr @exits",
             *field("%remaining", "%ts", offset("recursion_remaining"), "i32"),
             f"%more = add i32 %remaining, {ROOM}", "store i32 %more, ptr %remaining.at",
             "%on = load i32, ptr %switch", "store i32 0, ptr %switch",
             "%h = call ptr %callback(i64 %region, ptr %pc, ptr %regs, ptr %frame, ptr %table, ptr %ts, "
             "ptr %out, i32 %remaining, i32 %on)",
             *out(OUT_REMAINING), f"store i32 %out{OUT_REMAINING}, ptr %remaining.at",
             *out(OUT_COLLECTS), f"store i32 %out{OUT_COLLECTS}, ptr %switch",
             *error_moved("left", "%out", 8 * OUT_ERROR, "%ts", offset("curexc_type")),
             "%gone = icmp eq ptr %h, null", "br i1 %gone, label %R, label %T"]
    frame = f"%out{OUT_FRAME}"
    tail = [*out(OUT_PC, "ptr"), *out(OUT_FRAME, "ptr"),
            f"%rest = getelementptr i8, ptr {frame}, i64 {offsets['sizeof.Frame']}",
            f"musttail call preserve_nonecc void %h(ptr %out{OUT_PC}, ptr %rest, ptr {frame}, ptr %table)", "ret void"]
    head = ["; a region in the oracle", "@known = external hidden global [0 x i64], align 8",
            "@exits = external hidden global [0 x i64], align 8",
            "define preserve_nonecc void @entry(ptr %pc, ptr %regs, ptr %frame, ptr %table) {"]
    text = "\n".join((*head, *lines, "R:", "ret void", "T:", *tail, "}", ""))
    return compile_text(text, {**tables, "known": [callback, switch]}, 1)
