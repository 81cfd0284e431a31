"""The insertions of a case over the steps of a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_particles import Insertion
from dem.insertion import InsertionSource, InsertionState
from dem.particle_set import ClassTable, ParticleSet, join_sets
from dem.particles import CLASS, MASS, MATERIAL, RADIUS, VX, WX, Particles, X
from dem.walls import Walls, set_pose

EVENT_STEPS = 250
"""Steps between two insertions."""

NEVER = np.iinfo(np.int64).max


class Inflow:
    """All streams of particles of a case; no stream, no event.

    Attributes:
        waiting: particles due that found no room at the last event.
    """

    def __init__(self, case: DemCase, classes: ClassTable, walls: Walls, seed: int, step_size: float) -> None:
        self._sources = [
            InsertionSource(case, source, classes, seed, at)
            for at, source in enumerate(case.particles)
            if isinstance(source, Insertion)
        ]
        self._states = [InsertionState() for _ in self._sources]
        self._walls, self._step_size, self.next_id = walls, step_size, 0

    @property
    def waiting(self) -> int:
        """Particles due that found no room at the last event."""
        return sum(state.waiting for state in self._states)

    def next_event(self, step: int) -> int:
        """Return the first step after `step` at which particles may enter."""
        return (step // EVENT_STEPS + 1) * EVENT_STEPS if self._sources else NEVER

    def enter(self, step: int, present: Particles) -> ParticleSet:
        """Return the particles that enter at this step."""
        for w in range(len(self._walls.shape)):
            set_pose(w, self._walls, step, self._step_size)
        everyone, fresh = _as_set(present), []
        for at, source in enumerate(self._sources):
            entered, self._states[at] = source.insert(
                self._states[at], step * self._step_size, self._walls, everyone, self.next_id
            )
            self.next_id += len(entered)
            everyone = join_sets([everyone, entered])
            fresh.append(entered)
        return join_sets(fresh)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        rows = [(state.events, state.inserted, state.waiting) for state in self._states]
        return {"next_id": np.array([self.next_id]), "sources": np.array(rows, np.int64).reshape(-1, 3)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        self.next_id = int(state["next_id"][0])
        self._states = [InsertionState(*(int(value) for value in row)) for row in state["sources"]]


def _as_set(particles: Particles) -> ParticleSet:
    row, kind = particles.row, particles.kind.astype(np.int64)
    return ParticleSet(
        row[:, X : X + 3], row[:, VX : VX + 3], row[:, WX : WX + 3], row[:, RADIUS], row[:, MASS], kind[:, MATERIAL],
        kind[:, CLASS], particles.id,
    )  # fmt: skip
