"""Cells by size: every level of particle sizes has cells of its own width over the whole box.

Particles are sorted into the cells of their level, so that a cell holds a few however large others are: V. Ogarko,
S. Luding, Comput. Phys. Commun. 183 (2012) 931-936, doi 10.1016/j.cpc.2011.12.019.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from compute.physics import routine
from dem.domain import INVERSE, LENGTH, LOW, Domain
from dem.particles import RADIUS, X

FIRST = LARGEST = 3
"""Columns of the cells and of the grid behind those of the axes."""
LEVEL_RATIO = 2.0
"""Largest over smallest radius of the particles of one level, at most."""
CELLS_PER_WIDTH = np.array([4.0, 0.5, 0.5])
"""Cells along x, y, z on the width of two particles: a line of cells along x is cut where a particle's reach ends, and
few lines are faster than few candidates, since the length of each is a guess of the processor."""
CELLS_PER_PARTICLE = 16
"""Cells that a level may have for each particle: wider ones keep a huge, almost empty box from filling the memory."""
NARROWEST = 3
"""Cells, at least, in a periodic direction: no cell is seen twice."""
MARGIN = 1.0 + 1e-9
"""Factor on lengths that are searched, against the rounding of places."""


def size_levels(radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest radius of each level [m], coarse first, for particles of these radii [m]."""
    levels: list[float] = []
    for radius in np.unique(radii)[::-1]:
        if not levels or radius * LEVEL_RATIO < levels[-1]:
            levels.append(float(radius))
    return np.array(levels)


def check_width(domain: Domain, cutoff: float) -> None:
    """Refuse a box in which a particle could meet two images of another.

    Raises:
        CaseError: less than three cutoffs [m] in a periodic direction.
    """
    lengths = domain.box[LENGTH : LENGTH + 3]
    narrow = (domain.box[INVERSE : INVERSE + 3] > 0.0) & ((lengths / cutoff).astype(np.int64) < NARROWEST)
    if narrow.any():
        axis = int(np.argmax(narrow))
        raise CaseError(
            f"the box is too narrow along {'xyz'[axis]}",
            key="dem.domain",
            value=float(lengths[axis]),
            expected=f"at least three cutoffs ({NARROWEST * cutoff:.4g} m) in a periodic direction",
        )


def most_cells(size: int) -> int:
    """Return how many cells a level may have for this many particles; it changes when their number has doubled."""
    return CELLS_PER_PARTICLE << size.bit_length()


def divide_box(
    box: NDArray[np.float64], levels: NDArray[np.float64], skin: float, room: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the cells and the grid of a domain with this box for these levels [m], as `Domain` holds them.

    room: cells of a level, at most.
    """
    lengths = box[LENGTH : LENGTH + 3]
    least = np.where(box[INVERSE : INVERSE + 3] > 0.0, NARROWEST, 1)
    cells, grid = np.zeros((len(levels), 4), np.int64), np.zeros((len(levels), 4))
    first = 0
    for level, radius in enumerate(levels):
        width = 2.0 * radius + skin
        while True:
            counts = np.maximum(least, (lengths / width * CELLS_PER_WIDTH).astype(np.int64))
            if counts.prod() <= max(room, least.prod()):
                break
            width *= (counts.prod() / room) ** (1.0 / 3.0)
        cells[level], grid[level] = [*counts, first], [*(counts / lengths), radius]
        first += int(counts.prod())
    return cells, grid


def cell_count(cells: NDArray[np.int64]) -> int:
    """Return the number of cells of all levels."""
    return int(cells[:, :FIRST].prod(1).sum())


@routine
def cell_along(position: float, axis: int, level: int, domain: Domain) -> int:
    """Return a level's cell along one axis, or -1 outside the box."""
    offset = position - domain.box[LOW + axis]
    inside = 0.0 <= offset / domain.box[LENGTH + axis] <= 1.0
    return int(min(offset * domain.grid[level, axis], domain.cells[level, axis] - 1.0)) if inside else -1


@routine
def level_of(radius: float, domain: Domain) -> int:
    """Return the finest level whose particles can be as large."""
    level = 0
    for finer in range(1, domain.grid.shape[0]):
        level = finer if radius <= domain.grid[finer, LARGEST] else level
    return level


@routine
def cell_of(i: int, row: Any, domain: Domain) -> int:
    """Return the number of the cell that holds particle i, x fastest, or -1 outside the box."""
    level = level_of(row[i, RADIUS], domain)
    cx = cell_along(row[i, X], 0, level, domain)
    cy = cell_along(row[i, X + 1], 1, level, domain)
    cz = cell_along(row[i, X + 2], 2, level, domain)
    inside = cx >= 0 and cy >= 0 and cz >= 0
    cells = domain.cells
    return cells[level, FIRST] + (cz * cells[level, 1] + cy) * cells[level, 0] + cx if inside else -1
