"""A population in two coordinates, the solid volumes of two components, with lumped liquid and gas.

Cells are the product of two grids. Where grains may lack a component, its grid begins with nil, `pbm.with_nil`; those
that lack it merge among themselves as they would alone, and the cell that would hold neither stays empty. Aggregation
only. Pairs whose sum lies above the top pivot of either grid do not merge, so that both components are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compute.base import Backend
from compute.errors import CaseError
from pbm.full_tops import tell_full_tops
from pbm.grid import Floats, Grid
from pbm.laws import Kernel, Material
from pbm.plane import PlaneProblem, compiled_plane, plane_slope, solve_plane
from pbm.plane_device import DevicePlane
from pbm.runs import check_runs, check_times, make_runs, make_stages
from pbm.runs_device import slope_on, solve_on
from pbm.schemes.cell_average_2d import make_columns, make_pools, make_rows, sums_of
from pbm.schemes.sharing_2d import make_cells

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
    """Two grids with a rate constant of aggregation.

    rate: b [m3/s], a number, a function of both grains, or a kernel of `pbm.kernel` for granules of the sum of both
    components, of this `material`
    tolerance: error of a step, relative, of the moments 00, 11, 20 and 02; ten times that of a cell
    compiled: by numba, once per machine; otherwise the same text as plain Python
    Raises CaseError for rates that are none.
    """

    def __init__(
        self,
        grids: tuple[Grid, Grid],
        rate: float | PairRate | Kernel,
        tolerance: float = 2e-5,
        compiled: bool = True,
        material: Material | None = None,
    ) -> None:
        self.grids, self.tolerance, self.compiled = grids, tolerance, compiled
        self.shape = grids[0].classes, grids[1].classes
        rates = self._rates(rate, material or Material())
        if not np.all(np.isfinite(rates)) or np.any(rates < 0.0):
            raise CaseError("a rate is negative or no number", key="rate", expected="finite numbers >= 0, per pair")
        first, second = (sums_of(grid) for grid in grids)
        tables = make_rows(rates, first, second), make_columns(second), make_cells(grids)
        self._problem = PlaneProblem(*tables, grids[0].pivots, grids[1].pivots)

    def _rates(self, rate: float | PairRate | Kernel, material: Material) -> Floats:
        if isinstance(rate, Kernel):
            return rate.by_solids(np.add.outer(*(grid.pivots for grid in self.grids)).ravel(), material)
        return self._pair_rates(rate) if callable(rate) else np.array(float(rate))

    def _pair_rates(self, rate: PairRate) -> Floats:
        first, second = (axis.ravel() for axis in np.meshgrid(*(grid.pivots for grid in self.grids), indexing="ij"))
        with np.errstate(all="ignore"):
            rates = np.asarray(rate(first[:, None], second[:, None], first[None, :], second[None, :]), dtype=float)
        if rates.shape != (first.size,) * 2:
            expected = f"{(first.size,) * 2}"
            raise CaseError("not a rate of every pair", key="rate", value=rates.shape, expected=expected)
        if not np.allclose(rates, rates.T, rtol=1e-12, atol=0.0, equal_nan=True):
            raise CaseError("the rate of a pair depends on its order", key="rate", expected="b_ij = b_ji")
        filled = first + second > 0.0
        return np.where(np.outer(filled, filled), rates, 0.0)

    def change(self, numbers: Floats, contents: Floats, backend: Backend | None = None) -> tuple[Floats, Floats]:
        """Change of numbers (n1, n2) and contents (contents, n1, n2); contents move with the solids.

        backend: as of `solve`
        """
        values = np.concatenate((numbers[None], contents))
        slope = np.zeros(values.size)
        if backend is None:
            plane_slope(0, values.ravel(), self._problem, make_pools(*self.shape, len(contents)), slope)
        else:
            slope = slope_on(backend, DevicePlane(backend, self._problem, len(contents)), values.ravel())
        changes = slope.reshape(values.shape)
        return changes[0], changes[1:]

    def solve(
        self, numbers: Floats, times: Floats, contents: Floats | None = None, backend: Backend | None = None
    ) -> TwoComponentResult:
        """Integrate from times[0] on; numbers (n1, n2) [1/m3], contents (contents, n1, n2) [m3/m3].

        backend: a device, `compute.get_backend("cuda")`, that runs cells side by side; else the CPU
        Raises CaseError for a bad start, SimulationError when the step collapses. Warns of components in granules that
        the grids hold back, by `pbm.full_tops`.
        """
        marks = np.asarray(times, dtype=float)
        held = np.zeros((0, *self.shape)) if contents is None else np.asarray(contents, dtype=float)
        start = np.concatenate((np.asarray(numbers, dtype=float)[None], held)) if held.size else numbers[None]
        if start.shape[1:] != self.shape or not np.all(np.isfinite(start)) or np.any(start < 0.0) or not start[0].any():
            expected = f"{self.shape}, >= 0"
            raise CaseError("not a start of these grids", key="numbers", value=start.shape, expected=expected)
        if start[0, 0, 0] > 0.0 and self.grids[0].pivots[0] + self.grids[1].pivots[0] == 0.0:
            problem, number = "grains without any component", float(start[0, 0, 0])
            raise CaseError(problem, key="numbers[0, 0]", value=number, expected="nil where both pivots are nil")
        check_times(marks)
        runs = make_runs(start.reshape(1, -1), marks, np.array([self.tolerance]), start.size)
        if backend is None:
            solve = compiled_plane() if self.compiled else solve_plane
            solve(*self._problem, make_pools(*self.shape, len(start) - 1), make_stages(1, start.size), runs)
        else:
            solve_on(backend, DevicePlane(backend, self._problem, len(start) - 1), runs)
        check_runs(runs)
        stacks = runs.states[0].reshape(len(marks), *start.shape)
        tell_full_tops(self.grids, stacks[-1, 0], True)
        return TwoComponentResult(self.grids, marks, stacks[:, 0], stacks[:, 1:], int(runs.steps[0, 0]))
