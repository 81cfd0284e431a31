"""Rotation of a wall about a fixed axis, as a function of the step number alone."""

from __future__ import annotations

import math

from compute.physics import physics
from dem.touch import cross
from dem.walls.arrays import AXIS, COSINE, POINT, RAMP, RATE, SINE, SPEED, START, Walls

TURN = 2.0 * math.pi
Vector = tuple[float, float, float]


@physics
def set_pose(w: int, walls: Walls, step_number: int, step_size: float) -> None:
    """Put wall w where it is at time t = step_number step_size [s].

    The speed rises linearly over the ramp, so with p = t - start the angle is speed p^2/(2 ramp) while p < ramp, and
    speed (p - ramp/2) after; whole turns are taken off before the cosine is.
    """
    speed, ramp = walls.motion[w, SPEED], walls.motion[w, RAMP]
    past = max(step_number * step_size - walls.motion[w, START], 0.0)
    share = past / ramp if past < ramp else 1.0
    weighted = 0.5 * share * past if past < ramp else past - 0.5 * ramp
    turned = speed * weighted / TURN
    angle = TURN * (turned - math.floor(turned))
    walls.pose[w, COSINE] = math.cos(angle)
    walls.pose[w, SINE] = math.sin(angle)
    walls.pose[w, RATE] = speed * share if past > 0.0 else 0.0


@physics
def axis_of(walls: Walls, w: int) -> Vector:
    """Return the unit vector of the motion axis of wall w."""
    motion = walls.motion
    return motion[w, AXIS], motion[w, AXIS + 1], motion[w, AXIS + 2]


@physics
def turn(axis: Vector, cosine: float, sine: float, x: float, y: float, z: float) -> Vector:
    """Return the vector turned about the axis (Rodrigues' formula)."""
    kx, ky, kz = axis
    cx, cy, cz = cross(kx, ky, kz, x, y, z)
    along = (kx * x + ky * y + kz * z) * (1.0 - cosine)
    return (
        cosine * x + sine * cx + along * kx,
        cosine * y + sine * cy + along * ky,
        cosine * z + sine * cz + along * kz,
    )


@physics
def point_to_body(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return a point [m] in the body frame of a turning wall."""
    motion = walls.motion
    px, py, pz = motion[w, POINT], motion[w, POINT + 1], motion[w, POINT + 2]
    bx, by, bz = turn(axis_of(walls, w), walls.pose[w, COSINE], -walls.pose[w, SINE], x - px, y - py, z - pz)
    return px + bx, py + by, pz + bz


@physics
def direction_to_space(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return a direction of the body frame of wall w in space."""
    if walls.turns[w] == 0:
        return x, y, z
    return turn(axis_of(walls, w), walls.pose[w, COSINE], walls.pose[w, SINE], x, y, z)


@physics
def wall_spin(walls: Walls, w: int) -> Vector:
    """Return the angular velocity of wall w [rad/s]."""
    kx, ky, kz = axis_of(walls, w)
    rate = walls.pose[w, RATE]
    return rate * kx, rate * ky, rate * kz


@physics
def surface_velocity(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return the velocity [m/s] of the point (x, y, z) [m] of wall w."""
    sx, sy, sz = wall_spin(walls, w)
    motion = walls.motion
    return cross(sx, sy, sz, x - motion[w, POINT], y - motion[w, POINT + 1], z - motion[w, POINT + 2])
