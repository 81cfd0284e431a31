"""Cell average in two coordinates: births of a cell are pooled, then shared by the pivots around it, `sharing_2d`.

Pooled births of a cell have a number, two means and a mixed moment relative to its pivot. After Kumar, Peglow,
Warnecke and Heinrich, Powder Technol. 182 (2008) 81, doi 10.1016/j.powtec.2007.05.029, and, for the mixed moment, Vale
and McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885, doi 10.1021/ie050179s.

Cells are counted row by row, the second coordinate running. Rows that fall into the same row of cells together with one
larger row, at like rates, are summed up before they meet it; what falls into a row of cells is summed up, for every
pair of columns, before columns are pooled: sums over all pairs of cells are then sums of a few whole rows. Rows are
filled up with nil to a multiple of eight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.packed import WIDTH, meet_row
from compute.physics import routine
from pbm.grid import Floats, Grid
from pbm.schemes.merging import ROUND_OFF
from pbm.schemes.pairs import Places

BLOCK = 64
"""Cells that are shared together."""
MOMENTS = 4
"""Of pooled births: number, first, second and mixed moment relative to the pivot."""


class Sums(NamedTuple):
    """Where sums of two classes of one coordinate fall, (n, n)."""

    inside: np.ndarray  # whether x_i + x_j stays on the grid
    target: Places  # cell of x_i + x_j
    offset: Floats  # x_i + x_j less the pivot of its cell [m3]


class Rows(NamedTuple):
    """Groups of pairs of rows i >= j with one i, one row of targets and like rates."""

    rates: Floats  # b of cells (i, k) and (j, m) at [block, m, k], nil beyond the grid [m3/s], (blocks, n2, width)
    block: Places  # (groups,)
    larger: Places  # row i, (groups,)
    begin: Places  # the first pair of each group, and the end, (groups + 1,)
    smaller: Places  # row j, (pairs,)
    share: Floats  # a half for i = j, else one, (pairs,)
    offset: Floats  # x_i + x_j less the pivot of its row, times the share [m3], (pairs,)
    target: Places  # the first group of each row of targets, and the end, (n1 + 1,)


class Columns(NamedTuple):
    """Pairs of columns in the order of the column they fall into."""

    place: Places  # of a pair among those of `Pools`, (pairs,)
    offset: Floats  # y_k + y_m less the pivot of its column [m3], (pairs,)
    begin: Places  # the first pair of each column of targets, and the end, (n2 + 1,)


class Pools(NamedTuple):
    """What a right-hand side needs; rows have the width of the rates, blocks are of BLOCK cells."""

    held: Floats  # numbers, and contents of cells that are not empty, row by row, (1 + contents, n1, width)
    loss: Floats  # what merges, (n1, width)
    smaller: Floats  # sums over the smaller rows of a group: share, share times offset, contents, (2 + contents, n2)
    lost: Floats  # in a group by a grain of the smaller rows, and by the larger row, (2, width)
    pairs: Floats  # of columns: number, first moment, contents, (2 + contents, n2 width)
    births: Floats  # moments of blocks one after another, (blocks MOMENTS BLOCK,)
    born: Floats  # born contents, (contents, blocks BLOCK)
    shares: Floats  # of a block for each of the pivots around, (9 BLOCK,)
    marks: Floats  # cells of a block that are shared as uncorrelated, (BLOCK,)
    change: Floats  # of numbers and contents, with a margin on both sides, (1 + contents, blocks BLOCK + 2 margin)


def sums_of(grid: Grid) -> Sums:
    """Sums of the classes of one coordinate."""
    pivots = grid.pivots
    sums = pivots[:, None] + pivots[None, :]
    target = np.minimum(np.searchsorted(grid.edges, sums, side="right") - 1, grid.classes - 1)
    inside = sums <= pivots[-1] * (1.0 + ROUND_OFF)
    offset = np.where(target == np.arange(grid.classes), pivots[:, None], sums - pivots[target])
    offset = np.where(target == np.arange(grid.classes)[:, None], pivots[None, :], offset)
    return Sums(inside, target, offset)


def padded(columns: int) -> int:
    """Width of a row of so many columns."""
    return -(-columns // WIDTH) * WIDTH


def make_rows(rates: Floats, first: Sums, second: Sums) -> Rows:
    """Groups of pairs of rows from the rates of all pairs of cells, (cells, cells), or from the one rate of all."""
    rows, columns = len(first.target), len(second.target)
    table = np.broadcast_to(rates, (rows * columns,) * 2).reshape(rows, columns, rows, columns)
    larger, smaller = (places[first.inside[np.tril_indices(rows)]] for places in np.tril_indices(rows))
    found: dict[bytes, int] = {}
    blocks: list[Floats] = []
    places = np.zeros(larger.size, dtype=np.int64)
    for pair in range(larger.size if rates.size > 1 else 1):
        block = np.zeros((columns, padded(columns)))
        block[:, :columns] = np.where(second.inside, table[larger[pair], :, smaller[pair], :].T, 0.0)
        places[pair] = found.setdefault(block.tobytes(), len(blocks))
        if places[pair] == len(blocks):
            blocks.append(block)
    keys = np.stack((first.target[larger, smaller], larger, places), axis=1)
    order = np.lexsort((smaller, *keys.T[::-1]))
    larger, smaller, keys = larger[order], smaller[order], keys[order]
    begin = np.flatnonzero(np.r_[True, np.any(np.diff(keys, axis=0) != 0, axis=1)])
    share = np.where(larger == smaller, 0.5, 1.0)
    target = np.searchsorted(keys[begin, 0], np.arange(rows + 1))
    ends = np.append(begin, larger.size)
    offset = share * first.offset[larger, smaller]
    return Rows(np.array(blocks), keys[begin, 2], larger[begin], ends, smaller, share, offset, target)


def make_columns(sums: Sums) -> Columns:
    """Pairs of columns that stay on the grid."""
    columns = len(sums.target)
    one, other = np.nonzero(sums.inside)
    order = np.argsort(sums.target[one, other], kind="stable")
    one, other = one[order], other[order]
    begin = np.searchsorted(sums.target[one, other], np.arange(columns + 1))
    return Columns(one * padded(columns) + other, sums.offset[one, other], begin)


def make_pools(rows: int, columns: int, contents: int) -> Pools:
    """Zeroed pools."""
    width, cells = padded(columns), -(-rows * columns // BLOCK) * BLOCK
    return Pools(
        np.zeros((1 + contents, rows, width)), np.zeros((rows, width)), np.zeros((2 + contents, columns)),
        np.zeros((2, width)), np.zeros((2 + contents, columns * width)), np.zeros(MOMENTS * cells),
        np.zeros((contents, cells)), np.zeros(9 * BLOCK), np.zeros(BLOCK),
        np.zeros((1 + contents, cells + 2 * (columns + 1))),
    )  # fmt: skip


@routine
def clear(values: Floats) -> None:
    """Put nil everywhere."""
    for k in range(values.size):
        values[k] = 0.0


@routine
def hold_rows(values: Floats, columns: int, pools: Pools) -> None:
    """Fill the rows of numbers and of contents, and put the losses at nil."""
    for row in range(pools.held.shape[1]):
        for k in range(columns):
            hold_cell(row, k, values, columns, pools)
        clear(pools.loss[row])


@routine
def hold_cell(row: int, k: int, values: Floats, columns: int, pools: Pools) -> None:
    """Fill number and contents of a cell."""
    number, cells = values[row * columns + k], pools.held.shape[1] * columns
    pools.held[0, row, k] = number
    for part in range(1, pools.held.shape[0]):
        content = values[part * cells + row * columns + k]
        pools.held[part, row, k] = content if number > 0.0 else 0.0


@routine
def sum_smaller(group: int, rows: Rows, pools: Pools) -> None:
    """Fill the sums over the smaller rows of a group."""
    for part in range(pools.smaller.shape[0]):
        clear(pools.smaller[part])
    for pair in range(rows.begin[group], rows.begin[group + 1]):
        numbers, share, offset = pools.held[0, rows.smaller[pair]], rows.share[pair], rows.offset[pair]
        for m in range(pools.smaller.shape[1]):
            pools.smaller[0, m] += share * numbers[m]
            pools.smaller[1, m] += offset * numbers[m]
        for part in range(2, pools.smaller.shape[0]):
            contents = pools.held[part - 1, rows.smaller[pair]]
            for m in range(pools.smaller.shape[1]):
                pools.smaller[part, m] += share * contents[m]


@routine
def lose(group: int, rows: Rows, pools: Pools) -> None:
    """Add what a group loses."""
    loss = pools.loss[rows.larger[group]]
    for k in range(loss.size):
        loss[k] += pools.lost[1, k]
    for pair in range(rows.begin[group], rows.begin[group + 1]):
        numbers, share = pools.held[0, rows.smaller[pair]], rows.share[pair]
        loss = pools.loss[rows.smaller[pair]]
        for m in range(loss.size):
            loss[m] += share * numbers[m] * pools.lost[0, m]


@routine
def carry(part: int, group: int, rows: Rows, pools: Pools) -> None:
    """Add what the mergers of a group hold of one content to the pairs of columns."""
    rates, larger, width = rows.rates[rows.block[group]], rows.larger[group], pools.lost.shape[1]
    numbers, contents = pools.held[0, larger], pools.held[part, larger]
    for m in range(rates.shape[0]):
        for k in range(width):
            meeting = pools.smaller[0, m] * contents[k] + pools.smaller[1 + part, m] * numbers[k]
            pools.pairs[1 + part, m * width + k] += rates[m, k] * meeting


@routine
def pool_row(row: int, rows: Rows, columns: Columns, pools: Pools) -> None:
    """Pool all births that fall into one row of cells."""
    for part in range(pools.pairs.shape[0]):
        clear(pools.pairs[part])
    for group in range(rows.target[row], rows.target[row + 1]):
        sum_smaller(group, rows, pools)
        larger, rates = pools.held[0, rows.larger[group]], rows.rates[rows.block[group]]
        meet_row(pools.smaller, rates, larger, pools.pairs, pools.lost)
        lose(group, rows, pools)
        for part in range(1, pools.held.shape[0]):
            carry(part, group, rows, pools)
    for column in range(columns.begin.size - 1):
        pool_column(row * (columns.begin.size - 1) + column, column, columns, pools)


@routine
def pool_column(cell: int, column: int, columns: Columns, pools: Pools) -> None:
    """Pool the pairs of columns that fall into one cell."""
    begin, end = columns.begin[column], columns.begin[column + 1]
    place = cell // BLOCK * (MOMENTS * BLOCK) + cell % BLOCK
    number, first, second, mixed = 0.0, 0.0, 0.0, 0.0
    for pair in range(begin, end):
        events, along = pools.pairs[0, columns.place[pair]], pools.pairs[1, columns.place[pair]]
        offset = columns.offset[pair]
        number += events
        first += along
        second += events * offset
        mixed += along * offset
    pools.births[place], pools.births[place + BLOCK] = number, first
    pools.births[place + 2 * BLOCK], pools.births[place + 3 * BLOCK] = second, mixed
    for part in range(pools.born.shape[0]):
        content = 0.0
        for pair in range(begin, end):
            content += pools.pairs[2 + part, columns.place[pair]]
        pools.born[part, cell] = content
