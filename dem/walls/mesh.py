"""The nearest contact of a sphere with a triangle mesh.

Contacts are accepted in the order of their distance. A point on or below the tangent plane of a contact accepted before
belongs to the same surface: seams of coplanar triangles, convex edges and corners count once, while both faces of a
concave corner count.
"""

from __future__ import annotations

import math

from compute.physics import physics
from dem.particles import ENTRY, SLOT
from dem.walls.arrays import (
    FIRST_CELL,
    INVERSE_CELL,
    NORMAL,
    OWNER,
    ROOM,
    Walls,
    WallTouches,
)
from dem.walls.distance import FAR
from dem.walls.triangle import height_above, offset_to_triangle

SEAM_TOLERANCE = 0.03
"""Height above a tangent plane, in radii, that still counts as the same surface.

The foot on a face turned by an angle a lies at most R sin^2 a above the plane of its neighbour: faces that meet at less
than 10 degrees, such as the facets of a drum, push once.
"""


@physics
def cell_of(walls: Walls, w: int, x: float, y: float, z: float) -> int:
    """Return the grid cell of a point in the body frame of mesh w, or -1 outside the grid."""
    inverse = walls.grid[w, INVERSE_CELL]
    px, py, pz = (
        (x - walls.grid[w, 0]) * inverse,
        (y - walls.grid[w, 1]) * inverse,
        (z - walls.grid[w, 2]) * inverse,
    )
    sx, sy, sz = walls.cells[w, 0], walls.cells[w, 1], walls.cells[w, 2]
    inside = px >= 0.0 and py >= 0.0 and pz >= 0.0 and px < sx and py < sy and pz < sz
    return walls.cells[w, FIRST_CELL] + (int(px) * sy + int(py)) * sz + int(pz) if inside else -1


@physics
def list_triangles(
    walls: Walls, w: int, x: float, y: float, z: float, reach: float, touches: WallTouches, begin: int, room: int,
    count: int,
) -> int:  # fmt: skip
    """List the triangles of mesh w nearer than `reach` [m] to a point; return how many there are then, or would be.

    (x, y, z) [m]: the point in the body frame; begin, room: place of the list and what it holds; count: triangles
    listed before.
    """
    cell = cell_of(walls, w, x, y, z)
    if cell >= 0:
        for entry in range(walls.cell_start[cell], walls.cell_start[cell + 1]):
            t = walls.cell_triangle[entry]
            height = height_above(walls.triangles, t, x, y, z)
            if abs(height) < reach:
                qx, qy, qz = offset_to_triangle(walls.triangles, t, x, y, z, height)
                if qx * qx + qy * qy + qz * qz < reach * reach:
                    if count < room:
                        touches.triangle[begin + count] = t
                    count += 1
    return count


@physics
def is_hidden(
    touches: WallTouches, seat: int, first: int, used: int, qx: float, qy: float, qz: float, height: float
) -> bool:
    """Return whether the point at q [m] from the centre belongs to a contact accepted in slots first to used.

    height [m]: above the tangent plane of a contact without a gap, as far as it still counts as below.
    """
    fresh = touches.fresh
    last = fresh.shape[2] - 1
    hidden = False
    for slot in range(first, used):
        depth = qx * fresh[seat, slot, 0] + qy * fresh[seat, slot, 1] + qz * fresh[seat, slot, 2]
        hidden = hidden or fresh[seat, slot, last] - depth <= height
    return hidden


@physics
def mesh_distance(
    walls: Walls,
    w: int,
    x: float,
    y: float,
    z: float,
    radius: float,
    limit: float,
    reach: float,
    touches: WallTouches,
    seat: int,
    first: int,
    used: int,
) -> tuple[float, float, float, float, int]:
    """Return the distance [m] and direction of the nearest contact not yet accepted, and how many triangles touch.

    (x, y, z) [m]: centre in the body frame; limit, reach [m]: as in `dem.walls.find.nearest_contact`; seat: row of the
    particle's contacts; first, used: slots with those of this mesh accepted so far. The triangles are those listed for
    the particle, or those of its cell.
    """
    listed = touches.listed[seat] >= 0
    begin, end = seat * ROOM, seat * ROOM + touches.listed[seat]
    if not listed:
        cell = cell_of(walls, w, x, y, z)
        begin = walls.cell_start[cell] if cell >= 0 else 0
        end = walls.cell_start[cell + 1] if cell >= 0 else 0
    best, touching, nearest, lowest = reach * reach, 0, -1, SEAM_TOLERANCE * limit - radius
    for entry in range(begin, end):
        t = (touches.triangle[entry & ENTRY] if listed else walls.cell_triangle[entry & ENTRY]) & SLOT
        height = height_above(walls.triangles, t, x, y, z)
        if abs(height) < reach and walls.triangles[t, OWNER] == w:
            qx, qy, qz = offset_to_triangle(walls.triangles, t, x, y, z, height)
            square = qx * qx + qy * qy + qz * qz
            touching += 1 if square < limit * limit else 0
            if square < best and not is_hidden(touches, seat, first, used, qx, qy, qz, lowest):
                best, nearest = square, t
    if nearest < 0:
        return FAR, 0.0, 0.0, 0.0, 0
    if best == 0.0:
        n = walls.triangles
        return 0.0, -n[nearest, NORMAL], -n[nearest, NORMAL + 1], -n[nearest, NORMAL + 2], touching
    distance, height = math.sqrt(best), height_above(walls.triangles, nearest, x, y, z)
    qx, qy, qz = offset_to_triangle(walls.triangles, nearest, x, y, z, height)
    return distance, qx / distance, qy / distance, qz / distance, touching
