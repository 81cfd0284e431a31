"""Motion of walls: about an axis or along it, which may be carried by another.

Places are functions of the step number alone, but for a wall that bears a load: forces move that, step by step.
"""

from __future__ import annotations

import math

from compute.physics import physics, routine
from dem.tally import LANES
from dem.touch import cross
from dem.walls.arrays import (
    AXIS,
    BEARS,
    BODY_MASS,
    COSINE,
    COUNT,
    CYCLE,
    DAMPING,
    DRIFT,
    FIRST,
    GLIDE,
    KIND,
    LAST,
    LIMIT,
    LISTED_COSINE,
    LISTED_SHIFT,
    LISTED_SINE,
    LOAD,
    PERIOD,
    PLACE,
    POINT,
    QUANTA,
    RAMP,
    RATE,
    SHARE,
    SHARE_SUM,
    SHARE_TIME,
    SHIFT,
    SINE,
    SLIDES,
    SPEED,
    SPIN,
    START,
    TURNS,
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
    """Return the angle turned, or the way gone, and the speed, both over the largest speed [s], [-], of motion r.

    With T the ramp and p the time [s] since the start: p^2/(2 T) while p < T, p - T/2 after; of a swing of period P
    P/(2 pi) min(p/T, 1) sin(2 pi p/P); of a profile its integral. A profile that begins again ends where it began.
    """
    motion = walls.motion
    ramp, period = motion[r, RAMP], motion[r, PERIOD]
    first, last = int(motion[r, FIRST]), int(motion[r, LAST])
    share = past / ramp if past < ramp else 1.0
    cycle = motion[r, CYCLE]
    if cycle > 0.0:
        whole = math.floor(past / cycle)
        past = past - cycle * whole if whole < motion[r, COUNT] else 0.0
    if last > first:
        return profile_share(walls, first, last, past)
    if period > 0.0:
        phase, reach = TURN * (past / period - math.floor(past / period)), period / TURN
        widening = reach * math.sin(phase) / ramp if past < ramp else 0.0
        return reach * share * math.sin(phase), share * math.cos(phase) + widening
    return 0.5 * share * past if past < ramp else past - 0.5 * ramp, share


@physics
def set_motion(r: int, walls: Walls, time: float) -> None:
    """Put motion r where it is at a time [s]; whole turns are taken off before the cosine is.

    What bears a load stays: `bear_load` moves it.
    """
    kind, pose = walls.motion[r, KIND], walls.pose
    speed = walls.motion[r, SPEED]
    past = max(time - walls.motion[r, START], 0.0)
    weighted, share = share_turned(walls, r, past)
    rate = speed * share if past > 0.0 else 0.0
    turned = speed * weighted / TURN if kind == TURNS else 0.0
    angle = TURN * (turned - math.floor(turned))
    pose[r, COSINE] = math.cos(angle)
    pose[r, SINE] = math.sin(angle)
    pose[r, RATE] = rate if kind == TURNS else 0.0
    if kind == SLIDES:
        pose[r, SHIFT], pose[r, GLIDE] = speed * weighted, rate


@physics
def bear_load(r: int, walls: Walls, step_number: int, step: float) -> None:
    """Move motion r, if it bears a load, from x^n to x^(n+1) by the forces of step n, which are then taken off.

    v^(n+1/2) = (v^(n-1/2) (1 - c/2) + (load + F)/m step)/(1 + c/2), c = damping step: the damping acts at the mean of
    the two velocities. F is a sum of whole quanta: it depends neither on order nor on threads.
    """
    motion, pose, push = walls.motion, walls.pose, walls.push
    if motion[r, KIND] == BEARS:
        total = 0
        for chunk in range(push.shape[0]):
            for lane in range(r * LANES, (r + 1) * LANES):
                total += push[chunk, lane]
                push[chunk, lane] = 0
        if step_number * step >= motion[r, START]:
            force = motion[r, LOAD] + total / motion[r, QUANTA]
            decay = 0.5 * motion[r, DAMPING] * step
            pose[r, GLIDE] = (pose[r, GLIDE] * (1.0 - decay) + force / motion[r, BODY_MASS] * step) / (1.0 + decay)
            pose[r, SHIFT] += pose[r, GLIDE] * step


@physics
def bearing(walls: Walls, w: int) -> int:
    """Return the motion that bears a load under wall w: its own, its carrier's, or -1."""
    motion, r = walls.motion, walls.carrier[w]
    if motion[w, KIND] == BEARS:
        return w
    return r if r >= 0 and motion[r, KIND] == BEARS else -1


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
    """Add what carrier r does to the place and the velocities of wall w."""
    pose, axis = walls.pose, axis_of(walls, r)
    cosine, sine = pose[r, COSINE], pose[r, SINE]
    sx, sy, sz = turn(axis, cosine, sine, pose[w, SPIN], pose[w, SPIN + 1], pose[w, SPIN + 2])
    px, py, pz = walls.motion[r, POINT], walls.motion[r, POINT + 1], walls.motion[r, POINT + 2]
    ax, ay, az = pose[w, PLACE] - px, pose[w, PLACE + 1] - py, pose[w, PLACE + 2] - pz
    ax, ay, az = turn(axis, cosine, sine, ax, ay, az)
    rate, shift, glide = pose[r, RATE], pose[r, SHIFT], pose[r, GLIDE]
    cx, cy, cz = rate * axis[0], rate * axis[1], rate * axis[2]
    dx, dy, dz = cross(cx, cy, cz, ax, ay, az)
    kx, ky, kz = axis
    pose[w, SPIN], pose[w, SPIN + 1], pose[w, SPIN + 2] = sx + cx, sy + cy, sz + cz
    pose[w, PLACE], pose[w, PLACE + 1] = px + ax + shift * kx, py + ay + shift * ky
    pose[w, PLACE + 2] = pz + az + shift * kz
    pose[w, DRIFT] += dx + glide * kx
    pose[w, DRIFT + 1] += dy + glide * ky
    pose[w, DRIFT + 2] += dz + glide * kz


@physics
def set_pose(w: int, walls: Walls, step_number: int, step_size: float) -> None:
    """Put wall w, and what carries it, where they are at time t = step_number step_size [s]."""
    set_motion(w, walls, step_number * step_size)
    pose, axis = walls.pose, axis_of(walls, w)
    for k in range(3):
        pose[w, PLACE + k] = walls.motion[w, POINT + k] + pose[w, SHIFT] * axis[k]
        pose[w, DRIFT + k] = pose[w, GLIDE] * axis[k]
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
    if motion[r, KIND] != TURNS:
        return motion[r, LIMIT]
    kx, ky, kz = axis_of(walls, r)
    cx, cy, cz = cross(kx, ky, kz, x - motion[r, POINT], y - motion[r, POINT + 1], z - motion[r, POINT + 2])
    return motion[r, LIMIT] * math.sqrt(cx * cx + cy * cy + cz * cz)


@routine
def turned_too_far(walls: Walls) -> bool:
    """Return whether a motion has displaced its places by more than its limit since the lists were made."""
    pose, too_far = walls.pose, False
    for r in range(pose.shape[0]):
        along, across = pose[r, COSINE] - pose[r, LISTED_COSINE], pose[r, SINE] - pose[r, LISTED_SINE]
        shift, limit = pose[r, SHIFT] - pose[r, LISTED_SHIFT], walls.motion[r, LIMIT]
        too_far = too_far or along * along + across * across + shift * shift > limit * limit
    return too_far


@physics
def turn_back(walls: Walls, r: int, x: float, y: float, z: float) -> Vector:
    """Return where a point [m] was before motion r."""
    motion, axis, shift = walls.motion, axis_of(walls, r), walls.pose[r, SHIFT]
    px, py, pz = motion[r, POINT], motion[r, POINT + 1], motion[r, POINT + 2]
    bx, by, bz = turn(axis, walls.pose[r, COSINE], -walls.pose[r, SINE], x - px, y - py, z - pz)
    return px + bx - shift * axis[0], py + by - shift * axis[1], pz + bz - shift * axis[2]


@physics
def turn_on(walls: Walls, r: int, x: float, y: float, z: float) -> Vector:
    """Return where motion r takes a point [m]."""
    motion, axis, shift = walls.motion, axis_of(walls, r), walls.pose[r, SHIFT]
    px, py, pz = motion[r, POINT], motion[r, POINT + 1], motion[r, POINT + 2]
    tx, ty, tz = turn(axis, walls.pose[r, COSINE], walls.pose[r, SINE], x - px, y - py, z - pz)
    return px + tx + shift * axis[0], py + ty + shift * axis[1], pz + tz + shift * axis[2]


@physics
def point_to_space(walls: Walls, w: int, x: float, y: float, z: float) -> Vector:
    """Return where a point [m] of the body frame of wall w is."""
    x, y, z = turn_on(walls, w, x, y, z)
    return turn_on(walls, walls.carrier[w], x, y, z) if walls.carrier[w] >= 0 else (x, y, z)


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
