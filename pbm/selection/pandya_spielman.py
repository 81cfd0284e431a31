"""Breakage in shear: S = (G/2) (d/d0)^p.

Pandya and Spielman, Chem. Eng. Sci. 38 (1983) 1983, doi 10.1016/0009-2509(83)80102-4, in the layout P1 G d^p/2 of
Barrasso, Walia and Ramachandran, Powder Technol. 241 (2013) 85; d0 = P1^(-1/p) is the diameter that breaks at half the
shear rate and gives P1, whose printed unit depends on p, a meaning.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Parent

UNITS = {"shear_rate": "1/s", "reference_diameter": "m", "exponent": "1"}
DOMAIN = {"reference_diameter": "> 0"}


class Coefficients(NamedTuple):
    """What the law needs beside the granule."""

    shear_rate: float  # G [1/s]
    reference_diameter: float  # d0, of a granule that breaks at the rate G/2 [m]
    exponent: float  # p


@physics
def rate(parent: Parent, conditions: Conditions, coefficients: Coefficients) -> float:
    """S [1/s]."""
    ratio = math.exp(parent.log_diameter) / coefficients.reference_diameter
    return 0.5 * coefficients.shear_rate * math.pow(ratio, coefficients.exponent)
