"""Particles streamed into a region at a rate, by number or by mass.

At event n (0, 1, ...) at time t_n, what is owed is rate (t_n - start) up to the end; the particles are drawn from a
sequence that depends on the seed alone, and as many are due as the amount owed has passed. So the stream follows the
rate to within one particle however the events are spaced, and what finds no room waits for the next event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_limits import mean_particle
from dem.case_particles import Insertion
from dem.packing import GAP, draw_classes, generator
from dem.particle_set import ClassTable, ParticleSet
from dem.regions import make_room
from dem.walls import Walls

SEQUENCE = 256
"""Particles drawn together: within each such run the class numbers are exact."""
ATTEMPTS = 20
"""Rounds of drawing positions at one event, for each size."""
ROUND_OFF = 1e-12
"""Share by which the amount owed is raised, so that a whole number stays one."""
BLOCKS, EVENTS = range(2)
STREAM = 1 << 32
"""Random streams below this number belong to packings; above it each insertion has two ranges of this length."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class InsertionState:
    """How far an insertion has come: events done, particles inserted, and particles due that found no room yet."""

    events: int = 0
    inserted: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class InsertionSource:
    """One insertion of a case, ready to be asked at each event.

    Attributes:
        index: its place among the case's particle sources.
    """

    case: DemCase
    source: Insertion
    classes: ClassTable
    seed: int
    index: int

    def sequence(self, size: int) -> Integers:
        """Return the classes of the first `size` particles of the stream."""
        blocks = -(-size // SEQUENCE)
        parts = [
            draw_classes(self.case, self.classes, self.source.shares, SEQUENCE, self._random(BLOCKS, block))
            for block in range(blocks)
        ]
        return np.concatenate(parts or [np.zeros(0, np.int64)])[:size]

    def due(self, time: float) -> Integers:
        """Return the classes of all particles that should have entered by a time [s]."""
        elapsed = min(max(time - self.source.start, 0.0), self.source.end - self.source.start)
        if self.source.number_rate is not None:
            return self.sequence(int(self.source.number_rate * elapsed * (1.0 + ROUND_OFF)))
        owed = (self.source.mass_rate or 0.0) * elapsed * (1.0 + ROUND_OFF)
        size = int(2.0 * owed / mean_particle(self.case, self.source.shares)[1]) + 2 * SEQUENCE
        kinds = self.sequence(size)
        return kinds[: int(np.searchsorted(np.cumsum(self.classes.mass[kinds]), owed, side="right"))]

    def insert(
        self, state: InsertionState, time: float, walls: Walls, present: ParticleSet, first_id: int
    ) -> tuple[ParticleSet, InsertionState]:
        """Return the particles that enter at an event, and how far the insertion has come then.

        walls: at their present pose; present: all particles there; first_id: of the first new particle.
        """
        kinds = self.due(time)[state.inserted :]
        random = self._random(EVENTS, state.events)
        room = make_room(self.source.region, self.case.domain, walls, present)
        position, placed = room.draw(0.5 * self.classes.diameter[kinds] * (1.0 + GAP), random, ATTEMPTS)
        entering = np.logical_and.accumulate(placed)  # nobody overtakes, so the mixture stays what it should be
        velocity = np.asarray(self.source.velocity) + self.source.spread * random.standard_normal((len(kinds), 3))
        particles = self.classes.particles(kinds, position, velocity, np.zeros((len(kinds), 3))).chosen(entering)
        particles.id[:] = first_id + np.arange(len(particles))
        waiting = len(kinds) - len(particles)
        return particles, InsertionState(state.events + 1, state.inserted + len(particles), waiting)

    def _random(self, kind: int, number: int) -> np.random.Generator:
        return generator(self.seed, STREAM * (1 + kind + 2 * self.index) + number)
