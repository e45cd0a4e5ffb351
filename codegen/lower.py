"""IR -> LLVM assembly text: templates of the op table filled in, blocks with parameters turned into phis.

    int_add %v1, 10  ->  %v3 = add i64 %v1, 10

The text holds no addresses: objects and functions are words of the table @consts, exit counters words of @counters.
The entry has the signature of the VM's handlers, so that the interpreter jumps to it and it jumps back.
"""
from __future__ import annotations

from ..ir.function import Block, Function
from ..ir.ops import ALIAS, OPS, TOUCHED
from .exit_programs import Exits

LLVM_TYPES = {"i": "i64", "f": "double", "b": "i1", "p": "ptr"}
HANDLER = "preserve_nonecc void"
CALLS = {"call_i", "call_f", "call_p", "call_i32", "call_none"}
HEAD = """@consts = external hidden global [0 x i64], align 8
@counters = external hidden global [0 x i64], align 8
@exits = external hidden global [0 x i64], align 8
declare {i64, i1} @llvm.sadd.with.overflow.i64(i64, i64)
declare {i64, i1} @llvm.ssub.with.overflow.i64(i64, i64)
declare {i64, i1} @llvm.smul.with.overflow.i64(i64, i64)
declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
declare double @llvm.floor.f64(double)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare ptr @llvm.frameaddress.p0(i32)
"""
TAIL = """attributes #0 = { nounwind }
attributes #1 = { nounwind memory(argmem: readwrite, inaccessiblemem: readwrite) cold }
attributes #2 = { nounwind memory(inaccessiblemem: readwrite) }
!0 = !{!"fire"}
!97 = !{!"branch_weights", i32 100000, i32 1}
!98 = !{!"branch_weights", i32 1, i32 100000}
!99 = !{}
!96 = distinct !{!96}
"""
QUIET = {name: f"{'' if touched else ' #2'}, !noalias !{80 + number}"           # what is said of a call
         for number, (name, touched) in enumerate(TOUCHED.items())}


def classes_of_memory() -> str:
    """The alias classes, for what is known of types (`!tbaa`) and for calls that touch few of them (`!noalias`).
    Numbers from 1000 on are those of source lines (marked.py)."""
    made = []
    for name, n in ALIAS.items():
        made += [f"!{n} = !{{!{n + 100}, !{n + 100}, i64 0}}", f"!{n + 100} = !{{!\"{name}\", !0, i64 0}}",
                 f"!{n + 200} = !{{!{n + 300}}}", f"!{n + 300} = distinct !{{!{n + 300}, !96}}"]
    for number, touched in enumerate(TOUCHED.values(), 80):
        others = ", ".join(f"!{n + 300}" for kind, n in ALIAS.items() if kind not in touched)
        made.append(f"!{number} = !{{{others}}}")
    return "\n".join(made) + "\n"


CLASSES = classes_of_memory()


def place_in(table: str, number: int) -> str:
    """The address of a word of a table."""
    return f"getelementptr inbounds ([0 x i64], ptr @{table}, i64 0, i64 {number})"


class Lowering:
    """Writes one function."""

    def __init__(self, function: Function, offsets: dict[str, int], region: int, header: int, runtime: dict[str, int],
                 stress: int = 0):
        self.function = function
        self.stress = stress            # every so many guards leave though they need not; 0: none does
        self.offsets = offsets          # "sizeof.Frame": size of the VM's part of a frame
        self.runtime = runtime          # const numbers: "jit", "rt_exit"
        self.scratch = len(function.exits) + 2                      # where fast loops have their memory
        self.values = self.scratch + function.scratch               # where the values alive at an exit go
        self.lines: list[str] = []
        self.number = 0
        self.label = ""
        self.ends: dict[int, str] = {}  # block -> LLVM label that its terminator is under
        self.kinds: dict[str, str] = {}
        self.leaving: list[tuple] = []  # exits: LLVM label, number
        self.programs = Exits(function, function.floats(), region, header)

    @property
    def exits(self) -> list[int]:
        """The words of the table of this name."""
        return self.programs.words

    @property
    def counters(self) -> int:
        """How many words the table of this name has."""
        return self.values + self.programs.most

    def text(self) -> str:
        """The module."""
        return "\n".join(self.module())

    def module(self) -> list[str]:
        """All lines."""
        blocks = self.function.blocks
        bodies = {}
        for block in blocks:
            for name, kind in block.params:
                self.kinds[name] = kind
            for name, result, _, _ in block.ops:
                if result:
                    self.kinds[result] = OPS[name].result
        for block in blocks:
            if block.end:
                self.lines = []
                self.body(block)
                bodies[block.number] = self.lines
        out = [HEAD, f"define {HANDLER} @entry(ptr %pc, ptr %regs, ptr %frame, ptr %table) #0 {{"]
        for block in blocks:
            if block.number in bodies:
                out += [f"B{block.number}:", *self.phis(block), *bodies[block.number]]
        if self.leaving:
            out += self.common_exit()
        out.append("}")
        out.append(TAIL + CLASSES)
        return out

    def common_exit(self) -> list[str]:
        """Where all exits meet: rt_exit brings the state to memory and says who goes on."""
        numbers = ", ".join(f"[{number}, %{label}]" for label, number in self.leaving)
        self.lines = ["EXIT:", f"  %xn = phi i64 {numbers}"]
        leave, jit = self.const(self.runtime["rt_exit"]), self.const(self.runtime["jit"])
        values = place_in("counters", self.values)
        self.lines.append(f"  %xh = call ptr {leave}(ptr %frame, i64 %xn, ptr @exits, ptr @counters, ptr {values}, "
                          "ptr %table)")
        for name, field in (("%xp", "out_pc"), ("%xf", "out_frame")):
            self.lines += [f"  {name}a = getelementptr i8, ptr {jit}, i64 {self.offsets['Jit.' + field]}",
                           f"  {name} = load ptr, ptr {name}a, align 8"]
        self.tail("%xh", "%xp", "%xf")
        return self.lines

    def exit_block(self, block: Block) -> None:
        """An exit: what is alive goes to memory, the rest is done by its program."""
        program = self.programs.program(block)
        if program is None and block.end[0] == "exit_as":       # it counts as that one
            self.lines.append(f"  br label %B{block.end[2].number}")
            return
        if program is None:
            self.body_of(block)
            program = self.programs.rest(block)
        for at, name in enumerate(program.alive):
            kind = self.kinds.get(name, "p")
            if kind == "b":
                self.number += 1
                self.lines.append(f"  %z{self.number} = zext i1 {name} to i64")
                name, kind = f"%z{self.number}", "i"
            place = place_in("counters", self.values + at)
            self.lines.append(f"  store volatile {LLVM_TYPES[kind]} {name}, ptr {place}, align 8")
        self.lines.append("  br label %EXIT")
        self.leaving.append((self.label, block.end[1]))

    def phis(self, block: Block) -> list[str]:
        """Parameters as phis over the jumps that lead here."""
        sources = [(source, args) for source, args in block.incoming if source.number in self.ends]
        return [f"  {name} = phi {LLVM_TYPES[kind]} " + ", ".join(f"[{args[at]}, %{self.ends[source.number]}]"
                                                                for source, args in sources)
                for at, (name, kind) in enumerate(block.params)]

    def body(self, block: Block) -> None:
        """Operations and terminator of a block."""
        self.label = f"B{block.number}"
        if block.end[0] in ("exit", "exit_as"):
            self.exit_block(block)
        else:
            self.body_of(block)
            self.end(block)

    def body_of(self, block: Block) -> None:
        """Its operations."""
        for op in block.ops:
            self.op(*op)
        self.ends[block.number] = self.label

    def op(self, name: str, result: str, args, x) -> None:
        """One operation by its template."""
        self.number += 1
        n = self.number
        row = OPS[name]
        fields: dict = {"r": result, "n": n, "x": x, "before": self.label}
        quiet = ""
        if name in CALLS or name == "box_int":
            quiet = QUIET.get(self.function.quiet.get(x), "")
        elif type(x) is tuple:
            fields["alias"] = f"!tbaa !{x[1]}, !alias.scope !{x[1] + 200}"
        if name in CALLS:
            self.lines.append(f"  %f{n} = load ptr, ptr {place_in('consts', x)}, align 8, !invariant.load !99")
            fields["x"] = f"%f{n}"
            fields["all"] = ", ".join(f"{self.type_of(a)} {a}" for a in args)
        elif name in ("step", "box_int"):
            self.lines.append(f"  %f{n} = load ptr, ptr {place_in('consts', x)}, align 8, !invariant.load !99")
            fields["x"] = f"%f{n}"
        elif name == "scratch":
            fields["x"] = x + 8 * self.scratch
        elif self.stress and name in ("guard", "guard_not"):
            args = [self.stressed(n, name, args[0])]
        for line in row.lines:
            text = line.format(*args, **fields)
            if quiet and "call " in text:
                text += quiet
            if text.endswith(":"):
                self.label = text[:-1]
                self.lines.append(text)
            else:
                self.lines.append("  " + text)

    def stressed(self, n: int, name: str, condition: str) -> str:
        """The condition of a guard that fails now and then; the last of the counters counts guards."""
        place = f"getelementptr inbounds ([0 x i64], ptr @counters, i64 0, i64 {len(self.function.exits) + 1})"
        self.lines += [f"  %sa{n} = load i64, ptr {place}, align 8", f"  %sb{n} = add i64 %sa{n}, 1",
                       f"  store i64 %sb{n}, ptr {place}, align 8", f"  %sc{n} = urem i64 %sb{n}, {self.stress}",
                       f"  %sd{n} = icmp {'ne' if name == 'guard' else 'eq'} i64 %sc{n}, 0",
                       f"  %se{n} = {'and' if name == 'guard' else 'or'} i1 {condition}, %sd{n}"]
        return f"%se{n}"

    def type_of(self, value: str) -> str:
        """LLVM type of a value or constant."""
        if value[0] != "%":
            if value in ("true", "false"):
                return "i1"
            return "ptr" if value == "null" else "double" if value.startswith("0x") else "i64"
        kind = self.kinds.get(value)
        return LLVM_TYPES[kind] if kind else "ptr"

    def const(self, number: int) -> str:
        """Load a constant for a terminator."""
        self.number += 1
        name = f"%k{self.number}"
        self.lines.append(f"  {name} = load ptr, ptr {place_in('consts', number)}, align 8, !invariant.load !99")
        return name

    def end(self, block: Block) -> None:
        """The terminator."""
        kind, *rest = block.end
        if kind == "jump":
            self.lines.append(f"  br label %B{rest[0].number}")
        elif kind == "branch":
            self.lines.append(f"  br i1 {rest[0]}, label %B{rest[1].number}, label %B{rest[2].number}")
        elif kind == "return":
            self.lines.append("  ret void")
        elif kind == "leave":               # pc, frame: the interpreter goes on there
            self.dispatch(*rest)
        elif kind == "tail":                # number of a handler's address, pc, frame
            self.tail(self.const(rest[0]), rest[1], rest[2])
        else:
            raise ValueError(f"terminator {kind}")

    def dispatch(self, pc: str, frame: str) -> None:
        """Jump to the handler of the instruction at pc, in the table the region was entered with: the interpreter's, or
        the one that brings the state back to compiled code that had called."""
        self.number += 1
        n = self.number
        self.lines += [f"  %w{n} = load i16, ptr {pc}, align 2", f"  %x{n} = and i16 %w{n}, 1023",
                       f"  %y{n} = zext i16 %x{n} to i64", f"  %z{n} = getelementptr ptr, ptr %table, i64 %y{n}",
                       f"  %h{n} = load ptr, ptr %z{n}, align 8"]
        self.tail(f"%h{n}", pc, frame)

    def tail(self, target: str, pc: str, frame: str) -> None:
        """Leave by a tail call, as handlers do; a frame's registers lie right behind it."""
        self.number += 1
        regs = f"%r{self.number}"
        self.lines += [f"  {regs} = getelementptr i8, ptr {frame}, i64 {self.offsets['sizeof.Frame']}",
                       f"  musttail call {HANDLER} {target}(ptr {pc}, ptr {regs}, ptr {frame}, ptr %table)",
                       "  ret void"]
