"""The compiled program of the granulation model, without liquid, against the same closed solution as the library."""

from __future__ import annotations

import numpy as np

from compute.verification import Check
from pbm import analytic
from pbm.aggregation.constant import Coefficients
from pbm.assemble import StatedLaws, bare_parameters, make_tables
from pbm.model import NUMBER, Stated
from pbm.program import compile_program
from pbm.selection.power import Coefficients as PowerLaw
from pbm.solve import Accuracy, Setup, solve
from pbm.verification.starts import EXACT, SMOLUCHOWSKI, exponential, wide_grid

NO_BREAKAGE = Stated(0.0, PowerLaw(0.0, 1.0))
GRAINS = 1e12
"""Grains at the start: a class of one grain does not merge with itself, which counts for less than a millionth."""


def constant_kernel() -> list[Check]:
    """tau = 98 with 30 cells: M0 and M1 to 1e-6, M2 to 1 %; balances of every step to 1e-12."""
    grid = wide_grid(30)
    start = np.zeros((1, 4, grid.classes))
    start[0, NUMBER] = GRAINS * exponential(grid)
    solids = float(start[0, NUMBER] @ grid.pivots)
    laws = StatedLaws(Stated(1.0, Coefficients(solids / GRAINS)), NO_BREAKAGE)
    times = np.array([0.0, 98.0])
    program = compile_program("constant", "always", "power")
    tables = make_tables(grid, laws=laws)
    solution = solve(Setup(program, start, bare_parameters(), tables), times, Accuracy(1e-6, 1e-3))
    moments = [solution.states[:, 0, NUMBER] @ grid.pivots**order / GRAINS for order in range(3)]
    number, second = analytic.constant_moments(float(moments[0][0]), float(moments[2][0]), 98.0)
    case = "granulation program, constant kernel, tau 98, 30 cells"
    rows = [
        Check(case, f"M{order}", expected, float(moments[order][-1]), limit, SMOLUCHOWSKI)
        for order, expected, limit in ((0, number, EXACT), (1, 1.0, EXACT), (2, second, 1e-2))
    ]
    return [*rows, Check(case, "worst balance of a step", 0.0, max(solution.worst_imbalance), 1e-12, "balance")]
