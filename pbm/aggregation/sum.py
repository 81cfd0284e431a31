"""Sum of volumes: b = b1 (x_i + x_j). Golovin, Izv. Akad. Nauk SSSR Geofiz. 5 (1963) 783; solution by Scott (1968)."""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate_coefficient": "1/s"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate_coefficient: float  # b1 [1/s]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b = b1 (x_i + x_j) [m3/s], b1 in 1/s."""
    return coefficients.rate_coefficient * (first.solid_volume + second.solid_volume)
