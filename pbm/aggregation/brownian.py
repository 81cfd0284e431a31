"""Brownian motion of spheres in a liquid: b = (2 kT/(3 mu)) (d_i + d_j)^2/(d_i d_j).

Smoluchowski, Z. Phys. Chem. 92 (1917) 129, doi 10.1515/zpch-1918-9209.
"""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"thermal_energy": "J", "viscosity": "Pa s"}
DOMAIN = {"viscosity": "> 0"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    thermal_energy: float  # kT [J], 4.05e-21 at 20 degC
    viscosity: float  # mu of the liquid [Pa s]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]; 8 kT/(3 mu) for equal granules, whatever their size."""
    distance = first.diameter + second.diameter
    shape = distance * distance / (first.diameter * second.diameter)
    return 2.0 * coefficients.thermal_energy / (3.0 * coefficients.viscosity) * shape
