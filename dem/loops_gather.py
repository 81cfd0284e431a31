"""The loops of targets without a scatter: full list, each particle gathers its own force, one body a stage.

Steps are launched ahead of what the host knows, a graph of them at a time: the step that makes the lists stale, or that
fails, stops the clock of the device, and later launches return at once. So no contact is missed, and results do not
depend on how far ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from compute.adding import adder_of
from compute.base import Backend, Count, Launch, copies_beside, release
from compute.graph import GraphStore
from compute.running_sums import RunningSums, clear_word
from dem.cell_sort import find_place, make_find_cell, make_put_into_cell, take_place
from dem.clock import AT_WALLS, BODIES, LOOK_STEPS, NOW, SIZE, STALE, WORDS, make_start_step, make_tick, stands
from dem.gather import make_gather_pairs
from dem.gather_step import NextStep, copy_state, make_find_body, make_move_sphere, make_press_body, make_step_sphere
from dem.list_gather import count_memory, fill_memory, list_in, make_count_body, make_fill_body
from dem.neighbours import GROWTH, PairList, move_particle
from dem.pairs import force_columns
from dem.particles import Particles
from dem.step import note_list
from dem.walls import WallTouches
from dem.walls.rows import with_rows
from dem.walls.rows_gather import carry_wall_contacts, need_row, note_seat, settle_row

if TYPE_CHECKING:
    from dem.engine import Engine

KEPT_GRAPHS = 2
"""Two arrays of particles take turns."""
MOST_LANES = 8
"""About the length of a row."""
THREADS_AT_ONCE = 65536
"""Threads of the pair kernel that a device holds: 132 multiprocessors with 65536 registers each, 128 to a thread."""


def _move_of(engine: Engine) -> Any:
    """Return the body that moves what moves on its own; none for spheres that move as the forces of pairs are found.

    Where films meet walls these come between: they take of a film what the pairs of the step left.
    """
    wet = engine.interaction.wet
    if not engine.id_bits:
        return make_move_sphere(wet, True) if wet and engine.wall_count else None
    from dem.clumps.motion import make_body_move

    return make_body_move(engine.kind, wet, engine.wall_count > 0)


def _meet_of(engine: Engine, add: Any) -> Any:
    """Return the body that books encounters of bodies with walls, none where there is nothing to book."""
    if not (engine.id_bits and engine.statistics and engine.wall_count):
        return None
    from dem.clumps.wall_encounters import make_meet_body

    return make_meet_body(engine.interaction, add)


def _make_sums_of(backend: Backend) -> Any:
    """Return the backend's way to add up, none if it has none of its own."""
    if backend.name != "cuda":
        return None
    from compute.launch_cuda import make_shared_sums

    return make_shared_sums


def lanes_for(size: int) -> int:
    """Return how many threads share a particle: as many as a large device holds at once, up to 8.

    With fewer particles than that the longest row sets the time of a step, and more threads shorten it.
    """
    lanes = 1
    while lanes < MOST_LANES and 2 * lanes * size <= THREADS_AT_ONCE:
        lanes *= 2
    return lanes


class GatherLoops:
    """Runs each stage of a step as one launch over the particles, some steps in a graph.

    Attributes:
        clock: words that the launches look up, see `dem.clock`.
        lanes: threads that share the row of a particle, 1, 2, 4 or 8; none: what suits the number of particles. Sums of
            forces are rounded differently for each.
        memory: what the list before remembers of its pairs, while the list is made anew; apart: room for it where there
            is no other.
    """

    full = True

    def __init__(self, engine: Engine) -> None:
        self.backend = engine.backend
        self._sums = RunningSums(engine.backend)
        interaction, statistics = engine.interaction, engine.statistics
        self.columns = force_columns(interaction)
        self._add, self._make_sums = adder_of(engine.backend), _make_sums_of(engine.backend)
        self._find_cell, self._put_into_cell = make_find_cell(self._add), make_put_into_cell(self._add)
        self._count, self._fill = make_count_body(engine.kind), make_fill_body(engine.kind)
        bodies = engine.id_bits > 0
        self.lanes: int | None = None
        self._find = make_find_body(interaction, statistics, self._add)
        self._press = make_press_body(interaction, statistics, self._add, bodies, self._make_sums)
        self._move, self._meet = _move_of(engine), _meet_of(engine, self._add)
        self._start_step, self._tick = make_start_step(engine.kind), make_tick(engine.kind)
        self.clock = self.backend.zeros(WORDS, np.int64)
        self._graphs, self._stale = GraphStore(KEPT_GRAPHS), False

    def moved(self, capacity: int) -> Any:
        """Return no room: each particle looks at its own displacement."""
        return self.backend.zeros(0)

    def allocate(self, capacity: int) -> None:
        """Make the forces of spheres that do not move on their own, and an empty memory; graphs of before go."""
        self._graphs.clear()
        self.force = self.backend.zeros((1, capacity if self._move else 0, self.columns))
        self.wrench = self.backend.zeros((1, 6))
        self.memory = PairList(self.backend.zeros(capacity + 1, np.int64), None, None, None)
        self.apart = self.memory._replace(other=self.backend.zeros(0, np.int32))

    def count_rows(self, engine: Engine) -> PairList:
        """Sort the particles by cell, those of a cell by id, count their partners and make room for them.

        What the list before remembers is apart from it by then, so that it goes before a longer one is made.
        """
        cells, size, new = engine.cells, engine.size, engine.pairs
        self._sort(engine)
        engine.raise_faults()  # they name places, which what is remembered takes
        self.backend.foreach(move_particle, size, cells, engine.particles, engine.spare)
        self._remember(engine)
        self.backend.foreach(self._count, size, engine.spare, engine.domain, cells, engine.skin, new)
        self._sums.add_up(new.start[1 : size + 1])
        entries = self._number_at(new.start, size)
        if entries > len(new.other):
            new = engine.pairs = PairList(new.start, None, None, None)
            self._release()
            new = engine.empty_list(int(GROWTH * entries))._replace(start=new.start)
        return new

    def _release(self) -> None:
        """Give back the memory of arrays that only graphs still hold."""
        self._graphs.clear()
        release(self.backend)

    def _sort(self, engine: Engine) -> None:
        cells, size, particles = engine.cells, engine.size, engine.particles
        self.backend.foreach(clear_word, len(cells.first), cells.first)
        self.backend.foreach(self._find_cell, size, particles, engine.domain, cells, engine.fault)
        self._sums.add_up(cells.first)
        self.backend.foreach(self._put_into_cell, size, cells)
        self.backend.foreach(find_place, size, particles.id, cells)
        self.backend.foreach(take_place, size, cells)

    def _remember(self, engine: Engine) -> None:
        """Copy what is remembered of the pairs, so that the list can be made anew in its place.

        It goes where the particles were before they were sorted, if it fits there.
        """
        size, start = engine.size, self.memory.start
        self.backend.foreach(count_memory, size, engine.pairs, start)
        self._sums.add_up(start[1 : size + 1])
        entries = self._number_at(start, size)
        room = list_in(engine.particles.row, entries, engine.pairs.history)
        if room is None and entries > len(self.apart.other):
            self.apart = engine.empty_list(int(GROWTH * entries))
        self.memory = (room or self.apart)._replace(start=start)
        self.backend.foreach(fill_memory, size, engine.pairs, self.memory)

    def _number_at(self, words: Any, place: int) -> int:
        """Bring one word to the host."""
        return int(self.backend.numpy(words[place : place + 1])[0])

    def fill_rows(self, engine: Engine, new: PairList) -> None:
        """Write the partners of each row and what is remembered of them."""
        self.backend.foreach(
            self._fill, engine.size, engine.particles, engine.domain, engine.cells, engine.skin, self.memory, new
        )

    def divide(self, engine: Engine) -> None:
        """Put what does not change of the particles where the next step writes the rest."""
        if self._move is None:
            self.backend.foreach(copy_state, engine.size, engine.particles, engine.spare)

    def note_list(self, engine: Engine) -> None:
        """Note where the walls are at the step of the list."""
        self.backend.foreach(note_list, 1, engine.walls, engine.motion, engine.built)

    def give_rows(
        self, engine: Engine, particles: Particles, touches: WallTouches, sorted_anew: bool
    ) -> tuple[WallTouches, int]:
        """Return the wall contacts with a row for each particle that can meet a wall, and how many these are."""
        size, number, foreach = engine.size, self.memory.start, self.backend.foreach
        reach = engine.wall_margin, engine.settings.rearm_gap
        foreach(note_seat, size, engine.cells.order, touches.seat, int(sorted_anew), number)
        foreach(need_row, size, particles, engine.walls, touches, *reach, number)
        self._sums.add_up(number[1 : size + 1])
        count, after = self._number_at(number, size), touches
        if count > len(touches.holder):
            self._release()
            after = with_rows(touches, int(GROWTH * count), self.backend.zeros)
        foreach(carry_wall_contacts, size, touches.seat, number, touches, after)
        foreach(settle_row, count, particles, engine.walls, after, *reach)
        return after, count

    def run(self, engine: Engine, last: int) -> int:
        """Run graphs of steps until the clock stands, at the last step or where lists are stale.

        The state goes to and fro between two arrays; after an odd number of steps it is brought back to the first one.
        """
        first, own = engine.step_number, engine.particles
        other = own if self._move else own._replace(row=engine.spare.row, film=engine.spare.film)
        if len(self.wrench) != len(engine.touches.holder):
            self.wrench = self.backend.zeros((len(engine.touches.holder), 6))
        launches = [*self._step_of(engine, own, other), *self._step_of(engine, other, own)]
        graph = self._graphs.graph(self.backend, launches, LOOK_STEPS // 2, self.clock)
        self._begin(engine, (first, last, 0, engine.size, engine.body_count, engine.at_walls))
        words = graph.run(stands, -(-(last - first) // LOOK_STEPS))
        self._stale = bool(words[STALE])
        if (int(words[NOW]) - first) % 2 and self._move is None:
            self.backend.foreach(copy_state, engine.size, other, own)
        return int(words[NOW])

    def _step_of(self, engine: Engine, particles: Particles, then: Particles) -> list[Launch]:
        """Return the launches of a step from one state to the other; while the clock stands they do nothing."""
        step, clock, fault = engine.step_size, self.clock, engine.fault
        each, bodies = Count(clock, SIZE, engine.capacity), Count(clock, BODIES, engine.capacity)
        lanes = self.lanes or (lanes_for(engine.size * copies_beside(self.backend)) if self._make_sums else 1)
        pairs, settings, walls, tally = engine.pairs, engine.settings, engine.walls, engine.tally
        domain, motion, force, touches = engine.domain, engine.motion, self.force, engine.touches
        after, launches = NextStep(then.row, then.film, touches.seat, self.wrench), []
        if engine.wall_count:
            at_walls = Count(clock, AT_WALLS, len(touches.holder))
            launches.append(Launch(self._find, at_walls, (particles, settings, walls, touches, tally, fault, clock)))
            pressed = (particles, after, force, settings, walls, touches, tally, step, clock)
            launches.append(Launch(self._press, at_walls, pressed))
        shared = each._replace(lanes=lanes)
        if self._move is None:
            stepped = (particles, pairs, domain, after, settings, tally, motion, step, fault, clock)
            launches.append(Launch(self._of_pairs(engine, lanes), shared, stepped))
        else:
            gathered = (particles, pairs, domain, force, settings, tally, step, fault, clock)
            launches.insert(0, Launch(self._of_pairs(engine, lanes), shared, gathered))
            if self._meet:
                launches.append(Launch(self._meet, bodies, (particles, walls, touches, motion, tally, clock)))
            launches.append(Launch(self._move, bodies, (particles, force, after, motion, step, fault, clock)))
        return [*launches, Launch(self._tick, 1, (walls, domain, motion, step, fault, clock))]

    def _of_pairs(self, engine: Engine, lanes: int) -> Any:
        """Return the body of the pairs: it moves spheres, or leaves the forces on them to what does."""
        make_sums, what = self._make_sums, (engine.interaction, engine.kind, engine.statistics)
        if self._move is None:
            return make_step_sphere(*what, engine.wall_count > 0, self._add, lanes, make_sums)
        return make_gather_pairs(*what, self._add, engine.id_bits > 0, lanes, make_sums)

    def place_walls(self, engine: Engine, step_number: int) -> None:
        """Put the walls, and the image across a sheared box, where they are at a step."""
        self._begin(engine, (step_number, step_number, 0, 0, 0, 0))

    def _begin(self, engine: Engine, words: tuple[int, ...]) -> None:
        """Set the clock to these words, and put everything where it is at its step."""
        placed = engine.walls, engine.domain, engine.motion, engine.step_size
        self.backend.foreach(self._start_step, 1, *placed, self.clock, words)

    def is_stale(self, engine: Engine) -> bool:
        """Return whether the clock was stopped: somebody or a wall moved too far, or something failed."""
        return self._stale
