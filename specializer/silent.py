"""Exceptions that nobody sees: raised and handled in the region, and gone again before anything could look.

    try: n += table[k]              the key is absent: go on with the handler, at once
    except KeyError: missing += 1

The whole way, from the instruction that raises to the handler's POP_EXCEPT, is carried out as if it were one
instruction: exits in it go back to its start, where the interpreter raises as ever. So it may only calculate: the
handler must do nothing but arithmetic and moves (QUIET) until the exception is let go; of an exception that it names
it may look at `args`, their items and how many there are. Then no exception, no traceback and no frames of inlined
functions are made at all. Whatever else a handler does, the loud way is there for it (exceptions.py).
"""
from __future__ import annotations

from types import ModuleType

from ..tracer.names import ABSENT
from .builder import Abort, Builder, Split
from .direct import Direct
from .names import BOUND
from .values import EMPTY, NO, Val

ARITHMETIC = "ADD SUB MUL AND OR XOR NEG NOT".split()
QUIET = {"LOADK", "MOVE", "NOP", "GLOBAL_GET", "DELETE_LOCAL"} | {sign + form
                                                                  for sign in ARITHMETIC for form in ("", "_K")}
MOST_QUIET = 12                 # instructions of a handler


class TooLoud(Exception):
    """The handler does something else."""


class Silent(Direct):
    """Raising without an exception."""

    silent = False              # whether this is being tried

    # ------------------------------------------------------------------------------------------ what raises
    def must_be_quiet(self) -> None:
        """Something is about to be done that cannot be part of a silent way."""
        if self.silent:
            raise TooLoud

    def fail(self, instr) -> None:
        """An instruction that was seen to fail: the silent way if it is certain how, else the loud one."""
        catcher = self.catcher(instr.at)
        inner = catcher is not None and catcher[0] == len(self.cx.frames) - 1
        known = self.why_it_fails(instr) if inner else None
        if known is None:
            self.step(instr, True)
            return
        truth, exception = known
        quiet, loud = self.function.block(), self.function.block()
        self.block.end = ("branch", truth, quiet, loud)
        saved, count = self.cx, len(self.function.blocks)
        self.block, self.cx = quiet, saved.copy()
        if not self.handle_silently(exception, catcher):
            self.abandon(count)
            quiet.ops, quiet.end = [], ("jump", loud, [])
            loud.incoming.append((quiet, []))
        self.block, self.cx = loud, saved
        self.begin(instr.at)
        self.step(instr, True)

    def abandon(self, count: int) -> None:
        """What was tried leads nowhere: the blocks made for it, those after the first `count`, are empty."""
        for block in self.function.blocks[count:]:
            block.params, block.ops, block.incoming, block.end = [], [], [], ("return",)

    def why_it_fails(self, instr) -> tuple[str, Val] | None:
        """A condition, and the exception that the instruction raises if it holds."""
        if instr.op != "ITEM_GET":
            return None
        regs = self.cx.frames[-1].regs
        container, key = regs[instr.b], regs[instr.c]
        kind = self.type_of(container) if container.kind == "obj" else None
        if kind is dict and (form := self.key_form(instr.c, self.seen.c)) in ("int", "any") and not key.parts:
            words = [key.ssa] if form == "int" else [self.object_of(key, [])] if key.kind == "obj" else None
            if words is not None:
                found = self.e("call_i", self.pointer(container), *words, x=self.api("rt_dict_has_" + form))
                return self.e("int_eq", found, "0"), self.virtual_exception(KeyError, key)
        if kind in (list, tuple) and key.kind == "int":
            size = self.load("i64", self.pointer(container), 16, kind.__name__)
            below = self.e("int_lt", self.e("int_add", key.ssa, size), "0")
            why = Val("obj", None, str, f"{kind.__name__} index out of range")
            return self.e("bool_or", self.e("int_ge", key.ssa, size), below), self.virtual_exception(IndexError, why)
        return None

    def do_RAISE(self, instr):
        catcher = self.catcher(instr.at)
        regs = self.cx.frames[-1].regs
        if instr.b != 1 or catcher is None or not self.is_fresh(regs[instr.a]):
            return self.step(instr)
        val = regs[instr.a] if regs[instr.a].kind == "exc" else self.virtual_exception(regs[instr.a].const)
        if not self.guard_class(val.type):
            return self.step(instr)
        block, before, saved, count = self.block, len(self.block.ops), self.cx, len(self.function.blocks)
        self.cx = saved.copy()
        if self.handle_silently(val, catcher):
            return None
        self.abandon(count)
        del block.ops[before:]
        self.block, self.cx, block.end = block, saved, ()
        self.begin(instr.at)
        return self.step(instr)

    def is_fresh(self, val: Val) -> bool:
        """Whether what is raised is a class that makes plain exceptions, or an exception that nobody else holds."""
        if val.kind == "obj":
            return self.is_exception_class(val.const) and self.is_plain_exception(val.const)
        held = [old for frame in self.cx.all_frames() for old in frame.regs if old is val or val in old.parts]
        return val.kind == "exc" and len(held) == 1

    # ----------------------------------------------------------------------------------------- what handles
    def handle_silently(self, exception: Val, catcher: tuple) -> bool:
        """Go on behind the handler; False: it is not quiet, and state and block are of no use."""
        depth, entry = catcher
        frames = self.cx.frames
        if any(frame.frame is not None or frame.kind == "gen" for frame in frames[depth + 1:]):
            return False
        start, seen, instr = self.at, self.seen, self.instr
        self.keep()
        ended = frames[depth + 1:]
        del frames[depth + 1:]
        self.silent = True
        try:
            behind = self.follow_handler(exception, entry)
            if any(val.kind == "exc" for val in frames[-1].regs[:entry[3]]):
                raise TooLoud
            self.forget_frames(ended, entry[3])
        except (TooLoud, Abort, Split):
            return False
        finally:
            self.silent = False
            self.at, self.seen, self.instr = start, seen, instr
        self.snapshot = None
        self.queue_block(behind)
        return True

    def queue_block(self, at: int) -> None:
        """The path goes on behind the handler."""
        self.joins.add((self.cx.frames[-1].path, at))
        follow = self.edge(at)
        self.block.end = ("jump", follow, [])
        follow.incoming.append((self.block, []))

    def forget_frames(self, ended: list, first: int) -> None:
        """What unwinding drops: registers above a handler's depth, and frames that never were."""
        for number in reversed(range(first, len(self.cx.frames[-1].regs))):
            regs, homes = self.cx.frames[-1].regs, self.cx.frames[-1].homes
            if regs[number].kind != "empty" or homes[number] != 0:
                self.write(number, EMPTY)
        for frame in reversed(ended):
            count = frame.code.nlocals
            for val in (*reversed(frame.regs[count:]), *frame.regs[:count]):
                self.unhold(val)
            self.release(frame.function)
            if frame.instance is not None:
                self.unhold(frame.instance)

    def follow_handler(self, exception: Val, entry: tuple) -> int:
        """Carry a handler out to its POP_EXCEPT; the word behind that."""
        code, path = self.cx.frames[-1].code, self.cx.frames[-1].path
        at, first = entry[2], entry[3]
        if entry[4] or code.instrs[at].op != "PUSH_EXC_INFO" or code.instrs[at].a != first:
            raise TooLoud
        at = self.chosen_clause(exception.type, at + code.instrs[at].length, first)
        named = -1
        if code.instrs[at].op == "MOVE":
            named = code.instrs[at].a
            self.write(named, exception)
        at += code.instrs[at].length
        for _ in range(MOST_QUIET):
            instr = code.instrs[at]
            self.instr, self.seen = instr, self.profile.at.get((path, at))
            if self.seen is None:
                raise TooLoud
            if instr.op == "POP_EXCEPT" and instr.a == first:
                return self.unname(at + instr.length, named)
            if instr.op == "JUMP":
                at = instr.target
            elif not self.is_quiet(instr) or getattr(self, "do_" + instr.op)(instr) != at + instr.length:
                raise TooLoud
            else:
                at += instr.length
        raise TooLoud

    def unname(self, at: int, named: int) -> int:
        """Behind a POP_EXCEPT the name of the exception is deleted; the word behind that."""
        code = self.cx.frames[-1].code
        first, second = code.instrs[at], code.instrs.get(at + code.instrs[at].length)
        if named < 0:
            return at
        wanted = [("LOADK", named), ("DELETE_LOCAL", named)]
        if second is None or [(one.op, one.a) for one in (first, second)] != wanted:
            raise TooLoud
        self.write(named, EMPTY)
        return second.at + second.length

    def is_quiet(self, instr) -> bool:
        """Whether an instruction of a handler may be one that only calculates."""
        regs = self.cx.frames[-1].regs
        if instr.op == "ATTR_GET":
            return regs[instr.b].kind == "exc" and self.cx.frames[-1].code.name_at(instr.c) == "args"
        if instr.op == "ITEM_GET_K":
            return regs[instr.b].kind == "tuple"
        if instr.op == "CALL":
            return instr.c == 1 and regs[instr.b + 1].const is len and regs[instr.b + 2].kind == "tuple"
        return instr.op in QUIET

    def do_ATTR_GET(self, instr):
        val = self.cx.frames[-1].regs[instr.b]
        if not self.silent or val.kind != "exc":
            return super().do_ATTR_GET(instr)
        if self.core.class_attribute(val.type, "args") is not BaseException.__dict__["args"] or len(val.parts) == 1:
            raise TooLoud
        return self.finish_item(instr, Val("tuple", parts=val.parts[1:]))

    def chosen_clause(self, kind: type, at: int, first: int) -> int:
        """The instruction of the first clause that takes a class with which the exception leaves its register: it is
        dropped, or moved to its name."""
        code = self.cx.frames[-1].code
        held: dict[int, object] = {}
        for _ in range(4 * MOST_QUIET):
            instr = code.instrs[at]
            dropped = instr.op == "DROP" and instr.a == first + 1
            if dropped or instr.op == "MOVE" and instr.b == first + 1 and instr.consumes(1):
                return at
            at += instr.length
            if instr.op == "GLOBAL_GET":
                held[instr.a] = self.global_class(code.name_at(instr.b))
            elif instr.op == "ATTR_GET" and type(held.get(instr.b)) is ModuleType:
                table, name = held[instr.b].__dict__, code.name_at(instr.c)
                if name not in table:
                    raise TooLoud
                self.guard_names(table, name)
                held[instr.a] = table[name]
            elif instr.op == "BUILD_TUPLE":
                held[instr.a] = tuple(held.get(instr.b + number) for number in range(instr.c))
            elif instr.op == "EXC_MATCH" and instr.b == first + 1:
                classes = held.get(instr.c)
                classes = classes if type(classes) is tuple else (classes,)
                if not classes or not all(map(self.is_exception_class, classes)):
                    raise TooLoud
                held[instr.a] = issubclass_by_mro(kind, classes)
            elif instr.op == "JIF" and type(held.get(instr.a)) is bool:
                at = instr.target if held[instr.a] == instr.x else at
            else:
                raise TooLoud
        raise TooLoud

    def global_class(self, name: str):
        """The value of a global name, which is guarded."""
        frame = self.cx.frames[-1]
        tables = (frame.globals, frame.builtins)
        depth = next((depth for depth, table in enumerate(tables) if type(table) is dict and name in table), None)
        if depth is None:
            raise TooLoud
        held, table = tables[depth][name], tables[depth]
        if depth:
            self.guard_names(tables[0], name, ABSENT)
        if not self.is_changing(table, name):
            self.guard_names(table, name)
            return held
        if type(held) not in (type, ModuleType):
            raise TooLoud
        value = self.load("ptr", self.place_of_name(table, name), 0, "dict")
        self.guard(self.e("ptr_eq", value, self.const_object(held)), BOUND)
        return held

    # ------------------------------------------------------------------------------- while this is being tried
    def again(self) -> None:
        self.must_be_quiet()
        super().again()

    def exit_label(self, why: str = "an operand has another type or value than before") -> str:
        return Builder.exit_label(self, why) if self.silent else super().exit_label(why)

    def exit_for(self, why: str):
        return Direct.exit_for(self, why) if self.silent else super().exit_for(why)


def issubclass_by_mro(kind: type, classes: tuple) -> bool:
    """Whether a class derives from one of several, whatever their metaclasses say: so do except clauses."""
    return any(one in kind.__mro__ for one in classes)


__all__ = ["Silent", "NO"]
