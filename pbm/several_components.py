"""A population in one to four coordinates, the solid volumes of its components, by fixed pivot.

Every merger is shared by the corners of the pivots around its sum, with the product of linear shares along the axes:
number, every component and every mixed moment of two or more components are kept, squares are spread out. Kumar and
Ramkrishna, Chem. Eng. Sci. 51 (1996) 1311, doi 10.1016/0009-2509(96)88489-2; in two coordinates Vale and McKenna, Ind.
Eng. Chem. Res. 44 (2005) 7885, doi 10.1021/ie050179s. Pairs whose sum lies above a top pivot do not merge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid
from pbm.positive import integrate
from pbm.schemes.merging import ROUND_OFF

MOST_COORDINATES = 4
MOST_ENTRIES = 60_000_000
"""Shares that may be held, of twelve bytes each."""


@dataclass(frozen=True)
class SeveralComponentResult:
    """At `times` [s]: numbers [1/m3], shape (times, n1, n2, ...); accepted steps."""

    grids: tuple[Grid, ...]
    times: Floats
    numbers: Floats
    steps: int

    def moment(self, *orders: float) -> Floats:
        """M_ab... = sum N x^a y^b ..., shape (times,)."""
        weighted = self.numbers
        for grid, order in zip(reversed(self.grids), reversed(orders)):
            weighted = weighted @ grid.pivots**order
        return np.asarray(weighted)


class SeveralComponentPopulation:
    """Grids of one to four components and a rate constant of aggregation.

    rate: b [m3/s], a number or a function of the components of both grains, arrays of shape (components, pairs)
    Raises CaseError for too many coordinates or cells, and for rates that are none.
    """

    def __init__(
        self, grids: tuple[Grid, ...], rate: float | Callable[[Floats, Floats], Floats], tolerance: float = 1e-6
    ) -> None:
        self.grids, self.tolerance = grids, tolerance
        self.shape = tuple(grid.classes for grid in grids)
        cells = int(np.prod(self.shape))
        entries = cells * (cells + 1) // 2 * 2 ** len(grids)
        if not 1 <= len(grids) <= MOST_COORDINATES or entries > MOST_ENTRIES:
            text = f"one to {MOST_COORDINATES} components and at most {MOST_ENTRIES} shares; fewer classes"
            raise CaseError("too much for this scheme", key="grids", value=f"{self.shape}: {entries}", expected=text)
        axes = np.meshgrid(*(grid.pivots for grid in grids), indexing="ij")
        self._components = np.array([axis.ravel() for axis in axes])
        first, second = np.tril_indices(cells)
        sums = self._components[:, first] + self._components[:, second]
        tops = np.array([grid.pivots[-1] for grid in grids])
        inside = np.all(sums <= tops[:, None] * (1.0 + ROUND_OFF), axis=0)
        self._first, self._second = first[inside], second[inside]
        self._rate = _pair_rates(rate, self._components[:, self._first], self._components[:, self._second])
        self._rate *= np.where(self._first == self._second, 0.5, 1.0)
        self._corners = _corner_shares(grids, sums[:, inside])

    def change(self, numbers: Floats) -> Floats:
        """Change of the flattened numbers [1/(m3 s)]."""
        events = self._rate * numbers.take(self._first) * numbers.take(self._second)
        deaths = np.bincount(self._first, events, numbers.size) + np.bincount(self._second, events, numbers.size)
        return np.asarray(self._corners @ events - deaths)

    def solve(self, numbers: Floats, times: Floats) -> SeveralComponentResult:
        """Integrate from times[0] on. Raises CaseError for a bad start, SimulationError when the step collapses."""
        start, marks = np.asarray(numbers, dtype=float), np.asarray(times, dtype=float)
        if start.shape != self.shape or not np.all(np.isfinite(start)) or np.any(start < 0.0) or not start.any():
            raise CaseError("not a start of these grids", key="numbers", value=start.shape, expected=str(self.shape))
        states, steps = integrate(self.change, start.ravel(), marks, self._error, start.size)
        return SeveralComponentResult(self.grids, marks, states.reshape(len(marks), *self.shape), steps)

    def _error(self, state: Floats, difference: Floats) -> float:
        """Worst of the cells, as a share of the solids, and of the number and the square of the solids."""
        solids = self._components.sum(axis=0)
        volumes = state * solids
        worst = float(np.max(np.abs(difference * solids) / (volumes + 1e-2 * volumes.sum())))
        for weights in (np.ones_like(solids), solids**2):
            worst = max(worst, abs(float(difference @ weights)) / float(state @ weights))
        return worst / self.tolerance


def _pair_rates(rate: float | Callable[[Floats, Floats], Floats], one: Floats, other: Floats) -> Floats:
    rates = np.array(rate(one, other) if callable(rate) else np.full(one.shape[1], float(rate)), dtype=float)
    if rates.shape != one.shape[1:] or not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
        raise CaseError("a rate is negative or no number", key="rate", expected="finite numbers >= 0, per pair")
    return rates


def _corner_shares(grids: tuple[Grid, ...], sums: Floats) -> Any:
    """Sparse matrix (cells, pairs) of the shares of every merger."""
    from scipy.sparse import csr_array

    shape, pairs = tuple(grid.classes for grid in grids), sums.shape[1]
    places, above = [], []
    for grid, total in zip(grids, sums):
        place = np.minimum(np.searchsorted(grid.pivots, total, side="right") - 1, grid.classes - 2)
        share = np.minimum((total - grid.pivots[place]) / np.diff(grid.pivots)[place], 1.0)
        places.append(place)
        above.append(share)
    rows, values = [], []
    for corner in product((0, 1), repeat=len(grids)):
        rows.append(np.ravel_multi_index(tuple(place + up for place, up in zip(places, corner)), shape))
        values.append(np.prod([share if up else 1.0 - share for share, up in zip(above, corner)], axis=0))
    columns = np.tile(np.arange(pairs), len(rows))
    entries = (np.concatenate(values), (np.concatenate(rows), columns))
    return csr_array(entries, shape=(int(np.prod(shape)), pairs))
