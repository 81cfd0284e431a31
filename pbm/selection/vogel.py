"""Breakage by impacts: S = f P, P = 1 - exp(-f_mat (d W - (d W)_min)), W = v^2/2 the kinetic energy per mass.

Vogel and Peukert, Powder Technol. 129 (2003) 101, doi 10.1016/S0032-5910(02)00217-6: one master curve for many
materials; below d W = (d W)_min nothing breaks. The form is as later papers cite it; it was not compared with the
article.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Parent

UNITS = {"impact_rate": "1/s", "impact_speed": "m/s", "fracture_coefficient": "kg/J/m", "threshold": "J m/kg"}


class Coefficients(NamedTuple):
    """What the law needs beside the granule."""

    impact_rate: float  # f, impacts per granule [1/s]
    impact_speed: float  # v [m/s]
    fracture_coefficient: float  # f_mat [kg/(J m)]
    threshold: float = 0.0  # (d W)_min [J m/kg]


@physics
def rate(parent: Parent, conditions: Conditions, coefficients: Coefficients) -> float:
    """S [1/s]."""
    energy = 0.5 * coefficients.impact_speed * coefficients.impact_speed * math.exp(parent.log_diameter)
    excess = max(energy - coefficients.threshold, 0.0)
    return coefficients.impact_rate * (1.0 - math.exp(-coefficients.fracture_coefficient * excess))
