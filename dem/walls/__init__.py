"""Walls: planes, cylinders and triangle meshes, at rest or turning about an axis.

Contract: `set_pose` puts a wall where the step number says; `dem.walls.wrench.make_wall_wrench`, apart because it needs
the compiler, makes the function that gives the force and the moment of all walls on one particle. A turning wall
is never moved: the particle is taken into the wall's body frame, where the triangle grid is static.
"""

from __future__ import annotations

from dem.walls.arrays import CYLINDER, MESH, PLANE, SLOTS, WALL_LIMIT, Walls, WallTouches, make_touches
from dem.walls.build import build_walls
from dem.walls.motion import set_pose

__all__ = [
    "CYLINDER",
    "MESH",
    "PLANE",
    "SLOTS",
    "WALL_LIMIT",
    "WallTouches",
    "Walls",
    "build_walls",
    "make_touches",
    "set_pose",
]
