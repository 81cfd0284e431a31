"""Dilute gas of spheres that share one velocity variance: b = 4 sqrt(pi) sigma ((d_i + d_j)/2)^2.

Kinetic theory of unordered pairs, Chapman and Cowling (1970), chapter 5; the coefficient is 4 sqrt(pi) sigma [m/s].
"""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate_coefficient": "m/s"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate_coefficient: float  # 4 sqrt(pi) sigma [m/s]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b = b3 ((d_i + d_j)/2)^2 [m3/s], b3 = 4 sqrt(pi) sigma [m/s]."""
    distance = 0.5 * (first.diameter + second.diameter)
    return coefficients.rate_coefficient * distance * distance
