"""Division and square root of a device against those of the host, in the arithmetic of the device done exactly."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from compute.division import make_quotient, make_root

SEED_BITS = 20
"""The unit for approximate inverses looks at the upper half of a number and gives that of the result."""


def fused(x: float, y: float, z: float) -> float:
    """x y + z, rounded once; fractions are exact, and their division to a float rounds to the nearest."""
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
        return x * y + z
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    return float(exact) if exact else 0.0


def coarse(value: float) -> float:
    """A number cut to as many bits."""
    share, power = math.frexp(value)
    return math.ldexp(math.floor(share * 2.0**SEED_BITS) / 2.0**SEED_BITS, power)


def inverse_of(value: float) -> float:
    """1/value as the device guesses it: tiny numbers count as nil, and so do tiny results."""
    if math.isnan(value):
        return value
    if abs(value) < 2.0**-1022:
        return math.copysign(math.inf, value)
    inverse = 0.0 if math.isinf(value) else coarse(1.0 / value)
    return inverse if abs(inverse) >= 2.0**-1022 else math.copysign(0.0, value)


def inverse_root_of(value: float) -> float:
    """1/sqrt(value) as the device guesses it."""
    if math.isnan(value) or value <= -(2.0**-1022):
        return math.nan
    if value < 2.0**-1022:
        return math.inf
    return 0.0 if math.isinf(value) else coarse(1.0 / math.sqrt(value))


QUOTIENT, ROOT = make_quotient(fused, inverse_of), make_root(fused, inverse_root_of)


@pytest.mark.parametrize("decades", [1.0, 140.0])
def test_quotients_and_roots_are_rounded_as_ieee_asks(decades: float) -> None:
    """Numbers of like size, where most quotients fall close to 1, and over the range: to the bit."""
    random = np.random.Generator(np.random.Philox(key=(19, 0)))
    share, power = random.uniform(1.0, 2.0, (2, 1000)), random.uniform(-decades, decades, (2, 1000))
    for a, b in (share * 10.0**power).T.tolist():
        assert QUOTIENT(a, b) == a / b and QUOTIENT(-a, b) == -a / b and QUOTIENT(1.0, b) == 1.0 / b
        assert ROOT(a) == math.sqrt(a)


@pytest.mark.parametrize("number", [0.0, 1e-300, 1e300, math.inf])
def test_ends_of_the_range(number: float) -> None:
    """Nil over anything, anything over nil or infinity, what overflows, roots of nil and infinity: as IEEE has them."""
    assert QUOTIENT(0.0, 3.0) == 0.0 and ROOT(number) == math.sqrt(number)
    with np.errstate(all="ignore"):
        for a, b in ((number, 3.0), (3.0, number), (-3.0, number), (number, 1e-250), (number, number)):
            expected = np.float64(a) / np.float64(b)
            np.testing.assert_allclose(QUOTIENT(a, b), expected, rtol=1e-15, atol=1e-307)


def test_what_is_not_a_number_stays_none() -> None:
    for a, b in ((math.nan, 1.0), (1.0, math.nan), (0.0, 0.0), (math.inf, math.inf)):
        assert math.isnan(QUOTIENT(a, b))
    assert math.isnan(ROOT(-1.0)) and math.isnan(ROOT(math.nan))


def test_numbers_too_small_for_the_device() -> None:
    """A denominator below 2^-1022 counts as nil; a root of such a number is that number, off by less than 1.5e-154."""
    assert QUOTIENT(1e-300, 1e-310) == math.inf
    assert abs(ROOT(1e-310) - math.sqrt(1e-310)) < 1.5e-154
