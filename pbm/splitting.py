"""Breakage of granules of several components: how often, and how fragments fall on a lattice.

Fragments "independent": two, every component uniform between nil and the parent's whatever the others are,
b(x, y, ...) = 2/(x' y' ...). Cut off at the lowest pivots from both ends, which keeps the number, every component and
their mixed products. Fragments by a law of `pbm.daughters`: each has the composition of its parent, so that the law's
share of the volume is that of every component; fines below the lowest pivots go to the smallest grain of this
composition by volume.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid
from pbm.lattice import Lattice
from pbm.laws import BreakageRate, Fragments, Material

PIECES = 64
"""Intervals of the share of volume, of equal ratio, over which a law of fragments is summed."""


@dataclass(frozen=True)
class Splitting:
    """Breakage at a rate S [1/s]: a number, a function of the components (coordinates, cells) [m3], or a law by name.

    A law is taken at the sum of the components, of granules of this material.
    """

    rate: float | Callable[[Floats], Floats] | BreakageRate
    fragments: Fragments | Literal["independent"] = "independent"
    material: Material = Material()  # noqa: RUF009

    def rates(self, lattice: Lattice) -> Floats:
        """S of every cell, (cells,); CaseError for what is no rate."""
        if isinstance(self.rate, BreakageRate):
            return self.rate.checked(lattice.solids, self.material)
        given = self.rate(lattice.components) if callable(self.rate) else np.full(lattice.cells, float(self.rate))
        rates = np.asarray(given, dtype=float)
        if rates.shape != (lattice.cells,) or not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
            raise CaseError("a breakage rate is negative or no number", key="rate", expected="finite numbers >= 0")
        return rates

    def table(self, lattice: Lattice) -> Any:
        """Sparse matrix (parents, cells) of fragments of one breakage; rows of cells that cannot break are empty."""
        if self.fragments == "independent":
            return independent_fragments(lattice)
        return alike_fragments(lattice, self.fragments)


def independent_fragments(lattice: Lattice) -> Any:
    """Two fragments, every component uniform and independent of the others."""
    from scipy.sparse import csr_array, kron

    table = csr_array(np.array([[2.0]]))
    for grid in lattice.grids:
        table = kron(table, csr_array(_uniform_shares(grid)), format="csr")
    return table


def _uniform_shares(grid: Grid) -> Floats:
    """Chance of each pivot for one component, uniform between p_0 and x_k - p_0, (parents, pivots)."""
    pivots, table = grid.pivots, np.zeros((grid.classes, grid.classes))
    for parent in np.flatnonzero(pivots >= 2.0 * pivots[0]):
        low, high = pivots[0], pivots[parent] - pivots[0]
        if high == low:
            table[parent, 0] = 1.0
            continue
        lower, upper = np.clip(pivots[:-1], low, high), np.clip(pivots[1:], low, high)
        share = (upper - lower) / (high - low)
        above = share * (0.5 * (lower + upper) - pivots[:-1]) / np.diff(pivots)
        table[parent, 1:] += above
        table[parent, :-1] += share - above
    return table


def alike_fragments(lattice: Lattice, law: Fragments) -> Any:
    """Fragments of the composition of their parent, sizes by a law."""
    from scipy.sparse import vstack

    lowest = np.array([grid.pivots[0] for grid in lattice.grids])
    rows = [_alike_row(lattice, law, parent, lowest) for parent in range(lattice.cells)]
    return vstack(rows, format="csr")


def _alike_row(lattice: Lattice, law: Fragments, parent: int, lowest: Floats) -> Any:
    from scipy.sparse import csr_array

    contents, volume = lattice.components[:, parent], float(lattice.solids[parent])
    least = float(np.max(lowest / contents))
    if least * law.least_number > 1.0:
        return csr_array((1, lattice.cells))
    marks = np.r_[0.0, np.geomspace(least, 1.0, PIECES + 1)]
    numbers, shares = law.shares(marks[:-1], marks[1:], volume)
    numbers[0] = shares[0] / least
    made = numbers > 0.0
    mean = np.minimum(shares[made] / numbers[made], 1.0)
    row = lattice.corner_shares(contents[:, None] * mean) @ numbers[made]
    return csr_array(row[None, :])
