"""How pooled births of cells in two coordinates are shared by the pivots around their mean, a block of cells at a time.

Number and means go to the pivot and its neighbours along the axes, the mixed moment to the diagonal neighbours, with
the least spread that leaves all shares positive: number, both components and their mixed moment are kept. Where the
pivot would go below nil, and at the rim of the grid, births are taken as uncorrelated, which keeps all but the mixed
moment. Sources: `cell_average_2d`.

A block is one flat array with offsets that are constants, and its cells are computed without a branch: only so is it
one loop of packed arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.physics import physics, routine
from pbm.grid import Floats, Grid
from pbm.schemes.cell_average_2d import BLOCK, MOMENTS, Pools, clear
from pbm.schemes.merging import ROUND_OFF

GAPS = 8
"""Distances of a cell to the pivots above and below along both axes, and their inverses."""
AROUND = 9
"""Pivots around a mean, row by row; the fifth is the cell's own."""
OWN = 4


class Cells(NamedTuple):
    """Tables of the cells in blocks of BLOCK; both are nil where nothing can go."""

    gaps: Floats  # up and down the first axis, up and down the second [m3], then 1/gap [1/m3], (blocks GAPS BLOCK,)
    rim: Floats  # one at the rim and beyond the last cell, (blocks BLOCK,)
    solids: Floats  # volume of a grain, with a margin on both sides as of `Pools.change` [m3]


def make_cells(grids: tuple[Grid, Grid]) -> Cells:
    """Tables of the product of two grids."""
    shape = grids[0].classes, grids[1].classes
    cells, margin = shape[0] * shape[1], shape[1] + 1
    blocks = -(-cells // BLOCK)
    gaps, rim = np.zeros((GAPS, blocks * BLOCK)), np.ones(blocks * BLOCK)
    steps = [np.diff(grid.pivots) for grid in grids]
    ways = [np.append(steps[0], 0.0), np.append(0.0, steps[0]), np.append(steps[1], 0.0), np.append(0.0, steps[1])]
    for way, gap in enumerate(ways):
        table = np.broadcast_to(gap[:, None] if way < 2 else gap[None, :], shape).ravel()
        gaps[way, :cells] = table
        gaps[way + 4, :cells] = np.divide(1.0, table, out=np.zeros(cells), where=table > 0.0)
    at_rim = np.ones(shape)
    at_rim[1:-1, 1:-1] = 0.0
    rim[:cells] = at_rim.ravel()
    solids = np.zeros(blocks * BLOCK + 2 * margin)
    solids[margin : margin + cells] = np.add.outer(grids[0].pivots, grids[1].pivots).ravel()
    ordered = gaps.reshape(GAPS, blocks, BLOCK).transpose(1, 0, 2)
    return Cells(np.ascontiguousarray(ordered).ravel(), rim, solids)


@physics
def rest_of(moment: float, taken: float) -> float:
    """Moment less what is taken of it; nil where only round-off is left."""
    rest = moment - taken
    return 0.0 if abs(rest) < ROUND_OFF * abs(moment) else rest


@physics
def corners(
    first: float, second: float, mixed: float, up: float, down: float, right: float, left: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Shares of a mixed moment for the pivots below left, below right, above left and above right, by inverse gaps.

    As far as it can, it goes the way of the means; what is left, along the diagonal of its sign.
    """
    length, width = up if first > 0.0 else down, right if second > 0.0 else left
    sign = (1.0 if first > 0.0 else -1.0) * (1.0 if second > 0.0 else -1.0)
    area = length * width
    taken = min(min(abs(first) * length, abs(second) * width), max(sign * mixed, 0.0) * area)
    rest = rest_of(mixed, sign * (taken / area if taken > 0.0 else 0.0))
    along, across = 0.5 * max(rest, 0.0), 0.5 * max(-rest, 0.0)
    above, aside = first > 0.0, second > 0.0
    return (
        along * (down * left) + (0.0 if above or aside else taken),
        across * (down * right) + (taken if aside and not above else 0.0),
        across * (up * left) + (taken if above and not aside else 0.0),
        along * (up * right) + (taken if above and aside else 0.0),
    )


@physics
def share_cell(t: int, births: Floats, gaps: Floats, shares: Floats) -> None:
    """Fill the shares of one cell of a block for the pivots around, the cell's own perhaps below nil."""
    number, first, second = births[t], births[BLOCK + t], births[2 * BLOCK + t]
    up, down, right, left = gaps[t], gaps[BLOCK + t], gaps[2 * BLOCK + t], gaps[3 * BLOCK + t]
    by_up, by_down = gaps[4 * BLOCK + t], gaps[5 * BLOCK + t]
    by_right, by_left = gaps[6 * BLOCK + t], gaps[7 * BLOCK + t]
    zero, two, six, eight = corners(first, second, births[3 * BLOCK + t], by_up, by_down, by_right, by_left)
    first = rest_of(first, (six + eight) * up - (zero + two) * down)
    second = rest_of(second, (two + eight) * right - (zero + six) * left)
    below, above = max(-first, 0.0) * by_down, max(first, 0.0) * by_up
    before, behind = max(-second, 0.0) * by_left, max(second, 0.0) * by_right
    own = number - (((zero + two) + (six + eight)) + ((below + above) + (before + behind)))
    shares[t], shares[BLOCK + t], shares[2 * BLOCK + t] = zero, below, two
    shares[3 * BLOCK + t], shares[5 * BLOCK + t] = before, behind
    shares[6 * BLOCK + t], shares[7 * BLOCK + t], shares[8 * BLOCK + t] = six, above, eight
    shares[OWN * BLOCK + t] = 0.0 if abs(own) < ROUND_OFF * number else own


@routine
def share_block(births: Floats, gaps: Floats, shares: Floats) -> None:
    """Fill the shares of a block of cells."""
    for t in range(BLOCK):
        share_cell(t, births, gaps, shares)


@physics
def part_cell(t: int, apart: float, births: Floats) -> None:
    """Take births of a cell as uncorrelated unless `apart` is nil: their mixed moment is the product of their means."""
    number, mixed = births[t], births[3 * BLOCK + t]
    product = births[BLOCK + t] * births[2 * BLOCK + t] / (number if number > 0.0 else 1.0)
    births[3 * BLOCK + t] = product if apart != 0.0 else mixed


@routine
def part_at(which: Floats, births: Floats) -> None:
    """Take births as uncorrelated where `which` is not nil."""
    for t in range(BLOCK):
        part_cell(t, which[t], births)


@routine
def mark_below_nil(values: Floats, marks: Floats) -> bool:
    """Fill the marks with one where a value is below nil, else with nil; returns whether any is."""
    found = 0
    for t in range(BLOCK):
        found += 1 if values[t] < 0.0 else 0
        marks[t] = 1.0 if values[t] < 0.0 else 0.0
    return found > 0


@routine
def share_births(columns: int, cells: Cells, pools: Pools) -> None:
    """Fill the births of numbers and contents, within the margins of `pools.change`."""
    for part in range(pools.change.shape[0]):
        clear(pools.change[part])
    for block in range(cells.rim.size // BLOCK):
        births = pools.births[block * MOMENTS * BLOCK : (block + 1) * MOMENTS * BLOCK]
        gaps = cells.gaps[block * GAPS * BLOCK : (block + 1) * GAPS * BLOCK]
        part_at(cells.rim[block * BLOCK : (block + 1) * BLOCK], births)
        share_block(births, gaps, pools.shares)
        if mark_below_nil(pools.shares[OWN * BLOCK : (OWN + 1) * BLOCK], pools.marks):
            part_at(pools.marks, births)
            share_block(births, gaps, pools.shares)
        for near in range(AROUND):
            begin = block * BLOCK + (near // 3) * columns + near % 3
            spread(pools.shares[near * BLOCK : (near + 1) * BLOCK], pools.change[0, begin : begin + BLOCK])
        for part in range(pools.born.shape[0]):
            spread_content(part, block, columns, cells.solids, pools)


@routine
def spread(shares: Floats, change: Floats) -> None:
    """Add the shares of a block to the pivots at one side."""
    for t in range(BLOCK):
        change[t] += shares[t]


@routine
def spread_content(part: int, block: int, columns: int, solids: Floats, pools: Pools) -> None:
    """Give born contents to the pivots around as the solids of the births go."""
    for t in range(BLOCK):
        begin, whole = block * BLOCK + t, 0.0
        for near in range(AROUND):
            place = begin + (near // 3) * columns + near % 3
            whole += pools.shares[near * BLOCK + t] * solids[place]
        scale = pools.born[part, begin] / whole if whole > 0.0 else 0.0
        for near in range(AROUND):
            place = begin + (near // 3) * columns + near % 3
            pools.change[1 + part, place] += pools.shares[near * BLOCK + t] * solids[place] * scale
