"""Sums over the particles of each compartment, on the host and on a device.

A device adds up a fixed number of shares of the particles, each in a thread of its own and in the order of the slots;
the shares are then added up. So two runs agree to the bit, which sums by atomic additions of floats would not.
"""

from __future__ import annotations

from math import pi
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from compute.physics import routine
from dem.particles import MASS, RADIUS, VX

VOLUME, HELD_MASS, MOMENTUM = 0, 1, 2
SUMS = 5
"""Of a compartment: solids [m3], mass [kg], momentum [kg m/s]."""
SHARE_LENGTH, MOST_SHARES, SHARED_VALUES = 32, 4096, 2**20
"""Particles of a share in a small system; most shares of a large one, and most values that all of them hold."""


class Sampled(NamedTuple):
    """What the particles of a sample are added up from and to."""

    row: NDArray[np.float64]  # (particles, ROW_SIZE)
    place: NDArray[np.int32]  # compartment, (particles,)
    sums: NDArray[np.float64]  # (shares, compartments, SUMS)


@routine
def add_up_share(share: int, sampled: Sampled) -> None:
    """Add up one share of the particles."""
    row, place, sums = sampled.row, sampled.place, sampled.sums
    for slot in range(share, place.size, sums.shape[0]):
        here, mass, radius = place[slot], row[slot, MASS], row[slot, RADIUS]
        sums[share, here, VOLUME] += 4.0 / 3.0 * pi * radius * radius * radius
        sums[share, here, HELD_MASS] += mass
        for axis in range(3):
            sums[share, here, MOMENTUM + axis] += mass * row[slot, VX + axis]


def sums_on(backend: Backend, row: Any, place: Any, compartments: int) -> NDArray[np.float64]:
    """Sums of each compartment, shape (compartments, SUMS), added up on a backend."""
    most = min(MOST_SHARES, SHARED_VALUES // (compartments * SUMS))
    shares = max(1, min(most, -(-len(row) // SHARE_LENGTH)))
    sampled = Sampled(row, place, backend.zeros((shares, compartments, SUMS)))
    backend.foreach(add_up_share, shares, sampled)
    return backend.numpy(sampled.sums.sum(axis=0))


def sums_of(row: NDArray[np.float64], place: NDArray[np.int32], compartments: int) -> NDArray[np.float64]:
    """The same of arrays of the host."""
    mass = row[:, MASS]
    weights = [4.0 / 3.0 * pi * row[:, RADIUS] ** 3, mass, *(mass * row[:, VX + axis] for axis in range(3))]
    return np.stack([np.bincount(place, weight, compartments).astype(float) for weight in weights], axis=1)
