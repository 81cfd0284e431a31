"""Which walls a particle can meet before the lists are made again: all others need not be looked at until then."""

from __future__ import annotations

from compute.physics import routine
from dem.particles import RADIUS as SPHERE_RADIUS
from dem.particles import Particles, X
from dem.walls.arrays import CYLINDER, MESH, PLANE, Walls, WallTouches
from dem.walls.distance import cylinder_distance, plane_distance
from dem.walls.mesh import outside_swept


@routine
def can_meet(walls: Walls, w: int, x: float, y: float, z: float, radius: float, reach: float) -> bool:
    """Return whether wall w can come within `reach` [m] of a point; True where that is not easily told."""
    shape, turns = walls.shape[w], walls.turns[w] != 0
    if shape == MESH:
        return not (turns and outside_swept(walls, w, x, y, z, reach))
    if turns:
        return True
    if shape == PLANE:
        distance, _, _, _ = plane_distance(walls, w, x, y, z)
        return distance < reach
    if shape == CYLINDER:
        distance, _, _, _ = cylinder_distance(walls, w, x, y, z, radius, reach)
        return distance < reach
    return True


@routine
def mark_near_walls(i: int, particles: Particles, walls: Walls, touches: WallTouches, skin: float, gap: float) -> None:
    """Note the walls that particle i can meet while it moves half the skin [m]; gap: re-arm gap over its diameter."""
    row = particles.row
    radius = row[i, SPHERE_RADIUS]
    reach = radius * (1.0 + 2.0 * gap) + 0.5 * skin
    close = 0
    for w in range(walls.shape.shape[0]):
        if can_meet(walls, w, row[i, X], row[i, X + 1], row[i, X + 2], radius, reach):
            close |= 1 << w
    touches.close[i] = close
