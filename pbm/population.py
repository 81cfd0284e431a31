"""A population in one coordinate, solid volume: aggregation and breakage with any law, by a scheme of choice.

    grid = pbm.diameter_grid(10e-6, 2e-3, 60)
    population = pbm.Population(grid, pbm.kernel("shear", shear_rate=20.0))
    result = population.solve(numbers, times)

Numbers are per volume of suspension [1/m3]. Sums beyond the top pivot go to the top class by volume: solids are kept.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.errors import CaseError
from pbm.classes import (
    BEYOND_NUMBER,
    BEYOND_VOLUME,
    BOOKED,
    GAINED,
    LAYERED,
    MERGED,
    Classes,
    Problem,
    compiled_solve,
    make_work,
    single_member,
    slope_of,
    solve_members,
    start_runs,
)
from pbm.distribution import mean_diameter, percentile
from pbm.grid import Floats, Grid
from pbm.growth import Growth, layering_tables
from pbm.laws import BreakageRate, Fragments, Kernel, Material
from pbm.runs import Runs, check_runs, check_times
from pbm.schemes.aggregation import merging_tables
from pbm.schemes.pairs import make_pairs

if TYPE_CHECKING:
    from pbm.stiff import Stiff

TELLING_LOSS = 1e-3
"""Share of the solids beyond the top pivot that is worth a warning."""


@dataclass(frozen=True)
class PopulationResult:
    """Numbers [1/m3], shape (times, classes), at `times` [s] (times,), and their ledger (times, BOOKED)."""

    grid: Grid
    material: Material
    times: Floats
    numbers: Floats
    booked: Floats
    steps: int

    def moment(self, order: float) -> Floats:
        """M_k = sum N x^k [m^(3k)/m3], shape (times,)."""
        return np.asarray(self.numbers @ self.grid.pivots**order)

    def diameter(self, fraction: float) -> Floats:
        """Diameter [m] below which this share of the volume lies, shape (times,)."""
        log_edges = np.log(self.grid.edge_diameters(self.material.porosity))
        curves = np.cumsum(self.numbers * self.grid.pivots, axis=1)
        return np.array([percentile(np.r_[0.0, curve], log_edges, fraction) for curve in curves])

    @property
    def d50(self) -> Floats:
        """Median diameter by volume [m], shape (times,)."""
        return self.diameter(0.5)

    @property
    def d32(self) -> Floats:
        """Sauter diameter [m], shape (times,)."""
        sizes = self.grid.diameters(self.material.porosity)
        return np.array([mean_diameter(row, sizes, 3, 2) for row in self.numbers])

    @property
    def imbalance(self) -> tuple[float, float]:
        """Largest relative error of solids, and of number against the booked events."""
        solids, number = self.moment(1) - self.booked[:, LAYERED], self.moment(0)
        expected = number[0] - self.booked[:, MERGED] + self.booked[:, GAINED] + self.booked[:, BEYOND_NUMBER]
        worst = np.max(np.abs(number - expected) / np.maximum(number[0], number))
        return float(np.max(np.abs(solids / solids[0] - 1.0))), float(worst)

    def plot(self, file: str | None = None) -> Any:
        """Volume distribution q3 over ln d at all times; written to `file` where one is given. Returns the figure."""
        from pbm.picture import draw_distributions

        return draw_distributions(self, file)


class Population:
    """Classes with the rates of their aggregation, breakage and growth.

    kernel, breakage_rate, fragments: laws of `pbm.laws`, none for none; breakage needs the latter two
    growth: layering, `pbm.growth.Growth`
    scheme: "cell-average", "fixed-pivot" or "finite-volume"
    tolerance: error of a step, relative, of number, solids and square; ten times that of a class
    compiled: by numba, once per machine; otherwise the same text as plain Python
    Raises CaseError for laws that do not fit the grid.
    """

    def __init__(
        self,
        grid: Grid,
        kernel: Kernel | None = None,
        breakage_rate: BreakageRate | None = None,
        fragments: Fragments | None = None,
        growth: Growth | None = None,
        scheme: str = "cell-average",
        material: Material | None = None,
        tolerance: float = 1e-5,
        compiled: bool = True,
    ) -> None:
        if (breakage_rate is None) != (fragments is None):
            raise CaseError("breakage needs a rate and fragments", key="fragments", expected="both, or neither")
        self.grid, self.material = grid, material or Material()
        self.tolerance, self.compiled = tolerance, compiled
        self.rates = np.zeros((grid.classes,) * 2) if kernel is None else kernel.rates(grid, self.material)
        self.pairs = make_pairs(grid, self.rates)
        self.merging = merging_tables(scheme, grid, self.pairs)
        self.layering = layering_tables(grid, growth, self.material.porosity)
        self.classes = self._make_classes(kernel is not None, breakage_rate, fragments)

    def _make_classes(self, aggregates: bool, rate: BreakageRate | None, fragments: Fragments | None) -> Classes:
        grid = self.grid
        table = np.zeros((grid.classes,) * 2) if fragments is None else fragments.table(grid)
        selection = np.zeros(grid.classes) if rate is None else rate.rates(grid, self.material)
        breaks = np.where(table.sum(axis=1) > 0.0, selection, 0.0)
        daughters = breaks[:, None] * (table - np.eye(grid.classes))
        gained = breaks * (table.sum(axis=1) - 1.0)
        flags = np.array([aggregates]), np.array([bool(np.any(breaks > 0.0))])
        return Classes(grid.pivots[None], *flags, daughters[None], gained[None])

    def change(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Change of the numbers [1/(m3 s)], shape (classes,), and of the ledger, shape (BOOKED,)."""
        classes = self.grid.classes
        values, slope = np.r_[numbers, np.zeros(BOOKED)], np.zeros(classes + BOOKED)
        problem = Problem(self.classes, self.merging, self.layering, single_member())
        slope_of(0, values, problem, make_work(1, classes), slope)
        return slope[:classes], slope[classes:]

    def solve(self, numbers: Floats, times: Floats, accuracy: Stiff | None = None) -> PopulationResult:
        """Numbers at `times` [s] from `numbers` [1/m3] at the first of them.

        accuracy: `pbm.Stiff` for a method of another library, where rates are much faster than what is looked at
        Raises CaseError for a bad start, SimulationError when the step collapses. Warns when more than a thousandth of
        the solids would have grown beyond the top pivot, or is in the top class where no layers grow.
        """
        start, marks = np.asarray(numbers, dtype=float), np.asarray(times, dtype=float)
        check_start(start, marks, self.grid)
        if accuracy is not None:
            from pbm.stiff_population import solve_population

            result = solve_population(self, start, marks, accuracy)
        else:
            result = self._stepped(start, marks)
        for lost in losses_of(result, self.layering.limiter[0] >= 0):
            warnings.warn(f"{lost}: enlarge the grid", stacklevel=2)
        return result

    def _stepped(self, start: Floats, marks: Floats) -> PopulationResult:
        work, stages, runs = start_runs(start[None], marks, np.array([self.tolerance]))
        solve = compiled_solve() if self.compiled else solve_members
        solve(0, 1, self.classes, self.merging, self.layering, single_member(), work, stages, runs)
        check_runs(runs, lambda member: self.blame(stages.state[member]))
        return self.result_of(runs, 0)

    def blame(self, state: Floats) -> str:
        """Which class loses its content fastest in a state that starts with the numbers [1/m3], (classes, ...)."""
        numbers, tables = state[: self.grid.classes], self.classes
        loss = self.rates @ numbers * tables.aggregates[0] - np.diag(tables.fragments[0])
        worst = int(np.argmax(loss))
        size = self.grid.diameters(self.material.porosity)[worst]
        return (
            f"class {worst} ({size:.3g} m) loses its content at {loss[worst]:.3g} per second; where that is much "
            "faster than what you look at, solve with accuracy=pbm.Stiff(); "
        )

    def result_of(self, runs: Runs, member: int) -> PopulationResult:
        """Result of one member of finished runs."""
        states, classes = runs.states[member], self.grid.classes
        steps = int(runs.steps[member, 0])
        return PopulationResult(self.grid, self.material, runs.times, states[:, :classes], states[:, classes:], steps)


def losses_of(result: PopulationResult, grows: bool) -> list[str]:
    """What of the solids the grid does not hold where it belongs, more than a thousandth of them."""
    top, found = result.grid.diameters(result.material.porosity)[-1], []
    lost = float(result.booked[-1, BEYOND_VOLUME] / result.moment(1)[0])
    if lost > TELLING_LOSS:
        found.append(f"{100.0 * lost:.2g} % of the solids would have grown beyond the top class, {top:.3g} m")
    stunted = float(result.numbers[-1, -1] * result.grid.pivots[-1] / result.moment(1)[-1])
    if grows and stunted > TELLING_LOSS:
        found.append(f"{100.0 * stunted:.2g} % of the solids are in the top class, {top:.3g} m, where no layers grow")
    return found


def check_start(numbers: Floats, times: Floats, grid: Grid) -> None:
    """Refuse numbers, shape (classes,), and times that are none; raises CaseError."""
    if numbers.shape != (grid.classes,):
        raise CaseError("numbers do not fit the grid", value=numbers.shape, expected=str((grid.classes,)))
    if not np.all(np.isfinite(numbers)) or np.any(numbers < 0.0) or not np.any(numbers > 0.0):
        raise CaseError("a number is negative or none is positive", key="numbers", expected="finite numbers >= 0")
    check_times(times)
