"""Pairs of cells of one to four coordinates: what merges, and where the sums fall, pooled axis by axis.

A sum of two cells falls on a lattice axis by axis. Pairs are walked as pairs of classes of the first axis, within them
of the second, and so on; what the pairs of an inner axis make is pooled along that axis before it goes to the next
outer one, so that a pair costs as much in four coordinates as in one, and only pools know the other axes. Fewer than
four coordinates are preceded by axes of one class.

Pools by the corners around a sum hold numbers; pools by the cell of a sum hold the number, the share that would stay at
the pivot if each birth were shared by its corners, one moment of each axis relative to the pivot of the cell and one of
each plane of two axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.physics import routine
from pbm.grid import Floats, Grid
from pbm.lattice import MOST_COORDINATES, Lattice
from pbm.schemes.aggregation import add_scaled
from pbm.schemes.cell_average_2d import clear
from pbm.schemes.merging import ROUND_OFF
from pbm.schemes.pairs import Places

LAST = MOST_COORDINATES - 1
NUMBER, STAYING, MEAN, MIXED = 0, 1, 2, 2 + MOST_COORDINATES
MOMENTS = MIXED + MOST_COORDINATES * LAST // 2
"""Quantities of a pool: number, staying, means of the axes, mixed moments of the planes."""
CORNERS, AVERAGE, REST = 0, 1, 2
"""Ways to pool: by corners; by cells; by corners what the cells cannot place."""
WHOLE, BELOW, ABOVE, STAY, OFFSET = 0, 1, 2, 3, 4
"""Factors of a sum of two classes along one axis."""
BEYOND = 1e150
"""Stands for the distance to a pivot beyond the rim; cells there are shared by corners."""


class Axes(NamedTuple):
    """Tables of four axes with up to n classes each."""

    size: Places  # classes, (4,)
    stride: Places  # cells from one class to the next, (4,)
    reach: Places  # classes j whose sum with i stays on the axis, (4, n)
    low: Places  # pivot below x_i + x_j, (4, n, n)
    target: Places  # cell of x_i + x_j, (4, n, n)
    factor: Floats  # one, shares of the pivots below and above, share of the cell's pivot, offset, (5, 4, n, n)
    up: Floats  # to the pivot above [m3], (4, n)
    down: Floats  # to the pivot below [m3], (4, n)
    first_step: Places  # of putting a pool into that with one axis more, by way and axis, (3, 4)
    source: Places  # quantity of the inner pool, (steps,)
    kind: Places  # of the factor, (steps,)
    goal: Places  # quantity of the pool, (steps,)
    ahead: Places  # pivots beyond the place of the sum, (steps,)


class Pools(NamedTuple):
    """Pools of the axes from the innermost on, quantities of cells; and by cell what is lost, placed and left."""

    line: Floats  # (MOMENTS, n4)
    plane: Floats  # (MOMENTS, n3 n4)
    block: Floats  # (MOMENTS, n2 n3 n4)
    whole: Floats  # (MOMENTS, cells)
    loss: Floats  # what merges [1/(m3 s)], (cells,)
    born: Floats  # what is made [1/(m3 s)], (cells,)
    rest: Floats  # share of a cell's births that corners place, (cells,)
    share: Floats  # births of one cell for its neighbours: `pbm.schemes.cell_average_nd`, (SHARES,)


def make_axes(lattice: Lattice) -> Axes:
    """Tables of a lattice."""
    missing, most = MOST_COORDINATES - len(lattice.shape), max(lattice.shape)
    sizes = np.array([1] * missing + list(lattice.shape), dtype=np.int64)
    strides = np.array([lattice.cells] * missing + list(lattice.strides), dtype=np.int64)
    whole, parts = (MOST_COORDINATES, most, most), [_axis_tables(grid) for grid in lattice.grids]
    reach, low, target, up, down = (np.zeros(whole[: part.ndim + 1], dtype=part.dtype) for part in parts[0][:5])
    factor = np.zeros((5, *whole))
    reach[:missing, 0], factor[WHOLE], factor[BELOW, :missing], factor[STAY, :missing] = 1, 1.0, 1.0, 1.0
    for axis, (grid, axis_parts) in enumerate(zip(lattice.grids, parts), start=missing):
        for table, part in zip((reach, low, target, up, down), axis_parts):
            table[axis][tuple(slice(length) for length in part.shape)] = part
        factor[BELOW:, axis, : grid.classes, : grid.classes] = axis_parts[5]
    steps = [steps for way in _steps() for steps in way]
    first = np.cumsum([0, *map(len, steps)])
    columns = np.array([step for each in steps for step in each], dtype=np.int64).T.copy()
    begins = np.array([first[LAST * way : LAST * way + LAST + 1] for way in (CORNERS, AVERAGE, REST)], dtype=np.int64)
    return Axes(sizes, strides, reach, low, target, factor, up, down, begins, *columns)


def _axis_tables(grid: Grid) -> tuple[np.ndarray, ...]:
    """Reach, low, target, up, down and factors of one axis."""
    pivots, gaps = grid.pivots, np.diff(grid.pivots)
    sums = pivots[:, None] + pivots[None, :]
    reach = np.count_nonzero(sums <= pivots[-1] * (1.0 + ROUND_OFF), axis=1)
    low = np.clip(np.searchsorted(pivots, sums, side="right") - 1, 0, grid.classes - 2)
    above = np.clip((sums - pivots[low]) / gaps[low], 0.0, 1.0)
    target = np.clip(np.searchsorted(grid.edges, sums, side="right") - 1, 0, grid.classes - 1)
    offset = sums - pivots[target]
    up, down = np.append(gaps, BEYOND), np.append(BEYOND, gaps)
    staying = 1.0 - np.abs(offset) / np.where(offset > 0.0, up[target], down[target])
    return reach, low, target, up, down, np.array([1.0 - above, above, staying, offset])


def _steps() -> list[list[list[tuple[int, int, int, int]]]]:
    """By way and axis: what of the inner pool, times a factor of which kind, is added to what, how many pivots ahead.

    Along an axis all of an inner pool have one place, so that moments of the inner axes stay, and those with the axis
    are the offset along it times moments of one order less.
    """
    corners = [(NUMBER, BELOW, NUMBER, 0), (NUMBER, ABOVE, NUMBER, 1)]
    average = []
    for axis in range(LAST):
        steps = [(NUMBER, WHOLE, NUMBER, 0), (STAYING, STAY, STAYING, 0), (NUMBER, OFFSET, MEAN + axis, 0)]
        for one in range(axis + 1, MOST_COORDINATES):
            steps.append((MEAN + one, WHOLE, MEAN + one, 0))
            steps.append((MEAN + one, OFFSET, MIXED + plane_of(axis, one), 0))
            planes = [MIXED + plane_of(one, other) for other in range(one + 1, MOST_COORDINATES)]
            steps += [(plane, WHOLE, plane, 0) for plane in planes]
        average.append(steps)
    return [[corners] * LAST, average, [corners] * LAST]


@routine
def plane_of(one: int, other: int) -> int:
    """Place of the mixed moment of two axes, one < other, among the six of four axes."""
    return one * (2 * MOST_COORDINATES - 1 - one) // 2 + other - one - 1


@routine
def pool_pairs(way: int, numbers: Floats, rates: Floats, axes: Axes, pools: Pools) -> None:
    """Fill `pools.whole` from all pairs J <= I of cells, and unless it is the rest that is placed, add the losses."""
    size, stride = axes.size, axes.stride
    clear_pool(way, pools.whole)
    for i in range(size[0]):
        for j in range(min(i + 1, axes.reach[0, i])):
            clear_pool(way, pools.block)
            first, second, goal = i * stride[0], j * stride[0], axes.target[0, i, j] * stride[0]
            pool_blocks(way, i == j, first, second, goal, numbers, rates, axes, pools)
            lift(way, 0, i, j, pools.block, pools.whole, axes)


@routine
def pool_blocks(
    way: int, same: bool, first: int, second: int, goal: int, numbers: Floats, rates: Floats, axes: Axes, pools: Pools
) -> None:
    """Add to `pools.block` what the blocks of cells that begin at `first` and `second` make; goal: where sums fall."""
    size, stride, reach = axes.size, axes.stride, axes.reach
    for i in range(size[1]):
        for j in range(min(i + 1 if same else size[1], reach[1, i])):
            clear_pool(way, pools.plane)
            for k in range(size[2]):
                alike = same and i == j
                for m in range(min(k + 1 if alike else size[2], reach[2, k])):
                    one, other = first + i * stride[1] + k * stride[2], second + j * stride[1] + m * stride[2]
                    place = goal + axes.target[1, i, j] * stride[1] + axes.target[2, k, m] * stride[2]
                    clear_pool(way, pools.line)
                    if meet_lines(way, alike and k == m, one, other, place, numbers, rates, axes, pools):
                        lift(way, 2, k, m, pools.line, pools.plane, axes)
            lift(way, 1, i, j, pools.plane, pools.block, axes)


@routine
def meet_lines(
    way: int, same: bool, first: int, second: int, goal: int, numbers: Floats, rates: Floats, axes: Axes, pools: Pools
) -> bool:
    """Add to `pools.line` what two lines of cells along the last axis make; returns whether that is anything."""
    size, line, any_events = axes.size[LAST], pools.line, False
    for i in range(size):
        amount, row, lost = numbers[first + i], rates[min(first + i, rates.shape[0] - 1)], 0.0
        for j in range(min(i + 1 if same else size, axes.reach[LAST, i]) if amount != 0.0 else 0):
            events = amount * numbers[second + j] * row[second + j]
            if events != 0.0:
                events *= 0.5 if same and i == j else 1.0
                if way == REST:
                    events *= pools.rest[goal + axes.target[LAST, i, j]]
                else:
                    lost += events
                    pools.loss[second + j] += events
                if way == AVERAGE:
                    place = axes.target[LAST, i, j]
                    line[NUMBER, place] += events
                    line[STAYING, place] += events * axes.factor[STAY, LAST, i, j]
                    line[MEAN + LAST, place] += events * axes.factor[OFFSET, LAST, i, j]
                else:
                    place, above = axes.low[LAST, i, j], axes.factor[ABOVE, LAST, i, j]
                    line[NUMBER, place] += events * (1.0 - above)
                    if above > 0.0:
                        line[NUMBER, place + 1] += events * above
                any_events = any_events or events != 0.0
        pools.loss[first + i] += lost
    return any_events


@routine
def clear_pool(way: int, pool: Floats) -> None:
    """Empty a pool."""
    for quantity in range(MOMENTS if way == AVERAGE else 1):
        clear(pool[quantity])


@routine
def lift(way: int, axis: int, i: int, j: int, inner: Floats, outer: Floats, axes: Axes) -> None:
    """Add the pool of the inner axes, for classes i and j of an axis, to the pool with this axis."""
    width = inner.shape[1]
    place = axes.target[axis, i, j] if way == AVERAGE else axes.low[axis, i, j]
    for step in range(axes.first_step[way, axis], axes.first_step[way, axis + 1]):
        factor = axes.factor[axes.kind[step], axis, i, j]
        if factor != 0.0:
            begin = (place + axes.ahead[step]) * width
            add_scaled(width, factor, inner[axes.source[step]], outer[axes.goal[step], begin : begin + width])
