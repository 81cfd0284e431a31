"""The area of walls, for estimates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_walls import CylinderWall, PlaneWall, Wall
from dem.walls.placement import place_mesh


def wall_area(case: DemCase) -> float:
    """Return the area of all walls of a case within its domain [m2], of a mesh that of all its triangles."""
    lengths = np.asarray(case.domain.high) - np.asarray(case.domain.low)
    return sum(_area(wall, lengths) for wall in case.walls)


def _area(wall: Wall, lengths: NDArray[np.float64]) -> float:
    if isinstance(wall, PlaneWall):
        normal = np.abs(np.asarray(wall.normal)) / float(np.linalg.norm(wall.normal))
        across = int(normal.argmax())
        return float(np.delete(lengths, across).prod() / normal[across])
    if isinstance(wall, CylinderWall):
        axis = np.abs(np.asarray(wall.axis)) / float(np.linalg.norm(wall.axis))
        low, high = -math.inf if wall.low is None else wall.low, math.inf if wall.high is None else wall.high
        return 2.0 * math.pi * wall.radius * min(high - low, float(axis @ lengths))
    corners = place_mesh(wall, wall.name, say=lambda text: None)
    return 0.5 * float(
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum()
    )
