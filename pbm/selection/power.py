"""Power law: S = S0 (x/x0)^p.

Ziff and McGrady, J. Phys. A 18 (1985) 3027, doi 10.1088/0305-4470/18/15/026, solve it for p = 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Parent

UNITS = {"rate": "1/s", "reference_volume": "m^3", "exponent": "1"}
DOMAIN = {"reference_volume": "> 0"}


class Coefficients(NamedTuple):
    """What the law needs beside the granule."""

    rate: float  # S0, of a granule of the reference volume [1/s]
    reference_volume: float  # x0 [m3]
    exponent: float = 1.0  # p


@physics
def rate(parent: Parent, conditions: Conditions, coefficients: Coefficients) -> float:
    """S [1/s]."""
    return coefficients.rate * math.pow(parent.solid_volume / coefficients.reference_volume, coefficients.exponent)
