"""Constant rate: b = b0 [m3/s]. Smoluchowski, Z. Phys. Chem. 92 (1917) 129, doi 10.1515/zpch-1918-9209."""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate_coefficient": "m^3/s"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate_coefficient: float  # b0 [m3/s]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b = b0 [m3/s], the same for every pair."""
    return coefficients.rate_coefficient
