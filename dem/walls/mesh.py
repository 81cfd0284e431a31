"""The nearest contact of a sphere with a triangle mesh.

Contacts are accepted in the order of their distance. A point on or below the tangent plane of a contact accepted before
belongs to the same surface: seams of coplanar triangles, convex edges and corners count once, while both faces of a
concave corner count.
"""

from __future__ import annotations

import math

from compute.physics import physics
from dem.walls.arrays import (
    CELLS_SIZE,
    FIRST_CELL,
    GRID_SIZE,
    INVERSE_CELL,
    NORMAL,
    SWEPT_HIGH,
    SWEPT_LOW,
    SWEPT_RADIUS,
    Walls,
    WallTouches,
)
from dem.walls.distance import FAR
from dem.walls.motion import axis_of, mount
from dem.walls.triangle import height_above, offset_to_triangle

SEAM_TOLERANCE = 0.03
"""Height above a tangent plane, in radii, that still counts as the same surface.

The foot on a face turned by an angle a lies at most R sin^2 a above the plane of its neighbour: faces that meet at less
than 10 degrees, such as the facets of a drum, push once.
"""

assert GRID_SIZE == INVERSE_CELL + 1 and CELLS_SIZE == FIRST_CELL + 1


@physics
def outside_swept(walls: Walls, w: int, x: float, y: float, z: float, reach: float) -> bool:
    """Return whether a point is farther than `reach` [m] from all places the turning mesh w can be in."""
    motion, g, r = walls.motion, walls.geometry, mount(walls, w)
    kx, ky, kz = axis_of(walls, r)
    rx, ry, rz = x - motion[r, 0], y - motion[r, 1], z - motion[r, 2]
    along = rx * kx + ry * ky + rz * kz
    square = rx * rx + ry * ry + rz * rz - along * along
    limit = g[w, SWEPT_RADIUS] + reach
    return along < g[w, SWEPT_LOW] - reach or along > g[w, SWEPT_HIGH] + reach or square > limit * limit


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
def is_hidden(
    touches: WallTouches, i: int, first: int, used: int, qx: float, qy: float, qz: float, tolerance: float
) -> bool:
    """Return whether the point at q [m] from the centre belongs to a contact accepted in slots first to used.

    tolerance [m]: height above its tangent plane that still counts as below.
    """
    fresh = touches.fresh
    last = fresh.shape[2] - 1
    hidden = False
    for slot in range(first, used):
        depth = qx * fresh[i, slot, 0] + qy * fresh[i, slot, 1] + qz * fresh[i, slot, 2]
        hidden = hidden or fresh[i, slot, last] - depth <= tolerance
    return hidden


@physics
def mesh_distance(
    walls: Walls,
    w: int,
    x: float,
    y: float,
    z: float,
    radius: float,
    reach: float,
    touches: WallTouches,
    i: int,
    first: int,
    used: int,
) -> tuple[float, float, float, float, int]:
    """Return the distance [m] and direction of the nearest contact not yet accepted, and how many triangles touch.

    (x, y, z) [m]: centre in the body frame; first, used: slots with the contacts of this mesh accepted so far.
    """
    cell = cell_of(walls, w, x, y, z)
    best, touching, nearest = reach * reach, 0, -1
    bx, by, bz = 0.0, 0.0, 0.0
    if cell >= 0:
        for entry in range(walls.cell_start[cell], walls.cell_start[cell + 1]):
            t = walls.cell_triangle[entry]
            height = height_above(walls.triangles, t, x, y, z)
            if abs(height) < reach:
                qx, qy, qz = offset_to_triangle(walls.triangles, t, x, y, z, height)
                square = qx * qx + qy * qy + qz * qz
                touching += 1 if square < radius * radius else 0
                if square < best and not is_hidden(touches, i, first, used, qx, qy, qz, SEAM_TOLERANCE * radius):
                    best, nearest = square, t
                    bx, by, bz = qx, qy, qz
    if nearest < 0:
        return FAR, 0.0, 0.0, 0.0, 0
    if best == 0.0:
        n = walls.triangles
        return 0.0, -n[nearest, NORMAL], -n[nearest, NORMAL + 1], -n[nearest, NORMAL + 2], touching
    distance = math.sqrt(best)
    return distance, bx / distance, by / distance, bz / distance, touching
