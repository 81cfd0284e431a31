"""The nearest point of a triangle."""

from __future__ import annotations

from typing import Any

from compute.physics import physics
from dem.walls.arrays import CORNER, FIRST_EDGE, FIRST_SQUARE, MIXED, NORMAL, SECOND_EDGE, SECOND_SQUARE

Vector = tuple[float, float, float]


@physics
def height_above(triangles: Any, t: int, x: float, y: float, z: float) -> float:
    """Return the signed distance [m] of a point from the plane of triangle t."""
    dx, dy, dz = x - triangles[t, CORNER], y - triangles[t, CORNER + 1], z - triangles[t, CORNER + 2]
    return dx * triangles[t, NORMAL] + dy * triangles[t, NORMAL + 1] + dz * triangles[t, NORMAL + 2]


@physics
def edge_shares(d1: float, d2: float, d3: float, d4: float, d5: float, d6: float) -> tuple[float, float]:
    """Return the shares (v, w) of the edges ab and ac at the nearest point, or (-1, -1) if it lies inside.

    d1, d3, d5: projections of the point on ab as seen from a, b, c; d2, d4, d6: the same on ac [m2].
    Source: Ericson, Real-Time Collision Detection (2005), section 5.1.5, doi 10.1201/b14581.
    """
    if d1 <= 0.0 and d2 <= 0.0:
        return 0.0, 0.0
    if d3 >= 0.0 and d4 <= d3:
        return 1.0, 0.0
    if d6 >= 0.0 and d5 <= d6:
        return 0.0, 1.0
    if d1 * d4 - d3 * d2 <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        return d1 / (d1 - d3), 0.0
    if d5 * d2 - d1 * d6 <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        return 0.0, d2 / (d2 - d6)
    rise, fall = d4 - d3, d5 - d6
    if d3 * d6 - d5 * d4 <= 0.0 and rise >= 0.0 and fall >= 0.0:
        share = rise / (rise + fall)
        return 1.0 - share, share
    return -1.0, -1.0


@physics
def offset_to_triangle(triangles: Any, t: int, x: float, y: float, z: float, height: float) -> Vector:
    """Return the vector [m] from a point to the nearest point of triangle t; height [m]: above its plane.

    Inside the triangle it is the height along the stored normal, so that a flat mesh gives exactly a plane's normal.
    """
    dx, dy, dz = x - triangles[t, CORNER], y - triangles[t, CORNER + 1], z - triangles[t, CORNER + 2]
    bx, by, bz = triangles[t, FIRST_EDGE], triangles[t, FIRST_EDGE + 1], triangles[t, FIRST_EDGE + 2]
    cx, cy, cz = triangles[t, SECOND_EDGE], triangles[t, SECOND_EDGE + 1], triangles[t, SECOND_EDGE + 2]
    d1 = dx * bx + dy * by + dz * bz
    d2 = dx * cx + dy * cy + dz * cz
    mixed = triangles[t, MIXED]
    v, w = edge_shares(
        d1, d2, d1 - triangles[t, FIRST_SQUARE], d2 - mixed, d1 - mixed, d2 - triangles[t, SECOND_SQUARE]
    )
    if v < 0.0:
        return -height * triangles[t, NORMAL], -height * triangles[t, NORMAL + 1], -height * triangles[t, NORMAL + 2]
    return v * bx + w * cx - dx, v * by + w * cy - dy, v * bz + w * cz - dz
