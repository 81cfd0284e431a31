"""What the cases start from: N0 = v0 = 1, so that times are those of the closed solutions."""

from __future__ import annotations

import numpy as np

from pbm.distribution import project_density
from pbm.grid import Floats, Grid, geometric_grid
from pbm.population import Population, PopulationResult

TOLERANCE = 1e-7
"""Of the time integration: its share of an error is then below every limit."""
EXACT = 1e-6
"""Limit of what a scheme keeps exactly: number and volume, relative to the projected start."""
SCOTT = "Scott, J. Atmos. Sci. 25 (1968) 54"
SMOLUCHOWSKI = "Smoluchowski, Z. Phys. Chem. 92 (1917) 129"


def wide_grid(cells: int) -> Grid:
    """Cells over 1e-3..3e3 of the mean volume, as in the published comparisons."""
    return geometric_grid(1e-3, 3e3, cells)


def exponential(grid: Grid) -> Floats:
    """Numbers of n = exp(-v), scaled to M1 = 1 for what the grid cuts off."""
    numbers = project_density(lambda volume: np.exp(-volume), grid)
    return numbers / float(numbers @ grid.pivots)


def single(grid: Grid) -> Floats:
    """Numbers of a start of one size, the pivot nearest to one, with M1 = 1."""
    numbers = np.zeros(grid.classes)
    first = int(np.argmin(np.abs(grid.pivots - 1.0)))
    numbers[first] = 1.0 / grid.pivots[first]
    return numbers


def evolve(population: Population, start: Floats, *times: float) -> PopulationResult:
    """Result at nil and at the times given."""
    return population.solve(start, np.array([0.0, *times]))
