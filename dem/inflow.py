"""The feeders of a case over the steps of a simulation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_particles import Insertion
from dem.clumps.spheres import spheres_of
from dem.insertion import InsertionSource, InsertionState
from dem.particle_set import ClassTable, ParticleSet, join_sets
from dem.regions import make_place
from dem.walls import Walls, set_pose


class Inflow:
    """All feeders of a case.

    Attributes:
        next_id: of the next particle that enters; no id is used twice.
    """

    def __init__(self, case: DemCase, classes: ClassTable, walls: Walls, seed: int, step_size: float) -> None:
        self._sources = [
            InsertionSource(case, source, classes, seed, at)
            for at, source in enumerate(case.particles)
            if isinstance(source, Insertion)
        ]
        self._states = [source.begin() for source in self._sources]
        self._walls, self._step_size, self.next_id = walls, step_size, 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the feeders."""
        return tuple(source.name for source in self._sources)

    @property
    def waiting(self) -> dict[str, int]:
        """Particles due that found no room at the last event, by feeder, where there are any."""
        return {source.name: state.waiting for source, state in zip(self._sources, self._states) if state.waiting}

    def enter(self, step: int, present: ParticleSet) -> Iterator[ParticleSet]:
        """Yield the particles that enter at this step, feeder by feeder; raises what a blocked feeder raises."""
        if self._sources:
            for w in range(len(self._walls.shape)):
                set_pose(w, self._walls, step, self._step_size)
        for at, source in enumerate(self._sources):
            time = step * self._step_size
            entered, self._states[at] = source.insert(self._states[at], time, self._walls, present, self.next_id)
            self.next_id += len(entered)
            present = join_sets([present, self._spheres(entered)])
            yield entered

    def near(self, position: Any, radius: Any, xp: Any) -> Any:
        """Return which spheres may reach into the region of a feeder; in periodic directions all may.

        position [m], radius [m]: arrays of the module xp, numpy's or that of a device, where the answer stays.
        """
        near, inset = xp.zeros(len(position), bool), radius[:, None]
        for source in self._sources:
            place, domain = make_place(source.source.region, source.case.domain), source.case.domain
            everywhere = xp.asarray(np.array([axis in domain.periodic for axis in "xyz"]))
            low, high = xp.asarray(place.low), xp.asarray(place.high)
            near |= ((position > low - inset) & (position < high + inset) | everywhere).all(axis=1)
        return near

    def _spheres(self, entered: ParticleSet) -> ParticleSet:
        shapes = self._sources[0].classes.shapes
        return spheres_of(entered, shapes) if shapes else entered

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        rows = [(state.events, state.inserted, state.waiting) for state in self._states]
        return {
            "next_id": np.array([self.next_id]),
            "sources": np.array(rows, np.int64).reshape(-1, 3),
            "since": np.array([state.since for state in self._states], float),
            "before": np.array([state.before for state in self._states], np.int64),
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        self.next_id = int(state["next_id"][0])
        self._states = [
            InsertionState(int(events), int(inserted), int(waiting), float(since), before)
            for (events, inserted, waiting), since, before in zip(state["sources"], state["since"], state["before"])
        ]
