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
from pbm.schemes.cell_average_2d import Axis, Plane, Pools, clear, place_births, pool_row

FLOOR = 1e-2
"""Share of the solids that the smallest cell counts as in the error of a step."""
LEAST = 1e-300
"""Stands for nothing in a denominator."""
CELL_WEIGHT = 0.1
"""What the error of a cell counts beside that of a moment."""


class PlaneProblem(NamedTuple):
    """Tables of both coordinates and of the rates."""

    first: Axis
    second: Axis
    plane: Plane


@routine
def share_cell(row: int, column: int, first: Axis, second: Axis, pools: Pools) -> None:
    """Fill the shares of one cell's births: with their mixed moment, or as uncorrelated where that cannot be."""
    rows, columns = first.pivots.size, second.pivots.size
    cell = row * columns + column
    number, one, other = pools.number[cell], pools.first[cell], pools.second[cell]
    down, up = (first.down[row], second.down[column]), (first.up[row], second.up[column])
    left = -1.0
    if 0 < row < rows - 1 and 0 < column < columns - 1:
        left = place_births(number, one, other, pools.mixed[cell], down, up, pools.share)
    if left < 0.0:
        place_births(number, one, other, one * other / number, down, up, pools.share)


@routine
def spread_cell(row: int, column: int, first: Axis, second: Axis, pools: Pools, slope: Floats) -> None:
    """Give a cell's births to the pivots around it, and its born contents as the solids of these births go."""
    rows, columns, cells = first.pivots.size, second.pivots.size, pools.number.size
    solids = 0.0
    for near in range(9):
        i, k = row + near // 3 - 1, column + near % 3 - 1
        if pools.share[near] != 0.0 and 0 <= i < rows and 0 <= k < columns:
            slope[i * columns + k] += pools.share[near]
            solids += pools.share[near] * (first.pivots[i] + second.pivots[k])
    for begin in range(0, pools.content.size, cells):
        scale = pools.content[begin + row * columns + column] / solids
        for near in range(9):
            i, k = row + near // 3 - 1, column + near % 3 - 1
            if pools.share[near] != 0.0 and 0 <= i < rows and 0 <= k < columns:
                held = pools.share[near] * (first.pivots[i] + second.pivots[k])
                slope[cells + begin + i * columns + k] += held * scale


@routine
def content_of_each(values: Floats, pools: Pools) -> None:
    """Fill the contents of one grain; nil in an empty cell."""
    cells = pools.number.size
    for k in range(pools.each.size):
        number = values[k % cells]
        pools.each[k] = values[cells + k] / number if number > 0.0 else 0.0


@routine
def plane_slope(member: int, values: Floats, problem: PlaneProblem, pools: Pools, slope: Floats) -> None:
    """Fill the change of numbers [1/(m3 s)] and contents."""
    first, second, cells = problem.first, problem.second, pools.number.size
    clear(pools.number)
    clear(pools.first)
    clear(pools.second)
    clear(pools.mixed)
    clear(pools.loss)
    clear(pools.content)
    content_of_each(values, pools)
    for row in range(first.pivots.size):
        pool_row(row, values, first, second, problem.plane, pools)
    for k in range(cells):
        slope[k] = -pools.loss[k]
    for k in range(pools.each.size):
        slope[cells + k] = -pools.loss[k % cells] * pools.each[k]
    for row in range(first.pivots.size):
        for column in range(second.pivots.size):
            if pools.number[row * second.pivots.size + column] > 0.0:
                share_cell(row, column, first, second, pools)
                spread_cell(row, column, first, second, pools, slope)


@routine
def plane_error(member: int, values: Floats, difference: Floats, problem: PlaneProblem) -> float:
    """Largest relative error of the moments 00, 11, 20 and 02, and of the cells, each as a share of the solids.

    The moment 11 counts as what it is without correlation where it is less, as among grains of one component each.
    """
    one, other = problem.first.pivots, problem.second.pivots
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


def solve_plane(first: Axis, second: Axis, plane: Plane, pools: Pools, stages: Stages, runs: Runs) -> None:
    """Integrate one population."""
    run_plane(0, PlaneProblem(first, second, plane), pools, stages, runs)


@cache
def compiled_plane() -> Callable[..., None]:
    """`solve_plane` compiled; it leaves other Python threads free."""
    from numba import njit

    from compute.cache import use_cache_folder
    from compute.physics import register_laws

    use_cache_folder()
    register_laws()
    return njit(cache=True, nogil=True, error_model="numpy")(solve_plane)
