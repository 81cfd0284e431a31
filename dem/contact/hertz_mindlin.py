"""Hertz-Mindlin contact with tangential history, damping and a Coulomb limit, made from the parts that a case names.

With a = sqrt(R* overlap), S_n = 2 E* a, S_t = 8 G* a and a damping coefficient c of the restitution:

    F_n = 2/3 S_n overlap + c sqrt(S_n m*) v_n          (v_n: rate of approach)
    F_t = -S_t s - c sqrt(S_t m*) v_t                   (s: tangential spring, held in the tangent plane)

Coulomb limit mu |F_n|: `liggghts` or `lammps`; spring: `total`, `incremental` or `rescaled` (dem.contact.tangential).
Tail: an `attractive` one lets the damper pull near the end of a contact, which is what gives the nominal restitution
with `tsuji`'s damping exactly; a `clipped` one holds F_n at zero or above, for which `thornton`'s damping is made
(dem.contact.damping).

Sources: Tsuji, Tanaka, Ishida, Powder Technol. 71 (1992) 239-250, doi 10.1016/0032-5910(92)88030-L; Mindlin,
Deresiewicz, J. Appl. Mech. 20 (1953) 327-344.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from compute.physics import physics
from dem.contact.damping import DAMPINGS
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.contact.moduli import effective_shear_modulus, effective_youngs_modulus
from dem.contact.tangential import LIMITS, SPRINGS, mid_approach, tangent_spring
from dem.touch import Touch

FAMILY = "hertz-mindlin"
TAILS = ("attractive", "clipped")
PARAMETER_COUNT = 4
ARMS: dict[str, dict[str, Any]] = {"liggghts": {}, "lammps": {"velocity_arm": 0.0, "wall_torque_arm": 0.0}}
"""Arms of the two published forms."""


@cache
def make_normal(clipped: bool) -> Callable[..., Any]:
    """Return `normal_part(touch, E*, damping)` -> (a [m], approach speed [m/s], normal force [N], power lost [W])."""

    @physics
    def normal_part(touch: Touch, modulus: float, damping: float) -> tuple[float, float, float, float]:
        a = math.sqrt(touch.radius * touch.overlap)
        stiffness = 2.0 * modulus * a
        approach = touch.ux * touch.nx + touch.uy * touch.ny + touch.uz * touch.nz
        damper = damping * math.sqrt(stiffness * touch.mass)
        elastic = 2.0 / 3.0 * stiffness * touch.overlap
        normal = elastic + damper * approach
        loss = damper * approach * mid_approach(touch, approach, normal)
        if clipped:
            loss = loss if normal > 0.0 else -elastic * approach
            normal = max(normal, 0.0)
        return a, approach, normal, loss

    return normal_part


@cache
def make_force(limit: str, spring: str, clipped: bool) -> Callable[..., Any]:
    """Return the force of the law with these parts."""
    normal_part, hold, (carry, keep, _, lost) = make_normal(clipped), LIMITS[limit], SPRINGS[spring]

    @physics
    def force(touch: Touch, parameters: Any, history: Any) -> Any:
        modulus, shear_modulus, damping, friction = parameters
        a, approach, normal, loss = normal_part(touch, modulus, damping)
        carried = carry(history, a)
        stiffness = 8.0 * shear_modulus * a
        sx, sy, sz = carried
        stiffening = 0.25 * stiffness * (sx * sx + sy * sy + sz * sz) * approach / max(touch.overlap, 1e-300)
        loss += lost(stiffening)
        moved = tangent_spring(touch, carried, approach)
        fx, fy, fz, heat, spring = hold(moved, stiffness, damping, friction * abs(normal), touch)
        return normal, fx, fy, fz, loss + heat, keep(spring, a)

    return force


@physics
def shear(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return 8 G* a [N/m] and the tangential damping [N s/m]."""
    _, shear_modulus, damping, _ = parameters
    stiffness = 8.0 * shear_modulus * math.sqrt(touch.radius * touch.overlap)
    return stiffness, damping * math.sqrt(stiffness * touch.mass)


@cache
def make_parameters_of(damping: str) -> Callable[[Elasticity, Elasticity, PairProperties], tuple[float, ...]]:
    """Return the function that makes (E* [Pa], G* [Pa], damping [-], friction [-]) of a pair of materials."""
    coefficient = DAMPINGS[damping]

    def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
        youngs, shearing = effective_youngs_modulus(first, second), effective_shear_modulus(first, second)
        return youngs, shearing, coefficient(pair.restitution), pair.friction

    return parameters_of


def law_name(limit: str, spring: str, tail: str, damping: str) -> str:
    """Return the name of the law with these parts; the first of each kind but the limit is not spelled out."""
    choices: tuple[Iterable[str], ...] = (SPRINGS, TAILS, DAMPINGS)
    parts = zip((spring, tail, damping), choices)
    return "-".join([FAMILY, limit, *(part for part, kinds in parts if part != next(iter(kinds)))])


@cache
def make_law(name: str) -> ContactLaw:
    """Return the law of that name; KeyError if none has it."""
    for limit in LIMITS:
        for spring in SPRINGS:
            for tail in TAILS:
                for damping in DAMPINGS:
                    if law_name(limit, spring, tail, damping) == name:
                        return _made(name, limit, spring, tail, damping)
    raise KeyError(name)


def _made(name: str, limit: str, spring: str, tail: str, damping: str) -> ContactLaw:
    force = make_force(limit, spring, tail == "clipped")
    return ContactLaw(
        name, force, make_parameters_of(damping), PARAMETER_COUNT, SPRINGS[spring].history_size, shear=shear,
        hertzian=True, **ARMS[limit],
    )  # fmt: skip
