"""Growth against n(v, t) = exp(-s t) n0(v exp(-s t)) for dv/dt = s v, and what limiters are worth."""

from __future__ import annotations

from math import exp, log2

import numpy as np

from compute.verification import Check
from pbm.grid import Floats, Grid, geometric_grid
from pbm.growth import Growth
from pbm.population import Population, PopulationResult
from pbm.verification.starts import EXACT, TOLERANCE, evolve, exponential

CHARACTERISTICS = "characteristics: dv/dt = s v"
GUNAWAN = "Gunawan, Fusman and Braatz, AIChE J. 54 (2008) 1449"


def _grown(cells: int, limiter: str) -> tuple[Grid, PopulationResult]:
    """dd/dt = d/3, that is dv/dt = v, over t = 1."""
    grid = geometric_grid(1e-4, 1e2, cells)
    population = Population(grid, growth=Growth(1.0 / 3.0, 1.0, 1.0, limiter), tolerance=TOLERANCE)
    return grid, evolve(population, exponential(grid), 1.0)


def _error(grid: Grid, numbers: Floats) -> float:
    """Sum over the cells of |number - exact|, of a number of one."""
    below = -np.expm1(-grid.edges * exp(-1.0))
    return float(np.abs(numbers - np.diff(below)).sum())


def exponential_growth() -> list[Check]:
    """s t = 1, 60 and 120 cells: M0 kept; M1 = e M1(0) to 1 % and 0.5 %, M2 = e^2 M2(0) to 3 % and 2 %.

    M1 against the ledger of layered solids to round-off.
    """
    rows = []
    for cells, first, second in ((60, 1e-2, 3e-2), (120, 5e-3, 2e-2)):
        _, result = _grown(cells, "van-leer")
        case = f"growth dv/dt = v, t 1, {cells} cells"
        start = [float(result.moment(order)[0]) for order in range(3)]
        rows.append(Check(case, "M0", start[0], float(result.moment(0)[-1]), EXACT, CHARACTERISTICS))
        rows.append(Check(case, "M1", start[1] * exp(1.0), float(result.moment(1)[-1]), first, CHARACTERISTICS))
        rows.append(Check(case, "M2", start[2] * exp(2.0), float(result.moment(2)[-1]), second, CHARACTERISTICS))
        rows.append(Check(case, "solids against layers", 0.0, result.imbalance[0], 1e-12, "balance"))
    return rows


def observed_orders() -> list[Check]:
    """Order of the density's error, 120 to 480 cells: two with van Leer's limiter, one for upwind, to a fifth."""
    rows = []
    for limiter, order in (("van-leer", 2.0), ("upwind", 1.0)):
        errors = [_error(grid, result.numbers[-1]) for grid, result in (_grown(120, limiter), _grown(480, limiter))]
        got = 0.5 * log2(errors[0] / errors[1])
        rows.append(Check(f"growth, {limiter}, 120 to 480 cells", "observed order", order, got, 0.2, GUNAWAN))
    return rows
