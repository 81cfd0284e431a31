"""Breakage, alone and against aggregation, beside closed solutions."""

from __future__ import annotations

from math import exp

from scipy.special import beta

from compute.verification import Check
from pbm import analytic
from pbm.grid import geometric_grid
from pbm.laws import breakage_rate, fragments, kernel
from pbm.population import Population
from pbm.verification.starts import EXACT, TOLERANCE, evolve, exponential

ZIFF = "Ziff and McGrady, J. Phys. A 18 (1985) 3027"
MCCOY = "McCoy and Madras, J. Colloid Interface Sci. 201 (1998) 200"
BALANCE = {0.5: 0.6397654, 2.0: 1.9757273, 10.0: 10.0}
"""phi(2) by the ratio phi_inf."""


def linear_rate() -> list[Check]:
    """S = S1 v, two uniform daughters, tau = 3, 60 cells.

    M0 to 1 %: fines below the grid are booked by volume. M2 to 3 %: a daughter sits on its pivot, which adds the cell's
    variance, (q - 1)^2/(3 (q + 1)^2) = 0.4 % of x^2 a generation.
    """
    grid = geometric_grid(1e-4, 3e2, 60)
    rate = breakage_rate("power", rate=1.0, reference_volume=1.0)
    result = evolve(
        Population(grid, None, rate, fragments("uniform"), tolerance=TOLERANCE), exponential(grid), 3.0
    )  # fmt: skip
    case, limits = "breakage S1 v, uniform, tau 3, 60 cells", (1e-2, EXACT, 3e-2)
    exact = [analytic.breakage_moment(order, 3.0) for order in range(3)]
    return [
        Check(case, f"M{order}", exact[order], float(result.moment(order)[-1]), limits[order], ZIFF)
        for order in range(3)
    ]


def constant_rate() -> list[Check]:
    """S constant, t = 1: M_k grows as exp((mu_k - 1) S t), mu_k the daughters' moment, for any start (two laws).

    M0 to 1e-3: the smallest classes do not break. M2 as with the linear rate, 3 %.
    """
    grid = geometric_grid(1e-8, 1e2, 100)
    rate = breakage_rate("power", rate=1.0, reference_volume=1.0, exponent=0.0)
    rows = []
    for number, shape in ((3.0, 2.0), (2.0, 4.0)):
        law = fragments("diemer-olson", number=number, shape=shape)
        result = evolve(Population(grid, None, rate, law, tolerance=TOLERANCE), exponential(grid), 1.0)
        first, second = shape + 1.0, (shape + 1.0) * (number - 1.0)
        share = number * float(beta(first + 2.0, second) / beta(first, second))
        case = f"breakage at a constant rate, {number:g} daughters of shape {shape:g}"
        for order, growth, limit in ((0, number - 1.0, 1e-3), (1, 0.0, EXACT), (2, share - 1.0, 3e-2)):
            exact, got = float(result.moment(order)[0]) * exp(growth), float(result.moment(order)[-1])
            rows.append(Check(case, f"M{order}", exact, got, limit, "moments of the daughters' law"))
    return rows


def against_aggregation() -> list[Check]:
    """Constant kernel and S1 v with uniform daughters: phi(2) for three ratios of their rates, 60 cells.

    To 0.5 %: the start is cut at 1e-4 v0 and the smallest classes do not break.
    """
    grid = geometric_grid(1e-4, 6e1, 60)
    rows = []
    for steady, expected in BALANCE.items():
        rate = breakage_rate("power", rate=0.5 * steady**2, reference_volume=1.0)
        population = Population(
            grid, kernel("constant", rate_coefficient=1.0), rate, fragments("uniform"), tolerance=TOLERANCE
        )
        got = float(evolve(population, exponential(grid), 2.0).moment(0)[-1])
        rows.append(Check(f"aggregation and breakage, phi_inf {steady:g}", "phi(2)", expected, got, 5e-3, MCCOY))
    return rows
