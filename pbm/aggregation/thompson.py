"""Thompson's kernel: b = b1 (x_i - x_j)^2/(x_i + x_j).

Thompson, Proc. Int. Conf. Cloud Physics, Toronto (1968) 115; the form is that of the solvers of the open flowsheet code
Dyssol. Equal granules never meet.
"""

from __future__ import annotations

from typing import NamedTuple

from compute.physics import physics
from pbm.model import Conditions, Granule

UNITS = {"rate": "1/s"}


class Coefficients(NamedTuple):
    """What the law needs beside the two granules."""

    rate: float  # b1 [1/s]


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, coefficients: Coefficients) -> float:
    """b [m3/s]."""
    difference = first.solid_volume - second.solid_volume
    return coefficients.rate * difference * difference / (first.solid_volume + second.solid_volume)
