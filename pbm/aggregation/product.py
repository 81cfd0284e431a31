"""Product of volumes: b = b2 x_i x_j, which gels. Scott, J. Atmos. Sci. 25 (1968) 54,
doi 10.1175/1520-0469(1968)025<0054:ASOCDC>2.0.CO;2."""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate_coefficient": "1/m^3/s"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate_coefficient: float  # b2 [1/(m3 s)]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b = b2 x_i x_j [m3/s], b2 in 1/(m3 s)."""
    return coefficients.rate_coefficient * first.solid_volume * second.solid_volume
