"""Uniform shear: b = (4/3) gamma (r_i + r_j)^3 = (gamma/6) (d_i + d_j)^3.

Smoluchowski, Z. Phys. Chem. 92 (1917) 129, doi 10.1515/zpch-1918-9209. The same with diameters in place of radii,
printed by Gantt et al., Powder Technol. 170 (2006) 53, is eight times this.
"""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"shear_rate": "1/s"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    shear_rate: float  # gamma [1/s]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    distance = first.diameter + second.diameter
    return coefficients.shear_rate / 6.0 * distance * distance * distance
