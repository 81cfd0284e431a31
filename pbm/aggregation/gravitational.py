"""Settling at different speeds: b = (pi/4) (d_i + d_j)^2 |u_i - u_j|, u = (rho_g - rho_f) g d^2/(18 mu) by Stokes.

Rectilinear paths, every overlap a meeting: Findeisen, Meteorol. Z. 56 (1939) 365; Friedlander, Smoke, Dust and Haze
(2000), chapter 7. The granule's density is its mass over pi d^3/6. Equal granules never meet.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"viscosity": "Pa s", "fluid_density": "kg/m^3", "gravity": "m/s^2"}
DOMAIN = {"viscosity": "> 0"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    viscosity: float  # mu of the fluid [Pa s]
    fluid_density: float  # rho_f [kg/m3]
    gravity: float = 9.80665  # g [m/s2]


@physics
def settling_speed(granule: Granule, coefficients: Coefficients) -> float:
    """u [m/s], Stokes, positive downwards."""
    square = granule.diameter * granule.diameter
    density = 6.0 * granule.mass / (math.pi * square * granule.diameter)
    return (density - coefficients.fluid_density) * coefficients.gravity * square / (18.0 * coefficients.viscosity)


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    distance = first.diameter + second.diameter
    slip = abs(settling_speed(first, coefficients) - settling_speed(second, coefficients))
    return 0.25 * math.pi * distance * distance * slip
