"""Capillary force of a pendular bridge by the full fit of Willett et al. (2000).

With V* = V/R^3, R = 2 R*, s = gap/2 sqrt(R/V), and f1 to f4 polynomials of the contact angle and of ln V*:

    F = 2 pi R g exp(f1 - f2 exp(f3 ln s + f4 ln^2 s)),   in touch 2 pi R g exp(f1)

Valid for V* < 0.1 and angles below 50 degrees; below V* = 1e-4 the fit keeps rising, and no bridge forms.
Source: Willett, Adams, Johnson, Seville, Langmuir 16 (2000) 9396-9405, doi 10.1021/la000657y.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.elementary import exponential, logarithm
from dem.liquid.law import LiquidLaw

SMALLEST = 1e-4
NEAREST = 1e-10
"""s below which the gap counts as none."""


@physics
def constants(radius: float, volume: float, tension: float, angle: float) -> Any:
    """Return (force in touch [N], f2, f3, f4 [-], sqrt(R/V)/2 [1/m])."""
    n = logarithm(volume / (radius * radius * radius))
    t, u = angle, angle * angle
    f1 = (
        (-0.44507 + 0.050832 * t - 1.1466 * u)
        + (-0.1119 - 0.000411 * t - 0.1490 * u) * n
        + (-0.012101 - 0.0036456 * t - 0.01255 * u) * n * n
        + (-0.0005 - 0.0003505 * t - 0.00029076 * u) * n * n * n
    )
    f2 = (
        (1.9222 - 0.57473 * t - 1.2918 * u)
        + (-0.0668 - 0.1201 * t - 0.22574 * u) * n
        + (-0.0013375 - 0.0068988 * t - 0.01137 * u) * n * n
    )
    f3 = (
        (1.268 - 0.01396 * t - 0.23566 * u)
        + (0.198 + 0.092 * t - 0.06418 * u) * n
        + (0.02232 + 0.02238 * t - 0.009853 * u) * n * n
        + (0.0008585 + 0.001318 * t - 0.00053 * u) * n * n * n
    )
    f4 = (
        (-0.010703 + 0.073776 * t - 0.34742 * u)
        + (0.03345 + 0.04543 * t - 0.09056 * u) * n
        + (0.0018574 + 0.004456 * t - 0.006257 * u) * n * n
    )
    touching = 2.0 * math.pi * radius * tension * exponential(f1)
    return touching, f2, f3, f4, 0.5 * math.sqrt(radius / volume)


@physics
def capillary(gap: float, values: Any) -> float:
    """Exponential of an exponential of the gap's logarithm."""
    touching, f2, f3, f4, scale = values
    s = gap * scale
    n = logarithm(max(s, NEAREST))
    fall = f2 * exponential(min(max(f3 * n + f4 * n * n, -30.0), 5.0))
    return touching * exponential(max(-fall, -30.0)) if s > NEAREST else touching


LAW = LiquidLaw("willett", constants, capillary, SMALLEST)
