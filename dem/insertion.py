"""Feeders: particles streamed into a region at a rate, by number or by mass, steadily or in pulses.

At an event at time t a feeder owes rate x fed time(t); the particles come from a sequence that depends on the seed
alone, and as many are due as the amount owed has passed. What was fed is known by whole numbers of each class, so that
the stream follows its rate to within one particle for ever, however the events are spaced; what finds no room waits for
the next event. After each 256 particles no class is ahead of its share by a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem.case import DemCase
from dem.case_limits import number_shares
from dem.case_particles import Insertion
from dem.clumps.packing import GAP, draw_bodies
from dem.packing import generator
from dem.particle_set import ClassTable, ParticleSet
from dem.regions import make_room
from dem.walls import Walls

SEQUENCE = 256
"""Particles drawn together, in random order."""
ATTEMPTS = 20
"""Rounds of drawing positions at one event, for each size."""
FIRST_TRIES = 16
"""Positions drawn for each particle in the first of them: a region with room needs few."""
ROUND_OFF = 1e-12
"""Share by which the amount owed is raised, so that a whole number stays one."""
BLOCKS, EVENTS = range(2)
STREAM = 1 << 32
"""Random streams below this number belong to packings; above it each insertion has two ranges of this length.

Those from 2^63 on belong to nozzles.
"""

Integers = NDArray[np.int64]


def apportioned(shares: NDArray[np.float64], total: int, given: Integers) -> Integers:
    """Return how many of each class come next, `total` in all: each goes to the class that lags most.

    shares: sum to 1; given: numbers given so far. No class is then ahead of its share by a whole particle: the one
    that lags most lags by something as long as any is left to give.
    """
    lag = shares * (given.sum() + total) - given
    counts = np.floor(np.maximum(lag - 1.0, 0.0)).astype(np.int64)
    lag = lag - counts
    for _ in range(total - int(counts.sum())):
        most = int(np.argmax(lag))
        counts[most] += 1
        lag[most] -= 1.0
    return counts


@dataclass(frozen=True)
class InsertionState:
    """How far a feeder has come.

    events: done; inserted: particles; waiting: particles due that found no room; since: time from which on there
    always were some [s]; before: numbers of the classes in the whole blocks of the sequence that have been inserted.
    """

    events: int = 0
    inserted: int = 0
    waiting: int = 0
    since: float = 0.0
    before: Integers = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True)
class InsertionSource:
    """One feeder of a case, ready to be asked at each event.

    Attributes:
        index: its place among the case's particle sources.
    """

    case: DemCase
    source: Insertion
    classes: ClassTable
    seed: int
    index: int

    @property
    def name(self) -> str:
        """Its name, or one made from its place."""
        return self.source.name or f"feeder-{self.index + 1}"

    def begin(self) -> InsertionState:
        """Return the state before the first event."""
        return InsertionState(before=np.zeros(len(self.classes.names), np.int64))

    def _block(self, number: int, before: Integers) -> Integers:
        """Return the classes of a block of the sequence, in order; before: numbers in all earlier blocks."""
        counts = apportioned(self._shares, SEQUENCE, before)
        return self._random(BLOCKS, number).permutation(np.repeat(np.arange(len(counts)), counts))

    @property
    def _shares(self) -> NDArray[np.float64]:
        shares = np.zeros(len(self.classes.names))
        for name, share in number_shares(self.case, self.source.shares).items():
            shares[self.classes.names.index(name)] = share
        return shares / shares.sum()

    def due(self, state: InsertionState, time: float) -> Integers:
        """Return the classes of the particles that should have entered by a time [s] and have not."""
        by_number = self.source.number_rate is not None
        rate = self.source.number_rate if by_number else self.source.mass_rate
        own = np.ones(len(self.classes.mass)) if by_number else self.classes.mass
        owed = (rate or 0.0) * self.source.fed_time(time) * (1.0 + ROUND_OFF)
        before, number, parts = state.before, state.inserted // SEQUENCE, []
        while True:
            kinds = self._block(number, before)
            amounts = own @ before + np.cumsum(own[kinds])
            parts.append(kinds[: int(np.searchsorted(amounts, owed, side="right"))])
            if len(parts[-1]) < SEQUENCE:
                return np.concatenate(parts)[state.inserted % SEQUENCE :]
            before, number = before + np.bincount(kinds, minlength=len(own)), number + 1

    def _passed(self, state: InsertionState, entered: int) -> Integers:
        """Return the numbers of the classes in the whole blocks inserted, once `entered` more are."""
        before = state.before
        for number in range(state.inserted // SEQUENCE, (state.inserted + entered) // SEQUENCE):
            before = before + np.bincount(self._block(number, before), minlength=len(before))
        return before

    def insert(
        self, state: InsertionState, time: float, walls: Walls, present: ParticleSet, first_id: int
    ) -> tuple[ParticleSet, InsertionState]:
        """Return the particles that enter at an event, and how far the feeder has come then.

        walls: at their present pose; present: all spheres there; first_id: of the first new particle.

        Raises:
            SimulationError: particles have waited longer than the feeder's patience.
        """
        kinds = self.due(state, time)
        random = self._random(EVENTS, state.events)
        position, turns, placed = self._places(kinds, walls, present, random)
        entering = np.logical_and.accumulate(placed)  # nobody overtakes, so the mixture stays what it should be
        velocity = np.asarray(self.source.velocity) + self.source.spread * random.standard_normal((len(kinds), 3))
        particles = self.classes.particles(kinds, position, velocity, np.zeros((len(kinds), 3)), turns).chosen(entering)
        particles.id[:] = first_id + np.arange(len(particles))
        waiting = len(kinds) - len(particles)
        since = state.since if state.waiting and waiting else time
        self._require_patience(time, since, waiting, self.classes.mass[kinds[len(particles) :]].sum())
        passed = self._passed(state, len(particles))
        return particles, InsertionState(state.events + 1, state.inserted + len(particles), waiting, since, passed)

    def _places(
        self, kinds: Integers, walls: Walls, present: ParticleSet, random: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.bool_]]:
        """Return positions, of bodies turns, and which of the particles found room."""
        room = make_room(self.source.region, self.case.domain, walls, present)
        if self.classes.shapes:
            bodies, placed = draw_bodies(room, self.classes.shapes, kinds, random, ATTEMPTS)
            return bodies.position, bodies.turn, placed
        position, placed = room.draw(self.classes.reach[kinds] * (1.0 + GAP), random, ATTEMPTS, FIRST_TRIES)
        return position, None, placed

    def _require_patience(self, time: float, since: float, waiting: int, mass: float) -> None:
        if time - since > self.source.patience:
            raise SimulationError(
                f"{self.name} is blocked: since t = {since:.6g} s there always were particles that found no room, "
                f"{waiting} of {mass:.4g} kg at t = {time:.6g} s; enlarge dem.particles.{self.index}.region, raise its "
                "velocity, clear what lies in it, lower the rate, or raise the patience"
            )

    def _random(self, kind: int, number: int) -> np.random.Generator:
        return generator(self.seed, STREAM * (1 + kind + 2 * self.index) + number)
