"""Linear spring and dashpot with tangential history and a Coulomb limit.

    F_n = k_n overlap + g_n v_n,   g_n = 2 beta sqrt(k_n m*),   beta = -ln e/sqrt(ln^2 e + pi^2)
    F_t = -k_t s - g_t v_t held to mu |F_n|,   k_t = ratio k_n,   g_t = 2 beta sqrt(k_t m*)

Source: Cundall, Strack, Geotechnique 29 (1979) 47-65, doi 10.1680/geot.1979.29.1.47.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.contact.damping import damping_ratio
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.contact.tangential import mid_approach, spring_limited, tangent_spring
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (k_n [N/m], k_t/k_n [-], beta [-], friction [-]) of a pair of materials."""
    return pair.normal_stiffness, pair.tangential_stiffness_ratio, damping_ratio(pair.restitution), pair.friction


@physics
def force(touch: Touch, parameters: Any, history: Any) -> Any:
    """Linear spring and dashpot, the spring alone held to the Coulomb limit while it slips."""
    stiffness, ratio, beta, friction = parameters
    approach = touch.ux * touch.nx + touch.uy * touch.ny + touch.uz * touch.nz
    damper = 2.0 * beta * math.sqrt(stiffness * touch.mass)
    normal = stiffness * touch.overlap + damper * approach
    tangential = ratio * stiffness
    moved = tangent_spring(touch, history, approach)
    fx, fy, fz, heat, spring = spring_limited(moved, tangential, 2.0 * beta, friction * abs(normal), touch)
    loss = damper * approach * mid_approach(touch, approach, normal)
    return normal, fx, fy, fz, loss + heat, spring


@physics
def shear(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return k_t [N/m] and g_t [N s/m]."""
    stiffness, ratio, beta, _ = parameters
    tangential = ratio * stiffness
    return tangential, 2.0 * beta * math.sqrt(tangential * touch.mass)


LAW = ContactLaw("linear", force, parameters_of, 4, 3, shear=shear, needs="normal_stiffness")
