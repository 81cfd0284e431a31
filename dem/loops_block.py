"""The loops of the CPU and of plain Python: half list, blocks of pairs, many steps to a call."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dem.block import BLOCK, field_count
from dem.neighbours import GROWTH, ROW_STRIDE, PairList, make_list_builder
from dem.pairs import PairScratch, force_columns
from dem.particles import Particles
from dem.step import lists_are_stale, make_particle_chunk, make_run, note_list, place_walls
from dem.walls import WallTouches
from dem.walls.rows import give_rows

if TYPE_CHECKING:
    from dem.engine import Engine


class BlockLoops:
    """Scatters the forces of half-list pairs into one array for each chunk; there are as many chunks as threads."""

    full = False

    def __init__(self, engine: Engine) -> None:
        backend = engine.backend
        self.zeros = backend.zeros
        self.chunks, self.fields = backend.threads, field_count(engine.interaction)
        self.real_type = engine.interaction.real_type
        self.columns = force_columns(engine.interaction)
        count_rows, fill_rows = make_list_builder(engine.kind, False)
        self._count_rows, self._fill_rows = backend.compile(count_rows), backend.compile(fill_rows)
        self._run = backend.compile(_run_of(engine))

    def moved(self, capacity: int) -> Any:
        """Return one value for each chunk."""
        return np.zeros(self.chunks)

    def allocate(self, capacity: int) -> None:
        """Make force arrays, block buffers and room for rows being counted."""
        zeros = self.zeros
        self.rows = zeros(capacity * ROW_STRIDE, np.int32)
        self.scratch = PairScratch(
            zeros((self.chunks, capacity, self.columns)),
            zeros((self.chunks, self.fields * BLOCK), self.real_type),
            np.zeros((self.chunks, 4 * BLOCK), np.int64),
            np.zeros(self.chunks + 1, np.int64),
            np.zeros((self.chunks, 2), np.int64),
            np.zeros(1, np.int64),
        )

    def count_rows(self, engine: Engine) -> PairList:
        """Sort the particles by cell, count their partners and make room for them."""
        new = engine.empty_list(max(len(engine.pairs.other), 1))
        entries = int(self._count_rows(
            engine.size, engine.particles, engine.spare, engine.domain, engine.cells, engine.skin,
            new.start, self.rows, engine.fault,
        ))  # fmt: skip
        engine.raise_faults()
        if entries > len(new.other):
            new = engine.empty_list(int(GROWTH * entries))._replace(start=new.start)
        new.start[engine.size :] = entries
        return new

    def fill_rows(self, engine: Engine, new: PairList) -> None:
        """Write the partners of each row and what is remembered of them."""
        self._fill_rows(
            engine.size, engine.particles.id, engine.domain, engine.cells, engine.skin, self.rows, engine.pairs, new
        )

    def divide(self, engine: Engine) -> None:
        """Divide the rows among the chunks, with about as many list entries in each."""
        start = engine.pairs.start[: engine.size + 1]
        shares = start[-1] * np.arange(self.chunks + 1) // self.chunks
        bounds = self.scratch.bounds
        bounds[:] = np.searchsorted(start, shares)
        bounds[0], bounds[-1] = 0, engine.size
        for c, (first, end) in enumerate(pairwise(bounds)):
            partners = engine.pairs.other[start[first] : start[end]]
            self.scratch.span[c] = partners.min(initial=first), partners.max(initial=end)
        if engine.cell_room:  # a state taken over has no cells before its list is made anew
            self.scratch.ahead[0] = partners_end(engine.domain.cells[-1], engine.cells.first)

    def note_list(self, engine: Engine) -> None:
        """Note where the walls are at the step of the list."""
        note_list(0, engine.walls, engine.motion, engine.built)

    def give_rows(
        self, engine: Engine, particles: Particles, touches: WallTouches, sorted_anew: bool
    ) -> tuple[WallTouches, int]:
        """Return the wall contacts with a row for each particle that can meet a wall, and how many these are."""
        seat, size = touches.seat, engine.size
        if sorted_anew:
            seat[:size] = seat[engine.cells.order[:size]]
        margin, gap = engine.wall_margin, engine.settings.rearm_gap
        return give_rows(engine.backend, size, particles, engine.walls, touches, margin, gap)

    def place_walls(self, engine: Engine, step_number: int) -> None:
        """Put the walls where they are at a step."""
        place_walls(engine.walls, step_number, engine.step_size)

    def run(self, engine: Engine, last: int) -> int:
        """Run steps in one compiled call."""
        return int(
            self._run(
                engine.step_number, last, engine.body_count, engine.step_size, engine.particles, engine.pairs,
                engine.domain, self.scratch, engine.settings, engine.walls, engine.touches, engine.motion, engine.tally,
                engine.fault,
            )
        )  # fmt: skip

    def is_stale(self, engine: Engine) -> bool:
        """Return whether somebody or a wall moved too far."""
        return bool(
            lists_are_stale(
                engine.step_number, engine.motion, engine.fault, engine.domain, engine.step_size, engine.walls
            )
        )


def partners_end(cells: NDArray[np.int64], first: NDArray[np.int32]) -> int:
    """Return after how many slots the partners of a particle end: with the next plane of lines and one line more.

    cells: of the finest level, as in `Domain`; first: first slot of each cell.
    """
    nx, ny, nz, begin = (int(number) for number in cells)
    planes = first[begin : begin + nx * ny * nz + 1 : nx * ny]
    most = int(np.diff(planes).max())
    return most + 2 * most // ny


def _run_of(engine: Engine) -> Any:
    """Return the function that runs steps of an engine's spheres or bodies."""
    interaction, kind, statistics, has_walls = (
        engine.interaction, engine.kind, engine.statistics, engine.wall_count > 0,
    )  # fmt: skip
    if engine.id_bits:
        from dem.clumps.motion import make_body_chunk

        chunk = make_body_chunk(interaction, kind, statistics, has_walls)
    else:
        chunk = make_particle_chunk(interaction, statistics, has_walls)
    return make_run(interaction, kind, statistics, has_walls, chunk, engine.id_bits > 0)
