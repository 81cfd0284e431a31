"""The right-hand side of a population in two coordinates on a device: rows, groups, columns and cells side by side.

What the CPU puts somewhere is looked up from there, in the order of the CPU, so that no two threads add to one number
and sums have the same bits: a pair of columns looks through the groups of its row of cells, a cell that merges through
the groups its row is in, and a cell through those around it whose births it shares.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from compute.base import Backend, Launch
from compute.packed import WIDTH
from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.launches_device import on_backend
from pbm.plane import SUMS, PlaneProblem, change_cell, plane_sums, plane_worst, worst_of_plane
from pbm.runs_device import Judgement
from pbm.schemes.cell_average_2d import (
    BLOCK,
    MOMENTS,
    Columns,
    Places,
    Pools,
    Rows,
    hold_cell,
    make_pools,
    pool_column,
    sum_smaller,
)
from pbm.schemes.sharing_2d import AROUND, GAPS, OWN, Cells, part_cell, share_cell

JUDGEMENT = Judgement(SUMS, plane_sums, plane_worst, worst_of_plane)


class Takers(NamedTuple):
    """The groups that take from a row, in the order of the CPU."""

    begin: Places  # first entry of each row, and the end, (n1 + 1,)
    group: Places  # (entries,)
    pair: Places  # pair of the group in which the row is the smaller one, or none, (entries,)


LARGER = -1
"""Stands for no pair: the row is the larger one of the group."""


def make_takers(rows: Rows) -> Takers:
    """Takers of all rows."""
    entries = []
    for group, larger in enumerate(rows.larger):
        pairs = range(rows.begin[group], rows.begin[group + 1])
        entries += [(int(larger), group, LARGER), *((int(rows.smaller[pair]), group, pair) for pair in pairs)]
    table = np.array(entries, dtype=np.int64).reshape(-1, 3)
    table = table[np.argsort(table[:, 0], kind="stable")]
    begin = np.searchsorted(table[:, 0], np.arange(rows.target.size))
    return Takers(begin.astype(np.int64), table[:, 1].copy(), table[:, 2].copy())


def make_device_pools(backend: Backend, rows: int, columns: int, contents: int, groups: int) -> Pools:
    """Pools in which no thread writes where another one does: of every group, row and block."""
    host = make_pools(rows, columns, contents)
    shapes = {name: getattr(host, name).shape for name in Pools._fields}
    shapes["smaller"], shapes["lost"] = (groups, *host.smaller.shape), (groups, *host.lost.shape)
    shapes["pairs"], blocks = (rows, *host.pairs.shape), host.births.size // (MOMENTS * BLOCK)
    shapes["shares"] = (blocks, *host.shares.shape)
    return Pools(**{name: backend.zeros(shape) for name, shape in shapes.items()})


@physics
def view_row(row: int, pools: Pools) -> Pools:
    """What one row of cells sees, with its own pairs of columns."""
    return Pools(
        pools.held, pools.loss, pools.smaller[0], pools.lost[0], pools.pairs[row], pools.births, pools.born,
        pools.shares[0], pools.marks, pools.change,
    )  # fmt: skip


@physics
def view_group(group: int, m: int, pools: Pools) -> Pools:
    """What one group sees of one column."""
    one = slice(m, m + 1)
    return Pools(
        pools.held[:, :, one], pools.loss, pools.smaller[group][:, one], pools.lost[group], pools.pairs[0],
        pools.births, pools.born, pools.shares[0], pools.marks, pools.change,
    )  # fmt: skip


@routine
def hold(cell: int, values: Floats, columns: int, pools: Pools) -> None:
    """Fill number and contents of one cell."""
    hold_cell(cell // columns, cell % columns, values, columns, pools)


@routine
def sum_group(item: int, columns: int, rows: Rows, pools: Pools) -> None:
    """Sum up the smaller rows of a group in one column."""
    group, m = item // columns, item % columns
    sum_smaller(group, rows, view_group(group, m, pools))


@routine
def meet_columns(item: int, columns: int, rows: Rows, pools: Pools) -> None:
    """Add up the events of one pair of columns that fall into one row of cells, and what they hold."""
    row, m, k = item // columns // columns, item // columns % columns, item % columns
    events_sum, first, place = 0.0, 0.0, m * pools.held.shape[2] + k
    for part in range(1, pools.held.shape[0]):
        pools.pairs[row, 1 + part, place] = 0.0
    for group in range(rows.target[row], rows.target[row + 1]):
        larger, smaller, rate = rows.larger[group], pools.smaller[group], rows.rates[rows.block[group], m, k]
        number = pools.held[0, larger, k]
        events = rate * number
        events_sum += smaller[0, m] * events
        first += smaller[1, m] * events
        for part in range(1, pools.held.shape[0]):
            meeting = smaller[0, m] * pools.held[part, larger, k] + smaller[1 + part, m] * number
            pools.pairs[row, 1 + part, place] += rate * meeting
    pools.pairs[row, 0, place], pools.pairs[row, 1, place] = events_sum, first


@physics
def lane_sum(lane: int, numbers: Floats, rates: Floats) -> float:
    """Sum of events over the columns k of one lane of a register."""
    total = 0.0
    for k in range(lane, numbers.size, WIDTH):
        total += rates[k] * numbers[k]
    return total


@routine
def lose_in_group(item: int, columns: int, rows: Rows, pools: Pools) -> None:
    """Find what a grain of the smaller rows loses in one column of a group, and what the larger row does."""
    width = pools.held.shape[2]
    group, k = item // width, item % width
    rates, numbers = rows.rates[rows.block[group]], pools.held[0, rows.larger[group]]
    total = 0.0
    for m in range(columns):
        total += pools.smaller[group, 0, m] * (rates[m, k] * numbers[k])
    pools.lost[group, 1, k] = total
    if k < columns:
        row = rates[k]
        even = (lane_sum(0, numbers, row) + lane_sum(4, numbers, row)) + (
            lane_sum(2, numbers, row) + lane_sum(6, numbers, row)
        )
        odd = (lane_sum(1, numbers, row) + lane_sum(5, numbers, row)) + (
            lane_sum(3, numbers, row) + lane_sum(7, numbers, row)
        )
        pools.lost[group, 0, k] = even + odd


@routine
def lose_cell(cell: int, columns: int, rows: Rows, takers: Takers, pools: Pools) -> None:
    """Add up what merges of one cell."""
    row, k, loss = cell // columns, cell % columns, 0.0
    for entry in range(takers.begin[row], takers.begin[row + 1]):
        group, pair = takers.group[entry], takers.pair[entry]
        if pair == LARGER:
            loss += pools.lost[group, 1, k]
        else:
            loss += rows.share[pair] * pools.held[0, row, k] * pools.lost[group, 0, k]
    pools.loss[row, k] = loss


@routine
def share_births_of(cell: int, columns: int, place: Columns, cells: Cells, pools: Pools) -> None:
    """Pool the births of one cell, and find how they are shared by the pivots around."""
    block, t = cell // BLOCK, cell % BLOCK
    pool_column(cell, cell % columns, place, view_row(cell // columns, pools))
    births = pools.births[block * MOMENTS * BLOCK : (block + 1) * MOMENTS * BLOCK]
    gaps, shares = cells.gaps[block * GAPS * BLOCK : (block + 1) * GAPS * BLOCK], pools.shares[block]
    part_cell(t, cells.rim[cell], births)
    share_cell(t, births, gaps, shares)
    if shares[OWN * BLOCK + t] < 0.0:
        part_cell(t, 1.0, births)
        share_cell(t, births, gaps, shares)


@routine
def solids_shared(cell: int, columns: int, cells: Cells, pools: Pools) -> float:
    """Solids that the births of one cell bring to the pivots around."""
    whole, shares = 0.0, pools.shares[cell // BLOCK]
    for near in range(AROUND):
        place = cell + (near // 3) * columns + near % 3
        whole += shares[near * BLOCK + cell % BLOCK] * cells.solids[place]
    return whole


@routine
def gather_births(cell: int, columns: int, cells: Cells, pools: Pools) -> None:
    """Add up what the cells around give to one: numbers block by block, contents cell by cell."""
    place, whole = cell + columns + 1, pools.shares.shape[0] * BLOCK
    first, last = max(place - 2 * columns - 2, 0), min(place, whole - 1)
    total = 0.0
    for block in range(first // BLOCK, last // BLOCK + 1):
        for near in range(AROUND):
            source = place - (near // 3) * columns - near % 3
            if block * BLOCK <= source < min((block + 1) * BLOCK, whole):
                total += pools.shares[block, near * BLOCK + source % BLOCK]
    pools.change[0, place] = total
    for part in range(pools.born.shape[0]):
        total = 0.0
        for back in range(AROUND):
            near = AROUND - 1 - back
            source = place - (near // 3) * columns - near % 3
            if 0 <= source < whole:
                solids, share = solids_shared(source, columns, cells, pools), pools.shares[source // BLOCK]
                scale = pools.born[part, source] / solids if solids > 0.0 else 0.0
                total += share[near * BLOCK + source % BLOCK] * cells.solids[place] * scale
        pools.change[1 + part, place] = total


@routine
def fill_slope(cell: int, columns: int, size: int, pools: Pools, slope: Floats) -> None:
    """Fill the change of number and contents of one cell."""
    change_cell(cell, columns, size, pools, slope)


class DevicePlane:
    """A population in two coordinates on a backend."""

    judgement = JUDGEMENT

    def __init__(self, backend: Backend, problem: PlaneProblem, contents: int) -> None:
        rows, columns, self._groups = problem.first.size, problem.second.size, problem.rows.larger.size
        self._takers = on_backend(make_takers(problem.rows), backend)
        self.problem = on_backend(problem, backend)
        self._pools = make_device_pools(backend, rows, columns, contents, self._groups)
        self.cells, self._rows, self._columns = rows * columns, rows, columns

    def slope(self, values: Any, slope: Any) -> list[Launch]:
        """Launches that fill the change of numbers [1/(m3 s)] and contents."""
        problem, pools, columns, cells = self.problem, self._pools, self._columns, self.cells
        rows, width = problem.rows, int(pools.held.shape[2])
        return [
            Launch(hold, cells, (values, columns, pools)),
            Launch(sum_group, self._groups * columns, (columns, rows, pools)),
            Launch(meet_columns, self._rows * columns * columns, (columns, rows, pools)),
            Launch(lose_in_group, self._groups * width, (columns, rows, pools)),
            Launch(lose_cell, cells, (columns, rows, self._takers, pools)),
            Launch(share_births_of, cells, (columns, problem.columns, problem.cells, pools)),
            Launch(gather_births, cells, (columns, problem.cells, pools)),
            Launch(fill_slope, cells, (columns, cells, pools, slope)),
        ]
