"""Compartments of space as arrays, and the one that a point lies in."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend
from compute.physics import physics, routine
from dem.case_statistics import CylinderGrid, Partition
from dem.particles import COMPARTMENT, X

UNDIVIDED = (-math.inf, math.inf)
ROUND = 3
"""Place in `Grid.numbers` of what tells a cylinder."""


class Grid(NamedTuple):
    """Compartments along three directions: x, y and z of a box; distance, angle and height of a cylinder.

    numbers: compartments along each, and 1 for a cylinder or 0, shape (4,) int64; frame: the point that is nil and the
    unit vectors x, y and z, of which the last one is the cylinder's axis, shape (4, 3) [m, -]; edges: inner edges of
    one direction after the other in rising order [m]; angles have none, as they are divided equally.
    """

    numbers: Any
    frame: Any
    edges: Any


def compartment_count(partition: Partition | None) -> int:
    """Return the number of compartments; without a partition all of space is one."""
    return partition.count if partition else 1


def make_grid(partition: Partition | None, backend: Backend) -> Grid:
    """Return the arrays of a partition on a backend."""
    point, axes, sectors = np.zeros(3), np.eye(3), None
    if isinstance(partition, CylinderGrid):
        point, axes, sectors = np.asarray(partition.point), _axes_along(partition.axis), partition.angular
        edges = [partition.radial or UNDIVIDED, UNDIVIDED, partition.axial or UNDIVIDED]
    else:
        edges = [(getattr(partition, axis, None) or UNDIVIDED) for axis in "xyz"]
    numbers = np.array([*(len(each) - 1 for each in edges), 0 if sectors is None else 1], np.int64)
    numbers[1] *= sectors or 1
    inner = np.concatenate([each[1:-1] for each in edges])
    return Grid(backend.array(numbers), backend.array(np.vstack([point, axes])), backend.array(inner.astype(float)))


def _axes_along(direction: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return three unit vectors at right angles, of which the last one points in this direction."""
    axis = np.asarray(direction) / np.linalg.norm(direction)
    first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(axis, first), axis])


@physics
def distance_along(i: int, row: Any, frame: Any, axis: int) -> float:
    """Return how far the centre of particle i is from the point of a frame along one of its axes [m]."""
    x, y, z = row[i, X] - frame[0, 0], row[i, X + 1] - frame[0, 1], row[i, X + 2] - frame[0, 2]
    distance: float = x * frame[1 + axis, 0] + y * frame[1 + axis, 1] + z * frame[1 + axis, 2]
    return distance


@physics
def interval_of(value: float, edges: Any, first: int, count: int) -> int:
    """Return which of `count` intervals a value lies in, an edge in the one above it.

    Their inner edges stand from place `first` on; the outermost intervals are endless.
    """
    low, high = 0, count - 1
    while low < high:
        middle = (low + high) >> 1
        if value >= edges[first + middle]:
            low = middle + 1
        else:
            high = middle
    return low


@physics
def compartment_of(i: int, row: Any, grid: Grid) -> int:
    """Return the compartment of particle i: (third * count of seconds + second) * count of firsts + first.

    Positions beyond the outermost edges belong to the compartments at the edge.
    """
    numbers, edges, frame = grid.numbers, grid.edges, grid.frame
    columns, rows = numbers[0], numbers[1]
    x, y, z = distance_along(i, row, frame, 0), distance_along(i, row, frame, 1), distance_along(i, row, frame, 2)
    if numbers[ROUND] == 1:
        turn = math.atan2(y, x) / (2.0 * math.pi)
        second = int((turn if turn >= 0.0 else turn + 1.0) * rows)
        second = second if second < rows else 0
        first = interval_of(math.sqrt(x * x + y * y), edges, 0, columns)
        third = interval_of(z, edges, columns - 1, numbers[2])
    else:
        first = interval_of(x, edges, 0, columns)
        second = interval_of(y, edges, columns - 1, rows)
        third = interval_of(z, edges, columns + rows - 2, numbers[2])
    return int((third * rows + second) * columns + first)


@routine
def locate(i: int, first: int, row: Any, grid: Grid, place: Any) -> None:
    """Put the compartment of particle first + i into place[i]."""
    place[i] = compartment_of(first + i, row, grid)


@routine
def note_compartment(i: int, first: int, kind: Any, place: Any) -> None:
    """Take place[i] for the compartment of particle first + i."""
    kind[first + i, COMPARTMENT] = place[i]
