"""Cell average in two coordinates: births of a cell are pooled, then shared by the pivots around its mean.

Pooled births of a cell have a number, two means and a mixed moment relative to its pivot. Number and means go to the
pivot and its neighbours along the axes, the mixed moment to the diagonal neighbours, with the least spread that leaves
all shares positive: number, both components and their mixed moment are kept. Where the pivot would go below nil, and at
the rim of the grid, births are taken as uncorrelated, which keeps all but the mixed moment. After Kumar, Peglow,
Warnecke and Heinrich, Powder Technol. 182 (2008) 81,
doi 10.1016/j.powtec.2007.05.029, and, for the mixed moment, Vale and McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885,
doi 10.1021/ie050179s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pbm.grid import Floats, Grid
from pbm.schemes.merging import ROUND_OFF

NEIGHBOURS = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]


@dataclass(frozen=True)
class Births:
    """Pooled births by cell, shape (n1, n2): number, and moments relative to the cell's pivot [m3], [m3], [m6]."""

    number: Floats
    first: Floats
    second: Floats
    mixed: Floats


class Pool:
    """All pairs of cells that stay on the grid, in the order of the cell their sum falls into."""

    def __init__(self, grids: tuple[Grid, Grid], rates: Floats) -> None:
        """Pairs of flattened cells for b_ab [m3/s], shape (cells, cells), symmetric.

        `losses` holds the rates of the pairs that may merge.
        """
        self.shape = (grids[0].classes, grids[1].classes)
        cells = self.shape[0] * self.shape[1]
        first, second = np.tril_indices(cells)
        places, inside = [], np.ones(first.size, dtype=bool)
        self.offsets = []
        for axis, grid in enumerate(grids):
            one, other = (np.unravel_index(cell, self.shape)[axis] for cell in (first, second))
            sums = grid.pivots[one] + grid.pivots[other]
            place = np.minimum(np.searchsorted(grid.edges, sums, side="right") - 1, grid.classes - 1)
            inside &= sums <= grid.pivots[-1] * (1.0 + ROUND_OFF)
            places.append(place)
            self.offsets.append(sums - grid.pivots[place])
        target = np.ravel_multi_index(tuple(places), self.shape)
        kept = np.flatnonzero(inside & (rates[first, second] > 0.0))
        order = kept[np.argsort(target[kept], kind="stable")]
        self.first, self.second = first[order], second[order]
        self.rate = np.where(first == second, 0.5, 1.0)[order] * rates[first[order], second[order]]
        self.offsets = [offset[order] for offset in self.offsets]
        self.losses = np.zeros((cells, cells))
        self.losses[self.first, self.second] = self.losses[self.second, self.first] = rates[self.first, self.second]
        self.cells, self._starts = np.unique(target[order], return_index=True)

    def events(self, number: Floats) -> Floats:
        """Mergers per second and volume of every pair."""
        flat = number.ravel()
        return np.asarray(self.rate * flat.take(self.first) * flat.take(self.second))

    def gather(self, amount: Floats) -> Floats:
        """Sum of an amount of every pair by target cell, shape (n1, n2)."""
        result = np.zeros(self.shape[0] * self.shape[1])
        if amount.size:
            result[self.cells] = np.add.reduceat(amount, self._starts)
        return result.reshape(self.shape)

    def births(self, events: Floats) -> Births:
        """Number and moments of what is born in each cell."""
        first = events * self.offsets[0]
        second = self.gather(events * self.offsets[1])
        return Births(self.gather(events), self.gather(first), second, self.gather(first * self.offsets[1]))


class Share:
    """How the pooled births of every cell go to its pivot and the eight around it."""

    def __init__(self, grids: tuple[Grid, Grid]) -> None:
        gaps = [np.diff(grid.pivots) for grid in grids]
        up = [np.append(gap, np.inf) for gap in gaps]
        down = [np.append(np.inf, gap) for gap in gaps]
        shape = (grids[0].classes, grids[1].classes)
        self._step = {
            (axis, sign): np.broadcast_to(gap[:, None] if axis == 0 else gap[None, :], shape)
            for axis in (0, 1)
            for sign, gap in ((1, up[axis]), (-1, down[axis]))
        }
        self._inner = np.ones(shape, dtype=bool)
        self._inner[[0, -1], :] = self._inner[:, [0, -1]] = False

    def shares(self, births: Births) -> dict[tuple[int, int], Floats]:
        """Numbers for the pivot (0, 0) and its neighbours, by their offsets."""
        product = births.first * births.second
        alone = np.divide(product, births.number, out=np.zeros_like(product), where=births.number > 0.0)
        whole = self._place(births, np.where(self._inner, births.mixed, alone))
        bad = whole[0, 0] < 0.0
        if np.any(bad):
            whole = self._place(births, np.where(self._inner & ~bad, births.mixed, alone))
        return whole

    def _place(self, births: Births, mixed: Floats) -> dict[tuple[int, int], Floats]:
        first, second, rest = births.first.copy(), births.second.copy(), mixed.copy()
        shares: dict[tuple[int, int], Floats] = {}
        for along, across in ((1, 1), (-1, -1), (1, -1), (-1, 1)):
            length, width = self._step[0, along], self._step[1, across]
            fits = (first * along > 0.0) & (second * across > 0.0) & (rest * along * across > 0.0)
            room = np.minimum(np.minimum(first * along / length, second * across / width), 1e300)
            with np.errstate(invalid="ignore"):
                taken = np.where(fits, np.minimum(room, rest * along * across / (length * width)), 0.0)
            shares[along, across] = taken
        for (along, across), taken in shares.items():
            self._take(along, across, taken, first, second, rest)
        for along, across in list(shares):
            length, width = self._step[0, along], self._step[1, across]
            fits = mixed_side(rest, along * across)
            with np.errstate(invalid="ignore"):
                shares[along, across] = shares[along, across] + np.where(
                    fits, 0.5 * np.abs(rest) / (length * width), 0.0
                )
        return self._along_axes(births, shares)

    def _take(self, along: int, across: int, taken: Floats, first: Floats, second: Floats, rest: Floats) -> None:
        length, width = self._step[0, along], self._step[1, across]
        used = taken > 0.0
        first -= np.where(used, along * taken * np.where(used, length, 0.0), 0.0)
        second -= np.where(used, across * taken * np.where(used, width, 0.0), 0.0)
        rest -= np.where(used, along * across * taken * np.where(used, length * width, 0.0), 0.0)

    def _along_axes(self, births: Births, shares: dict[tuple[int, int], Floats]) -> dict[tuple[int, int], Floats]:
        """What the diagonal neighbours leave of the means goes to those along the axes, the rest to the pivot."""
        first, second = births.first.copy(), births.second.copy()
        for (along, across), taken in shares.items():
            self._take(along, across, taken, first, second, np.zeros_like(first))
        for sign in (1, -1):
            shares[sign, 0] = np.maximum(sign * first, 0.0) / self._step[0, sign]
            shares[0, sign] = np.maximum(sign * second, 0.0) / self._step[1, sign]
        left = births.number - sum(shares.values())
        shares[0, 0] = np.where(np.abs(left) < ROUND_OFF * births.number, 0.0, left)
        return shares


def mixed_side(rest: Floats, side: int) -> np.ndarray:
    """Where the rest of a mixed moment has this sign."""
    return rest * side > 0.0


def shifted(amount: Floats, offset: tuple[int, int]) -> Floats:
    """An amount of every cell, moved to the cell at `offset`; nothing leaves the grid."""
    result = np.zeros_like(amount)
    source = tuple(slice(max(0, -step), amount.shape[axis] - max(0, step)) for axis, step in enumerate(offset))
    sink = tuple(slice(max(0, step), amount.shape[axis] - max(0, -step)) for axis, step in enumerate(offset))
    result[sink] = amount[source]
    return result
