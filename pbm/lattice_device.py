"""The right-hand side of a population in one to four coordinates on a device, every cell a thread.

A cell looks up what falls into it, `pbm.lattice_pairs_device`, and what its neighbours give to it. No two threads add
to one number, and the order of sums is fixed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from compute.base import Backend, Launch
from compute.physics import physics, routine
from pbm.grid import Floats
from pbm.lattice import MOST_COORDINATES
from pbm.lattice_balance import (
    BORN,
    FIRST_COMPONENT,
    GAINED,
    MERGED,
    NO_AGGREGATION,
    SUMS,
    LatticeProblem,
    lattice_sums,
    lattice_worst,
    made_of,
    worst_of_lattice,
)
from pbm.lattice_pairs_device import lose, make_meetings, make_pool
from pbm.launches_device import on_backend
from pbm.runs_device import CHUNK, Judgement
from pbm.schemes.cell_average_nd import (
    ALONG,
    QUADRANTS,
    SHARES,
    at_rim,
    part_placed,
    share_pool,
    without_round_off,
)
from pbm.schemes.lattice_pairs import AVERAGE, CORNERS, MOMENTS, NUMBER, REST, STAYING, Axes, Pools, plane_of
from pbm.sources import passing_edge, rise

JUDGEMENT = Judgement(SUMS, lattice_sums, lattice_worst, worst_of_lattice)


class Given(NamedTuple):
    """What cells hand on: born at their own pivot, shares for those around, part of their births that is shared."""

    own: Floats  # (cells,)
    share: Floats  # (cells, SHARES)
    part: Floats  # (cells,)
    booked: Floats  # by chunk of cells, (chunks, ledger)


@physics
def view_cell(cell: int, pools: Pools, given: Given) -> Pools:
    """The pools with the shares of one cell."""
    return Pools(
        pools.line, pools.plane, pools.block, pools.whole, pools.loss, pools.born, pools.rest, given.share[cell]
    )


@routine
def place_births_of(cell: int, axes: Axes, pools: Pools, given: Given) -> None:
    """Find how what is pooled in one cell is shared by its neighbours, and what is left for the corners."""
    part, pivot = 1.0, 0.0
    if pools.whole[NUMBER, cell] > 0.0:
        part = 0.0
        if not at_rim(cell, axes):
            pivot = share_pool(cell, axes, view_cell(cell, pools, given))
            part = part_placed(pivot, pools.whole[STAYING, cell])
        given.part[cell], pools.rest[cell] = part, 1.0 - part
    else:
        given.part[cell], pools.rest[cell] = 0.0, 0.0
    given.own[cell] = part * pivot
    pools.whole[STAYING, cell] = pools.whole[NUMBER, cell]


@routine
def given_to(cell: int, axes: Axes, given: Given) -> float:
    """What one cell gets of its own births and those of its neighbours. Cells at the rim give nothing."""
    born = given.own[cell]
    for one in range(MOST_COORDINATES):
        for side in range(2):
            source = cell - axes.stride[one] * (1 - 2 * side)
            born += handed(source, ALONG + 2 * one + side, given)
            for other in range(one + 1, MOST_COORDINATES):
                for aside in range(2):
                    beside = source - axes.stride[other] * (1 - 2 * aside)
                    born += handed(beside, QUADRANTS * plane_of(one, other) + 2 * side + aside, given)
    return born


@physics
def handed(source: int, which: int, given: Given) -> float:
    """What a cell, perhaps none of the lattice, hands to one of its neighbours."""
    inside = 0 <= source < given.part.size
    return given.part[source] * given.share[source, which] if inside else 0.0


@routine
def bear_average(cell: int, axes: Axes, pools: Pools, given: Given) -> None:
    """Put together what is born in one cell: from its neighbours, and from the corners what these could not place."""
    born = given_to(cell, axes, given) + pools.whole[NUMBER, cell]
    pools.born[cell] = without_round_off(born, pools.whole[STAYING, cell])


@routine
def change_lattice_cell(cell: int, numbers: Floats, problem: LatticeProblem, pools: Pools, slope: Floats) -> None:
    """Fill the change of one cell [1/(m3 s)]."""
    born = pools.whole[NUMBER, cell] if problem.scheme == CORNERS else pools.born[cell]
    change, layering = born - pools.loss[cell], problem.layering
    if problem.splits.gained.size > 0:
        change += made_of(cell, numbers, problem.splits)
    for layer in range(layering.limiter.size):
        below = cell - layering.stride[layer]
        change += passing_edge(layer, below, numbers, layering) if below >= 0 else 0.0
        change -= passing_edge(layer, cell, numbers, layering)
    slope[cell] = change + problem.source[cell]


@routine
def book_chunk(chunk: int, numbers: Floats, problem: LatticeProblem, pools: Pools, given: Given) -> None:
    """Add up the ledger of a chunk of cells."""
    booked, splits, layering = given.booked[chunk], problem.splits, problem.layering
    for event in range(booked.size):
        booked[event] = 0.0
    for cell in range(chunk * CHUNK, min((chunk + 1) * CHUNK, problem.solids.size)):
        booked[MERGED] += 0.5 * pools.loss[cell]
        booked[GAINED] += splits.gained[cell] * numbers[cell] if splits.gained.size > 0 else 0.0
        booked[BORN] += problem.source[cell]
        for axis in range(problem.components.shape[0]):
            booked[FIRST_COMPONENT + axis] += problem.components[axis, cell] * problem.source[cell]
        for layer in range(layering.limiter.size):
            passing = passing_edge(layer, cell, numbers, layering)
            if passing != 0.0:
                booked[FIRST_COMPONENT + layering.component[layer]] += passing * rise(layer, cell, layering)


@routine
def book_all(event: int, given: Given, booked: Floats) -> None:
    """Add up one entry of the ledger over all chunks."""
    total = 0.0
    for chunk in range(given.booked.shape[0]):
        total += given.booked[chunk, event]
    booked[event] = total


class DeviceLattice:
    """A population in one to four coordinates on a backend."""

    judgement = JUDGEMENT

    def __init__(self, backend: Backend, problem: LatticeProblem) -> None:
        self.cells, ledger = problem.solids.size, FIRST_COMPONENT + problem.components.shape[0]
        cells, zeros, self._chunks = self.cells, backend.zeros, -(-self.cells // CHUNK)
        self.problem = on_backend(problem, backend)
        ways = {CORNERS: (CORNERS,), AVERAGE: (AVERAGE, REST), NO_AGGREGATION: ()}[problem.scheme]
        self._meetings = {way: on_backend(make_meetings(problem.axes, way), backend) for way in ways}
        empty = zeros((1, 1))
        loss, born, rest = (zeros(cells) for _ in range(3))
        self._pools = Pools(empty, empty, empty, zeros((MOMENTS, cells)), loss, born, rest, zeros(1))
        self._given = Given(zeros(cells), zeros((cells, SHARES)), zeros(cells), zeros((self._chunks, ledger)))

    def slope(self, values: Any, slope: Any) -> list[Launch]:
        """Launches that fill the change of numbers [1/(m3 s)] and ledger."""
        problem, pools, given, cells = self.problem, self._pools, self._given, self.cells
        numbers, booked = values[:cells], slope[cells:]
        return [
            *self._merge(numbers),
            Launch(change_lattice_cell, cells, (numbers, problem, pools, slope)),
            Launch(book_chunk, self._chunks, (numbers, problem, pools, given)),
            Launch(book_all, int(booked.size), (given, booked)),
        ]

    def _merge(self, numbers: Any) -> list[Launch]:
        """Launches that find births and losses by aggregation."""
        rates, axes, pools, cells = self.problem.rates, self.problem.axes, self._pools, self.cells
        gather = [
            Launch(make_pool(way), cells, (numbers, rates, axes, pairs, pools)) for way, pairs in self._meetings.items()
        ]
        if not gather:
            return []
        launches = [Launch(lose, cells, (numbers, rates, axes, pools)), gather[0]]
        if len(gather) > 1:
            launches += [
                Launch(place_births_of, cells, (axes, pools, self._given)),
                gather[1],
                Launch(bear_average, cells, (axes, pools, self._given)),
            ]
        return launches
