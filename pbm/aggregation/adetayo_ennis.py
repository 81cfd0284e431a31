"""Cut-off kernel: b = b0 while (x_i x_j/w*^2)^a <= ((x_i + x_j)/w*)^c, else nil.

Adetayo and Ennis, AIChE J. 43 (1997) 927, doi 10.1002/aic.690430408: granules above a critical mean volume do not
dissipate their impact. Volumes in units of the critical volume w* keep both sides pure numbers whatever the exponents;
with a = c = 1, w* is the largest x_i x_j/(x_i + x_j), half the harmonic mean, that still binds. The form is as later
papers cite it; it was not compared with the article.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate": "m^3/s", "critical_volume": "m^3", "product_exponent": "1", "sum_exponent": "1"}
DOMAIN = {"critical_volume": "> 0"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate: float  # b0 [m3/s]
    critical_volume: float  # w* [m3]
    product_exponent: float = 1.0  # a
    sum_exponent: float = 1.0  # c


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]: b0 or nil."""
    one = first.solid_volume / coefficients.critical_volume
    other = second.solid_volume / coefficients.critical_volume
    above = math.pow(one * other, coefficients.product_exponent)
    effective = above / math.pow(one + other, coefficients.sum_exponent)
    return coefficients.rate if effective <= 1.0 else 0.0
