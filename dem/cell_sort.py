"""The sort of particles by cell: each is counted into its cell, the counts are added up, each is put into its cell.

Where threads run at once it is chance in which order they come to a cell: there the cell is put in order by id
afterwards, so that the order depends on nothing but cells and ids. In turn, they come in the order of their slots.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from compute.physics import routine
from dem.cells import cell_of
from dem.domain import Domain, fold
from dem.faults import LOST, note_fault

if TYPE_CHECKING:
    from dem.neighbours import CellOrder
    from dem.particles import Particles


@cache
def make_find_cell(add: Any) -> Callable[..., None]:
    """Return the body that folds particle i into the box, notes its cell and counts it there; outside is a fault.

    add: adds a number at a place of an array and returns what was there before.
    """

    @routine
    def find_cell(i: int, particles: Particles, domain: Domain, cells: CellOrder, fault: Any) -> None:
        fold(i, particles.row, domain.box)
        cell = cell_of(i, particles.row, domain)
        if cell < 0:
            note_fault(fault, 0, LOST, particles.id[i])
            cell = 0
        cells.cell[i] = cell
        add(cells.first, cell, 1)

    return find_cell


@cache
def make_put_into_cell(add: Any) -> Callable[..., None]:
    """Return the body that puts particle i into the last place left of its cell.

    cells.first: the sums of the counts up to each cell, and in the end the first place of each.
    """

    @routine
    def put_into_cell(i: int, cells: CellOrder) -> None:
        cells.order[add(cells.first, cells.cell[i], -1) - 1] = i

    return put_into_cell


@routine
def find_place(i: int, ids: Any, cells: CellOrder) -> None:
    """Find the slot of particle i by its id among those of its cell."""
    cell, own = cells.cell[i], ids[i]
    place = cells.first[cell]
    for at in range(cells.first[cell], cells.first[cell + 1]):
        place += 1 if ids[cells.order[at]] < own else 0
    cells.place[i] = place


@routine
def take_place(i: int, cells: CellOrder) -> None:
    """Put particle i into its slot."""
    cells.order[cells.place[i]] = i
