"""The product of one to four grids: its pivots, and how a point between them is shared by the corners around it."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid

MOST_COORDINATES = 4


class Lattice:
    """Cells of several components, flattened with the last component running fastest.

    Attributes: grids; shape; components [m3] of the pivots, (coordinates, cells); solids, their sum (cells,).
    Raises CaseError for no grid or more than four.
    """

    def __init__(self, grids: tuple[Grid, ...]) -> None:
        if not 1 <= len(grids) <= MOST_COORDINATES:
            expected = f"one to {MOST_COORDINATES} components"
            raise CaseError("too many components", key="grids", value=len(grids), expected=expected)
        self.grids, self.shape = grids, tuple(grid.classes for grid in grids)
        axes = np.meshgrid(*(grid.pivots for grid in grids), indexing="ij")
        self.components: Floats = np.array([axis.ravel() for axis in axes])
        self.solids: Floats = self.components.sum(axis=0)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(np.prod(self.shape))

    @property
    def strides(self) -> tuple[int, ...]:
        """Cells between neighbours along each axis."""
        return tuple(int(np.prod(self.shape[axis + 1 :])) for axis in range(len(self.shape)))

    def corner_shares(self, points: Floats) -> Any:
        """Sparse matrix (cells, points): shares of each point, the product of linear ones along the axes.

        Number, every component and every mixed product of different components are kept. Points lie within the pivots.
        """
        from scipy.sparse import csr_array

        places, above = [], []
        for grid, axis in zip(self.grids, points):
            place = np.clip(np.searchsorted(grid.pivots, axis, side="right") - 1, 0, grid.classes - 2)
            share = (axis - grid.pivots[place]) / np.diff(grid.pivots)[place]
            places.append(place)
            above.append(np.clip(share, 0.0, 1.0))
        rows, values = [], []
        for corner in product((0, 1), repeat=len(self.grids)):
            rows.append(np.ravel_multi_index(tuple(place + up for place, up in zip(places, corner)), self.shape))
            values.append(np.prod([share if up else 1.0 - share for share, up in zip(above, corner)], axis=0))
        columns = np.tile(np.arange(points.shape[1]), len(rows))
        entries = (np.concatenate(values), (np.concatenate(rows), columns))
        return csr_array(entries, shape=(self.cells, points.shape[1]))
