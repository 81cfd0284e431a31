"""Tangential springs and Coulomb limits: the parts that contact laws are made from, one text each.

A spring that is `total` gives the force k_t(d) s: what it stored at a small overlap grows with the stiffness. One that
is `incremental` gives dF = k_t ds: what it stored keeps its force while the stiffness changes, so that s is carried
over times a_old/a. One that is `rescaled` keeps the force while the overlap grows and gives it back in proportion to
the contact radius while it shrinks (F a/a_old), so that no cycle of loading gains energy; s is carried over times
min(1, a_old/a).

Source of the last: Thornton, Cummins, Cleary, Powder Technol. 233 (2013) 30-46, doi 10.1016/j.powtec.2012.08.012.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from compute.physics import physics
from dem.touch import Touch

Spring = tuple[float, float, float]
SLIP_COMPLIANCE = 3.5
"""m* times the acceleration of the slip of two solid spheres for each newton of tangential force: 1 + m r^2/I."""


@physics
def mid_approach(touch: Touch, approach: float, normal: float) -> float:
    """Return the rate of approach [m/s] in the middle of the kick by this normal force [N].

    Velocities come to a law half a step before its forces; a damper's work is its force times the mean of the
    velocities before and after the kick, and taken with those before alone it is wrong to first order in the step.
    """
    return approach - 0.5 * touch.step * normal / touch.mass


@physics
def mid_slip_square(touch: Touch, slip: Spring, force: Spring) -> float:
    """Return the slip [m/s] times the slip amid the kick by this tangential force [N], as in `mid_approach`."""
    tx, ty, tz = slip
    fx, fy, fz = force
    gain = 0.5 * touch.step * SLIP_COMPLIANCE / touch.mass
    return tx * tx + ty * ty + tz * tz + gain * (fx * tx + fy * ty + fz * tz)


@physics
def tangent_spring(touch: Touch, spring: Spring, approach: float) -> tuple[float, float, float, float, float, float]:
    """Return the tangential slip velocity [m/s] and the spring [m] advanced by it and turned into the tangent plane."""
    sx, sy, sz = spring
    tx = touch.ux - approach * touch.nx
    ty = touch.uy - approach * touch.ny
    tz = touch.uz - approach * touch.nz
    sx, sy, sz = sx + tx * touch.step, sy + ty * touch.step, sz + tz * touch.step
    along = sx * touch.nx + sy * touch.ny + sz * touch.nz
    return tx, ty, tz, sx - along * touch.nx, sy - along * touch.ny, sz - along * touch.nz


@physics
def spring_limited(
    moved: tuple[float, float, float, float, float, float], stiffness: float, damping: float, limit: float, touch: Touch
) -> tuple[float, float, float, float, Spring]:
    """Return tangential force [N], power lost [W] and spring [m]: the spring alone is held to the limit [N].

    moved: of `tangent_spring`. The damper, damping [-] times sqrt(stiffness m*), is added without a limit while the
    spring sticks, and left out while it slips.
    """
    tx, ty, tz, sx, sy, sz = moved
    stretch = math.sqrt(sx * sx + sy * sy + sz * sz)
    trial = stiffness * stretch
    slips = trial > limit
    share = limit / trial if slips else 1.0
    drag = 0.0 if slips else damping * math.sqrt(stiffness * touch.mass)
    sliding = (1.0 - share) * stretch / touch.step * limit
    sx, sy, sz = share * sx, share * sy, share * sz
    fx, fy, fz = -stiffness * sx - drag * tx, -stiffness * sy - drag * ty, -stiffness * sz - drag * tz
    return fx, fy, fz, drag * mid_slip_square(touch, (tx, ty, tz), (fx, fy, fz)) + sliding, (sx, sy, sz)


@physics
def together_limited(
    moved: tuple[float, float, float, float, float, float], stiffness: float, damping: float, limit: float, touch: Touch
) -> tuple[float, float, float, float, Spring]:
    """Return the same with spring and damper together held to the limit; while they slip the spring is set back."""
    tx, ty, tz, sx, sy, sz = moved
    bx, by, bz = sx - tx * touch.step, sy - ty * touch.step, sz - tz * touch.step
    damper = damping * math.sqrt(stiffness * touch.mass)
    fx, fy, fz = -stiffness * sx - damper * tx, -stiffness * sy - damper * ty, -stiffness * sz - damper * tz
    trial = math.sqrt(fx * fx + fy * fy + fz * fz)
    slips = trial > limit
    share = limit / trial if slips else 1.0
    fx, fy, fz = share * fx, share * fy, share * fz
    sx = -(fx + damper * tx) / stiffness if slips else sx
    sy = -(fy + damper * ty) / stiffness if slips else sy
    sz = -(fz + damper * tz) / stiffness if slips else sz
    sticking = damper * mid_slip_square(touch, (tx, ty, tz), (fx, fy, fz))
    released = 0.5 * stiffness * (bx * bx + by * by + bz * bz - sx * sx - sy * sy - sz * sz) / touch.step
    heat = released - (fx * tx + fy * ty + fz * tz) if slips else sticking
    return fx, fy, fz, heat, (sx, sy, sz)


LIMITS: dict[str, Callable[..., Any]] = {"liggghts": spring_limited, "lammps": together_limited}


@physics
def carry_total(history: Any, a: float) -> Spring:
    """Return the spring as it was."""
    sx, sy, sz = history
    return sx, sy, sz


@physics
def keep_total(spring: Spring, a: float) -> Any:
    """Return the history of a total spring."""
    return spring


@physics
def carry_incremental(history: Any, a: float) -> Spring:
    """Return the spring that has the same force at the new contact radius a [m]."""
    sx, sy, sz, old = history
    share = old / a if a > 0.0 else 1.0
    return share * sx, share * sy, share * sz


@physics
def carry_rescaled(history: Any, a: float) -> Spring:
    """Return the spring that has the same force at a larger contact radius a [m], and a/a_old of it at a smaller."""
    sx, sy, sz, old = history
    share = old / a if a > old else 1.0
    return share * sx, share * sy, share * sz


@physics
def keep_radius(spring: Spring, a: float) -> Any:
    """Return the history of a spring that remembers the contact radius a [m]."""
    sx, sy, sz = spring
    return sx, sy, sz, a


@physics
def given_back(stiffening: float) -> float:
    """Return what a spring of unchanged stretch loses while it stiffens: it gains."""
    return -stiffening


@physics
def held_back(stiffening: float) -> float:
    """Return what a spring of unchanged force loses while it stiffens."""
    return stiffening


@physics
def magnitude(stiffening: float) -> float:
    """Return what a spring loses that keeps its force while it stiffens and its stretch while it softens."""
    return abs(stiffening)


class SpringKind(NamedTuple):
    """How a spring passes from step to step.

    carry(history, a) -> spring; keep(spring, a) -> history; history_size: of that; lost(stiffening): power that the
    stored energy loses [W] while its stiffness changes, stiffening = s^2/2 dk/dt.
    """

    carry: Callable[..., Any]
    keep: Callable[..., Any]
    history_size: int
    lost: Callable[..., Any]


SPRINGS = {
    "total": SpringKind(carry_total, keep_total, 3, given_back),
    "incremental": SpringKind(carry_incremental, keep_radius, 4, held_back),
    "rescaled": SpringKind(carry_rescaled, keep_radius, 4, magnitude),
}
