"""Hertz-Mindlin contact with tangential history, restitution damping and a Coulomb limit, in two published forms.

With a = sqrt(R* overlap), S_n = 2 E* a, S_t = 8 G* a and beta = -ln e/sqrt(ln^2 e + pi^2):

    F_n = 2/3 S_n overlap + 2 sqrt(5/6) beta sqrt(S_n m*) v_n          (v_n: rate of approach)
    F_t = -S_t s - 2 sqrt(5/6) beta sqrt(S_t m*) v_t                  (s: tangential spring, held in the tangent plane)

`liggghts`: the spring alone is held to mu |F_n|; while it slips the damper is left out. `lammps`: spring and damper
together are held to mu |F_n|, and the spring is set back to what is left. The damping may make the normal force attract
near the end of a contact, which is what gives the nominal restitution exactly.

Sources: Tsuji, Tanaka, Ishida, Powder Technol. 71 (1992) 239-250, doi 10.1016/0032-5910(92)88030-L; Mindlin,
Deresiewicz, J. Appl. Mech. 20 (1953) 327-344.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.touch import Touch

PARAMETER_COUNT = 4
HISTORY_SIZE = 3


def effective_youngs_modulus(first: Elasticity, second: Elasticity) -> float:
    """E* = [(1 - nu1^2)/E1 + (1 - nu2^2)/E2]^-1 [Pa]."""
    return 1.0 / sum((1.0 - m.poisson_ratio**2) / m.youngs_modulus for m in (first, second))


def effective_shear_modulus(first: Elasticity, second: Elasticity) -> float:
    """G* = [(2 - nu1)/G1 + (2 - nu2)/G2]^-1 [Pa]."""
    return 1.0 / sum((2.0 - m.poisson_ratio) / m.shear_modulus for m in (first, second))


def damping_coefficient(restitution: float) -> float:
    """2 sqrt(5/6) beta with beta = -ln e/sqrt(ln^2 e + pi^2) [-]; e = 1 gives 0, e = 0 the critical value."""
    if restitution <= 0.0:
        return 2.0 * math.sqrt(5.0 / 6.0)
    logarithm = math.log(restitution)
    return -2.0 * math.sqrt(5.0 / 6.0) * logarithm / math.hypot(logarithm, math.pi)


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (E* [Pa], G* [Pa], damping [-], friction [-]) of a pair of materials."""
    return (
        effective_youngs_modulus(first, second),
        effective_shear_modulus(first, second),
        damping_coefficient(pair.restitution),
        pair.friction,
    )


@physics
def tangent_spring(touch: Touch, history: Any, approach: float) -> tuple[float, float, float, float, float, float]:
    """Return the tangential slip velocity [m/s] and the spring [m] advanced by it and turned into the tangent plane."""
    sx, sy, sz = history
    tx = touch.ux - approach * touch.nx
    ty = touch.uy - approach * touch.ny
    tz = touch.uz - approach * touch.nz
    sx, sy, sz = sx + tx * touch.step, sy + ty * touch.step, sz + tz * touch.step
    along = sx * touch.nx + sy * touch.ny + sz * touch.nz
    return tx, ty, tz, sx - along * touch.nx, sy - along * touch.ny, sz - along * touch.nz


@physics
def normal_part(touch: Touch, modulus: float, damping: float) -> tuple[float, float, float, float]:
    """Return (contact radius a [m], approach speed [m/s], normal force [N], power lost to normal damping [W])."""
    a = math.sqrt(touch.radius * touch.overlap)
    stiffness = 2.0 * modulus * a
    approach = touch.ux * touch.nx + touch.uy * touch.ny + touch.uz * touch.nz
    damper = damping * math.sqrt(stiffness * touch.mass)
    normal = 2.0 / 3.0 * stiffness * touch.overlap + damper * approach
    return a, approach, normal, damper * approach * approach


@physics
def liggghts_force(touch: Touch, parameters: Any, history: Any) -> Any:
    """Hertz-Mindlin with the spring alone held to the Coulomb limit."""
    modulus, shear_modulus, damping, friction = parameters
    a, approach, normal, loss = normal_part(touch, modulus, damping)
    tx, ty, tz, sx, sy, sz = tangent_spring(touch, history, approach)
    stiffness = 8.0 * shear_modulus * a
    stretch = math.sqrt(sx * sx + sy * sy + sz * sz)
    trial, limit = stiffness * stretch, friction * abs(normal)
    slips = trial > limit
    share = limit / trial if slips else 1.0
    damper = 0.0 if slips else damping * math.sqrt(stiffness * touch.mass)
    sliding = (1.0 - share) * stretch / touch.step * limit
    slip2 = tx * tx + ty * ty + tz * tz
    sx, sy, sz = share * sx, share * sy, share * sz
    fx, fy, fz = -stiffness * sx - damper * tx, -stiffness * sy - damper * ty, -stiffness * sz - damper * tz
    return normal, fx, fy, fz, loss + damper * slip2 + sliding, (sx, sy, sz)


@physics
def lammps_force(touch: Touch, parameters: Any, history: Any) -> Any:
    """Hertz-Mindlin with spring and damper together held to the Coulomb limit."""
    modulus, shear_modulus, damping, friction = parameters
    a, approach, normal, loss = normal_part(touch, modulus, damping)
    tx, ty, tz, sx, sy, sz = tangent_spring(touch, history, approach)
    stiffness = 8.0 * shear_modulus * a
    damper = damping * math.sqrt(stiffness * touch.mass)
    fx, fy, fz = -stiffness * sx - damper * tx, -stiffness * sy - damper * ty, -stiffness * sz - damper * tz
    trial, limit = math.sqrt(fx * fx + fy * fy + fz * fz), friction * abs(normal)
    slips = trial > limit
    share = limit / trial if slips else 1.0
    fx, fy, fz = share * fx, share * fy, share * fz
    sx = -(fx + damper * tx) / stiffness if slips else sx
    sy = -(fy + damper * ty) / stiffness if slips else sy
    sz = -(fz + damper * tz) / stiffness if slips else sz
    heat = -(fx * tx + fy * ty + fz * tz) if slips else damper * (tx * tx + ty * ty + tz * tz)
    return normal, fx, fy, fz, loss + heat, (sx, sy, sz)


@physics
def shear(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return 8 G* a [N/m] and the tangential damping [N s/m]."""
    _, shear_modulus, damping, _ = parameters
    stiffness = 8.0 * shear_modulus * math.sqrt(touch.radius * touch.overlap)
    return stiffness, damping * math.sqrt(stiffness * touch.mass)


LIGGGHTS = ContactLaw(
    "hertz-mindlin-liggghts", liggghts_force, parameters_of, PARAMETER_COUNT, HISTORY_SIZE, shear=shear, hertzian=True
)
LAMMPS = ContactLaw(
    "hertz-mindlin-lammps", lammps_force, parameters_of, PARAMETER_COUNT, HISTORY_SIZE, velocity_arm=0.0,
    wall_torque_arm=0.0, shear=shear, hertzian=True,
)  # fmt: skip
