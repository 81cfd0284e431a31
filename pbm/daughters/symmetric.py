"""A number of equal daughters: b(z) = p delta(z - 1/p).

Hill and Ng, AIChE J. 42 (1996) 1600, doi 10.1002/aic.690420611.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pbm.grid import Floats

UNITS = {"number": "1"}
DOMAIN = {"number": ">= 2"}


class Coefficients(NamedTuple):
    """How many fragments."""

    number: float = 2.0  # p, two or more


def daughters(coefficients: Coefficients) -> float:
    """p."""
    return coefficients.number


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """All in the interval that holds 1/p, the lower end counted in."""
    size = 1.0 / coefficients.number
    here = np.where((low <= size) & (size < high), 1.0, 0.0)
    return coefficients.number * here, here


def moment(order: float, coefficients: Coefficients) -> float:
    """Sum of z^k over the daughters, p^(1 - k)."""
    return float(coefficients.number ** (1.0 - order))
