"""The free rotation of a rigid body over one step: a splitting that is exact for bodies with an axis of figure.

With the angular momentum L constant in space and M in the body, the energy is L^2/(2 I1) + (1/I3 - 1/I1) M3^2/2 +
(1/I2 - 1/I1) M2^2/2. The first term turns the body about L, in space, and commutes with the others; these turn it
about its own axes, half of the second axis, the third, the other half. Nothing is left out where I1 = I2; else the
scheme is symplectic, time-symmetric and of second order, with an error in proportion to both differences. L is kept to
the bit.
F. Fasso, J. Comput. Phys. 189 (2003) 527; E. Celledoni et al., SIAM J. Sci. Comput. 30 (2008) 2084,
doi:10.1137/070704393. A body that turns by more than 1 rad in a step is moved too far anyhow.
"""

from __future__ import annotations

import math

from compute.physics import physics

Vector = tuple[float, float, float]
Turn = tuple[float, float, float, float]


@physics
def turn_product(a: Turn, b: Turn) -> Turn:
    """Return the unit quaternion (w, x, y, z) of the turn by b, then by a."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + bw * ax + ay * bz - az * by,
        aw * by + bw * ay + az * bx - ax * bz,
        aw * bz + bw * az + ax * by - ay * bx,
    )


@physics
def to_space(turn: Turn, x: float, y: float, z: float) -> Vector:
    """Return a vector of the body's frame in space: v + 2 q x (q x v + w v)."""
    w, a, b, c = turn
    ux, uy, uz = b * z - c * y + w * x, c * x - a * z + w * y, a * y - b * x + w * z
    return x + 2.0 * (b * uz - c * uy), y + 2.0 * (c * ux - a * uz), z + 2.0 * (a * uy - b * ux)


@physics
def to_body(turn: Turn, x: float, y: float, z: float) -> Vector:
    """Return a vector of space in the body's frame."""
    w, a, b, c = turn
    return to_space((w, -a, -b, -c), x, y, z)


@physics
def turn_by(x: float, y: float, z: float) -> Turn:
    """Return the unit quaternion of the turn about the vector by twice its length [rad], at most 1.

    (cos h, v sin(h)/h), with the series of sin(h)/h, exact to rounding up to h = 1.
    """
    square = x * x + y * y + z * z
    ratio = 1.0
    for k in range(17, 1, -2):
        ratio = 1.0 - ratio * square / (k * (k - 1.0))
    cosine = math.sqrt(max(1.0 - square * ratio * ratio, 0.0))
    return cosine, x * ratio, y * ratio, z * ratio


@physics
def spin_of(turn: Turn, momentum: Vector, inverse_inertia: Vector) -> Vector:
    """Return the angular velocity in space [rad/s] of a body with this angular momentum [kg m2/s].

    inverse_inertia: of the principal moments [1/(kg m2)].
    """
    lx, ly, lz = momentum
    first, second, third = inverse_inertia
    mx, my, mz = to_body(turn, lx, ly, lz)
    return to_space(turn, first * mx, second * my, third * mz)


@physics
def freely_turned(turn: Turn, momentum: Vector, inverse_inertia: Vector, step: float) -> Turn:
    """Return the orientation after a step without torque; arguments as in `spin_of`."""
    lx, ly, lz = momentum
    first, second, third = inverse_inertia
    half = 0.5 * step
    across, along = 0.5 * half * (second - first), half * (third - first)
    _, my, _ = to_body(turn, lx, ly, lz)
    turn = turn_product(turn, turn_by(0.0, across * my, 0.0))
    _, _, mz = to_body(turn, lx, ly, lz)
    turn = turn_product(turn, turn_by(0.0, 0.0, along * mz))
    _, my, _ = to_body(turn, lx, ly, lz)
    turn = turn_product(turn, turn_by(0.0, across * my, 0.0))
    scale = half * first
    w, a, b, c = turn_product(turn_by(scale * lx, scale * ly, scale * lz), turn)
    norm = 1.0 / math.sqrt(w * w + a * a + b * b + c * c)
    return w * norm, a * norm, b * norm, c * norm
