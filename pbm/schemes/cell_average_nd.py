"""Cell average in one to four coordinates: births of a cell are pooled, then shared by the pivots around it.

Pooled births of a cell have a number, a mean along each axis and a mixed moment of each pair of axes, all relative to
its pivot. A mixed moment goes to the neighbours along a diagonal of its plane, as far as it can together with the
means, the rest of the means to the neighbours along the axes, what is left to the pivot: number, every component and
every mixed moment of two are kept, and the square of a component grows least. As far as the pivot would go below nil,
and at the rim of the lattice, births are shared one by one by the corners around them, which keeps the same.
After Kumar, Peglow, Warnecke and Heinrich, Powder Technol. 182 (2008) 81, doi 10.1016/j.powtec.2007.05.029.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from pbm.grid import Floats
from pbm.lattice import Lattice
from pbm.schemes.merging import ROUND_OFF

QUADRANTS = ((1, 1), (-1, -1), (1, -1), (-1, 1))
BEYOND = 1e150
"""Stands for the distance to a pivot beyond the rim; cells there are shared by their means."""
Steps = tuple[tuple[int, int], ...]


class CellAverage:
    """Births of pairs, whose sums are `sums` (coordinates, pairs), on a lattice."""

    def __init__(self, lattice: Lattice, sums: Floats) -> None:
        from scipy.sparse import csr_array, vstack

        self._lattice, self._axes = lattice, range(len(lattice.shape))
        self._planes = list(combinations(self._axes, 2))
        self._target, self._corners = lattice.cell_of(sums), lattice.corner_shares(sums)
        offsets = sums - lattice.components[:, self._target]
        self._places = np.array(np.unravel_index(np.arange(lattice.cells), lattice.shape))
        self._step = {(axis, side): self._steps(axis, side) for axis in self._axes for side in (1, -1)}
        last = np.array(lattice.shape)[:, None] - 1
        self._inner = np.all((self._places > 0) & (self._places < last), axis=0)
        rows = [np.ones(sums.shape[1]), self._staying(offsets), *offsets]
        rows += [offsets[a] * offsets[b] for a, b in self._planes]
        shape, columns = (lattice.cells, sums.shape[1]), np.arange(sums.shape[1])
        parts = [csr_array((row, (self._target, columns)), shape=shape) for row in rows]
        self._moments: Any = vstack(parts, format="csr")

    def _staying(self, offsets: Floats) -> Floats:
        """Share of each birth that would stay at the pivot of its cell if it were shared by the corners around it."""
        staying = np.ones(offsets.shape[1])
        for axis, offset in enumerate(offsets):
            ahead, behind = (self._step[axis, side][self._target] for side in (1, -1))
            staying *= 1.0 - np.abs(offset) / np.where(offset > 0.0, ahead, behind)
        return staying

    def _steps(self, axis: int, side: int) -> Floats:
        """Distance from each cell's pivot to the next along an axis."""
        gaps = np.diff(self._lattice.grids[axis].pivots)
        line = np.append(gaps, BEYOND) if side > 0 else np.append(BEYOND, gaps)
        return np.asarray(line[self._places[axis]])

    def births(self, events: Floats) -> Floats:
        """Number born in each cell per second and volume, (cells,), from the mergers of every pair."""
        axes = len(self._axes)
        pooled = (self._moments @ events).reshape(-1, self._lattice.cells)
        number, staying, means, mixed = pooled[0], pooled[1], pooled[2 : 2 + axes], self._inner * pooled[2 + axes :]
        shares, pivot = self._shares(number, means, mixed)
        short = pivot < 0.0
        part = np.where(self._inner, np.where(short, staying / np.where(short, staying - pivot, 1.0), 1.0), 0.0)
        born = part * pivot
        for steps, amount in shares.items():
            self._move(born, part * amount, steps)
        born += self._corners @ (events * (1.0 - part)[self._target])
        return np.where(np.abs(born) < ROUND_OFF * np.abs(number), 0.0, born)

    def _shares(self, number: Floats, means: Floats, mixed: Floats) -> tuple[dict[Steps, Floats], Floats]:
        """What goes to each neighbour, named by its steps (axis, side), and what stays at the pivot."""
        rest, shares = means.copy(), dict[Steps, Floats]()
        for (a, b), moment in zip(self._planes, mixed):
            left = moment.copy()
            for one, other in QUADRANTS:
                length, width = self._step[a, one], self._step[b, other]
                room = np.minimum(np.maximum(one * rest[a], 0.0) / length, np.maximum(other * rest[b], 0.0) / width)
                taken = np.minimum(room, np.maximum(one * other * left, 0.0) / (length * width))
                shares[(a, one), (b, other)] = taken
                left -= one * other * taken * length * width
                rest[a] -= one * taken * length
                rest[b] -= other * taken * width
            for one, other in QUADRANTS:
                length, width = self._step[a, one], self._step[b, other]
                taken = 0.5 * np.maximum(one * other * left, 0.0) / (length * width)
                shares[(a, one), (b, other)] += taken
                rest[a] -= one * taken * length
                rest[b] -= other * taken * width
        for axis in self._axes:
            for side in (1, -1):
                shares[((axis, side),)] = np.maximum(side * rest[axis], 0.0) / self._step[axis, side]
        return shares, number - np.sum(list(shares.values()), axis=0)

    def _move(self, born: Floats, amount: Floats, steps: Steps) -> None:
        """Add an amount of every cell to the neighbour at these steps."""
        places = np.flatnonzero(self._inner & (amount != 0.0))
        shift = sum(side * self._lattice.strides[axis] for axis, side in steps)
        born[places + shift] += amount[places]
