"""The balance of a population in two coordinates as loops over cells: right-hand side, error and integration.

The state is the numbers of the cells, row by row, followed by those of each content.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from compute.physics import routine
from pbm.grid import Floats
from pbm.runs import Runs, Stages, make_run
from pbm.schemes.cell_average_2d import Columns, Pools, Rows, hold_rows, pool_row
from pbm.schemes.sharing_2d import Cells, share_births

FLOOR = 1e-2
"""Share of the solids that the smallest cell counts as in the error of a step."""
LEAST = 1e-300
"""Stands for nothing in a denominator."""
CELL_WEIGHT = 0.1
"""What the error of a cell counts beside that of a moment."""


class PlaneProblem(NamedTuple):
    """Tables of the rates, of both coordinates and of the cells."""

    rows: Rows
    columns: Columns
    cells: Cells
    first: Floats  # pivots [m3], (n1,)
    second: Floats  # (n2,)


@routine
def plane_slope(member: int, values: Floats, problem: PlaneProblem, pools: Pools, slope: Floats) -> None:
    """Fill the change of numbers [1/(m3 s)] and contents."""
    rows, columns = problem.first.size, problem.second.size
    hold_rows(values, columns, pools)
    for row in range(rows):
        pool_row(row, problem.rows, problem.columns, pools)
    share_births(columns, problem.cells, pools)
    cells, margin = rows * columns, columns + 1
    for row in range(rows):
        for k in range(columns):
            cell, loss, number = row * columns + k, pools.loss[row, k], pools.held[0, row, k]
            slope[cell] = pools.change[0, margin + cell] - loss
            for part in range(1, pools.held.shape[0]):
                lost = loss * (pools.held[part, row, k] / number) if number > 0.0 else 0.0
                slope[part * cells + cell] = pools.change[part, margin + cell] - lost


@routine
def plane_error(member: int, values: Floats, difference: Floats, problem: PlaneProblem) -> float:
    """Largest relative error of the moments 00, 11, 20 and 02, and of the cells, each as a share of the solids.

    The moment 11 counts as what it is without correlation where it is less, as among grains of one component each.
    """
    one, other = problem.first, problem.second
    number, mixed, square, solids, worst = 0.0, 0.0, 0.0, 0.0, 0.0
    number_error, mixed_error, square_error, other_error, other_square = 0.0, 0.0, 0.0, 0.0, 0.0
    first_sum, other_sum = 0.0, 0.0
    for i in range(one.size):
        for k in range(other.size):
            value, error = values[i * other.size + k], difference[i * other.size + k]
            x, y = one[i], other[k]
            number, mixed, solids = number + value, mixed + value * x * y, solids + value * (x + y)
            first_sum, other_sum = first_sum + value * x, other_sum + value * y
            square, other_square = square + value * x * x, other_square + value * y * y
            number_error, mixed_error = number_error + error, mixed_error + error * x * y
            square_error, other_error = square_error + error * x * x, other_error + error * y * y
    for i in range(one.size):
        for k in range(other.size):
            volume = one[i] + other[k]
            value, error = values[i * other.size + k], difference[i * other.size + k]
            worst = max(worst, CELL_WEIGHT * abs(error * volume) / (value * volume + FLOOR * solids))
    mixed = max(mixed, first_sum * other_sum / number)
    worst = max(worst, max(abs(number_error) / number, abs(mixed_error) / max(mixed, LEAST)))
    worst = max(worst, max(abs(square_error) / max(square, LEAST), abs(other_error) / max(other_square, LEAST)))
    sum_of_all = number_error + mixed_error + square_error + other_error + square + other_square
    return worst if sum_of_all - sum_of_all == 0.0 else math.inf


run_plane = routine(make_run(plane_slope, plane_error))


def solve_plane(
    rows: Rows, columns: Columns, cells: Cells, first: Floats, second: Floats, pools: Pools, stages: Stages, runs: Runs
) -> None:
    """Integrate one population."""
    run_plane(0, PlaneProblem(rows, columns, cells, first, second), pools, stages, runs)


@cache
def compiled_plane() -> Callable[..., None]:
    """`solve_plane` compiled; it leaves other Python threads free."""
    from numba import njit

    from compute.cache import use_cache_folder
    from compute.physics import register_laws

    use_cache_folder()
    register_laws()
    return njit(cache=True, nogil=True, error_model="numpy")(solve_plane)
