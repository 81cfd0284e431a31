"""What else changes granules of several components: layers that grow on them, and new ones that are born.

Growth along one component by the high-resolution finite volume of `pbm.growth`, line by line of the lattice. Gunawan,
Fusman and Braatz, AIChE J. 50 (2004) 2738, doi 10.1002/aic.10228.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from pbm.grid import Floats
from pbm.growth import CENTRAL, LIMITERS, MINMOD, SUPERBEE, VAN_LEER
from pbm.lattice import Lattice

Speed = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Layer:
    """Growth of one component: dx/dt [m3/s], a number >= 0 or a function of the components (coordinates, points) [m3].

    component: which one, from nil. limiter: as of `pbm.growth.Growth`. Raises CaseError for an unknown limiter.
    """

    component: int
    rate: float | Speed
    limiter: str = "van-leer"

    def __post_init__(self) -> None:
        """Refuse an unknown limiter; raises CaseError."""
        if self.limiter not in LIMITERS:
            known, near = ", ".join(LIMITERS), closest(self.limiter, LIMITERS)
            raise CaseError("no such limiter", key="limiter", value=self.limiter, expected=known, nearest=near)


class Layers:
    """Growth along one axis of a lattice; CaseError for no such axis and for what is no speed."""

    def __init__(self, lattice: Lattice, layer: Layer) -> None:
        if not 0 <= layer.component < len(lattice.shape):
            expected = f"0 to {len(lattice.shape) - 1}"
            raise CaseError("no such component", key="component", value=layer.component, expected=expected)
        self._axis, self._shape, self._limit = layer.component, lattice.shape, LIMITERS.index(layer.limiter)
        grid = lattice.grids[self._axis]
        self._width, self._gap = np.diff(grid.edges), np.diff(grid.pivots)
        self._middle = 0.5 * (grid.edges[1:] + grid.edges[:-1])
        self._reach = grid.edges[1:] - self._middle
        self._speed = self._at_edges(lattice, layer)

    def _at_edges(self, lattice: Lattice, layer: Layer) -> Floats:
        """Speed at the upper edge of every cell but the last along the axis, the axis in the last place."""
        points = lattice.components.reshape(-1, *lattice.shape).copy()
        edges = lattice.grids[self._axis].edges[1:]
        points[self._axis] = np.moveaxis(
            np.broadcast_to(edges, _last(points[self._axis], self._axis).shape), -1, self._axis
        )
        given = layer.rate(points.reshape(len(points), -1)) if callable(layer.rate) else layer.rate
        speed = np.broadcast_to(np.asarray(given, dtype=float), (lattice.cells,)).reshape(lattice.shape)
        if not np.all(np.isfinite(speed)) or np.any(speed < 0.0):
            raise CaseError("a growth rate is negative or no number", key="rate", expected="finite numbers >= 0")
        return _last(speed, self._axis)[..., :-1]

    def change(self, numbers: Floats) -> tuple[Floats, float]:
        """Change of the flattened numbers, and volume of the component gained; nothing leaves the last cells."""
        density = _last(numbers.reshape(self._shape), self._axis) / self._width
        slopes = np.diff(density, axis=-1) / np.diff(self._middle)
        slope = np.zeros_like(density)
        slope[..., 1:-1] = limited_slopes(self._limit, slopes[..., :-1], slopes[..., 1:])
        at_edge = np.maximum(density + slope * self._reach, 0.0)
        passing = self._speed * at_edge[..., :-1]
        change = np.zeros_like(density)
        change[..., :-1] -= passing
        change[..., 1:] += passing
        return np.moveaxis(change, -1, self._axis).ravel(), float(np.sum(passing * self._gap))


def limited_slopes(limiter: int, back: Floats, front: Floats) -> Floats:
    """`pbm.growth.limited` for whole arrays."""
    one, other = np.abs(back), np.abs(front)
    if limiter == VAN_LEER:
        total = one + other
        size = 2.0 * one * other / np.where(total > 0.0, total, 1.0)
    elif limiter == MINMOD:
        size = np.minimum(one, other)
    elif limiter == SUPERBEE:
        size = np.maximum(np.minimum(2.0 * one, other), np.minimum(one, 2.0 * other))
    elif limiter == CENTRAL:
        size = np.minimum(np.minimum(2.0 * one, 2.0 * other), 0.5 * (one + other))
    else:
        size = np.zeros_like(one)
    return np.where(back * front > 0.0, np.copysign(size, back), 0.0)


def _last(values: Floats, axis: int) -> Floats:
    return np.moveaxis(values, axis, -1)


@dataclass(frozen=True)
class Nuclei:
    """New granules of given components [m3] at a rate [1/(m3 s)], shared by the pivots around them."""

    components: tuple[float, ...]
    rate: float

    def source(self, lattice: Lattice) -> Floats:
        """Births per cell [1/(m3 s)], (cells,); CaseError where the lattice cannot hold them."""
        point = np.array(self.components, dtype=float)
        ends = [(grid.pivots[0], grid.pivots[-1]) for grid in lattice.grids]
        held = point.size == len(ends) and all(low <= each <= high for each, (low, high) in zip(point, ends))
        if not held or not (np.isfinite(self.rate) and self.rate >= 0.0):
            value, expected = (self.components, self.rate), f"components within {ends}, rate >= 0"
            raise CaseError("no such nuclei on these grids", key="nuclei", value=value, expected=expected)
        return np.asarray(lattice.corner_shares(point[:, None]) @ np.array([self.rate]))
