"""Equipartition of kinetic energy: b = b0 (d_i + d_j)^2 sqrt(1/d_i^3 + 1/d_j^3), from kinetic theory.

Granules whose random velocities share one energy theta = m sigma^2 per direction meet at
b = (pi/4) (d_i + d_j)^2 sqrt(8 theta (1/m_i + 1/m_j)/pi); at one density rho that is the printed form with
b0 = sqrt(3 theta/rho) [m^(5/2)/s]. Hounslow, KONA Powder Part. J. 16 (1998) 179, doi 10.14356/kona.1998021.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"agitation_energy": "J"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    agitation_energy: float  # theta = m sigma^2, sigma^2 the velocity variance per direction [J]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    distance = first.diameter + second.diameter
    mobility = 1.0 / first.mass + 1.0 / second.mass
    speed = math.sqrt(8.0 / math.pi * coefficients.agitation_energy * mobility)
    return 0.25 * math.pi * distance * distance * speed
