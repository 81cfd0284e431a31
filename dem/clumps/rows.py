"""Bodies in rows, all lying alike: the last resort where they find no room turned at random.

Each has a box of a grid to itself, as large as the largest body along each of its axes, in the one of six ways to lay
long, middle and short side along x, y and z that has most places.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from dem.clumps.orientation import Array, inverse, of_matrix, product, turned
from dem.clumps.packing import GAP, Integers, Placed
from dem.clumps.shape import Shape
from dem.regions import Room

HALF_TURNS = np.eye(4)
"""No turn, and half a turn about x, y and z, after which a body lies in the same box."""


def place_in_rows(
    room: Room, shapes: Sequence[Shape], kinds: Integers, random: np.random.Generator
) -> tuple[Placed | None, int]:
    """Return bodies in places drawn from those of a grid, and how many places it has; no bodies if these are too few.

    Half turns are drawn for each of them, so that bodies without symmetry do not all point the same way.
    """
    most = 0
    for order in permutations(range(3)):
        frames = [_frame(shape, order) for shape in shapes]
        sites = _grid(room, np.array([frames[kind][2] for kind in np.unique(kinds)]).max(axis=0))
        flips = HALF_TURNS[random.integers(4, size=len(sites))]
        fits = np.ones(len(sites), bool)
        for kind in np.unique(kinds):
            fits &= _laid(shapes, frames, np.full(len(sites), kind), sites, flips).fit(room)
        free = np.flatnonzero(fits)
        if len(free) >= len(kinds):
            chosen = free[random.permutation(len(free))[: len(kinds)]]
            return _laid(shapes, frames, kinds, sites[chosen], flips[chosen]), len(free)
        most = max(most, len(free))
    return None, most


Frame = tuple[Array, Array, Array]


def _frame(shape: Shape, order: tuple[int, ...]) -> Frame:
    """Return turn, middle of the box from the centre of mass [m], and its edges [m].

    order: axes in space of its sides, the longest first.
    """
    low = (shape.place - shape.radius[:, None]).min(axis=0)
    high = (shape.place + shape.radius[:, None]).max(axis=0)
    rank, axes = np.argsort(low - high, kind="stable"), np.zeros((3, 3))
    axes[list(order), rank] = 1.0
    axes[:, rank[2]] *= np.linalg.det(axes)
    edges = np.zeros(3)
    edges[list(order)] = (high - low)[rank]
    return product(of_matrix(axes), inverse(shape.turn)), axes @ (0.5 * (low + high)), edges


def _grid(room: Room, edges: Array) -> Array:
    """Return the middles of as many boxes with at least these edges [m] as the region has room for, shape (n, 3)."""
    extent = room.place.high - room.place.low
    counts = np.floor(extent / (edges * (1.0 + 2.0 * GAP))).astype(int)
    cells = np.stack(np.meshgrid(*(np.arange(count) for count in counts), indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(room.place.low + (cells + 0.5) * (extent / np.maximum(counts, 1)))


def _laid(shapes: Sequence[Shape], frames: Sequence[Frame], kinds: Integers, sites: Array, flips: Array) -> Placed:
    turn = np.array([frame[0] for frame in frames])[kinds]
    middle = np.array([frame[1] for frame in frames])[kinds]
    return Placed(shapes, kinds, sites - turned(flips, middle), product(flips, turn))
