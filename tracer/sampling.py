"""Which lines the processor's time goes to, for `fire explain`: a timer, and what its signals have counted.

    sampler = Sampler(vm._core); sampler.start()
    ...                                     the program runs; a sample for each millisecond of CPU time, or each tick
    sampler.stop()
    sampler.counts                          {("total.py", 4): {"compiled": 812, "collector": 3}}

The handler is vm/sampler.py. It counts addresses; they become lines here, with the line tables of the regions
(codegen/lines.py) and the origins of bytecode. That is done whenever code is linked, before an address can mean
something else, and at the end. The signal is one of the real-time ones, which programs hardly use; SIGPROF, SIGALRM
and all interval timers are the program's. The timer ends with the process image: nothing reaches what it executes.
"""
from __future__ import annotations

import ctypes
import sys
from bisect import bisect_right
from os import strerror
from platform import machine

from ..codegen import arena
from . import core
from .consumers import HIDDEN

# Where a sample was taken, as vm/sampler.py numbers it.
SAMPLED_IN = ("compiled", "called", "step", "interpreter", "library", "collector", "jit", "outside")
SLOT_WORDS = 5
SIGNAL = 58                             # SIGRTMAX-6
INTERVAL = 1_000_000                    # nanoseconds; the system may make it a tick of its clock
SLOTS = 1 << 14
MOST_RANGES = 64
CPU_TIME = 2                            # CLOCK_PROCESS_CPUTIME_ID
WITH_CONTEXT, RESTART = 4, 0x10000000   # SA_SIGINFO, SA_RESTART
NOWHERE = ("", 0)


class Action(ctypes.Structure):
    """struct sigaction."""

    _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_byte * 128), ("flags", ctypes.c_int),
                ("restorer", ctypes.c_void_p)]


class Event(ctypes.Structure):
    """struct sigevent."""

    _fields_ = [("value", ctypes.c_void_p), ("signal", ctypes.c_int), ("notify", ctypes.c_int),
                ("rest", ctypes.c_byte * 48)]


class Sampler:
    """Takes samples from `start` to `stop`."""

    def __init__(self, native, kept: list):
        core.connect(native)
        self.counts: dict[tuple[str, int], dict[str, int]] = {}
        self.why_not = ""                   # there are no samples: a sentence
        self.regions: list[tuple] = []      # (start, end, [rows, or what makes them]), by start
        self.codes: list[tuple] = []        # (start, end, origin or 0, code object, its lines), by start: of the VM's
                                            # words, and of the host's instructions
        self.kept = kept                    # code objects that were translated, not yet among `codes`
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.timer = ctypes.c_void_p()
        self.table = (ctypes.c_int64 * (SLOTS * SLOT_WORDS))()
        self.ranges = (ctypes.c_int64 * (2 * MOST_RANGES))()

    # ------------------------------------------------------------------------------------------ on and off
    def start(self) -> None:
        """From now on samples are taken; where that cannot be, `why_not` says why."""
        if machine() != "x86_64" or not sys.platform.startswith("linux"):
            self.why_not = "times are only known on x86-64 Linux"
            return
        self.set("mask", SLOTS - 1)
        self.set("slots", ctypes.addressof(self.table))
        self.set("ranges", ctypes.addressof(self.ranges))
        self.find_core()
        self.find_unwinder()
        try:
            found, timer = Action(), Event(signal=SIGNAL)
            if self.libc.sigaction(SIGNAL, None, ctypes.byref(found)) or found.handler:
                raise OSError(f"signal {SIGNAL} is in use")
            mine = Action(core.info["take_sample"], (ctypes.c_byte * 128)(), WITH_CONTEXT | RESTART)
            create = getattr(self.libc, "timer_create", None) or ctypes.CDLL("librt.so.1", use_errno=True).timer_create
            if create(CPU_TIME, ctypes.byref(timer), ctypes.byref(self.timer)) or \
                    self.libc.sigaction(SIGNAL, ctypes.byref(mine), None):
                raise OSError(f"the system gives no timer ({strerror(ctypes.get_errno())})")
            self.pace(INTERVAL)
        except (OSError, AttributeError) as error:
            self.why_not = f"times are not known: {error}"

    def stop(self) -> None:
        """No more samples. The handler stays, as a signal may be on its way, and does nothing."""
        if self.why_not:
            return
        self.pace(0)
        found = Action()
        self.libc.sigaction(SIGNAL, None, ctypes.byref(found))
        if found.handler != core.info["take_sample"]:
            self.why_not = f"times are not known: the program has a handler of its own for signal {SIGNAL}"
        self.drain()
        self.set("busy", 1)

    def pace(self, interval: int) -> None:
        """Have the timer go off every so many nanoseconds, 0: never."""
        name = "timer_settime"
        settime = getattr(self.libc, name, None) or getattr(ctypes.CDLL("librt.so.1"), name)
        settime(self.timer, 0, (ctypes.c_long * 4)(0, interval, 0, interval), None)

    @staticmethod
    def set(field: str, value: int) -> None:
        """Write a field of the handler's state."""
        core.set_word(core.info["sampler"] + core.info["Sampler." + field], value)

    def find_core(self) -> None:
        """Where the core's code lies."""
        inside = core.info["handlers_begin"]
        with open("/proc/self/maps") as file:
            for line in file:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if start <= inside < end:
                    self.set("core_start", start)
                    self.set("core_end", end)

    def find_unwinder(self) -> None:
        """The system's unwinder, used once so that it is ready."""
        try:
            library = ctypes.CDLL("libgcc_s.so.1")
        except OSError:
            return
        visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda context, found: 0)
        library._Unwind_Backtrace(visit, None)
        for field, name in (("ip_of", "_Unwind_GetIP"), ("register_of", "_Unwind_GetGR"),
                            ("backtrace", "_Unwind_Backtrace")):
            self.set(field, ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0)

    # ------------------------------------------------------------------------------------------ what is known
    def linked(self, code, lines, text: str, level: int) -> None:
        """For `codegen.watch`: code has been linked, and has not run yet."""
        self.drain()
        self.regions = [row for row in self.regions if row[1] <= code.start or row[0] >= code.start + code.size]
        self.regions.append((code.start, code.start + code.size, [lines]))
        self.regions.sort(key=lambda row: row[0])
        limits = [chunk.limits for chunk in arena.chunks()][:MOST_RANGES]
        for number, (start, end) in enumerate(limits):
            self.ranges[2 * number], self.ranges[2 * number + 1] = start, end
        self.set("nranges", len(limits))

    def know_codes(self) -> None:
        """Where the bytecode lies of what was translated since."""
        kept = self.kept[:]
        del self.kept[:len(kept)]
        for code in kept:
            record = core.code_record(code)
            if record:
                words, count, origin, start = (core.word(record + core.info["VMCode." + name])
                                               for name in ("words", "nwords", "origin", "code_start"))
                if count:
                    lines: list = []
                    self.codes.append((words, words + 8 * count, origin, code, lines))
                    self.codes.append((start, start + len(code.co_code), 0, code, lines))
        if kept:
            self.codes.sort(key=lambda row: row[0])

    def drain(self) -> None:
        """Addresses that were counted become lines."""
        self.set("busy", 1)
        found = [self.table[at:at + SLOT_WORDS] for at in range(0, len(self.table), SLOT_WORDS) if self.table[at + 4]]
        ctypes.memset(self.table, 0, ctypes.sizeof(self.table))
        self.set("busy", 0)
        self.know_codes()
        for address, mode, seen, below, count in found:
            place, name = self.place_of(address, seen, below), SAMPLED_IN[mode]
            name = "library" if name == "outside" and place != NOWHERE else name
            of_line = self.counts.setdefault(place, {})
            of_line[name] = of_line.get(name, 0) + count

    def place_of(self, address: int, seen: int, below: int) -> tuple[str, int]:
        """File and line of an address in compiled code or of a word of bytecode; `seen`, `below`: where its frame and
        the one that called it were last seen, if that is known."""
        row = row_at(self.regions, address)
        if row is not None:
            if callable(row[2][0]):
                row[2][0] = known_lines(row[2][0]())
            at = bisect_right(row[2][0], address - row[0], key=lambda line: line[0]) - 1
            return row[2][0][at][1:] if at >= 0 else NOWHERE
        row = row_at(self.codes, address)
        if row is None:                         # the register had something else
            address, row = seen, row_at(self.codes, seen)
        if row is not None and row[3].co_flags & HIDDEN and row_at(self.codes, below) is not None:
            address, row = below, row_at(self.codes, below)
        if row is None:
            return NOWHERE
        start, _, origin, code, lines = row
        lines += [position[0] for position in code.co_positions()] if not lines else []
        number = (ctypes.c_int32.from_address(origin + 4 * ((address - start) >> 3)).value if origin
                  else address - start) // 2
        return code.co_filename, (lines[number] if 0 <= number < len(lines) else None) or code.co_firstlineno


def row_at(rows: list[tuple], address: int) -> tuple | None:
    """The row that an address lies in."""
    at = bisect_right(rows, address, key=lambda row: row[0]) - 1
    return rows[at] if at >= 0 and address < rows[at][1] else None


def known_lines(rows: list) -> list[tuple[int, str, int]]:
    """The lines of a region's code; what has none is counted with the line before it."""
    rows = [row for row in rows if row[2]]
    return [(0, *rows[0][1:]), *rows] if rows else []
