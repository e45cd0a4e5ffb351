"""x86-64 machine code of the baseline compiler: instructions of the few forms that it needs.

    op_rr(MOV, RAX, RBX)                48 8b c3                mov rax, rbx
    op_rm(MOV, RAX, RSP, 40)            48 8b 44 24 28          mov rax, [rsp + 40]
    op_at(MOV, RAX, address, 0)         48 8b 05 <distance>     mov rax, [rip + distance]

An instruction is its opcode with, above it, WIDE (REX.W), ESCAPE (0F), ESCAPE_3A (0F 3A), LOW (a register's low byte)
and a prefix; numbers are those of Intel's manual, volume 2. Code that finds no room is counted, not written: whoever
asked for it tries again with more room.
"""
from __future__ import annotations

from .handlers.recording import *  # noqa: F403
from .baseline_format import *  # noqa: F403  isort: skip  its names win

bytes_p = pointer_to("u8")
words_p = pointer_to("i64")
int32_p = pointer_to("i32")

Baseline = struct("Baseline", """
    literals:i64* first:i64* end:i64* values:i64 blocks:i64 consts:i64 counters:i64 exits:i64
    alive:i64 rt_exit:i64 jit:i64 out_pc:i64 out_frame:i64 frame_size:i64 stress:i64 stress_counter:i64
    turns:i64 at:u8* code:u8* limit:u8* slots:i64 frame_bytes:i64 flags:i64 positions:i64 wide:i64
    wide_words:i64 moves:i64 begin:i64* last:i64* weight:i64* uses:i64* place:i64* home:i64* number:i64*
    hint:i64* floats:i64* following:i64* record:i64* order:i64* place_in_order:i64* from_at:i64* to_at:i64*
    depth:i64* label:i64* edge_first:i64* edges:i64* stubs:i64* in_sets:i64* gen_sets:i64* kill_sets:i64*
    out_set:i64* calls:i64* steps:i64* clobbers:i64* starting:i64* slot_last:i64* fix_at:i64* fix_to:i64*
    fixes:i64 slow_at:i64* slow_back:i64* slow_word:i64* slows:i64 move_from:i64* move_to:i64* move_word:i64*
    exit_block:i64 ordered:i64 here:i64 lines:i64* line:i64 slow_line:i64*""")
plan = Static("fire_baseline", Baseline)

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)
WIDE, ESCAPE, ESCAPE_3A, LOW = 1 << 8, 1 << 9, 1 << 10, 1 << 11
P66, PF2, PF3 = 0x66 << 16, 0xF2 << 16, 0xF3 << 16
MOV, MOV_TO, LEA, TEST = 0x8B | WIDE, 0x89 | WIDE, 0x8D | WIDE, 0x85 | WIDE
MOV_32, IMUL, IMUL_IMM, CMP_TO_8 = 0x8B, 0xAF | ESCAPE | WIDE, 0x69 | WIDE, 0x83 | WIDE
CMOV = 0x40 | ESCAPE | WIDE
MOVSD, MOVSD_TO, MOVAPD = 0x10 | ESCAPE | PF2, 0x11 | ESCAPE | PF2, 0x28 | ESCAPE | P66
MOVQ_TO_XMM, MOVQ_TO_GPR = 0x6E | ESCAPE | WIDE | P66, 0x7E | ESCAPE | WIDE | P66
UCOMISD, SQRTSD, ROUNDSD = 0x2E | ESCAPE | P66, 0x51 | ESCAPE | PF2, 0x0B | ESCAPE | ESCAPE_3A | P66
XORPD, ANDPD = 0x57 | ESCAPE | P66, 0x54 | ESCAPE | P66
CVTSI2SD, CVTTSD2SI = 0x2A | ESCAPE | WIDE | PF2, 0x2C | ESCAPE | WIDE | PF2
CVTSD2SS, CVTSS2SD = 0x5A | ESCAPE | PF2, 0x5A | ESCAPE | PF3
MOVSS_TO = 0x11 | ESCAPE | PF3
GROUP_FF, GROUP_81, GROUP_83 = 0xFF | WIDE, 0x81 | WIDE, 0x83 | WIDE
GROUP_C1, GROUP_D3, GROUP_F7 = 0xC1 | WIDE, 0xD3 | WIDE, 0xF7 | WIDE
CALL_NEAR, JUMP_NEAR = 0xFF, 0xFF           # extensions 2 and 4


@metal(inline=True)
def byte(value: int):
    """Write a byte."""
    at = plan.at
    if likely(at < plan.limit):
        at[0] = value
    plan.at = at + 1


@metal
def quad(value: int, bytes: int):
    """Write the low bytes of a number."""
    for i in range(bytes):
        byte(value >> (8 * i))


@metal(inline=True)
def offset_now() -> int:
    return byte_distance(plan.at, plan.code)


@metal(inline=True)
def mark_line(line: int):
    """What follows is of a source line; noted where lines are wanted: how many, then offset and line of each."""
    if unlikely(cast(VOID_P, plan.lines) != None):
        if line != plan.line:
            count = plan.lines[0]
            plan.lines[2 * count + 1] = offset_now()
            plan.lines[2 * count + 2] = line
            plan.lines[0] = count + 1
            plan.line = line


@metal
def opcode(op: int, reg: int, index: int, base: int):
    """Prefix, REX and opcode."""
    prefix = lshr(op, 16) & 255
    if prefix:
        byte(prefix)
    rex = (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3
    if op & WIDE:
        rex = rex | 8
    if rex or op & LOW:
        byte(0x40 | rex)
    if op & ESCAPE:
        byte(0x0F)
    if op & ESCAPE_3A:
        byte(0x3A)
    byte(op & 255)


@metal
def op_rr(op: int, reg: int, other: int):
    """Both operands are registers."""
    opcode(op, reg, 0, other)
    byte(0xC0 | (reg & 7) << 3 | other & 7)


@metal
def op_rm(op: int, reg: int, base: int, distance: int):
    """An operand is memory at a distance from a register."""
    opcode(op, reg, 0, base)
    form = 2
    if distance == 0 and base & 7 != RBP:
        form = 0
    elif ult(distance + 128, 256):
        form = 1
    byte(form << 6 | (reg & 7) << 3 | base & 7)
    if base & 7 == RSP:
        byte(0x24)
    if form:
        quad(distance, 1 if form == 1 else 4)


@metal
def op_at(op: int, reg: int, address: int, behind: int):
    """An operand is memory at an address; `behind`: bytes of the instruction that come after the distance."""
    opcode(op, reg, 0, 0)
    byte((reg & 7) << 3 | 5)
    quad(address - (address_int(plan.at) + 4 + behind), 4)


@metal
def op_indexed(op: int, reg: int, base: int, index: int, shift: int):
    """An operand is memory at a base and an index, which is not rsp, times a power of two."""
    opcode(op, reg, index, base)
    near = base & 7 == RBP
    byte((1 if near else 0) << 6 | (reg & 7) << 3 | 4)
    byte(shift << 6 | (index & 7) << 3 | base & 7)
    if near:
        byte(0)


@metal(inline=True)
def fits(value: int) -> bool:
    """Whether 32 bits hold a number."""
    return ult(value + (1 << 31), 1 << 32)


@metal
def load_number(reg: int, value: int):
    """A number to a register; flags stay."""
    if ult(value, 1 << 32):
        if reg > 7:
            byte(0x41)
        byte(0xB8 | reg & 7)
        quad(value, 4)
    elif fits(value):
        op_rr(0xC7 | WIDE, 0, reg)
        quad(value, 4)
    else:
        byte(0x48 | reg >> 3)
        byte(0xB8 | reg & 7)
        quad(value, 8)


@metal
def fix_later(target: int):
    """Four bytes of a distance to a block's code, which are filled in in the end."""
    n = plan.fixes
    plan.fix_at[n] = offset_now()
    plan.fix_to[n] = target
    plan.fixes = n + 1
    quad(0, 4)


@metal
def jump_to(target: int):
    """jmp to a block."""
    byte(0xE9)
    fix_later(target)


@metal
def jump_if(condition: int, target: int):
    """jcc to a block."""
    byte(0x0F)
    byte(0x80 | condition)
    fix_later(target)


@metal
def skip_if(condition: int) -> int:
    """jcc over what `land` ends, at most 127 bytes; its place."""
    byte(0x70 | condition)
    byte(0)
    return offset_now()


@metal
def land(place: int):
    """A skip leads here."""
    at = plan.code + (place - 1)
    if likely(plan.at < plan.limit):
        at[0] = offset_now() - place


@metal
def patch(at: int, distance: int):
    """Fill in the four bytes at an offset."""
    if byte_distance(plan.limit, plan.code) >= at + 4:
        cast(int32_p, plan.code + at)[0] = distance
