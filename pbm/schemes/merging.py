"""Which cell the sum of two granules falls into, as lists that the pair loop walks through.

For every granule i the partners j <= i are put together by the cell of the sum: one segment for each cell. A segment
grows i where the sum stays in the cell of i and lies below its pivot in no component.

Sums above the top pivot of a component lie on the rim: with L the largest of (x_i + x_j)/x_top over the components, the
merger makes L granules of (x_i + x_j)/L each, so that every component is kept. Granules that would fill two (L >= 2) do
not merge.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.packed import WIDTH, line_zeros
from pbm.cells import Cells
from pbm.grid import Floats
from pbm.model import FIRST, INSIDE, SECOND, Merging

ROUND_OFF = 1e-14
"""Relative excess over the top pivot that counts as the pivot itself."""
KINDS = 8
"""More than the kinds of segments of one target: rims and inside, growing or not."""


def make_merging(cells: Cells) -> Merging:
    """Segments of all pairs, in the order of i, then of the cell of the sum."""
    rows, starts = [0], [0]
    targets: list[int] = []
    rims: list[int] = []
    grows: list[int] = []
    partners: list[np.ndarray] = []
    apart: list[np.ndarray] = []
    for i in range(cells.count):
        target, rim, growing, merges = _sums(cells, i)
        key = KINDS * target + 2 * (rim - INSIDE) + growing
        for each in np.unique(key[merges]):
            inside = np.flatnonzero(merges & (key == each))
            partners.append(inside)
            starts.append(starts[-1] + inside.size)
            targets.append(each // KINDS)
            rims.append((each % KINDS) // 2 + INSIDE)
            grows.append(each % 2)
        rows.append(len(targets))
        apart.append(np.flatnonzero(~merges))
    ends = np.cumsum([0, *(each.size for each in apart)])
    lists = (rows, starts, targets, rims, grows, np.concatenate(partners), ends, np.concatenate(apart))
    pivots = line_zeros((cells.count, WIDTH))
    pivots[:, FIRST], pivots[:, SECOND] = cells.components
    tables: list[Any] = [*(np.asarray(each, dtype=np.int64) for each in lists), pivots]
    return Merging(*tables)


def _sums(cells: Cells, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For the partners j <= i: cell of the sum, component of the rim, whether i grows, whether they merge."""
    pivots = cells.components
    sums = pivots[:, i : i + 1] + pivots[:, : i + 1]
    excess = np.array([sums[axis] / grid.pivots[-1] for axis, grid in enumerate(cells.grids)])
    full = np.isinf(cells.distances(up=True)) & (pivots > 0.0)
    above = (excess.max(axis=0) > 1.0 + ROUND_OFF) | np.any(full[:, : i + 1] | full[:, i : i + 1], axis=0)
    rim = np.where(above, excess.argmax(axis=0), INSIDE)
    copies = np.where(rim == INSIDE, 1.0, excess.max(axis=0))
    places = sums / copies
    target = cell_of(cells, places)
    rises = np.all(places >= pivots[:, i : i + 1] * (1.0 - ROUND_OFF), axis=0)
    growing = (target == i) & rises & (np.arange(i + 1) < i)
    return target, rim, growing.astype(int), copies < 2.0 * (1.0 - ROUND_OFF)


def cell_of(cells: Cells, places: Floats) -> np.ndarray:
    """Cell that holds each of these granules, shape (2, n) [m3]; the top one of what lies above."""
    target = np.zeros(places.shape[1], dtype=np.int64)
    for axis, grid in enumerate(cells.grids):
        inside = np.searchsorted(grid.edges, places[axis], side="right") - 1
        target += cells.stride[axis] * np.clip(inside, 0, grid.classes - 1)
    return target


def outgrowing(cells: Cells) -> Floats:
    """Share of a granule that leaves its class per volume of a component gained [1/m3], shape (2, cells).

    (x + s)/(x s) with the granule's solid volume x and the distance s to the next pivot; nil in the top class.
    """
    return np.asarray(1.0 / cells.distances(up=True) + 1.0 / cells.solid_volume * np.isfinite(cells.distances(up=True)))
