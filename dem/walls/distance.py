"""Distance of a sphere's centre from a wall, in the wall's body frame.

Each function returns the distance [m] and the unit vector from the centre to the nearest point of the wall. A distance
that is `FAR` says no more than that nothing lies within reach.
"""

from __future__ import annotations

import math

from compute.physics import physics
from dem.walls.arrays import AXIS, DEPTH, HIGH, LOW, POINT, RADIUS, SIDE, Walls

FAR = 1e300
TINY = 1e-300
Nearest = tuple[float, float, float, float]


@physics
def plane_distance(walls: Walls, w: int, x: float, y: float, z: float) -> Nearest:
    """Return the signed distance from a plane: negative behind it."""
    g = walls.geometry
    nx, ny, nz = g[w, AXIS], g[w, AXIS + 1], g[w, AXIS + 2]
    distance = (x - g[w, POINT]) * nx + (y - g[w, POINT + 1]) * ny + (z - g[w, POINT + 2]) * nz
    return distance, -nx, -ny, -nz


@physics
def cylinder_distance(walls: Walls, w: int, x: float, y: float, z: float, radius: float, reach: float) -> Nearest:
    """Return the signed distance from the lateral surface of a cylinder, or the distance from its rim.

    radius, reach [m]: of the sphere, and the distance within which the wall matters.
    """
    g = walls.geometry
    kx, ky, kz = g[w, AXIS], g[w, AXIS + 1], g[w, AXIS + 2]
    rx, ry, rz = x - g[w, POINT], y - g[w, POINT + 1], z - g[w, POINT + 2]
    along = rx * kx + ry * ky + rz * kz
    rx, ry, rz = rx - along * kx, ry - along * ky, rz - along * kz
    square = rx * rx + ry * ry + rz * rz
    side = g[w, SIDE]
    limit = g[w, RADIUS] - side * reach
    beyond = along - min(max(along, g[w, LOW]), g[w, HIGH])
    if (limit > 0.0 and side * (limit * limit - square) > 0.0) or abs(beyond) > reach:
        return FAR, 0.0, 0.0, 0.0
    rho = math.sqrt(square)
    inverse = 1.0 / max(rho, TINY)
    outwards = g[w, RADIUS] - rho
    if beyond == 0.0:
        distance = side * outwards
        share = side * inverse
        distance = distance if distance > -g[w, DEPTH] * radius else FAR
        return distance, share * rx, share * ry, share * rz
    distance = math.sqrt(outwards * outwards + beyond * beyond)
    share, lift = outwards * inverse / max(distance, TINY), beyond / max(distance, TINY)
    return distance, share * rx - lift * kx, share * ry - lift * ky, share * rz - lift * kz
