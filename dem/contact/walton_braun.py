"""Walton and Braun's partially latching spring: a plastic contact whose restitution does not depend on the speed.

    F = k1 d on first loading, k2 (d - p) on unloading and reloading, never below 0

d is the overlap and p = (1 - k1/k2) d_max the plastic overlap, where the force has gone. What is lost is the area
between the two lines, so e = sqrt(k1/k2) at every speed: the restitution of the pair gives k2 = k1/e^2, and there is no
damper. The tangential spring is that of the linear law, ratio k1, held to mu F.

Source: Walton, Braun, J. Rheol. 30 (1986) 949-980, doi 10.1122/1.549893.
"""

from __future__ import annotations

from typing import Any

from compute.physics import physics
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.contact.tangential import spring_limited, tangent_spring
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (k1 [N/m], 1 - k1/k2 [-], k_t/k1 [-], friction [-]) of a pair of materials."""
    return pair.normal_stiffness, 1.0 - pair.restitution**2, pair.tangential_stiffness_ratio, pair.friction


@physics
def force(touch: Touch, parameters: Any, history: Any) -> Any:
    """Plastic normal force, the tangential spring held to the Coulomb limit."""
    stiffness, plasticity, ratio, friction = parameters
    sx, sy, sz, before = history
    approach = touch.ux * touch.nx + touch.uy * touch.ny + touch.uz * touch.nz
    unloading = stiffness / (1.0 - plasticity)
    plastic = max(before, plasticity * touch.overlap)
    normal = unloading * max(touch.overlap - plastic, 0.0)
    yielding = normal * (plastic - before) / touch.step
    moved = tangent_spring(touch, (sx, sy, sz), approach)
    fx, fy, fz, heat, (sx, sy, sz) = spring_limited(moved, ratio * stiffness, 0.0, friction * normal, touch)
    return normal, fx, fy, fz, yielding + heat, (sx, sy, sz, plastic)


@physics
def shear(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return the tangential stiffness [N/m], and no damping."""
    stiffness, _, ratio, _ = parameters
    return ratio * stiffness, 0.0


LAW = ContactLaw("walton-braun", force, parameters_of, 4, 4, shear=shear, needs="normal_stiffness")
