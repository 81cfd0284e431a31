"""Sums of encounters made inside the step.

Every sum is a 64-bit integer, a count or a number of quanta, so that it depends neither on order nor on threads,
ranks or restarts. Each chunk of the loop has its own copy; copies are added at the end of a block.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.physics import physics, routine

ENCOUNTERS, BIRTHS, CONTACT_STEPS, LOSS, SPEED, SPEED_SQUARE = range(6)
FIELD_COUNT = 6
NORMAL, TANGENTIAL = range(2)
FORCE, TORQUE, WORK = 0, 3, 6
"""Columns of the load on a wall: impulse, angular impulse, and the work it does on the particles."""
LOAD_COUNT = 7
LANES = 16
"""Rows that share the load of one wall, so that threads seldom add to the same place."""


class Tally(NamedTuple):
    """Accumulators of one block.

    pair_counts: shape (chunks, compartments * classes^2, 6); pair_speeds: histograms of normal and tangential speed at
    first touch, shape (chunks, compartments * classes^2, 2, bins); wall_counts, wall_speeds: the same with cells
    (compartment, class, wall); wall_loads: shape (chunks, walls * LANES, 7); all int64. quanta: inverse quantum of
    energy [1/J], speed [s/m] and squared speed [s2/m2], ln of the lowest speed, bins per unit of ln(speed), inverse
    quantum of impulse [1/(N s)] and of angular impulse [1/(N m s)], shape (7,). sizes: (classes, walls) int64.
    """

    pair_counts: Any
    pair_speeds: Any
    wall_counts: Any
    wall_speeds: Any
    wall_loads: Any
    quanta: Any
    sizes: Any


@physics
def pair_cell(classes: int, compartment: int, first: int, second: int) -> int:
    """Return the row of a pair of classes, that of the particle with the lower id first; see `fold_classes`."""
    return (compartment * classes + first) * classes + second


@physics
def wall_cell(sizes: Any, compartment: int, particle_class: int, wall: int) -> int:
    """Return the row of a class and a wall."""
    return (compartment * sizes[0] + particle_class) * sizes[1] + wall


@physics
def speed_bin(quanta: Any, bins: int, speed: float) -> int:
    """Return the logarithmic bin of a speed [m/s]; the first and the last bin take what lies outside."""
    place = (math.log(max(speed, 1e-300)) - quanta[3]) * quanta[4]
    return int(min(max(place, 0.0), bins - 1.0))


@physics
def quantise(value: float, inverse_quantum: float) -> int:
    """Return a non-negative value as a whole number of quanta, rounded to the nearest."""
    return int(value * inverse_quantum + 0.5)


@physics
def quantise_signed(value: float, inverse_quantum: float) -> int:
    """Return a value as a whole number of quanta, rounded to the nearest."""
    return int(value * inverse_quantum + math.copysign(0.5, value))


@routine
def round_to_quanta(values: Any, size: int, factor: float, inverse_quantum: float) -> None:
    """Turn the first values, times a factor, into whole numbers of quanta as `quantise_signed` does, to be cut off."""
    for t in range(size):
        quanta = values[t] * factor * inverse_quantum
        values[t] = quanta + math.copysign(0.5, quanta)


@cache
def make_first_touch(add: Callable[..., None]) -> Callable[..., None]:
    """Return the function that books a first touch; `add(array, index, value)` is the target's way to add."""

    @physics
    def first_touch(
        counts: Any, speeds: Any, quanta: Any, chunk: int, cell: int, normal: float, tangential: float, armed: bool
    ) -> None:
        add(counts, (chunk, cell, BIRTHS), 1)
        if armed:
            bins = speeds.shape[3]
            add(counts, (chunk, cell, ENCOUNTERS), 1)
            add(counts, (chunk, cell, SPEED), quantise(normal, quanta[1]))
            add(counts, (chunk, cell, SPEED_SQUARE), quantise(normal * normal, quanta[2]))
            add(speeds, (chunk, cell, NORMAL, speed_bin(quanta, bins, normal)), 1)
            add(speeds, (chunk, cell, TANGENTIAL, speed_bin(quanta, bins, tangential)), 1)

    return first_touch


def fold_classes(sums: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Add the two rows of each pair of classes and put the sum where the lower class is first, nil in the other row.

    sums: shape (compartments * classes^2, ...).
    """
    table = sums.reshape(-1, classes, classes, *sums.shape[1:])
    upper = np.triu(np.ones((classes, classes), np.int64), 1).reshape(classes, classes, *[1] * (sums.ndim - 1))
    diagonal = np.eye(classes, dtype=np.int64).reshape(upper.shape)
    return ((table + table.swapaxes(1, 2)) * upper + table * diagonal).reshape(sums.shape)
