"""A population in two coordinates, the solid volumes of two components, with lumped liquid and gas.

Cells are the product of two grids; a grain may hold little of a component, never none. Aggregation only. Pairs whose
sum lies above the top pivot of either grid do not merge, so that both components are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats, Grid
from pbm.positive import integrate
from pbm.schemes.cell_average_2d import Pool, Share, shifted

PairRate = Callable[[Floats, Floats, Floats, Floats], Floats]
"""b [m3/s] of arrays x_i, y_i, x_j, y_j [m3]; symmetric."""


@dataclass(frozen=True)
class TwoComponentResult:
    """At `times` [s]: numbers [1/m3] (times, n1, n2), contents (times, contents, n1, n2), accepted steps."""

    grids: tuple[Grid, Grid]
    times: Floats
    numbers: Floats
    contents: Floats
    steps: int

    def moment(self, first: float, second: float) -> Floats:
        """M_ab = sum N x^a y^b, shape (times,)."""
        weights = self.grids[0].pivots[:, None] ** first * self.grids[1].pivots[None, :] ** second
        return np.asarray(np.einsum("tij,ij->t", self.numbers, weights))


class TwoComponentPopulation:
    """Two grids with a rate constant of aggregation: a number, or a function of both grains; tolerance of a step."""

    def __init__(self, grids: tuple[Grid, Grid], rate: float | PairRate, tolerance: float = 5e-5) -> None:
        self.grids, self.tolerance = grids, tolerance
        first, second = (axis.ravel() for axis in np.meshgrid(grids[0].pivots, grids[1].pivots, indexing="ij"))
        cells = first.size
        if callable(rate):
            rates = rate(first[:, None], second[:, None], first[None, :], second[None, :])
        else:
            rates = np.full((cells, cells), float(rate))
        if rates.shape != (cells, cells) or not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
            raise CaseError("a rate is negative or no number", key="rate", expected="finite numbers >= 0, per pair")
        if not np.allclose(rates, rates.T, rtol=1e-12, atol=0.0):
            raise CaseError("the rate of a pair depends on its order", key="rate", expected="b_ij = b_ji")
        self._pool, self._share = Pool(grids, rates), Share(grids)
        self._solids = (first + second).reshape(self._pool.shape)

    def change(self, numbers: Floats, contents: Floats) -> tuple[Floats, Floats]:
        """Change of numbers (n1, n2) and contents (contents, n1, n2); contents move with the solids."""
        pool = self._pool
        events = pool.events(numbers)
        births = pool.births(events)
        relative = (pool.losses @ numbers.ravel()).reshape(pool.shape)
        shares = self._share.shares(births)
        change = sum(shifted(amount, offset) for offset, amount in shares.items()) - relative * numbers
        moved = np.empty_like(contents)
        for place, content in enumerate(contents):
            moved[place] = self._carry(content, numbers, events, shares) - relative * content
        return np.asarray(change), moved

    def _carry(self, content: Floats, numbers: Floats, events: Floats, shares: dict[tuple[int, int], Floats]) -> Floats:
        """Content born in every cell, shared as the solids of its births are."""
        each = np.divide(content, numbers, out=np.zeros(content.shape), where=numbers > 0.0).ravel()
        born = self._pool.gather(events * (each[self._pool.first] + each[self._pool.second]))
        parts = {offset: amount * _seen(self._solids, offset) for offset, amount in shares.items()}
        total = np.asarray(sum(parts.values()))
        scale = np.divide(born, total, out=np.zeros(total.shape), where=total > 0.0)
        return np.asarray(sum(shifted(part * scale, offset) for offset, part in parts.items()))

    def solve(self, numbers: Floats, times: Floats, contents: Floats | None = None) -> TwoComponentResult:
        """Integrate from times[0] on; numbers (n1, n2) [1/m3], contents (contents, n1, n2) [m3/m3].

        Raises CaseError for a bad start, SimulationError when the step collapses.
        """
        shape, marks = self._pool.shape, np.asarray(times, dtype=float)
        held = np.zeros((0, *shape)) if contents is None else np.asarray(contents, dtype=float)
        start = np.concatenate((np.asarray(numbers, dtype=float)[None], held)) if held.size else numbers[None]
        if start.shape[1:] != shape or not np.all(np.isfinite(start)) or np.any(start < 0.0) or not start[0].any():
            raise CaseError("not a start of these grids", key="numbers", value=start.shape, expected=f"{shape}, >= 0")

        def slope(state: Floats) -> Floats:
            stack = state.reshape(-1, *shape)
            change, moved = self.change(stack[0], stack[1:])
            return np.concatenate((change.ravel(), moved.ravel()))

        states, steps = integrate(slope, start.ravel(), marks, self._error, start.size)
        stacks = states.reshape(len(marks), -1, *shape)
        return TwoComponentResult(self.grids, marks, stacks[:, 0], stacks[:, 1:], steps)

    def _error(self, state: Floats, difference: Floats) -> float:
        """Worst of the cells, as a share of the solids, and of the moments up to the mixed and the squares."""
        size = self._solids.size
        numbers, error = (each[:size].reshape(self._pool.shape) for each in (state, difference))
        volumes = numbers * self._solids
        worst = float(np.max(np.abs(error * self._solids) / (volumes + 1e-2 * volumes.sum())))
        for one, other in ((0, 0), (1, 1), (2, 0), (0, 2)):
            weights = self.grids[0].pivots[:, None] ** one * self.grids[1].pivots[None, :] ** other
            worst = max(worst, abs(float(np.sum(error * weights))) / float(np.sum(numbers * weights)))
        return worst / self.tolerance


def _seen(amount: Floats, offset: tuple[int, int]) -> Floats:
    """The amount at the cell at `offset` of every cell."""
    return shifted(amount, (-offset[0], -offset[1]))
