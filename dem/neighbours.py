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

from compute.physics import physics, routine
from dem.domain import (
    CUTOFF,
    INVERSE,
    LENGTH,
    LOW,
    OFFSET,
    OPEN,
    SHEARED,
    Domain,
    cell_along,
    cell_of,
    fold,
    make_nearest_image,
)
from dem.particles import RADIUS, Particles, X

TOUCHING, NEAR, BRIDGED = 1, 2, 4

ROW_ROOM, ROW_STRIDE = 15, 16
"""Partners of a row that are kept while rows are counted, and entries from row to row; a longer row is walked again."""


class PairList(NamedTuple):
    """The list, one row for each slot.

    start: first entry of each row, shape (capacity + 1,) int64; other: slot of the partner, shape (entries,) int32;
    flags: TOUCHING (touched in the last step), NEAR (not apart by the re-arm gap since) and BRIDGED (joined by liquid),
    shape (entries,) uint8;
    history: contact and rolling history, shape (entries, max(1, history_size)).
    """

    start: Any
    other: Any
    flags: Any
    history: Any


class CellOrder(NamedTuple):
    """Particles by cell.

    cell: of each slot before sorting; order: old slot of each new one; first: first slot of each cell; place: new slot
    of each old one; sphere: centre and radius [m] by new slot, shape (capacity, 4).
    """

    cell: Any
    order: Any
    first: Any
    place: Any
    sphere: Any


@routine
def sort_by_cell(size: int, row: Any, domain: Domain, cells: CellOrder, fault: Any, lost_code: int, ids: Any) -> None:
    """Fill `cells` by a stable counting sort; a particle outside the box is a fault."""
    cells.first[:] = 0
    for i in range(size):
        fold(i, row, domain.box)
        cell = cell_of(i, row, domain)
        if cell < 0:
            fault[0, 0] = lost_code
            fault[0, 1] = ids[i]
            cell = 0
        cells.cell[i] = cell
        cells.first[cell + 1] += 1
    for c in range(1, cells.first.shape[0]):
        cells.first[c] += cells.first[c - 1]
    for i in range(size):
        cells.order[cells.first[cells.cell[i]]] = i
        cells.first[cells.cell[i]] += 1
    for c in range(cells.first.shape[0] - 1, 0, -1):
        cells.first[c] = cells.first[c - 1]
    cells.first[0] = 0


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


@cache
def make_shifted_cell(kind: int) -> Callable[[int, float, Domain], int]:
    """Return `shifted_cell(cell_y, x, domain)`: the cell along x of a point seen from line cell_y of cells.

    Beyond the y boundary of a sheared box the image has slid, and the point lies elsewhere in it.
    """

    @physics
    def shifted_cell(cell_y: int, x: float, domain: Domain) -> int:
        turns = 1.0 if cell_y >= domain.cells[1] else -1.0 if cell_y < 0 else 0.0
        x = x - turns * domain.box[OFFSET] if kind == SHEARED else x
        place = (x - domain.box[LOW]) / domain.box[LENGTH]
        place = place - int_floor(place) if domain.box[INVERSE] > 0.0 else place
        return int(min(max(place * domain.cells[0], 0.0), domain.cells[0] - 1.0))

    return shifted_cell


@cache
def make_scan(kind: int, full: bool) -> Callable[..., int]:
    """Return `scan(i, begin, end, ids, sphere, box, skin, other, place, room, count) -> count`: partners among slots.

    Arguments as in `make_row_walk`; count: partners found before.
    """
    nearest = make_nearest_image(kind)

    @physics
    def is_close(i: int, j: int, sphere: Any, box: Any, skin: float) -> bool:
        dx, dy, dz = sphere[j, 0] - sphere[i, 0], sphere[j, 1] - sphere[i, 1], sphere[j, 2] - sphere[i, 2]
        dx, dy, dz, _ = nearest(box, dx, dy, dz, 0.0)
        reach = sphere[i, 3] + sphere[j, 3] + skin
        return dx * dx + dy * dy + dz * dz < reach * reach

    @physics
    def is_partner(i: int, j: int, ids: Any) -> bool:
        return i != j if full else ids[j] > ids[i]

    @physics
    def scan(
        i: int, begin: int, end: int, ids: Any, sphere: Any, box: Any, skin: float, other: Any, place: int, room: int,
        count: int,
    ) -> int:  # fmt: skip
        for j in range(begin, end):
            if is_close(i, j, sphere, box, skin) and is_partner(i, j, ids):
                if count < room:
                    other[place + count] = j
                count += 1
        return count

    return scan


@cache
def make_row_walk(kind: int, full: bool) -> Callable[..., int]:
    """Return `walk(i, ids, domain, cells, skin, other, offset, room) -> count`: the partners of slot i.

    The first `room` of them are stored in `other` from `offset` on. kind: boundary kind; full: every partner, else only
    those with a higher id.
    """
    scan, shifted_cell = make_scan(kind, full), make_shifted_cell(kind)

    @routine
    def walk_cells(
        i: int, ids: Any, domain: Domain, cells: CellOrder, skin: float, other: Any, offset: int, room: int
    ) -> int:
        count, sphere, first, box = 0, cells.sphere, cells.first, domain.box
        nx, ny, nz = domain.cells[0], domain.cells[1], domain.cells[2]
        cy, cz = cell_along(sphere[i, 1], 1, domain), cell_along(sphere[i, 2], 2, domain)
        reach = sphere[i, 3] + 0.5 * (box[CUTOFF] + skin)
        for oz in range(-1, 2):
            z, gap_z = wrapped(cz + oz, nz, box[INVERSE + 2]), gap_to_cell(oz, cz, sphere[i, 2], 2, domain)
            for oy in range(-1, 2):
                y, gap_y = wrapped(cy + oy, ny, box[INVERSE + 1]), gap_to_cell(oy, cy, sphere[i, 1], 1, domain)
                if y < 0 or z < 0 or gap_y * gap_y + gap_z * gap_z > reach * reach:
                    continue
                line = (z * ny + y) * nx
                cx = shifted_cell(cy + oy, sphere[i, 0], domain)
                if kind == OPEN:  # cells of a line lie one after the other
                    begin = first[line + shifted_cell(cy, sphere[i, 0] - reach, domain)]
                    end = first[line + shifted_cell(cy, sphere[i, 0] + reach, domain) + 1]
                    count = scan(i, begin, end, ids, sphere, box, skin, other, offset, room, count)
                else:
                    for ox in range(-1, 2):
                        x = wrapped(cx + ox, nx, box[INVERSE])
                        if x >= 0:
                            begin, end = first[line + x], first[line + x + 1]
                            count = scan(i, begin, end, ids, sphere, box, skin, other, offset, room, count)
        return count

    return walk_cells


@physics
def gap_to_cell(side: int, cell: int, position: float, axis: int, domain: Domain) -> float:
    """Return how far a position in `cell` is from the next one on this side, -1 or 1; nil for its own cell [m]."""
    width = domain.box[LENGTH + axis] / domain.cells[axis]
    low = domain.box[LOW + axis] + cell * width
    gap = position - low if side < 0 else low + width - position
    return max(gap, 0.0) if side != 0 else 0.0


@physics
def int_floor(value: float) -> int:
    """Return the largest whole number not above the value."""
    whole = int(value)
    return whole - 1 if whole > value else whole


@physics
def wrapped(cell: int, size: int, inverse_length: float) -> int:
    """Return the cell's number in a periodic direction folded into 0..size-1; in an open one -1 outside."""
    outside = cell < 0 or cell >= size
    folded = cell + size if cell < 0 else cell - size if cell >= size else cell
    return folded if not outside or inverse_length > 0.0 else -1


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
        lost_code: int,
    ) -> int:
        sort_by_cell(size, before.row, domain, cells, fault, lost_code, before.id)
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
