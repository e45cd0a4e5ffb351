"""Constant formats, taken apart when they are compiled: "%s;%d;%.1f" % (name, n, x), "{}={:8.2f}".format(k, v).

    "%s=%d" % (k, n)    ->  rt_text_of_int(n); rt_strings(3, %k, "=", %t)

A piece is text, or a value with a conversion: `s` as str() has it, `d` and `x` with a width, `f` with width and
precision. Formats that say more, and values of other types, are the host's.
"""
from __future__ import annotations

from .direct import Direct
from .values import NO, Val

MOST_PIECES, WIDEST = 12, 60
Piece = tuple[str, bool, int, int]          # conversion, filled with zeros, width, precision or -1


class Formats(Direct):
    """Specializations of % and str.format."""

    def percent(self, instr, left: Val, right: Val | None):
        values = right.parts if right is not None and right.kind == "tuple" else (right,)
        pieces = percent_pieces(left.const) if left.const is not NO and None not in values else None
        made = self.put_in(pieces, values) if pieces else None
        return super().percent(instr, left, right) if made is None else self.finish_binary(instr, "MOD", made)

    def text_method(self, name: str, values: list[Val], kinds: list, registers) -> Val | None:
        if name == "format" and values[0].const is not NO:
            pieces = brace_pieces(values[0].const)
            made = self.put_in(pieces, tuple(values[1:])) if pieces else None
            if made is not None:
                return made
        return super().text_method(name, values, kinds, registers)

    def put_in(self, pieces: list, values: tuple[Val, ...]) -> Val | None:
        """The text of a format with values; None: it is not so simple."""
        wanted = [piece for piece in pieces if type(piece) is tuple]
        if len(wanted) != len(values) or not 2 <= len(pieces) <= MOST_PIECES or \
                not all(map(self.fits_piece, wanted, values)):
            return None
        temps: list[str] = []
        pointers, rest = [], iter(values)
        for piece in pieces:
            if type(piece) is str:
                pointers.append(self.const_object(piece))
                continue
            val = next(rest)
            if self.kind_of(val) is str:
                pointers.append(self.string(val))
                continue
            made = self.piece_text(piece, val)
            self.failing(self.e("ptr_ne", made, "null"), temps)
            temps.append(made)
            pointers.append(made)
        padding = ["null"] * (MOST_PIECES - len(pointers))
        return self.made_by_call(str, "rt_strings", str(len(pointers)), *pointers, *padding, temps=temps)

    def fits_piece(self, piece: Piece, val: Val) -> bool:
        """Whether a value is of a type that a conversion is for."""
        conversion = piece[0]
        if conversion == "s":
            return self.kind_of(val) is str and val.kind in ("obj", "char") or val.kind == "int"
        if conversion == "f":
            return val.kind == "float"
        return val.kind == "int"

    def piece_text(self, piece: Piece, val: Val) -> str:
        """The text of a number."""
        conversion, zeros, width, precision = piece
        if conversion == "f":
            return self.e("call_p", val.ssa, str(width), str(precision), "48" if zeros else "32",
                          x=self.api("rt_float_column"))
        if not width and conversion != "x":
            return self.e("call_p", "null", val.ssa, "null", x=self.api("rt_text_of_int"))
        base = "16" if conversion == "x" else "10"
        return self.e("call_p", val.ssa, str(width), "48" if zeros else "32", base, x=self.api("rt_format_int"))


def column(text: str) -> tuple[bool, int, int] | None:
    """Zeros, width and precision, as in "08.3"; None: something else."""
    width, dot, precision = text.partition(".")
    zeros = width[:1] == "0"
    if not all(part.isascii() and part.isdigit() and int(part) <= WIDEST for part in (width, precision) if part) or \
            dot and not precision or zeros and not width[1:]:
        return None
    return zeros, int(width or 0), int(precision) if dot else -1


def piece_of(how: str, conversion: str, default: str) -> Piece | None:
    """A conversion with its column; None: it has none of these."""
    found = column(how)
    conversion = conversion or default
    if found is None or conversion not in ("s", "d", "x", "f") or conversion != "f" and found[2] >= 0 or \
            conversion == "s" and how or conversion == "f" and found[0]:
        return None
    return (conversion, *found[:2], 6 if conversion == "f" and found[2] < 0 else found[2])


def percent_pieces(text) -> list | None:
    """The pieces of a format for %."""
    if type(text) is not str:
        return None
    first, *others = text.split("%")
    pieces: list = [first] if first else []
    for part in others:
        digits = part[:len(part) - len(part.lstrip("0123456789."))]
        rest = part[len(digits):]
        piece = piece_of(digits, rest[:1].replace("i", "d"), "?")
        if piece is None:                       # %% too
            return None
        pieces += [piece, rest[1:]] if rest[1:] else [piece]
    return pieces


def brace_pieces(text) -> list | None:
    """The pieces of a format for str.format."""
    if type(text) is not str or "{{" in text or "}}" in text:
        return None
    first, *others = text.split("{")
    pieces: list = [first] if first else []
    for part in others:
        field, brace, rest = part.partition("}")
        name, _, how = field.partition(":")
        conversion = how[-1:] if how[-1:] in ("d", "x", "f") else ""
        piece = piece_of(how[:-1] if conversion else how, conversion, "s" if not how else "?")
        if not brace or name or piece is None or "}" in rest:
            return None
        pieces += [piece, rest] if rest else [piece]
    return None if "}" in first else pieces


__all__ = ["Formats"]
