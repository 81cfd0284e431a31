"""What a particle can meet before the lists are made again: walls, and of meshes the triangles.

A particle moves at most half the skin until then, and a turning wall by at most the limit of its motion. Both are taken
in the wall's body frame, so that meshes that turn and meshes at rest are one case.
"""

from __future__ import annotations

from compute.physics import physics, routine
from dem.particles import RADIUS as SPHERE_RADIUS
from dem.particles import Particles, X
from dem.walls.arrays import CYLINDER, MESH, ROOM, Walls, WallTouches
from dem.walls.distance import cylinder_distance, plane_distance
from dem.walls.mesh import list_triangles
from dem.walls.motion import point_and_slack


@physics
def list_what_meets(
    walls: Walls,
    w: int,
    x: float,
    y: float,
    z: float,
    radius: float,
    reach: float,
    touches: WallTouches,
    begin: int,
    room: int,
    count: int,
) -> tuple[bool, int]:
    """Return whether wall w can come within `reach` [m] of a particle, and how many triangles are listed for it then.

    begin, room: place of its list and what it holds; count: triangles listed before. Inlined: a
    call that hands over all arrays of the walls takes longer than a plane.
    """
    if walls.turns[w] != 0:
        x, y, z, further = point_and_slack(walls, w, x, y, z)
        reach += further
    if walls.shape[w] == MESH:
        found = list_triangles(walls, w, x, y, z, reach, touches, begin, room, count)
        return found > count, found
    if walls.shape[w] == CYLINDER:
        distance, _, _, _ = cylinder_distance(walls, w, x, y, z, radius, reach)
    else:
        distance, _, _, _ = plane_distance(walls, w, x, y, z)
    return distance < reach, count


@routine
def mark_near_walls(
    item: int, particles: Particles, walls: Walls, touches: WallTouches, margin: float, gap: float, seated: int
) -> None:
    """Note whether particle `item` needs a row of wall contacts; or, if they have them, what that of row `item` meets.

    margin [m]: half the skin and the largest gap across which a wall acts; gap: re-arm gap over its diameter; seated: 1
    if rows are given. A particle needs one if a wall can meet it, or if it has one in which a wall is remembered.
    """
    i, row = touches.holder[item] if seated else item, particles.row
    radius = row[i, SPHERE_RADIUS]
    reach = radius * (1.0 + 2.0 * gap) + margin
    close, count, room = 0, 0, ROOM * seated
    for w in range(walls.shape.shape[0]):
        meets, count = list_what_meets(
            walls, w, row[i, X], row[i, X + 1], row[i, X + 2], radius, reach, touches, item * ROOM, room, count
        )
        close |= (1 << w) if meets else 0
    if seated:
        touches.close[item] = close
        touches.listed[item] = count if count <= ROOM else -1
    else:
        seat = touches.seat[i]
        remembered = seat >= 0 and (touches.near[seat] != 0 or touches.wall[seat, 0] >= 0)
        touches.seat[i] = 0 if remembered or close != 0 else -1
