"""The account of particles: what was fed, what has left, what is there, by source and class, and since when."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.errors import ConservationError
from dem.particles import CLASS, Particles

Integers = NDArray[np.int64]
Array = NDArray[np.float64]

SPARE_ENTRIES = 1024
"""Entries kept beyond twice the number of particles, before those that nobody needs are dropped."""


class Exits(NamedTuple):
    """Particles that leave at an event: id, class, source, outlet and age, the time since they entered [s], (n,)."""

    id: Integers
    kind: Integers
    source: Integers
    outlet: Integers
    age: Array


class Ledger:
    """Counts of particles by source and class.

    Attributes:
        fed: numbers that entered, shape (sources, classes).
        removed: numbers that left, shape (outlets, sources, classes).
    """

    def __init__(self, sources: int, outlets: int, classes: int) -> None:
        self.fed = np.zeros((sources, classes), np.int64)
        self.removed = np.zeros((outlets, sources, classes), np.int64)
        self._first, self._source, self._time = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)

    def enter(self, source: int, first_id: int, kinds: Integers, time: float) -> None:
        """Note particles of these classes that enter at a time [s] with ids from `first_id` on."""
        if len(kinds):
            self.fed[source] += np.bincount(kinds, minlength=self.fed.shape[1])
            self._first = np.append(self._first, first_id)
            self._source, self._time = np.append(self._source, source), np.append(self._time, time)

    def leave(self, ids: Integers, kinds: Integers, outlets: Integers, time: float) -> Exits:
        """Note particles that leave through these outlets at a time [s]."""
        entry = self._entry(ids)
        exits = Exits(ids, kinds, self._source[entry], outlets, time - self.entered(ids))
        np.add.at(self.removed, (outlets, exits.source, kinds), 1)
        return exits

    def held(self, present: Particles) -> Integers:
        """Return the numbers of particles present, shape (sources, classes).

        Raises:
            ConservationError: they are not what was fed less what was removed.
        """
        sources, classes = self.fed.shape
        flat = self._source[self._entry(present.id)] * classes + present.kind[:, CLASS]
        held = np.bincount(flat, minlength=sources * classes).reshape(sources, classes)
        if not np.array_equal(self.fed - self.removed.sum(axis=0), held):
            raise ConservationError(
                f"{held.sum()} particles present, {self.fed.sum()} fed, {self.removed.sum()} removed"
            )
        return held

    def entered(self, ids: Integers) -> Array:
        """Return when particles that are present entered [s]."""
        return self._time[self._entry(ids)]

    def is_long(self, present: int) -> bool:
        """Return whether entries of those that have left are many; present: number of the others."""
        return len(self._first) > 2 * present + SPARE_ENTRIES

    def forget(self, present: Integers) -> None:
        """Drop the entries of those that have left; present: ids of the others."""
        used = np.unique(self._entry(present))
        self._first, self._source, self._time = self._first[used], self._source[used], self._time[used]

    def _entry(self, ids: Integers) -> Integers:
        return np.searchsorted(self._first, ids, side="right") - 1

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        return {
            "fed": self.fed, "removed": self.removed, "first": self._first, "source": self._source, "time": self._time,
        }  # fmt: skip

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        self.fed, self.removed = state["fed"].copy(), state["removed"].copy()
        self._first, self._source, self._time = state["first"], state["source"], state["time"]
