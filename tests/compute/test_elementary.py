"""Exponential and logarithm of plain arithmetic against those of the system's library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compute.elementary import HIGHEST, LOWEST, exponential, logarithm


def units(got: float, expected: np.longdouble) -> float:
    """Error in units in the last place of what is expected."""
    return float(abs(np.longdouble(got) - expected) / np.spacing(abs(float(expected))))


def test_both_are_within_one_and_a_half_units_in_the_last_place() -> None:
    """Against the library in extended precision; series and roundings are bounded by 1.5 units (Tang 1989)."""
    random = np.random.Generator(np.random.Philox(7))
    exponents = [*random.uniform(LOWEST, HIGHEST, 300), *random.uniform(-1.0, 1.0, 300), 0.0, -1e-300, 1e-20]
    values = [*np.exp(random.uniform(-700.0, 700.0, 300)), *random.uniform(0.5, 2.0, 300), 1.0 + 2.0**-52]
    assert max(units(exponential(float(x)), np.exp(np.longdouble(x))) for x in exponents) < 1.5
    assert max(units(logarithm(float(x)), np.log(np.longdouble(x))) for x in values) < 1.5
    assert logarithm(1.0) == 0.0 and exponential(0.0) == 1.0


@pytest.mark.parametrize(("exponent", "least"), [(-1e4, 0.0), (1e4, 1e307)])
def test_exponents_beyond_the_numbers_are_held(exponent: float, least: float) -> None:
    """exp of -708 and 709 are normal numbers, and stand for all beyond."""
    held = exponential(exponent)
    assert math.isfinite(held) and held > least
    assert held == pytest.approx(math.exp(min(max(exponent, LOWEST), HIGHEST)), rel=1e-15)
