"""A population in one coordinate, solid volume: aggregation and breakage with any law, by a scheme of choice.

    grid = pbm.diameter_grid(10e-6, 2e-3, 60)
    population = pbm.Population(grid, pbm.kernel("shear", shear_rate=20.0))
    result = population.solve(numbers, times)

Numbers are per volume of suspension [1/m3]. Sums beyond the top pivot go to the top class by volume: solids are kept.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from compute.errors import CaseError
from pbm.distribution import mean_diameter, percentile
from pbm.grid import Floats, Grid
from pbm.growth import Growth, Layering
from pbm.laws import BreakageRate, Fragments, Kernel, Material
from pbm.positive import integrate
from pbm.schemes.aggregation import make_scheme
from pbm.schemes.pairs import make_pairs

MERGED, GAINED, BEYOND_NUMBER, BEYOND_VOLUME, LAYERED = 0, 1, 2, 3, 4
BOOKED = 5
"""Ledger beside the classes: mergers; grains gained by breakage; number the top class got more than was born above its
pivot, and the volume by which it grew beyond; solid volume gained by growth."""
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
    scheme: "cell-average", "fixed-pivot" or "finite-volume"; tolerance: error of a step, relative
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
        tolerance: float = 1e-6,
    ) -> None:
        if (breakage_rate is None) != (fragments is None):
            raise CaseError("breakage needs a rate and fragments", key="fragments", expected="both, or neither")
        self.grid, self.material, self.tolerance = grid, material or Material(), tolerance
        rates = np.zeros((grid.classes,) * 2) if kernel is None else kernel.rates(grid, self.material)
        self.pairs = make_pairs(grid, rates)
        self._merge = make_scheme(scheme, grid, self.pairs)
        self._aggregates = kernel is not None
        within_top = (self.pairs.first == grid.classes - 1) & (self.pairs.second == grid.classes - 1)
        self._excess = np.where(self.pairs.inside | within_top, 0.0, self.pairs.sums - grid.pivots[-1])
        self._break(breakage_rate, fragments)
        self._layering = None if growth is None else Layering(grid, growth, self.material.porosity)

    def _break(self, rate: BreakageRate | None, fragments: Fragments | None) -> None:
        classes = self.grid.classes
        table = np.zeros((classes, classes)) if fragments is None else fragments.table(self.grid)
        selection = np.zeros(classes) if rate is None else rate.rates(self.grid, self.material)
        breaks = np.where(table.sum(axis=1) > 0.0, selection, 0.0)
        self._breaking = (breaks[:, None] * (table - np.eye(classes))).T
        self._gained = breaks * (table.sum(axis=1) - 1.0)

    def change(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Change of the numbers [1/(m3 s)], shape (classes,), and of the ledger, shape (BOOKED,)."""
        booked = np.zeros(BOOKED)
        change = self._breaking @ numbers
        booked[GAINED] = self._gained @ numbers
        if self._aggregates:
            pairs = self.pairs
            events = pairs.rate * numbers[pairs.first] * numbers[pairs.second]
            merged, booked[BEYOND_NUMBER] = self._merge(events)
            booked[MERGED] = events.sum()
            booked[BEYOND_VOLUME] = events @ self._excess
            change = change + merged
        if self._layering is not None:
            layered, booked[LAYERED] = self._layering.change(numbers)
            change = change + layered
        return change, booked

    def solve(self, numbers: Floats, times: Floats) -> PopulationResult:
        """Numbers at `times` [s] from `numbers` [1/m3] at the first of them.

        Raises CaseError for a bad start, SimulationError when the step collapses. Warns when more than a thousandth of
        the solids would have grown beyond the top pivot.
        """
        start, marks = np.asarray(numbers, dtype=float), np.asarray(times, dtype=float)
        self._check(start, marks)
        classes = self.grid.classes

        def slope(state: Floats) -> Floats:
            return np.concatenate(self.change(state[:classes]))

        states, steps = integrate(slope, np.r_[start, np.zeros(BOOKED)], marks, self._error, classes)
        numbers, booked = states[:, :classes], states[:, classes:]
        result = PopulationResult(self.grid, self.material, marks, numbers, booked, steps)
        lost = float(result.booked[-1, BEYOND_VOLUME] / (start @ self.grid.pivots))
        if lost > TELLING_LOSS:
            warnings.warn(
                f"{100.0 * lost:.2g} % of the solids would have grown beyond the top class, "
                f"{self.grid.diameters(self.material.porosity)[-1]:.3g} m: enlarge the grid",
                stacklevel=2,
            )
        return result

    def _error(self, state: Floats, difference: Floats) -> float:
        """Worst of the classes, each as a share of the solids, and of the moments 0, 1 and 2."""
        pivots, classes = self.grid.pivots, self.grid.classes
        numbers, error = state[:classes], difference[:classes]
        volumes = numbers * pivots
        solids = volumes.sum()
        worst = float(np.max(np.abs(error * pivots) / (volumes + 1e-2 * solids)))
        for order in (0, 1, 2):
            weights = pivots**order
            worst = max(worst, abs(float(error @ weights)) / float(numbers @ weights))
        return worst / self.tolerance

    def _check(self, numbers: Floats, times: Floats) -> None:
        if numbers.shape != (self.grid.classes,):
            raise CaseError("numbers do not fit the grid", value=numbers.shape, expected=str((self.grid.classes,)))
        if not np.all(np.isfinite(numbers)) or np.any(numbers < 0.0) or not np.any(numbers > 0.0):
            raise CaseError("a number is negative or none is positive", key="numbers", expected="finite numbers >= 0")
        if times.ndim != 1 or times.size < 2 or np.any(np.diff(times) <= 0.0):
            raise CaseError("output times have to rise", key="times", expected="at least two, rising")
