"""Samples of where particles are: hold-up, exposure, velocity and transitions between compartments.

Samples are taken at fixed steps of a block, each weighted with the time up to the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from dem.case_statistics import BoxGrid, CylinderGrid, Partition
from dem.particles import CLASS, Particles, X
from dem.transport_sums import HELD_MASS, MOMENTUM, VOLUME, sums_of, sums_on

Locate = Callable[[NDArray[np.float64]], NDArray[np.int32]]
LAGS = (1, 2)


def make_locate(partition: Partition | None, xp: Any = np) -> tuple[Locate, int]:
    """Return (function from positions [m], shape (n, 3), to compartments, shape (n,); number of compartments).

    Positions beyond the outermost edges belong to the compartments at the edge. xp: module of the arrays.
    """
    if partition is None:
        return lambda position: xp.zeros(len(position), np.int32), 1
    if isinstance(partition, BoxGrid):
        return _box_locate(partition, xp), partition.count
    return _cylinder_locate(partition, xp), partition.count


def _bin(values: Any, edges: tuple[float, ...] | None, xp: Any) -> tuple[Any, int]:
    if edges is None:
        return xp.zeros(len(values), np.int64), 1
    inner = xp.asarray(edges[1:-1])
    return xp.searchsorted(inner, values, side="right"), len(edges) - 1


def _box_locate(grid: BoxGrid, xp: Any) -> Locate:
    def locate(position: NDArray[np.float64]) -> NDArray[np.int32]:
        number = xp.zeros(len(position), np.int64)
        for axis, edges in reversed(list(enumerate((grid.x, grid.y, grid.z)))):
            place, count = _bin(position[:, axis], edges, xp)
            number = number * count + place
        return number.astype(np.int32)

    return locate


def _cylinder_locate(grid: CylinderGrid, xp: Any) -> Locate:
    axis = np.asarray(grid.axis) / np.linalg.norm(grid.axis)
    first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    first /= np.linalg.norm(first)
    frame = np.stack([first, np.cross(axis, first), axis])
    point = np.asarray(grid.point)

    def along(position: Any, direction: NDArray[np.float64]) -> Any:
        return sum((position[:, k] - float(point[k])) * float(direction[k]) for k in range(3))

    def locate(position: NDArray[np.float64]) -> NDArray[np.int32]:
        u, v, height = (along(position, direction) for direction in frame)
        radial, radial_count = _bin(xp.hypot(u, v), grid.radial, xp)
        sector = (xp.arctan2(v, u) / (2 * np.pi) % 1.0 * grid.angular).astype(np.int64) % grid.angular
        axial, _ = _bin(height, grid.axial, xp)
        return ((axial * grid.angular + sector) * radial_count + radial).astype(np.int32)

    return locate


class Transport:
    """Sums over the samples of one block, and the compartments of the last samples.

    class_count, compartment_count; lag_samples: lag of the transition matrices in samples; volume: fixed volume that
    exposures are divided by [m3], or None for the solids' volume of the compartment; device: the backend whose arrays
    samples are of, None for those of the host.

    Attributes:
        past: ids in rising order and compartments at the last samples, each of shape (2, particles).
    """

    def __init__(
        self,
        locate: Locate,
        compartment_count: int,
        class_count: int,
        lag_samples: int,
        volume: float | None,
        device: Backend | None = None,
    ) -> None:
        self.locate, self.volume, self.lag_samples = locate, volume, lag_samples
        self.compartments, self.classes = compartment_count, class_count
        self.device, self._xp = device, np if device is None else device.xp  # type: ignore[attr-defined]
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
        """Take a sample that stands for `weight` seconds; return the compartment of each particle.

        From a device, only sums over compartments come to the host.
        """
        row, count = particles.row, self.compartments * self.classes
        place = self.locate(row[:, X : X + 3])
        number = self._count(place * self.classes + particles.kind[:, CLASS], count)
        if self.device is None:
            sums = sums_of(row, place, self.compartments)
        else:
            sums = sums_on(self.device, row, place, self.compartments)
        solids = sums[:, VOLUME]
        self._expose(number.reshape(self.compartments, self.classes).astype(np.float64), solids, weight)
        self.particle_time += weight * number.reshape(self.compartments, self.classes)
        self.solid_volume_time += weight * solids
        self.mass_time += weight * sums[:, HELD_MASS]
        self.momentum += weight * sums[:, MOMENTUM:]
        self._transit(particles.id, place)
        return place

    def _count(self, values: Any, length: int) -> NDArray[np.int64]:
        """How often each number below `length` is among the values."""
        return self._host(self._xp.bincount(values, minlength=length)) if len(values) else np.zeros(length, np.int64)

    def _host(self, array: Any) -> NDArray[Any]:
        return np.asarray(array) if self.device is None else self.device.numpy(array)

    def _expose(self, number: NDArray[np.float64], solids: NDArray[np.float64], weight: float) -> None:
        volume = solids if self.volume is None else np.full(self.compartments, self.volume)
        inverse = np.divide(weight, volume, out=np.zeros_like(volume), where=solids > 0.0)
        pairs = number[:, :, None] * number[:, None, :]
        same = np.arange(self.classes)
        pairs[:, same, same] = 0.5 * number * (number - 1.0)
        self.exposure += np.triu(pairs * inverse[:, None, None])

    def _transit(self, ids: Any, place: Any) -> None:
        xp, compartments = self._xp, self.compartments
        order = xp.argsort(ids)
        now = xp.stack([ids[order], place[order].astype(np.int64)])
        self.past.append(now)
        self.past = self.past[-(LAGS[-1] * self.lag_samples + 1) :]
        for at, lag in enumerate(LAGS):
            if len(self.past) > lag * self.lag_samples:
                before = self.past[-1 - lag * self.lag_samples]
                if before.shape[1] and now.shape[1]:
                    then = xp.minimum(xp.searchsorted(before[0], now[0]), before.shape[1] - 1)
                    still = before[0][then] == now[0]
                    moved = before[1][then][still] * compartments + now[1][still]
                    self.transitions[at] += self._count(moved, compartments**2).reshape(compartments, compartments)

    def mean_velocity(self) -> NDArray[np.float64]:
        """Return the mass-weighted mean velocity of each compartment [m/s], shape (compartments, 3)."""
        mass = np.where(self.mass_time > 0.0, self.mass_time, 1.0)
        return self.momentum / mass[:, None]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        names = ("exposure", "particle_time", "solid_volume_time", "momentum", "mass_time", "transitions")
        state = {name: getattr(self, name) for name in names}
        return state | {f"past_{at}": self._host(places) for at, places in enumerate(self.past)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        past = [state[f"past_{at}"] for at in range(sum(name.startswith("past_") for name in state))]
        self.past = past if self.device is None else [self.device.array(places) for places in past]
        for name, array in state.items():
            if not name.startswith("past_"):
                setattr(self, name, array.copy())
