"""The search for partners: through the cells of every level, in lines along x, no further than a particle reaches."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from compute.physics import physics, routine
from dem.cells import FIRST, LARGEST, MARGIN
from dem.domain import INVERSE, LOW, OFFSET, OPEN, SHEARED, Domain, make_nearest_image
from dem.particles import ENTRY, SLOT


@cache
def make_scan(kind: int, full: bool) -> Callable[..., int]:
    """Return `scan(i, begin, end, ids, cells, box, skin, other, place, room, count) -> count`: partners among slots.

    Arguments as in `make_row_walk`; count: partners found before.
    """
    nearest = make_nearest_image(kind)

    @physics
    def is_partner(own: int, other: int) -> bool:
        return own != other if full else other > own

    @physics
    def scan(
        i: int, begin: int, end: int, ids: Any, cells: Any, box: Any, skin: float, other: Any, place: int, room: int,
        count: int,
    ) -> int:  # fmt: skip
        sphere, id_bits = cells.sphere, cells.id_bits
        x, y, z, radius, own = sphere[i, 0], sphere[i, 1], sphere[i, 2], sphere[i, 3] + skin, ids[i] >> id_bits
        for at in range(begin, end):
            j = at & SLOT
            dx, dy, dz, _ = nearest(box, sphere[j, 0] - x, sphere[j, 1] - y, sphere[j, 2] - z, 0.0)
            reach = radius + sphere[j, 3]
            found = (dx * dx + dy * dy + dz * dz < reach * reach) & is_partner(own, ids[j] >> id_bits)
            # Whether one is found is a guess of a CPU, so it stores each and keeps those found; stores cost a GPU more.
            if count < room and (found or not full):
                other[(place + count) & ENTRY] = j
            count += int(found)
        return count

    return scan


@cache
def make_row_walk(kind: int, full: bool) -> Callable[..., int]:
    """Return `walk(i, ids, domain, cells, skin, other, offset, room) -> count`: the partners of slot i.

    The first `room` of them are stored in `other` from `offset` on. kind: boundary kind; full: every partner, else only
    those with a higher id. Spheres of one body are no partners.
    """
    scan = make_scan(kind, full)

    @physics
    def scan_line(
        i: int, line: int, x: float, reach: float, level: int, ids: Any, domain: Domain, cells: Any, skin: float,
        other: Any, offset: int, room: int, count: int,
    ) -> int:  # fmt: skip
        low, high = span(x, reach, 0, level, domain)
        first, size = cells.first, domain.cells[level, 0]
        if kind == OPEN:  # cells of a line lie one after the other
            begin, end = first[line + low], first[line + high + 1]
            return scan(i, begin, end, ids, cells, domain.box, skin, other, offset, room, count)
        start = low - size * int_floor(low / size)
        stop = start + high - low
        for part in range(1 if stop < size else 2):
            begin = first[line + (start if part == 0 else 0)]
            end = first[line + (min(stop, size - 1) if part == 0 else stop - size) + 1]
            count = scan(i, begin, end, ids, cells, domain.box, skin, other, offset, room, count)
        return count

    @routine
    def walk_level(
        i: int, level: int, ids: Any, domain: Domain, cells: Any, skin: float, other: Any, offset: int, room: int,
        count: int,
    ) -> int:  # fmt: skip
        sphere, box = cells.sphere, domain.box
        nx, ny, nz = domain.cells[level, 0], domain.cells[level, 1], domain.cells[level, 2]
        x, y, z = sphere[i, 0] - box[LOW], sphere[i, 1] - box[LOW + 1], sphere[i, 2] - box[LOW + 2]
        reach = (sphere[i, 3] + domain.grid[level, LARGEST] + skin) * MARGIN
        first_y, last_y = span(y, reach, 1, level, domain)
        first_z, last_z = span(z, reach, 2, level, domain)
        for cz in range(first_z, last_z + 1):
            gap_z = gap_to_cell(cz, z, domain.grid[level, 2])
            plane = wrapped(cz, nz) * ny
            for cy in range(first_y, last_y + 1):
                gap_y = gap_to_cell(cy, y, domain.grid[level, 1])
                square = reach * reach - gap_y * gap_y - gap_z * gap_z
                if square > 0.0:
                    line = domain.cells[level, FIRST] + (plane + wrapped(cy, ny)) * nx
                    image = seen_from(cy, ny, x, box, kind)
                    count = scan_line(
                        i, line, image, math.sqrt(square), level, ids, domain, cells, skin, other, offset, room, count
                    )
        return count

    @routine
    def walk(i: int, ids: Any, domain: Domain, cells: Any, skin: float, other: Any, offset: int, room: int) -> int:
        count = 0
        for level in range(domain.cells.shape[0]):
            begin = domain.cells[level, FIRST]
            end = begin + domain.cells[level, 0] * domain.cells[level, 1] * domain.cells[level, 2]
            if cells.first[begin] < cells.first[end]:
                count = walk_level(i, level, ids, domain, cells, skin, other, offset, room, count)
        return count

    return walk


@physics
def span(place: float, reach: float, axis: int, level: int, domain: Domain) -> tuple[int, int]:
    """Return a level's first and last cell within `reach` of a place from the low corner [m].

    In a periodic direction cells beyond the boundary go on counting; none is met twice.
    """
    scale, size = domain.grid[level, axis], domain.cells[level, axis]
    low, high = (place - reach) * scale, (place + reach) * scale
    if domain.box[INVERSE + axis] > 0.0:
        first = int_floor(low)
        return first, min(int_floor(high), first + size - 1)
    last = size - 1.0
    return int(min(max(low, 0.0), last)), int(min(max(high, 0.0), last))


@physics
def gap_to_cell(cell: int, place: float, scale: float) -> float:
    """Return how far a place from the low corner is from a cell, nil inside [m]; scale: cells per length [1/m]."""
    return max(cell / scale - place, place - (cell + 1) / scale, 0.0)


@physics
def seen_from(line: int, size: int, x: float, box: Any, kind: int) -> float:
    """Return the x of a point [m] as seen from a line of cells: beyond y of a sheared box the image has slid."""
    turns = 1.0 if line >= size else -1.0 if line < 0 else 0.0
    return x - turns * box[OFFSET] if kind == SHEARED else x


@physics
def int_floor(value: float) -> int:
    """Return the largest whole number not above the value."""
    whole = int(value)
    return whole - 1 if whole > value else whole


@physics
def wrapped(cell: int, size: int) -> int:
    """Return the cell's number folded into 0..size-1."""
    return cell + size if cell < 0 else cell - size if cell >= size else cell
