"""Tables of one solid component as matrices, which is how the C source of a reduced model reads them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from pbm.assemble import make_tables, nucleus_pivots
from pbm.breakage import fragment_table
from pbm.grid import Floats, Grid
from pbm.schemes.merging import ROUND_OFF


def dense_tables(grid: Grid, nucleus_solids: float, smallest_breakable: float) -> SimpleNamespace:
    """Everything that the grid decides; arguments as of `pbm.assemble.make_tables`."""
    tables = make_tables(grid, nucleus_solids, smallest_breakable)
    place, below, above = nucleus_pivots(grid, nucleus_solids)
    return SimpleNamespace(
        solid_volume=tables.solid_volume,
        log_edge_diameter=tables.log_edge_diameter,
        target=merge_targets(grid),
        leaving=leaving_shares(grid),
        fragments=fragment_table(grid),
        breakable=tables.breakable,
        powder=tables.powder,
        nucleus_class=place,
        nucleus_number=below,
        nucleus_number_above=above,
    )


def merge_targets(grid: Grid) -> np.ndarray:
    """Cell of x_i + x_j for j <= i, and `classes` for sums above the top pivot; int64, shape (classes, classes).

    The top class keeps what it sweeps up: its row names itself.
    """
    sums = grid.pivots[:, None] + grid.pivots[None, :]
    cells = np.searchsorted(grid.edges, sums, side="right") - 1
    beyond = sums > grid.pivots[-1] * (1.0 + ROUND_OFF)
    targets = np.where(beyond, grid.classes, np.minimum(cells, grid.classes - 1)).astype(np.int64)
    targets[-1] = grid.classes - 1
    return targets


def leaving_shares(grid: Grid) -> Floats:
    """Largest share of granule i that a merger with j <= i takes out of its class, shape (classes, classes).

    One where it leaves its cell; x_j x_n/(x_i (x_n - x_i)) with the next pivot n where it stays; none in the top class.
    """
    pivots = grid.pivots
    shares = np.ones((grid.classes, grid.classes))
    above = np.append(pivots[1:] / (pivots[:-1] * np.diff(pivots)), 0.0)
    stays = merge_targets(grid) == np.arange(grid.classes)[:, None]
    return np.where(stays, above[:, None] * pivots, shares)
