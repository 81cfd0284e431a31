"""Austin's daughters of grinding: volume below the size ratio r = z^(1/3) is B = phi r^gamma + (1 - phi) r^beta.

Austin, Shoji, Bhatia, Jindal, Savage and Klimpel, Ind. Eng. Chem. Process Des. Dev. 15 (1976) 187,
doi 10.1021/i260057a032. For an exponent of three or less the number of fines has no bound: a grid ends it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pbm.grid import Floats

UNITS = {"fine_share": "1", "fine_exponent": "1", "coarse_exponent": "1"}
DOMAIN = {"fine_share": "0 to 1", "fine_exponent": "> 0", "coarse_exponent": "> 0"}


class Coefficients(NamedTuple):
    """Published values for quartz as default."""

    fine_share: float = 0.4  # phi
    fine_exponent: float = 1.25  # gamma
    coarse_exponent: float = 5.0  # beta


def daughters(coefficients: Coefficients) -> float:
    """Number of fragments, infinite when either exponent is at most three."""
    fine, coarse = coefficients.fine_share, 1.0 - coefficients.fine_share
    parts = ((fine, coefficients.fine_exponent), (coarse, coefficients.coarse_exponent))
    if any(share > 0.0 and exponent <= 3.0 for share, exponent in parts):
        return float(np.inf)
    return sum(share * exponent / (exponent - 3.0) for share, exponent in parts)


def shares(low: Floats, high: Floats, parent: float, coefficients: Coefficients) -> tuple[Floats, Floats]:
    """Volume by B, number by the integral of dB/z."""
    fine, coarse = coefficients.fine_exponent / 3.0, coefficients.coarse_exponent / 3.0
    share = coefficients.fine_share
    volume = share * (high**fine - low**fine) + (1.0 - share) * (high**coarse - low**coarse)
    number = share * _count(low, high, fine) + (1.0 - share) * _count(low, high, coarse)
    return number, volume


def _count(low: Floats, high: Floats, power: float) -> Floats:
    """Integral of power z^(power - 2) dz."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if power == 1.0:
            return np.where(high > low, np.log(high / low), 0.0)
        return power / (power - 1.0) * (high ** (power - 1.0) - low ** (power - 1.0))
