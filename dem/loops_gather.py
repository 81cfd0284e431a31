"""The loops of targets without a scatter: full list, each particle gathers its own force, one body a stage."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.physics import routine
from dem.domain import LENGTH, OFFSET, SHEAR_RATE, SHEARED, Domain, cell_of, fold, slide_of_image
from dem.faults import CODE, LOST, NONE, PARTICLE
from dem.gather import make_gather_pairs
from dem.liquid.pairs import FILM
from dem.neighbours import CellOrder, PairList, carry_row, make_row_walk, move_particle
from dem.pairs import force_columns
from dem.particles import Particles
from dem.step import Motion, advance, make_wall_part
from dem.tally import plain_add
from dem.walls import set_pose
from dem.walls.motion import bear_load, turned_too_far

if TYPE_CHECKING:
    from dem.engine import Engine


@routine
def find_cell(i: int, particles: Particles, domain: Domain, cells: CellOrder, fault: Any) -> None:
    """Fold particle i into the box and note its cell; outside is a fault."""
    fold(i, particles.row, domain.box)
    cell = cell_of(i, particles.row, domain)
    if cell < 0:
        fault[0, CODE], fault[0, PARTICLE] = LOST, particles.id[i]
    cells.cell[i] = max(cell, 0)


@cache
def make_count_body(kind: int) -> Any:
    """Return the body that counts the partners of a row."""
    walk = make_row_walk(kind, True)

    @routine
    def count(i: int, particles: Particles, domain: Domain, cells: CellOrder, skin: float, new: PairList) -> None:
        new.start[i + 1] = walk(i, particles.id, domain, cells, skin, new.other, 0, 0)

    return count


@cache
def make_fill_body(kind: int) -> Any:
    """Return the body that writes a row in the order of its partners' cells, and what is remembered of them."""
    walk = make_row_walk(kind, True)

    @routine
    def fill(
        i: int, particles: Particles, domain: Domain, cells: CellOrder, skin: float, old: PairList, new: PairList
    ) -> None:
        walk(i, particles.id, domain, cells, skin, new.other, new.start[i], new.start[i + 1] - new.start[i])
        carry_row(i, cells, old, new)

    return fill


@cache
def make_advance_body(interaction: Any, statistics: bool, has_walls: bool, add: Any) -> Any:
    """Return the body that adds the walls' force to the pairs' and moves a particle."""
    wall_part, wet = make_wall_part(interaction, statistics, has_walls, add), interaction.wet

    @routine
    def move(
        i: int,
        particles: Particles,
        force: Any,
        settings: Any,
        walls: Any,
        touches: Any,
        motion: Motion,
        tally: Any,
        step: float,
        fault: Any,
    ) -> None:
        fx, fy, fz, mx, my, mz = wall_part(i, 0, particles, walls, touches, settings, tally, step, fault)
        fx, fy, fz = fx + force[0, i, 0], fy + force[0, i, 1], fz + force[0, i, 2]
        mx, my, mz = mx + force[0, i, 3], my + force[0, i, 4], mz + force[0, i, 5]
        if wet:
            particles.film[i] += force[0, i, FILM]
        motion.moved[i] = advance(i, 0, particles, (fx, fy, fz, mx, my, mz), motion, step, fault)

    return move


class GatherLoops:
    """Runs each stage of a step as one launch over the particles."""

    full = True

    def __init__(self, engine: Engine) -> None:
        self.backend = engine.backend
        self.xp = getattr(engine.backend, "xp", np)
        interaction, statistics = engine.interaction, engine.statistics
        self.columns = force_columns(interaction)
        add = plain_add
        if engine.backend.name == "cuda":
            from compute.launch_cuda import atomic_add as add  # type: ignore[assignment]
        self._count, self._fill = make_count_body(engine.kind), make_fill_body(engine.kind)
        self._gather = make_gather_pairs(interaction, engine.kind, statistics, add)
        self._advance = make_advance_body(interaction, statistics, engine.wall_count > 0, add)

    def moved(self, capacity: int) -> Any:
        """Return one value for each particle."""
        return self.backend.zeros(capacity)

    def allocate(self, capacity: int) -> None:
        """Make the force array."""
        self.force = self.backend.zeros((1, capacity, self.columns))

    def count_rows(self, engine: Engine) -> tuple[int, PairList]:
        """Sort the particles by cell, those of a cell by slot, and count their partners."""
        xp, cells, size = self.xp, engine.cells, engine.size
        self.backend.foreach(find_cell, size, engine.particles, engine.domain, cells, engine.fault)
        order = xp.argsort(cells.cell[:size], kind="stable")
        cells.order[:size] = order
        cells.first[:] = xp.searchsorted(cells.cell[:size][order], xp.arange(len(cells.first)))
        self.backend.foreach(move_particle, size, cells, engine.particles, engine.spare)
        new = engine.empty_list(max(len(engine.pairs.other), 1))
        self.backend.foreach(self._count, size, engine.spare, engine.domain, cells, engine.skin, new)
        new.start[1 : size + 1] = xp.cumsum(new.start[1 : size + 1])
        return int(new.start[size]), new

    def fill_rows(self, engine: Engine, new: PairList) -> None:
        """Write the partners of each row and what is remembered of them."""
        self.backend.foreach(
            self._fill, engine.size, engine.particles, engine.domain, engine.cells, engine.skin, engine.pairs, new
        )

    def divide(self, engine: Engine) -> None:
        """Do nothing: every particle is its own chunk."""

    def run(self, engine: Engine, last: int) -> int:
        """Run steps stage by stage."""
        n, step = engine.step_number, engine.step_size
        self.place_walls(engine, n)
        while n < last:
            self.backend.foreach(
                self._gather, engine.size, engine.particles, engine.pairs, engine.domain, self.force,
                engine.settings, engine.tally, step, engine.fault,
            )  # fmt: skip
            self.backend.foreach(
                self._advance, engine.size, engine.particles, self.force, engine.settings, engine.walls,
                engine.touches, engine.motion, engine.tally, step, engine.fault,
            )  # fmt: skip
            if engine.loaded:
                self.backend.foreach(bear_load, engine.walls.pose.shape[0], engine.walls, n, step)
            n += 1
            self.place_walls(engine, n)
            if self._moved_too_far(engine, n):
                break
        return n

    def place_walls(self, engine: Engine, step_number: int) -> None:
        """Put the walls, and the image across a sheared box, where they are at a step."""
        if engine.wall_count:
            self.backend.foreach(set_pose, engine.wall_count, engine.walls, step_number, engine.step_size)
        if engine.kind == SHEARED:
            box = self.backend.numpy(engine.domain.box)
            engine.domain.box[OFFSET] = slide_of_image(box, step_number, engine.step_size)

    def is_stale(self, engine: Engine) -> bool:
        """Return whether somebody or a wall moved too far."""
        return self._moved_too_far(engine, engine.step_number)

    def _moved_too_far(self, engine: Engine, n: int) -> bool:
        largest = math.sqrt(float(engine.motion.moved[: engine.size].max())) if engine.size else 0.0
        box = self.backend.numpy(engine.domain.box)
        slid = abs(box[SHEAR_RATE]) * box[LENGTH + 1] * engine.step_size * (n - engine.built)
        failed = bool((engine.fault[:, CODE] != NONE).any())
        return failed or largest + 0.5 * slid > 0.5 * engine.skin or self._turned_too_far(engine)

    def _turned_too_far(self, engine: Engine) -> bool:
        if not engine.turning:
            return False
        walls = engine.walls
        found = walls._replace(pose=self.backend.numpy(walls.pose), motion=self.backend.numpy(walls.motion))
        return turned_too_far(found)
