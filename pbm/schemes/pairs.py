"""What all schemes of one coordinate share: the pairs of classes, and where their sums fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pbm.grid import Floats, Grid
from pbm.schemes.merging import ROUND_OFF

Places = np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Pairs i >= j, `count` of them, arrays of shape (count,).

    first, second: classes i and j. rate: b_ij, halved for i = j [m3/s]. sums: x_i + x_j [m3].
    inside: whether the sum lies at or below the top pivot. target: its cell; the top class where it lies beyond.
    """

    first: Places
    second: Places
    rate: Floats
    sums: Floats
    inside: np.ndarray
    target: Places


def make_pairs(grid: Grid, rates: Floats) -> Pairs:
    """Pairs of a grid for the rate constants b_ij, shape (classes, classes) [m3/s]."""
    first, second = np.tril_indices(grid.classes)
    sums = grid.pivots[first] + grid.pivots[second]
    cells = np.searchsorted(grid.edges, sums, side="right") - 1
    inside = sums <= grid.pivots[-1] * (1.0 + ROUND_OFF)
    target = np.where(inside, np.minimum(cells, grid.classes - 1), grid.classes - 1)
    halved = np.where(first == second, 0.5, 1.0) * rates[first, second]
    return Pairs(first, second, halved, sums, inside, target)
