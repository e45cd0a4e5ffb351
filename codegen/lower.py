"""IR -> LLVM assembly text: templates of the op table filled in, blocks with parameters turned into phis.

    int_add %v1, 10  ->  %v3 = add i64 %v1, 10

The text holds no addresses: objects and functions are words of the table @consts, exit counters words of @counters.
The entry has the signature of the VM's handlers, so that the interpreter jumps to it and it jumps back.
"""
from __future__ import annotations

from ..ir.function import Block, Function
from ..ir.ops import ALIAS, HOT_EXIT, OPS

LLVM_TYPES = {"i": "i64", "f": "double", "b": "i1", "p": "ptr"}
HANDLER = "preserve_nonecc void"
CALLS = {"call_i", "call_f", "call_p", "call_i32", "call_none"}
HEAD = """@consts = external hidden global [0 x i64], align 8
@counters = external hidden global [0 x i64], align 8
@exits = external hidden global [0 x [2 x i64]], align 8
declare {i64, i1} @llvm.sadd.with.overflow.i64(i64, i64)
declare {i64, i1} @llvm.ssub.with.overflow.i64(i64, i64)
declare {i64, i1} @llvm.smul.with.overflow.i64(i64, i64)
declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
declare double @llvm.floor.f64(double)
"""
TAIL = """attributes #0 = { nounwind }
attributes #1 = { nounwind memory(argmem: readwrite, inaccessiblemem: readwrite) cold }
!0 = !{!"fire"}
!97 = !{!"branch_weights", i32 100000, i32 1}
!98 = !{!"branch_weights", i32 1, i32 100000}
!99 = !{}
"""


class Lowering:
    """Writes one function."""

    def __init__(self, function: Function, offsets: dict[str, int], tables: dict[str, int], final: bool,
                 stress: int = 0):
        self.function = function
        self.stress = stress            # every so many guards leave though they need not; 0: none does
        self.offsets = offsets          # "Frame": size of the VM's part of a frame
        self.final = final              # not to be compiled better later: turns of loops are not counted
        self.tables = tables            # const numbers: "main_table", "op_ERROR", ...
        self.lines: list[str] = []
        self.number = 0
        self.label = ""
        self.ends: dict[int, str] = {}  # block -> LLVM label that its terminator is under
        self.kinds: dict[str, str] = {}
        self.leaving: list[tuple] = []  # exits: LLVM label, number, frame

    def text(self) -> str:
        """The module."""
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
                out.append(f"B{block.number}:")
                out += self.phis(block)
                out += bodies[block.number]
        if self.leaving:
            out += self.common_exit()
        out.append("}")
        out.append(TAIL + "".join(f"!{n} = !{{!{n + 100}, !{n + 100}, i64 0}}\n!{n + 100} = !{{!\"{name}\", !0, i64 0}}\n"
                                  for name, n in ALIAS.items()))
        return "\n".join(out)

    def common_exit(self) -> list[str]:
        """Where all exits meet: count, and go on in the interpreter or, at 32, 64, 128 ... times, in the recorder."""
        numbers = ", ".join(f"[{number}, %{label}]" for label, number, _ in self.leaving)
        frames = ", ".join(f"[{frame}, %{label}]" for label, _, frame in self.leaving)
        self.lines = ["EXIT:", f"  %xn = phi i64 {numbers}", f"  %xf = phi ptr {frames}",
                      "  %xp = getelementptr inbounds [0 x [2 x i64]], ptr @exits, i64 0, i64 %xn, i64 0",
                      "  %xpc = load ptr, ptr %xp, align 8",
                      "  %xk = add i64 %xn, 1",           # the first counts turns of loops
                  "  %xc = getelementptr inbounds [0 x i64], ptr @counters, i64 0, i64 %xk",
                      "  %xa = load i64, ptr %xc, align 8", "  %xb = add i64 %xa, 1", "  store i64 %xb, ptr %xc, align 8",
                      "  %xd = and i64 %xb, %xa", "  %xe = icmp eq i64 %xd, 0", f"  %xg = icmp ugt i64 %xb, {HOT_EXIT - 1}",
                      "  %xh = and i1 %xe, %xg", "  br i1 %xh, label %HOT, label %COLD", "HOT:"]
        jit = self.const(self.tables["jit"])
        self.lines.append("  %xr = load i64, ptr getelementptr inbounds ([0 x i64], ptr @consts, i64 0, "
                          f"i64 {self.tables['region']}), align 8")
        fields = (("exit_number", "i64 %xn"), ("exit_region", "i64 %xr"), ("exit_depth", "i64 %xi"))
        self.lines += ["  %xj = getelementptr i64, ptr %xp, i64 1", "  %xi = load i64, ptr %xj, align 8"]
        for name, value in fields:
            self.lines += [f"  %x.{name} = getelementptr i8, ptr {jit}, i64 {self.offsets['Jit.' + name]}",
                           f"  store {value}, ptr %x.{name}, align 8"]
        header = self.const(self.tables["header"])
        self.lines += [f"  %x.header = getelementptr i8, ptr {jit}, i64 {self.offsets['Jit.exit_header']}",
                       f"  store ptr {header}, ptr %x.header, align 8"]
        self.tail(self.const(self.tables["hot_exit"]), "%xpc", "%xf")
        self.lines.append("COLD:")
        self.dispatch("%xpc", "%xf")
        return self.lines

    def phis(self, block: Block) -> list[str]:
        """Parameters as phis over the jumps that lead here."""
        lines = []
        for at, (name, kind) in enumerate(block.params):
            pairs = ", ".join(f"[{args[at]}, %{self.ends[source.number]}]" for source, args in block.incoming
                              if source.number in self.ends)
            lines.append(f"  {name} = phi {LLVM_TYPES[kind]} {pairs}")
        return lines

    def body(self, block: Block) -> None:
        """Operations and terminator of a block."""
        self.label = f"B{block.number}"
        for name, result, args, x in block.ops:
            self.op(name, result, args, x)
        self.ends[block.number] = self.label
        self.end(block)

    def op(self, name: str, result: str, args, x) -> None:
        """One operation by its template."""
        self.number += 1
        n = self.number
        row = OPS[name]
        fields: dict = {"r": result, "n": n, "x": x, "before": self.label}
        if name in CALLS:
            self.lines.append(f"  %f{n} = load ptr, ptr getelementptr inbounds ([0 x i64], ptr @consts, i64 0, i64 {x}), "
                              "align 8, !invariant.load !99")
            fields["x"] = f"%f{n}"
            fields["all"] = ", ".join(f"{self.type_of(a)} {a}" for a in args)
        elif name == "turns_left" and self.final:
            self.lines.append(f"  {result} = icmp eq i64 0, 0")
            return
        elif name == "step":
            self.lines.append(f"  %f{n} = load ptr, ptr getelementptr inbounds ([0 x i64], ptr @consts, i64 0, i64 {x}), "
                              "align 8, !invariant.load !99")
            fields["x"] = f"%f{n}"
        elif self.stress and name in ("guard", "guard_not"):
            args = [self.stressed(n, name, args[0])]
        for line in row.lines:
            text = line.format(*args, **fields)
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
        self.lines.append(f"  {name} = load ptr, ptr getelementptr inbounds ([0 x i64], ptr @consts, i64 0, i64 {number}), "
                          "align 8, !invariant.load !99")
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
        elif kind == "exit":                # number, frame: counted, then the interpreter goes on
            self.lines.append("  br label %EXIT")
            self.leaving.append((self.label, *rest))
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
