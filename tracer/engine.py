"""The JIT: from the end of a recording to machine code in the place of the loop.

    start(core)             brings it up
    hook(why)               log -> profile -> specializer -> IR -> LLVM -> machine code -> LOOP_COMPILED

A region is compiled again when one of its exits becomes hot: what was recorded there joins its profile.
Places where that does not help are left alone (`MOST_TRIES`).
"""
from __future__ import annotations

import sys
from itertools import pairwise
from posix import uname
from time import perf_counter, process_time

from .. import runtime
from . import consumers, core, frameless, loose, stored
from ..ir.ops import TURNS
from .program import OBJECT, TAG_NAMES, code_at
from .final import keep, level_for, worth_it
from .fuel import Fuel
from .heat import turns_in, waits
from .names import settle
from .site import EXIT, FUNCTION, LOOP, Site, by_place, field, install, of, sites, sweep_is_due
from .sweep import resumed, sweep

HAS_BASELINE = uname().machine == "x86_64"       # elsewhere LLVM compiles without its passes instead
MOST_TRIES = 12
LINES_PER_OPERATION = 2         # of LLVM text, about
EXIT_MS = 0.0006        # milliseconds that are lost by taking an exit, about
LINE_MS, WORD_MS, REGION_MS = 0.003, 0.05, 1    # milliseconds a line of LLVM text, an instruction, any region takes
MOST_TIMES = 3          # versions of a region's code that an exit is recorded in
WAITED_FOR = 1500, 15000        # lines of LLVM text up to which all passes run, up to which some do
HEAD_START_MS = 80      # milliseconds the JIT may take before its share of the CPU time counts
NEVER = 1e-9            # the share of no time, nearly
SAVED_MS = 10           # less for each region of an earlier run
FIRST_MS, LLVM_FIRST_MS = 15, 25        # what bringing the specializer up takes, and LLVM
LLVM_MS = (0.007, 0.03, 0.05)           # milliseconds a line of text takes at each level of LLVM's, about
TURN_MS = 0.000004      # what the optimizer gains in a turn of a loop, about
DEFECTS = KeyError, IndexError, ValueError, AssertionError, UnboundLocalError    # no program can have caused these
COUNTED = {"trace": "traces", "bridge": "bridges", "promotion": "promoted"}
PROMOTE = "it has run often enough to be compiled better"
RECORDINGS = (6, 6)     # of a loop, a function before it is compiled
APART = (11, 97, 397, 509, 613), (11, 397, 1009, 1511, 2003)            # turns or calls between them


class Engine:
    """All sites of the process, and the counts that --stats shows."""

    def __init__(self):
        self.sites, self.by_place = sites, by_place
        self.counts = {"traces": 0, "bridges": 0, "exits": 0, "aborts": 0, "promoted": 0, "compile_ms": 0.0}
        self.log = False
        self.clock = 0.0                    # milliseconds of CPU time that the program has taken, without the JIT's
        self.level = -1
        self.wait = False                   # until what is done after the program's end is done
        self.eager = False
        self.stores = False                 # regions are described on disk for the next run
        self.share: float | None = 0.1          # of the process's CPU time that may go into compiling; None: all of it
        self.recordings = RECORDINGS
        self.dump = ""
        self.stress = 0                     # every so many guards leave though they need not
        self.awake: Site | None = None      # the one whose profile holds classes now
        self.verify = False                 # check the IR of each region
        self.oracle = None                  # the module that runs regions, if they are not to be machine code
        self.fuel = Fuel()                  # compilations that there may be
        self.journal = None                 # of what is done, for `fire explain` and `fire dev dump`

    def counted(self) -> dict:
        """The counts, with the exits of the code that is in place."""
        return {**self.counts, "exits": self.counts["exits"] + sum(sum(site.taken()) for site in self.sites.values())}

    def hook(self, why: int) -> None:
        """A recording has ended."""
        if not runtime.may_import():
            return
        started = process_time()
        self.clock = started * 1000 - self.counts["compile_ms"]
        with runtime.NoCollections():
            try:
                self.ended(why)
            except Exception as error:      # the program must not notice
                self.failed(error)
                if runtime.sent_here(error):
                    raise
            finally:
                if self.awake is not None:
                    loose.rest(self.awake)
                    self.awake = None
                if sweep_is_due():
                    sweep()
        self.counts["compile_ms"] += (process_time() - started) * 1000

    def failed(self, error: Exception) -> None:
        """Nothing came of a recording. The program may have broken what this needs: it may bind
        `builtins.len` again."""
        try:
            self.counts["aborts"] += 1
            self.say(f"abort: {type(error).__name__}: {error}")
            self.give_up(str(error))
            defect = self.verify and isinstance(error, DEFECTS)
            if self.log or defect:
                import traceback
                traceback.print_exception(error)
            if defect:                  # a test must not miss it
                import os
                os.abort()
        except Exception:
            core.set_word(core.info["jit"] + core.info["Jit.loop_threshold"], 1 << 62)
            core.set_word(core.info["jit"] + core.info["Jit.call_threshold"], 1 << 62)

    def over_budget(self, more: float = 0.0) -> float:
        """The milliseconds of CPU time that are missing until the JIT may take `more`, 0 if it may."""
        if self.share is None:
            return 0
        first = 0 if self.counts["traces"] else FIRST_MS
        head_start = max(HEAD_START_MS - SAVED_MS * stored.counts["stored"], 0)
        wanted = self.counts["compile_ms"] + first + more - head_start
        return max(wanted / (self.share or NEVER) - process_time() * 1000, 0)

    def pays(self, site: Site) -> bool:
        """Whether the exits of a region have cost more than compiling it again will. What takes the place of LLVM's
        code is slower: that has to be worth as much as LLVM took."""
        line = LLVM_MS[2] if site.native_level else LINE_MS
        return self.eager or sum(site.taken()) * EXIT_MS > site.lines * line + REGION_MS

    def ended(self, why: int) -> None:
        """Take the log in and compile its region."""
        kind = field("kind")
        left = self.sites.get(field("exit_region"))
        if kind == EXIT and left is None:
            return
        pays = kind == EXIT and self.pays(left)
        root = core.object_at(field("root_function"))
        core.function_type = type(root)
        start: tuple = ()
        if kind == EXIT:
            site = left
            site.recall(root)
            start, at, sentence, _ = site.exits[field("exit_number")]
            if sentence == PROMOTE:
                self.promote(site, root)
                return
            self.note_exit(site, start, at, sentence)
        else:
            site = self.root_site(kind)
            if resumed(site):
                return
            if self.share is not None and (turns := waits(site, self.clock)):
                self.count_again(site, turns)
                return
        site.profile.read(start)
        self.note_kinds(site)
        site.learned = True
        site.recordings += 1
        if kind != EXIT and site.recordings < self.recordings[kind]:
            apart = APART[site.counts_as()]
            self.count_again(site, apart[min(site.recordings, len(apart)) - 1])
            return
        if kind == EXIT and not pays:
            return                      # what it has taught counts when one of the region's exits comes back
        missing = self.over_budget(site.profile.places() * WORD_MS + REGION_MS)
        if missing and not pays:
            self.count_again(site, turns_in(missing, site, self.clock))
            return
        site.tries += 1
        if site.tries > MOST_TRIES:
            return
        if site.globals is ...:
            site.globals = root.__globals__
        elif site.globals is not root.__globals__:
            site.globals = None
        self.awake = site
        loose.wake(site)
        self.compile(site, root, list(site.kinds or ()), "bridge" if kind == EXIT else "trace", max(self.level, 0))

    @staticmethod
    def root_site(kind: int) -> Site:
        """The site where the recording began."""
        code = code_at(field("root_code"))
        return of(code.address, (field("header") - code.words) >> 3, kind)

    def count_again(self, site: Site, turns: int) -> None:
        """Record once more, some turns or calls later: other paths may be taken then."""
        threshold = field("loop_threshold" if site.counts_as() == LOOP else "call_threshold")
        site.turns += turns
        for at in site.places():
            core.set_word(site.code.address_of(at) + 8, threshold - turns)

    def give_up(self, why: str) -> None:
        """What was just recorded is not counted any more."""
        kind = field("kind")
        site = self.sites.get(field("exit_region")) if kind == EXIT else self.root_site(kind)
        if self.journal is not None and site is not None:
            self.journal.gave_up(site, why, kind == EXIT)
        if kind == EXIT:
            return
        code = site.code
        site.aborts.append(why)
        for at in site.places():
            core.set_word(code.address_of(at) + 8, -(1 << 61))
        if kind == FUNCTION and code.instrs[0].op.startswith("RESUME") and site.header == code.begin:
            # Calls skip it again, but not a MAKE_CELL.
            core.set_word(code.address + core.info["VMCode.entry"], code.address_of(site.header))

    def note_exit(self, site: Site, path: tuple, at: int, sentence: str) -> None:
        """What the place of a hot exit teaches."""
        site.profile.hot.add((path, at, sentence))
        self.say(f"hot exit of {site.number}: {sentence}; {[p[0] for p in path]} word {at}")
        if (path, at) not in site.counted:          # while nothing is compiled again it teaches the same, or more
            site.counted.add((path, at))
            site.hot[path, at] = times = site.hot.get((path, at), 0) + 1
            if times >= MOST_TIMES:
                site.profile.resigned.add((path, at))
        site.profile.negative.add((path, at))       # if there is an index: it may be negative from now on
        for record in site.names:
            site.profile.changing |= record.changed()

    def note_kinds(self, site: Site) -> None:
        """Kinds of the root's registers when the recording started at the header: what entries have to expect."""
        count = field("nkinds")
        registers = core.words(core.info["start_kinds"], 2 * count)
        site.profile.stepped |= field("stepped") if count else 0
        site.profile.shared |= field("shared") if count else 0
        for number in range(count):
            tag = registers[2 * number + 1]
            kind = loose.loose(core.object_at(registers[2 * number])) if tag == OBJECT else TAG_NAMES.get(tag)
            if site.kinds is None or number >= len(site.kinds):
                site.kinds = [...] * count
            if site.kinds[number] is ...:
                site.kinds[number] = kind
            elif site.kinds[number] != kind:
                site.kinds[number] = loose.merged(site.kinds[number], kind)

    def compile(self, site: Site, root, kinds: list, what: str, level: int = 0) -> None:
        """Build the region and put its code in place, by the baseline compiler or at a level of LLVM's. `what`: trace,
        bridge, promotion."""
        if not self.fuel.burn(what, site):
            return
        times = [perf_counter()]
        region = self.region(site, root)
        function = region.build(kinds, site.globals is not None, level > 0)
        times.append(perf_counter())
        size = self.place(site, region, function, level)
        self.counts[COUNTED[what]] += 1
        times.append(perf_counter())
        steps = " ".join(f"{(b - a) * 1000:.1f}" for a, b in pairwise(times))
        self.say(f"{what} {site.number} {site.code.name} word {site.header}: {size}, level {level}; "
                 f"build, compile ms: {steps}")
        if region.fired:
            self.say(f"rules of {site.number}: {' '.join(f'{name}={n}' for name, n in sorted(region.fired.items()))}")
        frameless.make(self, site, root, level)

    def place(self, site: Site, region, function, level: int) -> str:
        """IR becomes machine code and is put in its place; how large it is, in words."""
        if self.verify:
            self.check(function)
        site.names = settle(function)
        site.lines = LINES_PER_OPERATION * sum(len(block.ops) for block in function.blocks)
        at_once = level == 0 and HAS_BASELINE and self.oracle is None
        code, text = (self.baseline(region, function), "") if at_once else self.optimized(region, function, level)
        if self.dump:
            self.write_dump(site, function, text)
        if self.journal is not None:
            self.journal.built(site, function)
        for record in site.profile.codes.values():
            core.set_word(record.address + core.info["VMCode.compiled"], 1)
        site.classes = function.classes
        self.put(site, code, region.exits)
        site.native_level = level
        site.kept.append((function.kept, site.names))
        blocks = len(function.blocks)
        if not self.oracle:
            function.clear()
        return f"{blocks} blocks, {site.lines} lines, {code.size} bytes"

    def region(self, site: Site, root):
        """What makes IR of a site's profile."""
        if self.journal is not None:
            return self.journal.region(site, root)
        return frameless.region(site, root)

    def baseline(self, region, function):
        """Machine code that is there at once."""
        root = region.profile.root
        return runtime.code_generator().compile_at_once(
            function, core.baseline, core.info, region.site_number, root.address_of(region.header),
            self.runtime(function), self.stress, root.name)

    def optimized(self, region, function, level: int) -> tuple:
        """Machine code of LLVM's, and the text it is of."""
        lowering = self.lowering(region, function)
        text = self.text_of(region, lowering)
        if self.oracle:
            return self.oracle.code_of(region.site_number, function, lowering), text
        tables = {"consts": function.consts, "counters": lowering.counters, "exits": lowering.exits}
        return runtime.code_generator().compile_text(text, tables, level), text

    @staticmethod
    def check(function) -> None:
        """Look whether the IR is in order; a test that sets the knob must not miss what is said here."""
        from ..ir.verify import verify
        problems = verify(function)
        if problems:
            sys.stderr.write(f"fire: bad IR of {function.name}: {'; '.join(problems[:5])}\n")
            sys.stderr.flush()
            import os
            os.abort()

    def put(self, site: Site, code, exits: list) -> None:
        """Machine code takes the place of the loop or function."""
        self.counts["exits"] += sum(site.taken())
        if self.journal is not None:
            self.journal.leaves(site)
        site.exits, site.native, site.stored, site.suspended = exits, code, False, False
        site.counted.clear()
        site.natives.append(code)
        site.watched += loose.watch(site.classes, code.tables["consts"])
        self.install(site, code.entry)

    def promote(self, site: Site, root) -> None:
        """Compile a region that runs long with LLVM's optimizer, once that is worth what it takes."""
        level = level_for(site.lines, WAITED_FOR)
        cost = site.lines * LLVM_MS[level] + (0 if self.counts["promoted"] else LLVM_FIRST_MS)
        turns = TURNS * site.taken()[field("exit_number")]
        if site.native_level or not level or turns * TURN_MS < cost or self.over_budget(cost):
            return
        self.awake = site
        loose.wake(site)
        self.compile(site, root, list(site.kinds or ()), "promotion", level)

    def at_end(self) -> None:
        """What the next run can use is compiled well and kept, by a process of its own."""
        from ..codegen.later import work
        if self.stores and any(worth_it(site, self.recordings) for site in self.sites.values()):
            work(lambda: keep(self), self.wait)

    def store(self) -> None:
        """Keep what becomes of this program for its next run."""
        from . import store
        runtime.code_generator()
        store.program()
        self.stores = True

    @staticmethod
    def text_of(region, lowering) -> str:
        """LLVM text of a region. The cache finds code by it: all runs, and what follows them, must spell it alike."""
        return f"; {region.profile.root.name}\n{lowering.text()}"

    def write_dump(self, site: Site, function, text: str) -> None:
        """IR and LLVM text to files."""
        for suffix, written in (("ir", function.show()), *([("ll", text)] if text else ())):
            with open(f"{self.dump}/{site.number}.{site.tries}.{suffix}", "w") as file:
                file.write(written)

    def lowering(self, region, function):
        """What makes LLVM text of a region."""
        if self.journal is not None:
            from ..codegen.marked import MarkedLowering as Lowering
        else:
            from ..codegen.lower import Lowering        # type: ignore[assignment]
        header = region.profile.root.address_of(region.header)
        return Lowering(function, core.info, region.site_number, header, self.runtime(function), self.stress)

    @staticmethod
    def runtime(function) -> dict[str, int]:
        """Numbers of the constants that leaving needs."""
        return {name: function.const(core.info[name]) for name in ("jit", "rt_exit")}

    def install(self, site: Site, entry: int) -> None:
        """Every jump back to the header, or every call, goes to the code from now on."""
        install(site, entry, site.code.words, site.places(), site.opcode())

    def say(self, line: str) -> None:
        """A line of the log."""
        if self.log:
            sys.stderr.write(f"jit: {line}\n")


engine = Engine()


def start(native, log: bool = False, dump: str = "", level: int = -1, later: str = "on",
          eager: bool = False) -> None:
    """Bring the JIT up over the VM's core."""
    core.connect(native)
    engine.log, engine.dump, engine.level = log, dump, level
    engine.wait = later == "wait"
    if eager:
        engine.eager, engine.share, engine.recordings = True, None, (1, 2)
    if not consumers.functions:
        consumers.install(native)
    if later != "off":
        import atexit
        import os
        process = os.getpid()
        atexit.register(lambda: os.getpid() == process and engine.at_end())


hook = engine.hook
