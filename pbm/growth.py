"""Growth by layering: granules gain solids at a rate of their diameter, dd/dt = G (d/d0)^p.

High-resolution finite volume on the classes: the density at an edge is reconstructed linearly in the class the granules
come from, with a slope that a limiter holds so that no new extremum appears. van Leer, J. Comput. Phys. 32 (1979) 101,
doi 10.1016/0021-9991(79)90145-1; compared for populations by Gunawan, Fusman and Braatz, AIChE J. 54 (2008) 1449.
The number is kept; the solids that layers add are what the granules that pass an edge gain between pivots.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import NamedTuple

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from compute.physics import routine
from pbm.grid import Floats, Grid, diameter_of

LIMITERS = ("van-leer", "minmod", "superbee", "mc", "upwind")
VAN_LEER, MINMOD, SUPERBEE, CENTRAL = 0, 1, 2, 3


@dataclass(frozen=True)
class Growth:
    """dd/dt = rate (d/reference_diameter)^exponent; exponent 1 is growth in proportion to size.

    rate [m/s], not negative; reference_diameter [m]; limiter: "van-leer", "minmod", "superbee", "mc" or "upwind".
    """

    rate: float
    exponent: float = 0.0
    reference_diameter: float = 1.0
    limiter: str = "van-leer"

    def __post_init__(self) -> None:
        """Refuse a rate below nil or an unknown limiter; raises CaseError."""
        if not (np.isfinite(self.rate) and self.rate >= 0.0 and self.reference_diameter > 0.0):
            raise CaseError("out of range", key="growth.rate", value=self.rate, expected="a finite number >= 0 [m/s]")
        if self.limiter not in LIMITERS:
            known, near = ", ".join(LIMITERS), closest(self.limiter, LIMITERS)
            raise CaseError("no such limiter", key="growth.limiter", value=self.limiter, expected=known, nearest=near)


class Layering(NamedTuple):
    """Tables of growth of one or more populations p with n classes, (p, ...)."""

    limiter: np.ndarray  # number of the limiter, -1 without growth, (p,)
    edges: Floats  # [m3], (p, n + 1)
    flow: Floats  # dx/dt of a grain at an edge [m3/s], nil at both ends, (p, n + 1)


def layering_tables(grid: Grid, growth: Growth | None, porosity: float) -> Layering:
    """Tables of one population at one porosity."""
    flow = np.zeros(grid.classes + 1)
    if growth is None:
        return Layering(np.array([-1]), grid.edges[None], flow[None])
    sizes = diameter_of(grid.edges, porosity)
    speed = growth.rate * (sizes / growth.reference_diameter) ** growth.exponent
    flow[1:-1] = (0.5 * pi * (1.0 - porosity) * sizes**2 * speed)[1:-1]
    return Layering(np.array([LIMITERS.index(growth.limiter)]), grid.edges[None], flow[None])


@routine
def limited(limiter: int, back: float, front: float) -> float:
    """Slope within a class for those towards its neighbours; nil at an extremum."""
    if not back * front > 0.0:
        return 0.0
    one, other = abs(back), abs(front)
    size = 0.0
    if limiter == VAN_LEER:
        size = 2.0 * one * other / (one + other)
    elif limiter == MINMOD:
        size = min(one, other)
    elif limiter == SUPERBEE:
        size = max(min(2.0 * one, other), min(one, 2.0 * other))
    elif limiter == CENTRAL:
        size = min(min(2.0 * one, 2.0 * other), 0.5 * (one + other))
    return size if back > 0.0 else -size


@routine
def density_at_edge(kind: int, k: int, numbers: Floats, tables: Layering) -> float:
    """Number density [1/m6] that leaves class k over its upper edge."""
    edges = tables.edges[kind]
    here = numbers[k] / (edges[k + 1] - edges[k])
    if k == 0:
        return max(here, 0.0)
    below, above = numbers[k - 1] / (edges[k] - edges[k - 1]), numbers[k + 1] / (edges[k + 2] - edges[k + 1])
    back, front = 2.0 * (here - below) / (edges[k + 1] - edges[k - 1]), 2.0 * (above - here) / (edges[k + 2] - edges[k])
    slope = limited(tables.limiter[kind], back, front)
    return max(here + 0.5 * slope * (edges[k + 1] - edges[k]), 0.0)


@routine
def add_layers(kind: int, factor: float, numbers: Floats, pivots: Floats, tables: Layering, change: Floats) -> float:
    """Add growth, `factor` times, to the change of every class; returns the solid volume gained [m3/(m3 s)].

    Nothing leaves the top class.
    """
    gained = 0.0
    for k in range(numbers.size - 1):
        passing = factor * tables.flow[kind, k + 1] * density_at_edge(kind, k, numbers, tables)
        change[k] -= passing
        change[k + 1] += passing
        gained += passing * (pivots[k + 1] - pivots[k])
    return gained
