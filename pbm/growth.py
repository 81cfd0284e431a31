"""Growth by layering: granules gain solids at a rate of their diameter, dd/dt = G (d/d0)^p.

High-resolution finite volume on the classes: the density at an edge is reconstructed linearly in the class the granules
come from, with a slope that a limiter holds so that no new extremum appears. van Leer, J. Comput. Phys. 32 (1979) 101,
doi 10.1016/0021-9991(79)90145-1; compared for populations by Gunawan, Fusman and Braatz, AIChE J. 54 (2008) 1449.
The number is kept; the solids that layers add are what the granules that pass an edge gain between pivots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from pbm.grid import Floats, Grid, diameter_of


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


def _minmod(back: Floats, front: Floats) -> Floats:
    return np.where(back * front > 0.0, np.sign(back) * np.minimum(np.abs(back), np.abs(front)), 0.0)


def _van_leer(back: Floats, front: Floats) -> Floats:
    total = back + front
    return np.where(back * front > 0.0, 2.0 * back * front / np.where(total == 0.0, 1.0, total), 0.0)


def _superbee(back: Floats, front: Floats) -> Floats:
    one, other = _minmod(2.0 * back, front), _minmod(back, 2.0 * front)
    return np.where(np.abs(one) > np.abs(other), one, other)


def _mc(back: Floats, front: Floats) -> Floats:
    return _minmod(_minmod(2.0 * back, 2.0 * front), 0.5 * (back + front))


def _upwind(back: Floats, front: Floats) -> Floats:
    return np.zeros_like(back)


LIMITERS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "van-leer": _van_leer,
    "minmod": _minmod,
    "superbee": _superbee,
    "mc": _mc,
    "upwind": _upwind,
}


class Layering:
    """Growth of the classes of one grid at one porosity."""

    def __init__(self, grid: Grid, growth: Growth, porosity: float) -> None:
        sizes = diameter_of(grid.edges, porosity)
        speed = growth.rate * (sizes / growth.reference_diameter) ** growth.exponent
        self._flow = 0.5 * pi * (1.0 - porosity) * sizes**2 * speed
        self._flow[[0, -1]] = 0.0
        self._grid, self._limit = grid, LIMITERS[growth.limiter]
        self._width = np.diff(grid.edges)
        self._middle = 0.5 * (grid.edges[1:] + grid.edges[:-1])

    def change(self, numbers: Floats) -> tuple[Floats, float]:
        """Change of the numbers [1/(m3 s)] and the solid volume gained [m3/(m3 s)]; nothing leaves the top class."""
        density = numbers / self._width
        slopes = np.diff(density) / np.diff(self._middle)
        slope = np.zeros_like(density)
        slope[1:-1] = self._limit(slopes[:-1], slopes[1:])
        at_edge = np.maximum(density + slope * (self._grid.edges[1:] - self._middle), 0.0)
        passing = self._flow[1:-1] * at_edge[:-1]
        change = np.zeros_like(numbers)
        change[:-1] -= passing
        change[1:] += passing
        return change, float(passing @ np.diff(self._grid.pivots))
