"""Peglow's kernel for fluidised beds: b = b0 (w/x0)^0.71053/(p/x0^2)^0.06211 with w = x_i + x_j, p = x_i x_j.

Peglow, Kumar, Warnecke, Heinrich and Morl, Chem. Eng. Sci. 61 (2006) 282; exponents as in the solvers of the open
flowsheet code Dyssol, not compared with the article. The reference volume x0 makes b0 a
rate constant.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate": "m^3/s", "reference_volume": "m^3"}
DOMAIN = {"reference_volume": "> 0"}
SUM_EXPONENT, PRODUCT_EXPONENT = 0.71053, 0.06211
"""Fitted by the authors to their fluidised bed."""


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate: float  # b0, of two granules with x_i + x_j = x0 and x_i x_j = x0^2 [m3/s]
    reference_volume: float  # x0 [m3]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    first_ratio = first.solid_volume / coefficients.reference_volume
    second_ratio = second.solid_volume / coefficients.reference_volume
    above = math.pow(first_ratio + second_ratio, SUM_EXPONENT)
    return coefficients.rate * above / math.pow(first_ratio * second_ratio, PRODUCT_EXPONENT)
