"""Madec's kernel: size and liquid content, b = b1 (v_i + v_j) [(c_i + c_j)^alpha (100 - (c_i + c_j)/2)^delta]^alpha.

v is the granule's volume, c its liquid over it in percent, at most 100. Madec, Falk and Plasari, Powder Technol. 130
(2003) 147, doi 10.1016/S0032-5910(02)00258-7, as printed by Barrasso, Walia and Ramachandran, Powder Technol. 241
(2013) 85; a later print with a difference of cubes in place of the sum is no kernel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {
    "rate": "1/s",
    "content_exponent": "1",
    "dryness_exponent": "1",
    "solid_density": "kg/m^3",
    "liquid_density": "kg/m^3",
}
DOMAIN = {"content_exponent": ">= 0", "dryness_exponent": ">= 0", "solid_density": "> 0", "liquid_density": "> 0"}
PERCENT = 100.0


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate: float  # b1 [1/s]
    content_exponent: float  # alpha
    dryness_exponent: float  # delta
    solid_density: float  # rho_s [kg/m3]
    liquid_density: float  # rho_l [kg/m3]


@physics
def sphere_volume(diameter: float) -> float:
    """v = pi d^3/6 [m3]."""
    return math.pi / 6.0 * diameter * diameter * diameter


@physics
def liquid_percent(granule: Granule, coefficients: Coefficients) -> float:
    """c = 100 (m - rho_s x)/(rho_l v), held between 0 and 100."""
    liquid = (granule.mass - coefficients.solid_density * granule.solid_volume) / coefficients.liquid_density
    return min(max(PERCENT * liquid / sphere_volume(granule.diameter), 0.0), PERCENT)


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    content = liquid_percent(first, coefficients) + liquid_percent(second, coefficients)
    wetness = math.pow(content, coefficients.content_exponent)
    dryness = math.pow(PERCENT - 0.5 * content, coefficients.dryness_exponent)
    volume = sphere_volume(first.diameter) + sphere_volume(second.diameter)
    return coefficients.rate * volume * math.pow(wetness * dryness, coefficients.content_exponent)
