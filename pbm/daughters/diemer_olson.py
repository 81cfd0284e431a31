"""Product form: b(z) = p z^m (1 - z)^(m + (m + 1)(p - 2)) over its norm, p times a beta distribution of mean 1/p.

Diemer and Olson, Chem. Eng. Sci. 57 (2002) 4187. p = 2, m = 0 is the uniform split; a large m splits evenly, a negative
one erodes.
"""

from __future__ import annotations

from typing import NamedTuple

from pbm.grid import Floats

UNITS = {"number": "1", "shape": "1"}
DOMAIN = {"number": ">= 2", "shape": "> -1"}


class Coefficients(NamedTuple):
    """How many fragments, and how alike."""

    number: float = 2.0  # p, two or more
    shape: float = 0.0  # m, above -1


def daughters(coefficients: Coefficients) -> float:
    """p."""
    return coefficients.number


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """By the incomplete beta function I(m + 1, (m + 1)(p - 1)), and one more in its first argument for the volume."""
    from scipy.special import betainc

    first = coefficients.shape + 1.0
    second = first * (coefficients.number - 1.0)
    number = coefficients.number * (betainc(first, second, high) - betainc(first, second, low))
    return number, betainc(first + 1.0, second, high) - betainc(first + 1.0, second, low)


def moment(order: float, coefficients: Coefficients) -> float:
    """Sum of z^k over the daughters, p B(m + 1 + k, (m + 1)(p - 1))/B(m + 1, (m + 1)(p - 1))."""
    from scipy.special import beta

    first = coefficients.shape + 1.0
    second = first * (coefficients.number - 1.0)
    return coefficients.number * float(beta(first + order, second) / beta(first, second))
