"""Which particles may meet a wall before the next rebuild of the list; the others need not look at the walls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dem.walls.arrays import (
    AXIS,
    INVERSE_CELL,
    MESH,
    PLANE,
    POINT,
    RADIUS,
    SIDE,
    SWEPT_HIGH,
    SWEPT_LOW,
    SWEPT_RADIUS,
    Walls,
)

Vectors = NDArray[np.float64]
Flags = NDArray[np.bool_]


def within_reach(walls: Walls, points: Vectors, reach: Vectors) -> Flags:
    """Return which points may be within `reach` of a wall at one of its poses; in doubt they are.

    points [m], shape (n, 3); reach [m], shape (n,). Planes and cylinders that turn about an axis other than their own
    are taken to be everywhere, as is a mesh at rest throughout its grid.
    """
    near = np.zeros(len(points), bool)
    for w in range(len(walls.shape)):
        if walls.shape[w] == MESH:
            near |= _in_swept(walls, w, points, reach) if walls.turns[w] else _in_grid(walls, w, points, reach)
        elif walls.turns[w]:
            near[:] = True
        else:
            near |= ~(_height(walls, w, points) > reach)
    return near


def _height(walls: Walls, w: int, points: Vectors) -> Vectors:
    """Return the distance [m] from a plane, or from a cylinder that has no ends; negative behind it."""
    g = walls.geometry[w]
    offset = points - g[POINT : POINT + 3]
    along = offset @ g[AXIS : AXIS + 3]
    if walls.shape[w] == PLANE:
        return np.asarray(along)
    across = np.linalg.norm(offset - along[:, None] * g[AXIS : AXIS + 3], axis=1)
    return np.asarray(g[SIDE] * (g[RADIUS] - across))


def _in_swept(walls: Walls, w: int, points: Vectors, reach: Vectors) -> Flags:
    """Return which points are as near to the cylinder about its axis that a turning mesh never leaves."""
    axis, g = walls.motion[w, AXIS : AXIS + 3], walls.geometry[w]
    offset = points - walls.motion[w, POINT : POINT + 3]
    along = offset @ axis
    across = np.linalg.norm(offset - along[:, None] * axis, axis=1)
    beyond = (along < g[SWEPT_LOW] - reach) | (along > g[SWEPT_HIGH] + reach) | (across > g[SWEPT_RADIUS] + reach)
    return ~beyond


def _in_grid(walls: Walls, w: int, points: Vectors, reach: Vectors) -> Flags:
    """Return which points are as near to the grid of a mesh at rest."""
    low = walls.grid[w, :3]
    high = low + walls.cells[w, :3] / walls.grid[w, INVERSE_CELL]
    return ~((points < low - reach[:, None]) | (points > high + reach[:, None])).any(axis=1)
