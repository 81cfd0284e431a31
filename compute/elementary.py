"""Exponential and logarithm as plain arithmetic, so that loops over them run in packed arithmetic.

The library functions of a processor are called one value at a time. Both here are within 1.5 units in the last place,
and the same to the bit wherever operations are not fused. Argument reduction and the series of the logarithm in
s = (m - 1)/(m + 1) after Tang, ACM Trans. Math. Softw. 15 (1989) 144, doi 10.1145/63522.214389, and 16 (1990) 378,
doi 10.1145/98267.98294.
"""

from __future__ import annotations

import numpy as np

from compute.physics import physics

MAGIC = 6755399441055744.0
"""1.5 * 2^52: added to a small number, it leaves the nearest integer in the last bits."""
MAGIC_BITS = 0x4338000000000000
ROOT_BITS = 0x3FE6A09E667F3BCD
"""Bits of sqrt(1/2), where the logarithm changes its power of two."""
LOG2_HIGH, LOG2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LOWEST, HIGHEST = -708.0, 709.0
"""Exponents whose exponential is a normal number."""


@physics
def exponential(exponent: float) -> float:
    """exp(x), x held between LOWEST and HIGHEST: relative error below 1.5 units in the last place."""
    x = min(max(exponent, LOWEST), HIGHEST)
    shifted = x * 1.4426950408889634 + MAGIC
    power = shifted - MAGIC
    r = (x - power * LOG2_HIGH) - power * LOG2_LOW
    square = r * r
    fourth = square * square
    low = (0.5 + r * (1.0 / 6.0)) + square * (1.0 / 24.0 + r * (1.0 / 120.0))
    middle = (1.0 / 720.0 + r * (1.0 / 5040.0)) + square * (1.0 / 40320.0 + r * (1.0 / 362880.0))
    high = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + square * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0))
    series = low + fourth * (middle + fourth * high)
    mantissa = 1.0 + (r + square * series)
    bits = (np.float64(shifted).view(np.int64) << np.int64(52)) + np.float64(mantissa).view(np.int64)
    return float(np.int64(bits).view(np.float64))


@physics
def logarithm(value: float) -> float:
    """ln(v) of a normal number v > 0: error below 1.5 units in the last place of the result, or 1e-16."""
    bits = np.float64(value).view(np.int64)
    power = (bits - np.int64(ROOT_BITS)) >> np.int64(52)
    count = np.int64(power + np.int64(MAGIC_BITS)).view(np.float64) - MAGIC
    mantissa = np.int64(bits - (power << np.int64(52))).view(np.float64)
    part = mantissa - 1.0
    s = part / (2.0 + part)
    square = s * s
    fourth = square * square
    low = (2.0 / 3.0 + square * (2.0 / 5.0)) + fourth * (2.0 / 7.0 + square * (2.0 / 9.0))
    middle = (2.0 / 11.0 + square * (2.0 / 13.0)) + fourth * (2.0 / 15.0 + square * (2.0 / 17.0))
    high = 2.0 / 19.0 + square * (2.0 / 21.0)
    eighth = fourth * fourth
    series = low + eighth * (middle + eighth * high)
    half = 0.5 * part * part
    rest = s * (half + square * series) + count * LOG2_LOW
    return float(count * LOG2_HIGH - ((half - rest) - part))
