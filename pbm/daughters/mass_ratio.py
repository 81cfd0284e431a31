"""Two daughters whose volumes have a fixed ratio: b(z) = delta(z - 1/(1 + q)) + delta(z - q/(1 + q)).

One to four is the mass-ratio fragmentation of Marchisio, Vigil and Fox, J. Colloid Interface Sci. 258 (2003) 322,
doi 10.1016/S0021-9797(02)00054-1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pbm.grid import Floats

UNITS = {"ratio": "1"}
DOMAIN = {"ratio": ">= 1"}


class Coefficients(NamedTuple):
    """How much larger the larger one is."""

    ratio: float = 4.0  # q


def daughters(coefficients: Coefficients) -> float:
    """Two."""
    return 2.0


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """One in the interval that holds each share, lower ends counted in."""
    small = 1.0 / (1.0 + coefficients.ratio)
    large = 1.0 - small
    one = np.where((low <= small) & (small < high), 1.0, 0.0)
    other = np.where((low <= large) & (large < high), 1.0, 0.0)
    return one + other, one * small + other * large


def moment(order: float, coefficients: Coefficients) -> float:
    """Sum of z^k over the daughters, (1 + q^k)/(1 + q)^k."""
    return float((1.0 + coefficients.ratio**order) / (1.0 + coefficients.ratio) ** order)
