"""Samples of where particles are: hold-up, exposure, velocity and transitions between compartments.

Samples are taken at fixed steps of a block, each weighted with the time up to the next one. What they add up stays on
the backend until the host asks for it, so that a sample is a few launches which copies of the work share.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.adding import adder_of, adds_at_once
from compute.base import Backend, bring, gathered, launch_held
from compute.running_sums import clear_word
from dem.case_statistics import Partition
from dem.compartments import compartment_count, locate, make_grid
from dem.particles import Particles
from dem.transport_sums import (
    HELD_MASS,
    LAGS,
    MOMENTUM,
    SUMS,
    VOLUME,
    Sample,
    add_up_share,
    add_up_shares,
    integrate,
    make_follow,
    shares_for,
)

Floats = NDArray[np.float64]
GROWTH = 2
"""Factor by which the room for ids and particles grows, so that a stream of them makes few new arrays."""


@dataclass(frozen=True, eq=False)
class TransportSums:
    """Integrals over the samples of a block in C compartments with K classes.

    Attributes:
        exposure: of pairs of classes, nil below the diagonal [s/m3], shape (C, K, K).
        particle_time: number of particles [s], shape (C, K); solid_volume_time: volume of solids [m3 s], shape (C,);
            momentum: [kg m], shape (C, 3); mass_time: mass [kg s], shape (C,).
        transitions: particles that were in one compartment and are in another a lag, and two, later, shape (2, C, C).
    """

    exposure: Floats
    particle_time: Floats
    solid_volume_time: Floats
    momentum: Floats
    mass_time: Floats
    transitions: NDArray[np.int64]

    @property
    def mean_velocity(self) -> Floats:
        """Mass-weighted mean velocity of each compartment [m/s], shape (C, 3)."""
        mass = np.where(self.mass_time > 0.0, self.mass_time, 1.0)
        return self.momentum / mass[:, None]


class Transport:
    """Sums over the samples of one block, and the compartments of the last samples by id.

    What a particle was in is looked up at its id, in a table with a word for every id there ever was and each sample of
    the last two lags. Ids are given out in rising order, and the table doubles as they pass its end.

    Args:
        class_count: number of classes.
        lag_samples: lag of the transition matrices in samples.
        volume: fixed volume that exposures are divided by [m3], or None for the solids' volume of the compartment.
    """

    def __init__(
        self, backend: Backend, partition: Partition | None, class_count: int, lag_samples: int, volume: float | None
    ) -> None:
        self._backend, self._grid, self._follow = backend, make_grid(partition, backend), make_follow(adder_of(backend))
        self.compartments, self.classes, self.lag_samples = compartment_count(partition), class_count, lag_samples
        self._volume, self._ring = volume or 0.0, LAGS[-1] * lag_samples + 1
        self._taken, self._ids, zeros = 0, 0, backend.zeros
        c, k, threads = self.compartments, class_count, backend.threads
        self._sample = Sample(
            backend.array(np.array([c, k, threads], np.int64)), zeros(1, np.int32), zeros(1, np.int32),
            zeros(threads * c * k, np.int64), zeros(c * SUMS), zeros(threads * len(LAGS) * c * c, np.int64),
            zeros(c * (k * k + k + SUMS)),
        )  # fmt: skip

    def reset(self) -> None:
        """Begin a new block."""
        for array in (self._sample.totals, self._sample.moves):
            self._backend.foreach(clear_word, len(array), array)

    def locate(self, row: Any, first: int) -> Any:
        """Return the compartments of the particles in these rows from number `first` on, as an array of the backend."""
        place = self._backend.zeros(len(row) - first, np.int32)
        self._backend.foreach(locate, len(place), first, row, self._grid, place)
        return place

    def sample(self, particles: Particles, weight: float, id_end: int) -> Any:
        """Take a sample that stands for `weight` seconds; return the compartment of each particle.

        particles: arrays of the backend, as what is returned; id_end: above all ids.
        """
        backend, number, threads = self._backend, len(particles.id), self._backend.threads
        shares, width = shares_for(number, self.compartments), self.compartments * SUMS
        self._make_room(number, shares, id_end)
        lags = [0, *(lag * self.lag_samples for lag in LAGS)]
        rows = [(self._taken - lag) % self._ring * self._ids for lag in lags]
        items = number if adds_at_once(backend) else min(threads, number)
        foreach, sample = backend.foreach, self._sample
        with gathered(backend):
            foreach(clear_word, self._ids, sample.seen[rows[0] : rows[0] + self._ids])
            foreach(self._follow, items, items, number, particles, self._grid, sample, *rows)
            foreach(add_up_share, shares, shares, number, particles, sample)
            foreach(add_up_shares, width, shares, sample)
            foreach(integrate, self.compartments, sample, float(weight), self._volume)
        self._taken += 1
        return sample.place[:number]

    def _make_room(self, number: int, shares: int, id_end: int) -> None:
        sample, zeros = self._sample, self._backend.zeros
        if number > len(sample.place):
            sample = sample._replace(place=zeros(max(number, GROWTH * len(sample.place)), np.int32))
        values = shares * self.compartments * SUMS
        if values > len(sample.shares):
            sample = sample._replace(shares=zeros(max(values, GROWTH * len(sample.shares))))
        if id_end > self._ids:
            launch_held(self._backend)
            ids = max(id_end, GROWTH * self._ids)
            seen = zeros(self._ring * ids, np.int32)
            seen.reshape(self._ring, ids)[:, : self._ids] = self._seen_of(sample)
            sample, self._ids = sample._replace(seen=seen), ids
        self._sample = sample

    def _seen_of(self, sample: Sample) -> Any:
        """Return what is seen by sample and id, shape (samples, ids)."""
        return sample.seen[: self._ring * self._ids].reshape(self._ring, self._ids)

    @property
    def accumulators(self) -> tuple[Any, Any]:
        """Integrals and transitions of the block, as arrays of the backend."""
        return self._sample.totals, self._sample.moves

    def sums(self) -> TransportSums:
        """Return the sums of the block as arrays of the host."""
        return self.sums_of(*bring(self._backend, self.accumulators))

    def sums_of(self, totals: Floats, moves: NDArray[np.int64]) -> TransportSums:
        """Return the sums of the block from the accumulators, which the host has."""
        c, k = self.compartments, self.classes
        exposure, times, held = np.split(totals.copy(), [c * k * k, c * k * k + c * k])
        held = held.reshape(c, SUMS)
        transitions = moves.reshape(-1, len(LAGS), c, c).sum(axis=0)
        return TransportSums(
            exposure.reshape(c, k, k), times.reshape(c, k), held[:, VOLUME], held[:, MOMENTUM:], held[:, HELD_MASS],
            transitions,
        )  # fmt: skip

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold: sums, and ids in rising order and compartments of each sample."""
        sums, state = self.sums(), dict[str, NDArray[Any]]()
        seen = self._backend.numpy(self._seen_of(self._sample))
        for at, sample in enumerate(range(max(0, self._taken - self._ring), self._taken)):
            places = seen[sample % self._ring]
            ids = np.flatnonzero(places)
            state[f"past_{at}"] = np.stack([ids, places[ids].astype(np.int64) - 1])
        return {field.name: getattr(sums, field.name) for field in fields(sums)} | state

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        sums = TransportSums(*(state[field.name] for field in fields(TransportSums)))
        held = np.column_stack([sums.solid_volume_time, sums.mass_time, sums.momentum])
        parts = [sums.exposure, sums.particle_time, held]
        self._sample.totals[:] = self._backend.array(np.concatenate([part.ravel() for part in parts]))
        self._sample.moves[:] = 0
        self._sample.moves[: sums.transitions.size] = self._backend.array(sums.transitions.ravel())
        past = [state[f"past_{at}"] for at in range(sum(name.startswith("past_") for name in state))]
        self._taken, self._ids = len(past), max((int(each[0].max()) + 1 for each in past if each.size), default=0)
        seen = np.zeros((self._ring, self._ids), np.int32)
        for at, (ids, places) in enumerate(past):
            seen[at, ids] = places + 1
        if self._ids:
            self._sample = self._sample._replace(seen=self._backend.array(seen.ravel()))
