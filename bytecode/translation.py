"""Stack code to register code: abstract interpretation of the host's evaluation stack, one block at a time.

    LOAD_FAST i, LOAD_FAST n, COMPARE_OP <, POP_JUMP_FORWARD_IF_FALSE end   ->   JLT if not i < n -> end

One pass in the order of the code.  What the pass assumes of a label reached again later (a loop's start, a
handler) is which locals are bound there; if a later edge proves it wrong, the assumption is narrowed and the
pass repeated.  Laws: (1) a `merge` label is entered with every value in its own slot; (2) in a covered range
the slots below the handler's depth are in their own registers; (3) code nothing reaches is not emitted;
(4) what the host's version defines stands in its table (`host311`), nothing of it here.
"""
from __future__ import annotations

from struct import error, pack

from .emit import MASK16, MASK32, Emitter
from .flow import Block, decode
from .ops import OPS, X_BIT
from .program import Program, Untranslatable, arguments, nlocalsplus

_JUMP = OPS["JUMP"].code
_LOOP = OPS["LOOP"].code
_LOOP_CACHE = (0,) * OPS["LOOP"].cache
_OVER_JUMP = 2                          # from a conditional jump over the JUMP behind it
_OVER_LOOP = 1 + OPS["LOOP"].length
_BEHIND_SEND, _RESUME_CACHE = OPS["RESUME"].code | 3 << 16, (0,) * OPS["RESUME"].cache
_FOR_ITER = OPS["FOR_ITER"].code
_FOR_CACHE = (0,) * OPS["FOR_ITER"].cache


def translate_with(host, code) -> Program:
    """The register form of a code object of the host version that the module `host` describes."""
    if len(code.co_names) > MASK16:
        raise Untranslatable("more than 65535 names")
    translation = Translation(host, code)
    try:
        while not translation.attempt():
            translation.forget()
        return translation.program()
    except (IndexError, KeyError, error) as problem:
        raise Untranslatable(f"inconsistent stack code: {problem!r}") from None


class Translation(Emitter):
    """One code object on its way to a Program."""

    __slots__ = ("code", "actions", "instrs", "blocks", "labels", "live", "bound", "cover", "spans", "fixups",
                 "entered", "short", "far", "behind", "narrowed", "keywords", "extra", "method")

    def __init__(self, host, code):
        super().__init__(nlocalsplus(code), len(code.co_names))
        self.code = code
        self.actions = host.ACTIONS
        flow = decode(code, host)
        self.instrs, self.blocks, self.labels = flow.instrs, flow.blocks, flow.labels
        self.far = False            # 16-bit jumps go over a 32-bit JUMP
        self.extra: list = []       # names appended to the pool
        self.begin()

    def begin(self) -> None:
        """The state at the function's entry."""
        self.bound = (1 << arguments(self.code)) - 1    # bit i: local i is bound on every path to here
        self.live = True
        self.cover: tuple | None = None     # the row that covers the current block
        self.entered: tuple | None = None   # to be told at a covered block's end: (handler, stack, bound)
        self.spans: list = []       # (position, cover): from there on that row covers
        self.fixups: list = []      # (position, Block) of 32-bit jumps
        self.short: list = []       # the same of 16-bit jumps
        self.behind = False         # a label was reached for the first time from further down
        self.narrowed = False       # an assumption about bound locals was wrong
        self.keywords = 0           # pool index + 1 of the keyword names of the next call
        self.method = -1            # len(words) after the newest METHOD_GET

    def forget(self) -> None:
        """Start again with what was learnt."""
        for block in self.labels:
            block.reset()
        self.restart()
        self.begin()

    # ------------------------------------------------------------------------------------- the pass
    def attempt(self) -> bool:
        """Translate all that is reached; False: an assumption was wrong, do it again."""
        self._run(self.instrs)
        while self.behind:
            self.behind = False
            for block in self.labels:
                if block.state is not None and block.pos < 0:
                    self._run([instr for instr in self.instrs if instr[0] >= block.index])
                    if block.pos < 0:
                        raise Untranslatable("jump to no instruction")
                    self.behind = True
        return not self.narrowed and self._place_jumps()

    def _run(self, instrs: list) -> None:
        blocks, actions = self.blocks, self.actions
        for index, op, arg in instrs:
            if index in blocks:
                self._enter(blocks[index])
            if self.live:
                self.index = index
                action = actions[op]
                if action is not None:
                    action(self, arg)
        self._leave_cover()
        if self.live:
            raise Untranslatable("runs off the end")

    def _enter(self, block: Block) -> None:
        """Control arrives at a label: by falling through, by jumps met before, or not at all."""
        if self.live:
            if block.pos >= 0:
                self.jump(block.index)
            elif block.merge:
                self.own(0, len(self.stack))
                self._record(block, self.stack, self.bound)
        self._leave_cover()
        if block.pos >= 0 or (not self.live and block.state is None):
            return
        if block.state is not None:
            self.stack = block.state[:]
            self.foreign = block.foreign
            self.bound = block.bound
            self.last = -1
            self.live = True
        self.label = block.pos = len(self.words)
        if block.cover is not self.cover:
            self.cover = block.cover
            self.spans.append((block.pos, block.cover))
        if block.cover is not None:
            self._enter_cover(block.cover)
        if block.sent:
            self.index = block.index - 1            # the jump back to the SEND is of its line
            self.emit_cached(_BEHIND_SEND, _RESUME_CACHE)

    def _enter_cover(self, cover: tuple) -> None:
        _, _, handler, depth, lasti = cover
        if len(self.stack) < depth:
            raise Untranslatable("stack below the handler's depth")
        self.own(0, depth)
        slot = self.nlocals + depth
        self.entered = handler, self.stack[:depth] + ([slot, slot + 1] if lasti else [slot]), self.bound
        self.top = max(self.top, slot + 1 + lasti)

    def _leave_cover(self) -> None:
        """Tell the handler of the covered block that ends here, unless nothing was emitted for it."""
        if self.entered is not None and len(self.words) > self.label:
            self._record(*self.entered)
        self.entered = None

    def _record(self, block: Block, state: list, bound: int) -> None:
        """An edge to `block` with this abstract stack and these locals bound."""
        if block.state is None:
            block.state = state[:]
            block.foreign = self.foreign
            if block.index <= self.index:
                self.behind = True
        elif block.state != state:
            raise Untranslatable("stacks differ where paths join")
        self.narrow(block, bound)

    def narrow(self, block: Block, bound: int) -> None:
        """`block` is reached with only these locals bound."""
        lost = block.bound & ~bound
        if lost:
            block.bound &= ~lost
            if block.pos >= 0:
                block.limit = block.bound
                self.narrowed = True

    # ----------------------------------------------------------------------------------------- edges
    def target(self, index: int, dropped: int = 0) -> tuple:
        """The label a jump to `index` goes to and the depth there: past a POP_TOP that has nothing to pop."""
        block, depth, stack = self.blocks[index], len(self.stack) - dropped, self.stack
        while block.after_pop is not None and depth and stack[depth - 1] < self.nlocals:
            block, depth = block.after_pop, depth - 1
        return block, depth

    def settled(self, block: Block, depth: int) -> bool:
        """Whether the entries below `depth` are as `block` wants them."""
        if block.merge:
            return self.stack[:depth] == list(range(self.nlocals, self.nlocals + depth))
        return True

    def edge(self, block: Block, depth: int) -> None:
        """Make the stack fit `block` and tell it."""
        if block.merge:
            self.own(0, depth)
        self._record(block, self.stack[:depth], self.bound)

    def jump(self, index: int, polls: bool = False) -> None:
        """Go to `index`, never to come back here."""
        block, depth = self.target(index)
        self.edge(block, depth)
        self.fixups.append((len(self.words), block))
        if polls:
            self.emit_cached(_LOOP, _LOOP_CACHE)
        else:
            self.emit(_JUMP)
        self.live = False

    def branch(self, word: int, block: Block, wide: bool, backward: bool = False) -> None:
        """Emit a conditional jump to `block`, whose edge is made already; X says when to jump."""
        shift = 32 if wide else 48
        if backward:
            self.emit(word ^ X_BIT | _OVER_LOOP << shift)
            self.fixups.append((len(self.words), block))
            self.emit_cached(_LOOP, _LOOP_CACHE)
        elif wide:
            self.fixups.append((len(self.words), block))
            self.emit(word)
        elif self.far:
            self.emit(word ^ X_BIT | _OVER_JUMP << shift)
            self.fixups.append((len(self.words), block))
            self.emit(_JUMP)
        else:
            self.short.append((len(self.words), block))
            self.emit(word)

    def for_iter(self, iterator: int, block: Block) -> None:
        """FOR_ITER pushes the next item or leaves to `block`."""
        position = len(self.words)
        if not self.far:
            self.short.append((position, block))
            self.push(_FOR_ITER | iterator << 32, _FOR_CACHE)
            return
        over = len(_FOR_CACHE) + 2
        self.push(_FOR_ITER | iterator << 32 | over << 48, _FOR_CACHE)
        self.emit(_JUMP | _OVER_JUMP << 32)
        self.fixups.append((len(self.words), block))
        self.emit(_JUMP)
        self.last = self.label = len(self.words)

    # ---------------------------------------------------------------------------------------- the end
    def _place_jumps(self) -> bool:
        words = self.words
        for _, block in self.fixups + self.short:
            if block.pos < 0:
                raise Untranslatable("jump to no instruction")
        for position, block in self.fixups:
            words[position] |= (block.pos - position & MASK32) << 32
        for position, block in self.short:
            offset = block.pos - position
            if not -0x8000 <= offset <= 0x7FFF:
                self.far = True
                return False
            words[position] |= (offset & MASK16) << 48
        return True

    def name(self, text: str) -> int:
        """Pool index of a name the host keeps outside its table of names."""
        if text not in self.extra:
            self.extra.append(text)
        index = self.nnames + len(self.code.co_consts) + self.extra.index(text)
        if index > MASK16:
            raise Untranslatable("pool too large")
        return index

    def program(self) -> Program:
        """What was translated."""
        if self.top > MASK16:
            raise Untranslatable("more than 65535 registers")
        code = self.code
        count = len(self.words)
        return Program(self.top, pack(f"<{count}Q", *self.words), pack(f"<{count}i", *self.origin),
                       (*code.co_names, *code.co_consts, *self.extra), self._handlers())

    def _handlers(self) -> bytes:
        rows: list = []
        if not self.spans:
            return b""
        ends = [position for position, _ in self.spans[1:]] + [len(self.words)]
        for (start, cover), end in zip(self.spans, ends, strict=True):
            if cover is None or start == end:
                continue
            _, _, handler, depth, lasti = cover
            row = [start, end, handler.pos, self.nlocals + depth, lasti]
            if rows and rows[-1][1] == start and rows[-1][2:] == row[2:]:
                rows[-1][1] = end
            else:
                rows.append(row)
        return pack(f"<{5 * len(rows)}I", *[number for row in rows for number in row])
