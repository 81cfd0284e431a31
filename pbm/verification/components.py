"""Several components under a constant kernel: number and every second moment are known for any start."""

from __future__ import annotations

import numpy as np

from compute.verification import Check
from pbm.distribution import project_density
from pbm.grid import Grid, geometric_grid
from pbm.several_components import SeveralComponentPopulation
from pbm.two_components import TwoComponentPopulation
from pbm.verification.starts import EXACT

GELBARD = "Gelbard and Seinfeld, J. Colloid Interface Sci. 63 (1978) 472"
VALE = "error of Vale and McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885, as limit"


def constant_kernel() -> list[Check]:
    """40 x 40 cells on 1e-3..1e4, start exp(-x - y), tau = 100: M00, M10, M01, M11 kept to 1e-6.

    M20 = M20(0) + M10^2 tau below 7.2 %, M30 = 6 (1 + tau + tau^2/4) below 23.5 %, the errors of a fixed pivot there.
    """
    tau, grid = 100.0, geometric_grid(1e-3, 1e4, 40)
    one = project_density(lambda volume: np.exp(-volume), grid)
    population = TwoComponentPopulation((grid, grid), 1.0)
    result = population.solve(np.outer(one, one), np.array([0.0, tau]))
    case = "two components, constant kernel, tau 100, 40 x 40 cells"
    number = float(one.sum()) ** 2

    def row(first: int, second: int, expected: float, limit: float, source: str = GELBARD) -> Check:
        got = float(result.moment(first, second)[-1])
        return Check(case, f"M{first}{second}", expected, got, limit, source)

    start = {order: float(result.moment(*order)[0]) for order in ((1, 0), (0, 1), (1, 1), (2, 0))}
    return [
        row(0, 0, number / (1.0 + 0.5 * number * tau), EXACT),
        row(1, 0, start[1, 0], EXACT),
        row(0, 1, start[0, 1], EXACT),
        row(1, 1, start[1, 1] + start[1, 0] * start[0, 1] * tau, EXACT),
        row(2, 0, start[2, 0] + start[1, 0] ** 2 * tau, 0.072, VALE),
        row(3, 0, 6.0 * (1.0 + tau + 0.25 * tau**2), 0.235, VALE),
    ]


def any_number() -> list[Check]:
    """M = M(0)/(1 + M(0) tau/2), first moments constant, mixed ones M_ab(0) + M_a M_b tau, in two to four components.

    From an uneven start in the lowest cells; 1e-6 for what pairs beyond the top pivots would have done.
    """
    rows = []
    for count, cells, tau in ((2, 8, 0.2), (3, 7, 0.2), (4, 6, 0.1)):
        pivots = np.array([2.0**place for place in range(cells)])
        grid = Grid(np.append(pivots, 2.0 * pivots[-1]) / 2.0**0.5, pivots)
        grids = (grid,) * count
        start = np.zeros((cells,) * count)
        start[(slice(0, 2),) * count] = np.arange(1.0, 2.0**count + 1.0).reshape((2,) * count)
        start /= start.sum()
        result = SeveralComponentPopulation(grids, 1.0).solve(start, np.array([0.0, tau]))
        unit = np.eye(count)
        case = f"{count} components, constant kernel, {cells} cells each"
        rows.append(Check(case, "M", 1.0 / (1.0 + 0.5 * tau), float(result.moment(*unit[0] * 0.0)[-1]), EXACT, GELBARD))
        for a in range(count):
            first = result.moment(*unit[a])
            rows.append(Check(case, f"M{a + 1}", float(first[0]), float(first[-1]), EXACT, GELBARD))
            for b in range(a):
                mixed = result.moment(*(unit[a] + unit[b]))
                exact = float(mixed[0] + first[0] * result.moment(*unit[b])[0] * tau)
                rows.append(Check(case, f"M{b + 1}{a + 1}", exact, float(mixed[-1]), EXACT, GELBARD))
    return rows
