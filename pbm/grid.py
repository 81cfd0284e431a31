"""Grids of solid volume: the one size coordinate of the population balance.

A class is the cell between two edges; its pivot is the arithmetic mean of the edges, so that a uniform density over a
whole cell has its mean on the pivot. Pivots are what granules of a class hold of solids, exactly. Where grains may lack
a component the first pivot is nil, at the lower edge of its class.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Cells of solid volume: `edges` [m3], shape (classes + 1,), rising; `pivots` [m3], shape (classes,), inside.

    Raises CaseError for what are no such cells.
    """

    edges: Floats
    pivots: Floats

    def __post_init__(self) -> None:
        """Refuse edges that do not rise and pivots outside their cells."""
        edges, pivots = np.asarray(self.edges, dtype=float), np.asarray(self.pivots, dtype=float)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "pivots", pivots)
        if pivots.ndim != 1 or edges.shape != (pivots.size + 1,) or not pivots.size:
            shapes = (edges.shape, pivots.shape)
            raise CaseError("not cells of a grid", key="grid", value=shapes, expected="one pivot between two edges")
        rise = np.all(np.isfinite(edges)) and edges[0] >= 0.0 and np.all(np.diff(edges) > 0.0)
        if not rise or np.any(pivots < edges[:-1]) or np.any(pivots > edges[1:]) or np.any(np.diff(pivots) <= 0.0):
            expected = "edges >= 0 that rise, and a pivot inside each cell"
            raise CaseError("not cells of a grid", key="grid", value=edges[[0, -1]].tolist(), expected=expected)

    @property
    def classes(self) -> int:
        """Number of cells."""
        return int(self.pivots.size)

    @property
    def least(self) -> float:
        """Lowest pivot above nil [m3]."""
        return float(self.pivots[1] if self.pivots[0] == 0.0 else self.pivots[0])

    @property
    def ratio(self) -> float:
        """Volume ratio of the two topmost edges; of all neighbours on a geometric grid."""
        return float(self.edges[-1] / self.edges[-2])

    def diameters(self, porosity: float = 0.0) -> Floats:
        """Granule diameters [m] at the pivots, shape (classes,), for granules of one porosity."""
        return diameter_of(self.pivots, porosity)

    def edge_diameters(self, porosity: float = 0.0) -> Floats:
        """Granule diameters [m] at the edges, shape (classes + 1,), for granules of one porosity."""
        return diameter_of(self.edges, porosity)


def diameter_of(solid_volume: Floats, porosity: float = 0.0) -> Floats:
    """Diameter [m] of a granule with this solid volume [m3]: d = (6 x / (pi (1 - porosity)))^(1/3)."""
    return np.cbrt(6.0 * np.asarray(solid_volume) / (pi * (1.0 - porosity)))


def solid_volume_of(diameter: Floats | float, porosity: float = 0.0) -> Floats:
    """Solid volume [m3] of a granule of this diameter [m]: x = (1 - porosity) pi d^3 / 6."""
    return (1.0 - porosity) * pi / 6.0 * np.asarray(diameter, dtype=float) ** 3


def geometric_grid(smallest: float, largest: float, classes: int, inner: float = 0.0) -> Grid:
    """Grid whose edges run from `smallest` to `largest` [m3] in one ratio; CaseError if that makes no grid.

    The edge nearest to `inner` [m3], unless it is an outermost one, moves there, and the others with it: the ratio is
    one below it and one above.
    """
    _check_range(0.0 < smallest < largest, smallest, largest, classes)
    edges = smallest * (largest / smallest) ** (np.arange(classes + 1) / classes)
    below = round(float(np.interp(inner, edges, np.arange(classes + 1))))
    if 0 < below < classes:
        above = np.geomspace(inner, largest, classes - below + 1)
        edges = np.append(np.geomspace(smallest, inner, below + 1), above[1:])
    return Grid(edges, 0.5 * (edges[1:] + edges[:-1]))


def diameter_grid(smallest: float, largest: float, classes: int, porosity: float = 0.0, inner: float = 0.0) -> Grid:
    """Geometric grid between two granule diameters [m] at one porosity, an edge at an `inner` one; CaseError as
    `geometric_grid`.
    """
    low, high, middle = (float(solid_volume_of(diameter, porosity)) for diameter in (smallest, largest, inner))
    return geometric_grid(low, high, classes, middle)


def linear_grid(smallest: float, largest: float, classes: int) -> Grid:
    """Grid of cells of one width between two solid volumes [m3], the lower of which may be nil; CaseError if none."""
    _check_range(0.0 <= smallest < largest, smallest, largest, classes)
    edges = np.linspace(smallest, largest, classes + 1)
    return Grid(edges, 0.5 * (edges[1:] + edges[:-1]))


def _check_range(fits: bool, smallest: float, largest: float, classes: int) -> None:
    if classes < 3:
        raise CaseError("a grid needs at least three classes", key="grid.classes", value=classes, expected=">= 3")
    if not fits:
        raise CaseError(
            "the size range is empty", key="grid", value=(smallest, largest), expected="0 < smallest < largest"
        )


def pivot_grid(first: float, ratio: float, classes: int) -> Grid:
    """Geometric grid whose pivots are `first` [m3] times ratio^k, k < classes; CaseError as `geometric_grid`."""
    smallest = 2.0 * first / (1.0 + ratio)
    return geometric_grid(smallest, smallest * ratio**classes, classes)


def with_nil(grid: Grid) -> Grid:
    """The same grid below which one more class holds nothing at all: for a component that grains may lack."""
    return Grid(np.append(0.0, grid.edges), np.append(0.0, grid.pivots))


def multiples_grid(unit: float, classes: int) -> Grid:
    """Grid whose pivots are `unit` [m3] times 1, 2, ..., classes: coalescence on it is exact, without averaging."""
    pivots = unit * np.arange(1.0, classes + 1.0)
    return Grid(unit * (np.arange(classes + 1.0) + 0.5), pivots)
