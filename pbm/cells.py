"""Cells of one or two solid components: the product of their grids, as one list.

Cells are numbered row by row, the second component running fastest. With one component the second is nil everywhere,
so that every loop of the model reads both.

Where granules may lack a component, the first class of its grid is nil. Sums of pivots never fall between it and the
next, so that granules with some of a component never come to lack it, and those without stay so among themselves; only
what is put back from beyond the top pivots may. The cell that would hold neither component is never filled.
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
            if np.any((2.0 * grid.pivots < grid.edges[1:]) & (grid.pivots > 0.0)):
                raise CaseError("two equal granules stay in their class", key="grid", expected="finer classes")
        if len(self.grids) == 1 and self.grids[0].pivots[0] == 0.0:
            raise CaseError("granules without solids", key="grid", value=0.0, expected="a first pivot above nil")

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
        """Solid volume of a granule [m3], shape (cells,); any but nil for the cell that is never filled."""
        solids = self.components.sum(axis=0)
        return np.where(solids > 0.0, solids, solids[solids > 0.0].min())

    def distances(self, up: bool) -> Floats:
        """Distance [m3] to the pivot above or below, by component, shape (2, cells); none to the cell never filled."""
        rows = []
        for grid in self.grids:
            gaps = np.diff(grid.pivots)
            rows.append(np.append(gaps, NO_NEIGHBOUR) if up else np.append(NO_NEIGHBOUR, gaps))
        found = self.by_component(rows[0], rows[1] if len(rows) > 1 else np.full(1, NO_NEIGHBOUR))
        if not up and all(grid.pivots[0] == 0.0 for grid in self.grids):
            found[:, [1, self.stride[0], self.stride[0] + 1]] = NO_NEIGHBOUR
        return found

    @property
    def sizes(self) -> Grid:
        """Grid of the solid volume of whole granules, by which sizes are read: that of a single component itself."""
        if len(self.grids) == 1:
            return self.grids[0]
        low, high = (sum(float(grid.edges[end]) for grid in self.grids) for end in (0, -1))
        low = low if low > 0.0 else min(float(grid.edges[1]) for grid in self.grids)
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
