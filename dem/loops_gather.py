"""The loops of targets without a scatter: full list, each particle gathers its own force, one body a stage.

Steps are launched ahead of what the host knows: the step that makes the lists stale, or that fails, stops the clock of
the device, and later launches return at once. So no contact is missed, and results do not depend on how far ahead.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.physics import routine
from compute.tuples import make_loader, make_storer
from dem.cells import cell_of
from dem.clock import LOOK_STEPS, NEVER, NOW, STOP, make_start_step, make_tick
from dem.domain import Domain, fold
from dem.faults import CODE, LOST, PARTICLE
from dem.gather import make_gather_pairs
from dem.interaction import Interaction
from dem.liquid.pairs import FILM
from dem.neighbours import CellOrder, PairList, carry_row, move_particle
from dem.pairs import PairSettings, force_columns
from dem.particles import Particles
from dem.search import make_row_walk
from dem.step import DISTANCE, Motion, advance
from dem.tally import Tally, plain_add
from dem.walls import Walls, WallTouches
from dem.walls.wrench import make_wall_wrench

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
def make_press_body(interaction: Interaction, statistics: bool, add: Any) -> Any:
    """Return the body that adds the force of the walls on a particle; most particles are near none."""
    wall_wrench, load_six, store_six = make_wall_wrench(interaction, add, statistics), make_loader(6), make_storer(6)

    @routine
    def press(
        i: int,
        particles: Particles,
        force: Any,
        settings: PairSettings,
        walls: Walls,
        touches: WallTouches,
        tally: Tally,
        step: float,
        fault: Any,
        clock: Any,
    ) -> None:
        if clock[NOW] >= clock[STOP] or touches.close[i] | touches.near[i] | touches.touched[i] == 0:
            return
        ax, ay, az, bx, by, bz = wall_wrench(
            i, 0, particles, walls, touches, settings.parameters, tally, settings.rearm_gap, step, fault
        )
        fx, fy, fz, mx, my, mz = load_six(force[0, i], 0, 1)
        store_six(force[0, i], 0, 1, (fx + ax, fy + ay, fz + az, mx + bx, my + by, mz + bz))

    return press


@cache
def make_move_body(wet: bool) -> Any:
    """Return the body that moves a particle by the sum of its forces and stops the clock if it went far."""
    load_six = make_loader(6)

    @routine
    def move(i: int, particles: Particles, force: Any, motion: Motion, step: float, fault: Any, clock: Any) -> None:
        if clock[NOW] >= clock[STOP]:
            return
        if wet:
            particles.film[i] += force[0, i, FILM]
        square = advance(i, 0, particles, load_six(force[0, i], 0, 1), motion, step, fault)
        if not square <= motion.reach[DISTANCE]:
            clock[STOP] = clock[NOW] + 1

    return move


def _move_of(engine: Engine) -> Any:
    """Return the body that moves what moves on its own in this engine."""
    if not engine.id_bits:
        return make_move_body(engine.interaction.wet)
    from dem.clumps.motion import make_body_move

    return make_body_move(engine.kind)


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
        self._press, self._move = make_press_body(interaction, statistics, add), _move_of(engine)
        self._start_step, self._tick = make_start_step(engine.kind), make_tick(engine.kind)
        self.clock = self.backend.array(np.array([0, NEVER]))

    def moved(self, capacity: int) -> Any:
        """Return no room: each particle looks at its own displacement."""
        return self.backend.zeros(0)

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
        """Run steps stage by stage, some ahead of the last look at the clock."""
        first = n = engine.step_number
        self.clock[:] = self.backend.array(np.array([first, NEVER]))
        self.place_walls(engine, first)
        while n < last:
            ahead = min(LOOK_STEPS, last - n)
            for _ in range(ahead):
                self._launch_step(engine)
            n += ahead
            if self.is_stale(engine):
                return int(self.backend.numpy(self.clock)[NOW])
        return n

    def _launch_step(self, engine: Engine) -> None:
        step, clock = engine.step_size, self.clock
        self.backend.foreach(
            self._gather, engine.size, engine.particles, engine.pairs, engine.domain, self.force, engine.settings,
            engine.tally, step, engine.fault, clock,
        )  # fmt: skip
        if engine.wall_count:
            self.backend.foreach(
                self._press, engine.size, engine.particles, self.force, engine.settings, engine.walls, engine.touches,
                engine.tally, step, engine.fault, clock,
            )  # fmt: skip
        self.backend.foreach(
            self._move, engine.body_count, engine.particles, self.force, engine.motion, step, engine.fault, clock
        )
        self.backend.foreach(self._tick, 1, engine.walls, engine.domain, engine.motion, step, engine.fault, clock)

    def place_walls(self, engine: Engine, step_number: int) -> None:
        """Put the walls, and the image across a sheared box, where they are at a step."""
        self.backend.foreach(
            self._start_step, 1, engine.walls, engine.domain, engine.motion, engine.step_size, step_number
        )

    def is_stale(self, engine: Engine) -> bool:
        """Return whether the clock was stopped: somebody or a wall moved too far, or something failed."""
        return bool(self.backend.numpy(self.clock)[STOP] != NEVER)
