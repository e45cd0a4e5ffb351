"""Sums and products of complex numbers, of which one may be a float or an int.

    z * z + c      a number that nobody else has is overwritten: the sum is the object that the product was
"""
from __future__ import annotations

from .scalars import *  # noqa: F403


@metal(inline=True)
def is_complex(r: Reg) -> bool:
    return r.tag == OBJECT and r.object.ob_type == PyComplex_Type


@metal(inline=True)
def complex_parts(r: Reg, parts: float_out) -> bool:
    """Real and imaginary part of a number; False: it is none of ours."""
    if is_complex(r):
        parts[0] = Complex(r.object).real
        parts[1] = Complex(r.object).imag
        return True
    parts[1] = 0.0
    return as_float(r, parts)


@metal(inline=True)
def complex_result(rb: Reg, ins: int, real: float, imag: float) -> Obj:
    """A complex number; new, or the left operand's object, which is taken; NULL: no memory."""
    if is_complex(rb) and ins & CONSUME_B != 0:
        o = rb.object
        if o.ob_refcnt == 1:
            rb.tag = EMPTY
            Complex(o).real = real
            Complex(o).imag = imag
            return o
    return PyComplex_FromDoubles(real, imag)
