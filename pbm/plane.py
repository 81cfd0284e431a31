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
    for cell in range(rows * columns):
        change_cell(cell, columns, rows * columns, pools, slope)


@routine
def change_cell(cell: int, columns: int, cells: int, pools: Pools, slope: Floats) -> None:
    """Fill the change of number and contents of one cell: births less what merges."""
    row, k, margin = cell // columns, cell % columns, columns + 1
    loss, number = pools.loss[row, k], pools.held[0, row, k]
    slope[cell] = pools.change[0, margin + cell] - loss
    for part in range(1, pools.held.shape[0]):
        lost = loss * (pools.held[part, row, k] / number) if number > 0.0 else 0.0
        slope[part * cells + cell] = pools.change[part, margin + cell] - lost


Sums = tuple[float, ...]
SUMS = 11
"""Of number, mixed moment, solids, both squares, both components; errors of number, mixed moment and both squares."""


@routine
def plane_sums(begin: int, end: int, values: Floats, difference: Floats, problem: PlaneProblem) -> Sums:
    """Sums over cells that the error of a step is made of."""
    one, other = problem.first, problem.second
    number, mixed, square, solids, other_square, first_sum, other_sum = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    number_error, mixed_error, square_error, other_error = 0.0, 0.0, 0.0, 0.0
    for cell in range(begin, end):
        value, error = values[cell], difference[cell]
        x, y = one[cell // other.size], other[cell % other.size]
        number, mixed, solids = number + value, mixed + value * x * y, solids + value * (x + y)
        first_sum, other_sum = first_sum + value * x, other_sum + value * y
        square, other_square = square + value * x * x, other_square + value * y * y
        number_error, mixed_error = number_error + error, mixed_error + error * x * y
        square_error, other_error = square_error + error * x * x, other_error + error * y * y
    return (
        number, mixed, solids, square, other_square, first_sum, other_sum,
        number_error, mixed_error, square_error, other_error,
    )  # fmt: skip


@routine
def plane_worst(begin: int, end: int, sums: Sums, values: Floats, difference: Floats, problem: PlaneProblem) -> float:
    """Largest error of cells as a share of the solids, weighted."""
    one, other, worst = problem.first, problem.second, 0.0
    for cell in range(begin, end):
        volume = one[cell // other.size] + other[cell % other.size]
        value, error = values[cell], difference[cell]
        worst = max(worst, CELL_WEIGHT * abs(error * volume) / (value * volume + FLOOR * sums[2]))
    return worst


@routine
def worst_of_plane(sums: Sums, worst: float) -> float:
    """Largest relative error of the moments 00, 11, 20 and 02, and of the cells.

    The moment 11 counts as what it is without correlation where it is less, as among grains of one component each.
    """
    number, mixed, _, square, other_square, first_sum, other_sum = sums[:7]
    number_error, mixed_error, square_error, other_error = sums[7:]
    mixed = max(mixed, first_sum * other_sum / number)
    worst = max(worst, max(abs(number_error) / number, abs(mixed_error) / max(mixed, LEAST)))
    worst = max(worst, max(abs(square_error) / max(square, LEAST), abs(other_error) / max(other_square, LEAST)))
    total = number_error + mixed_error + square_error + other_error + square + other_square
    return worst if total - total == 0.0 else math.inf


@routine
def plane_error(member: int, values: Floats, difference: Floats, problem: PlaneProblem) -> float:
    """Error of a step: of moments, and of the cells, each as a share of the solids."""
    cells = problem.first.size * problem.second.size
    sums = plane_sums(0, cells, values, difference, problem)
    return worst_of_plane(sums, plane_worst(0, cells, sums, values, difference, problem))


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
