"""The balance of a population in one to four coordinates as loops over cells: right-hand side, error and integration.

The state is the numbers of the cells, the last coordinate running fastest, followed by the ledger: mergers, grains
gained by breakage, nuclei, and what each component gained.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from compute.physics import routine
from pbm.grid import Floats
from pbm.lattice import Lattice
from pbm.runs import Runs, Stages, make_run
from pbm.schemes.cell_average_2d import clear
from pbm.schemes.cell_average_nd import SHARES, add_rest, place_births
from pbm.schemes.lattice_pairs import AVERAGE, MOMENTS, NUMBER, REST, Axes, Pools, pool_pairs
from pbm.sources import Layering, add_layers

MERGED, GAINED, BORN, FIRST_COMPONENT = 0, 1, 2, 3
"""Ledger [1/m3], [m3/m3]."""
NO_AGGREGATION = -1
FLOOR = 1e-2
"""Share of the solids that the smallest cell counts as in the error of a step."""
LEAST = 1e-300
"""Stands for nothing in a denominator."""


class Splits(NamedTuple):
    """Breakage: what grains of each cell add to a cell, as rows of a sparse matrix, and the grains gained."""

    begin: np.ndarray  # first entry of each row, and the end, (cells + 1,)
    parent: np.ndarray  # (entries,)
    rate: Floats  # [1/s], (entries,)
    gained: Floats  # by a grain of each cell [1/s], (cells,)


class LatticeProblem(NamedTuple):
    """Tables of the lattice and of everything that happens on it."""

    axes: Axes
    scheme: int  # CORNERS, AVERAGE or NO_AGGREGATION
    rates: Floats  # b of cells I and J [m3/s], (cells, cells), or (1, cells) where all have one
    splits: Splits
    layering: Layering
    source: Floats  # born in each cell [1/(m3 s)], (cells,)
    components: Floats  # [m3], (coordinates, cells)
    solids: Floats  # [m3], (cells,)


def make_pools(lattice: Lattice) -> Pools:
    """Zeroed pools of a lattice."""
    sizes = [math.prod(lattice.shape[begin:]) for begin in range(len(lattice.shape))]
    inner = ([lattice.cells] * 4 + sizes)[-4:]
    shapes = [(MOMENTS, size) for size in reversed(inner)] + [(size,) for size in (*inner[:1] * 3, SHARES)]
    return Pools(*(np.zeros(shape) for shape in shapes))


@routine
def lattice_slope(member: int, values: Floats, problem: LatticeProblem, pools: Pools, slope: Floats) -> None:
    """Fill the change of numbers [1/(m3 s)] and ledger."""
    cells = problem.solids.size
    numbers, change, booked = values[:cells], slope[:cells], slope[cells:]
    clear(slope)
    if problem.scheme != NO_AGGREGATION:
        merge_cells(numbers, problem, pools, change, booked)
    split_cells(numbers, problem.splits, change, booked)
    for layer in range(problem.layering.limiter.size):
        axis = problem.layering.component[layer]
        booked[FIRST_COMPONENT + axis] += add_layers(layer, numbers, problem.layering, change)
    for cell in range(cells):
        if problem.source[cell] > 0.0:
            change[cell] += problem.source[cell]
            booked[BORN] += problem.source[cell]
            for axis in range(problem.components.shape[0]):
                booked[FIRST_COMPONENT + axis] += problem.components[axis, cell] * problem.source[cell]


@routine
def merge_cells(numbers: Floats, problem: LatticeProblem, pools: Pools, change: Floats, booked: Floats) -> None:
    """Add aggregation."""
    clear(pools.loss)
    way, again = problem.scheme, True
    while again:
        pool_pairs(way, numbers, problem.rates, problem.axes, pools)
        again = False
        if way == AVERAGE:
            way, again = REST, place_births(problem.axes, pools)
        elif way == REST:
            add_rest(pools)
        else:
            for cell in range(numbers.size):
                pools.born[cell] = pools.whole[NUMBER, cell]
    for cell in range(numbers.size):
        change[cell] += pools.born[cell] - pools.loss[cell]
        booked[MERGED] += 0.5 * pools.loss[cell]


@routine
def split_cells(numbers: Floats, splits: Splits, change: Floats, booked: Floats) -> None:
    """Add breakage."""
    for cell in range(splits.gained.size):
        change[cell] += made_of(cell, numbers, splits)
        booked[GAINED] += splits.gained[cell] * numbers[cell]


@routine
def made_of(cell: int, numbers: Floats, splits: Splits) -> float:
    """What breakage adds to a cell, less what it takes [1/(m3 s)]."""
    made = 0.0
    for entry in range(splits.begin[cell], splits.begin[cell + 1]):
        made += splits.rate[entry] * numbers[splits.parent[entry]]
    return made


Sums = tuple[float, ...]
SUMS = 5
"""Of number and its error, square of the solids and its error, solids."""


@routine
def lattice_sums(begin: int, end: int, values: Floats, difference: Floats, problem: LatticeProblem) -> Sums:
    """Sums over cells that the error of a step is made of."""
    number, number_error, square, square_error, whole = 0.0, 0.0, 0.0, 0.0, 0.0
    for cell in range(begin, end):
        solids, value, error = problem.solids[cell], values[cell], difference[cell]
        number, whole, square = number + value, whole + value * solids, square + value * solids * solids
        number_error, square_error = number_error + error, square_error + error * solids * solids
    return number, number_error, square, square_error, whole


@routine
def lattice_worst(
    begin: int, end: int, sums: Sums, values: Floats, difference: Floats, problem: LatticeProblem
) -> float:  # fmt: skip
    """Largest error of cells as a share of the solids."""
    worst = 0.0
    for cell in range(begin, end):
        solids = problem.solids[cell]
        worst = max(worst, abs(difference[cell] * solids) / (values[cell] * solids + FLOOR * sums[4] + LEAST))
    return worst


@routine
def worst_of_lattice(sums: Sums, worst: float) -> float:
    """Largest relative error of the cells, of the number and of the square of the solids."""
    number, number_error, square, square_error = sums[:4]
    worst = max(worst, max(abs(number_error) / (number + LEAST), abs(square_error) / (square + LEAST)))
    total = number + number_error + square + square_error
    return worst if total - total == 0.0 else math.inf


@routine
def lattice_error(member: int, values: Floats, difference: Floats, problem: LatticeProblem) -> float:
    """Error of a step: of the cells, the number and the square of the solids."""
    cells = problem.solids.size
    sums = lattice_sums(0, cells, values, difference, problem)
    return worst_of_lattice(sums, lattice_worst(0, cells, sums, values, difference, problem))


run_lattice = routine(make_run(lattice_slope, lattice_error))


def solve_lattice(problem: LatticeProblem, pools: Pools, stages: Stages, runs: Runs) -> None:
    """Integrate one population."""
    run_lattice(0, problem, pools, stages, runs)


@cache
def compiled_lattice() -> Callable[..., Any]:
    """`solve_lattice` compiled; it leaves other Python threads free."""
    from numba import njit

    from compute.cache import use_cache_folder
    from compute.physics import register_laws

    use_cache_folder()
    register_laws()
    return njit(cache=True, nogil=True, error_model="numpy")(solve_lattice)
