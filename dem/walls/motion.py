"""Motion of walls as a function of the step number alone: rotation about an axis, which may be carried by another."""

from __future__ import annotations

import math

from compute.physics import physics, routine
from dem.touch import cross
from dem.walls.arrays import (
    AXIS,
    COSINE,
    DRIFT,
    FIRST,
    LAST,
    LIMIT,
    LISTED_COSINE,
    LISTED_SINE,
    PERIOD,
    PLACE,
    POINT,
    RAMP,
    RATE,
    SHARE,
    SHARE_SUM,
    SHARE_TIME,
    SINE,
    SPEED,
    SPIN,
    START,
    Walls,
)

TURN = 2.0 * math.pi
Vector = tuple[float, float, float]


@physics
def profile_share(walls: Walls, first: int, last: int, past: float) -> tuple[float, float]:
    """Return the integral [s] of the share of the speed up to a time [s] of a profile, and the share then."""
    profile = walls.profile
    row = first
    while row < last - 1 and past >= profile[row + 1, SHARE_TIME]:
        row += 1
    since, share = past - profile[row, SHARE_TIME], profile[row, SHARE]
    if row < last - 1:
        share += since * (profile[row + 1, SHARE] - share) / (profile[row + 1, SHARE_TIME] - profile[row, SHARE_TIME])
    return profile[row, SHARE_SUM] + 0.5 * since * (profile[row, SHARE] + share), share


@physics
def share_turned(walls: Walls, r: int, past: float) -> tuple[float, float]:
    """Return the angle turned and the speed, both over the largest speed [s], [-], of motion r.

    With T the ramp and p the time [s] since the start: p^2/(2 T) while p < T, p - T/2 after; of a swing of period P
    P/(2 pi) min(p/T, 1) sin(2 pi p/P); of a profile its integral.
    """
    motion = walls.motion
    ramp, period = motion[r, RAMP], motion[r, PERIOD]
    first, last = int(motion[r, FIRST]), int(motion[r, LAST])
    share = past / ramp if past < ramp else 1.0
    if last > first:
        return profile_share(walls, first, last, past)
    if period > 0.0:
        phase, reach = TURN * (past / period - math.floor(past / period)), period / TURN
        widening = reach * math.sin(phase) / ramp if past < ramp else 0.0
        return reach * share * math.sin(phase), share * math.cos(phase) + widening
    return 0.5 * share * past if past < ramp else past - 0.5 * ramp, share


@physics
def set_motion(r: int, walls: Walls, time: float) -> None:
    """Put motion r where it is at a time [s]; whole turns are taken off before the cosine is."""
    speed = walls.motion[r, SPEED]
    past = max(time - walls.motion[r, START], 0.0)
    weighted, share = share_turned(walls, r, past)
    turned = speed * weighted / TURN
    angle = TURN * (turned - math.floor(turned))
    walls.pose[r, COSINE] = math.cos(angle)
    walls.pose[r, SINE] = math.sin(angle)
    walls.pose[r, RATE] = speed * share if past > 0.0 else 0.0


@physics
def mount(walls: Walls, w: int) -> int:
    """Return the motion that stands on the ground: that of the carrier of wall w, or its own."""
    return walls.carrier[w] if walls.carrier[w] >= 0 else w


@physics
def axis_of(walls: Walls, r: int) -> Vector:
    """Return the unit vector of the axis of motion r."""
    motion = walls.motion
    return motion[r, AXIS], motion[r, AXIS + 1], motion[r, AXIS + 2]


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
def carry(walls: Walls, w: int, r: int) -> None:
    """Add what carrier r does to the velocities of wall w."""
    pose, axis = walls.pose, axis_of(walls, r)
    cosine, sine = pose[r, COSINE], pose[r, SINE]
    sx, sy, sz = turn(axis, cosine, sine, pose[w, SPIN], pose[w, SPIN + 1], pose[w, SPIN + 2])
    px, py, pz = walls.motion[r, POINT], walls.motion[r, POINT + 1], walls.motion[r, POINT + 2]
    ax, ay, az = pose[w, PLACE] - px, pose[w, PLACE + 1] - py, pose[w, PLACE + 2] - pz
    ax, ay, az = turn(axis, cosine, sine, ax, ay, az)
    rate = pose[r, RATE]
    cx, cy, cz = rate * axis[0], rate * axis[1], rate * axis[2]
    pose[w, SPIN], pose[w, SPIN + 1], pose[w, SPIN + 2] = sx + cx, sy + cy, sz + cz
    pose[w, PLACE], pose[w, PLACE + 1], pose[w, PLACE + 2] = px + ax, py + ay, pz + az
    pose[w, DRIFT], pose[w, DRIFT + 1], pose[w, DRIFT + 2] = cross(cx, cy, cz, ax, ay, az)


@physics
def set_pose(w: int, walls: Walls, step_number: int, step_size: float) -> None:
    """Put wall w, and what carries it, where they are at time t = step_number step_size [s]."""
    set_motion(w, walls, step_number * step_size)
    pose, axis = walls.pose, axis_of(walls, w)
    for k in range(3):
        pose[w, PLACE + k] = walls.motion[w, POINT + k]
        pose[w, DRIFT + k] = 0.0
    rate = pose[w, RATE]
    pose[w, SPIN], pose[w, SPIN + 1], pose[w, SPIN + 2] = rate * axis[0], rate * axis[1], rate * axis[2]
    r = walls.carrier[w]
    if r >= 0:
        set_motion(r, walls, step_number * step_size)
        carry(walls, w, r)


@physics
def slack(walls: Walls, r: int, x: float, y: float, z: float) -> float:
    """Return how far motion r alone takes a point [m] in its frame while lists stay valid [m]."""
    motion = walls.motion
    kx, ky, kz = axis_of(walls, r)
    cx, cy, cz = cross(kx, ky, kz, x - motion[r, POINT], y - motion[r, POINT + 1], z - motion[r, POINT + 2])
    return motion[r, LIMIT] * math.sqrt(cx * cx + cy * cy + cz * cz)


@routine
def turned_too_far(walls: Walls) -> bool:
    """Return whether a motion has displaced its places by more than its limit since the lists were made."""
    pose, too_far = walls.pose, False
    for r in range(pose.shape[0]):
        along, across = pose[r, COSINE] - pose[r, LISTED_COSINE], pose[r, SINE] - pose[r, LISTED_SINE]
        limit = walls.motion[r, LIMIT]
        too_far = too_far or along * along + across * across > limit * limit
    return too_far


@physics
def turn_back(walls: Walls, r: int, x: float, y: float, z: float) -> Vector:
    """Return where a point [m] was before motion r."""
    motion = walls.motion
    px, py, pz = motion[r, POINT], motion[r, POINT + 1], motion[r, POINT + 2]
    bx, by, bz = turn(axis_of(walls, r), walls.pose[r, COSINE], -walls.pose[r, SINE], x - px, y - py, z - pz)
    return px + bx, py + by, pz + bz


@physics
def point_to_body(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return a point [m] in the body frame of a turning wall."""
    if walls.carrier[w] >= 0:
        x, y, z = turn_back(walls, walls.carrier[w], x, y, z)
    return turn_back(walls, w, x, y, z)


@physics
def point_and_slack(walls: Walls, w: int, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return a point [m] in the body frame of a turning wall, and how far turning takes it there at most [m]."""
    further, r = 0.0, walls.carrier[w]
    if r >= 0:
        further = slack(walls, r, x, y, z)
        x, y, z = turn_back(walls, r, x, y, z)
    further += slack(walls, w, x, y, z)
    x, y, z = turn_back(walls, w, x, y, z)
    return x, y, z, further


@physics
def direction_to_space(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return a direction of the body frame of wall w in space."""
    if walls.turns[w] == 0:
        return x, y, z
    x, y, z = turn(axis_of(walls, w), walls.pose[w, COSINE], walls.pose[w, SINE], x, y, z)
    r = walls.carrier[w]
    if r >= 0:
        x, y, z = turn(axis_of(walls, r), walls.pose[r, COSINE], walls.pose[r, SINE], x, y, z)
    return x, y, z


@physics
def wall_spin(walls: Walls, w: int) -> Vector:
    """Return the angular velocity of wall w [rad/s]."""
    pose = walls.pose
    return pose[w, SPIN], pose[w, SPIN + 1], pose[w, SPIN + 2]


@physics
def surface_velocity(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return the velocity [m/s] of the point (x, y, z) [m] of wall w."""
    pose = walls.pose
    sx, sy, sz = wall_spin(walls, w)
    vx, vy, vz = cross(sx, sy, sz, x - pose[w, PLACE], y - pose[w, PLACE + 1], z - pose[w, PLACE + 2])
    return vx + pose[w, DRIFT], vy + pose[w, DRIFT + 1], vz + pose[w, DRIFT + 2]
