"""A population in one coordinate through BDF and Radau of scipy or CVODE of SUNDIALS, as `pbm.stiff` does granulations.

Numbers are scaled to shares of the solids. What is kept of the balances is the tolerance, not round-off.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pbm.classes import BOOKED, Problem, compiled_slope, make_work, single_member, slope_of
from pbm.grid import Floats
from pbm.stiff import UNCOUNTED, Stiff, steppers

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

    from pbm.population import Population, PopulationResult

INCREMENT = 1e-7
"""Relative increment of a forward difference, of at least this share of the solids times itself."""


class _System:
    """Flat, scaled numbers with the ledger behind them."""

    def __init__(self, population: Population, solids: float) -> None:
        classes = population.grid.classes
        self.classes, self.size = classes, classes + BOOKED
        self.scale = np.append(population.grid.pivots / solids, np.ones(BOOKED))
        self._problem = Problem(population.classes, population.merging, population.layering, single_member())
        self._work = make_work(1, classes)
        self._slope_of = compiled_slope() if population.compiled else slope_of

    def change(self, _time: float, packed: Floats) -> Floats:
        values, slope = packed / self.scale, np.zeros(self.size)
        np.maximum(values[: self.classes], 0.0, out=values[: self.classes])
        self._slope_of(0, values, self._problem, self._work, slope)
        return slope * self.scale

    def jacobian(self, time: float, packed: Floats) -> csc_matrix:
        """By forward differences; nothing depends on the ledger."""
        from scipy.sparse import csc_matrix

        base, whole = self.change(time, packed), np.zeros((self.size, self.size))
        for column in range(self.classes):
            moved = packed.copy()
            moved[column] += INCREMENT * max(abs(packed[column]), INCREMENT)
            whole[:, column] = (self.change(time, moved) - base) / (moved[column] - packed[column])
        return csc_matrix(whole)


def solve_population(population: Population, start: Floats, times: Floats, accuracy: Stiff) -> PopulationResult:
    """Integrate from times[0] on, restarted at every output; errors as of `pbm.stiff.solve_stiff`."""
    from pbm.population import PopulationResult

    system = _System(population, float(start @ population.grid.pivots))
    allowed = np.append(np.full(system.classes, accuracy.tolerance * accuracy.floor), np.full(BOOKED, UNCOUNTED))
    packed, steps = np.append(start, np.zeros(BOOKED)) * system.scale, 0
    states = [packed]
    step = steppers()[accuracy.method]
    for low, high in pairwise(times):
        course = step(system, packed, (float(low), float(high)), accuracy.tolerance, allowed)
        packed, steps = course[-1][1], steps + len(course)
        states.append(packed)
    found = np.array(states) / system.scale
    numbers, booked = found[:, : system.classes], found[:, system.classes :]
    return PopulationResult(population.grid, population.material, times, numbers, booked, steps)
