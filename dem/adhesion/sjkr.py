"""Simplified JKR: F = k A, k the cohesion energy density and A the area in which the two spheres intersect.

With d = r1 + r2 - overlap the distance of the centres,

    A = pi/4 overlap (2 r1 - overlap) (2 r2 - overlap) (2 r1 + 2 r2 - overlap)/d^2,

for a sphere and a wall pi overlap (2 r - overlap). Written with R* and u = 1/(r1 + r2), which is 0 at a wall, one text
does both. Form of LIGGGHTS's cohesion model `sjkr`.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.adhesion.law import AdhesionLaw
from dem.contact.law import Elasticity, PairProperties
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (cohesion energy density [J/m3],) of a pair of materials."""
    return (pair.cohesion_energy_density,)


@physics
def pull(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Energy density times area of intersection; none without overlap."""
    (density,) = parameters
    overlap = max(touch.overlap, 0.0)
    share = overlap * touch.inverse_span
    product = 4.0 * touch.radius - 2.0 * overlap + overlap * share
    area = 0.25 * math.pi * overlap * product * (2.0 - share) / ((1.0 - share) * (1.0 - share))
    return touch.overlap, density * area


LAW = AdhesionLaw("sjkr", pull, parameters_of, 1, needs="cohesion_energy_density")
