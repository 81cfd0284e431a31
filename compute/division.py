"""Division and square root as a device computes them: an approximate inverse, improved by multiply-adds.

They are what its assembler makes of a division and a root of numbers in 64 bits, without the function that it calls
for operands at the ends of the range, whose registers no caller can use. Results are rounded as IEEE asks; but a
denominator below 2^-1022 counts as nil, a root of such a number is that number, and results below 2^-970 may miss their
last bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SMALLEST, LARGEST = 2.0**-1022, 2.0**1023 * (2.0 - 2.0**-52)

Fused = Callable[[Any, Any, Any], Any]


def make_quotient(fused: Fused, inverse_of: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return `quotient(a, b)` = a/b.

    fused(x, y, z): x y + z, rounded once; inverse_of(b): 1/b to 20 bits, nil or infinite at the ends of the range.
    The error of the inverse is 2^-20, 2^-60 and beyond the last bit after one and two steps; the remainder rounds.
    """

    def quotient(a: float, b: float) -> float:
        first = inverse_of(b)
        error = fused(-b, first, 1.0)
        second = fused(first, fused(error, error, error), first)
        inverse = fused(second, fused(-b, second, 1.0), second)
        share = a * inverse
        rounded = fused(fused(-b, share, a), inverse, share)
        return rounded if abs(share) <= LARGEST else a * first

    return quotient


def make_root(fused: Fused, inverse_root_of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `root(x)`, the square root; inverse_root_of(x): 1/sqrt(x) to 20 bits."""

    def root(x: float) -> float:
        first = inverse_root_of(x)
        error = fused(x, -(first * first), 1.0)
        inverse = fused(fused(error, 0.375, 0.5), error * first, first)
        share = x * inverse
        rounded = fused(fused(-share, share, x), 0.5 * inverse, share)
        return x if abs(x) < SMALLEST or x > LARGEST else rounded

    return root
