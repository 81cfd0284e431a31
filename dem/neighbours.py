"""Verlet lists: who may touch whom until somebody has moved half the skin.

A pair stands in the row of its lower id (half list), or in both rows (full list, for targets that gather). Slots are
sorted by cell at each rebuild; flags and springs of pairs go with them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import prange

from compute.adding import plain_add
from compute.physics import routine
from dem.cell_sort import make_find_cell, make_put_into_cell
from dem.domain import Domain
from dem.particles import RADIUS, Particles, X
from dem.search import make_row_walk

TOUCHING, NEAR, BRIDGED = 1, 2, 4
ALL_FLAGS = 255

GROWTH = 1.3
"""Factor by which lists grow when they are too small."""

ROW_ROOM, ROW_STRIDE = 15, 16
"""Partners of a row that are kept while rows are counted, and entries from row to row; a longer row is walked again."""


class PairList(NamedTuple):
    """The list, one row for each slot.

    start: first entry of each row, shape (capacity + 1,) int64; other: slot of the partner, shape (entries,) int32;
    flags: TOUCHING (touched in the last step), NEAR (not apart by the re-arm gap since) and BRIDGED (joined by liquid),
    above them for bodies TOUCHING and NEAR in the last even and the last odd step, shape (entries,) uint8;
    history: contact and rolling history, shape (entries, max(1, history_size)).
    """

    start: Any
    other: Any
    flags: Any
    history: Any


class CellOrder(NamedTuple):
    """Particles by cell.

    cell: of each slot before sorting; order: old slot of each new one; first: first slot of each cell; place: new slot
    of each old one; sphere: centre and radius [m] by new slot, shape (capacity, 4); id_bits: lowest bits of an id that
    number the spheres of one body, which are no partners.
    """

    cell: Any
    order: Any
    first: Any
    place: Any
    sphere: Any
    id_bits: int


def make_cell_order(capacity: int, zeros: Callable[..., Any], id_bits: int = 0) -> CellOrder:
    """Return room for this many particles; that for the cells is made when they are."""
    cell, order, place = (zeros(capacity, np.int64) for _ in range(3))
    return CellOrder(cell, order, zeros(1, np.int32), place, zeros((capacity, 4)), id_bits)


FIND_CELL, PUT_INTO_CELL = make_find_cell(plain_add), make_put_into_cell(plain_add)


@routine
def sort_by_cell(size: int, particles: Particles, domain: Domain, cells: CellOrder, fault: Any) -> None:
    """Fill `cells` by a stable counting sort; a particle outside the box is a fault."""
    cells.first[:] = 0
    for i in range(size):
        FIND_CELL(i, particles, domain, cells, fault)
    for c in range(1, cells.first.shape[0]):
        cells.first[c] += cells.first[c - 1]
    for i in range(size - 1, -1, -1):
        PUT_INTO_CELL(i, cells)


@routine
def move_particle(i: int, cells: CellOrder, before: Particles, after: Particles) -> None:
    """Copy the particle that belongs into slot i."""
    source = cells.order[i]
    cells.place[source] = i
    for k in range(before.row.shape[1]):
        after.row[i, k] = before.row[source, k]
    for k in range(before.kind.shape[1]):
        after.kind[i, k] = before.kind[source, k]
    after.id[i], after.film[i] = before.id[source], before.film[source]
    for axis in range(3):
        cells.sphere[i, axis] = before.row[source, X + axis]
    cells.sphere[i, 3] = before.row[source, RADIUS]


@routine
def copy_row(i: int, rows: Any, new: PairList) -> bool:
    """Copy the partners kept for slot i into its row; return whether all had been kept."""
    first, count = new.start[i], new.start[i + 1] - new.start[i]
    if count > ROW_ROOM:
        return False
    for k in range(count):
        new.other[first + k] = rows[i * ROW_STRIDE + k]
    return True


@routine
def carry_row(i: int, cells: CellOrder, before: PairList, after: PairList) -> None:
    """Take flags and history of the pairs of slot i over from the list before."""
    source = cells.order[i]
    for entry in range(after.start[i], after.start[i + 1]):
        after.flags[entry] = 0
        for k in range(after.history.shape[1]):
            after.history[entry, k] = 0.0
    for old in range(before.start[source], before.start[source + 1]):
        if before.flags[old] != 0:
            slot = cells.place[before.other[old]]
            for entry in range(after.start[i], after.start[i + 1]):
                if after.other[entry] == slot:
                    after.flags[entry] = before.flags[old]
                    for k in range(after.history.shape[1]):
                        after.history[entry, k] = before.history[old, k]


@cache
def make_list_builder(kind: int, full: bool) -> tuple[Callable[..., int], Callable[..., None]]:
    """Return `(count_rows, fill_rows)` for the CPU.

    count_rows sorts the particles by cell, keeps the partners of short rows in `rows` and returns how many entries the
    list needs; fill_rows writes it. Between the two the host makes room.
    """
    walk = make_row_walk(kind, full)

    def count_rows(
        size: int,
        before: Particles,
        after: Particles,
        domain: Domain,
        cells: CellOrder,
        skin: float,
        start: Any,
        rows: Any,
        fault: Any,
    ) -> int:
        sort_by_cell(size, before, domain, cells, fault)
        for i in prange(size):
            move_particle(int(np.int64(i)), cells, before, after)
        for i in prange(size):
            start[i + 1] = walk(np.int64(i), after.id, domain, cells, skin, rows, np.int64(i) * ROW_STRIDE, ROW_ROOM)
        start[0] = 0
        for i in range(size):
            start[i + 1] += start[i]
        return start[size]

    def fill_rows(
        size: int, ids: Any, domain: Domain, cells: CellOrder, skin: float, rows: Any, old: PairList, new: PairList
    ) -> None:
        for slot in prange(size):
            i = int(np.int64(slot))
            if not copy_row(i, rows, new):
                walk(i, ids, domain, cells, skin, new.other, new.start[i], new.start[i + 1] - new.start[i])
            carry_row(i, cells, old, new)

    return count_rows, fill_rows
