"""What else changes granules of several components: what they gain or lose of one, and new ones that are born.

Growth along one component by the high-resolution finite volume of `pbm.growth`, line by line of the lattice: layers,
liquid that is sprayed on; with a negative rate loss, as of liquid that dries or of gas from pores that consolidate.
Gunawan, Fusman and Braatz, AIChE J. 50 (2004) 2738, doi 10.1002/aic.10228.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from compute.physics import routine
from pbm.grid import Floats
from pbm.growth import LIMITERS, limited
from pbm.lattice import Lattice

Speed = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Layer:
    """Growth or loss of one component: dx/dt [m3/s], a number or a function of the components (coordinates, points).

    component: which one, from nil; nothing grows past its top pivot, nor shrinks below its first. limiter: as of
    `pbm.growth.Growth`. Raises CaseError for an unknown limiter.
    """

    component: int
    rate: float | Speed
    limiter: str = "van-leer"

    def __post_init__(self) -> None:
        """Refuse an unknown limiter; raises CaseError."""
        if self.limiter not in LIMITERS:
            known, near = ", ".join(LIMITERS), closest(self.limiter, LIMITERS)
            raise CaseError("no such limiter", key="limiter", value=self.limiter, expected=known, nearest=near)


class Layering(NamedTuple):
    """Tables of growth along axes of a lattice, one layer after another."""

    component: np.ndarray  # axis of each layer, (layers,)
    limiter: np.ndarray  # its number, (layers,)
    speed: Floats  # at the upper edge of every cell, nil at the last along the axis [m3/s], (layers, cells)
    stride: np.ndarray  # cells from one class of the axis to the next, (layers,)
    classes: np.ndarray  # of the axis, (layers,)
    edges: Floats  # of the classes of the axis [m3], (layers, n + 1)
    pivots: Floats  # [m3], (layers, n)


def layering_tables(lattice: Lattice, layers: tuple[Layer, ...]) -> Layering:
    """Tables of layers; CaseError for no such axis and for what is no speed."""
    count, most = len(layers), max(lattice.shape)
    edges, pivots, speeds = np.zeros((count, most + 1)), np.zeros((count, most)), np.zeros((count, lattice.cells))
    for place, layer in enumerate(layers):
        if not 0 <= layer.component < len(lattice.shape):
            expected = f"0 to {len(lattice.shape) - 1}"
            raise CaseError("no such component", key="component", value=layer.component, expected=expected)
        grid = lattice.grids[layer.component]
        edges[place, : grid.classes + 1], pivots[place, : grid.classes] = grid.edges, grid.pivots
        speeds[place] = _speed_at_edges(lattice, layer)
    axes = np.array([layer.component for layer in layers], dtype=np.int64)
    limiters = np.array([LIMITERS.index(layer.limiter) for layer in layers], dtype=np.int64)
    strides, shape = (np.array(each, dtype=np.int64)[axes] for each in (lattice.strides, lattice.shape))
    return Layering(axes, limiters, speeds, strides, shape, edges, pivots)


def _speed_at_edges(lattice: Lattice, layer: Layer) -> Floats:
    grid, points = lattice.grids[layer.component], lattice.components.copy()
    places = np.unravel_index(np.arange(lattice.cells), lattice.shape)[layer.component]
    points[layer.component] = grid.edges[1:][places]
    given = layer.rate(points) if callable(layer.rate) else layer.rate
    speed = np.broadcast_to(np.asarray(given, dtype=float), (lattice.cells,))
    if not np.all(np.isfinite(speed)):
        raise CaseError("a growth rate is no number", key="rate", expected="finite numbers [m3/s]")
    return np.where(places < grid.classes - 1, speed, 0.0)


@routine
def density_at_edge(layer: int, cell: int, place: int, side: float, numbers: Floats, tables: Layering) -> float:
    """Density along the axis of a layer at an edge of a cell, class `place` of that axis; side: 1 upper, -1 lower."""
    edges, stride = tables.edges[layer], tables.stride[layer]
    width = edges[place + 1] - edges[place]
    here, slope = numbers[cell] / width, 0.0
    if 0 < place < tables.classes[layer] - 1:
        below = numbers[cell - stride] / (edges[place] - edges[place - 1])
        above = numbers[cell + stride] / (edges[place + 2] - edges[place + 1])
        back = 2.0 * (here - below) / (edges[place + 1] - edges[place - 1])
        front = 2.0 * (above - here) / (edges[place + 2] - edges[place])
        slope = limited(tables.limiter[layer], back, front)
    return max(here + side * 0.5 * slope * width, 0.0)


@routine
def add_layers(layer: int, numbers: Floats, tables: Layering, change: Floats) -> float:
    """Add growth to the change of every cell; returns the volume of the component gained. Nothing leaves the axis."""
    stride, gained = tables.stride[layer], 0.0
    for cell in range(numbers.size):
        if tables.speed[layer, cell] != 0.0:
            passing = passing_edge(layer, cell, numbers, tables)
            change[cell] -= passing
            change[cell + stride] += passing
            gained += passing * rise(layer, cell, tables)
    return gained


@routine
def passing_edge(layer: int, cell: int, numbers: Floats, tables: Layering) -> float:
    """What grows past the upper edge of a cell [1/(m3 s)], or shrinks past it below nil; nil where nothing does."""
    speed, stride = tables.speed[layer, cell], tables.stride[layer]
    place = cell // stride % tables.classes[layer]
    if speed > 0.0:
        return speed * density_at_edge(layer, cell, place, 1.0, numbers, tables)
    if speed < 0.0:
        return speed * density_at_edge(layer, cell + stride, place + 1, -1.0, numbers, tables)
    return 0.0


@routine
def rise(layer: int, cell: int, tables: Layering) -> float:
    """From the pivot of a cell to the next one along the axis of a layer [m3]; there is none above the last."""
    place, pivots = cell // tables.stride[layer] % tables.classes[layer], tables.pivots[layer]
    return pivots[place + 1] - pivots[place]


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
