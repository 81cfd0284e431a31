"""The engine of the CPU and of plain Python: it owns the arrays, rebuilds lists and runs steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from dem.block import BLOCK, field_count
from dem.domain import OFFSET, SHEARED, Domain, boundary_kind, set_cells, slide_of_image
from dem.faults import FAULT_SIZE, LOST, raise_fault
from dem.interaction import Interaction
from dem.neighbours import CellOrder, PairList, make_list_builder
from dem.packing import ParticleSet
from dem.pairs import PairScratch, PairSettings
from dem.particles import INERTIA, KIND_SIZE, MASS, MATERIAL, RADIUS, ROW_SIZE, VX, WX, Particles, X
from dem.step import Motion, make_run
from dem.tally import Tally
from dem.walls import Walls, empty_touches

GROWTH = 1.3
"""Factor by which arrays grow when they are too small."""

ENTRIES_PER_PARTICLE = 6
"""First guess of the number of list entries of one particle in a half list."""


class CpuEngine:
    """Particles, lists and working memory, and the compiled loops that run on them.

    Attributes:
        size: number of particles.
        step_number: number of the next step.
        particles, pairs, touches: the state that a checkpoint holds, with `reference` and `built`.
    """

    def __init__(
        self,
        backend: Backend,
        interaction: Interaction,
        domain: Domain,
        settings: PairSettings,
        walls: Walls,
        tally: Tally,
        gravity: NDArray[np.float64],
        step_size: float,
        skin: float,
        largest_radius: float,
        statistics: bool,
    ) -> None:
        self.backend, self.interaction, self.domain = backend, interaction, domain
        self.settings, self.walls, self.tally = settings, walls, tally
        self.step_size, self.skin, self.statistics = step_size, skin, statistics
        self.size, self.step_number, self.built, self.stale = 0, 0, 0, True
        self.chunks = backend.threads
        set_cells(domain, 2.0 * largest_radius + skin)
        kind = boundary_kind(domain)
        self.kind = kind
        count_rows, fill_rows = make_list_builder(kind, False)
        self._count_rows, self._fill_rows = backend.compile(count_rows), backend.compile(fill_rows)
        self._run = backend.compile(make_run(interaction, kind, statistics, len(walls.shape) > 0))
        self.fault = np.zeros((self.chunks, FAULT_SIZE), np.int64)
        self.motion = Motion(
            np.asarray(gravity, float), np.zeros((0, 3)), np.zeros(self.chunks), np.array([0.5 * skin, 0.0])
        )
        self._allocate(1)
        self.pairs = self._empty_list(1)

    def _allocate(self, capacity: int) -> None:
        history = max(1, self.interaction.history_size)
        self.capacity = capacity
        self.particles = _empty_particles(capacity)
        self._other = _empty_particles(capacity)
        self.touches = empty_touches(capacity, history)
        cell_count = int(np.prod(self.domain.cells))
        self.cells = CellOrder(
            np.zeros(capacity, np.int64),
            np.zeros(capacity, np.int64),
            np.zeros(cell_count + 1, np.int64),
            np.zeros(capacity, np.int64),
        )
        self.scratch = PairScratch(
            np.zeros((self.chunks, capacity, 6)),
            np.zeros((self.chunks, field_count(self.interaction) * BLOCK)),
            np.zeros((self.chunks, 3 * BLOCK), np.int64),
            np.zeros(self.chunks + 1, np.int64),
        )
        self.motion = self.motion._replace(reference=np.zeros((capacity, 3)))

    def _empty_list(self, entries: int) -> PairList:
        history = max(1, self.interaction.history_size)
        return PairList(
            np.zeros(self.capacity + 1, np.int64),
            np.zeros(entries, np.int32),
            np.zeros(entries, np.uint8),
            np.zeros((entries, history)),
        )

    def add(self, particles: ParticleSet) -> None:
        """Put particles into new slots; their velocities, given at this step, are taken back half a step of gravity."""
        count = len(particles.radius)
        if self.size + count > self.capacity:
            self._grow(int(GROWTH * (self.size + count)))
        slots = slice(self.size, self.size + count)
        row, kind = self.particles.row[slots], self.particles.kind[slots]
        row[:, X : X + 3] = particles.position
        row[:, VX : VX + 3] = particles.velocity - 0.5 * self.step_size * self.motion.gravity
        row[:, WX : WX + 3] = particles.spin
        row[:, RADIUS], row[:, MASS] = particles.radius, particles.mass
        row[:, INERTIA] = 0.4 * particles.mass * particles.radius**2
        kind[:, MATERIAL], kind[:, MATERIAL + 1] = particles.material, particles.particle_class
        self.particles.id[slots] = particles.id
        self.touches.wall[slots] = -1
        self.size += count
        self.stale = True

    def _grow(self, capacity: int) -> None:
        particles, touches, pairs, size = self.particles, self.touches, self.pairs, self.size
        self._allocate(capacity)
        for new, old in zip((*self.particles, *self.touches), (*particles, *touches)):
            new[:size] = old[:size]
        start = np.full(capacity + 1, pairs.start[size], np.int64)
        start[: size + 1] = pairs.start[: size + 1]
        self.pairs = pairs._replace(start=start)

    def rebuild(self) -> None:
        """Sort the particles by cell and make the list anew; raises what the loops found wrong."""
        if self.kind == SHEARED:
            self.domain.box[OFFSET] = slide_of_image(self.domain.box, self.step_number, self.step_size)
        new = self._empty_list(max(len(self.pairs.other), 1))
        entries = self._count_rows(
            self.size, self.particles, self._other, self.domain, self.cells, self.skin,
            new.start, new.other, self.fault, LOST,
        )  # fmt: skip
        self.raise_faults()
        if entries > len(new.other):
            new = self._empty_list(int(GROWTH * entries))._replace(start=new.start)
        new.start[self.size :] = entries
        self.particles, self._other = self._other, self.particles
        self._fill_rows(self.size, self.particles, self.domain, self.cells, self.skin, self.pairs, new)
        self.pairs = new
        order = self.cells.order[: self.size]
        for array in self.touches:
            array[: self.size] = array[order]
        self.motion.reference[: self.size] = self.particles.row[: self.size, X : X + 3]
        self.built = self.step_number
        self.motion.reach[1] = self.built
        self.divide()
        self.stale = False

    def divide(self) -> None:
        """Divide the rows among the chunks, with about as many list entries in each."""
        entries = self.pairs.start[self.size]
        shares = entries * np.arange(self.chunks + 1) // self.chunks
        self.scratch.bounds[:] = np.searchsorted(self.pairs.start[: self.size + 1], shares)
        self.scratch.bounds[0], self.scratch.bounds[-1] = 0, self.size

    def run(self, last: int) -> None:
        """Run steps up to number `last`, rebuilding lists as they become stale."""
        while self.step_number < last:
            if self.stale:
                self.rebuild()
            self.step_number = self._run(
                self.step_number, last, self.size, self.step_size, self.particles, self.pairs, self.domain,
                self.scratch, self.settings, self.walls, self.touches, self.motion, self.tally, self.fault,
            )  # fmt: skip
            self.raise_faults()
            self.stale = self.step_number < last or self._moved_too_far()

    def _moved_too_far(self) -> bool:
        from dem.step import lists_are_stale

        return bool(lists_are_stale(self.step_number, self.motion, self.fault, self.domain, self.step_size))

    def raise_faults(self) -> None:
        """Raise what a loop found wrong, if anything."""
        raise_fault(self.fault, self.step_number, self.step_size, self._position_of)

    def _position_of(self, particle: int) -> NDArray[np.float64]:
        slot = int(np.flatnonzero(self.particles.id[: self.size] == particle)[0])
        return self.particles.row[slot, X : X + 3]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold to go on bit by bit."""
        n, entries = self.size, int(self.pairs.start[self.size])
        return {
            "row": self.particles.row[:n],
            "kind": self.particles.kind[:n],
            "id": self.particles.id[:n],
            "start": self.pairs.start[: n + 1],
            "other": self.pairs.other[:entries],
            "flags": self.pairs.flags[:entries],
            "history": self.pairs.history[:entries],
            "reference": self.motion.reference[:n],
            "touch_wall": self.touches.wall[:n],
            "touch_spring": self.touches.spring[:n],
            "touching": self.touches.touching[:n],
            "near": self.touches.near[:n],
            "numbers": np.array([self.step_number, self.built, int(self.stale)], np.int64),
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        n, entries = len(state["id"]), len(state["other"])
        self._allocate(max(1, n))
        self.size = n
        for name in ("row", "kind", "id"):
            getattr(self.particles, name)[:n] = state[name]
        self.pairs = self._empty_list(max(1, entries))
        self.pairs.start[: n + 1] = state["start"]
        for name in ("other", "flags", "history"):
            getattr(self.pairs, name)[:entries] = state[name]
        self.motion.reference[:n] = state["reference"]
        self.touches.wall[:n], self.touches.spring[:n] = state["touch_wall"], state["touch_spring"]
        self.touches.touching[:n], self.touches.near[:n] = state["touching"], state["near"]
        self.step_number, self.built, self.stale = (int(value) for value in state["numbers"])
        self.motion.reach[1] = self.built
        self.divide()


def _empty_particles(capacity: int) -> Particles:
    return Particles(
        np.zeros((capacity, ROW_SIZE)), np.zeros((capacity, KIND_SIZE), np.int32), np.zeros(capacity, np.int64)
    )
