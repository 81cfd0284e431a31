"""Walls and the contacts of particles with them, as arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

PLANE, CYLINDER, MESH = range(3)

POINT, AXIS = 0, 3
"""Columns of a plane (point, normal) and of a cylinder (point, axis) in `Walls.geometry`."""
RADIUS, SIDE, LOW, HIGH, DEPTH = range(6, 11)
GEOMETRY_SIZE = 11
SWEPT_RADIUS = 0
"""Column of a mesh: its largest distance from the axis on the ground that moves it, for ever [m]."""

SPEED, START, RAMP, PERIOD, FIRST, LAST, LIMIT, KIND, CYCLE, COUNT, LOAD, BODY_MASS, DAMPING, QUANTA = range(6, 20)
MOTION_SIZE = 20
TURNS, SLIDES, BEARS = range(3)
"""Kinds of motion: about the axis, along it, and along it by the forces on the wall."""
SHARE_TIME, SHARE, SHARE_SUM = range(3)
PROFILE_SIZE = 3
COSINE, SINE, RATE, SPIN, PLACE, DRIFT, LISTED_COSINE, LISTED_SINE = 0, 1, 2, 3, 6, 9, 12, 13
SHIFT, GLIDE, LISTED_SHIFT = 14, 15, 16
POSE_SIZE = 17

CORNER, FIRST_EDGE, SECOND_EDGE, NORMAL = 0, 3, 6, 9
FIRST_SQUARE, MIXED, SECOND_SQUARE = 12, 13, 14
OWNER = 15
TRIANGLE_SIZE = 16

INVERSE_CELL = 3
GRID_SIZE = 4
FIRST_CELL = 3
CELLS_SIZE = 4

ROOM = 16
"""Triangles listed for one particle; where it could meet more, it looks them up in the cells of the mesh."""
SLOTS = 8
"""Wall contacts one particle can have at once."""
WALL_LIMIT = 62
"""Walls that fit into the bits of a signed 64-bit mask."""
HISTORY = 3
"""Column of a slot where the history begins; the normal comes before it."""


class Walls(NamedTuple):
    """Walls as the loops read them; everything but `pose` and `push` is fixed.

    shape: PLANE, CYLINDER or MESH, and material: its place in the material list, shape (walls,) int32; geometry: plane:
    point [m], normal; cylinder: point [m], axis, radius [m], side (1 particles inside, -1 outside), low and high end
    along the axis [m], depth (radii behind the surface at which it no longer acts); mesh: largest
    distance from the axis on the ground [m], shape (walls, 11); motion: point [m], axis, speed [rad/s] or [m/s], start
    [s], ramp [s], period [s] (0: no swing), first and last row of the profile (equal: none), by how much of the
    radius a place may be displaced before the lists are made anew [-], or by how much along the axis [m], kind,
    time after which the profile begins again [s] (0: never) and how often it does, and of a wall that bears a load the
    load [N], mass [kg], damping [1/s] and inverse quantum of force [1/N], shape (walls + carriers, 20);
    profile: time [s], share of the speed and its integral up to then [s], shape (rows, 3); carrier: row of the motion
    that carries a wall, -1 for none, shape (walls,) int32; turns: whether the motion moves the surface as a set, shape
    (walls,) int32; pose: cosine and sine of the angle turned, present angular speed [rad/s]; and of a wall its angular
    velocity [rad/s], a point of its axis [m] and the velocity of that point [m/s]; then cosine and sine of the angle at
    which the lists were made; shift along the axis [m], its rate [m/s], and the shift at which the lists were made,
    shape (walls + carriers, 17); push: force of the particles on what bears a load, along its axis, in quanta, shape
    (chunks, (walls + carriers) * lanes) int64.

    triangles: corner a, edges ab and ac [m], unit normal, ab.ab, ab.ac, ac.ac [m2] in the body frame, and the wall,
    shape (triangles, 16); grid: lowest corner of the cells [m], 1/edge of a cell [1/m], shape (walls, 4); cells: number
    of cells in x, y, z and the mesh's first cell, shape (walls, 4) int64; cell_start, cell_triangle: the triangles of
    cell c are cell_triangle[cell_start[c]:cell_start[c + 1]]; sizes: number of materials, shape (1,) int64.
    """

    shape: Any
    material: Any
    geometry: Any
    motion: Any
    profile: Any
    carrier: Any
    turns: Any
    pose: Any
    push: Any
    triangles: Any
    grid: Any
    cells: Any
    cell_start: Any
    cell_triangle: Any
    sizes: Any


class WallTouches(NamedTuple):
    """The wall contacts of the particles that can meet a wall before the next rebuild of the lists.

    seat: row of a particle in the other arrays, -1 for none, shape (capacity,) int32; holder: the particle of each row,
    shape (rows,) int32. wall: the wall of each slot, -1 where empty, shape (rows, SLOTS) int32; spring: normal from the
    particle to the wall in the wall's body frame, then the contact's history, shape (rows, SLOTS, 3 + max(1,
    history_size)); touched, near: walls touched in the last step (a bridge of liquid alone is no touch), walls not yet
    apart by the re-arm gap, as bits, shape (rows,) int64. These four are the particle's state. close: walls it can meet
    before the next rebuild, as bits, shape (rows,) int64; triangle: those of their triangles that it can meet until
    then, ROOM to a particle, shape (rows * ROOM,) int32, and listed: how many, -1 where there is no such list, shape
    (rows,) int32. fresh_wall, fresh: the slots of the step at hand, the walls with the marks of `dem.walls.slots`, the
    springs one column longer for the gap [m]; they carry nothing from step to step.
    """

    seat: Any
    holder: Any
    wall: Any
    spring: Any
    touched: Any
    near: Any
    close: Any
    triangle: Any
    listed: Any
    fresh_wall: Any
    fresh: Any


def make_touches(
    capacity: int, history_size: int, real_type: Any = np.float64, rows: int = 1, zeros: Callable[..., Any] = np.zeros
) -> WallTouches:
    """Return room for the contacts of `rows` of `capacity` particles, none of which has a row.

    history_size: values of this type that a contact carries; zeros(shape, dtype) makes the arrays.
    """
    width = HISTORY + max(1, history_size)

    def none(*shape: int) -> Any:
        array = zeros(shape, np.int32)
        array[:] = -1
        return array

    return WallTouches(
        seat=none(capacity),
        holder=zeros(rows, np.int32),
        wall=none(rows, SLOTS),
        spring=zeros((rows, SLOTS, width), real_type),
        touched=zeros(rows, np.int64),
        near=zeros(rows, np.int64),
        close=zeros(rows, np.int64),
        triangle=zeros(rows * ROOM, np.int32),
        listed=none(rows),
        fresh_wall=none(rows, SLOTS),
        fresh=zeros((rows, SLOTS, width + 1), real_type),
    )
