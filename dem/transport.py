"""Samples of where particles are: hold-up, exposure, velocity and transitions between compartments.

Samples are taken at fixed steps of a block, each weighted with the time up to the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case_statistics import BoxGrid, CylinderGrid, Partition
from dem.particles import CLASS, MASS, RADIUS, VX, Particles, X

Locate = Callable[[NDArray[np.float64]], NDArray[np.int32]]
LAGS = (1, 2)


def make_locate(partition: Partition | None) -> tuple[Locate, int]:
    """Return (function from positions [m], shape (n, 3), to compartments, shape (n,); number of compartments).

    Positions beyond the outermost edges belong to the compartments at the edge.
    """
    if partition is None:
        return lambda position: np.zeros(len(position), np.int32), 1
    if isinstance(partition, BoxGrid):
        return _box_locate(partition), partition.count
    return _cylinder_locate(partition), partition.count


def _bin(values: NDArray[np.float64], edges: tuple[float, ...] | None) -> tuple[NDArray[np.int64], int]:
    if edges is None:
        return np.zeros(len(values), np.int64), 1
    inner = np.asarray(edges[1:-1])
    return np.searchsorted(inner, values, side="right"), len(edges) - 1


def _box_locate(grid: BoxGrid) -> Locate:
    def locate(position: NDArray[np.float64]) -> NDArray[np.int32]:
        number = np.zeros(len(position), np.int64)
        for axis, edges in reversed(list(enumerate((grid.x, grid.y, grid.z)))):
            place, count = _bin(position[:, axis], edges)
            number = number * count + place
        return number.astype(np.int32)

    return locate


def _cylinder_locate(grid: CylinderGrid) -> Locate:
    axis = np.asarray(grid.axis) / np.linalg.norm(grid.axis)
    first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)

    def locate(position: NDArray[np.float64]) -> NDArray[np.int32]:
        relative = position - np.asarray(grid.point)
        u, v = relative @ first, relative @ second
        radial, radial_count = _bin(np.hypot(u, v), grid.radial)
        sector = (np.arctan2(v, u) / (2 * np.pi) % 1.0 * grid.angular).astype(np.int64) % grid.angular
        axial, _ = _bin(relative @ axis, grid.axial)
        return ((axial * grid.angular + sector) * radial_count + radial).astype(np.int32)

    return locate


class Transport:
    """Sums over the samples of one block, and the compartments of the last samples.

    class_count, compartment_count; lag_samples: lag of the transition matrices in samples; volume: fixed volume that
    exposures are divided by [m3], or None for the solids' volume of the compartment.

    Attributes:
        past: ids in rising order and compartments at the last samples, each of shape (2, particles).
    """

    def __init__(
        self, locate: Locate, compartment_count: int, class_count: int, lag_samples: int, volume: float | None
    ) -> None:
        self.locate, self.volume, self.lag_samples = locate, volume, lag_samples
        self.compartments, self.classes = compartment_count, class_count
        self.past: list[NDArray[np.int64]] = []
        self.reset()

    def reset(self) -> None:
        """Begin a new block."""
        c, k = self.compartments, self.classes
        self.exposure = np.zeros((c, k, k))
        self.particle_time = np.zeros((c, k))
        self.solid_volume_time = np.zeros(c)
        self.momentum = np.zeros((c, 3))
        self.mass_time = np.zeros(c)
        self.transitions = np.zeros((len(LAGS), c, c), np.int64)

    def sample(self, particles: Particles, weight: float) -> NDArray[np.int32]:
        """Take a sample that stands for `weight` seconds; return the compartment of each particle."""
        row = particles.row
        place = self.locate(row[:, X : X + 3])
        number = np.bincount(
            place * self.classes + particles.kind[:, CLASS], minlength=self.compartments * self.classes
        ).reshape(self.compartments, self.classes)
        solids = np.bincount(place, 4.0 / 3.0 * np.pi * row[:, RADIUS] ** 3, self.compartments)
        self._expose(number.astype(np.float64), np.asarray(solids, np.float64), weight)
        self.particle_time += weight * number
        self.solid_volume_time += weight * solids
        mass = row[:, MASS]
        self.mass_time += weight * np.bincount(place, mass, self.compartments)
        for axis in range(3):
            self.momentum[:, axis] += weight * np.bincount(place, mass * row[:, VX + axis], self.compartments)
        self._transit(particles.id, place)
        return place

    def _expose(self, number: NDArray[np.float64], solids: NDArray[np.float64], weight: float) -> None:
        volume = solids if self.volume is None else np.full(self.compartments, self.volume)
        inverse = np.divide(weight, volume, out=np.zeros_like(volume), where=solids > 0.0)
        pairs = number[:, :, None] * number[:, None, :]
        same = np.arange(self.classes)
        pairs[:, same, same] = 0.5 * number * (number - 1.0)
        self.exposure += np.triu(pairs * inverse[:, None, None])

    def _transit(self, ids: NDArray[np.int64], place: NDArray[np.int32]) -> None:
        order = np.argsort(ids)
        now = np.stack([ids[order], place[order].astype(np.int64)])
        self.past.append(now)
        self.past = self.past[-(LAGS[-1] * self.lag_samples + 1) :]
        for at, lag in enumerate(LAGS):
            if len(self.past) > lag * self.lag_samples:
                before = self.past[-1 - lag * self.lag_samples]
                _, then, here = np.intersect1d(before[0], now[0], assume_unique=True, return_indices=True)
                count = np.bincount(before[1, then] * self.compartments + now[1, here], minlength=self.compartments**2)
                self.transitions[at] += count.reshape(self.compartments, self.compartments)

    def mean_velocity(self) -> NDArray[np.float64]:
        """Return the mass-weighted mean velocity of each compartment [m/s], shape (compartments, 3)."""
        mass = np.where(self.mass_time > 0.0, self.mass_time, 1.0)
        return self.momentum / mass[:, None]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        names = ("exposure", "particle_time", "solid_volume_time", "momentum", "mass_time", "transitions")
        state = {name: getattr(self, name) for name in names}
        return state | {f"past_{at}": places for at, places in enumerate(self.past)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        self.past = [state[f"past_{at}"] for at in range(sum(name.startswith("past_") for name in state))]
        for name, array in state.items():
            if not name.startswith("past_"):
                setattr(self, name, array.copy())
