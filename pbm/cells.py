"""Cells of one or two solid components: the product of their grids, as one list.

Cells are numbered row by row, the second component running fastest. With one component the second is nil everywhere,
so that every loop of the model reads both.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid, geometric_grid

COMPONENTS = 2
NO_NEIGHBOUR = np.inf
"""Distance [m3] to the neighbour where there is none: nothing moves that far."""


@dataclass(frozen=True)
class Cells:
    """Cells of the product of one or two grids; raises CaseError for another number of them."""

    grids: tuple[Grid, ...]

    def __post_init__(self) -> None:
        """Refuse no grid, and more grids than components."""
        if not 1 <= len(self.grids) <= COMPONENTS:
            raise CaseError("not the grids of one or two solids", key="grid", value=len(self.grids), expected="1 or 2")
        for grid in self.grids:
            if np.any(2.0 * grid.pivots < grid.edges[1:]):
                raise CaseError("two equal granules stay in their class", key="grid", expected="finer classes")

    @property
    def shape(self) -> tuple[int, int]:
        """Classes of the first and of the second component, one class for none."""
        return self.grids[0].classes, self.grids[1].classes if len(self.grids) > 1 else 1

    @property
    def count(self) -> int:
        """Number of cells."""
        return prod(self.shape)

    @property
    def stride(self) -> tuple[int, int]:
        """Cells from one to the next class of the first and of the second component."""
        return self.shape[1], 1

    def by_component(self, first: Floats, second: Floats) -> Floats:
        """Values by class of each component as values by cell, shape (2, cells)."""
        return np.array([np.repeat(first, self.shape[1]), np.tile(second, self.shape[0])])

    @property
    def components(self) -> Floats:
        """Solid volume of each component at the pivots [m3], shape (2, cells)."""
        second = self.grids[1].pivots if len(self.grids) > 1 else np.zeros(1)
        return self.by_component(self.grids[0].pivots, second)

    @property
    def solid_volume(self) -> Floats:
        """Solid volume of a granule [m3], shape (cells,)."""
        return np.asarray(self.components.sum(axis=0))

    def distances(self, up: bool) -> Floats:
        """Distance [m3] to the pivot above or below, by component, shape (2, cells)."""
        rows = []
        for grid in self.grids:
            gaps = np.diff(grid.pivots)
            rows.append(np.append(gaps, NO_NEIGHBOUR) if up else np.append(NO_NEIGHBOUR, gaps))
        return self.by_component(rows[0], rows[1] if len(rows) > 1 else np.full(1, NO_NEIGHBOUR))

    @property
    def sizes(self) -> Grid:
        """Grid of the solid volume of whole granules, by which sizes are read: that of a single component itself."""
        if len(self.grids) == 1:
            return self.grids[0]
        low, high = (sum(float(grid.edges[end]) for grid in self.grids) for end in (0, -1))
        return geometric_grid(low, high, max(self.shape))

    @property
    def size_class(self) -> np.ndarray:
        """Class of each cell in `sizes`, int64, shape (cells,)."""
        if len(self.grids) == 1:
            return np.arange(self.count, dtype=np.int64)
        sizes = self.sizes
        return np.minimum(np.searchsorted(sizes.edges, self.solid_volume, side="right") - 1, sizes.classes - 1)


def spread(cells: Cells, places: Floats, numbers: Floats) -> tuple[np.ndarray, Floats]:
    """Classes and numbers, shape (entries,), of granules at these places [m3], shape (2, n).

    They are shared by the pivots around each, so that number and components are kept between the outermost pivots;
    beyond them granules go to the last.
    """
    held, shared = np.zeros((1, numbers.size), dtype=np.int64), numbers[None]
    for axis, grid in enumerate(cells.grids):
        low = np.clip(np.searchsorted(grid.pivots, places[axis], side="right") - 1, 0, grid.classes - 2)
        above = np.clip((places[axis] - grid.pivots[low]) / np.diff(grid.pivots)[low], 0.0, 1.0)
        held = np.concatenate((held + cells.stride[axis] * low, held + cells.stride[axis] * (low + 1)))
        shared = np.concatenate((shared * (1.0 - above), shared * above))
    return held.ravel(), shared.ravel()


def cells_of(grid: Grid | tuple[Grid, ...] | Cells) -> Cells:
    """Cells of one grid or of a tuple of grids; cells as they are."""
    if isinstance(grid, Cells):
        return grid
    return Cells((grid,) if isinstance(grid, Grid) else tuple(grid))
