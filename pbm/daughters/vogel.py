"""Vogel's daughters of impacts: volume below the size ratio r is B = r^q (1 + tanh((d - d')/d'))/2, divided by B(1).

d = r d_parent is the fragment's diameter, d' the size of fines below which little is made; q grows with the impact
speed and is given as such. Vogel and Peukert, Chem. Eng. Sci. 60 (2005) 5164, doi 10.1016/j.ces.2005.03.064. As
printed, B does not reach one at the parent's size; the division by B(1) keeps the solids.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pbm.grid import Floats

UNITS = {"exponent": "1", "fines_volume": "m^3"}
DOMAIN = {"exponent": "> 0", "fines_volume": "> 0"}
PIECES = 256
"""Pieces of an interval over which a fragment's number is taken from its volume."""
LEAST = 1e-12
"""An interval that begins at nil is counted from this share of its end on."""


class Coefficients(NamedTuple):
    """Steepness and fines."""

    exponent: float  # q
    fines_volume: float  # solid volume of a granule of the diameter d' [m3]


def daughters(coefficients: Coefficients) -> float:
    """Infinite for q of three or less, else a number that depends on the parent: not known beforehand."""
    return float(np.inf)


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """Volume by B, number by the integral of dB/z in pieces of equal ratio."""
    volume = _below(high, parent, coefficients) - _below(low, parent, coefficients)
    steps = np.linspace(0.0, 1.0, PIECES + 1)
    start = np.maximum(low, LEAST * high)
    marks = start * (high / start) ** steps[:, None]
    part = np.diff(_below(marks, parent, coefficients), axis=0)
    return np.sum(part / np.sqrt(marks[1:] * marks[:-1]), axis=0), volume


def _below(share: Floats, parent: float, coefficients: Coefficients) -> Floats:
    fines = np.cbrt(coefficients.fines_volume / parent)
    ratio = np.cbrt(share)
    whole = 1.0 + np.tanh((1.0 - fines) / fines)
    return ratio**coefficients.exponent * (1.0 + np.tanh((ratio - fines) / fines)) / whole
