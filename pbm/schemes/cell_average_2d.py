"""Cell average in two coordinates: births of a cell are pooled, then shared by the pivots around its mean.

Pooled births of a cell have a number, two means and a mixed moment relative to its pivot. Number and means go to the
pivot and its neighbours along the axes, the mixed moment to the diagonal neighbours, with the least spread that leaves
all shares positive: number, both components and their mixed moment are kept. Where the pivot would go below nil, and at
the rim of the grid, births are taken as uncorrelated, which keeps all but the mixed moment. After Kumar, Peglow,
Warnecke and Heinrich, Powder Technol. 182 (2008) 81,
doi 10.1016/j.powtec.2007.05.029, and, for the mixed moment, Vale and McKenna, Ind. Eng. Chem. Res. 44 (2005) 7885,
doi 10.1021/ie050179s.

Cells are counted row by row, the second coordinate running. Pairs of rows that fall into one row of cells are summed
up, for every pair of columns, before columns are pooled: sums over all pairs of cells are then sums of whole rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compute.physics import routine
from pbm.grid import Floats, Grid
from pbm.schemes.aggregation import add_scaled
from pbm.schemes.merging import ROUND_OFF
from pbm.schemes.pairs import Places


class Axis(NamedTuple):
    """Where sums of two classes of one coordinate fall."""

    pivots: Floats  # [m3], (n,)
    up: Floats  # to the pivot above, infinite at the top [m3], (n,)
    down: Floats  # to the pivot below, infinite at the bottom [m3], (n,)
    inside: np.ndarray  # whether x_i + x_j stays on the grid, (n, n)
    target: Places  # cell of x_i + x_j, (n, n)
    offset: Floats  # x_i + x_j less the pivot of its cell [m3], (n, n)


class Plane(NamedTuple):
    """Pairs of rows i >= j in the order of the row they fall into; those with like rates share a block."""

    rates: Floats  # b of cells (i, k) and (j, m) at [block, m, k], nil beyond the grid [m3/s], (blocks, n2, n2)
    block: Places  # (pairs,)
    first: Places  # row i, (pairs,)
    second: Places  # row j, (pairs,)
    begin: Places  # the first pair of each row of targets, and the end, (n1 + 1,)


class Pools(NamedTuple):
    """Pooled births of the cells, (n1 n2,), moments relative to the pivots; and of pairs of columns, (n2, n2)."""

    number: Floats
    first: Floats
    second: Floats
    mixed: Floats
    loss: Floats  # what merges, (n1 n2,)
    content: Floats  # born contents one after another, (contents n1 n2,)
    each: Floats  # content of one grain, (contents n1 n2,)
    events: Floats  # (n2,)
    pair_number: Floats
    pair_first: Floats
    pair_content: Floats  # (contents, n2, n2)
    share: Floats  # numbers for the pivots around the mean of one cell, (9,)


def make_axis(grid: Grid) -> Axis:
    """Tables of one coordinate."""
    pivots, gaps = grid.pivots, np.diff(grid.pivots)
    sums = pivots[:, None] + pivots[None, :]
    target = np.minimum(np.searchsorted(grid.edges, sums, side="right") - 1, grid.classes - 1)
    inside = sums <= pivots[-1] * (1.0 + ROUND_OFF)
    offset = np.where(target == np.arange(grid.classes), pivots[:, None], sums - pivots[target])
    offset = np.where(target == np.arange(grid.classes)[:, None], pivots[None, :], offset)
    return Axis(pivots, np.append(gaps, np.inf), np.append(np.inf, gaps), inside, target, offset)


def make_plane(rates: Floats, first: Axis, second: Axis) -> Plane:
    """Rates of pairs of rows from those of all pairs of cells, (cells, cells), or from the one rate of all."""
    rows, columns = first.pivots.size, second.pivots.size
    table = np.broadcast_to(rates, (rows * columns,) * 2).reshape(rows, columns, rows, columns)
    one, other = np.tril_indices(rows)
    kept = np.flatnonzero(first.inside[one, other])
    targets = first.target[one[kept], other[kept]]
    kept = kept[np.argsort(targets, kind="stable")]
    found: dict[bytes, int] = {}
    blocks: list[Floats] = []
    places = np.zeros(kept.size, dtype=np.int64)
    for place, pair in enumerate(kept if rates.size > 1 else kept[:1]):
        block = np.where(second.inside, table[one[pair], :, other[pair], :].T, 0.0)
        places[place] = found.setdefault(block.tobytes(), len(blocks))
        if places[place] == len(blocks):
            blocks.append(block)
    begin = np.searchsorted(np.sort(targets), np.arange(rows + 1))
    return Plane(np.array(blocks), places, one[kept], other[kept], begin)


def make_pools(rows: int, columns: int, contents: int) -> Pools:
    """Zeroed pools."""
    cells, pairs = rows * columns, (columns, columns)
    sizes = (cells,) * 5 + (contents * cells,) * 2 + (columns, pairs, pairs, (contents, *pairs), 9)
    return Pools(*(np.zeros(size) for size in sizes))


@routine
def total(values: Floats) -> float:
    """Sum of values, four at a time: one after another they would wait for each other."""
    whole = values.size - values.size % 4
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    for k in range(0, whole, 4):
        one += values[k]
        two += values[k + 1]
        three += values[k + 2]
        four += values[k + 3]
    for k in range(whole, values.size):
        one += values[k]
    return (one + two) + (three + four)


@routine
def fill_events(amount: float, rates: Floats, numbers: Floats, events: Floats) -> None:
    """Fill the mergers of `amount` grains with each class of a row."""
    for k in range(events.size):
        events[k] = rates[k] * amount * numbers[k]


@routine
def meet_rows(
    share: float, offset: float, rates: Floats, fewer: Floats, more: Floats, fewer_loss: Floats, more_loss: Floats,
    pools: Pools,
) -> None:  # fmt: skip
    """Add the mergers of the cells of two rows to the pairs of their columns, and to the losses of both rows."""
    events = pools.events
    for m in range(fewer.size):
        amount = share * fewer[m]
        if amount != 0.0:
            fill_events(amount, rates[m], more, events)
            add_scaled(1.0, events, pools.pair_number[m])
            add_scaled(offset, events, pools.pair_first[m])
            add_scaled(1.0, events, more_loss)
            fewer_loss[m] += total(events)


@routine
def carry_rows(share: float, rates: Floats, fewer: Floats, more: Floats, of_fewer: Floats, of_more: Floats,
               content: Floats) -> None:  # fmt: skip
    """Add what the mergers of the cells of two rows hold of one content to the pairs of their columns."""
    for m in range(fewer.size):
        amount = share * fewer[m]
        for k in range(more.size):
            content[m, k] += rates[m, k] * amount * more[k] * (of_fewer[m] + of_more[k])


@routine
def pool_row(row: int, numbers: Floats, first: Axis, second: Axis, plane: Plane, pools: Pools) -> None:
    """Pool all births that fall into one row of cells."""
    size, cells = second.pivots.size, pools.number.size
    for k in range(size):
        clear(pools.pair_number[k])
        clear(pools.pair_first[k])
        for content in range(pools.pair_content.shape[0]):
            clear(pools.pair_content[content, k])
    for pair in range(plane.begin[row], plane.begin[row + 1]):
        i, j = plane.first[pair], plane.second[pair]
        share, rates = 0.5 if i == j else 1.0, plane.rates[plane.block[pair]]
        more, fewer = numbers[i * size : (i + 1) * size], numbers[j * size : (j + 1) * size]
        more_loss, fewer_loss = pools.loss[i * size : (i + 1) * size], pools.loss[j * size : (j + 1) * size]
        meet_rows(share, first.offset[i, j], rates, fewer, more, fewer_loss, more_loss, pools)
        for content in range(pools.pair_content.shape[0]):
            begin = content * cells
            of_more = pools.each[begin + i * size : begin + (i + 1) * size]
            of_fewer = pools.each[begin + j * size : begin + (j + 1) * size]
            carry_rows(share, rates, fewer, more, of_fewer, of_more, pools.pair_content[content])
    pool_columns(row * size, second, pools)


@routine
def pool_columns(begin: int, axis: Axis, pools: Pools) -> None:
    """Pool the pairs of columns into the row of cells that begins at `begin`."""
    for m in range(axis.pivots.size):
        for k in range(axis.pivots.size):
            number, first, offset = pools.pair_number[m, k], pools.pair_first[m, k], axis.offset[m, k]
            cell = begin + axis.target[m, k]
            pools.number[cell] += number
            pools.first[cell] += first
            pools.second[cell] += number * offset
            pools.mixed[cell] += first * offset
            for content in range(pools.pair_content.shape[0]):
                pools.content[content * pools.number.size + cell] += pools.pair_content[content, m, k]


@routine
def clear(values: Floats) -> None:
    """Put nil everywhere."""
    for k in range(values.size):
        values[k] = 0.0


@routine
def place_births(
    number: float, first: float, second: float, mixed: float, down: tuple[float, float], up: tuple[float, float],
    share: Floats,
) -> float:  # fmt: skip
    """Fill the numbers for the pivots around, row by row; returns what is left for the pivot itself, perhaps below nil.

    first, second, mixed: moments of the births relative to the pivot; down, up: distances to its neighbours.
    """
    for k in range(9):
        share[k] = 0.0
    rest = mixed
    along, across = 1 if first > 0.0 else -1, 1 if second > 0.0 else -1
    length, width = up[0] if first > 0.0 else down[0], up[1] if second > 0.0 else down[1]
    if first != 0.0 and second != 0.0 and mixed * along * across > 0.0:
        taken = min(min(abs(first) / length, abs(second) / width), abs(mixed) / (length * width))
        share[3 * (along + 1) + across + 1] = taken
        rest -= along * across * taken * length * width if taken > 0.0 else 0.0
    if rest > 0.0:
        share[8] += 0.5 * rest / (up[0] * up[1])
        share[0] += 0.5 * rest / (down[0] * down[1])
    elif rest < 0.0:
        share[6] -= 0.5 * rest / (up[0] * down[1])
        share[2] -= 0.5 * rest / (down[0] * up[1])
    for one in range(2):
        for other in range(2):
            taken = share[6 * one + 2 * other]
            if taken > 0.0:
                first -= taken * (up[0] if one == 1 else -down[0])
                second -= taken * (up[1] if other == 1 else -down[1])
    share[7], share[1] = max(first, 0.0) / up[0], max(-first, 0.0) / down[0]
    share[5], share[3] = max(second, 0.0) / up[1], max(-second, 0.0) / down[1]
    left = number - total(share)
    share[4] = 0.0 if abs(left) < ROUND_OFF * number else left
    return share[4]
