"""Erosion: small chips of one volume come off, and the rest stays whole.

b(z) = p delta(z - c) + delta(z - (1 - p c)), c the chip's share of the parent. The form with a primary grain as chip is
the erosion of Marchisio, Vigil and Fox, J. Colloid Interface Sci. 258 (2003) 322, doi 10.1016/S0021-9797(02)00054-1.
Parents too small for that break into p + 1 equal parts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pbm.grid import Floats

UNITS = {"chip_volume": "m^3", "chips": "1"}
DOMAIN = {"chip_volume": "> 0", "chips": ">= 1"}


class Coefficients(NamedTuple):
    """How large the chips are, and how many come off at once."""

    chip_volume: float  # solid volume of one [m3]
    chips: float = 1.0  # p


def daughters(coefficients: Coefficients) -> float:
    """p + 1."""
    return coefficients.chips + 1.0


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """Chips in the interval that holds c, the rest in that of 1 - p c; lower ends counted in."""
    chips = coefficients.chips
    chip = min(coefficients.chip_volume / parent, 1.0 / (chips + 1.0))
    rest = 1.0 - chips * chip
    small = np.where((low <= chip) & (chip < high), chips, 0.0)
    large = np.where((low <= rest) & (rest < high), 1.0, 0.0)
    return small + large, small * chip + large * rest
