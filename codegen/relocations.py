"""How an address gets into machine code: one function a relocation, one table a machine.

    apply(X86_64, code, 10, 2, place=0x1000a, symbol=0x20000, addend=-4, name="counters")
        writes 0xfff2 at code[10:14]: symbol + addend - place

P is the address of the place, S the symbol's, A the addend, page(x) is x without its low 12 bits.  Numbers and
formulas: the psABI of x86-64, the ELF for AArch64 ABI.  An address out of reach or an unknown kind raises
LinkError: wrong code is never produced.
"""
from __future__ import annotations

from .elf import AARCH64, X86_64

NEEDS_STUB, NEEDS_SLOT = 1, 2       # a jump that may go through a stub; an address read from a slot nearby


class LinkError(Exception):
    """An object file cannot be linked: unknown relocation, unknown symbol, address out of reach."""


def word(bits: int, signed: bool | None, relative: bool, needs: int = 0):
    """A row for plain data of `bits`: S + A, or S + A - P; `signed` None: either way."""
    def put(code, at, place, target):
        value = target - place if relative else target
        low = 0 if signed is False else -(1 << (bits - 1))
        high = 1 << (bits if signed is not True else bits - 1)
        if bits < 64 and not low <= value < high:
            raise OverflowError
        code[at:at + bits // 8] = (value & (1 << bits) - 1).to_bytes(bits // 8, "little")
    return put, needs


def field(low: int, width: int, value_of, scale: int = 0, needs: int = 0, checked: bool = True):
    """A row for an instruction's bits [low, low + width): value_of(S + A, P) >> scale."""
    def put(code, at, place, target):
        value = value_of(target, place)
        if value & (1 << scale) - 1:
            raise OverflowError
        value >>= scale
        if checked and not -(1 << (width - 1)) <= value < 1 << (width - 1):
            raise OverflowError
        mask = (1 << width) - 1
        old = int.from_bytes(code[at:at + 4], "little") & ~(mask << low)
        code[at:at + 4] = (old | (value & mask) << low).to_bytes(4, "little")
    return put, needs


def adr(value_of, scale: int, needs: int = 0):
    """A row for ADR and ADRP: 21 bits in two fields."""
    def put(code, at, place, target):
        value = value_of(target, place) >> scale
        if not -(1 << 20) <= value < 1 << 20:
            raise OverflowError
        old = int.from_bytes(code[at:at + 4], "little") & 0x9F00001F
        code[at:at + 4] = (old | (value & 3) << 29 | (value >> 2 & 0x7FFFF) << 5).to_bytes(4, "little")
    return put, needs


def distance(target, place):
    """S + A - P"""
    return target - place


def pages(target, place):
    """page(S + A) - page(P)"""
    return (target & ~0xFFF) - (place & ~0xFFF)


def in_page(target, place):
    """S + A within its page"""
    return target & 0xFFF


ROWS = {
    X86_64: {
        1:   word(64, None, False),                         # R_X86_64_64
        2:   word(32, True, True),                          # PC32
        4:   word(32, True, True, NEEDS_STUB),              # PLT32
        9:   word(32, True, True, NEEDS_SLOT),              # GOTPCREL
        10:  word(32, False, False),                        # 32
        11:  word(32, True, False),                         # 32S
        24:  word(64, None, True),                          # PC64
        41:  word(32, True, True, NEEDS_SLOT),              # GOTPCRELX
        42:  word(32, True, True, NEEDS_SLOT),              # REX_GOTPCRELX
    },
    AARCH64: {
        257: word(64, None, False),                         # R_AARCH64_ABS64
        258: word(32, None, False),                         # ABS32
        260: word(64, None, True),                          # PREL64
        261: word(32, None, True),                          # PREL32
        273: field(5, 19, distance, 2),                     # LD_PREL_LO19
        274: adr(distance, 0),                              # ADR_PREL_LO21
        275: adr(pages, 12),                                # ADR_PREL_PG_HI21
        277: field(10, 12, in_page, 0, checked=False),      # ADD_ABS_LO12_NC
        278: field(10, 12, in_page, 0, checked=False),      # LDST8_ABS_LO12_NC
        279: field(5, 14, distance, 2),                     # TSTBR14
        280: field(5, 19, distance, 2),                     # CONDBR19
        282: field(0, 26, distance, 2, NEEDS_STUB),         # JUMP26
        283: field(0, 26, distance, 2, NEEDS_STUB),         # CALL26
        284: field(10, 12, in_page, 1, checked=False),      # LDST16_ABS_LO12_NC
        285: field(10, 12, in_page, 2, checked=False),      # LDST32_ABS_LO12_NC
        286: field(10, 12, in_page, 3, checked=False),      # LDST64_ABS_LO12_NC
        299: field(10, 12, in_page, 4, checked=False),      # LDST128_ABS_LO12_NC
        311: adr(pages, 12, NEEDS_SLOT),                    # ADR_GOT_PAGE
        312: field(10, 12, in_page, 3, NEEDS_SLOT, False),  # LD64_GOT_LO12_NC
    },
}

# A jump to the address in the eight bytes behind it; the bytes of the address follow.
STUBS = {
    X86_64:  bytes.fromhex("ff2502000000") + b"\xcc\xcc",               # jmp *2(%rip)
    AARCH64: bytes.fromhex("50000058" "00021fd6"),                      # ldr x16, #8; br x16
}


def needs(machine: int, kind: int) -> int:
    """NEEDS_STUB, NEEDS_SLOT or 0; raises LinkError for an unknown kind."""
    try:
        return ROWS[machine][kind][1]
    except KeyError:
        raise LinkError(f"relocation {kind} of machine {machine} is not known") from None


def apply(machine: int, code: bytearray, at: int, kind: int, place: int, symbol: int, addend: int,
          name: str) -> None:
    """Write the address of a symbol at code[at:], which will stand at the address `place`."""
    try:
        ROWS[machine][kind][0](code, at, place, symbol + addend)
    except OverflowError:
        raise LinkError(f"{name} at {symbol:#x} is out of reach of {place:#x} (relocation {kind})") from None
