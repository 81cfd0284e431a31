"""Two daughters, any split as likely as any other: b(z) = 2 on 0 < z < 1, z the share of the parent's volume.

Ziff and McGrady, J. Phys. A 18 (1985) 3027, doi 10.1088/0305-4470/18/15/026.
"""

from __future__ import annotations

from typing import NamedTuple

from pbm.grid import Floats

UNITS: dict[str, str] = {}


class Coefficients(NamedTuple):
    """Nothing."""


def daughters(coefficients: Coefficients) -> float:
    """Two."""
    return 2.0


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """Number 2 dz and volume z^2."""
    return 2.0 * (high - low), high * high - low * low


def moment(order: float, coefficients: Coefficients) -> float:
    """Sum of z^k over the daughters, 2/(k + 1)."""
    return 2.0 / (order + 1.0)
