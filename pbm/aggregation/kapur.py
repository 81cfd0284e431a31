"""Kapur's kernel: b = b0 (w/x0)^a/(p/x0^2)^c with w = x_i + x_j, p = x_i x_j.

Kapur, Chem. Eng. Sci. 27 (1972) 1863, doi 10.1016/0009-2509(72)85048-6. The reference volume x0 makes b0 a rate
constant whatever the exponents; printed without it, the unit of b0 depends on them. The form is as later papers cite
it; it was not compared with the article.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate": "m^3/s", "sum_exponent": "1", "product_exponent": "1", "reference_volume": "m^3"}
DOMAIN = {"reference_volume": "> 0"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate: float  # b0, of two granules with x_i + x_j = x0 and x_i x_j = x0^2 [m3/s]
    sum_exponent: float  # a
    product_exponent: float  # c
    reference_volume: float  # x0 [m3]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    first_ratio = first.solid_volume / coefficients.reference_volume
    second_ratio = second.solid_volume / coefficients.reference_volume
    above = math.pow(first_ratio + second_ratio, coefficients.sum_exponent)
    return coefficients.rate * above / math.pow(first_ratio * second_ratio, coefficients.product_exponent)
