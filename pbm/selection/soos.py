"""Breakage in turbulence: S = sqrt(4/(15 pi)) G exp(-B/(G^2 R)), R = d/2.

Soos, Sefcik and Morbidelli, Chem. Eng. Sci. 61 (2006) 2349, doi 10.1016/j.ces.2005.11.001. G is a shear rate; the
product of impact speed and impeller diameter printed for it by Bettencourt, Chaturbedi and Ramachandran, Comput. Chem.
Eng. 107 (2017) 158, is not one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Parent

UNITS = {"shear_rate": "1/s", "strength": "m/s^2"}


class Coefficients(NamedTuple):
    """What the law needs beside the granule."""

    shear_rate: float  # G = sqrt(epsilon/nu) [1/s]
    strength: float  # B [m/s2]


@physics
def rate(parent: Parent, conditions: Conditions, coefficients: Coefficients) -> float:
    """S [1/s]; nil at rest."""
    square = coefficients.shear_rate * coefficients.shear_rate * 0.5 * math.exp(parent.log_diameter)
    survival = math.exp(-coefficients.strength / square) if square > 0.0 else 0.0
    return math.sqrt(4.0 / (15.0 * math.pi)) * coefficients.shear_rate * survival
