"""The geometry and kinematics of one contact: what every contact law is given.

A pair is always seen from the particle with the lower id, a wall contact from the particle: the normal points away
from that particle, the relative velocity is its surface velocity minus the partner's, and the force a law returns
acts on it (the partner gets the opposite).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from compute.physics import physics

Vector = tuple[float, float, float]


class Touch(NamedTuple):
    """One contact at one instant.

    overlap [m]; normal (nx, ny, nz) [-], from the particle to its partner; (ux, uy, uz) relative velocity of the two
    surfaces [m/s]; (wx, wy, wz) relative angular velocity [rad/s]; effective radius R* = r1 r2/(r1 + r2) [m] and mass
    m* = m1 m2/(m1 + m2) [kg]; step: time step [s]; inverse_span: 1/(r1 + r2) [1/m], 0 at a wall.
    """

    overlap: float
    nx: float
    ny: float
    nz: float
    ux: float
    uy: float
    uz: float
    wx: float
    wy: float
    wz: float
    radius: float
    mass: float
    step: float
    inverse_span: float


class Wrench(NamedTuple):
    """What a contact does to the particle that sees it.

    normal: repulsive normal force [N]; (fx, fy, fz) tangential force [N]; (mx, my, mz) rolling and twisting moment
    [N m]; loss: power turned into heat [W].
    """

    normal: float
    fx: float
    fy: float
    fz: float
    mx: float
    my: float
    mz: float
    loss: float


@physics
def with_overlap(touch: Touch, overlap: float) -> Touch:
    """Return the same contact with another overlap [m]."""
    return Touch(
        overlap, touch.nx, touch.ny, touch.nz, touch.ux, touch.uy, touch.uz, touch.wx, touch.wy, touch.wz,
        touch.radius, touch.mass, touch.step, touch.inverse_span,
    )  # fmt: skip


@physics
def cross(ax: float, ay: float, az: float, bx: float, by: float, bz: float) -> tuple[float, float, float]:
    """Return the vector product a x b."""
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


@physics
def pair_touch(
    excess: float,
    d: Vector,
    velocity: Vector,
    first_spin: Vector,
    second_spin: Vector,
    first: tuple[float, float],
    second: tuple[float, float],
    step: float,
    arm_share: float,
) -> Touch:
    """Return the contact of two spheres, its overlap from the distance: what `excess` says is not needed.

    d: centre of the second minus centre of the first [m]; velocity: of the first minus the second's [m/s]; spins
    [rad/s]; first, second: (radius [m], mass [kg]); the surfaces' velocities are taken at the arms r - arm_share
    overlap [m].
    """
    dx, dy, dz = d
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    overlap = first[0] + second[0] - distance
    return _touch_at(distance, overlap, d, velocity, first_spin, second_spin, first, second, step, arm_share)


@physics
def excess_touch(
    excess: float,
    d: Vector,
    velocity: Vector,
    first_spin: Vector,
    second_spin: Vector,
    first: tuple[float, float],
    second: tuple[float, float],
    step: float,
    arm_share: float,
) -> Touch:
    """Return the contact of two spheres whose positions are known better than these numbers say.

    excess [m2]: (r1 + r2)^2 - d^2, made from the positions themselves; the overlap is excess/(r1 + r2 + |d|), which no
    cancellation spoils. The other arguments as in `pair_touch`.
    """
    dx, dy, dz = d
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    overlap = excess / (first[0] + second[0] + distance)
    return _touch_at(distance, overlap, d, velocity, first_spin, second_spin, first, second, step, arm_share)


@physics
def _touch_at(
    distance: float,
    overlap: float,
    d: Vector,
    velocity: Vector,
    first_spin: Vector,
    second_spin: Vector,
    first: tuple[float, float],
    second: tuple[float, float],
    step: float,
    arm_share: float,
) -> Touch:
    dx, dy, dz = d
    vx, vy, vz = velocity
    r1, m1 = first
    r2, m2 = second
    a1, a2, a3 = first_spin
    b1, b2, b3 = second_spin
    inverse = 1.0 / distance
    nx, ny, nz = dx * inverse, dy * inverse, dz * inverse
    arm1, arm2 = r1 - arm_share * overlap, r2 - arm_share * overlap
    sx, sy, sz = arm1 * a1 + arm2 * b1, arm1 * a2 + arm2 * b2, arm1 * a3 + arm2 * b3
    cx, cy, cz = cross(sx, sy, sz, nx, ny, nz)
    return Touch(
        overlap, nx, ny, nz, vx + cx, vy + cy, vz + cz,
        a1 - b1, a2 - b2, a3 - b3, r1 * r2 / (r1 + r2), m1 * m2 / (m1 + m2), step, 1.0 / (r1 + r2),
    )  # fmt: skip


@physics
def wall_touch(
    overlap: float,
    normal: Vector,
    velocity: Vector,
    spin: Vector,
    wall_velocity: Vector,
    wall_spin: Vector,
    radius: float,
    mass: float,
    step: float,
    arm_share: float,
) -> Touch:
    """Return the contact of a sphere with a wall of infinite mass and radius.

    normal [-]: from the sphere to the wall; wall_velocity [m/s]: of the wall's surface at the contact point; the
    other arguments as in `pair_touch`.
    """
    nx, ny, nz = normal
    a1, a2, a3 = spin
    w1, w2, w3 = wall_spin
    arm = radius - arm_share * overlap
    cx, cy, cz = cross(arm * a1, arm * a2, arm * a3, nx, ny, nz)
    vx, vy, vz = velocity
    ux, uy, uz = wall_velocity
    return Touch(
        overlap, nx, ny, nz, vx - ux + cx, vy - uy + cy, vz - uz + cz,
        a1 - w1, a2 - w2, a3 - w3, radius, mass, step, 0.0,
    )  # fmt: skip


@physics
def approach_and_slip(
    dx: float, dy: float, dz: float, vx: float, vy: float, vz: float, spin: tuple[float, float, float]
) -> tuple[float, float]:
    """Return normal and tangential speed [m/s] of two surfaces; spin: sum of arm times angular velocity [m/s]."""
    inverse = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    nx, ny, nz = dx * inverse, dy * inverse, dz * inverse
    sx, sy, sz = spin
    cx, cy, cz = cross(sx, sy, sz, nx, ny, nz)
    ux, uy, uz = vx + cx, vy + cy, vz + cz
    normal = ux * nx + uy * ny + uz * nz
    square = ux * ux + uy * uy + uz * uz - normal * normal
    return max(normal, 0.0), math.sqrt(max(square, 0.0))
