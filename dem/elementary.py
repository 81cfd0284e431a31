"""Elementary functions of square roots, products and divisions alone.

A loop with them becomes vectors, and they ask for no mathematical library, whose results differ between processors.
"""

from __future__ import annotations

import math

from compute.physics import physics

HALVINGS, HALLEY_STEPS = 6, 4


@physics
def logarithm(value: float) -> float:
    """Return ln(value) for 1e-12 < value < 1e12: 64 ln(value^(1/64)), by the series of 2 artanh((y - 1)/(y + 1))."""
    root = value
    for _ in range(HALVINGS):
        root = math.sqrt(root)
    t = (root - 1.0) / (root + 1.0)
    q = t * t
    series = 1.0 / 15.0
    series = series * q + 1.0 / 13.0
    series = series * q + 1.0 / 11.0
    series = series * q + 1.0 / 9.0
    series = series * q + 1.0 / 7.0
    series = series * q + 1.0 / 5.0
    series = series * q + 1.0 / 3.0
    return 128.0 * t * (series * q + 1.0)


@physics
def exponential(value: float) -> float:
    """Return exp(value) for -40 < value < 40: Taylor's series at value/64, squared six times."""
    x = value / 64.0
    series = 1.0 / 87178291200.0
    series = series * x + 1.0 / 6227020800.0
    series = series * x + 1.0 / 479001600.0
    series = series * x + 1.0 / 39916800.0
    series = series * x + 1.0 / 3628800.0
    series = series * x + 1.0 / 362880.0
    series = series * x + 1.0 / 40320.0
    series = series * x + 1.0 / 5040.0
    series = series * x + 1.0 / 720.0
    series = series * x + 1.0 / 120.0
    series = series * x + 1.0 / 24.0
    series = series * x + 1.0 / 6.0
    series = series * x + 1.0 / 2.0
    series = (series * x + 1.0) * x + 1.0
    for _ in range(HALVINGS):
        series = series * series
    return series


@physics
def cube_root(value: float) -> float:
    """Return value^(1/3) of a positive value: x^(1/4 + 1/16 + 1/64), then Halley's steps."""
    fourth = math.sqrt(math.sqrt(value))
    sixteenth = math.sqrt(math.sqrt(fourth))
    root = fourth * sixteenth * math.sqrt(math.sqrt(sixteenth))
    for _ in range(HALLEY_STEPS):
        cube = root * root * root
        root = root * (cube + 2.0 * value) / (2.0 * cube + value)
    return root


@physics
def power(base: float, exponent: float) -> float:
    """Return base^exponent where logarithm and exponential are valid."""
    return exponential(exponent * logarithm(base))


@physics
def sine(angle: float) -> float:
    """Return sin(angle) for angles up to 1 rad, by Taylor's series."""
    square = angle * angle
    series = 1.0 / 355687428096000.0
    series = series * square - 1.0 / 1307674368000.0
    series = series * square + 1.0 / 6227020800.0
    series = series * square - 1.0 / 39916800.0
    series = series * square + 1.0 / 362880.0
    series = series * square - 1.0 / 5040.0
    series = series * square + 1.0 / 120.0
    series = series * square - 1.0 / 6.0
    return angle * (series * square + 1.0)
